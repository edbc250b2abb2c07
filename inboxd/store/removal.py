"""Deleting conversations, with everything that exists only inside them."""

from typing import Any

from inboxd.store.db import Tx
from inboxd.store.messages import delete_attachments
from inboxd.store.models import (
    Conversation,
    CsatSurveyResponse,
    DraftMessage,
    Mention,
    Message,
    Notification,
    Participant,
    ReportingEvent,
    Tagging,
)

_INSIDE = (Message, Tagging, Participant, DraftMessage, Mention, CsatSurveyResponse, ReportingEvent)


def drop_conversations(tx: Tx, ids: Any) -> None:
    """Remove the conversations with these ids (a list or a query of them). Events and deliveries stay:
    they tell what happened."""
    delete_attachments(tx, Message.select(Message.id).where(Message.conversation_id.in_(ids)))
    for inside in _INSIDE:
        tx.execute(inside.delete().where(inside.conversation_id.in_(ids)))
    tx.execute(Notification.delete().where(Notification.primary_actor_id.in_(ids)))
    tx.execute(Conversation.delete().where(Conversation.id.in_(ids)))
