"""Answers to satisfaction surveys as the application API shows them."""

from collections.abc import Iterable
from typing import Any, TypedDict

from inboxd.domain.links import Links
from inboxd.domain.spreadsheets import csv_text
from inboxd.store.csat import Line
from inboxd.store.models import AccountUser, Contact, CsatSurveyResponse, User
from inboxd.wire import api
from inboxd.wire.times import iso, seconds, seconds_or_none

_HEAD = ("Agent", "Rating", "Feedback", "Contact", "E-mail", "Phone number", "Conversation", "Date", "Review notes")


class Reviewer(TypedDict):
    id: int
    name: str


class Response(TypedDict):
    id: int
    rating: int
    feedback_message: str | None
    csat_review_notes: str | None
    review_notes_updated_at: int | None
    review_notes_updated_by: Reviewer | None
    account_id: int
    message_id: int
    contact: dict[str, Any] | None
    conversation_id: int
    assigned_agent: dict[str, Any] | None
    created_at: int


class Metrics(TypedDict):
    total_count: int
    ratings_count: dict[str, int]
    total_sent_messages_count: int


def response(
    row: CsatSurveyResponse,
    display_id: int,
    contact: Contact | None,
    agent: tuple[User, AccountUser | None] | None,
    reviewer: User | None,
    now: int,
    links: Links,
) -> Response:
    return {
        "id": row.id,
        "rating": row.rating,
        "feedback_message": row.feedback_message,
        "csat_review_notes": row.csat_review_notes,
        "review_notes_updated_at": seconds_or_none(row.review_notes_updated_at),
        "review_notes_updated_by": {"id": reviewer.id, "name": reviewer.name} if reviewer else None,
        "account_id": row.account_id,
        "message_id": row.message_id,
        "contact": api.contact(contact, links) if contact else None,
        "conversation_id": display_id,
        "assigned_agent": api.agent(*agent, now, links) if agent else None,
        "created_at": seconds(row.created_at),
    }


def metrics(ratings: dict[int, int], sent: int) -> Metrics:
    return {
        "total_count": sum(ratings.values()),
        "ratings_count": {str(rating): count for rating, count in ratings.items()},
        "total_sent_messages_count": sent,
    }


def table(lines: Iterable[Line], account_id: int, since: int, until: int, links: Links) -> str:
    """Responses for a spreadsheet, and below them the time they are from."""

    def cells(line: Line) -> tuple[Any, ...]:
        link = f"{links.base_url}/api/v1/accounts/{account_id}/conversations/{line.display_id}"
        return (
            line.agent, line.rating, line.feedback, line.contact, line.email, line.phone_number, link,
            iso(line.created_at), line.review_notes,
        )  # fmt: skip

    period = (f"Reporting period {iso(since)} to {iso(until)}",)
    return csv_text([_HEAD, *map(cells, lines), period])
