from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain.working_hours import business_ms, default_week, is_open, updated

MINUTE = 60_000
HOUR = 60 * MINUTE
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"]
KEYS = {"day_of_week", "closed_all_day", "open_hour", "open_minutes", "close_hour", "close_minutes", "open_all_day"}
_values = st.none() | st.booleans() | st.integers(-1, 61) | st.text(max_size=2)
_rows = st.dictionaries(st.sampled_from(sorted(KEYS)), _values)


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


def shows_a_working_hour(week: list[dict[str, Any]], zone: str, moment: int) -> bool:
    """The same as `is_open`, read off a clock on the wall."""
    local = datetime.fromtimestamp(moment / 1000, ZoneInfo(zone))
    row = week[local.isoweekday() % 7]
    if row["open_all_day"] or row["closed_all_day"]:
        return bool(row["open_all_day"])
    opens, closes = time(row["open_hour"], row["open_minutes"]), time(row["close_hour"], row["close_minutes"])
    return opens <= local.time() <= closes


@given(
    _weeks,
    st.sampled_from(ZONES),
    _starts | st.integers(0, 30_000_000).map(lambda n: n * MINUTE),
    st.integers(1, 500),
    st.integers(0, 59_999),
)
def test_it_is_open_when_a_clock_that_is_looked_at_every_minute_says_so(
    week: list[dict[str, Any]], zone: str, start: int, minutes: int, into_it: int
) -> None:
    for minute in range(start, start + minutes * MINUTE, MINUTE):
        for moment in (minute, minute + into_it):
            assert is_open(week, zone, moment) == shows_a_working_hour(week, zone, moment)


def opened(day: int, hours: str) -> list[dict[str, Any]]:
    """A week with these hours on one day alone."""
    (opens, opening), (closes, closing) = ((int(part) for part in end.split(":")) for end in hours.split("-"))
    row = {"day_of_week": day, "closed_all_day": False, "open_all_day": False, "open_hour": opens}
    row |= {"open_minutes": opening, "close_hour": closes, "close_minutes": closing}
    week = updated(default_week(), [{"day_of_week": number, "closed_all_day": True} for number in range(7)])
    return [row if each["day_of_week"] == day else each for each in week]


@pytest.mark.parametrize(
    ("zone", "hours", "moments"),
    [
        # Put forward: the clock goes from two to three, into the hours and out of them half an hour later.
        ("Europe/Berlin", "2:30-3:30", {"2026-03-29T00:59:59.999": False, "2026-03-29T01:00": True,
                                        "2026-03-29T01:30": True, "2026-03-29T01:30:00.001": False}),
        ("America/New_York", "2:00-2:59", {"2026-03-08T06:59:59.999": False, "2026-03-08T07:00": False}),
        ("America/New_York", "1:30-2:30", {"2026-03-08T06:30": True, "2026-03-08T06:59:59.999": True,
                                           "2026-03-08T07:00": False}),
        # Put back: what the clock shows twice is open twice.
        ("Europe/Berlin", "2:00-2:30", {"2026-10-25T00:00": True, "2026-10-25T00:30": True,
                                        "2026-10-25T00:30:00.001": False, "2026-10-25T01:00": True,
                                        "2026-10-25T01:30": True, "2026-10-25T01:31": False}),
        ("America/New_York", "1:15-1:45", {"2026-11-01T05:14": False, "2026-11-01T05:15": True,
                                           "2026-11-01T05:46": False, "2026-11-01T06:15": True,
                                           "2026-11-01T06:46": False}),
    ],
)  # fmt: skip
def test_open_is_what_the_clock_shows_also_on_the_sundays_on_which_it_is_set(
    zone: str, hours: str, moments: dict[str, bool]
) -> None:
    assert {moment: is_open(opened(0, hours), zone, at(moment)) for moment in moments} == moments


def test_a_day_begins_and_ends_at_midnight_also_where_the_week_does() -> None:
    week = updated(opened(0, "0:00-0:01"), [{"day_of_week": 6, "closed_all_day": False, "open_all_day": True}])
    assert is_open(week, "UTC", at("2026-06-13T00:00")), "Saturday"
    assert is_open(week, "UTC", at("2026-06-13T23:59:59.999")), "all day is the whole day"
    assert is_open(week, "UTC", at("2026-06-14T00:01"))
    assert not is_open(week, "UTC", at("2026-06-14T00:01:00.001"))
    assert not is_open(week, "UTC", at("2026-06-12T23:59:59.999"))
    whole_saturday = updated(
        opened(0, "9:00-17:00"), [{"day_of_week": 6, "closed_all_day": False, "open_all_day": True}]
    )
    assert not is_open(whole_saturday, "UTC", at("2026-06-14T00:00")), "Saturday does not reach into Sunday"
    # Sunday has begun in Tokyo while it is Saturday in Berlin.
    assert is_open(opened(0, "8:00-9:00"), "Asia/Tokyo", at("2026-06-13T23:30"))
    assert not is_open(opened(0, "8:00-9:00"), "Europe/Berlin", at("2026-06-13T23:30"))


@pytest.mark.parametrize("zone", ["Atlantis/Nowhere", ""])
def test_hours_of_a_zone_that_this_machine_does_not_know_are_those_of_utc(zone: str) -> None:
    assert is_open(default_week(), zone, at("2026-06-10T09:00"))
    assert not is_open(default_week(), zone, at("2026-06-10T17:00:00.001"))


def test_a_new_inbox_is_open_on_weekdays_from_nine_to_five() -> None:
    week = default_week()

    assert [row["day_of_week"] for row in week] == list(range(7))
    assert [row["closed_all_day"] for row in week] == [True, False, False, False, False, False, True]
    assert all((row["open_hour"], row["close_hour"]) == (9, 17) for row in week[1:6])


@given(st.lists(_rows | st.none() | st.integers(), max_size=10))
def test_whatever_is_sent_the_week_stays_a_week(rows: list[Any]) -> None:
    week = updated(default_week(), rows)

    assert [row["day_of_week"] for row in week] == list(range(7))
    for row in week:
        assert row.keys() == KEYS
        if row["closed_all_day"]:
            assert row["open_hour"] is None
        else:
            assert 0 <= row["open_hour"] <= 23
            assert (row["open_hour"], row["open_minutes"]) < (row["close_hour"], row["close_minutes"])


def test_hours_of_a_day_are_set() -> None:
    row = {"day_of_week": 1, "open_hour": 8, "open_minutes": 30, "close_hour": 12, "close_minutes": 0}

    assert updated(default_week(), [row])[1] == {"closed_all_day": False, "open_all_day": False, **row}


def test_open_all_day_fills_the_hours() -> None:
    week = updated(default_week(), [{"day_of_week": 2, "open_all_day": True}])

    assert week[2]["open_all_day"] is True
    assert (week[2]["open_hour"], week[2]["close_hour"], week[2]["close_minutes"]) == (0, 23, 59)


def test_whatever_says_no_is_kept_as_false() -> None:
    row = {"day_of_week": 1, "closed_all_day": 0, "open_all_day": ""}

    assert updated(default_week(), [row]) == default_week()
    assert [type(day["closed_all_day"]) for day in updated(default_week(), [row])] == [bool] * 7


def test_a_closed_day_opens_again_with_hours() -> None:
    hours = {"open_hour": 10, "open_minutes": 0, "close_hour": 14, "close_minutes": 0}

    assert updated(default_week(), [{"day_of_week": 6, "closed_all_day": False, **hours}])[6]["open_hour"] == 10


@pytest.mark.parametrize(
    "row",
    [
        {"day_of_week": 7, "open_hour": 8},
        {"day_of_week": "monday", "open_hour": 8},
        {"day_of_week": True, "open_hour": 8},
        {"day_of_week": 1, "open_hour": 24},
        {"day_of_week": 1, "close_minutes": 60},
        {"day_of_week": 1, "open_hour": 18},
        {"day_of_week": 1, "open_hour": "eight"},
        {"day_of_week": 1, "open_all_day": True, "closed_all_day": True},
        {"open_hour": 8},
        "monday",
        None,
    ],
)
def test_an_invalid_row_is_ignored(row: Any) -> None:
    assert updated(default_week(), [row]) == default_week()
