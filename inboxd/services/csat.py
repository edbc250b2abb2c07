"""Satisfaction surveys: what is sent, and the answers."""

from typing import Any

from inboxd.domain import activity
from inboxd.domain import csat as rules
from inboxd.domain.messages import Draft, MessageType
from inboxd.services import effects
from inboxd.store import accounts, details
from inboxd.store import csat as store
from inboxd.store.db import Tx
from inboxd.store.details import Place
from inboxd.store.models import Conversation, CsatSurveyResponse, Message, User


def invitation(tx: Tx, conversation: Conversation) -> tuple[Place, Draft] | None:
    """The survey that a conversation which was just resolved is owed, and where it goes. Where it comes too
    late to be sent, agents read so."""
    inbox = accounts.inbox(tx, conversation.account_id, conversation.inbox_id)
    if inbox is None or not inbox.csat_survey_enabled:
        return None
    whole = details.of_conversation(tx, conversation, shown=[])
    verdict = rules.verdict(
        inbox.csat_config,
        conversation.label_list,
        enabled=inbox.csat_survey_enabled,
        blocked=whole.place.contact.blocked,
        asked_before=store.survey_of(tx, conversation.id) is not None,
        can_reply=whole.can_reply,
    )
    if verdict is rules.Verdict.TOO_LATE:
        effects.add_activity(tx, conversation, activity.SURVEY_NOT_SENT)
    if verdict is not rules.Verdict.SEND:
        return None
    return whole.place, Draft(
        rules.custom_question(inbox.csat_config) or rules.QUESTION,
        MessageType.TEMPLATE,
        content_type=rules.CONTENT_TYPE,
        content_attributes={"display_type": rules.display_type(inbox.csat_config)},
    )


def note(tx: Tx, conversation: Conversation, message: Message) -> None:
    """The answer that a survey message holds becomes a response, or changes the one there is. Raises
    Invalid for an answer that is none."""
    if message.content_type != rules.CONTENT_TYPE:
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
