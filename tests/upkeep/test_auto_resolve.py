import uuid
from functools import partial
from typing import Any

import pytest

from inboxd.app import App
from inboxd.automation.engine import Engine
from inboxd.services import auto_resolve
from inboxd.services.messages import Limits
from inboxd.store import conversations as store
from inboxd.store.db import Tx
from inboxd.store.models import Conversation
from inboxd.upkeep.auto_resolve import LOOK_S, Resolver
from inboxd.upkeep.snooze import Waker
from tests.api.test_conversations import lines, set_inbox, show
from tests.api.test_import_history import T0, conversation, history, ok
from tests.cast import Clock, World
from tests.store.plans import plans, statements

MINUTE_S = 60


@pytest.fixture
def resolver(app: App) -> Resolver:
    return Resolver(app.store)


def wanted(world: World, **settings: Any) -> None:
    """What the account has set, each setting without its beginning."""
    body = {f"auto_resolve_{name}": value for name, value in settings.items()}
    answer = world.http.patch(world.account, json=body, token=world.admin)
    assert answer.status_code == 200, answer.text


def spoken(world: World, number: int) -> list[tuple[int, str]]:
    path = f"{world.account}/conversations/{number}/messages"
    found = world.http.get(path, token=world.admin).json()["payload"]
    return [(one["message_type"], one["content"]) for one in found]


def system(time: str) -> str:
    return f"Conversation was marked resolved by system due to {time} of inactivity"


def test_what_nobody_touched_for_so_long_is_resolved_and_told(world: World, clock: Clock, resolver: Resolver) -> None:
    wanted(world, after=90, message="Bye {{contact.name}}", label="idle")
    idle, pending, snoozed = world.conversation(), world.conversation(), world.conversation()
    world.incoming(idle)
    for number, status in ((pending, "pending"), (snoozed, "snoozed")):
        path = f"{world.account}/conversations/{number}/toggle_status"
        world.http.post(path, json={"status": status}, token=world.admin)
    clock.advance(s=90 * MINUTE_S)
    assert resolver.step() == LOOK_S
    assert show(world, idle)["status"] == "open", "it must be longer than that"
    clock.advance(ms=1)
    busy = world.conversation()
    before = len(world.events())
    assert resolver.step() == LOOK_S

    talk = show(world, idle)
    assert (talk["status"], talk["labels"], talk["waiting_since"]) == ("resolved", ["idle"], 0)
    assert [show(world, one)["status"] for one in (pending, snoozed, busy)] == ["pending", "snoozed", "open"]
    assert spoken(world, idle) == [(0, "hello"), (3, "Bye Carl"), (2, system("90 minutes"))]
    told = world.events()[before:]
    assert [(one["event"], one["origin"]) for one in told] == [
        (name, "automation")
        for name in ("message_created", "conversation_updated", "conversation_status_changed", "conversation_updated")
    ]
    world.incoming(idle)
    assert show(world, idle)["status"] == "open"
    assert resolver.step() == LOOK_S
    assert show(world, idle)["status"] == "open"


def test_those_who_wait_are_left_alone_if_the_account_says_so(world: World, clock: Clock, resolver: Resolver) -> None:
    wanted(world, after=1440, ignore_waiting=True, label="one too many")
    waiting, answered = world.conversation(), world.conversation()
    full = {"labels": [str(number) for number in range(500)]}
    world.http.post(f"{world.account}/conversations/{answered}/labels", json=full, token=world.ada)
    for number in (waiting, answered):
        world.incoming(number)
    world.reply(answered)
    clock.advance(s=1440 * MINUTE_S + 1)
    resolver.step()
    assert [show(world, one)["status"] for one in (waiting, answered)] == ["open", "resolved"]
    assert lines(world, answered)[1:] == [system("1 days")]
    assert len(show(world, answered)["labels"]) == 500
    wanted(world, ignore_waiting=False)
    resolver.step()
    assert show(world, waiting)["status"] == "resolved"


def test_outside_the_reply_window_a_line_tells_agents_instead(world: World, clock: Clock, resolver: Resolver) -> None:
    set_inbox(world, channel={"additional_attributes": {"agent_reply_time_window": 1}})
    wanted(world, after=120, message="Bye")
    number = world.conversation()
    world.incoming(number)
    clock.advance(s=121 * MINUTE_S)
    resolver.step()
    assert lines(world, number) == [
        "Auto-resolve message not sent due to outgoing message restrictions",
        system("2 hours"),
    ]
    assert [kind for kind, _ in spoken(world, number)] == [0, 2, 2]


def test_it_looks_again_before_it_acts(world: World, app: App, clock: Clock, resolver: Resolver) -> None:
    wanted(world, after=10, ignore_waiting=True, message="Bye")
    numbers = [world.conversation() for _ in range(4)]
    moved, waits, closed, kept = numbers
    for number in numbers:
        world.reply(number)
    clock.advance(s=11 * MINUTE_S)
    with app.store.read() as tx:
        due = auto_resolve.due(tx, 100)
    assert len(due) == 4
    world.reply(moved)
    app.store.write(lambda tx: tx.update(tx.filter(Conversation)[waits - 1], waiting_since=tx.now))
    path = f"{world.account}/conversations/{closed}/toggle_status"
    world.http.post(path, json={"status": "pending"}, token=world.ada)
    before = [show(world, number) for number in (moved, waits, closed)]
    assert all(resolver.acted(one) for one in due[:3])
    wanted(world, after=None)
    assert resolver.acted(due[3])
    assert resolver.acted(999)
    assert [show(world, number) for number in (moved, waits, closed)] == before
    assert show(world, kept)["status"] == "open"


def test_where_no_account_asks_for_it_it_sleeps_until_one_does(world: World, app: App, resolver: Resolver) -> None:
    heard: list[str] = []
    app._wakes["settings"] = lambda: heard.append("settings")
    with app.store.read() as tx:
        connection = tx._connection
    with statements(connection) as asked:
        assert resolver.step() is None
    assert asked
    assert not [sql for sql in asked if "conversations" in sql]
    world.http.patch(world.account, json={"name": "Other"}, token=world.admin)
    world.incoming(world.conversation())
    assert heard == []
    wanted(world, after=10)
    assert heard == ["settings"]
    wanted(world, after=10)
    assert heard == ["settings"], "nothing changed"
    assert resolver.step() == LOOK_S


def test_a_hundred_of_an_account_are_resolved_at_once_and_a_broken_one_stops_nobody(
    world: World, app: App, clock: Clock, resolver: Resolver, caplog: pytest.LogCaptureFixture
) -> None:
    wanted(world, after=10, message="Bye")
    world.conversation()

    def more(tx: Tx) -> None:
        [first] = tx.filter(Conversation)
        same = {name: getattr(first, name) for name in ("account_id", "inbox_id", "contact_inbox_id", "contact_id")}
        for count in range(101):
            values: dict[str, Any] = same | {"contact_id": 999} if count == 50 else same
            number = tx.next_number(1, "conversation")
            tx.insert(
                Conversation, display_id=number, uuid=str(uuid.uuid4()), last_activity_at=tx.now + count, **values
            )

    app.store.write(more)
    clock.advance(s=11 * MINUTE_S)

    def still_open() -> int:
        with app.store.read() as tx:
            return len(tx.filter(Conversation, status="open"))

    told_to_stop = Resolver(app.store)
    told_to_stop.stop()
    told_to_stop.step()
    assert still_open() == 102
    assert resolver.step() == LOOK_S
    assert still_open() == 3, "the broken one and those that no room was for"
    assert resolver.step() == LOOK_S
    assert still_open() == 1
    assert [record.getMessage() for record in caplog.records] == 2 * ["conversation 52 could not be resolved: Dangling"]


def test_looking_walks_an_index_in_its_order(app: App, admin: str) -> None:
    for also_waiting, plan in ((True, "COVERING INDEX"), (False, "INDEX")):
        asked = plans(app.store, partial(store.idle, account_id=1, before=9, limit=9, also_waiting=also_waiting))
        assert len(asked) == 1
        assert f"{plan} conversation_account_id_last_activity_at" in asked[0], asked


def test_what_just_woke_was_not_idle_while_it_slept(world: World, app: App, clock: Clock, resolver: Resolver) -> None:
    wanted(world, after=60)
    number = world.conversation()
    path = f"{world.account}/conversations/{number}/toggle_status"
    body = {"status": "snoozed", "snoozed_until": clock.now // 1000 + 86_400}
    world.http.post(path, json=body, token=world.admin)
    clock.advance(s=86_400)
    Waker(app.store).step()
    resolver.step()
    assert show(world, number)["status"] == "open"
    clock.advance(s=61 * MINUTE_S)
    resolver.step()
    assert show(world, number)["status"] == "resolved"


def test_whoever_was_imported_hears_nothing_of_it(world: World, clock: Clock, resolver: Resolver) -> None:
    set_inbox(world, csat_survey_enabled=True)
    ok(world, *history(world))
    ok(world, conversation(world, "t2", created_at=T0))
    clock.advance(s=1)
    body = {"content": "hello again", "message_type": "incoming"}
    path = f"{world.account}/conversations/2/messages"
    assert world.http.post(path, json=body, token=world.admin).status_code == 200
    wanted(world, after=10, message="Bye", label="idle")
    clock.advance(s=11 * MINUTE_S)
    resolver.step()
    past, live = (spoken(world, number) for number in (1, 2))
    assert [show(world, number)["status"] for number in (1, 2)] == ["resolved", "resolved"]
    assert past[-1] == (2, system("10 minutes"))
    assert 3 not in [kind for kind, _ in past]
    assert [kind for kind, _ in live] == [0, 3, 2, 3]


def test_a_rule_that_opens_it_again_makes_nobody_write_for_ever(
    world: World, app: App, clock: Clock, resolver: Resolver
) -> None:
    body = {"name": "never", "event_name": "conversation_resolved", "conditions": [],
            "actions": [{"action_name": "open_conversation"}]}  # fmt: skip
    assert world.http.post(f"{world.account}/automation_rules", json=body, token=world.admin).status_code == 200
    wanted(world, after=10, message="Bye {{contact.name}}")
    set_inbox(world, csat_survey_enabled=True)
    number, engine = world.conversation(), Engine(app.store, Limits())
    world.incoming(number)
    for _ in range(5):
        clock.advance(s=11 * MINUTE_S)
        resolver.step()
        while engine.step():
            pass
        assert show(world, number)["status"] == "open"
    told = [text for kind, text in spoken(world, number) if kind == 3]
    assert told == ["Bye Carl", "Please rate the conversation", "Bye Carl"]
    world.incoming(number)
    clock.advance(s=11 * MINUTE_S)
    resolver.step()
    assert [text for kind, text in spoken(world, number) if kind == 3] == [*told, "Bye Carl"]
