"""How the lists and lines of deliveries find their rows, and that lines keep their order."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from inboxd.domain.retry import Outcome
from inboxd.store import deliveries, outbox
from inboxd.store.db import Store, Tx
from inboxd.store.models import Delivery, Event, Webhook
from tests.cast import EPOCH, Clock
from tests.store.plans import plans

DONE = Outcome(200, None)


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    made = Store(tmp_path / "data", clock=clock, announce=lambda _: None)
    yield made
    made.close()


@pytest.fixture
def hook(store: Store) -> Webhook:
    return store.write(lambda tx: a_hook(tx, "conversation"))


def a_hook(tx: Tx, ordering: str) -> Webhook:
    return tx.insert(
        Webhook, account_id=1, kind="account", url="https://x.test", secret="s" * 24, subscriptions=[],
        ordering=ordering,
    )  # fmt: skip


def an_event(tx: Tx, conversation: int | None = 1, **values: Any) -> Event:
    row = {"account_id": 1, "name": "message_created", "payload": "{}", **values}
    return tx.insert(Event, seq=tx.next_number(1, "event"), conversation_id=conversation, **row)


def owe(store: Store, hook: Webhook, count: int, conversation: int | None = 1) -> list[Delivery]:
    return store.write(lambda tx: [outbox.add(tx, an_event(tx, conversation), hook) for _ in range(count)])


def read(store: Store, query: Callable[[Tx], Any]) -> Any:
    with store.read() as tx:
        return query(tx)


def due(store: Store, hook: Webhook) -> list[int]:
    found: list[int] = read(store, lambda tx: outbox.due(tx, hook.id, 1000))
    return found


def deliver(store: Store, delivery_id: int, state: str = "delivered") -> None:
    def unit(tx: Tx) -> None:
        delivery = tx.get(Delivery, delivery_id)
        assert delivery is not None
        outbox.finish(tx, delivery, state, None if state == "delivered" else "500")

    store.write(unit)


def revive(store: Store, hook: Webhook, *delivery_ids: int) -> None:
    store.write(lambda tx: deliveries.revive(tx, hook, list(delivery_ids)))


# Lines


def test_the_revived_go_out_in_the_order_of_their_events(store: Store, hook: Webhook) -> None:
    rows = [row.id for row in owe(store, hook, 4)]
    for row in rows[:3]:
        deliver(store, row, "exhausted")
    revive(store, hook, rows[2], rows[0])
    seen = []
    for _ in range(3):
        (head,) = due(store, hook)
        seen.append(head)
        deliver(store, head)
    assert seen == [rows[0], rows[2], rows[3]]
    assert due(store, hook) == []


def test_what_waits_for_its_retry_waits_behind_the_revived(store: Store, hook: Webhook) -> None:
    first, second = (row.id for row in owe(store, hook, 2))
    deliver(store, first, "exhausted")
    revive(store, hook, first)
    assert due(store, hook) == [first]
    deliver(store, first)
    assert due(store, hook) == [second]


def test_what_belongs_to_no_conversation_waits_for_nobody(store: Store, hook: Webhook) -> None:
    rows = [row.id for row in owe(store, hook, 3, None)]
    for row in rows:
        deliver(store, row, "exhausted")
    revive(store, hook, *rows)
    assert due(store, hook) == rows


def test_each_conversation_is_a_line_of_its_own(store: Store, hook: Webhook) -> None:
    lines = {conversation: [row.id for row in owe(store, hook, 2, conversation)] for conversation in (1, 2, 3)}
    for rows in lines.values():
        for row in rows:
            deliver(store, row, "exhausted")
    revive(store, hook, *(row for rows in lines.values() for row in rows))
    assert sorted(due(store, hook)) == sorted(rows[0] for rows in lines.values())


def test_what_is_under_way_stays_under_way_and_is_not_overtaken(store: Store, hook: Webhook) -> None:
    first, second, third = (row.id for row in owe(store, hook, 3))
    deliver(store, first)
    claim = store.write(lambda tx: outbox.claim(tx, second))
    assert claim is not None
    revive(store, hook, first, second)
    assert due(store, hook) == []
    assert read(store, lambda tx: tx.get(Delivery, second)).state == "sending"
    deliver(store, second)
    assert due(store, hook) == [first]
    deliver(store, first)
    assert due(store, hook) == [third]


def settle_all(tx: Tx, hook: Webhook) -> None:
    for lines in deliveries.lines(tx, hook.id):
        outbox.settle(tx, hook, lines)


def test_settling_twice_changes_nothing(store: Store, hook: Webhook, clock: Clock) -> None:
    owe(store, hook, 3)
    owe(store, hook, 2, 2)

    def moments(tx: Tx) -> list[int | None]:
        return [row.next_attempt_at for row in tx.filter(Delivery, webhook_id=hook.id)]

    before = read(store, moments)
    clock.advance(s=60)
    store.write(lambda tx: settle_all(tx, hook))
    assert read(store, moments) == before == [EPOCH, None, None, EPOCH, None]


def test_settling_touches_no_other_webhook(store: Store, hook: Webhook) -> None:
    other = store.write(lambda tx: a_hook(tx, "conversation"))
    rows = [row.id for row in owe(store, other, 2)]
    loose = store.write(lambda tx: tx.update(hook, ordering="none"))
    assert loose
    store.write(lambda tx: settle_all(tx, hook))
    assert due(store, other) == rows[:1]


def test_without_order_all_that_is_revived_is_due(store: Store) -> None:
    hook = store.write(lambda tx: a_hook(tx, "none"))
    rows = [row.id for row in owe(store, hook, 3)]
    for row in rows:
        deliver(store, row, "exhausted")
    revive(store, hook, *rows)
    assert due(store, hook) == rows


def test_hurrying_moves_the_heads_that_wait_and_nothing_behind_them(store: Store, hook: Webhook, clock: Clock) -> None:
    first, _ = owe(store, hook, 2)
    (fresh,) = owe(store, hook, 1, 2)
    store.write(lambda tx: tx.update(first, failed_count=3, next_attempt_at=EPOCH + 60_000))
    assert store.write(lambda tx: deliveries.hurry(tx, hook, EPOCH + 1)) == 0
    assert store.write(lambda tx: deliveries.hurry(tx, hook, EPOCH)) == 1
    assert due(store, hook) == [first.id, fresh.id]
    assert read(store, lambda tx: tx.get(Delivery, first.id)).failed_count == 0


def test_the_exhausted_come_the_oldest_first_and_batch_by_batch(store: Store, hook: Webhook, clock: Clock) -> None:
    rows = [row.id for row in owe(store, hook, 5, None)]
    for row in reversed(rows):
        clock.advance(s=1)
        deliver(store, row, "exhausted")
    by = clock.now

    def found(limit: int, *, since: int = 0, until: int = by) -> Any:
        return read(store, lambda tx: deliveries.exhausted(tx, hook.id, since, until, limit))

    assert found(2) == rows[:2]
    assert found(100) == rows
    assert found(100, until=by - 1) == rows[1:], "what was given up after the call began is not the call's"
    assert found(100, since=EPOCH + 1) == []
    assert read(store, lambda tx: deliveries.exhausted(tx, hook.id + 1, 0, by, 100)) == []


def test_never_owed_are_the_events_without_any_delivery_to_that_webhook(store: Store, hook: Webhook) -> None:
    other = store.write(lambda tx: a_hook(tx, "conversation"))
    owed = [row.event_id for row in owe(store, hook, 2)]
    elsewhere = [row.event_id for row in owe(store, other, 2)]
    deliver(store, 1)
    assert read(store, lambda tx: deliveries.never_owed(tx, hook.id, owed + elsewhere)) == set(elsewhere)
    assert read(store, lambda tx: deliveries.never_owed(tx, hook.id, [])) == set()


def test_the_newest_that_arrived_and_the_newest_that_did_not(store: Store, hook: Webhook) -> None:
    def newest(*, failed: bool) -> int | None:
        row = read(store, lambda tx: deliveries.newest(tx, hook, failed=failed))
        return row.id if row else None

    assert (newest(failed=False), newest(failed=True)) == (None, None)
    rows = owe(store, hook, 5, None)
    deliver(store, rows[0].id)
    deliver(store, rows[1].id, "exhausted")
    deliver(store, rows[2].id, "cancelled")
    assert (newest(failed=False), newest(failed=True)) == (rows[0].id, rows[1].id)
    store.write(lambda tx: tx.update(rows[3], failed_count=1, last_error="500"))
    assert newest(failed=True) == rows[3].id


# How rows are found


@pytest.fixture
def full(store: Store, hook: Webhook) -> Store:
    """Much that was delivered, and little else."""

    def unit(tx: Tx) -> None:
        for number in range(400):
            event = an_event(tx, number % 20, message_id=number, inbox_id=number % 3)
            state = "exhausted" if number == 7 else "delivered"
            tx.insert(
                Delivery, account_id=1, webhook_id=hook.id, event_id=event.id, conversation_id=number % 20,
                uuid=str(number), state=state, finished_at=EPOCH,
            )  # fmt: skip
        outbox.add(tx, an_event(tx), hook)

    store.write(unit)
    return store


LINE, SENDING, GIVEN_UP, LISTS, WALK = (
    "SCAN t1 USING INDEX deliveries_line",
    "SEARCH t1 USING INDEX deliveries_sending (state=?)",
    "SEARCH t1 USING INDEX deliveries_given_up (account_id=?)",
    "SEARCH t1 USING INDEX delivery_account_id_webhook_id_id (account_id=? AND webhook_id=?)",
    "SCAN t1",
)


@pytest.mark.parametrize(
    ("filters", "plan"),
    [
        ({}, WALK),
        ({"state": "delivered"}, WALK),
        ({"state": "pending"}, LINE),
        ({"state": "failing"}, LINE),
        ({"state": "sending"}, SENDING),
        ({"state": "exhausted"}, GIVEN_UP),
        ({"state": "cancelled"}, GIVEN_UP),
        ({"webhook_id": 1}, LISTS),
        ({"webhook_id": 1, "state": "delivered"}, LISTS),
        ({"webhook_id": 1, "state": "failing"}, "SEARCH t1 USING INDEX deliveries_line (webhook_id=?)"),
        ({"webhook_id": 1, "state": "exhausted"}, GIVEN_UP),
        ({"conversation_id": 3}, "SEARCH t1 USING INDEX delivery_conversation_id_id (conversation_id=?)"),
        ({"message_id": 7}, "SEARCH t1 USING INDEX delivery_event_id (event_id=?)"),
        ({"before": 100}, "SEARCH t1 USING INTEGER PRIMARY KEY (rowid<?)"),
    ],
)
def test_a_list_is_not_sorted_out_of_all_that_was_ever_sent(full: Store, filters: dict[str, Any], plan: str) -> None:
    bound, *_ = found = plans(full, lambda tx: deliveries.page(tx, 1, limit=50, **filters))
    assert bound.replace("COVERING ", "") == plan
    assert plan in found[1:]


def test_a_page_ends_after_a_walk_and_the_next_one_goes_on(full: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store = full
    rare = store.write(lambda tx: outbox.add(tx, an_event(tx, name="rare", inbox_id=9), tx.filter(Webhook)[0])).id
    owe(store, read(store, lambda tx: tx.filter(Webhook)[0]), 130)
    monkeypatch.setattr(deliveries, "WALK", 50)
    for filters in (
        {"event": "rare"},
        {"inbox_id": 9},
        {"webhook_id": 1, "event": "rare"},
        {"since": 0, "inbox_id": 9},
    ):
        ids: list[int] = []
        before, pages = None, 0
        while pages == 0 or before is not None:
            with store.read() as tx:
                found, before = deliveries.page(tx, 1, before=before, limit=5, **filters)
            ids += [delivery.id for delivery, _ in found]
            pages += 1
        assert (ids, pages) == ([rare], 11), filters
    found, before = read(store, lambda tx: deliveries.page(tx, 2, limit=5))
    assert found == []
    assert before is not None, "another account walks through the same rows, and no further"


def test_what_is_steered_is_found_by_the_small_indexes(full: Store, hook: Webhook) -> None:
    for run in (
        lambda tx: settle_all(tx, hook),
        lambda tx: deliveries.hurry(tx, hook, 0),
        lambda tx: deliveries.owed(tx, hook.id),
        lambda tx: deliveries.exhausted(tx, hook.id, 0, EPOCH, 10),
    ):
        found = [plan for plan in plans(full, run) if plan.startswith(("SCAN", "SEARCH"))]
        assert found
        assert all("deliveries_" in plan or "PRIMARY KEY" in plan for plan in found), found
