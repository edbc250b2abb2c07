"""Reports: pictures of what happened, from a month that was played."""

import csv
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, TextArea

from admin_tui.screens import reports as screen
from admin_tui.state import reports as model
from inboxd.app import App
from inboxd.config import Config
from inboxd.domain.periods import DAY_MS
from inboxd.story import Calendar, History
from tests.tui.cast import Desk, Seat, opened, run, seated


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A server with a few days of history."""
    calendar, now = Calendar(), round(time.time() * 1000)
    calendar.turn(now - 6 * DAY_MS)
    app = App(Config(data_dir=str(tmp_path_factory.mktemp("data")), listen="127.0.0.1:0"), calendar)
    token = app.initialise("admin@acme.test")["admin"]["access_token"]
    with opened(app, token) as desk:
        assert History(desk.url, token, calendar, now).tell(6) > 10
        calendar.let_go()
        yield desk


def _rested(reports: Any) -> None:
    reports._again_at -= screen._REST_S
    reports._tried_at -= screen._REST_S


async def _look_at(seat: Seat, title: str) -> None:
    seat.screen.look_at(title)
    await seat.until(lambda: title in seat.screen.found and f"[{title}" in seat.text, f"the view {title}")


async def _saved(seat: Seat, path: Path) -> list[list[str]]:
    await seat.until(lambda: seat.screen.listed.rows)
    await seat.press("E")
    await seat.sees(f"Export {seat.screen.seen.title}")
    seat.tui.screen.query_one("#field-path", Input).value = str(path)
    await seat.press("ctrl+s")
    await seat.until(lambda: any(one.text == f"saved {path}" for one in seat.tui.said), "it is saved")
    with path.open(newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_the_overview_draws_what_happened(played: Desk, size: tuple[int, int], tmp_path: Path) -> None:
    count = played.client.call("GET", "/conversations", status="all")["data"]["meta"]["all_count"]

    async def story() -> None:
        async with seated(played, "dashboard", size) as seat:
            await seat.press("g", "r")
            await seat.sees("Conversations by day")
            assert f"  {count} " in next(one for one in seat.lines if one.startswith("▌ Conversations"))
            assert "█" in seat.text
            assert "unattended" in seat.text
            assert "● 1 online" in seat.text or "● 2 online" in seat.text
            await seat.press("m", "j", "m", "m")
            await seat.sees("First response by day")
            await seat.press("comma")
            await seat.sees("First response by hour")
            await seat.press("t", "4")
            await seat.sees("First response by week")
            if size[0] < 100:
                await seat.press("i")
            await seat.sees("Busiest hours")
            await seat.sees("Mon ")
            await seat.press("b")
            await seat.sees("no inbox has business hours")
            rows = await _saved(seat, tmp_path / "overview.csv")
            assert rows[0][:2] == ["From", "Conversations"]
            assert sum(int(row[1]) for row in rows[1:]) == count

    run(story())


def test_people_and_places_are_compared(played: Desk, tmp_path: Path) -> None:
    async def story() -> None:
        async with seated(played, "reports", (120, 40)) as seat:
            await _look_at(seat, "Agents")
            rows = [row.data for row in seat.screen.listed.rows]
            counts = [row["now"]["conversations_count"] for row in rows]
            assert counts == sorted(counts, reverse=True)
            assert len(rows[0]["points"]) == 7
            await seat.sees("Open now:")
            table = await _saved(seat, tmp_path / "agents.csv")
            assert table[1][:2] == [rows[0]["name"], str(counts[0])]
            for title, name in (("Teams", "orders"), ("Labels", "refund"), ("Inboxes", "Shop")):
                await _look_at(seat, title)
                await seat.sees(name)
            await seat.press("enter")
            await seat.until(lambda: seat.screen.place == "inboxes")

    run(story())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_answers_to_surveys_are_read_narrowed_and_noted(played: Desk, size: tuple[int, int], tmp_path: Path) -> None:
    found: list[Any] = played.client.call("GET", "/csat_survey_responses", sort="-created_at")
    rating = found[0]["rating"]

    async def story() -> None:
        async with seated(played, "reports", size) as seat:
            await _look_at(seat, "CSAT")
            await seat.sees("% answered")
            await seat.sees(f"{rating}/5")
            await seat.press("n")
            await seat.until(lambda: seat.tui.screen.query(TextArea))
            seat.tui.screen.query_one(TextArea).text = "called them"
            await seat.press("ctrl+s")
            await seat.sees(" noted ")
            answer = played.client.call("GET", "/csat_survey_responses", sort="-created_at")[0]
            assert answer["csat_review_notes"] == "called them"
            await seat.press("f", *f"rating {rating}", "enter")
            await seat.until(lambda: {row.data["rating"] for row in seat.screen.listed.rows} == {rating})
            await seat.press("f", *"agent Ada", "enter")
            await seat.until(
                lambda: {row.data["assigned_agent"]["name"] for row in seat.screen.listed.rows} <= {"Ada Kovac"}
            )
            await seat.press("backslash")
            await seat.until(lambda: len(seat.screen.listed.rows) == len(found))
            assert len(await _saved(seat, tmp_path / "answers.csv")) == len(found) + 2
            # The cursor is where the filters left it.
            number = seat.screen.listed.current.data["conversation_id"]
            await seat.press("enter")
            await seat.until(lambda: seat.screen.place == "conversations")
            await seat.sees(f"#{number} ")

    run(story())


def test_it_is_looked_at_again_at_its_pace_and_only_while_seen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = model.overview

    def overview(client: Any, window: model.Window) -> Any:
        asked.append(window.span.title)
        return real(client, window)

    monkeypatch.setattr(model, "overview", overview)

    async def story() -> None:
        async with seated(desk, "reports", (80, 24)) as seat:
            await seat.sees("nothing in this time")
            await seat.sees("live")
            desk.talk("Ann", "hello")
            await seat.until(lambda: seat.screen._is_dirty)
            await seat.pilot.pause(0.6)
            assert len(asked) == 1
            _rested(seat.screen)
            await seat.until(lambda: seat.screen.records["Overview"][0]["now"] == 1)
            assert len(asked) == 2
            reports = seat.screen
            await seat.press("1")
            await seat.until(lambda: seat.screen.place == "dashboard")
            _rested(reports)
            desk.talk("Bea", "hello")
            await seat.until(lambda: reports._is_stale)
            await seat.pilot.pause(0.6)
            assert len(asked) == 2
            await seat.press("minus")
            await seat.until(lambda: reports.records["Overview"][0]["now"] == 2)
            for title, words in (("Teams", "no teams yet"), ("Labels", "no labels yet"), ("CSAT", "nobody answered")):
                await _look_at(seat, title)
                await seat.sees(words)
            await seat.press("E")
            await seat.sees("there is nothing to export")

    run(story())


def test_agents_are_not_offered_reports(desk: Desk) -> None:
    desk.client.create_agent("bo@acme.test", name="Bo")
    token = desk.client.create_token(email="bo@acme.test")["access_token"]

    async def story() -> None:
        async with seated(desk, "dashboard", token=token) as seat:
            await seat.sees("live")
            assert "Reports" not in seat.text
            await seat.press("g")
            await seat.sees("next unread")
            assert "Reports" not in seat.text
            await seat.press("r")
            await seat.sees("Reports is for administrators")
            assert seat.screen.place == "dashboard"
        async with seated(desk, "reports", token=token) as seat:
            await seat.sees("reports are for administrators")

    run(story())


@pytest.mark.parametrize(
    ("seconds", "word"), [(None, "–"), (40, "40s"), (250, "4m"), (7_800, "2h 10m"), (7_200, "2h"), (100_000, "1d 3h")]
)
def test_durations_are_read_by_people(seconds: float | None, word: str) -> None:
    assert model.duration(seconds) == word


@pytest.mark.parametrize(
    ("now", "before", "word"),
    [
        (112, 100, "+12 %"), (88, 100, "-12 %"), (5, 5, "same"), (5, 0, "new"), (0, 0, ""), (0, 3, "-100 %"),
        (None, 2, "none"),
    ],
)  # fmt: skip
def test_changes_are_told_against_what_was_before(now: Any, before: Any, word: str) -> None:
    assert model.change(now, before) == word


def test_a_span_begins_at_midnight_and_is_compared_up_to_the_same_time_of_day() -> None:
    window = model.Window(model.SPANS[1], int(time.mktime((2026, 6, 10, 14, 20, 0, 0, 0, -1))))

    def clock(at: int) -> str:
        return time.strftime("%d %b %H:%M", time.localtime(at))

    assert [clock(at) for at in window.times.values()] == ["04 Jun 00:00", "10 Jun 14:20"]
    assert [clock(window.before[name]) for name in ("since", "until")] == ["28 May 00:00", "03 Jun 14:20"]
