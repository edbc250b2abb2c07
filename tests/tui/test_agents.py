from typing import Any

import pytest
from textual.widgets import Input

from admin_tui.widgets.row_list import RowList
from tests.tui.cast import Desk, Seat, run, seated


def _form(seat: Seat) -> Any:
    return seat.tui.screen


async def _row(seat: Seat, word: str) -> None:
    """The cursor is on a row with a word in it."""
    rows = seat.screen.listed
    await seat.until(lambda: any(word in str(row.data) for row in rows.rows), f"a row with {word}")
    rows.move_to(next(place for place, row in enumerate(rows.rows) if word in str(row.data)))


def test_people_are_added_changed_and_removed_by_their_name(desk: Desk) -> None:
    async def story() -> None:
        async with seated(desk, "agents") as seat:
            await seat.sees("admin@acme.test")
            await seat.press("c", *"nonsense", "ctrl+s")
            await seat.sees("Invalid email")
            _form(seat).query_one("#field-email", Input).value = "bo@acme.test"
            _form(seat).query_one("#field-name", Input).value = "Bo"
            await seat.press("ctrl+s")
            await _row(seat, "bo@acme.test")
            await seat.press("e")
            _form(seat).query_one("#field-role").value = "administrator"
            await seat.press("ctrl+s")
            await seat.until(lambda: [one["role"] for one in desk.client.agents()] == ["administrator"] * 2)
            await seat.until(lambda: seat.tui.screen is seat.screen)
            await _row(seat, "bo@acme.test")
            await seat.press("D", "enter")
            assert len(desk.client.agents()) == 2
            await seat.press(*"Bo", "enter")
            await seat.until(lambda: len(desk.client.agents()) == 1)
            await seat.until(lambda: len(seat.screen.listed.rows) == 1)

    run(story())


def test_my_availability_goes_round(desk: Desk) -> None:
    async def story() -> None:
        async with seated(desk, "agents", (80, 24)) as seat:
            await seat.sees("online")

            def mine() -> str:
                return str(seat.tui.directory.agents[0]["availability_status"])

            for before, after in (("online", "busy"), ("busy", "offline"), ("offline", "online")):
                assert mine() == before
                await seat.press("o")
                await seat.until(lambda: mine() != before, f"no longer {before}")  # noqa: B023
                assert mine() == after
                assert desk.client.agents()[0]["availability_status"] == after
            await seat.sees("you are online")

    run(story())


def test_a_team_gets_its_members_and_loses_them_again(desk: Desk) -> None:
    desk.client.create_agent("bo@acme.test", name="Bo")

    async def story() -> None:
        async with seated(desk, "agents") as seat:
            await seat.sees("bo@acme.test")
            await seat.press("right_square_bracket")
            await seat.sees("no teams yet")
            await seat.press("c", *"sales", "ctrl+s")
            await seat.sees("Members of sales")
            picker: Any = seat.tui.screen
            picker.query_one(RowList).toggle_mark()
            picker.query_one(RowList).toggle_mark()
            await seat.press("enter")
            await seat.sees("2 members")
            team = desk.client.call("GET", "/teams")[0]["id"]
            assert len(desk.client.call("GET", f"/teams/{team}/team_members")) == 2
            await seat.press("u")
            await seat.sees("0 members")
            await seat.press("D", "y")
            await seat.sees("no teams yet")

    run(story())


def test_a_token_is_shown_once_and_revoked_by_its_name(desk: Desk) -> None:
    async def story() -> None:
        async with seated(desk, "agents") as seat:
            await seat.press("left_square_bracket")
            await seat.sees("first administrator")
            await seat.press("c", *"robot", "ctrl+s")
            await seat.sees("it will not be shown again")
            await seat.press("y")
            secret = seat.tui.screen.to_copy  # type: ignore[attr-defined]
            assert seat.tui.clipboard == secret
            await seat.press("escape")
            await _row(seat, "robot")
            assert secret not in seat.text
            await seat.press("D", *"robot", "enter")
            await seat.until(lambda: [one["name"] for one in desk.client.tokens()] == ["first administrator"])

    run(story())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_an_agent_sees_people_and_teams_and_changes_none(desk: Desk, size: tuple[int, int]) -> None:
    bo = desk.client.create_agent("bo@acme.test", name="Bo")
    token = desk.client.create_token(email=bo["email"])["access_token"]
    desk.client.call("POST", "/teams", name="sales")

    async def story() -> None:
        async with seated(desk, "agents", size, token=token) as seat:
            await seat.sees("Bo (you)")
            assert "Tokens" not in seat.text
            assert not {"create", "edit", "delete", "team.members"} & {one.id for one in seat.screen.offered()}
            await seat.press("c", "D")
            assert seat.tui.screen is seat.screen
            await seat.press("right_square_bracket")
            await seat.sees("sales")
            await seat.press("enter", "l", "m")
            assert seat.tui.screen is seat.screen

    run(story())
