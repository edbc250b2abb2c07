from typing import Any

import pytest
from textual.widgets import Input

from admin_tui.state import spans
from tests.tui.cast import Desk, Seat, run, seated


def type_into(seat: Seat, **texts: str) -> None:
    form: Any = seat.tui.screen
    for name, text in texts.items():
        form.query_one(f"#field-{name}", Input).value = text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_policy_is_made_followed_changed_and_deleted(desk: Desk, size: tuple[int, int]) -> None:
    shop = desk.inbox["id"]
    other = desk.open_inbox("[/x] north")["id"]
    calm = desk.client.call("POST", "/assignment_policies", name="Calm")["id"]
    desk.client.call("POST", f"/inboxes/{other}/assignment_policy", assignment_policy_id=calm)

    def follows(inbox_id: int) -> str:
        found: dict[str, Any] = desk.client.call("GET", f"/inboxes/{inbox_id}/assignment_policy")
        return str(found["name"])

    async def story() -> None:
        async with seated(desk, "automation", size) as seat:
            await seat.press("]", "]")
            await seat.sees("1 inbox     oldest first          100 in 1h each")
            await seat.press("c")
            type_into(seat, name="Calm", fair_distribution_limit="0", fair_distribution_window="soon")
            await seat.press("ctrl+s")
            await seat.sees("such as 2d or 3h or 30m")
            type_into(seat, fair_distribution_window="1h 30m")
            await seat.press("ctrl+s")
            await seat.sees("has already been taken")
            type_into(seat, name="Busy [/x]")
            await seat.press("ctrl+s")
            await seat.sees("must be greater than 0")
            type_into(seat, fair_distribution_limit="7")
            await seat.press("ctrl+s")
            await seat.sees("Inboxes that follow Busy [/x]")
            await seat.sees("north  follows Calm")
            await seat.press("space", "down", "space", "enter")
            await seat.until(lambda: (follows(shop), follows(other)) == ("Busy [/x]", "Busy [/x]"))
            await seat.sees("2 inboxes   oldest first          7 in 1h 30m each")
            await seat.press("u")
            await seat.until(lambda: follows(other) == "Calm")
            await seat.sees("1 inbox ")
            await seat.until(lambda: len(seat.screen.listed.rows) == 2)
            seat.screen.listed.move_to(next(n for n, row in enumerate(seat.screen.listed.rows) if row.key[1] == calm))
            await seat.press("e")
            form: Any = seat.tui.screen
            form.query_one("#field-conversation_priority").value = "longest_waiting"
            form.query_one("#field-enabled").value = False
            await seat.press("ctrl+s")
            await seat.sees("– off 1 inbox     longest waiting first")
            await seat.until(lambda: seat.tui.screen is seat.screen)
            await seat.press("D")
            await seat.sees("The inbox that follows it goes on without one.")
            await seat.press("y")
            await seat.until(lambda: len(seat.screen.listed.rows) == 1)

    run(story())


def test_who_only_reads_changes_no_policy(desk: Desk) -> None:
    desk.client.call("POST", "/assignment_policies", name="Calm")

    async def story() -> None:
        async with seated(desk, "automation", read_only=True) as seat:
            await seat.press("]", "]")
            await seat.sees("no inbox follows it")
            assert not {"create", "edit", "delete", "open"} & {one.id for one in seat.screen.offered()}
            await seat.press("enter", "c", "e", "D")
            assert seat.tui.screen is seat.screen

    run(story())


@pytest.mark.parametrize(
    ("text", "bare", "length"),
    [("2d", "m", 172_800), ("1h 30m", "", 5400), ("90", "m", 5400), ("24", "h", 86_400), ("90", "", None),
     ("", "m", None), ("-1h", "m", None), ("²", "m", None), ("1 h", "m", None), ("1h30m", "m", 5400)],
)  # fmt: skip
def test_a_span_is_read_as_people_write_it(text: str, bare: str, length: int | None) -> None:
    assert spans.seconds(text, bare) == length
    if length:
        assert spans.seconds(spans.words(length), bare) == length


def test_a_span_is_held_to_its_bounds() -> None:
    assert [spans.wrong(text, "m", "10m", "2d") for text in ("10m", "2d", "9m", "3d", "90s")] == [
        None, None, "at least 10m", "at most 2d", "such as 2d or 3h or 30m",
    ]  # fmt: skip
