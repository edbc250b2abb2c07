import json
from pathlib import Path
from typing import Any

from textual.widgets import Input

from admin_tui.state.events import Gap, Tail
from tests.tui.cast import Desk, run, seated


def test_what_happened_before_and_happens_now_is_listed_filtered_and_saved(desk: Desk, tmp_path: Path) -> None:
    number = desk.talk("Ann", "first words")
    path = tmp_path / "tail.jsonl"

    async def story() -> None:
        async with seated(desk, at="events", size=(120, 40)) as seat:
            await seat.sees("first words")
            desk.says("Ann", number, "second words")
            await seat.sees("second words")
            await seat.press("slash")
            await seat.type("type:message_* second")
            await seat.press("enter")
            await seat.until(lambda: len(seat.screen.listed.rows) == 1)
            await seat.sees('"content": "second words"')
            print(seat.text)
            await seat.press("ctrl+s")
            await seat.sees("Save 1 event")
            seat.tui.screen.query_one("#field-path", Input).value = str(path)
            await seat.press("ctrl+s")
            await seat.until(path.exists)
            await seat.until(lambda: seat.tui.screen is seat.screen)
            await seat.press("ctrl+s")
            await seat.sees("Save 1 event")
            seat.tui.screen.query_one("#field-path", Input).value = str(path)
            await seat.press("ctrl+s")
            await seat.sees("that file is there already")
        [line] = path.read_text().splitlines()
        assert json.loads(line)["payload"]["content"] == "second words"
        assert path.stat().st_mode & 0o077 == 0

    run(story())


def test_the_cursor_follows_the_newest_or_stays_and_a_pause_keeps_everything_as_it_is(desk: Desk) -> None:
    number = desk.talk("Ann", "one")

    async def story() -> None:
        async with seated(desk, at="events", size=(80, 24)) as seat:
            await seat.sees("Ann: one")
            desk.says("Ann", number, "two")
            await seat.sees("Ann: two")
            assert seat.screen.listed.cursor == 0
            await seat.press("j")
            held = seat.screen.listed.current.key
            desk.says("Ann", number, "three")
            await seat.sees("Ann: three")
            assert seat.screen.listed.current.key == held
            await seat.until(lambda: not seat.screen._loading)
            seat.tui.action_follow()
            await seat.sees("paused")
            desk.says("Ann", number, "four")
            await seat.until(lambda: seat.tui.happened[-1]["seq"] > seat.screen.tail.newest)
            assert "Ann: four" not in seat.text
            seat.tui.action_follow()
            await seat.sees("Ann: four")
            print(seat.text)

    run(story())


def test_older_events_are_fetched_as_somebody_scrolls_to_them(desk: Desk) -> None:
    desk.talk("Ann", *(f"text {count}" for count in range(70)))

    async def story() -> None:
        async with seated(desk, at="events", size=(80, 24)) as seat:
            await seat.sees("text 69")
            first = seat.screen.tail.oldest
            assert first > 1
            await seat.press("G")
            await seat.until(lambda: seat.screen.tail.oldest < first)
            await seat.press("G")
            await seat.until(lambda: seat.screen.tail.oldest == 1)
            assert all(not isinstance(row.data, Gap) for row in seat.screen.listed.rows)

    run(story())


def test_a_hole_in_the_tail_is_told_and_filled(desk: Desk) -> None:
    desk.talk("Ann", "one", "two", "three")

    async def story() -> None:
        async with seated(desk, at="events", size=(80, 24)) as seat:
            await seat.sees("Ann: three")
            tail = seat.screen.tail
            missing = tail.newest - 2
            del tail._events[missing]
            seat.screen._show()
            await seat.sees("1 event not here")
            await seat.press("j", "j", "enter")
            await seat.until(lambda: missing in {row.key for row in seat.screen.listed.rows})
            assert "not here" not in seat.text

    run(story())


def test_a_tail_knows_holes_from_what_is_gone_and_shows_none_to_agents() -> None:
    def event(seq: int) -> dict[str, Any]:
        return {"seq": seq, "payload": {"event": "contact_updated", "name": "Ann"}}

    tail = Tail()
    tail.add([event(3), event(9), event(10)])
    assert tail.shown()[2] == Gap(3, 9)
    tail.gone_before = 9
    assert tail.shown()[2] == Gap(3, 9, gone=True)
    tail.whole = False
    assert len(tail.shown()) == 3
    assert len(tail.shown("type:contact_ ann")) == 3
    assert tail.shown("bob") == []


def test_a_server_that_was_restored_begins_its_tail_again() -> None:
    tail = Tail()
    tail.follow([{"seq": seq, "payload": {"event": "old"}} for seq in (1, 2, 3)])
    tail.follow([{"seq": 2, "payload": {"event": "new"}}])
    assert [one["payload"]["event"] for one in tail.shown() if not isinstance(one, Gap)] == ["new"]
