import threading
import time
from typing import Any

import pytest
import requests

from inboxd.app import App
from inboxd.store import conversations, snoozed
from inboxd.upkeep.snooze import LOOK_S, Waker
from tests.cast import EPOCH, Clock, World
from tests.store.plans import plans

HOUR_S = 3_600


def snooze(world: World, *, s: float | None) -> int:
    """A conversation snoozed for so long from the beginning of the test."""
    number = world.conversation()
    until = EPOCH / 1000 + s if s is not None else None
    path = f"{world.account}/conversations/{number}/toggle_status"
    world.http.post(path, json={"status": "snoozed", "snoozed_until": until}, token=world.ada)
    return number


def shown(world: World, number: int) -> Any:
    return world.http.get(f"{world.account}/conversations/{number}", token=world.admin).json()


def test_a_conversation_wakes_exactly_at_its_time(app: App, clock: Clock, world: World) -> None:
    number = snooze(world, s=10)
    waker = Waker(app.store)
    assert waker.step() == 10
    clock.advance(ms=9_999)
    assert waker.step() == 0.001
    assert shown(world, number)["status"] == "snoozed"
    clock.advance(ms=1)
    assert waker.step() == LOOK_S
    talk = shown(world, number)
    assert (talk["status"], talk["snoozed_until"]) == ("open", None)


def test_it_is_told_as_every_opening_and_nobody_is_named(app: App, clock: Clock, world: World) -> None:
    number = snooze(world, s=1)
    before = len(world.events())
    lines = world.http.get(f"{world.account}/conversations/{number}/messages", token=world.ada).json()["payload"]
    clock.advance(s=1)
    Waker(app.store).step()
    told = world.events()[before:]
    assert [(one["event"], one["status"], one["origin"]) for one in told] == [
        ("conversation_status_changed", "open", "automation"),
        ("conversation_updated", "open", "automation"),
    ]
    changed = {name: change for one in told[0]["changed_attributes"] for name, change in one.items()}
    assert changed["status"] == {"previous_value": "snoozed", "current_value": "open"}
    path = f"{world.account}/conversations/{number}/messages"
    assert world.http.get(path, token=world.ada).json()["payload"] == lines


def test_without_a_time_it_sleeps_until_the_contact_writes(app: App, clock: Clock, world: World) -> None:
    number = snooze(world, s=None)
    clock.advance(s=1_000 * HOUR_S)
    assert Waker(app.store).step() == LOOK_S
    assert shown(world, number)["status"] == "snoozed"
    world.incoming(number)
    assert shown(world, number)["status"] == "open"


def test_all_that_overslept_wake_also_after_days(app: App, clock: Clock, world: World) -> None:
    numbers = [snooze(world, s=10 + count) for count in range(5)]
    later = snooze(world, s=1_000 * HOUR_S)
    clock.advance(s=500 * HOUR_S)
    assert Waker(app.store).step() == LOOK_S
    assert {shown(world, number)["status"] for number in numbers} == {"open"}
    assert shown(world, later)["status"] == "snoozed"


def test_who_was_snoozed_anew_or_resolved_meanwhile_is_left_alone(app: App, clock: Clock, world: World) -> None:
    again, resolved = snooze(world, s=5), snooze(world, s=5)
    with app.store.read() as tx:
        ids = [conversations.by_display_id(tx, 1, number) for number in (again, resolved)]
    path = f"{world.account}/conversations"
    world.http.post(
        f"{path}/{again}/toggle_status",
        json={"status": "snoozed", "snoozed_until": EPOCH / 1000 + 50},
        token=world.ada,
    )
    world.http.post(f"{path}/{resolved}/toggle_status", json={"status": "resolved"}, token=world.ada)
    clock.advance(s=6)
    waker = Waker(app.store)
    assert all(one is not None and waker.acted(one.id) for one in ids)
    assert waker.step() == LOOK_S
    clock.advance(s=20)
    assert waker.step() == 24
    assert [shown(world, number)["status"] for number in (again, resolved)] == ["snoozed", "resolved"]


def test_one_that_cannot_be_woken_keeps_nobody_else_asleep(
    app: App, clock: Clock, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = snooze(world, s=1), snooze(world, s=2)
    clock.advance(s=3)
    waker = Waker(app.store)
    with app.store.read() as tx:
        row = conversations.by_display_id(tx, 1, broken)
    assert row is not None
    app.store.write(lambda tx: tx.update(row, contact_id=999))
    assert waker.step() == LOOK_S
    assert shown(world, sound)["status"] == "open"
    assert [record.getMessage() for record in caplog.records] == [f"conversation {row.id} could not be woken: Dangling"]


def test_a_snooze_is_heard_of_at_once_and_nothing_else_is(app: App, clock: Clock, world: World) -> None:
    heard: list[str] = []
    app._wakes["snoozed"] = lambda: heard.append("snoozed")
    number = snooze(world, s=5)
    assert heard == ["snoozed"]
    world.incoming(number)
    snooze(world, s=None)
    assert heard == ["snoozed"]
    values = {"source_id": "carl-1", "status": "snoozed", "snoozed_until": EPOCH // 1000 + 9}
    world.http.post(f"{world.account}/conversations", json=values, token=world.ada)
    assert heard == ["snoozed", "snoozed"]


def test_it_runs_beside_the_server_and_stops_when_told(app: App, clock: Clock, world: World) -> None:
    number = snooze(world, s=5)
    clock.advance(s=5)
    looked = threading.Event()
    waker = Waker(app.store)
    step = waker.step

    def watched() -> float | None:
        wait_s = step()
        looked.set()
        return wait_s

    waker.step = watched  # type: ignore[method-assign]
    waker.start()
    assert looked.wait(10)
    assert shown(world, number)["status"] == "open"
    looked.clear()
    number = snooze(world, s=6)
    clock.advance(s=1)
    waker.wake()
    assert looked.wait(10)
    waker.stop()
    assert shown(world, number)["status"] == "open"


def test_a_real_server_wakes_what_was_snoozed_for_a_moment(live: tuple[str, str]) -> None:
    url, token = live
    http, account = requests.Session(), f"{url}/api/v1/accounts/1"
    http.headers["api_access_token"] = token
    inbox = http.post(f"{account}/inboxes", json={"name": "A", "channel": {"type": "api"}}).json()["id"]
    values = {"inbox_id": inbox, "name": "Carl", "source_id": "c-1"}
    http.post(f"{account}/contacts", json=values)
    number = http.post(f"{account}/conversations", json={"source_id": "c-1"}).json()["id"]
    until = time.time() + 0.3
    snoozed = {"status": "snoozed", "snoozed_until": until}
    assert http.post(f"{account}/conversations/{number}/toggle_status", json=snoozed).status_code == 200
    seen = len(http.get(f"{account}/events").json()["payload"])
    feed = f"{account}/events?after={seen}&wait=10&types=conversation_status_changed"
    [woken] = http.get(feed).json()["payload"]
    assert woken["payload"]["status"] == "open"
    assert -0.01 < time.time() - until < 5
    http.close()


def test_looking_reads_the_index_of_snoozed_ones_alone(app: App, admin: str) -> None:
    asked = plans(app.store, lambda tx: (snoozed.due(tx, 5), snoozed.next_due_s(tx, 1)))
    assert len(asked) == 2
    assert all("conversations_snoozed" in plan and "TEMP" not in plan for plan in asked), asked
