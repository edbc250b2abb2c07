"""The feed: every event of an account in order, for programs that nobody can call."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from inboxd.api.events import Feed
from inboxd.app import App
from inboxd.config import Config
from inboxd.store.models import Event
from tests.cast import World


def feed(world: World, query: str = "", token: str | None = None) -> Any:
    response = world.http.get(f"{world.account}/events{query}", token=token or world.admin)
    assert response.status_code == 200, response.text
    return response.json()


def seqs(page: Any) -> list[int]:
    return [entry["seq"] for entry in page["payload"]]


def test_events_come_in_the_order_of_their_commits_without_a_gap(world: World) -> None:
    for _ in range(3):
        number = world.conversation()
        world.incoming(number)
        world.reply(number)
    page = feed(world)
    assert seqs(page) == list(range(1, len(page["payload"]) + 1))
    assert [entry["payload"]["event_seq"] for entry in page["payload"]] == seqs(page)
    assert page["meta"] == {"next_after": seqs(page)[-1], "oldest_seq": 1}


def test_a_refused_request_uses_no_seq(world: World) -> None:
    number = world.conversation()
    world.http.post(f"{world.contact}/conversations/{number}/messages", json={"content": ""})
    world.http.post(f"{world.contact}/conversations/{number}/messages", json={"content": "x" * 150_001})
    world.incoming(number)
    assert seqs(feed(world)) == list(range(1, len(feed(world)["payload"]) + 1))


def test_paging_by_next_after_shows_everything_once(world: World) -> None:
    number = world.conversation()
    for _ in range(5):
        world.incoming(number)
    whole, found, after = seqs(feed(world)), [], 0
    while page := feed(world, f"?after={after}&limit=3"):
        assert len(page["payload"]) <= 3
        after = page["meta"]["next_after"]
        if not page["payload"]:
            break
        found += seqs(page)
    assert found == whole
    assert after == whole[-1]


def test_types_and_inbox_narrow_the_page_and_next_after_still_moves_on(world: World) -> None:
    number = world.conversation()
    world.incoming(number)
    world.reply(number)
    newest = seqs(feed(world))[-1]
    page = feed(world, "?types=message_created")
    assert {entry["payload"]["event"] for entry in page["payload"]} == {"message_created"}
    assert len(page["payload"]) == 2
    assert page["meta"]["next_after"] == newest
    both = feed(world, "?types=message_created,conversation_created")
    assert both == feed(world, "?types[]=message_created&types[]=conversation_created")
    assert len(both["payload"]) == 3
    nothing = feed(world, "?inbox_id=999")
    assert (nothing["payload"], nothing["meta"]["next_after"]) == ([], newest)
    inbox = feed(world, f"?inbox_id={world.inbox['id']}&types=message_created")
    assert seqs(inbox) == seqs(page)


def test_an_agent_sees_only_events_of_own_inboxes(world: World) -> None:
    number = world.conversation()
    world.incoming(number, "secret")
    assert "secret" in str(feed(world, token=world.ada))
    page = feed(world, token=world.olga)
    assert "secret" not in str(page)
    assert not [entry for entry in page["payload"] if entry["payload"]["event"].startswith(("message", "conversation"))]
    assert page["meta"]["next_after"] == seqs(feed(world))[-1]
    assert feed(world, f"?inbox_id={world.inbox['id']}", token=world.olga)["payload"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("types=message_created,nonsense", "types"),
        ("types=%3Cb%3E", "types"),
        ("after=x", "after"),
        ("after=-1", "after"),
        ("wait=soon", "wait"),
        ("wait=-1", "wait"),
        ("limit=0", "limit"),
        ("inbox_id=x", "inbox_id"),
        ("after=9007199254740993", "after"),
    ],
)
def test_a_question_that_makes_no_sense_is_422_by_name(world: World, query: str, field: str) -> None:
    response = world.http.get(f"{world.account}/events?{query}", token=world.admin)
    assert (response.status_code, response.json()["attributes"]) == (422, [field])


def test_a_limit_beyond_the_most_is_the_most(world: World) -> None:
    assert feed(world, "?limit=1000000") == feed(world)


def test_behind_removed_events_the_answer_is_410_with_where_to_begin(world: World, app: App) -> None:
    number = world.conversation()
    world.incoming(number)
    last = seqs(feed(world))[-1]

    def expire(tx: Any) -> None:
        for seq in range(1, 4):
            tx.delete(Event, account_id=1, seq=seq)

    app.store.write(expire)
    for after in (0, 1, 2):
        gone = world.http.get(f"{world.account}/events?after={after}&wait=60", token=world.admin)
        assert gone.status_code == 410
        assert gone.json() == {"error": "These events are no longer kept", "oldest_seq": 4}
    assert seqs(feed(world, "?after=3")) == list(range(4, last + 1))
    assert feed(world, "?after=3")["meta"]["oldest_seq"] == 4


def test_the_feed_of_another_account_is_its_own(world: World) -> None:
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    page = world.http.get(f"/api/v1/accounts/{other}/events", token=world.admin)
    assert page.json()["payload"] == []
    assert world.http.get(f"/api/v1/accounts/{other}/events", token=world.ada).status_code == 401


@contextmanager
def resting(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Semaphore]:
    """A semaphore that is released each time a poll lies down to wait."""
    asleep = threading.Semaphore(0)
    rest: Callable[[int, float], bool] = feed._rest

    def watched(seen: int, deadline: float) -> bool:
        asleep.release()
        return rest(seen, deadline)

    monkeypatch.setattr(feed, "_rest", watched)
    yield asleep


def test_a_waiting_poll_is_woken_by_a_commit(world: World, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    number = world.conversation()
    after = seqs(feed(world))[-1]
    with resting(app.feed, monkeypatch) as asleep, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(feed, world, f"?after={after}&wait=60&types=message_created")
        assert asleep.acquire(timeout=10)
        began = time.monotonic()
        world.incoming(number, "wake up")
        page = waiting.result(10)
    assert time.monotonic() - began < 5
    assert [entry["payload"]["content"] for entry in page["payload"]] == ["wake up"]


def test_a_commit_between_looking_and_lying_down_is_not_missed(
    world: World, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = world.conversation()
    after = seqs(feed(world))[-1]
    rest: Callable[[int, float], bool] = app.feed._rest

    def late(seen: int, deadline: float) -> bool:
        monkeypatch.undo()
        world.incoming(number, "just before")
        return rest(seen, deadline)

    monkeypatch.setattr(app.feed, "_rest", late)
    began = time.monotonic()
    page = feed(world, f"?after={after}&wait=60&types=message_created")
    assert time.monotonic() - began < 10
    assert [entry["payload"]["content"] for entry in page["payload"]] == ["just before"]


def test_news_that_do_not_match_wake_nobody_for_good(world: World, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    number = world.conversation()
    after = seqs(feed(world))[-1]
    with resting(app.feed, monkeypatch) as asleep, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(feed, world, f"?after={after}&wait=60&types=contact_created")
        assert asleep.acquire(timeout=10)
        world.incoming(number)
        assert asleep.acquire(timeout=10)  # it looked, and lay down again
        assert not waiting.done()
        world.http.post(f"{world.public}/contacts", json={"source_id": "new"})
        assert len(waiting.result(10)["payload"]) == 1


def test_an_agents_wait_is_not_ended_by_events_of_other_inboxes(
    world: World, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = world.conversation()
    after = seqs(feed(world))[-1]
    with resting(app.feed, monkeypatch) as asleep, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(feed, world, f"?after={after}&wait=60", world.olga)
        assert asleep.acquire(timeout=10)
        world.reply(number, "not for Olga")
        assert asleep.acquire(timeout=10)  # it looked, and lay down again
        assert not waiting.done()
        world.http.post(f"{world.public}/contacts", json={"source_id": "new"})
        page = waiting.result(10)
    assert [entry["payload"]["event"] for entry in page["payload"]] == ["contact_created"]
    assert page["meta"]["next_after"] == seqs(page)[-1] > after + 1


def test_nothing_within_the_time_is_an_empty_page(world: World) -> None:
    after = seqs(feed(world))[-1]
    page = feed(world, f"?after={after}&wait=1")
    assert page == {"payload": [], "meta": {"next_after": after, "oldest_seq": 1}}


def test_stopping_ends_every_wait(world: World, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    after = seqs(feed(world))[-1]
    with resting(app.feed, monkeypatch) as asleep, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(feed, world, f"?after={after}&wait=60")
        assert asleep.acquire(timeout=10)
        app.feed.stop()
        assert waiting.result(10)["payload"] == []


@pytest.fixture
def small(tmp_path: Path) -> Iterator[tuple[App, str, str]]:
    """A real server with four threads: (app, url, administrator's token)."""
    app = App(Config(data_dir=str(tmp_path / "small"), listen="127.0.0.1:0", threads=4))
    token: str = app.initialise("admin@acme.test")["admin"]["access_token"]
    server = app.serve()
    thread = threading.Thread(target=server.run)
    thread.start()
    yield app, server.url, token
    app.feed.stop()
    server.stop()
    thread.join()
    app.close()


def test_half_of_the_threads_may_wait_and_everybody_else_is_answered_at_once(
    small: tuple[App, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, url, token = small
    account, headers = f"{url}/api/v1/accounts/1", {"api_access_token": token}

    def poll() -> requests.Response:
        return requests.get(f"{account}/events?wait=50", headers=headers, timeout=60)

    with resting(app.feed, monkeypatch) as asleep, ThreadPoolExecutor(8) as pool:
        seated: list[Future[requests.Response]] = [pool.submit(poll) for _ in range(2)]
        assert all(asleep.acquire(timeout=10) for _ in seated)

        began = time.monotonic()
        unseated = [pool.submit(poll) for _ in range(6)]
        for one in unseated:
            answer = one.result(10)
            assert (answer.status_code, answer.json()["payload"]) == (200, [])
        for _ in range(20):
            assert requests.get(f"{url}/livez", timeout=5).json() == {"status": "ok"}
        assert not any(one.done() for one in seated)
        assert not asleep.acquire(blocking=False)

        requests.post(f"{account}/inboxes", json={"name": "A"}, headers=headers, timeout=5)
        for one in seated:
            assert [entry["payload"]["event"] for entry in one.result(10).json()["payload"]] == ["inbox_created"]
        assert time.monotonic() - began < 10


def test_a_seat_is_free_again_after_every_kind_of_end(world: World, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Feed(app.store, 1)
    caller: Any = None

    def fail(*_: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr("inboxd.api.events._page", fail)
    with pytest.raises(RuntimeError):
        narrow.poll(caller, 1, {"wait": 1})
    assert narrow._seats.acquire(blocking=False)
