from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain import conversations as rules

HOUR = 3_600_000
_statuses = st.sampled_from(rules.STATUSES)
_times = st.none() | st.integers(0, 10 * HOUR)


@pytest.mark.parametrize(
    ("blocked", "has_bot", "wanted", "born"),
    [
        (False, False, None, "open"),
        (False, False, "snoozed", "snoozed"),
        (False, True, None, "pending"),
        (False, True, "open", "pending"),
        (True, False, "open", "resolved"),
        (True, True, None, "resolved"),
    ],
)
def test_the_status_a_conversation_is_born_with(blocked: bool, has_bot: bool, wanted: str | None, born: str) -> None:
    assert rules.opening_status(blocked=blocked, has_bot=has_bot, wanted=wanted) == born


@pytest.mark.parametrize(
    ("before", "has_bot", "after"),
    [
        ("open", False, "open"), ("pending", False, "pending"), ("snoozed", False, "open"), ("resolved", False, "open"),
        ("open", True, "open"), ("pending", True, "pending"), ("snoozed", True, "open"), ("resolved", True, "pending"),
    ],
)  # fmt: skip
def test_the_contact_wakes_what_slept(before: str, has_bot: bool, after: str) -> None:
    assert rules.after_incoming(before, blocked=False, has_bot=has_bot) == after


@given(_statuses, st.booleans())
def test_a_blocked_contact_wakes_nothing(status: str, has_bot: bool) -> None:
    assert rules.after_incoming(status, blocked=True, has_bot=has_bot) == status


@given(_statuses)
def test_toggling_ends_open_or_resolved(status: str) -> None:
    assert rules.toggled(status) == ("resolved" if status == "open" else "open")
    assert rules.toggled(rules.toggled(status)) in ("open", "resolved")


@given(_statuses, _times)
def test_only_a_snoozed_conversation_has_an_end_of_its_sleep(status: str, until: int | None) -> None:
    values = rules.with_status(status, until)

    assert values["status"] == status
    assert values["snoozed_until"] == (until if status == "snoozed" else None)
    assert ("waiting_since" in values) == (status == "resolved")


@pytest.mark.parametrize(
    ("attributes", "window"),
    [
        ({}, None),
        ({"agent_reply_time_window": None}, None),
        ({"agent_reply_time_window": ""}, None),
        ({"agent_reply_time_window": 24}, 24 * HOUR),
        ({"agent_reply_time_window": "24"}, 24 * HOUR),
    ],
)
def test_the_reply_window_is_read_as_it_was_stored(attributes: dict[str, Any], window: int | None) -> None:
    assert rules.reply_window_ms(attributes) == window


@given(st.booleans(), st.booleans(), _times, _times, st.integers(0, 10 * HOUR))
def test_looking_twice_at_once_writes_once(
    is_assignee: bool, has_news: bool, agent: int | None, assignee: int | None, now: int
) -> None:
    first = rules.seen(is_assignee=is_assignee, has_news=has_news, agent_seen=agent, assignee_seen=assignee, now=now)
    again = rules.seen(
        is_assignee=is_assignee,
        has_news=False,
        agent_seen=first.get("agent_last_seen_at", agent),
        assignee_seen=first.get("assignee_last_seen_at", assignee),
        now=now,
    )

    assert again == {}
    assert set(first.values()) <= {now}
    assert is_assignee or "assignee_last_seen_at" not in first
    if has_news:
        assert first["agent_last_seen_at"] == now


def test_a_dashboard_that_polls_writes_once_an_hour() -> None:
    for age, moved in ((HOUR, {}), (HOUR + 1, {"agent_last_seen_at": 5 * HOUR})):
        assert (
            rules.seen(is_assignee=False, has_news=False, agent_seen=5 * HOUR - age, assignee_seen=None, now=5 * HOUR)
            == moved
        )
