"""Answers to satisfaction surveys."""

from typing import Any

from inboxd.domain.errors import Invalid

RATINGS = range(1, 6)
_FEEDBACK_LIMIT = 20_000


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
    if feedback is not None and (not isinstance(feedback, str) or len(feedback) > _FEEDBACK_LIMIT):
        raise Invalid(f"Feedback message must be text of at most {_FEEDBACK_LIMIT} characters", "feedback_message")
    return int(rating), feedback
