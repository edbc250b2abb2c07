"""Satisfaction surveys: when one is sent, what it says, and what answers it."""

from collections.abc import Iterable
from enum import Enum
from typing import Any

from inboxd.domain.errors import Invalid
from inboxd.domain.retry import DAY_MS

RATINGS = range(1, 6)
FEEDBACK_LIMIT = 20_000
CONTENT_TYPE = "input_csat"
QUESTION = "Please rate the conversation"
LOCKED = "You cannot update the CSAT survey after 14 days"
DISPLAY_TYPES = ("emoji", "star")
_DAYS = 14


class Verdict(Enum):
    """What becomes of the survey of a conversation that was just resolved."""

    SEND = "it is sent"
    TOO_LATE = "it is due, but the contact can no longer be written to"
    NONE = "there is none"


def verdict(
    config: dict[str, Any], labels: Iterable[str], *, enabled: bool, blocked: bool, asked_before: bool, can_reply: bool
) -> Verdict:
    if not enabled or blocked or asked_before or not _labels_fit(config, labels):
        return Verdict.NONE
    return Verdict.SEND if can_reply else Verdict.TOO_LATE


def _labels_fit(config: dict[str, Any], labels: Iterable[str]) -> bool:
    rules = config.get("survey_rules")
    values = rules.get("values") if isinstance(rules, dict) else None
    if not isinstance(rules, dict) or not isinstance(values, list) or not values:
        return True
    has_any = any(label in values for label in labels)
    return has_any if rules.get("operator") != "does_not_contain" else not has_any


def custom_question(config: dict[str, Any]) -> str | None:
    """The account's own words, if it has some."""
    message = config.get("message")
    return message if isinstance(message, str) and message.strip() else None


def display_type(config: dict[str, Any]) -> str:
    kind = config.get("display_type")
    return kind if kind in DISPLAY_TYPES else DISPLAY_TYPES[0]


def told(question: str | None, link: str) -> str:
    """A survey as those read it who cannot show one: its question with the way to answer it."""
    return f"{question} {link}" if question and question != QUESTION else f"Please rate this conversation, {link}"


def is_locked(sent_at: int, now: int) -> bool:
    """Whether its answer is final. The days are those of the calendar."""
    return now // DAY_MS - sent_at // DAY_MS > _DAYS


def answer(content_attributes: dict[str, Any]) -> tuple[int, str | None] | None:
    """Rating and feedback among the submitted values of a message, if there are any. Raises Invalid for
    what is no rating from 1 to 5, and for feedback that is no text."""
    submitted = content_attributes.get("submitted_values")
    parts = submitted if isinstance(submitted, list) else [submitted]
    surveys = [
        part["csat_survey_response"] for part in parts if isinstance(part, dict) and "csat_survey_response" in part
    ]
    survey = surveys[0] if surveys else None
    if not isinstance(survey, dict) or survey.get("rating") in (None, ""):
        return None
    rating = survey["rating"]
    if isinstance(rating, bool) or str(rating) not in [str(number) for number in RATINGS]:
        raise Invalid("Rating must be a whole number from 1 to 5", "rating")
    feedback = survey.get("feedback_message")
    if feedback is not None and (not isinstance(feedback, str) or len(feedback) > FEEDBACK_LIMIT):
        raise Invalid(f"Feedback message must be text of at most {FEEDBACK_LIMIT} characters", "feedback_message")
    return int(rating), feedback
