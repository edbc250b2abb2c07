"""Saved views, filters by words, and keys of filters that Tab completes."""

import pytest
from textual.widgets import Input

from admin_tui.state.completion import completed, hint
from tests.tui.cast import Desk, run, seated

KNOWN = {"status": ["open", "pending"], "inbox": ["Shop North", "Store"], "label": []}


@pytest.mark.parametrize(
    ("typed", "after_tab", "grey"),
    [
        ("st", "status:", "atus:"),
        ("pump STATUS:pe", "pump status:pending", "nding"),
        ("status:", "status:open", "open"),
        ("status:open", "status:pending", ""),
        ("status:pending", "status:open", ""),
        ("inbox:sh", 'inbox:"Shop North"', "op North"),
        ('inbox:"shop no', 'inbox:"Shop North"', 'rth"'),
        ('inbox:"Shop North"', "inbox:Store", ""),
        ("label:x", "", ""),
        ("hello", "", ""),
        ("pump ", "", ""),
        ("", "", ""),
    ],
)
def test_a_filter_goes_on_as_it_can(typed: str, after_tab: str, grey: str) -> None:
    assert (completed(typed, KNOWN), hint(typed, KNOWN)) == (after_tab, grey)


def test_tab_completes_and_a_filter_becomes_a_view_that_is_opened_renamed_and_deleted(desk: Desk) -> None:
    desk.client.call("POST", "/labels", title="vip")
    ann, _ = desk.talk("Ann", "hello"), desk.talk("Bob", "hello")
    desk.client.call("POST", f"/conversations/{ann}/labels", labels=["vip"])

    def views() -> list[str]:
        return [one["name"] for one in desk.client.call("GET", "/custom_filters", filter_type="conversation")]

    async def story() -> None:
        async with seated(desk, size=(80, 24)) as seat:
            rows = seat.screen.talks
            await seat.until(lambda: len(rows.rows) == 2)
            await seat.press("slash", "l", "a")
            await seat.sees("label:")
            await seat.burst("tab", "v", "tab", "enter")
            await seat.until(lambda: [row.key for row in rows.rows] == [ann])
            await seat.press("V")
            await seat.sees("save what is shown")
            await seat.press("1", "ctrl+s")
            await seat.until(lambda: views() == ["All label:vip"] and seat.tui.screen is seat.screen)
            await seat.press("backslash")
            await seat.until(lambda: len(rows.rows) == 2)

            await seat.press("ctrl+p", *"viewall")
            await seat.sees("View: All label:vip")
            await seat.press("enter")
            await seat.until(lambda: [row.key for row in rows.rows] == [ann])
            await seat.sees("[All 1] All label:vip")
            await seat.press("right_square_bracket")
            await seat.sees("[Pending")
            assert "vip" not in seat.lines[1]

            await seat.press("V")
            await seat.sees("rename one")
            await seat.press(*"ren", "enter")
            await seat.sees("Rename  (")
            await seat.press("1")
            await seat.sees("Rename All label:vip")
            seat.tui.screen.query_one("#field-name", Input).value = "Very important"
            await seat.press("ctrl+s")
            await seat.until(lambda: views() == ["Very important"] and seat.tui.screen is seat.screen)
            await seat.press("V")
            await seat.sees("delete one")
            await seat.press(*"del", "enter")
            await seat.sees("Delete  (")
            await seat.press("1", "y")
            await seat.until(lambda: views() == [])

    run(story())


def test_inboxes_and_webhooks_are_found_by_words(desk: Desk) -> None:
    for name in ("north", "south"):
        desk.client.create_inbox(name)
        desk.client.create_webhook(f"http://127.0.0.1:9/{name}", name=f"hook {name}")

    async def story() -> None:
        async with seated(desk, "inboxes", (80, 24)) as seat:
            for screen, count in (("2", 3), ("6", 2)):
                await seat.press(screen)
                await seat.until(lambda: len(seat.screen.listed.rows) == count)  # noqa: B023
                await seat.press("slash", *"outh")
                await seat.until(lambda: ["south" in row.data.name for row in seat.screen.listed.rows] == [True])
                await seat.press("enter")
                assert seat.screen.focused is seat.screen.listed
                await seat.press("slash", "x")
                await seat.sees("nothing like 'x'")
                await seat.press("escape")
                await seat.until(lambda: len(seat.screen.listed.rows) == count)  # noqa: B023

    run(story())
