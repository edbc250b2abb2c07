from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain.hours import default_week, updated

KEYS = {"day_of_week", "closed_all_day", "open_hour", "open_minutes", "close_hour", "close_minutes", "open_all_day"}
_values = st.none() | st.booleans() | st.integers(-1, 61) | st.text(max_size=2)
_rows = st.dictionaries(st.sampled_from(sorted(KEYS)), _values)


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
        {"day_of_week": "1", "open_hour": 8},
        {"day_of_week": True, "open_hour": 8},
        {"day_of_week": 1, "open_hour": 24},
        {"day_of_week": 1, "close_minutes": 60},
        {"day_of_week": 1, "open_hour": 18},
        {"day_of_week": 1, "open_hour": "8"},
        {"day_of_week": 1, "open_all_day": True, "closed_all_day": True},
        {"open_hour": 8},
        "monday",
        None,
    ],
)
def test_an_invalid_row_is_ignored(row: Any) -> None:
    assert updated(default_week(), [row]) == default_week()
