"""Which events reports are made of, when they are written, and what they cost."""

from typing import Any

import pytest

from inboxd.app import App
from inboxd.services import reporting
from inboxd.store.db import Tx
from inboxd.store.models import Conversation, ReportingEvent
from tests.api.test_agent_bots import bot, connect  # noqa: F401  (a fixture)
from tests.api.test_conversations import act, set_inbox
from tests.cast import EPOCH, Clock, World
from tests.store.plans import statements

MINUTE = 60
HOUR = 3600


@pytest.fixture
def number(world: World) -> int:
    return world.conversation()


def happened(app: App) -> list[tuple[str, float, int | None]]:
    """(name, seconds, user) of every event, oldest first."""
    with app.store.read() as tx:
        return [(event.name, event.value / 1000, event.user_id) for event in tx.filter(ReportingEvent)]


def resolve(world: World, number: int) -> None:
    act(world, number, "toggle_status", world.admin, status="resolved")


def reopen(world: World, number: int) -> None:
    act(world, number, "toggle_status", world.admin, status="open")


def test_a_first_reply_is_a_first_response_and_later_ones_are_replies(
    world: World, app: App, clock: Clock, number: int
) -> None:
    act(world, number, "assignments", assignee_id=world.olga_id)
    clock.advance(s=10 * MINUTE)
    world.incoming(number)
    clock.advance(s=5 * MINUTE)
    world.reply(number)
    clock.advance(s=MINUTE)
    world.incoming(number)
    world.incoming(number)
    clock.advance(s=2 * MINUTE)
    world.reply(number)
    world.reply(number)
    assert happened(app) == [("first_response", 15 * MINUTE, world.ada_id), ("reply_time", 2 * MINUTE, world.olga_id)]


def test_what_the_contact_does_not_read_answers_nothing(world: World, app: App, clock: Clock, number: int) -> None:
    world.incoming(number)
    clock.advance(s=5)
    world.reply(number, private=True)
    world.reply(number, message_type="incoming")
    assert happened(app) == []


def test_every_resolution_counts_from_the_creation(world: World, app: App, clock: Clock, number: int) -> None:
    act(world, number, "assignments", assignee_id=world.ada_id)
    clock.advance(s=60)
    resolve(world, number)
    clock.advance(s=30)
    world.incoming(number)
    clock.advance(s=10)
    resolve(world, number)
    resolve(world, number)
    assert happened(app) == [
        ("conversation_resolved", 60, world.ada_id),
        ("conversation_opened", 30, world.ada_id),
        ("conversation_resolved", 100, world.ada_id),
    ]
    with app.store.read() as tx:
        starts = [event.event_start_time for event in tx.filter(ReportingEvent)]
    assert starts == [EPOCH, EPOCH + 60_000, EPOCH]


def test_a_conversation_that_was_never_resolved_opens_at_once(
    world: World, app: App, clock: Clock, number: int
) -> None:
    act(world, number, "toggle_status", status="snoozed")
    clock.advance(s=60)
    reopen(world, number)
    assert happened(app) == [("conversation_opened", 0, world.ada_id)]


def test_a_first_response_counts_from_the_last_opening(world: World, app: App, clock: Clock, number: int) -> None:
    clock.advance(s=60)
    resolve(world, number)
    clock.advance(s=60)
    reopen(world, number)
    clock.advance(s=7)
    world.reply(number)
    assert happened(app)[-1] == ("first_response", 7, world.ada_id)


@pytest.mark.usefixtures("bot")
def test_what_a_bot_resolved_alone_is_its_work(world: World, app: App, clock: Clock) -> None:
    number = world.conversation()
    clock.advance(s=60)
    resolve(world, number)
    assert [name for name, *_ in happened(app)] == ["conversation_resolved", "conversation_bot_resolved"]
    clock.advance(s=60)
    world.incoming(number)
    clock.advance(s=5)
    world.reply(number)
    assert happened(app)[-1] == ("first_response", 65, world.ada_id)
    resolve(world, number)
    assert happened(app)[-1][0] == "conversation_resolved"


@pytest.mark.usefixtures("bot")
def test_a_note_of_somebody_makes_it_no_work_of_the_bot(world: World, app: App) -> None:
    number = world.conversation()
    world.reply(number, private=True)
    resolve(world, number)
    assert [name for name, *_ in happened(app)] == ["conversation_resolved"]


def test_without_a_bot_people_resolve(world: World, app: App, number: int) -> None:
    resolve(world, number)
    assert [name for name, *_ in happened(app)] == ["conversation_resolved"]


def test_a_handoff_counts_once_and_first_responses_from_then(world: World, app: App, clock: Clock, number: int) -> None:
    def hand_off(tx: Tx) -> None:
        [conversation] = tx.filter(Conversation)
        reporting.handed_off(tx, conversation)

    for _ in range(2):
        clock.advance(s=60)
        app.store.write(hand_off)
    world.reply(number)
    assert happened(app) == [("conversation_bot_handoff", 60, None), ("first_response", 60, world.ada_id)]


def test_business_hours_are_those_of_an_inbox_that_has_them(world: World, app: App, clock: Clock, number: int) -> None:
    # Wednesday, 11:14 UTC: 13:14 in Berlin, where work ends at five.
    clock.advance(s=24 * HOUR)
    world.reply(number)
    set_inbox(world, working_hours_enabled=True, timezone="Europe/Berlin")
    resolve(world, number)
    with app.store.read() as tx:
        found = [(event.value, event.value_in_business_hours) for event in tx.filter(ReportingEvent)]
    assert found == [(24 * HOUR * 1000, 0), (24 * HOUR * 1000, 8 * HOUR * 1000)]


def test_an_ordinary_message_asks_and_writes_nothing_for_reports(world: World, app: App, number: int) -> None:
    world.incoming(number)
    world.reply(number)
    world.incoming(number)

    def asked(post: Any) -> list[str]:
        with statements(app.store._writer) as seen:
            post(number)
        return [sql for sql in seen if "reporting_events" in sql]

    assert asked(world.incoming) == []
    assert len(asked(world.reply)) == 1
    assert asked(world.reply) == []


def test_events_go_with_their_conversation(world: World, app: App, number: int) -> None:
    resolve(world, number)
    world.http.delete(f"{world.account}/conversations/{number}", token=world.admin)
    assert happened(app) == []


def test_a_bot_can_be_taken_away(world: World, app: App, bot: dict[str, Any]) -> None:  # noqa: F811
    connect(world, None)
    number = world.conversation()
    resolve(world, number)
    assert [name for name, *_ in happened(app)] == ["conversation_resolved"]
