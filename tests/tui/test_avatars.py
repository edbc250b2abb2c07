from pathlib import Path

from textual.widgets import Input

from tests.tui.cast import Desk, Seat, run, seated

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000000000500017a"
    "5eab3f0000000049454e44ae426082"
)


async def _put(seat: Seat, path: Path) -> None:
    await seat.sees("Avatar of")
    seat.tui.screen.query_one("#field-avatar", Input).value = str(path)
    await seat.press("ctrl+s")


def test_a_picture_is_set_from_a_file_refused_beside_its_field_and_taken_away(desk: Desk, tmp_path: Path) -> None:
    picture, text, big = tmp_path / "a.png", tmp_path / "a.txt", tmp_path / "big.png"
    picture.write_bytes(PNG)
    text.write_text("no picture")
    big.write_bytes(PNG + bytes(15 << 20))
    contact = desk.client.call("POST", "/contacts", name="Ann", email="ann@x.test")["payload"]["contact"]["id"]

    desk.client.call("POST", "/agent_bots", name="Robo")

    def links() -> list[bool]:
        """Whether the inbox, the contact, the bot and we ourselves have one."""
        found = desk.client.call("GET", f"/contacts/{contact}")["payload"]
        inbox, bot, me = desk.client.inboxes()[0], desk.client.agent_bots()[0], desk.client.agents()[0]
        return [bool(one) for one in (inbox["avatar_url"], found["thumbnail"], bot["thumbnail"], me["thumbnail"])]

    async def story() -> None:
        async with seated(desk, "inboxes", (80, 24)) as seat:
            screens = [("2", "Identifier"), ("4", "ann@x.test"), ("6", "Robo (bot"), ("7", "(you)")]
            for place, (screen, wait) in enumerate(screens):
                await seat.press(screen)
                await seat.sees(wait)
                await seat.press("v")
                if place == 0:
                    await _put(seat, tmp_path / "none.png")
                    await seat.sees("there is no such file")
                    for wrong, why in ((text, "must be a JPEG"), (big, "larger than")):
                        await _put(seat, wrong)
                        await seat.sees(why)
                        assert seat.tui.screen.query_one("#error-avatar").has_class("-on")
                await _put(seat, picture)
                await seat.until(lambda: links() == [one <= place for one in range(4)])  # noqa: B023
            await seat.until(lambda: any(one["thumbnail"] for one in seat.tui.directory.agents))
            await seat.press("v")
            await seat.sees("take it away")
            await seat.press("2")
            await seat.until(lambda: links() == [True, True, True, False])

    run(story())
