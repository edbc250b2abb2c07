"""What is taken back, and what is left alone because somebody else changed it meanwhile."""

from tests.tui.cast import Desk, run, seated


def test_what_somebody_changed_meanwhile_is_not_taken_back(desk: Desk) -> None:
    ann, bob = desk.talk("Ann", "hello"), desk.talk("Bob", "hello")
    zoe = desk.client.create_agent("zoe@acme.test", name="Zoe")["id"]
    everybody = sorted(one["id"] for one in desk.client.agents())

    def states() -> list[str]:
        return [desk.client.conversation(number)["status"] for number in (ann, bob)]

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.until(lambda: len(seat.screen.talks.rows) == 2)
            await seat.press("asterisk", "d")
            await seat.sees("resolved: 2 conversations (u undoes)")
            desk.client.set_status(ann, "pending")
            # Whose it is was not ours to say, and stays.
            desk.client.assign(bob, zoe)
            await seat.press("u")
            await seat.until(lambda: seat.tui.said[-1].text.endswith(f"meanwhile: #{ann} Ann"))
            assert states() == ["pending", "open"]
            assert desk.client.conversation(bob)["meta"]["assignee"]["id"] == zoe

            members = f"/inbox_members/{desk.inbox['id']}"
            await seat.press("2")
            await seat.sees("nobody: m chooses")
            await seat.press("m")
            await seat.sees("Members of shop")
            await seat.press("space", "enter")
            await seat.sees("1 members of shop (u undoes)")
            desk.client.call("PATCH", "/inbox_members", inbox_id=desk.inbox["id"], user_ids=everybody)
            await seat.press("u")
            await seat.until(lambda: seat.tui.said[-1].text.endswith("meanwhile: 1 members of shop"))
            assert sorted(one["id"] for one in desk.client.call("GET", members)["payload"]) == everybody

    run(story())
