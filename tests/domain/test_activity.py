import pytest

from inboxd.domain import activity
from inboxd.domain.conversations import STATUSES


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("resolved", "Conversation was marked resolved by Ada"),
        ("open", "Conversation was reopened by Ada"),
        ("pending", "Conversation was marked as pending by Ada"),
        ("snoozed", "Conversation was snoozed by Ada"),
    ],
)
def test_every_status_has_its_sentence(status: str, sentence: str) -> None:
    assert activity.status_by_agent(status, "Ada") == sentence
    assert status in STATUSES


def test_a_name_is_never_a_template() -> None:
    assert activity.status_by_agent("open", "{0} {x}") == "Conversation was reopened by {0} {x}"


def test_a_contact_resolves() -> None:
    assert activity.resolved_by_contact("carl") == "Conversation was resolved by Carl"


@pytest.mark.parametrize(
    ("assigned", "own", "sentence"),
    [
        (None, False, "Conversation unassigned by Ada"),
        ("Ada", True, "Ada self-assigned this conversation"),
        ("Olga", False, "Assigned to Olga by Ada"),
    ],
)
def test_who_is_in_charge(assigned: str | None, own: bool, sentence: str) -> None:
    assert activity.assignee(assigned, "Ada", self_assigned=own) == sentence


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (None, "high", "Ada set the priority to high"),
        ("low", "high", "Ada changed the priority from low to high"),
        ("low", None, "Ada removed the priority"),
    ],
)
def test_how_urgent_it_is(old: str | None, new: str | None, sentence: str) -> None:
    assert activity.priority(old, new, "Ada") == sentence


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        ([], [], []),
        (["a"], ["a"], []),
        ([], ["a", "b"], ["Ada added a, b"]),
        (["a", "b"], ["b", "c"], ["Ada added c", "Ada removed a"]),
        (["a"], [], ["Ada removed a"]),
    ],
)
def test_labels_come_and_go(old: list[str], new: list[str], sentences: list[str]) -> None:
    assert activity.labels(old, new, "Ada") == sentences


@pytest.mark.parametrize(
    ("minutes", "time"),
    [(0, "0 minutes"), (10, "10 minutes"), (60, "1 hours"), (90, "90 minutes"), (1380, "23 hours"), (1440, "1 days"),
     (1500, "25 hours"), (1441, "1441 minutes"), (43_200, "30 days")],
)  # fmt: skip
def test_nobody_resolves_after_days_hours_or_minutes(minutes: int, time: str) -> None:
    line = f"Conversation was marked resolved by system due to {time} of inactivity"
    assert activity.resolved_by_system(minutes) == line
