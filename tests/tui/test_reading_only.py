"""Who may not do a thing is told of no key for it."""

import re
from typing import Any

import pytest

from admin_tui.keys import ACTIONS, shown
from admin_tui.widgets.row_list import RowList
from tests.tui.cast import Desk, run, seated


@pytest.mark.parametrize("who", ["reader", "agent"])
def test_no_screen_mentions_a_key_that_its_reader_lacks(desk: Desk, who: str) -> None:
    if who == "agent":
        desk.client.create_agent("bo@acme.test", name="Bo")
        bo = next(one["id"] for one in desk.client.agents() if one["name"] == "Bo")
        desk.client.call("PATCH", "/inbox_members", inbox_id=desk.inbox["id"], user_ids=[bo])
        how: dict[str, Any] = {"token": desk.client.create_token(email="bo@acme.test")["access_token"]}
    else:
        how = {"read_only": True}
    automation = ("Macros",) if who == "agent" else ("Rules", "Macros", "Policies")
    views = {
        "automation": automation,
        "agents": ("Agents", "Teams"),
        "settings": ("Labels", "Canned", "Attributes", "Account", "Health", "Dashboard"),
        "reports": ("Overview", "CSAT"),
    }

    async def story() -> None:
        async with seated(desk, "dashboard", (150, 40), **how) as seat:
            for place in seat.tui.places():
                seat.tui.go(place)
                await seat.until(lambda: seat.screen.place == place and seat.screen.is_mounted)  # noqa: B023
                # What it has to say where there is nothing, and of what there is.
                await seat.until(lambda: all(one.rows or one.empty != "…" for one in seat.screen.query(RowList)))
                for view in views.get(place, ("",)):
                    if view:
                        seat.screen.look_at(view)
                        await seat.until(lambda: f"[{view}" in seat.text and seat.screen.listed.empty != "…")  # noqa: B023
                    if place == "settings" and view == "Dashboard":
                        continue  # lists all keys there are
                    mentioned = set(
                        re.findall(
                            r"(?<![\w\"'-])(\w) (?:makes|adds|sets|chooses|begins|imports|sends|defines)", seat.text
                        )
                    )
                    has = {seat.tui.key_of(action) for action in seat.screen.offered()}
                    assert not mentioned - has, (place, view)
                offered = {action.id for action in seat.screen.offered()}
                lacked = [one for one in ACTIONS if (one.admin if who == "agent" else one.writes)]
                assert not offered & {one.id for one in lacked}
                hints = seat.lines[-1]
                for one in lacked:
                    if one.context == place:
                        assert f"{shown(one.keys)} {one.label} " not in hints
            seat.tui.go("contacts")
            desk.client.call("POST", "/contacts", name="Ann", email="ann@x.test")
            await seat.sees("conversations (0)")
            assert ("n adds one" in seat.text, "r begins one" in seat.text) == (who == "agent",) * 2

    run(story())
