import re

from tests.cast import Receiver
from tests.cast import status as answers
from tests.tui.cast import Desk, run, seated
from tests.tui.test_inboxes import paste


def test_every_webhook_is_in_one_list_with_its_health(desk: Desk, receiver: Receiver) -> None:
    desk.client.create_webhook("http://127.0.0.1:9/ops", name="ops")
    desk.client.update_inbox(desk.inbox["id"], channel={"webhook_url": receiver.url})
    desk.client.call("POST", "/agent_bots", name="Robo")
    receiver.default = answers(410)
    desk.talk("Ann", "hello")
    receiver.wait_for(1)

    async def story() -> None:
        async with seated(desk, "webhooks", (80, 24)) as seat:
            await seat.sees("ops")
            await seat.sees("inbox   ✗ disabled")
            await seat.sees("bot     – off")
            await seat.sees("deliveries wait to be sent")
            assert "T Test webhook" in seat.text
            await seat.press("j")
            await seat.sees("shop (inbox")
            await seat.press("E")
            await seat.sees("Enable shop")
            receiver.default = answers(200)
            await seat.press("1")
            await seat.sees("inbox   ✓ ok")
            await seat.press("T")
            await seat.sees("✓ delivered")

    run(story())


def test_an_account_webhook_is_made_changed_and_deleted(desk: Desk) -> None:
    async def story() -> None:
        async with seated(desk, "webhooks", (80, 24)) as seat:
            await seat.sees("no webhooks yet")
            await seat.press("c", "1")
            await seat.sees("Events it hears")
            await seat.press("space", "space", "enter")
            await seat.sees("New account webhook")
            paste(seat, "nowhere")
            await seat.sees("must begin with http")
            await seat.press("ctrl+u")
            paste(seat, "http://127.0.0.1:9/ops")
            await seat.press("ctrl+s")
            await seat.sees("shown this once")
            [made] = desk.client.webhooks()
            assert len(made["subscriptions"]) == 2
            await seat.press("escape")
            await seat.sees("127.0.0.1 (account")
            await seat.press("e")
            await seat.sees("Edit 127.0.0.1")
            await seat.press("tab")
            paste(seat, "ops")
            await seat.press("ctrl+s")
            await seat.sees("ops (account")
            await seat.press("s")
            await seat.sees("Events that ops hears")
            await seat.press("space", "enter")
            await seat.until(lambda: len(desk.client.webhooks()[0]["subscriptions"]) == 1)
            await seat.press("A")
            await seat.sees("Send again what ops missed")
            await seat.press("1")
            await seat.until(lambda: any("0 deliveries are sent again" in one.text for one in seat.tui.said))
            await seat.press("D")
            await seat.sees("Delete the webhook ops?")
            await seat.press("y")
            await seat.until(lambda: not desk.client.webhooks())

    run(story())


def test_a_bot_without_a_name_is_told_from_no_bot(desk: Desk) -> None:
    nameless = desk.client.call("POST", "/agent_bots", description="made by a script")["id"]
    desk.client.call("POST", f"/inboxes/{desk.inbox['id']}/set_agent_bot", agent_bot=nameless)

    async def story() -> None:
        async with seated(desk, "webhooks") as seat:
            await seat.sees("no name (bot")
            await seat.press("2")
            await seat.until(lambda: re.search("Agent bot +no name", seat.text), "whose turn it is")
            await seat.press("B")
            await seat.until(lambda: re.search("1 no name.*2 no bot", seat.text, re.DOTALL), "both to choose from")

    run(story())


def test_a_bot_is_made_with_a_token_that_is_shown_once(desk: Desk) -> None:
    rival = desk.client.call("POST", "/agent_bots", name="Rival")["id"]
    desk.client.call("POST", f"/inboxes/{desk.inbox['id']}/set_agent_bot", agent_bot=rival)

    def answers_first() -> str:
        return str(desk.client.call("GET", f"/inboxes/{desk.inbox['id']}/agent_bot")["agent_bot"]["name"])

    async def story() -> None:
        async with seated(desk, "webhooks", (80, 24)) as seat:
            await seat.sees("Rival (bot")
            await seat.press("c", "2")
            await seat.sees("New agent bot")
            paste(seat, "Robo")
            await seat.press("ctrl+s")
            await seat.sees("Access token")
            token = next(line for line in seat.lines if "Access token" in line).split()[-2]
            await seat.press("escape")
            await seat.sees("Robo (bot")
            assert token not in seat.text
            await seat.press("K")
            await seat.sees("stops working now")
            await seat.press("y")
            await seat.sees("Token of Robo")
            assert token not in seat.text
            await seat.press("escape", "e")
            await seat.sees("Edit Robo")
            await seat.press("tab", "tab")
            paste(seat, "http://127.0.0.1:9/bot")
            await seat.press("ctrl+s")
            await seat.until(lambda: desk.client.agent_bots()[1]["outgoing_url"] == "http://127.0.0.1:9/bot")
            await seat.sees("bot     ✓ ok")
            await seat.sees("no inbox: m chooses")
            await seat.press("m")
            await seat.sees("Inboxes where Robo answers first")
            await seat.sees("shop  has Rival")
            await seat.press("space", "enter")
            await seat.until(lambda: answers_first() == "Robo")
            await seat.sees("Answers in    shop")
            await seat.press("u")
            await seat.until(lambda: answers_first() == "Rival")
            await seat.press("T")
            await seat.sees("not delivered: no answer")
            await seat.press("escape", "D")
            await seat.sees("Delete the agent bot Robo?")
            await seat.press("y")
            await seat.until(lambda: len(desk.client.agent_bots()) == 1)
            assert token not in "\n".join(one.text for one in seat.tui.said)

    run(story())
