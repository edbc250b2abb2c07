import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, TextArea

from admin_tui import config
from admin_tui.app import InboxdTui
from admin_tui.state.settings import COLOURS, colour_word
from admin_tui.theme import paint_of
from tests.tui.cast import Desk, Seat, run, seated


async def _look_at(seat: Seat, title: str) -> None:
    seat.screen.look_at(title)
    await seat.until(lambda: f"[{title}" in seat.text, f"the view {title}")


async def _row(seat: Seat, key: Any) -> None:
    rows = seat.screen.listed
    await seat.until(lambda: any(row.data["id"] == key for row in rows.rows), f"a row {key}")
    rows.move_to(next(place for place, row in enumerate(rows.rows) if row.data["id"] == key))


def test_labels_canned_responses_and_attributes_come_and_go(desk: Desk) -> None:
    desk.client.call("POST", "/labels", title="vip")

    async def story() -> None:
        async with seated(desk, "settings") as seat:
            await seat.sees("vip                      blue")
            await seat.press("c", *"vip", "ctrl+s")
            await seat.sees("Title has already been taken")
            seat.tui.screen.query_one("#field-title", Input).value = "refund"
            await seat.press("ctrl+s")
            await seat.until(lambda: len(seat.screen.listed.rows) == 2)
            await seat.press("D", "y")
            await seat.until(lambda: len(desk.client.call("GET", "/labels")["payload"]) == 1)
            await seat.press("right_square_bracket")
            await seat.sees("no canned responses yet")
            await seat.press("c", *"hi")
            seat.tui.screen.query_one("#field-content", TextArea).text = "Hello\nthere"
            await seat.press("ctrl+s")
            await seat.sees("Hello there")
            await seat.press("right_square_bracket", "c", *"Plan")
            seat.tui.screen.query_one("#field-attribute_key", Input).value = "plan"
            await seat.press("ctrl+s")
            await seat.sees("of contacts")
            await seat.press("D", "y")
            await seat.sees("no custom attributes are defined")

    run(story())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_what_an_account_does_by_itself_is_set_in_spans_as_people_write_them(desk: Desk, size: tuple[int, int]) -> None:
    desk.client.call("POST", "/labels", title="idle")

    def stored() -> dict[str, Any]:
        return dict(desk.client.call("GET", "")["settings"])

    async def story() -> None:
        async with seated(desk, "settings", size) as seat:
            await _look_at(seat, "Account")
            await seat.sees("auto-resolve     off")
            await _row(seat, "auto-resolve")
            await seat.press("enter", *"5m")
            await seat.sees("at least 10m")
            form: Any = seat.tui.screen
            form.query_one("#field-auto_resolve_after", Input).value = "2d 3h"
            form.query_one("#field-auto_resolve_message", TextArea).text = "Bye"
            form.query_one("#field-waiting").value = False
            label = form.query_one("#field-auto_resolve_label", Input)
            seat.tui.screen.set_focus(label)
            await seat.press(*"id")
            await seat.until(lambda: label._suggestion == "idle")
            await seat.press("right", "ctrl+s")
            await seat.sees("after 2d 3h without a word")
            assert stored() == {
                "auto_resolve_after": 3060, "auto_resolve_message": "Bye", "auto_resolve_label": "idle",
                "auto_resolve_ignore_waiting": True,
            }  # fmt: skip
            await _row(seat, "bot failure")
            await seat.press("e", "space", "ctrl+s")
            await seat.sees("waits for the bot")
            assert stored()["keep_pending_on_bot_failure"]
            await _row(seat, "account")
            await seat.press("e", "ctrl+u", *"New Name", "ctrl+s")
            await seat.sees("New Name")

    run(story())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_the_health_says_what_wants_a_person_and_goes_there(desk: Desk, size: tuple[int, int]) -> None:
    desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk, "settings", size) as seat:
            await _look_at(seat, "Health")
            await seat.sees("conversations unassigned")
            await seat.sees("0 deliveries wait")
            await _row(seat, "concern 0")
            await seat.press("enter")
            await seat.until(lambda: seat.screen.place == "conversations")

    run(story())


def test_a_theme_is_seen_before_it_is_taken_and_written_beside_what_was_there(desk: Desk) -> None:
    path = config.config_dir() / "tui.toml"
    path.parent.mkdir(parents=True)
    path.write_text('# mine\nbell = true\n\n[keys]\n"conv.resolve" = "X"\n')

    async def story() -> None:
        async with seated(desk, "settings") as seat:
            await _look_at(seat, "Dashboard")
            await _row(seat, "theme")
            await seat.press("enter", "down")
            await seat.until(lambda: seat.tui.theme == "inboxd-contrast")
            await seat.press("escape")
            assert seat.tui.theme == "inboxd-dark"
            await seat.press("enter", *"light", "enter")
            await seat.until(lambda: 'theme = "inboxd-light"' in path.read_text())
            assert seat.tui.theme == "inboxd-light"
            await _row(seat, "enter_sends")
            await seat.press("enter")
            await seat.until(lambda: "enter_sends = true" in path.read_text())
            assert seat.tui.settings.enter_sends

    run(story())
    assert tomllib.loads(path.read_text()) == {
        "bell": True, "theme": "inboxd-light", "enter_sends": True, "keys": {"conv.resolve": "X"},
    }  # fmt: skip
    assert path.read_text().startswith("# mine\n")
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_accent_bell_first_screen_and_reading_only_hold_at_once_and_are_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = config.config_dir() / "tui.toml"
    path.parent.mkdir(parents=True)
    path.write_text("# mine\nbell = false  # quiet\nnew_in_later_versions = 1\n")
    rung: list[float] = []
    monkeypatch.setattr(InboxdTui, "bell", lambda self: rung.append(1))

    async def story() -> None:
        async with seated(desk, "settings", (80, 24), accent="no colour", path=path) as seat:
            await seat.sees("accent: no colour is no colour")
            await _look_at(seat, "Dashboard")
            before = paint_of(seat.tui).key
            await _row(seat, "accent")
            await seat.press("enter", *"gold", "enter")
            await seat.until(lambda: "#ffd700" in str(paint_of(seat.tui).key))
            await seat.press("enter", "1")
            await seat.until(lambda: paint_of(seat.tui).key == before)
            await seat.press("enter", *"gold", "enter")
            await _row(seat, "default_screen")
            await seat.press("enter", *"events", "enter")
            await _row(seat, "bell")
            await seat.press("enter")
            await seat.until(lambda: len(rung) == 1)
            desk.talk("Ann", "hello")
            await seat.until(lambda: len(rung) == 2)
            await _row(seat, "read_only")
            await seat.press("enter")
            await seat.sees("[RO]")
            await seat.press("4")
            await seat.until(lambda: seat.screen.place == "contacts")
            assert "create" not in {action.id for action in seat.screen.offered()}

    run(story())
    kept = config.load(path)
    assert (kept.accent, kept.default_screen, kept.bell, kept.read_only) == ("gold", "events", True, True)
    assert path.read_text().startswith("# mine\nbell = true  # quiet\nnew_in_later_versions = 1\n")


def test_a_setting_is_not_written_into_a_file_that_is_no_toml(tmp_path: Path) -> None:
    path = tmp_path / "tui.toml"
    path.write_text("theme = ")
    with pytest.raises(ValueError, match="Invalid value"):
        config.save(path, "theme", "x")
    assert path.read_text() == "theme = "
    path.write_text('theme = "a"  # nice\n')
    config.save(path, "theme", "b")
    assert path.read_text() == 'theme = "b"  # nice\n'


def test_the_report_helps_and_tells_no_secret(desk: Desk) -> None:
    async def story() -> None:
        async with seated(desk, "settings") as seat:
            await _look_at(seat, "About")
            await seat.sees("licence")
            await seat.press("y")
            await seat.until(lambda: "textual: 8" in seat.tui.clipboard)
            assert "theme = inboxd-dark" in seat.tui.clipboard
            assert desk.token not in seat.tui.clipboard
            assert "acme" not in seat.tui.clipboard.lower()

    run(story())


def test_a_colour_has_a_word() -> None:
    assert {word: colour_word(code) for word, code in COLOURS.items()} == {word: word for word in COLOURS}
    assert colour_word("#fff") == "white"
    assert colour_word("none") == "none"
