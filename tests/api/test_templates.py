"""What an inbox says of itself: a greeting, and that nobody is in."""

from typing import Any

import pytest

from inboxd.app import App
from inboxd.automation.engine import Engine
from inboxd.domain.messages import Draft
from inboxd.services import messages as service
from inboxd.services import templates
from inboxd.services.messages import Limits
from inboxd.store import details
from inboxd.store import messages as store
from inboxd.store.db import Tx
from inboxd.store.models import Conversation, Delivery, Event, Message
from tests.api.test_conversations import set_inbox, show
from tests.cast import Clock, World
from tests.store.plans import plans, statements

HOUR_S = 3600
GREETING = {"greeting_enabled": True, "greeting_message": "Hello {{contact.name}}, this is {{ inbox.name }}"}
GREETED = "Hello Carl, this is Acme API"
AWAY = {
    "working_hours_enabled": True,
    "out_of_office_message": "Nobody is in, {{contact.name | upcase}}",
    # The tests begin on a Wednesday at 11:14 of UTC: it is closed already.
    "working_hours": [{"day_of_week": day, "open_hour": 9, "open_minutes": 0, "close_hour": 11, "close_minutes": 0,
                       "closed_all_day": False} for day in range(7)],
}  # fmt: skip
TOLD = "Nobody is in, CARL"


def said(world: World, number: int) -> list[str]:
    """The template messages of a conversation."""
    path = f"{world.account}/conversations/{number}/messages"
    found = world.http.get(path, token=world.admin).json()["payload"]
    return [one["content"] for one in found if one["message_type"] == 3]


def post(world: World, number: int, token: str | None = None, **values: Any) -> Any:
    path = f"{world.account}/conversations/{number}/messages"
    answer = world.http.post(path, json={"content": "x", **values}, token=token or world.ada)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_first_message_of_a_contact_is_greeted_once(world: World) -> None:
    set_inbox(world, **GREETING)
    number = world.conversation()
    waiting = show(world, number)["waiting_since"]
    before = len(world.events())
    world.incoming(number)
    told = world.events()[before:]
    assert [one["event"] for one in told] == ["message_created", "contact_updated", "message_created"]
    greeting = told[-1]
    assert (greeting["message_type"], greeting["content"], greeting["content_type"]) == ("template", GREETED, "text")
    assert (greeting.get("sender"), greeting["private"], greeting["origin"]) == (None, False, "automation")
    talk = show(world, number)
    assert (talk["waiting_since"], talk["first_reply_created_at"], talk["unread_count"]) == (waiting, 0, 1)
    assert talk["last_non_activity_message"]["content"] == GREETED
    public = world.http.get(f"{world.contact}/conversations/{number}/messages").json()
    assert [one["content"] for one in public] == ["hello", GREETED]

    world.incoming(number)
    world.reply(number)
    world.incoming(number)
    assert said(world, number) == [GREETED]
    assert show(world, number)["first_reply_created_at"] > 0, "the agent's was the first reply"


@pytest.mark.parametrize(
    "first",
    [{}, {"private": True}, {"sender_type": "AgentBot"}, {"message_type": "template"}, {"import": True},
     {"message_type": "template", "import": True}],
)  # fmt: skip
def test_who_was_written_to_before_is_not_greeted(world: World, first: dict[str, Any]) -> None:
    set_inbox(world, **GREETING)
    number = world.conversation()
    if "sender_type" in first:
        bot = world.http.post(f"{world.account}/agent_bots", json={"name": "Bo"}, token=world.admin).json()
        first = first | {"sender_id": bot["id"]}
    if "import" in first:
        first = first | {"external_created_at": 1_700_000_000}
    post(world, number, world.admin, **first)
    before = said(world, number)
    world.incoming(number)
    assert said(world, number) == before


def test_nothing_but_a_living_contact_who_writes_now_is_answered(world: World, clock: Clock) -> None:
    set_inbox(world, **GREETING, **AWAY)
    number = world.conversation()
    past = {"message_type": "incoming", "import": True, "external_created_at": 1_700_000_000}
    for values in ({"message_type": "activity"}, {"message_type": "template", "content": "ours"}, {}, past):
        post(world, number, world.admin, **values)
    assert said(world, number) == ["ours"]

    body = {"inbox_id": 1, "contact_id": world.carl["id"], "additional_attributes": {"auto_reply": True}}
    machine = world.http.post(f"{world.account}/conversations", json=body, token=world.ada).json()["id"]
    post(world, machine, message_type="incoming")
    assert said(world, machine) == []

    talk = world.conversation()
    world.http.post(f"{world.account}/conversations/{talk}/mute", token=world.ada)
    born_resolved = world.conversation()
    for one in (talk, born_resolved):
        world.incoming(one)
        assert said(world, one) == []
    world.http.post(f"{world.account}/conversations/{talk}/unmute", token=world.ada)
    world.incoming(talk)
    assert said(world, talk) == [TOLD]


def test_out_of_office_is_said_once_a_day_of_utc_and_in_place_of_the_greeting(world: World, clock: Clock) -> None:
    set_inbox(world, **GREETING, **AWAY)
    number = world.conversation()
    world.incoming(number)
    clock.advance(s=12 * HOUR_S)
    world.incoming(number)
    assert said(world, number) == [TOLD], "23:14"
    clock.advance(s=HOUR_S)
    post(world, number, message_type="incoming")
    assert said(world, number) == [TOLD, TOLD], "the next day, and however the message came"
    clock.advance(s=10 * HOUR_S)
    other = world.conversation()
    world.incoming(number)
    world.incoming(other)
    assert (said(world, number), said(world, other)) == ([TOLD, TOLD], [GREETED]), "10:14: somebody is in"


def test_out_of_office_waits_until_a_reply_is_five_minutes_old(world: World, clock: Clock) -> None:
    set_inbox(world, **AWAY, timezone="America/New_York")
    clock.advance(s=12 * HOUR_S + 2700 + 1)  # 23:59:57 of UTC
    number = world.conversation()
    world.incoming(number)
    post(world, number, private=True, content="a note is no reply")
    world.reply(number)
    clock.advance(s=299)
    world.incoming(number)
    assert said(world, number) == [TOLD], "another day, and the reply still counts"
    clock.advance(s=1)
    world.incoming(number)
    assert said(world, number) == [TOLD, TOLD]
    clock.advance(s=HOUR_S)
    world.reply(number)
    clock.advance(s=301)
    world.incoming(number)
    assert said(world, number) == [TOLD, TOLD], "that of today is looked for behind the reply"


@pytest.mark.parametrize(
    "settings",
    [{"greeting_enabled": True}, {"greeting_enabled": True, "greeting_message": "  "}, {"greeting_message": "Hello"},
     AWAY | {"out_of_office_message": " "}, AWAY | {"working_hours_enabled": False}],
)  # fmt: skip
def test_without_a_text_or_its_switch_nothing_is_said(world: World, settings: dict[str, Any]) -> None:
    set_inbox(world, **settings)
    number = world.conversation()
    world.incoming(number)
    assert said(world, number) == []


def test_a_bridge_that_leaves_its_own_messages_out_hears_of_the_greeting(world: World, app: App) -> None:
    set_inbox(world, **GREETING)
    hook = {"url": "https://bridge.test/in", "exclude_own": True, "subscriptions": ["message_created"]}
    world.http.post(f"{world.account}/webhooks", json=hook, token=world.admin)
    post(world, world.conversation(), world.admin, message_type="incoming")
    with app.store.read() as tx:
        events = [tx.get(Event, one.event_id) for one in tx.filter(Delivery)]
        heard = [tx.get(Message, one.message_id or 0) for one in events if one is not None]
    assert [one.content for one in heard if one is not None] == [GREETED]


def test_a_greeting_may_set_off_a_rule_and_no_other_greeting(world: World, app: App) -> None:
    set_inbox(world, **GREETING)
    asked = {"attribute_key": "message_type", "filter_operator": "equal_to", "values": ["template"]}
    body: dict[str, Any] = {"name": "r", "event_name": "message_created", "conditions": [asked]}
    body["actions"] = [{"action_name": "add_label", "action_params": ["greeted"]}]
    world.http.post(f"{world.account}/automation_rules", json=body, token=world.admin)
    number = world.conversation()
    world.incoming(number)
    engine = Engine(app.store, Limits())
    while engine.step():
        pass
    assert show(world, number)["labels"] == ["greeted"]
    world.incoming(number)
    assert said(world, number) == [GREETED]


def test_a_greeting_never_refuses_the_message_that_it_answers(world: World, app: App) -> None:
    set_inbox(world, **GREETING)
    number = world.conversation()

    def unit(tx: Tx) -> None:
        [talk] = tx.filter(Conversation)
        place = details.place(tx, talk)
        service.post(tx, talk, place, Draft("hello"), place.contact, Limits(per_minute=1))

    app.store.write(unit)
    assert said(world, number) == [GREETED]


def test_an_inbox_that_says_nothing_asks_nothing_and_others_walk_an_index(world: World, app: App) -> None:
    number = world.conversation()
    world.incoming(number)
    asked: list[str] = []

    def unit(tx: Tx) -> None:
        [talk], [message] = tx.filter(Conversation), tx.filter(Message)
        place = details.place(tx, talk)
        with statements(tx._connection) as seen:
            templates.due(tx, talk, place, message)
        asked.extend(seen)

    app.store.write(unit)
    assert asked == []
    found = plans(app.store, lambda tx: (store.last_told(tx, 1, [1, 3]), store.is_answered(tx, 1)))
    assert len(found) == 2
    assert all("messages_conversation_id_id" in plan for plan in found), found
