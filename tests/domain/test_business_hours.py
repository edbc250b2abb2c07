from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain.business_hours import business_ms
from inboxd.domain.hours import default_week, updated

MINUTE = 60_000
HOUR = 60 * MINUTE
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"]


def at(text: str, zone: str = "UTC") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def naive(week: list[dict[str, Any]], zone: str, start: int, end: int) -> int:
    """The same, by looking at the clock every minute."""
    worked = 0
    for moment in range(start, end, MINUTE):
        local = datetime.fromtimestamp(moment / 1000, ZoneInfo(zone))
        row = week[local.isoweekday() % 7]
        if row["open_all_day"]:
            worked += MINUTE
        elif not row["closed_all_day"]:
            opens, closes = (row["open_hour"], row["open_minutes"]), (row["close_hour"], row["close_minutes"])
            worked += MINUTE if opens <= (local.hour, local.minute) < closes else 0
    return worked


def _row(day: int, kind: str, minutes: tuple[int, int]) -> dict[str, Any]:
    if kind != "hours":
        whole = {name: name == kind for name in ("closed_all_day", "open_all_day")}
        return {"day_of_week": day, **whole}
    first, last = min(minutes), max(minutes)
    return {
        "day_of_week": day, "closed_all_day": False, "open_all_day": False, "open_hour": first // 60,
        "open_minutes": first % 60, "close_hour": last // 60, "close_minutes": last % 60,
    }  # fmt: skip


_minutes = st.tuples(st.integers(0, 1439), st.integers(0, 1439)).filter(lambda pair: pair[0] != pair[1])
_weeks = st.tuples(
    *(
        st.builds(_row, st.just(day), st.sampled_from(["hours", "hours", "closed_all_day", "open_all_day"]), _minutes)
        for day in range(7)
    )
).map(lambda rows: updated(default_week(), list(rows)))
# Around the days on which these clocks are put forward or back, and any others.
_starts = st.sampled_from(["2026-03-07", "2026-03-28", "2026-10-03", "2026-10-24", "2026-11-01", "2026-02-14"]).flatmap(
    lambda day: st.integers(0, 3 * 1440).map(lambda minute: at(day) + minute * MINUTE)
)


@given(
    _weeks, st.sampled_from(ZONES), _starts | st.integers(0, 30_000_000).map(lambda n: n * MINUTE), st.integers(0, 6000)
)
def test_it_agrees_with_looking_at_the_clock_every_minute(
    week: list[dict[str, Any]], zone: str, start: int, minutes: int
) -> None:
    end = start + minutes * MINUTE
    assert business_ms(week, zone, start, end) == naive(week, zone, start, end)


@given(_weeks, st.sampled_from(ZONES), st.lists(st.integers(0, 10**11), min_size=3, max_size=3).map(sorted))
def test_parts_add_up_however_long_they_are(week: list[dict[str, Any]], zone: str, moments: list[int]) -> None:
    first, middle, last = (at("2024-01-01") + moment for moment in moments)
    whole = business_ms(week, zone, first, last)
    assert whole == business_ms(week, zone, first, middle) + business_ms(week, zone, middle, last)
    assert 0 <= whole <= last - first


def test_a_weekend_is_no_working_time() -> None:
    week = default_week()
    assert business_ms(week, "UTC", at("2026-06-12T16:00"), at("2026-06-15T10:30")) == 2.5 * HOUR
    assert business_ms(week, "America/New_York", at("2026-06-13T00:00"), at("2026-06-14T23:00")) == 0
    assert business_ms(week, "UTC", at("2026-06-10T12:00"), at("2026-06-10T11:00")) == 0


def test_the_hour_that_a_clock_shows_twice_counts_twice() -> None:
    week = updated(default_week(), [{"day_of_week": 0, "open_all_day": True, "closed_all_day": False}])
    day = at("2026-10-25", "Europe/Berlin"), at("2026-10-26", "Europe/Berlin")
    assert business_ms(week, "Europe/Berlin", *day) == 25 * HOUR


def test_years_are_counted_at_once() -> None:
    start, end = datetime(2000, 1, 3, tzinfo=UTC), datetime(2025, 12, 29, tzinfo=UTC)
    weeks = (end - start).days // 7
    assert business_ms(default_week(), "Asia/Tokyo", at("2000-01-03"), at("2025-12-29")) == weeks * 40 * HOUR


@pytest.mark.parametrize("zone", ["Atlantis/Nowhere", "../etc/passwd", ""])
def test_a_zone_that_this_machine_does_not_know_is_utc(zone: str) -> None:
    assert business_ms(default_week(), zone, at("2026-06-10T08:00"), at("2026-06-10T10:00")) == HOUR
