"""Deleting conversations, with everything that exists only inside them, and whom they were given to."""

from typing import Any

from inboxd.store import search
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

_MESSAGES = 100
_MERGED_PAGES = 50
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
    whole = not _thin_messages(tx, ids) and not _thin_reports(tx, ids)
    if whole:
        drop_conversations(tx, ids)
    # The index of messages lets go of them too.
    search.merge(tx, _MERGED_PAGES)
    return not whole or len(ids) == _TALKS


def _thin_messages(tx: Tx, ids: list[int]) -> bool:
    """Remove a batch of the messages of conversations, unless they are few."""
    inside = Message.conversation_id.in_(ids)
    found = search.portion(tx, inside, _MESSAGES)
    if len(found) < _MESSAGES and not tx.tuples(Message.select(Message.id).where(inside).limit(1).offset(len(found))):
        return False
    delete_attachments(tx, found)
    tx.execute(Message.delete().where(Message.id.in_(found)))
    return True


def _thin_reports(tx: Tx, ids: list[int]) -> bool:
    """The same with the events of their reports: every reply of a long talk was one."""
    inside = ReportingEvent.select(ReportingEvent.id).where(ReportingEvent.conversation_id.in_(ids))
    found = _some(tx, inside, _MESSAGES)
    if len(found) < _MESSAGES:
        return False
    tx.execute(ReportingEvent.delete().where(ReportingEvent.id.in_(found)))
    return True


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
