"""Many rows, many events, and what is found elsewhere."""

import time
from dataclasses import replace
from typing import Any

import pytest

from admin_tui.widgets.row_list import Row
from tests.tui.cast import Desk, Seat, run, seated


async def shows(seat: Seat, rows: int) -> None:
    await seat.until(lambda: len(seat.screen.talks.rows) == rows, f"{rows} rows")


def test_while_events_pour_in_the_cursor_and_the_words_stay_and_one_fetch_is_under_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = desk.talk("Ann", "hello")
    second = desk.talk("Bob", "hello")

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.until(lambda: len(seat.screen.talks.rows) == 2)
            await seat.burst("j", "enter", "r", "words")
            under_way, most = [0], [0]
            call = seat.tui.call

            def counted(work: Any, then: Any) -> None:
                under_way[0] += 1
                most[0] = max(most[0], under_way[0])

                def come(outcome: Any) -> None:
                    under_way[0] -= 1
                    then(outcome)

                call(work, come)

            monkeypatch.setattr(seat.tui, "call", counted)
            for number in range(30):
                desk.says("Ann", first, f"line {number}")
                desk.says("Bob", second, f"line {number}")
                await seat.pilot.pause()
            await seat.sees("line 29")
            await seat.until(lambda: under_way[0] == 0)
            # The list, the thread, what is read; never one for each event.
            assert most[0] <= 4
            assert seat.screen.composer.text == "words"
            assert seat.screen.talks.current.key == first

    run(story())


def test_ten_thousand_rows_cost_what_twenty_do(desk: Desk) -> None:
    desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.until(lambda: len(seat.screen.talks.rows) == 1)
            one = seat.screen.talks.current.data
            rows = [Row(number, replace(one, id=number)) for number in range(2, 10_002)]
            seat.screen.listing._more = False
            seat.screen.talks.show(rows)
            began = time.thread_time()
            for _ in range(20):
                seat.screen.action_move(1)
            seat.screen.action_edge(1)
            assert seat.screen.talks.current.key == 10_001
            assert time.thread_time() - began < 0.5

    run(story())


def test_pages_are_fetched_as_the_cursor_comes_near_their_end(desk: Desk) -> None:
    for number in range(60):
        desk.talk(f"Person {number}", "hello")

    async def story() -> None:
        async with seated(desk, size=(80, 24)) as seat:
            await seat.until(lambda: len(seat.screen.talks.rows) == 25)
            for rows in (50, 60):
                await seat.press("G")
                await shows(seat, rows)
            keys = [row.key for row in seat.screen.talks.rows]
            assert len(set(keys)) == 60

    run(story())


def test_a_conversation_is_opened_by_its_number_and_kept_up_to_date(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")
    desk.client.set_status(number, "resolved")
    desk.talk("Bob", "hello")

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.until(lambda: len(seat.screen.talks.rows) == 1)
            seat.screen.show_number(number)
            await seat.sees(f"#{number} Ann  ✓ resolved")
            desk.client.call("POST", f"/conversations/{number}/labels", labels=["vip"])
            await seat.sees("[vip]")
            await seat.press("d")
            await seat.until(lambda: desk.client.conversation(number)["status"] == "open")

    run(story())


def test_files_are_listed_with_their_links(desk: Desk, tmp_path: Any) -> None:
    number = desk.talk("Ann", "hello")
    file = tmp_path / "plan.pdf"
    file.write_bytes(b"%PDF-1.4 nothing")
    desk.customer.send("ann", number, "here it is", files=[file])

    async def story() -> None:
        async with seated(desk, clipboard="off") as seat:
            await seat.sees("plan.pdf (16 bytes)")
            await seat.burst("o", "2")
            await seat.sees("the link")
            await seat.sees("http")

    run(story())


def test_a_failed_change_is_shown_as_it_was(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.sees("#1 Ann")
            await seat.until(lambda: len(seat.screen.talks.rows) == 1)
            desk.client.call("DELETE", f"/conversations/{number}")
            await seat.press("d")
            await seat.until(lambda: any(one.bad and "resolved" in one.text for one in seat.tui.said))
            await seat.until(lambda: "✓ resolved" not in seat.text)

    run(story())


def test_what_arrives_while_it_is_read_is_read(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.until(lambda: len(seat.screen.talks.rows) == 1)
            await seat.press("enter")
            await seat.until(lambda: desk.client.conversation(number)["unread_count"] == 0)
            for text in ("are you there?", "it is urgent"):
                desk.says("Ann", number, text)
                await seat.sees(text)
                await seat.until(lambda: desk.client.conversation(number)["unread_count"] == 0)

    run(story())
