from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from admin_tui.state import hours
from admin_tui.state.inboxes import label_completed, preview
from inboxd.domain.working_hours import default_week, updated

BERLIN = "Europe/Berlin"
WEEK = default_week()  # Mon-Fri 09:00-17:00


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).timestamp()


@pytest.mark.parametrize(
    ("now", "stands"),
    [
        ("2026-06-10T08:59", "closed, opens Wed 09:00"),
        ("2026-06-10T09:00", "open now until 17:00"),
        ("2026-06-10T17:01", "closed, opens Thu 09:00"),
        ("2026-06-12T20:00", "closed, opens Mon 09:00"),
        # The clock goes forward in the night between.
        ("2026-03-28T23:30", "closed, opens Mon 09:00"),
    ],
)
def test_an_inbox_is_open_by_the_clock_of_its_time_zone(now: str, stands: str) -> None:
    assert hours.standing(WEEK, BERLIN, at(now)) == stands


def test_a_week_of_one_opening_none_and_no_end() -> None:
    closed = updated(WEEK, [{"day_of_week": day, "closed_all_day": True} for day in range(7)])
    assert hours.standing(closed, BERLIN, at("2026-06-10T10:00")) == "never open"
    monday = updated(closed, [hours.hours_row(0, "8:30-9:30")])
    assert hours.standing(monday, BERLIN, at("2026-06-08T10:00")) == "closed, opens Mon 08:30"
    always = updated(WEEK, [hours.hours_row(day, "all day") for day in range(7)])
    assert hours.standing(always, "no/where", at("2026-06-10T03:00")) == "open now"
    assert hours.week_rows(always) == [("Mon-Sun", "█" * 24 + " all day")]
    assert hours.week_rows(monday)[0] == ("Mon", "········██·············· 08:30-09:30")


def test_texts_are_previewed_and_labels_completed() -> None:
    assert "{{contact.first_name}}" in preview("Hello", "shop", "Acme")
    assert preview("Hi {{contact.first_name}} of {{account.name}}", "shop", "Acme") == "reads: Hi Ann of Acme"
    assert preview("Hi {{contact.", "shop", "Acme") == "it cannot be read, and is sent as it stands"
    assert label_completed("vip, re", ["vip", "refund"]) == "vip, refund"
    assert label_completed("vip, ", ["vip", "refund"]) is None
