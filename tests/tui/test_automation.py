from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, TextArea

from admin_tui.net.outcome import Problem
from admin_tui.state.directory import Directory
from admin_tui.state.rule_draft import Draft
from admin_tui.state.rules import Words, about_place, verdict_groups
from inboxd.client import Client
from tests.tui.cast import Desk, Seat, run, seated

INCOMING = {"attribute_key": "message_type", "filter_operator": "equal_to", "values": ["incoming"]}
REFUND = {"attribute_key": "content", "filter_operator": "contains", "values": ["refund"]}
LABEL = {"action_name": "add_label", "action_params": ["billing"]}


def _rule(desk: Desk, name: str = "refunds", **values: Any) -> Any:
    conditions = [{**INCOMING, "query_operator": "AND"}, {**REFUND, "query_operator": None}]
    given = {"event_name": "message_created", "conditions": conditions, "actions": [LABEL], **values}
    return desk.client.call("POST", "/automation_rules", name=name, **given)


async def _write(seat: Seat, text: str) -> None:
    """Into the form that stands there."""
    await seat.until(lambda: seat.tui.screen.query("Form Input, Form TextArea, #field-value, #field-name"))
    field = seat.tui.screen.query_one("#field-value, #field-name")
    if isinstance(field, TextArea):
        field.text = text
    elif isinstance(field, Input):
        field.value = text
    await seat.press("ctrl+s")


async def _try_out(seat: Seat) -> None:
    await seat.press("t")
    await seat.sees("Try out on")
    await seat.press("1")  # its number, though others begin with it
    await seat.sees("▌   #1 ")
    await seat.press("enter")


def test_a_rule_is_written_tried_refused_and_kept(desk: Desk) -> None:
    desk.client.call("POST", "/labels", title="billing")
    desk.client.call("POST", "/teams", name="sales")
    number = desk.talk("Ann", "I want a Refund")

    async def story() -> None:
        async with seated(desk, "automation", (80, 24)) as seat:
            await seat.sees("c makes one")
            await seat.press("c")
            await seat.sees("no name yet")
            await seat.press("j", "j", "j", "enter", *"message type", "enter", *"equal", "enter", "space", "enter")
            await seat.sees("message type is incoming")
            await seat.press("c", *"content", "enter", *"contains", "enter")
            await _write(seat, "refund\nmoney back")
            await seat.sees("content contains 'refund' or 'money back'")
            await seat.press("G", "enter", *"add label", "enter", "space", "enter")
            await seat.sees("add label billing")
            await seat.press("c", *"assign team", "enter", *"sales", "enter")
            await seat.sees("assign team sales")
            # An action that is refused is told beside it.
            await seat.press("c", *"webhook", "enter")
            await _write(seat, "ftp://x")
            await _try_out(seat)
            await seat.sees("send_webhook_event: ")
            lines = seat.lines
            at = next(place for place, text in enumerate(lines) if "refused" in text)
            assert "send webhook event" in lines[at - 1]
            await seat.press("k", "j", "D")
            await _try_out(seat)
            await seat.sees(f"applies to #{number}")
            assert "✓ holds  content contains" in seat.text
            assert "saw 'I want a Refund'" in seat.text
            assert "assign team sales" in seat.text
            assert desk.client.conversation(number)["labels"] == []
            await seat.press("escape", "ctrl+s")
            await seat.sees("can't be blank")
            # What was written outlives escape, and is gone on with.
            await seat.press("escape", "enter")
            await seat.until(lambda: "assign team sales" not in seat.text)
            await seat.press("c")
            await seat.sees("assign team sales")
            await seat.press("home", "enter")
            await _write(seat, "refunds")
            await seat.press("ctrl+s")
            await seat.sees("● on  refunds")
            kept = desk.client.call("GET", "/automation_rules")["payload"][0]
            assert [one["values"] for one in kept["conditions"]] == [["incoming"], ["refund", "money back"]]
            assert [one["query_operator"] for one in kept["conditions"]] == ["AND", None]
            assert [one["action_params"] for one in kept["actions"]] == [["billing"], [1]]
            await seat.press("i")
            await seat.sees("when a message is created, if")
            assert seat.screen._sentence(kept) == (
                "when a message is created, if message type is incoming and content contains 'refund' or 'money back', "
                "then add label billing, assign team sales"
            )

    run(story())


def test_a_rule_is_changed_switched_cloned_and_deleted(desk: Desk) -> None:
    _rule(desk)
    number = desk.talk("Ann", "hello")

    def rules() -> Any:
        return {one["name"]: one for one in desk.client.call("GET", "/automation_rules")["payload"]}

    async def story() -> None:
        async with seated(desk, "automation") as seat:
            await seat.sees("● on  refunds")
            await _try_out(seat)
            await seat.sees(f"refunds does not apply to #{number}")
            assert "✗ fails  content contains 'refund'" in seat.text
            assert "nothing would be done" in seat.text
            await seat.press("escape", "o")
            await seat.sees("– off refunds")
            await seat.press("u")
            await seat.sees("● on  refunds")
            assert rules()["refunds"]["active"]
            # The conditions change places, are joined by OR, and one is written as JSON.
            await seat.press("e", "j", "j", "j", "J", "o")
            await seat.sees("or           message type is incoming")
            await seat.press("x")
            await _write(seat, '{"attribute_key": "nothing", "filter_operator": "is_new", "values": {"a": 1}}')
            await seat.sees('nothing is new {"a": 1}')
            await seat.press("ctrl+s")
            await seat.sees("Automation conditions nothing not supported")
            await seat.press("u", "K", "u", "ctrl+s")
            await seat.until(lambda: seat.tui.screen is seat.screen)
            kept = rules()["refunds"]["conditions"]
            assert [one["attribute_key"] for one in kept] == ["content", "message_type"]
            assert [one["query_operator"] for one in kept] == ["OR", None]
            await seat.press("C")
            await seat.sees("– off Copy of refunds")
            await seat.press("e", "enter")
            await _write(seat, "other")
            await seat.press("escape", "2")
            assert rules().keys() == {"refunds", "Copy of refunds"}
            await seat.press("D", "y")
            await seat.until(lambda: len(rules()) == 1)

    run(story())


def test_a_rule_that_the_server_switched_off_says_why(desk: Desk) -> None:
    values = {"attribute_key": "plan", "attribute_display_name": "Plan", "attribute_model": "contact_attribute"}
    made = desk.client.call("POST", "/custom_attribute_definitions", attribute_display_type="text", **values)
    condition = {"attribute_key": "plan", "filter_operator": "is_present", "values": []}
    _rule(desk, "plans", conditions=[condition])
    desk.client.call("DELETE", f"/custom_attribute_definitions/{made['id']}")
    desk.talk("Ann", "hello", "again", "and again")

    async def story() -> None:
        async with seated(desk, "automation") as seat:

            async def is_off() -> None:
                await seat.press("ctrl+r")
                await seat.sees("✗ off plans")

            await seat.until(lambda: not desk.client.call("GET", "/automation_rules")["payload"][0]["active"])
            await is_off()
            await seat.sees("It was switched off")
            await seat.sees("Invalid attribute key - [plan]")
            # What nobody knows any more can still be changed, as JSON.
            await seat.press("e", "j", "j", "j", "enter")
            await seat.sees('"attribute_key": "plan"')

    run(story())


def test_a_macro_is_made_and_run_where_people_talk(desk: Desk) -> None:
    bo = desk.client.create_agent("bo@acme.test", name="Bo")
    desk.client.call("PATCH", "/inbox_members", inbox_id=desk.inbox["id"], user_ids=[bo["id"]])
    token = desk.client.create_token(email=bo["email"])["access_token"]
    desk.client.call("POST", "/macros", name="theirs", visibility="global", actions=[LABEL])
    numbers = [desk.talk("Ann", "hello"), desk.talk("Cy", "hi")]

    async def story() -> None:
        async with seated(desk, "automation", (80, 24), token=token) as seat:
            await seat.sees("theirs")
            assert "Rules" not in seat.lines[1]
            assert not {"edit", "delete", "rule.try"} & {one.id for one in seat.screen.offered()}
            await seat.press("c", "enter")
            await _write(seat, "mine")
            await seat.press("G", "enter", *"assign agent", "enter", *"whoever", "enter")
            await seat.sees("assign agent whoever runs it")
            await seat.press("c", *"change status", "enter", *"resolved", "enter", "ctrl+s")
            await seat.until(lambda: len(seat.screen.listed.rows) == 2)
            assert "edit" not in {one.id for one in seat.screen.offered()}
            seat.screen.listed.move_to(1)
            await seat.until(lambda: "edit" in {one.id for one in seat.screen.offered()})
            await seat.press("3")
            await seat.sees("hello")
            await seat.press("X")
            await seat.sees("Run on #")
            await seat.press(*"mine", "enter")
            said = f"ran mine on #{numbers[1]}: status resolved, assignee Bo"
            await seat.until(lambda: said in {one.text for one in seat.tui.said}, said)
            await seat.press("asterisk", "X")
            await seat.sees("Run on 2")
            await seat.press(*"theirs", "enter", "y")
            await seat.until(lambda: any(desk.client.conversation(one)["labels"] == ["billing"] for one in numbers))

    run(story())


def test_what_the_server_will_know_one_day_is_said_and_asked_for_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = {"filter_operator": "near_to", "about": "is near", "kind": "place", "several": False}
    condition = {
        "attribute_key": "home", "name": "Home", "about": "", "of": "contact", "custom_attribute_type": None,
        "kind": "place", "choices": [], "operators": [operator],
    }  # fmt: skip
    takes = {"kind": "drone", "choices": [], "macro_choices": [], "several": False, "required": True}
    action = {"action_name": "fly_there", "about": "Fly.", "in_macros": True, "params": takes}
    call = Client.call

    def knowing(client: Client, method: str, path: str, **values: Any) -> Any:
        answer = call(client, method, path, **values)
        if path == "/automation_rules/vocabulary":
            answer["payload"]["conditions"].append(condition)
            answer["payload"]["actions"].append(action)
        return answer

    monkeypatch.setattr(Client, "call", knowing)

    async def story() -> None:
        async with seated(desk, "automation") as seat:
            await seat.sees("c makes one")
            await seat.until(lambda: seat.screen.words.vocabulary)
            await seat.press("c", "j", "j", "j", "enter", *"Home", "enter", "enter")
            await _write(seat, '[{"x": 1}]')
            await seat.sees('home near to {"x": 1}')
            await seat.press("G", "enter", *"fly", "enter")
            await _write(seat, "[7]")
            await seat.sees("fly there 7")

    run(story())


def test_every_kind_of_value_has_its_own_way_to_be_asked_for(desk: Desk, home: Path) -> None:
    (home / "terms.txt").write_text("terms")
    number = desk.talk("Ann", "hello")
    for key, kind in (("plan", "list"), ("years", "number"), ("since", "date"), ("vip", "checkbox")):
        desk.client.call(
            "POST", "/custom_attribute_definitions", attribute_key=key, attribute_display_name=key.upper(),
            attribute_display_type=kind, attribute_model="contact_attribute",
            attribute_values=["gold", "tin"] if kind == "list" else [],
        )  # fmt: skip

    async def story() -> None:
        async with seated(desk, "automation") as seat:
            await seat.sees("c makes one")
            await seat.until(lambda: seat.screen.words.vocabulary)
            await seat.press("c", "j", "j", "enter", *"updated", "enter", "j")
            await seat.press("enter", *"PLAN", "enter", "1", "space", "enter")
            await seat.sees("PLAN is gold")
            await seat.press("c", *"YEARS", "enter", *"greater", "enter")
            await _write(seat, "x")
            await seat.sees("x: a number")
            await _write(seat, "18")
            await seat.sees("YEARS is greater than 18")
            await seat.press("c", *"SINCE", "enter", *"days", "enter")
            await _write(seat, "30")
            await seat.sees("SINCE lies more days back than 30")
            await seat.press("c", *"VIP", "enter", "1", "space", "enter")
            await seat.sees("VIP is yes")
            await seat.press("c", *"status", "enter", *"changed", "enter", "space", "enter", *"resolved", "enter")
            await seat.sees("status changed from open to resolved")
            await seat.press("c", *"assignee", "enter", *"not present", "enter")
            await seat.sees("assignee is not set")
            await seat.press("G", "enter", *"attachment", "enter")
            seat.tui.screen.query_one("#field-files", Input).value = str(home / "terms.txt")
            await seat.press("ctrl+s")
            await seat.sees("send attachment terms.txt")
            await seat.press("c", *"email to team", "enter", "enter")
            seat.tui.screen.query_one("#field-message", TextArea).text = "look"
            await seat.press("ctrl+s", "c", *"transcript", "enter")
            await _write(seat, "a@x.test, b@x.test")
            await seat.sees("send email transcript 'a@x.test, b@x.test'")
            await seat.press("home", "enter")
            await _write(seat, "all")
            await seat.press("ctrl+s")
            await seat.sees("send_email_to_team cannot be used")
            await seat.press("D", "D", "ctrl+s")
            await seat.sees("● on  all")
            # The file stays the rule's.
            await seat.press("e", "G", "k", "enter", "enter")
            await seat.until(lambda: seat.tui.screen.query("#field-files"))
            await seat.press("ctrl+s")
            await seat.until(lambda: not seat.tui.screen.query("#field-files"))
            await seat.sees("send attachment terms.txt")
            await _try_out(seat)
            await seat.sees(f"does not apply to #{number}")
            await seat.press("escape", "escape")
            found = desk.client.call("GET", "/automation_rules")["payload"][0]["conditions"]
            assert [one["values"] for one in found] == [
                ["gold"], [18], [30], [True], {"from": ["open"], "to": ["resolved"]}, [],
            ]  # fmt: skip

    run(story())


def test_verdicts_and_refusals_find_the_condition_that_they_are_about() -> None:
    changed = {"attribute_key": "status", "filter_operator": "attribute_changed", "values": {}, "query_operator": "and"}
    rule = {"conditions": [changed, {**INCOMING, "query_operator": "OR"}, {**REFUND, "query_operator": None}]}
    assert verdict_groups(rule) == [[0, 1], [0, 2]]
    refusal = Problem(
        "conditions: Invalid operator. The allowed operators for content are [x,status].", 422, "conditions"
    )
    assert about_place(refusal, rule) == (
        "conditions",
        2,
        "Invalid operator. The allowed operators for content are [x,status].",
    )
    twice = {"conditions": [REFUND, REFUND]}
    assert about_place(refusal, twice)[:2] == ("conditions", None)
    assert about_place(Problem("gone", 404), rule) == ("", None, "gone")


def test_a_draft_sends_what_changed_alone() -> None:
    conditions = [{**REFUND, "query_operator": None}]
    found = {"id": 1, "name": "a", "description": None, "event_name": "x", "conditions": conditions, "actions": []}
    draft = Draft(found, macro=False)
    assert draft.changed() == {}
    draft.put("conditions", 1, INCOMING)
    assert [one["query_operator"] for one in draft.changed()["conditions"]] == ["AND", None]
    draft.remove("conditions", 1)
    assert draft.changed() == {}
    assert draft.undo()
    assert draft.undo()
    assert not draft.undo()
    assert Words(Directory()).event("message_created") == "a message is created"
