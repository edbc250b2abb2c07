"""What the server does by itself with a conversation, as agents read it."""

import pytest

from tests.tui.cast import Desk, run, seated


def test_a_rating_and_whom_a_policy_chose_are_read_in_the_conversation(desk: Desk) -> None:
    me = desk.client.agents()[0]
    desk.client.call("PATCH", "/inbox_members", inbox_id=desk.inbox["id"], user_ids=[me["id"]])
    policy = desk.client.call("POST", "/assignment_policies", name="Calm")["id"]
    desk.client.call("POST", f"/inboxes/{desk.inbox['id']}/assignment_policy", assignment_policy_id=policy)
    desk.client.update_inbox(desk.inbox["id"], csat_survey_enabled=True)
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk, size=(160, 40)) as seat:
            await seat.sees("Assigned to Administrator by Automation System via Calm")
            await seat.press("d")
            await seat.until(lambda: desk.client.conversations(status="resolved"))
            seat.screen.show_number(number)
            await seat.sees("Please rate")
            assert "of 5" not in seat.text
            desk.customer.rate(desk.client.conversation(number)["uuid"], 4, "quick [/x]")
            await seat.sees("rated     ★★★★☆ 4 of 5")
            assert seat.text.count("★★★★☆ 4 of 5: quick") == 2

    run(story())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_the_composer_says_that_the_reply_window_is_over(desk: Desk, size: tuple[int, int]) -> None:
    own = {"agent_reply_time_window": 26, "agent_reply_time_window_message": "Write an [/x] e-mail"}
    desk.client.update_inbox(desk.inbox["id"], channel={"additional_attributes": own})
    desk.talk("Ann")
    number = desk.talk("Bob")

    async def story() -> None:
        async with seated(desk, size=size) as seat:
            await seat.until(lambda: len(seat.screen.talks.rows) == 2)
            seat.screen.show_number(number)
            await seat.until(lambda: seat.screen.focused is seat.screen.thread)
            await seat.sees("no messages yet")
            await seat.press("p")
            await seat.sees("PRIVATE")
            assert "reply window" not in seat.text
            await seat.press("ctrl+t")
            await seat.sees("outside the reply window of 1d 2h: Write an [/x] e-mail")
            desk.says("Bob", number, "hello")
            await seat.until(lambda: "reply window" not in seat.text)

    run(story())
