"""Answers to satisfaction surveys."""

from typing import Any

from inboxd.domain import csat as rules
from inboxd.store import csat as store
from inboxd.store.db import Tx
from inboxd.store.models import Conversation, CsatSurveyResponse, Message, User


def note(tx: Tx, conversation: Conversation, message: Message) -> None:
    """The answer that a survey message holds becomes a response, or changes the one there is. Raises
    Invalid for an answer that is none."""
    if message.content_type != "input_csat":
        return
    given = rules.answer(message.content_attributes)
    if given is None:
        return
    values: dict[str, Any] = {"rating": given[0], "feedback_message": given[1]}
    known = store.of_message(tx, message.id)
    if known is not None:
        tx.update(known, **values)
        return
    tx.insert(
        CsatSurveyResponse,
        account_id=conversation.account_id,
        conversation_id=conversation.id,
        message_id=message.id,
        contact_id=conversation.contact_id,
        assigned_agent_id=conversation.assignee_id,
        **values,
    )


def review(tx: Tx, response: CsatSurveyResponse, reviewer: User, notes: str | None) -> None:
    tx.update(response, csat_review_notes=notes, review_notes_updated_at=tx.now, review_notes_updated_by_id=reviewer.id)
