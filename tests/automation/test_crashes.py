"""Whatever stops the engine, wherever: each action happens once, in order."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from inboxd.app import App
from inboxd.automation.engine import Engine
from inboxd.domain.errors import StorageFull
from inboxd.services import actions
from inboxd.services.messages import Limits
from inboxd.store.db import Store, Tx
from inboxd.store.models import AutomationRun, Event
from tests.automation.test_engine import action, condition, rule, settle
from tests.cast import World

MAILS = {"send_email_to_team", "send_email_transcript"}
"""They need a mail server."""


class Killed(BaseException):
    """kill -9."""


class Mortal:
    """A store whose writer dies at one of its commits, just before or just after it."""

    def __init__(self, store: Store, dies_at: int, *, committed: bool) -> None:
        self._store = store
        self._dies_at = dies_at
        self._committed = committed
        self.commits = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write(self, unit: Callable[[Tx], Any], *, durable: bool = True) -> Any:
        at, self.commits = self.commits, self.commits + 1

        def dying(tx: Tx) -> None:
            unit(tx)
            raise Killed

        try:
            return self._store.write(unit if at != self._dies_at or self._committed else dying, durable=durable)
        finally:
            if at == self._dies_at:
                raise Killed


@pytest.fixture
def everything(world: World, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """One action of each kind, and one in the middle that breaks after it wrote."""
    team = world.http.post(
        f"{world.account}/teams", json={"name": "sales", "allow_auto_assign": False}, token=world.admin
    )
    file = {"attachment": ("a.txt", b"hello", "text/plain")}
    blob = world.http.post(f"{world.account}/upload", files=file, token=world.admin).json()["blob_id"]

    def broken(tx: Tx, conversation: Any, run: Any, _: Any) -> None:
        actions.add_private_note(tx, conversation, run, ["never"])
        raise RuntimeError("broken on purpose")

    monkeypatch.setitem(actions.ACTIONS, "remove_label", replace(actions.ACTIONS["remove_label"], perform=broken))
    return [
        action("send_message", "one"), action("add_private_note", "two"), action("send_attachment", blob),
        action("add_label", "a", "b"), action("remove_label", "a"), action("assign_agent", world.ada_id),
        action("assign_team", team.json()["id"]), action("change_priority", "high"),
        action("send_webhook_event", "https://hooks.test/rule"), action("snooze_conversation"),
        action("pending_conversation"), action("open_conversation"), action("change_status", "snoozed"),
        action("remove_assigned_agent"), action("remove_assigned_team"), action("resolve_conversation"),
        action("add_private_note", "before the last"), action("mute_conversation"),
    ]  # fmt: skip


def talk(world: World, name: str) -> int:
    """A conversation of a contact of its own, with a message in it."""
    contacts = f"{world.public}/contacts"
    world.http.post(contacts, json={"source_id": name, "name": "Carl"})
    number: int = world.http.post(f"{contacts}/{name}/conversations").json()["id"]
    world.http.post(f"{contacts}/{name}/conversations/{number}/messages", json={"content": "hello"})
    return number


def told(world: World, app: App, number: int) -> list[Any]:
    """What happened to a conversation, as the feed and its thread tell it."""
    path = f"{world.account}/conversations/{number}"
    with app.store.read() as tx:
        mine = [json.loads(one.payload) for one in tx.filter(Event, conversation_id=number)]
    listed = world.http.get(f"{path}/messages", token=world.admin).json()["payload"]
    shown = world.http.get(path, token=world.admin).json()
    return [
        [(one["event"], one.get("status"), one.get("content"), one.get("labels")) for one in mine],
        [(one["content"], one["message_type"], one["private"], len(one.get("attachments", []))) for one in listed],
        [shown[key] for key in ("status", "labels", "priority", "muted")],
    ]


def test_every_action_happens_once_and_in_order_wherever_it_is_killed(
    world: World, app: App, everything: list[dict[str, Any]]
) -> None:
    assert {one["action_name"] for one in everything} == actions.IN_RULES - MAILS
    rule(world, "message_created", everything, condition("message_type", "equal_to", ["incoming"]))
    first = talk(world, "undisturbed")
    settle(Engine(app.store, Limits()))
    expected = told(world, app, first)
    contents = [content for content, *_ in expected[1] if content]
    assert [one for one in contents if one in ("one", "two", "before the last")] == ["one", "two", "before the last"]
    assert expected[2] == ["resolved", ["a", "b"], "high", True]
    assert "never" not in contents

    deaths = []
    for dies_at in count():
        for committed in (False, True):
            number, mortal = talk(world, f"{dies_at} {committed}"), Mortal(app.store, dies_at, committed=committed)
            try:
                settle(Engine(mortal, Limits()))  # type: ignore[arg-type]
            except Killed:
                deaths.append(dies_at)
            settle(Engine(app.store, Limits()))
            assert told(world, app, number) == expected, (dies_at, committed)
        if dies_at not in deaths:
            break
    # A look, each action, once more the one that broke, and looks at what they did.
    assert len(deaths) // 2 > len(everything) + 2


def test_a_full_disk_skips_no_action(world: World, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    rule(world, "message_created", [action("add_label", "one"), action("add_label", "two")])
    number = talk(world, "full")
    engine = Engine(app.store, Limits())
    engine.step()

    def full(*_: Any) -> None:
        raise StorageFull

    with monkeypatch.context() as patched:
        patched.setattr(actions, "perform", full)
        with pytest.raises(StorageFull):
            engine.step()
    settle(engine)
    assert told(world, app, number)[2][1] == ["one", "two"]


def test_a_rule_or_a_conversation_that_goes_away_in_the_middle_ends_its_run_alone(world: World, app: App) -> None:
    steps = [action("add_private_note", "one"), action("add_private_note", "two")]
    gone, stays = rule(world, "message_created", steps), rule(world, "message_created", steps)
    first, second = talk(world, "first"), talk(world, "second")
    engine = Engine(app.store, Limits())
    engine.step()
    assert world.http.delete(f"{world.account}/automation_rules/{gone['id']}", token=world.admin).status_code == 200
    assert world.http.delete(f"{world.account}/conversations/{first}", token=world.admin).status_code == 200
    settle(engine)
    notes = [content for content, _, private, _ in told(world, app, second)[1] if private]
    assert notes == ["one", "two"]  # of the rule that stays
    with app.store.read() as tx:
        assert tx.filter(AutomationRun) == []
    assert stays["active"]


def test_a_flooded_conversation_leaves_out_messages_alone(world: World, app: App) -> None:
    rule(world, "message_created", [action("send_message", "more"), action("add_label", "after")])
    number = talk(world, "flood")
    settle(Engine(app.store, Limits(per_minute=1)))
    events, messages, after = told(world, app, number)
    assert after[1] == ["after"]
    assert [content for content, kind, *_ in messages if kind != 2] == ["hello"]
    assert len(events) < 10


def test_what_a_macro_did_sets_rules_off(world: World, app: App) -> None:
    rule(world, "message_created", [action("add_label", "seen")], condition("content", "equal_to", ["By macro"]))
    values = {"name": "m", "visibility": "global", "actions": [action("send_message", "by macro")]}
    macro = world.http.post(f"{world.account}/macros", json=values, token=world.admin).json()["payload"]
    number = talk(world, "macro")
    path = f"{world.account}/macros/{macro['id']}/execute"
    world.http.post(path, json={"conversation_ids": [number]}, token=world.admin)
    settle(Engine(app.store, Limits()))
    assert told(world, app, number)[2][1] == ["seen"]
