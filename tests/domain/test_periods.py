from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain.errors import Invalid
from inboxd.domain.periods import DAY_MS, HOUR_MS, LIMIT, UNITS, Grid, grid


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def starts(unit: str, since: str, until: str, offset_h: float = 0) -> list[str]:
    made = grid(unit, at(since), at(until), round(offset_h * HOUR_MS))
    return [f"{datetime.fromtimestamp(start / 1000, UTC):%Y-%m-%dT%H:%M}" for start in made.starts]


def test_days_begin_at_the_midnight_of_the_clock_that_is_asked_for() -> None:
    assert starts("day", "2026-06-10T11:00", "2026-06-12T00:00") == ["2026-06-10T00:00", "2026-06-11T00:00"]
    assert starts("day", "2026-06-10T11:00", "2026-06-11T00:00", 5.5) == ["2026-06-09T18:30", "2026-06-10T18:30"]
    assert starts("day", "2026-06-10T02:00", "2026-06-10T12:00", -3) == ["2026-06-09T03:00", "2026-06-10T03:00"]


def test_every_unit_begins_where_people_begin_it() -> None:
    assert starts("hour", "2026-06-10T11:59", "2026-06-10T13:00") == ["2026-06-10T11:00", "2026-06-10T12:00"]
    assert starts("week", "2026-06-10T00:00", "2026-06-16T00:00") == ["2026-06-08T00:00", "2026-06-15T00:00"]
    assert starts("month", "2026-01-31T00:00", "2026-03-01T00:01") == [
        "2026-01-01T00:00", "2026-02-01T00:00", "2026-03-01T00:00",
    ]  # fmt: skip
    assert starts("year", "2023-06-10T00:00", "2026-01-01T00:00") == [
        "2023-01-01T00:00", "2024-01-01T00:00", "2025-01-01T00:00",
    ]  # fmt: skip


def test_a_time_without_a_moment_has_no_period() -> None:
    assert grid("day", 5, 5, 0).starts == grid("day", 5, 4, 0).starts == ()


@pytest.mark.parametrize(
    ("unit", "until"), [("hour", LIMIT * HOUR_MS + 1), ("day", 253_402_300_799_999), ("month", 253_402_300_799_999)]
)
def test_too_many_periods_are_refused(unit: str, until: int) -> None:
    with pytest.raises(Invalid, match=f"Since must be at most 1000 {unit}s before until") as refused:
        grid(unit, 0, until, 0)
    assert refused.value.fields == ("since",)
    assert len(grid("hour", 0, LIMIT * HOUR_MS, 0).starts) == LIMIT


@given(st.sampled_from(UNITS), st.integers(0, 2**41), st.integers(0, 40), st.integers(-28, 28), st.data())
def test_every_moment_is_counted_in_the_one_period_it_lies_in(
    unit: str, since: int, days: int, half_hours: int, data: st.DataObject
) -> None:
    offset = half_hours * HOUR_MS // 2
    until = since + days * DAY_MS + 1
    made = grid(unit, since, until, offset)
    moments = data.draw(st.lists(st.integers(since, until - 1), max_size=20))
    parts = [((moment - made.starts[0]) // made.step, 1, moment) for moment in moments]
    expected = {start: [0, 0] for start in made.starts}
    for moment in moments:
        start = max(start for start in made.starts if start <= moment)
        expected[start][0] += 1
        expected[start][1] += moment
        local = datetime.fromtimestamp(start / 1000, UTC) + timedelta(milliseconds=offset)
        if unit != "hour":
            assert (local.hour, local.minute) == (0, 0)
    assert made.folded(parts) == [(start, count, total) for start, (count, total) in expected.items()]


def test_what_is_not_there_is_nothing() -> None:
    assert Grid((), DAY_MS).folded([]) == []
    assert grid("day", 0, 2 * DAY_MS, 0).folded([(1, 2, 3)]) == [(0, 0, 0), (DAY_MS, 2, 3)]
