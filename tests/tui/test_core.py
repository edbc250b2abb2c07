"""Keys in the order they were typed, whatever opens or closes between them; ends and crashes; sizes."""

import asyncio
import random
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from admin_tui.keys import SCREENS
from admin_tui.modals.confirm import Confirm
from admin_tui.modals.goto import Goto
from admin_tui.modals.picker import Choice, Picker
from admin_tui.net.feed import News
from admin_tui.widgets.thread_view import Post, ThreadView
from tests.tui.cast import Desk, Seat, run, seated


def burst(seat: Seat, *keys: str) -> None:
    """Keys as a terminal delivers what was typed ahead: all of them before the first is looked at."""
    from textual import events

    for key in keys:
        seat.tui.post_message(events.Key(key, key if len(key) == 1 else {"space": " ", "enter": "\r"}.get(key)))


@pytest.mark.parametrize("width", [70, 100, 160])
def test_a_burst_of_keys_meets_what_the_key_before_it_opened(desk: Desk, width: int) -> None:
    numbers = [desk.talk(f"Person {number}", f"hello {number}") for number in range(1, 4)]

    async def story() -> None:
        async with seated(desk, size=(width, 30)) as seat:
            rows = seat.screen.talks
            await seat.until(lambda: len(rows.rows) == 3)
            burst(seat, "G", "g", "g", "j")
            await seat.until(lambda: rows.cursor == 1, "gg took both keys, j moved")
            # A menu opens, a digit picks in it, and the next key is a command again.
            burst(seat, "P", "1", "j")
            await seat.until(lambda: rows.cursor == 2 and len(seat.tui.screen_stack) == 1)
            priority = "priority"
            await seat.until(lambda: desk.client.conversation(numbers[1])[priority] == "urgent")
            # Enter opens the thread before r answers in it; escape ends typing before d resolves.
            burst(seat, "enter", "r", *"quick", "ctrl+s", "escape", "d")
            await seat.until(lambda: "quick" in [one["content"] for one in desk.client.messages(numbers[0])])
            await seat.until(lambda: desk.client.conversation(numbers[0])["status"] == "resolved")
            burst(seat, "u")
            await seat.until(lambda: desk.client.conversation(numbers[0])["status"] == "open")
            assert [desk.client.conversation(number)["status"] for number in numbers] == ["open"] * 3

    run(story())


def test_goto_is_shown_to_who_waits_and_its_keys_count_before_that(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 4):
        desk.talk(f"Person {number}", "hello")

    opened: list[Goto] = []
    compose = Goto.compose

    def composing(popup: Goto) -> Any:
        opened.append(popup)
        return compose(popup)

    monkeypatch.setattr(Goto, "compose", composing)

    async def story() -> None:
        async with seated(desk, size=(100, 30)) as seat:
            rows = seat.screen.talks
            await seat.until(lambda: len(rows.rows) == 3)
            burst(seat, "G", "g", "g", "j")
            await seat.until(lambda: rows.cursor == 1)
            burst(seat, "g", "d", "g", "c", "G")
            await seat.until(lambda: seat.tui.current_mode == "conversations" and rows.cursor == 2)
            assert opened == []
            # What leads nowhere and escape are the popup's, and close it.
            burst(seat, "g", "x", "k", "g", "escape", "k")
            await seat.until(lambda: rows.cursor == 0 and len(seat.tui.screen_stack) == 1)
            assert len(opened) == 2
            await seat.press("g")
            await seat.sees("next unread")
            await seat.press("d")
            await seat.until(lambda: seat.tui.current_mode == "deliveries")
            assert len(opened) == 3

    run(story())


def test_done_undone_done_in_one_burst_ends_done(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.until(lambda: len(seat.screen.talks.rows) == 1)
            burst(seat, "d", "u", "d")
            await seat.until(lambda: desk.client.conversation(number)["status"] == "resolved" and not busy(seat))
            await seat.until(lambda: not seat.tui.pool.waited_s())
            assert desk.client.conversation(number)["status"] == "resolved"

    def busy(seat: Seat) -> bool:
        return seat.tui.pool.waited_s() > 0

    run(story())


def test_keys_of_a_question_and_of_a_picker(desk: Desk) -> None:
    async def story() -> None:
        async with seated(desk) as seat:
            answers: list[Any] = []
            seat.tui.push_screen(Confirm("Sure?", "Do it"), answers.append)
            burst(seat, "enter")
            await seat.until(lambda: answers == [None], "enter presses Cancel")
            seat.tui.push_screen(Confirm("Sure?", "Do it", typed="shop"), answers.append)
            burst(seat, *"sho", "enter", *"p", "enter")
            await seat.until(lambda: answers == [None, True])
            choices = [Choice(word, word) for word in ("ant", "bee", "cat", "bat")]
            seat.tui.push_screen(Picker("Which", choices), answers.append)
            burst(seat, *"at", "down", "enter")
            await seat.until(lambda: answers[2:] == [["bat"]])
            seat.tui.push_screen(Picker("Which", choices, several=True), answers.append)
            burst(seat, "space", "down", "space", "enter")
            await seat.until(lambda: answers[3:] == [["ant", "cat"]])
            burst(seat, "question_mark", *"pause", "enter")
            await seat.until(lambda: seat.tui.paused, "help ran what was found")

    run(story())


def test_a_toast_is_shown_once_and_kept_in_the_log(desk: Desk) -> None:
    async def story() -> None:
        async with seated(desk) as seat:
            for _ in range(5):
                seat.tui.say("the same [/x] thing")
            await seat.sees("the same [/x] thing")
            assert seat.text.count("the same [/x] thing") == 1
            assert [one.text for one in seat.tui.said].count("the same [/x] thing") == 5

    run(story())


def test_a_crash_leaves_a_report_without_values(desk: Desk, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def story() -> None:
        async with seated(desk) as seat:
            secret = seat.tui._secret = desk.token

            def broken() -> None:
                value = secret
                raise RuntimeError(f"oh no {value}")

            await seat.press("r")
            seat.tui.call_later(broken)
            await asyncio.sleep(0.2)

    with pytest.raises(RuntimeError):
        run(story())
    [path] = (home / "state" / "inboxd").glob("crash-*.txt")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert "broken" in text
    assert desk.token not in text
    shown = capsys.readouterr().err
    assert "RuntimeError" in shown
    assert desk.token not in shown


@pytest.mark.parametrize("seed", range(3))
def test_any_keys_in_any_size_break_nothing(desk: Desk, seed: int) -> None:
    for number in range(1, 4):
        desk.talk(f"Person {number}", "hello " * 40, "again")
    chance = random.Random(seed)
    keys = [
        "j",
        "k",
        "G",
        "enter",
        "escape",
        "r",
        "x",
        "space",
        "i",
        "tab",
        "P",
        "z",
        "c",
        "g",
        "J",
        "l",
        "h",
        "ctrl+d",
        "ctrl+u",
        "ctrl+p",
        "down",
        "slash",
    ]
    keys += ["question_mark", "exclamation_mark", "right_square_bracket"]
    sizes = [(160, 48), (120, 40), (80, 24), (60, 15), (41, 11), (39, 9), (10, 3)]

    async def story() -> None:
        async with seated(desk, size=chance.choice(sizes)) as seat:
            for _ in range(25):
                if chance.random() < 0.3:
                    await seat.pilot.resize_terminal(*chance.choice(sizes))
                else:
                    await seat.press(chance.choice(keys))
            assert seat.lines is not None

    run(story())


def test_a_small_terminal_works_and_a_tiny_one_says_so(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk, size=(60, 15)) as seat:
            await seat.sees("Ann")
            await seat.press("r", "h", "i", "ctrl+s")
            await seat.until(lambda: desk.client.messages(number)[-1]["content"] == "hi")
            assert "Help" in seat.lines[-1]
            focused = seat.tui.focused
            await seat.pilot.resize_terminal(38, 9)
            await seat.sees("too small 38x9, need 40x10")
            assert "Ann" not in seat.text
            await seat.pilot.resize_terminal(60, 15)
            await seat.sees("Ann")
            assert seat.tui.focused is focused

    run(story())


def test_ten_thousand_messages_are_wrapped_only_where_they_are_seen(desk: Desk) -> None:
    posts = [
        Post(number, f"head {number}", f"text {number} " + "word " * (number % 50), day="" if number % 90 else "Mon")
        for number in range(10_000)
    ]

    async def story() -> None:
        async with seated(desk) as seat:
            thread: ThreadView = seat.screen.thread
            began = time.thread_time()
            thread.show(posts, fresh=True)
            assert time.thread_time() - began < 0.5
            await seat.sees("head 9999")
            await seat.pilot.pause()
            assert len(thread._lines) < 300
            # What is in sight stays as it is while the heights above it become known.
            seat.tui.screen.set_focus(thread)
            for place in (9_000, 5_000, 4_999, 0, 1, 7_777):
                thread.move_to(place)
                await seat.sees(f"head {place}")
            for _ in range(30):
                await seat.press("k")
            await seat.sees("head 7747")
            await seat.press("ctrl+u", "ctrl+u")
            await seat.pilot.pause(0.3)
            before = seat.lines[3:36]
            thread.show([Post(-1, "head older", "older"), *posts])
            await seat.pilot.pause()
            after = seat.lines[3:36]
            assert after == before, [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
            for _ in range(3):
                await seat.press("pageup")
            await seat.pilot.resize_terminal(110, 40)
            thread.move_to(10**9)
            await seat.sees("head 9999")

    run(story())


def test_news_do_not_reach_a_screen_that_is_still_being_made(desk: Desk) -> None:
    desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk, at="dashboard") as seat:
            for number, place in enumerate(SCREENS, 1):
                seat.tui.go(place)
                assert place == "dashboard" or not seat.screen.is_mounted
                seat.tui._tell([{"seq": number, "payload": {"event": "message_created", "echo_id": "x"}}])
                seat.tui._connection(News("gap"))
                seat.tui._leave_screens()
            seat.tui.go("conversations")
            await seat.sees("hello")

    run(story())


def test_the_clock_goes_on_while_the_screens_are_taken_down(desk: Desk) -> None:
    async def story() -> None:
        async with seated(desk, at="deliveries") as seat:
            await seat.sees("live")
            screen = seat.screen
        seat.tui._screen_stacks["deliveries"] = [screen]
        screen._resting.skip()
        seat.tui._drain()

    run(story())
