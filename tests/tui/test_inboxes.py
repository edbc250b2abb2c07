import re
import subprocess
from typing import Any

from textual import events

from admin_tui.state import inboxes as model
from admin_tui.state import policies
from tests.cast import Receiver
from tests.cast import status as answers
from tests.tui.cast import Desk, Seat, run, seated


def paste(seat: Seat, text: str) -> None:
    assert seat.tui.focused is not None
    seat.tui.focused.post_message(events.Paste(text))


def everything_said(seat: Seat) -> str:
    return "\n".join(one.text for one in seat.tui.said)


def test_the_list_and_the_detail_say_how_an_inbox_does_at_80x24(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")
    desk.client.update_inbox(desk.inbox["id"], working_hours_enabled=True)

    async def story() -> None:
        async with seated(desk, "inboxes", (80, 24)) as seat:
            await seat.sees("1 open")
            await seat.sees(desk.inbox["inbox_identifier"])
            await seat.sees("– off")
            await seat.sees("·········████████······· 09:00-17:00")
            assert any(word in seat.text for word in ("● open now until 17:00 (UTC,", "○ closed, opens "))
            assert "························ closed" in seat.text
            await seat.sees("nobody: m chooses")
            assert "t Test message" in seat.text
            key = desk.inbox["hmac_token"]
            assert model.masked(key) in seat.text
            assert key not in seat.text
            await seat.press("Y")
            await seat.until(lambda: "copied three calls" in everything_said(seat))
            desk.says("Ann", number, "again")
            desk.talk("Bob", "me too")
            await seat.sees("2 open")

    run(story())


def test_what_an_inbox_is_owed_is_said_as_everywhere(desk: Desk, receiver: Receiver) -> None:
    desk.client.update_inbox(desk.inbox["id"], channel={"webhook_url": receiver.url})
    receiver.default = answers(410)
    desk.talk("Ann", "hello")
    receiver.wait_for(1)

    async def story() -> None:
        async with seated(desk, "inboxes") as seat:
            await seat.until(lambda: re.search(r"Owed +(1 delivery|\d+ deliveries), the oldest for \d+[sm]", seat.text))

    run(story())


def test_settings_are_checked_here_and_refused_there_beside_their_field(desk: Desk) -> None:
    desk.client.update_inbox(desk.inbox["id"], lock_to_single_conversation=True)

    def stored() -> Any:
        return desk.client.call("GET", f"/inboxes/{desk.inbox['id']}")

    async def story() -> None:
        async with seated(desk, "inboxes", (80, 24)) as seat:
            await seat.sees("nobody: m chooses")
            await seat.press("e", "1")
            await seat.sees("Basics of shop")
            assert ["X" in line for line in seat.lines if "▐" in line] == [False, True, True]
            await seat.press("tab")
            paste(seat, "ftp://x")
            await seat.sees("must begin with http")
            await seat.press("ctrl+u")
            paste(seat, "http://10.0.0.1/x")
            await seat.press("tab", "space", "ctrl+s")
            await seat.sees("private or reserved")
            await seat.press("ctrl+u")
            paste(seat, "http://127.0.0.1:9/hook")
            await seat.press("ctrl+s")
            await seat.until(lambda: stored()["webhook_url"] == "http://127.0.0.1:9/hook")
            assert stored()["hmac_mandatory"]
            await seat.sees("must be proven")

            await seat.press("e", "2")
            await seat.sees("Working hours of shop")
            await seat.press("space", "tab", "ctrl+u")
            paste(seat, "17:00-9:00")
            await seat.sees("must open before it closes")
            await seat.press("ctrl+u")
            paste(seat, "8:30-12:00")
            await seat.sees(" ········████············")
            zone: Any = seat.tui.screen.query_one("#field-timezone")
            seat.tui.screen.set_focus(zone)
            await seat.press("ctrl+u")
            paste(seat, "berlin")
            await seat.sees("no such time zone; Europe/Berlin")
            await seat.press("ctrl+u")
            paste(seat, "europe/berl")
            await seat.until(lambda: zone._suggestion == "Europe/Berlin")
            await seat.press("right")
            await seat.sees("there now")
            await seat.press("ctrl+s")
            await seat.until(lambda: stored()["timezone"] == "Europe/Berlin")
            await seat.sees("········████············ 08:30-12:00")

            await seat.press("e", "3")
            await seat.sees("Texts of shop")
            form: Any = seat.tui.screen
            await seat.press("space")
            form.query_one("#field-greeting_message").text = "Hi {{ contact.first_name }}, this is {{inbox.name}}"
            await seat.sees("reads: Hi Ann, this is shop")
            await seat.press("ctrl+s")
            await seat.until(lambda: stored()["greeting_enabled"])
            await seat.until(lambda: seat.tui.screen is seat.screen, "the form is closed")
            await seat.press("e", "4")
            await seat.sees("Reply window of shop")
            paste(seat, "30m")
            await seat.sees("such as 2d or 3h")
            await seat.press("ctrl+u")
            paste(seat, "1d 2h")
            await seat.press("tab")
            paste(seat, "Write an e-mail")
            await seat.press("ctrl+s")
            window = {"agent_reply_time_window": 26, "agent_reply_time_window_message": "Write an e-mail"}
            await seat.until(lambda: stored()["additional_attributes"] == window)
            said = "1d 2h after the customer wrote: Write an e-mail"
            await seat.until(lambda: any(fact.value == said for fact in seat.screen.found_facts()))

            await seat.press("e", "5")
            await seat.sees("Assignment of shop")
            await seat.press("tab")
            paste(seat, "7")
            await seat.press("ctrl+s")
            await seat.sees("on, at most 7 each")
            await seat.press("e", "6")
            await seat.sees("CSAT survey of shop")
            await seat.press("space", "ctrl+s")
            await seat.until(lambda: stored()["csat_survey_enabled"])
            assert stored()["csat_config"]["button_text"] == "Please rate us"
            assert stored()["auto_assignment_config"] == {"max_assignment_limit": 7}

    run(story())


def test_secrets_are_shown_once_and_said_nowhere(desk: Desk) -> None:
    async def story() -> None:
        async with seated(desk, "inboxes") as seat:
            await seat.sees("nobody: m chooses")
            await seat.press("c")
            await seat.sees("New inbox")
            paste(seat, "billing")
            await seat.press("ctrl+s")
            await seat.sees("shown this once")
            secret = next(line for line in seat.lines if "Secret " in line).split()[-2]
            assert len(secret) > 20
            await seat.press("y", "escape")
            await seat.until(lambda: seat.screen.box.name == "billing", "the cursor is on the new one")
            assert secret not in seat.text + everything_said(seat)
            await seat.until(lambda: seat.screen.box.id in seat.screen.more)
            await seat.press("R")
            await seat.sees("new signing secret")
            await seat.press("y")
            await seat.sees("Secret of billing")
            await seat.press("escape", "D")
            await seat.sees("Type billing to go on")
            paste(seat, "billing")
            await seat.press("enter")
            await seat.until(lambda: [one["name"] for one in desk.client.inboxes()] == ["shop"])

    run(story())


def test_members_bots_and_webhook_options_are_chosen(desk: Desk) -> None:
    bot = desk.client.call("POST", "/agent_bots", name="Robo", outgoing_url="http://127.0.0.1:9/bot")
    inbox_id = desk.inbox["id"]
    desk.client.call(
        "POST", "/assignment_policies", name="Calm", conversation_priority="longest_waiting",
        fair_distribution_limit=5, fair_distribution_window=1800,
    )  # fmt: skip

    async def story() -> None:
        async with seated(desk, "inboxes") as seat:
            await seat.sees("nobody: m chooses")
            await seat.press("m")
            await seat.sees("Members of shop")
            await seat.press("space", "enter")
            await seat.until(lambda: len(desk.client.call("GET", f"/inbox_members/{inbox_id}")["payload"]) == 1)
            await seat.press("B")
            await seat.sees("Bot of shop")
            await seat.press("1")
            await seat.until(
                lambda: desk.client.call("GET", f"/inboxes/{inbox_id}/agent_bot")["agent_bot"]["id"] == bot["id"]
            )
            await seat.until(lambda: "Agent bot     Robo" in seat.text)
            seat.tui.action_undo()
            await seat.until(lambda: not desk.client.call("GET", f"/inboxes/{inbox_id}/agent_bot"))
            await seat.press("p")
            await seat.sees("longest waiting first, at most 5 in 30m each")
            await seat.press("1")
            await seat.sees("Calm: longest waiting first")
            seat.tui.action_undo()
            await seat.until(lambda: not policies.of_inbox(desk.client, inbox_id))
            desk.client.call("PATCH", f"/agents/{desk.client.agents()[0]['id']}", availability="busy")
            await seat.press("ctrl+r")
            await seat.sees("nobody online: new conversations wait")
            await seat.press("o")
            await seat.sees("Webhook of shop")
            await seat.press("tab", "tab")
            paste(seat, "X-Key: 1")
            await seat.press("ctrl+s")
            await seat.until(lambda: list(desk.client.webhook(inbox_id=inbox_id)["headers"]) == ["X-Key"])

    run(story())


def test_a_test_message_leads_to_its_conversation_and_a_test_of_the_webhook_says_what_came(
    desk: Desk, receiver: Receiver
) -> None:
    desk.client.update_inbox(desk.inbox["id"], channel={"webhook_url": receiver.url})

    async def story() -> None:
        async with seated(desk, "inboxes", (80, 24)) as seat:
            await seat.sees("nobody: m chooses")
            await seat.press("T")
            await seat.sees("✓ delivered: the answer was HTTP 200 in")
            receiver.default = answers(500)
            await seat.press("escape", "T")
            await seat.sees("✗ not delivered: the answer was HTTP 500 in")
            await seat.press("escape", "t")
            await seat.sees("Test message to shop")
            await seat.press("ctrl+s")
            await seat.sees("Enter opens the conversation")
            await seat.press("enter")
            await seat.sees("Hello, is anybody there?")
            assert seat.screen.place == "conversations"

    run(story())


def test_the_calls_for_the_shell_are_ready_to_run_where_identity_must_be_proven(desk: Desk) -> None:
    inbox = desk.client.update_inbox(desk.inbox["id"], channel={"hmac_mandatory": True})
    done = subprocess.run(
        ["bash", "-ec", "\n".join(model.shell(desk.url, inbox))],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [one["messages"][-1]["content"] for one in desk.client.conversations()] == ["Hello"]


def test_an_agent_sees_inboxes_and_none_of_what_only_administrators_do(desk: Desk) -> None:
    desk.talk("Ann", "hello")
    agent = desk.client.create_agent("bo@acme.test", name="Bo")
    desk.client.call("PATCH", "/inbox_members", inbox_id=desk.inbox["id"], user_ids=[agent["id"]])
    token = desk.client.create_token(email="bo@acme.test")["access_token"]

    async def story() -> None:
        async with seated(desk, "inboxes", (80, 24), token=token) as seat:
            await seat.sees("1 open")
            for hint in ("Test message", "New", "Edit", "Delete", "Identity key"):
                assert hint not in seat.text
            await seat.press("e", "D", "R", "t")
            assert len(seat.tui.screen_stack) == 1
            assert not [one for one in seat.tui.said if one.bad]
            await seat.press("6")
            await seat.sees("webhooks are for administrators")

    run(story())
