import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from inboxd.domain.errors import Invalid, StorageFull
from inboxd.store.db import Store, StoreClosed, Tx
from inboxd.store.directory import StoreInUse
from inboxd.store.migrations import SchemaTooNew
from inboxd.store.models import Account, Contact, Setting
from tests.cast import EPOCH, Clock


@pytest.fixture
def signals() -> list[set[str]]:
    return []


@pytest.fixture
def store(tmp_path: Path, clock: Clock, signals: list[set[str]]) -> Iterator[Store]:
    made = Store(tmp_path / "data", clock=clock, announce=signals.append)
    yield made
    made.close()


def put(name: str, value: str = "") -> Callable[[Tx], int]:
    return lambda tx: tx.insert(Setting, name=name, value=value).id


def names(store: Store) -> list[str]:
    with store.read() as tx:
        return [row.name for row in tx.filter(Setting)]


def fill(store: Store) -> None:
    """From now on the database cannot grow."""
    pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
    store._writer.execute(f"PRAGMA max_page_count={pages}")


def busy_writer(store: Store) -> tuple[threading.Thread, threading.Event, threading.Event]:
    """A unit that holds the writer until the second event: everybody else queues behind it."""
    inside, go = threading.Event(), threading.Event()

    def unit(tx: Tx) -> None:
        inside.set()
        assert go.wait(10)

    thread = threading.Thread(target=store.write, args=(unit,))
    thread.start()
    assert inside.wait(10)
    return thread, inside, go


def queued(store: Store, count: int) -> None:
    """Returns once `count` units wait for the writer."""
    ticks = threading.Event()
    for _ in range(2000):
        if len(store._waiting) >= count:
            return
        ticks.wait(0.005)
    raise AssertionError(f"{len(store._waiting)} of {count} units wait")


def test_every_commit_is_synced_to_a_wal(store: Store) -> None:
    assert store._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._writer.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._writer.execute("PRAGMA mmap_size").fetchone() in ((0,), None)


def test_read_connections_cannot_write_and_do_not_checkpoint(store: Store) -> None:
    with store.read() as tx:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            tx.insert(Setting, name="a", value="b")
        assert tx._connection.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)


def test_every_file_is_its_owners_alone_even_in_an_open_folder(tmp_path: Path, clock: Clock) -> None:
    open_folder = tmp_path / "open"
    open_folder.mkdir(mode=0o755)
    store = Store(open_folder, clock=clock, announce=lambda _: None)
    store.write(put("a"))
    try:
        for path in open_folder.glob("*sqlite3*"):
            assert path.stat().st_mode & 0o077 == 0, path.name
        assert len(list(open_folder.glob("*sqlite3*"))) == 3
    finally:
        store.close()


def test_units_that_wait_together_share_one_commit_and_get_their_own_results(
    store: Store, signals: list[set[str]]
) -> None:
    commits: list[str] = []
    leader, _, go = busy_writer(store)
    store._writer.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    with ThreadPoolExecutor(30) as pool:
        results = [pool.submit(store.write, lambda tx, n=n: (n, put(f"k{n}")(tx), tx.now)) for n in range(30)]
        queued(store, 30)
        go.set()
        assert [result.result()[0] for result in results] == list(range(30))
    leader.join()
    store._writer.set_trace_callback(None)

    assert len(commits) == 2
    assert sorted(names(store)) == sorted(f"k{n}" for n in range(30))
    assert len({result.result()[1] for result in results}) == 30


def test_the_failure_of_one_unit_rolls_back_that_unit_alone(store: Store) -> None:
    def unit(number: int) -> Callable[[Tx], int]:
        def run(tx: Tx) -> int:
            tx.insert(Setting, name=f"k{number}", value="")
            if number % 3 == 0:
                raise Invalid(f"unit {number}", "name")
            if number % 3 == 1:
                tx.insert(Setting, name=f"k{number}", value="twice")
            return number

        return run

    leader, _, go = busy_writer(store)
    with ThreadPoolExecutor(30) as pool:
        results = [pool.submit(store.write, unit(number)) for number in range(30)]
        queued(store, 30)
        go.set()
        for number, result in enumerate(results):
            if number % 3 == 0:
                with pytest.raises(Invalid, match=f"unit {number}$"):
                    result.result()
            elif number % 3 == 1:
                with pytest.raises(sqlite3.IntegrityError):
                    result.result()
            else:
                assert result.result() == number
    leader.join()

    assert sorted(names(store)) == sorted(f"k{number}" for number in range(30) if number % 3 == 2)


def test_many_threads_lose_nothing(store: Store) -> None:
    def work(thread: int) -> list[int]:
        return [store.write(put(f"{thread}-{number}")) for number in range(50)]

    with ThreadPoolExecutor(16) as pool:
        ids = [one for found in pool.map(work, range(16)) for one in found]

    assert len(set(ids)) == len(names(store)) == 800


def test_more_units_than_one_batch_takes_are_all_led(store: Store) -> None:
    leader, _, go = busy_writer(store)
    with ThreadPoolExecutor(300) as pool:
        results = [pool.submit(store.write, put(f"k{number}")) for number in range(300)]
        queued(store, 300)
        go.set()
        assert len({result.result() for result in results}) == 300
    leader.join()


def test_nothing_is_visible_before_the_commit(store: Store) -> None:
    inside, go = threading.Event(), threading.Event()

    def unit(tx: Tx) -> None:
        tx.insert(Setting, name="a", value="b")
        inside.set()
        assert go.wait(10)

    thread = threading.Thread(target=store.write, args=(unit,))
    thread.start()
    assert inside.wait(10)
    assert names(store) == []
    go.set()
    thread.join()
    assert names(store) == ["a"]


def test_a_snapshot_stays_what_it_was(store: Store) -> None:
    with store.read() as tx:
        assert tx.filter(Setting) == []
        with ThreadPoolExecutor(1) as pool:
            pool.submit(store.write, put("a")).result()
        assert tx.filter(Setting) == []
    assert names(store) == ["a"]


def test_a_failed_read_leaves_its_thread_able_to_read(store: Store) -> None:
    with pytest.raises(LookupError), store.read():
        raise LookupError
    assert names(store) == []


def test_signals_are_announced_after_the_commit_and_only_those_of_units_that_succeeded(
    tmp_path: Path, clock: Clock
) -> None:
    seen: list[tuple[set[str], list[str]]] = []
    made: list[Store] = []
    store = Store(tmp_path / "other", clock=clock, announce=lambda signals: seen.append((signals, names(made[0]))))
    made.append(store)

    def unit(tx: Tx, signal: str, fails: bool) -> None:
        tx.insert(Setting, name=signal, value="")
        tx.signals.add(signal)
        if fails:
            raise Invalid("no")

    store.write(lambda tx: unit(tx, "good", fails=False))
    with pytest.raises(Invalid):
        store.write(lambda tx: unit(tx, "bad", fails=True))
    store.close()

    assert seen == [({"good"}, ["good"])]


def test_now_is_the_clock_and_does_not_run_backwards_by_a_little(store: Store, clock: Clock) -> None:
    times = [store.write(lambda tx: tx.now)]
    clock.advance(ms=5)
    times.append(store.write(lambda tx: tx.now))
    clock.advance(s=-9)
    times.append(store.write(lambda tx: tx.now))
    with store.read() as tx:
        times.append(tx.now)
    clock.advance(s=10)
    times.append(store.write(lambda tx: tx.now))

    assert [time - EPOCH for time in times] == [0, 5, 5, 5, 1005]


def test_a_clock_that_was_set_back_is_followed(store: Store, clock: Clock) -> None:
    store.write(lambda tx: tx.now)
    clock.advance(s=-26 * 3600)

    assert store.write(lambda tx: tx.now) == EPOCH - 26 * 3_600_000


def test_every_row_of_a_unit_has_the_same_time(store: Store, clock: Clock) -> None:
    def unit(tx: Tx) -> tuple[int, int]:
        first = tx.insert(Account, name="a")
        clock.advance(s=1)
        second = tx.insert(Account, name="b")
        tx.update(first, name="c")
        return first.updated_at, second.created_at

    assert store.write(unit) == (EPOCH, EPOCH)


def test_what_is_remembered_is_read_once_and_forgotten_after_a_write(store: Store) -> None:
    loads: list[str] = []

    def look(tx: Tx) -> str:
        def load() -> Account | None:
            loads.append("load")
            return tx.get(Account, account_id)

        found = tx.remember(("account", account_id), load)
        assert found is not None
        return found.name

    account_id = store.write(lambda tx: tx.insert(Account, name="before")).id
    assert [store.write(look), store.write(look)] == ["before", "before"]
    assert len(loads) == 1

    def rename(tx: Tx) -> None:
        row = tx.get(Account, account_id)
        assert row is not None
        tx.update(row, name="after")

    store.write(rename)
    assert store.write(look) == "after"
    store.write(put("not remembered"))
    assert store.write(look) == "after"
    assert len(loads) == 2
    store.write(lambda tx: tx.delete(Account, id=-1))
    store.write(look)
    assert len(loads) == 3


def test_what_a_failed_unit_changed_is_forgotten(store: Store) -> None:
    account_id = store.write(lambda tx: tx.insert(Account, name="before")).id

    def row(tx: Tx) -> Account:
        found = tx.remember(("account", account_id), lambda: tx.get(Account, account_id))
        assert found is not None
        return found

    def fails(tx: Tx) -> None:
        tx.update(row(tx), name="never")
        row(tx)
        raise Invalid("no")

    store.write(row)
    with pytest.raises(Invalid):
        store.write(fails)

    assert store.write(row).name == "before"


def test_a_unit_that_failed_with_its_neighbours_leaves_nothing_remembered(store: Store) -> None:
    account_id = store.write(lambda tx: tx.insert(Account, name="before")).id
    fill(store)

    def fails(tx: Tx) -> None:
        tx.update(tx.remember("it", lambda: tx.filter(Account)[0]), name="never")
        tx.remember("it", lambda: tx.filter(Account)[0])
        tx.insert(Setting, name="x", value="x" * 100_000)

    with pytest.raises(StorageFull):
        store.write(fails)

    found = store.write(lambda tx: tx.remember("it", lambda: tx.filter(Account)[0]))
    assert (found.id, found.name) == (account_id, "before")


def test_a_full_disk_is_told_and_reading_goes_on(store: Store) -> None:
    store.write(put("before", "kept"))
    fill(store)

    with pytest.raises(StorageFull):
        store.write(put("big", "x" * 100_000))

    assert names(store) == ["before"]
    store._writer.execute("PRAGMA max_page_count=1000000")
    store.write(put("after", "x" * 100_000))
    assert names(store) == ["before", "after"]


def test_a_full_disk_is_told_when_only_the_statement_was_taken_back(store: Store) -> None:
    """SQLite then leaves the transaction open, and the units beside it succeed."""
    store.write(lambda tx: [tx.insert(Setting, name=f"k{number}", value="") for number in range(20)])
    fill(store)

    def unit(tx: Tx) -> None:
        tx.execute(Setting.update(value="x" * 50_000))

    with pytest.raises(StorageFull):
        store.write(unit)
    assert store.write(lambda tx: tx.find(Setting, name="k0")) is not None


def test_every_unit_beside_a_full_disk_hears_the_truth(store: Store) -> None:
    leader, _, go = busy_writer(store)
    fill_up = [put(f"k{number}", "x" * (20_000 if number == 5 else 1)) for number in range(10)]
    with ThreadPoolExecutor(10) as pool:
        results = [pool.submit(store.write, unit) for unit in fill_up]
        queued(store, 10)
        fill(store)
        go.set()
        told = [result.exception() for result in results]
    leader.join()

    stored = set(names(store))
    for number, error in enumerate(told):
        assert (f"k{number}" in stored) == (error is None)
        assert error is None or isinstance(error, StorageFull)
    assert isinstance(told[5], StorageFull)


def test_nobody_is_told_of_success_when_the_rollback_fails_too(store: Store) -> None:
    class Broken:
        in_transaction = True

        def execute(self, sql: str, *_: Any) -> Any:
            raise sqlite3.OperationalError("disk I/O error")

    real = store._writer
    leader, _, go = busy_writer(store)
    with ThreadPoolExecutor(5) as pool:
        results = [pool.submit(store.write, put(f"k{number}")) for number in range(5)]
        queued(store, 5)
        store._writer = Broken()  # type: ignore[assignment]
        go.set()
        told = [result.exception() for result in results]
    leader.join()
    store._writer = real

    assert [type(error) for error in told] == [sqlite3.OperationalError] * 5
    assert names(store) == []


def test_a_second_store_on_the_folder_is_refused_and_told_whose_it_is(store: Store, clock: Clock) -> None:
    store.publish({"url": "http://127.0.0.1:8080"})

    with pytest.raises(StoreInUse) as raised:
        Store(store.directory, clock=clock, announce=lambda _: None)

    assert raised.value.owner == {"pid": os.getpid(), "url": "http://127.0.0.1:8080"}


def test_a_second_process_on_the_folder_is_refused_and_told_whose_it_is(store: Store) -> None:
    script = """
import json, sys
from pathlib import Path
from inboxd.store.db import Store
from inboxd.store.directory import StoreInUse
try:
    Store(Path(sys.argv[1]), clock=lambda: 0, announce=lambda signals: None)
except StoreInUse as error:
    print(json.dumps(error.owner))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(store.directory)], capture_output=True, text=True, timeout=30, check=True
    )

    assert json.loads(done.stdout) == {"pid": os.getpid()}


def test_a_lock_file_with_garbage_in_it_says_nothing_and_breaks_nothing(store: Store, clock: Clock) -> None:
    (store.directory / "inboxd.lock").write_text("{half")

    with pytest.raises(StoreInUse) as raised:
        Store(store.directory, clock=clock, announce=lambda _: None)
    assert raised.value.owner == {}


def test_a_store_that_could_not_open_lets_go_of_the_folder(store: Store, clock: Clock) -> None:
    store._writer.execute("PRAGMA user_version=999")
    store.close()

    for _ in range(2):
        with pytest.raises(SchemaTooNew):
            Store(store.directory, clock=clock, announce=lambda _: None)


def test_close_waits_for_the_units_under_way_and_refuses_new_ones(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path / "other", clock=clock, announce=lambda _: None)
    leader, _, go = busy_writer(store)
    with ThreadPoolExecutor(6) as pool:
        results = [pool.submit(store.write, put(f"k{number}")) for number in range(5)]
        queued(store, 5)
        closing = pool.submit(store.close)
        queued(store, 6)
        with pytest.raises(StoreClosed):
            store.write(put("late"))
        assert not closing.done()
        go.set()
        assert len({result.result() for result in results}) == 5
        closing.result()
    leader.join()
    store.close()

    again = Store(tmp_path / "other", clock=clock, announce=lambda _: None)
    assert sorted(names(again)) == [f"k{number}" for number in range(5)]
    again.close()


def test_a_closed_store_is_not_read(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path / "other", clock=clock, announce=lambda _: None)
    names(store)
    store.close()

    with pytest.raises(StoreClosed):
        names(store)
    with ThreadPoolExecutor(1) as pool, pytest.raises(StoreClosed):
        pool.submit(names, store).result()


def test_an_update_writes_what_differs_and_says_what_it_was(store: Store, clock: Clock) -> None:
    row = store.write(lambda tx: tx.insert(Contact, account_id=1, name="Ann"))
    clock.advance(s=1)

    assert store.write(lambda tx: tx.update(row, name="Ann", blocked=False)) == {}
    assert store.write(lambda tx: tx.update(row, name="Bob", blocked=False)) == {
        "name": ("Ann", "Bob"),
        "updated_at": (EPOCH, EPOCH + 1000),
    }
    assert row.name == "Bob"


@pytest.mark.parametrize(
    ("before", "after"),
    [({"vip": 1}, {"vip": True}), ({"a": [0]}, {"a": [False]}), ({"a": {"b": 1}}, {"a": {"b": 1.0}})],
)
def test_numbers_and_booleans_inside_json_differ(store: Store, before: dict[str, Any], after: dict[str, Any]) -> None:
    row = store.write(lambda tx: tx.insert(Contact, account_id=1, custom_attributes=before))

    assert "custom_attributes" in store.write(lambda tx: tx.update(row, custom_attributes=after))

    with store.read() as tx:
        stored = tx.get(Contact, row.id)
    assert stored is not None
    assert json.dumps(stored.custom_attributes) == json.dumps(after)


def test_a_new_row_is_the_row_that_is_read_back(store: Store) -> None:
    values: dict[str, Any] = {"custom_attributes": {"ü": [1, None, {"x": True}]}, "blocked": True, "email": "a@x"}
    row = store.write(lambda tx: tx.insert(Contact, account_id=1, **values))

    with store.read() as tx:
        stored = tx.get(Contact, row.id)
    assert stored is not None
    assert vars(stored) == vars(row)


def test_numbers_have_no_gaps_and_no_repeats_through_failures_and_restarts(tmp_path: Path, clock: Clock) -> None:
    def number(tx: Tx) -> int:
        return tx.next_number(1, "event")

    def fails_after_counting(tx: Tx) -> None:
        number(tx)
        raise Invalid("no")

    def fails_after_writing(tx: Tx) -> None:
        tx.insert(Setting, name=str(number(tx)), value="x")
        raise Invalid("no")

    store = Store(tmp_path / "numbers", clock=clock, announce=lambda signals: None)
    assert store.write(number) == 1
    for failing in (fails_after_counting, fails_after_writing):
        with pytest.raises(Invalid):
            store.write(failing)
    assert store.write(lambda tx: (number(tx), number(tx))) == (2, 3)
    store.close()
    store = Store(tmp_path / "numbers", clock=clock, announce=lambda signals: None)
    assert store.write(number) == 4
    store.close()


def test_in_a_batch_only_the_unit_that_failed_after_it_wrote_loses_its_work(store: Store) -> None:
    thread, _, go = busy_writer(store)

    def writes(name: str, *, fails: bool) -> Callable[[Tx], int]:
        def unit(tx: Tx) -> int:
            seq = tx.next_number(1, "event")
            tx.insert(Setting, name=name, value=str(seq))
            if fails:
                raise Invalid(name)
            return seq

        return unit

    with ThreadPoolExecutor(3) as pool:
        futures = []
        for position, name in enumerate("abc", 1):
            futures.append(pool.submit(store.write, writes(name, fails=name == "b")))
            queued(store, position)
        go.set()
        thread.join()
        assert futures[0].result() == 1
        with pytest.raises(Invalid, match="b"):
            futures[1].result()
        assert futures[2].result() == 2
    with store.read() as tx:
        assert [(row.name, row.value) for row in tx.filter(Setting)] == [("a", "1"), ("c", "2")]


def test_only_a_batch_in_which_nothing_need_be_durable_does_without_the_disk(store: Store) -> None:
    def synchronous() -> int:
        level: int = store._writer.execute("PRAGMA synchronous").fetchone()[0]
        return level

    store.write(put("lazy"), durable=False)
    assert synchronous() == 1
    store.write(put("durable"))
    assert synchronous() == 2

    thread, _, go = busy_writer(store)
    with ThreadPoolExecutor(2) as pool:
        lazy = pool.submit(store.write, put("lazy too"), durable=False)
        queued(store, 1)
        durable = pool.submit(store.write, put("durable too"))
        queued(store, 2)
        go.set()
        thread.join()
        lazy.result()
        durable.result()
    assert synchronous() == 2
    assert names(store) == ["lazy", "durable", "lazy too", "durable too"]
