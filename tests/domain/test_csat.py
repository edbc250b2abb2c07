from typing import Any

import pytest

from inboxd.domain import csat
from inboxd.domain.csat import Verdict

DUE: dict[str, Any] = {"enabled": True, "blocked": False, "asked_before": False, "can_reply": True}
DAY = 86_400_000


def rule(operator: Any, *labels: str) -> dict[str, Any]:
    return {"survey_rules": {"operator": operator, "values": list(labels)}}


@pytest.mark.parametrize(("name", "value"), [("enabled", False), ("blocked", True), ("asked_before", True)])
def test_no_survey_where_it_is_not_wanted_even_when_it_is_too_late(name: str, value: bool) -> None:
    for can_reply in (True, False):
        assert csat.verdict({}, [], **{**DUE, name: value, "can_reply": can_reply}) is Verdict.NONE


def test_a_survey_that_is_due_is_sent_while_the_contact_can_be_written_to() -> None:
    assert csat.verdict({}, [], **DUE) is Verdict.SEND
    assert csat.verdict({}, [], **{**DUE, "can_reply": False}) is Verdict.TOO_LATE


@pytest.mark.parametrize(
    ("config", "labels", "fits"),
    [
        ({}, [], True), (rule("contains"), [], True), (rule("does_not_contain"), ["vip"], True),
        (rule("contains", "vip", "shop"), ["shop"], True), (rule("contains", "vip"), ["shop"], False),
        (rule("contains", "vip"), [], False), (rule("does_not_contain", "spam"), ["vip"], True),
        (rule("does_not_contain", "spam"), ["vip", "spam"], False), (rule("does_not_contain", "spam"), [], True),
        # What an older release let in.
        ({"survey_rules": "nonsense"}, [], True), ({"survey_rules": {"values": "vip"}}, [], True),
        (rule(None, "vip"), ["vip"], True), (rule(None, "vip"), [], False),
    ],
)  # fmt: skip
def test_labels_decide_where_the_rules_name_some(config: dict[str, Any], labels: list[str], fits: bool) -> None:
    assert csat.verdict(config, labels, **DUE) is (Verdict.SEND if fits else Verdict.NONE)


def test_who_cannot_show_a_survey_reads_its_question_with_a_link() -> None:
    assert csat.told("How was it?", "https://x.test/1") == "How was it? https://x.test/1"
    for none in (None, "", csat.QUESTION):
        assert csat.told(none, "https://x.test/1") == "Please rate this conversation, https://x.test/1"


def test_an_answer_is_final_after_fourteen_days_of_the_calendar() -> None:
    assert not csat.is_locked(DAY - 1, 14 * DAY + DAY - 1)
    assert csat.is_locked(DAY - 1, 15 * DAY)
