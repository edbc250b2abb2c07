"""Deleting conversations, with everything that exists only inside them, and whom they were given to."""

from typing import Any

from inboxd.store.db import Tx
from inboxd.store.messages import delete_attachments
from inboxd.store.models import (
    ContactInbox,
    Conversation,
    CsatSurveyResponse,
    DraftMessage,
    Mail,
    Mention,
    Message,
    Notification,
    Participant,
    ReportingEvent,
    Tagging,
)

_MESSAGES = 250
_TALKS = 20
_INSIDE = (Message, Tagging, Participant, DraftMessage, Mention, CsatSurveyResponse, ReportingEvent, Mail)


def drop_conversations(tx: Tx, ids: list[int]) -> None:
    """Events and deliveries stay: they tell what happened."""
    delete_attachments(tx, Message.select(Message.id).where(Message.conversation_id.in_(ids)))
    for inside in _INSIDE:
        tx.execute(inside.delete().where(inside.conversation_id.in_(ids)))
    tx.execute(Notification.delete().where(Notification.primary_actor_id.in_(ids)))
    tx.execute(Conversation.delete().where(Conversation.id.in_(ids)))


def thin(tx: Tx, talks: Any) -> bool:
    """Remove some of the conversations that a query of ids finds, or a part of a long one; whether there may
    be more."""
    ids = _some(tx, talks, _TALKS)
    messages = _some(tx, Message.select(Message.id).where(Message.conversation_id.in_(ids)), _MESSAGES)
    if len(messages) == _MESSAGES:
        delete_attachments(tx, messages)
        tx.execute(Message.delete().where(Message.id.in_(messages)))
        return True
    # Every reply of a long talk was an event of its reports.
    events = _some(
        tx, ReportingEvent.select(ReportingEvent.id).where(ReportingEvent.conversation_id.in_(ids)), _MESSAGES
    )
    if len(events) == _MESSAGES:
        tx.execute(ReportingEvent.delete().where(ReportingEvent.id.in_(events)))
        return True
    drop_conversations(tx, ids)
    return len(ids) == _TALKS


def thin_places(tx: Tx, inbox_id: int) -> bool:
    """The same with the contact_inboxes of an inbox without conversations."""
    ids = _some(tx, ContactInbox.select(ContactInbox.id).where(ContactInbox.inbox_id == inbox_id), _MESSAGES)
    tx.execute(ContactInbox.delete().where(ContactInbox.id.in_(ids)))
    return len(ids) == _MESSAGES


def release(tx: Tx, owned: Any, **values: Any) -> bool:
    """Take a batch of such conversations from somebody who goes; whether there may be more."""
    ids = _some(tx, Conversation.select(Conversation.id).where(owned), _MESSAGES)
    tx.execute(Conversation.update(**values).where(Conversation.id.in_(ids)))
    return len(ids) == _MESSAGES


def _some(tx: Tx, query: Any, limit: int) -> list[int]:
    return [number for (number,) in tx.tuples(query.limit(limit))]
