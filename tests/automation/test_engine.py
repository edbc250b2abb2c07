from typing import Any

import pytest

from inboxd.app import App
from inboxd.automation.engine import Engine
from inboxd.domain import automation as rules
from inboxd.services.actions import ACTIONS
from inboxd.services.messages import Limits
from inboxd.store.models import AutomationRun, Event
from inboxd.upkeep.keeper import Keeper
from tests.cast import Clock, World


@pytest.fixture
def engine(app: App) -> Engine:
    return Engine(app.store, Limits())


def rule(world: World, event: str, actions: list[Any], *conditions: dict[str, Any], **more: Any) -> Any:
    body = {"name": "r", "event_name": event, "conditions": list(conditions), "actions": actions, **more}
    answer = world.http.post(f"{world.account}/automation_rules", json=body, token=world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def action(name: str, *params: Any) -> dict[str, Any]:
    return {"action_name": name, "action_params": list(params)}


def condition(key: str, operator: str, values: Any, joiner: str | None = None, **more: Any) -> dict[str, Any]:
    return {"attribute_key": key, "filter_operator": operator, "values": values, "query_operator": joiner, **more}


def settle(engine: Engine) -> None:
    while engine.step():
        pass


def shown(world: World, number: int) -> Any:
    return world.http.get(f"{world.account}/conversations/{number}", token=world.admin).json()


def test_a_rule_does_what_it_says_once_a_message_fits(world: World, engine: Engine) -> None:
    rule(
        world,
        "message_created",
        [action("add_label", "refund"), action("send_message", "We look into it, {{contact.name}}."),
         action("assign_agent", world.ada_id), action("change_priority", "high")],
        condition("content", "contains", ["REFUND"], "AND"),
        condition("message_type", "equal_to", ["incoming"]),
    )  # fmt: skip
    number = world.conversation()
    world.incoming(number, "I want a refund please")
    world.incoming(number, "thanks")
    settle(engine)

    talk = shown(world, number)
    assert (talk["labels"], talk["priority"], talk["meta"]["assignee"]["id"]) == (["refund"], "high", world.ada_id)
    listed = world.http.get(f"{world.account}/conversations/{number}/messages", token=world.admin).json()["payload"]
    sent = [one for one in listed if one["message_type"] == 1]
    assert [one["content"] for one in sent] == ["We look into it, Carl."]
    assert "sender" not in sent[0]
    activity = [one["content"] for one in listed if one["message_type"] == 2]
    assert "Assigned to Ada by Automation System" in activity


def test_what_a_rule_did_sets_off_no_rule(world: World, engine: Engine, app: App) -> None:
    rule(world, "message_created", [action("send_message", "again")])
    rule(world, "conversation_updated", [action("add_label", "changed")])
    number = world.conversation()
    world.incoming(number)
    settle(engine)

    listed = world.http.get(f"{world.account}/conversations/{number}/messages", token=world.admin).json()["payload"]
    assert [one["content"] for one in listed if one["message_type"] == 1] == ["again"]
    with app.store.read() as tx:
        assert {event.rule_id for event in tx.filter(Event, conversation_id=1)} == {None, 1}


def test_a_rule_knows_nothing_of_what_was_before_it(world: World, engine: Engine) -> None:
    number = world.conversation()
    world.incoming(number, "old")
    rule(world, "message_created", [action("add_label", "late")])
    settle(engine)
    assert shown(world, number)["labels"] == []
    world.incoming(number, "new")
    settle(engine)
    assert shown(world, number)["labels"] == ["late"]


def test_a_crash_between_two_actions_neither_loses_nor_doubles_one(world: World, engine: Engine, app: App) -> None:
    rule(world, "message_created", [action("add_private_note", "one"), action("add_private_note", "two")])
    number = world.conversation()
    world.incoming(number)
    engine.step()  # the look, and the first action
    with app.store.read() as tx:
        assert [run.step for run in tx.filter(AutomationRun)] == [1]
    settle(Engine(app.store, Limits()))

    listed = world.http.get(f"{world.account}/conversations/{number}/messages", token=world.admin).json()["payload"]
    assert [one["content"] for one in listed if one["private"]] == ["one", "two"]


def test_a_change_is_asked_from_what_to_what(world: World, engine: Engine) -> None:
    change = {"from": ["open"], "to": ["resolved"]}
    rule(world, "conversation_updated", [action("add_label", "done")], condition("status", "attribute_changed", change))
    rule(world, "conversation_resolved", [action("add_label", "resolved")])
    rule(world, "conversation_opened", [action("add_label", "opened")])
    number = world.conversation()
    path = f"{world.account}/conversations/{number}"
    world.http.post(f"{path}/toggle_priority", json={"priority": "low"}, token=world.admin)
    settle(engine)
    assert shown(world, number)["labels"] == []
    world.http.post(f"{path}/toggle_status", json={"status": "resolved"}, token=world.admin)
    settle(engine)
    assert sorted(shown(world, number)["labels"]) == ["done", "resolved"]
    world.http.post(f"{path}/toggle_status", json={"status": "open"}, token=world.admin)
    settle(engine)
    assert sorted(shown(world, number)["labels"]) == ["done", "opened", "resolved"]


def test_a_rule_can_be_tried_without_effect(world: World, engine: Engine) -> None:
    made = rule(
        world, "message_created", [action("add_label", "x")],
        condition("content", "contains", ["refund"], "AND"), condition("status", "equal_to", ["open"]),
    )  # fmt: skip
    number = world.conversation()
    path = f"{world.account}/automation_rules/{made['id']}/dry_run"
    answer = world.http.post(path, json={"conversation_id": number}, token=world.admin).json()
    assert answer == {
        "applies": False,
        "conditions": [[
            {"attribute_key": "content", "filter_operator": "contains", "holds": False, "saw": []},
            {"attribute_key": "status", "filter_operator": "equal_to", "holds": True, "saw": ["open"]},
        ]],
        "actions": [],
    }  # fmt: skip
    world.incoming(number, "a refund")
    assert world.http.post(path, json={"conversation_id": number}, token=world.admin).json()["applies"] is True
    assert shown(world, number)["labels"] == []
    assert world.http.post(path, json={"conversation_id": 99}, token=world.admin).status_code == 404


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"conditions": [condition("weather", "equal_to", ["rain"])]}, "conditions",
         "Automation conditions weather not supported."),
        ({"conditions": [condition("status", "equal_to", ["open"])] * 2}, "conditions",
         "Automation conditions should have query operator."),
        ({"conditions": [condition("status", "equal_to", ["open"], "XOR"), condition("content", "contains", ["a"])]},
         "conditions", 'Query operator must be either "AND" or "OR"'),
        ({"actions": [action("dance")]}, "actions", "Automation actions dance not supported."),
        ({"event_name": "message_deleted"}, "event_name", None),
    ],
)  # fmt: skip
def test_what_a_rule_cannot_have_is_named(world: World, values: dict[str, Any], field: str, message: str) -> None:
    body = {"name": "r", "event_name": "message_created", "conditions": [], "actions": [], **values}
    answer = world.http.post(f"{world.account}/automation_rules", json=body, token=world.admin)
    assert answer.status_code == 422
    [said] = answer.json()["error"][field]
    assert message is None or said == message
    assert world.http.get(f"{world.account}/automation_rules", token=world.admin).json() == {"payload": []}


def test_a_rule_that_cannot_be_understood_any_more_is_switched_off(world: World, engine: Engine) -> None:
    definition = {"attribute_display_name": "Plan", "attribute_key": "plan", "attribute_model": "contact_attribute"}
    made = world.http.post(f"{world.account}/custom_attribute_definitions", json=definition, token=world.admin).json()
    kept = rule(world, "message_created", [action("add_label", "x")], condition("plan", "equal_to", ["pro"]))
    world.http.delete(f"{world.account}/custom_attribute_definitions/{made['id']}", token=world.admin)
    number = world.conversation()
    for _ in range(2):
        world.incoming(number)
        settle(engine)

    path = f"{world.account}/automation_rules/{kept['id']}"
    assert world.http.get(path, token=world.admin).json()["payload"]["active"] is False
    logs = world.http.get(f"{world.account}/audit_logs", token=world.admin).json()["audit_logs"]
    assert logs[0]["audited_changes"] == {"active": [True, False]}


def test_rules_are_cloned_changed_and_deleted_by_administrators(world: World) -> None:
    made = rule(world, "message_created", [action("add_label", "x")], description="d")
    path = f"{world.account}/automation_rules/{made['id']}"
    copy = world.http.post(f"{path}/clone", token=world.admin).json()["payload"]
    assert (copy["name"], copy["active"], copy["actions"]) == ("Copy of r", False, made["actions"])
    changed = world.http.patch(path, json={"active": False}, token=world.admin).json()["payload"]
    assert changed == made | {"active": False}
    assert world.http.delete(path, token=world.admin).status_code == 200
    assert world.http.get(path, token=world.admin).status_code == 404
    assert world.http.get(f"{world.account}/automation_rules", token=world.ada).status_code == 401


def test_a_draft_is_tried_like_a_rule_and_says_what_it_saw(world: World) -> None:
    number = world.conversation()
    world.incoming(number, "old refund")
    world.incoming(number, "x" * 300)
    path = f"{world.account}/automation_rules/dry_run"
    asked = [condition("content", "contains", ["refund"], "OR"), condition("team_id", "is_not_present", None)]
    draft = {
        "conversation_id": number, "event_name": "message_created", "actions": [action("add_label", "x")],
        "conditions": asked,
    }  # fmt: skip

    def tried(**values: Any) -> Any:
        return world.http.post(path, json=draft | values, token=world.admin).json()

    newest, team = tried()["conditions"]
    assert newest == [
        {"attribute_key": "content", "filter_operator": "contains", "holds": False, "saw": ["x" * 200 + "…"]}
    ]
    assert team == [{"attribute_key": "team_id", "filter_operator": "is_not_present", "holds": True, "saw": [None]}]
    assert tried()["actions"] == draft["actions"]
    any_of_them = tried(event_name="conversation_updated")["conditions"][0][0]
    assert (any_of_them["holds"], any_of_them["saw"][1]) == (True, "old refund")
    assert tried(actions=[action("dance")]) == {"error": {"actions": ["Automation actions dance not supported."]}}
    many = [condition("content", "contains", ["x"] * 60, "OR")] * 2
    assert "maximum of contains in a rule is 100" in tried(conditions=many)["error"]["conditions"][0]
    greeting = {"greeting_enabled": True, "greeting_message": "We read this."}
    world.http.patch(f"{world.account}/inboxes/{world.inbox['id']}", json=greeting, token=world.admin)
    world.incoming(number, "a refund")
    [greeted], _ = tried()["conditions"]
    assert greeted["saw"] == ["a refund"], "and not the greeting behind it"
    assert world.http.get(f"{world.account}/automation_rules", token=world.admin).json() == {"payload": []}


def test_the_vocabulary_says_what_rules_can_ask_and_do(world: World) -> None:
    plan = {
        "attribute_display_name": "Plan", "attribute_key": "plan", "attribute_model": "contact_attribute",
        "attribute_display_type": "list", "attribute_values": ["free", "pro"],
    }  # fmt: skip
    world.http.post(f"{world.account}/custom_attribute_definitions", json=plan, token=world.admin)
    said = world.http.get(f"{world.account}/automation_rules/vocabulary", token=world.ada).json()["payload"]
    assert [one["event_name"] for one in said["events"]] == list(rules.EVENT_NAMES)
    known = {one["attribute_key"]: one for one in said["conditions"]}
    assert list(known) == [*rules.STANDARD, "plan"]
    assert (known["plan"]["kind"], known["plan"]["choices"]) == ("choice", ["free", "pro"])
    kinds = [(one["filter_operator"], one["kind"]) for one in known["assignee_id"]["operators"]]
    assert kinds == [
        ("equal_to", "agent"), ("not_equal_to", "agent"), ("is_present", "nothing"), ("is_not_present", "nothing"),
        ("attribute_changed", "change"),
    ]  # fmt: skip
    assert [one["attribute_key"] for one in said["conditions"] if one["kind"] == "boolean"] == ["private_note"]
    done = {one["action_name"]: one for one in said["actions"]}
    assert list(done) == list(ACTIONS)
    assert done["assign_agent"]["params"] == {
        "kind": "agent", "choices": ["last_responding_agent", "nil"], "macro_choices": ["self"], "several": False,
        "required": True,
    }  # fmt: skip
    assert said["means"] == {"mail": False}
    assert not done["open_conversation"]["in_macros"]
    assert done["open_conversation"]["params"]["kind"] == "nothing"


def test_agents_are_not_told_which_rules_there_are(world: World) -> None:
    rule(world, "message_created", [])
    for number in (1, 99):
        path = f"{world.account}/automation_rules/{number}"
        assert {world.http.request(method, path, token=world.ada).status_code for method in ("GET", "DELETE")} == {401}


def test_a_key_that_two_models_have_is_the_contacts(world: World, engine: Engine) -> None:
    for model in ("contact_attribute", "conversation_attribute", "company_attribute"):
        definition = {"attribute_display_name": "Plan", "attribute_key": "plan", "attribute_model": model}
        world.http.post(f"{world.account}/custom_attribute_definitions", json=definition, token=world.admin)
    rule(world, "message_created", [action("add_label", "pro")], condition("plan", "equal_to", ["pro"]))
    path = f"{world.account}/contacts/{world.carl['id']}"
    world.http.patch(path, json={"custom_attributes": {"plan": "Pro"}}, token=world.admin)
    number = world.conversation()
    world.incoming(number)
    settle(engine)
    assert shown(world, number)["labels"] == ["pro"]


def test_a_changed_rule_or_attribute_is_understood_anew(world: World, engine: Engine) -> None:
    kept = rule(world, "message_created", [action("add_label", "x")], condition("content", "equal_to", ["one"]))
    number = world.conversation()
    world.incoming(number, "two")
    settle(engine)
    changed = {"conditions": [condition("content", "equal_to", ["two"])]}
    world.http.patch(f"{world.account}/automation_rules/{kept['id']}", json=changed, token=world.admin)
    world.incoming(number, "two")
    settle(engine)
    assert shown(world, number)["labels"] == ["x"]


def test_what_a_machine_answers_of_itself_opens_sets_off_no_rule(world: World, engine: Engine) -> None:
    for event in ("conversation_created", "conversation_opened", "conversation_resolved"):
        rule(world, event, [action("add_label", event)])
    for attributes in ({"auto_reply": True}, {}):
        body = {"source_id": "carl-1", "additional_attributes": attributes}
        number = world.http.post(f"{world.account}/conversations", json=body, token=world.admin).json()["id"]
        for status in ("resolved", "open"):
            path = f"{world.account}/conversations/{number}/toggle_status"
            world.http.post(path, json={"status": status}, token=world.admin)
    settle(engine)
    assert shown(world, 1)["labels"] == ["conversation_resolved"]
    assert set(shown(world, 2)["labels"]) == {"conversation_created", "conversation_opened", "conversation_resolved"}


def test_one_turn_does_what_many_events_ask_for(world: World, engine: Engine) -> None:
    rule(world, "message_created", [action("add_private_note", str(count)) for count in range(5)])
    number = world.conversation()
    for _ in range(10):
        world.incoming(number)
    assert engine.turn() is None
    assert shown(world, number)["last_non_activity_message"]["content"] == "4"


def test_rules_go_on_after_all_events_have_served_their_time(
    world: World, engine: Engine, app: App, clock: Clock
) -> None:
    rule(world, "message_created", [action("add_label", "seen")])
    number = world.conversation()
    settle(engine)
    clock.advance(s=40 * 86_400)
    Keeper(app.store, app.blobs.let_go, 30).step()
    world.incoming(number)
    settle(engine)
    assert shown(world, number)["labels"] == ["seen"]
