"""Rules, greetings, surveys, hand-outs, snoozing and resolving at once, in an order that nobody thought of."""

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from inboxd.app import App
from inboxd.automation.engine import Engine
from inboxd.domain.messages import MessageType
from inboxd.services.messages import Limits
from inboxd.store.models import AutomationRun, Conversation, Message
from inboxd.upkeep.assigner import Assigner
from inboxd.upkeep.auto_resolve import Resolver
from inboxd.upkeep.snooze import Waker
from tests.cast import Clock, World

_STATUSES = ("open", "resolved", "resolved", "pending", "snoozed")
_ACTIONS: tuple[tuple[str, list[Any]], ...] = (
    ("send_message", ["for you, {{contact.name}}"]), ("add_label", ["seen"]), ("remove_label", ["seen"]),
    ("remove_assigned_agent", []), ("resolve_conversation", []), ("open_conversation", []), ("assign_team", [1]),
    ("snooze_conversation", []), ("change_priority", ["high"]),
)  # fmt: skip
_EVENTS = (
    "message_created", "conversation_created", "conversation_updated", "conversation_opened", "conversation_resolved",
)  # fmt: skip
_CHAINED = ("status", "assignee_id", "team_id", "priority", "label_list", "waiting_since", "snoozed_until")


class Play:
    def __init__(self, world: World, app: App, clock: Clock, seed: int) -> None:
        self.world, self.app, self.clock, self.chance = world, app, clock, random.Random(seed)
        self.engine = Engine(app.store, Limits(100_000))
        self.loops = [Assigner(app.store), Resolver(app.store), Waker(app.store)]
        self.numbers = [world.conversation()]
        account, inbox = world.account, world.inbox["id"]
        self.call("POST", f"{account}/teams", name="sales")
        self.call("POST", f"{account}/teams/1/team_members", user_ids=[world.ada_id, world.olga_id])
        self.bot = self.call("POST", f"{account}/agent_bots", name="Bo")["id"]
        self.call("POST", f"{account}/assignment_policies", name="fair", enabled=False)
        self.call("POST", f"{account}/inboxes/{inbox}/assignment_policy", assignment_policy_id=1)
        self.call("PATCH", account, auto_resolve_after=10, auto_resolve_message="Bye", auto_resolve_label="idle")
        path = f"{account}/inboxes/{inbox}"
        self.call("PATCH", path, greeting_enabled=True, greeting_message="Hello", csat_survey_enabled=True)
        for event in _EVENTS:
            actions = [dict(zip(("action_name", "action_params"), one, strict=True)) for one in self.some(_ACTIONS, 2)]
            self.call("POST", f"{account}/automation_rules", name="r", event_name=event, conditions=[], actions=actions)

    def some(self, among: Any, count: int) -> list[Any]:
        return self.chance.choices(among, k=count)

    def call(self, method: str, path: str, token: str | None = None, **body: Any) -> Any:
        answer = self.world.http.request(method, path, json=body, token=token or self.world.admin)
        # Ada is not always in the inbox.
        assert answer.status_code in (200, 401), answer.text
        return answer.json() if answer.text else None

    def step(self) -> None:
        world, number = self.world, self.chance.choice(self.numbers[-4:])
        talk = f"{world.account}/conversations/{number}"
        match self.chance.randrange(12):
            case 0:
                self.numbers.append(world.conversation())
            case 1 | 2 | 3:
                world.incoming(number)
            case 4:
                world.reply(number)
            case 5:
                token = self.chance.choice((world.admin, world.ada))
                until = self.clock.now // 1000 + 60
                status = self.chance.choice(_STATUSES)
                self.call("POST", f"{talk}/toggle_status", token, status=status, snoozed_until=until)
            case 6:
                people = [{"assignee_id": one} for one in (world.ada_id, world.olga_id, None)]
                others = [{"team_id": 1}, {"team_id": 0}, {"assignee_id": self.bot, "assignee_type": "AgentBot"}]
                self.call("POST", f"{talk}/assignments", **self.chance.choice([*people, *others]))
            case 7:
                inbox = world.inbox["id"]
                members = self.chance.choice(([], [world.ada_id], [world.ada_id, world.olga_id]))
                self.call("PATCH", f"{world.account}/inbox_members", inbox_id=inbox, user_ids=members)
            case 8:
                self.call("PATCH", f"{world.account}/assignment_policies/1", enabled=self.chance.random() < 0.5)
            case 9:
                self.clock.advance(s=self.chance.choice((1, 70, 700)))
                self.call("GET", "/api/v1/profile", self.chance.choice((world.ada, world.olga)))
            case _:
                self.engine.step(5)
                self.chance.choice(self.loops).turn()

    def check(self) -> None:
        with self.app.store.read() as tx:
            talks, messages = tx.filter(Conversation), tx.filter(Message)
            assert tx.filter(AutomationRun) == []
        for talk in talks:
            assert talk.assignee_id is None or talk.assignee_agent_bot_id is None
            assert talk.snoozed_until is None or talk.status == "snoozed"
        told = Counter(
            (one.conversation_id, one.content) for one in messages if one.message_type == MessageType.TEMPLATE
        )
        once = [(talk.id, text) for talk in talks for text in ("Hello", "Please rate the conversation")]
        assert {told[one] for one in once} == {0, 1}
        self.check_events()

    def check_events(self) -> None:
        """Each change begins where the one before it ended."""
        known: dict[tuple[int, str], Any] = {}
        for event in self.events():
            for name, change in (pair for one in event["changed_attributes"] for pair in one.items()):
                if name in _CHAINED:
                    before = known.setdefault((event["id"], name), change["previous_value"])
                    assert before == change["previous_value"], (event["id"], name, change)
                    known[event["id"], name] = change["current_value"]

    def events(self) -> Iterator[Any]:
        after: int | None = 0
        while after is not None:
            path = f"{self.world.account}/events?limit=500&types=conversation_updated&after={after}"
            found = self.world.http.get(path, token=self.world.admin).json()["payload"]
            yield from (entry["payload"] for entry in found)
            after = found[-1]["seq"] if found else None


def test_whatever_happens_next_to_each_other(
    world: World, app: App, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    play = Play(world, app, clock, seed=2)
    for _ in range(250):
        play.step()
    while play.engine.step(100):
        pass
    play.check()
    assert caplog.text == ""
