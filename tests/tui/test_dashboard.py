import pytest

from tests.cast import Receiver, status
from tests.tui.cast import Desk, run, seated


def test_numbers_and_what_needs_somebody_come_by_themselves(desk: Desk) -> None:
    async def story() -> None:
        async with seated(desk, at="dashboard", size=(80, 24)) as seat:
            await seat.sees("nothing needs you")
            desk.talk("Ann", "hello")
            await seat.sees("conversations unassigned")
            assert seat.screen.counts["conversations"]["open"] == 1
            await seat.sees("now 1")
            await seat.sees("no webhook")
            print(seat.text)
            await seat.press("enter")
            await seat.until(lambda: seat.screen.place == "conversations" and seat.screen.listing.view == "Unassigned")

    run(story())


def test_a_webhook_in_trouble_leads_to_its_deliveries(desk: Desk) -> None:
    receiver = Receiver(default=status(500))
    desk.client.create_webhook(receiver.url, name="crm", subscriptions=["message_created"])
    desk.talk("Ann", "hello")
    receiver.wait_for(1)

    async def story() -> None:
        async with seated(desk, at="dashboard", size=(120, 40)) as seat:
            await seat.sees("webhook failing")
            await seat.sees("1 pending")
            print(seat.text)
            await seat.press("enter")
            await seat.until(lambda: seat.screen.place == "deliveries" and seat.screen.needle.startswith("webhook:"))
            await seat.sees("500 Internal")

    run(story())
    receiver.close()


def test_a_test_message_goes_into_the_inbox_that_is_picked_and_nothing_is_drawn_when_nothing_changed(
    desk: Desk,
) -> None:
    desk.open_inbox("second")

    async def story() -> None:
        async with seated(desk, at="dashboard", size=(160, 48)) as seat:
            await seat.sees("second")
            await seat.press("t")
            await seat.sees("Test message into")
            await seat.type("second")
            await seat.press("enter")
            await seat.sees("a test message is in #1")
            [talk] = desk.client.conversations()
            assert talk["inbox_id"] == desk.inbox["id"]
            await seat.sees("conversations unassigned")
            print(seat.text)
            drawn: list[str] = []
            seat.screen.listed.show = lambda *given, **more: drawn.append("list")

            async def draws() -> bool:
                drawn.clear()
                shown = dict(seat.screen._said)
                seat.screen.wanted()
                await seat.until(lambda: not seat.screen._loading)
                return bool(drawn) or seat.screen._said != shown

            # News come late, or a minute ends between two looks: never between so many.
            assert not all([await draws() for _ in range(5)])

    run(story())


def test_agents_see_what_is_theirs_and_no_queue(desk: Desk) -> None:
    agent = desk.client.create_agent("ada@acme.test", name="Ada")
    token = desk.client.create_token(email=agent["email"])["access_token"]

    async def story() -> None:
        async with seated(desk, at="dashboard", size=(80, 24), token=token) as seat:
            await seat.sees("msgs/min")
            await seat.sees("agent")
            assert "fails/min" not in seat.text
            # What agents may not do is not offered to them.
            assert "est message" not in seat.text
            await seat.press("c")
            assert seat.screen.place == "dashboard"

    run(story())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_an_inbox_that_hands_out_while_nobody_is_online_wants_somebody(desk: Desk, size: tuple[int, int]) -> None:
    me = desk.client.agents()[0]["id"]
    desk.open_inbox("by hand", enable_auto_assignment=False)
    for inbox in desk.client.inboxes():
        desk.client.call("PATCH", "/inbox_members", inbox_id=inbox["id"], user_ids=[me])
    desk.client.create_agent("bo@acme.test", name="Bo")

    async def story() -> None:
        async with seated(desk, at="dashboard", size=size) as seat:
            await seat.sees("● online, in turn")
            assert "nobody online" not in seat.text
            desk.client.set_availability("busy")
            seat.screen._staff_at = 0.0
            await seat.press("ctrl+r")
            await seat.sees("nobody online")
            await seat.sees("shop: new conversations wait")
            await seat.sees("◐ busy")
            assert seat.text.count("nobody online") == 1
            await seat.press("enter")
            await seat.until(lambda: seat.screen.place == "inboxes" and seat.screen.box.name == "shop")

    run(story())
