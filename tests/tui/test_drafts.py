from contextlib import nullcontext
from pathlib import Path

import pytest
from textual import events

from admin_tui.app import InboxdTui
from tests.tui.cast import Desk, run, seated


def test_a_draft_outlives_escape_and_the_dashboard(desk: Desk, home: Path) -> None:
    desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.sees("#1 Ann")
            await seat.burst("r", "half a", "escape")
            await seat.sees("draft")
            await seat.burst("r", " thought")
            await seat.until(lambda: seat.screen.composer.text == "half a thought")
            await seat.press("escape")
        async with seated(desk) as seat:
            await seat.sees("draft")
            await seat.press("r")
            assert seat.screen.composer.text == "half a thought"
        kept = home / "state" / "inboxd" / "drafts.json"
        assert kept.stat().st_mode & 0o777 == 0o600

    run(story())


def test_pasted_lines_never_send(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk, enter_sends=True) as seat:
            await seat.sees("#1 Ann")
            await seat.press("r")
            seat.tui.post_message(events.Paste("one\r\ntwo\r"))
            await seat.burst("three", "enter", "four")
            await seat.until(lambda: seat.screen.composer.text == "one\ntwo\nthree\nfour")
            assert len(desk.client.messages(number)) == 1
            await seat.press("enter")
            await seat.until(lambda: len(desk.client.messages(number)) == 2)

    run(story())


def test_canned_responses_are_picked_or_named(desk: Desk) -> None:
    desk.talk("Ann", "hello")
    for code, content in (("hi", "Good morning!"), ("bye", "Good bye!")):
        desk.client.call("POST", "/canned_responses", short_code=code, content=content)

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.sees("#1 Ann")
            await seat.press("r")
            await seat.until(lambda: seat.screen.pane.answering._canned)
            await seat.press("ctrl+g")
            await seat.sees("/bye")
            await seat.type("morning")
            await seat.press("enter")
            await seat.until(lambda: seat.screen.composer.text == "Good morning!")
            await seat.type(" /by")
            await seat.press("tab")
            assert seat.screen.composer.text == "Good morning! Good bye!"

    run(story())


def test_an_editor_takes_over_and_leaves_no_file(desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.talk("Ann", "hello")
    editor = home / "editor.sh"
    editor.write_text(
        f'#!/bin/sh\necho "$1" > {home}/name\nstat -c %a "$1" > {home}/mode\necho "from outside" >> "$1"\n'
    )
    editor.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(editor))
    monkeypatch.setattr(InboxdTui, "suspend", lambda self: nullcontext())

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.sees("#1 Ann")
            await seat.burst("r", "begun ", "ctrl+o")
            await seat.until(lambda: seat.screen.composer.text == "begun from outside")

    run(story())
    assert (home / "mode").read_text().strip() == "600"
    assert not Path((home / "name").read_text().strip()).exists()
