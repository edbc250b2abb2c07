"""What people do with a whole conversation: mark it unread, mute it, delete it."""

from inboxd.domain import activity
from inboxd.domain.events import Actor
from inboxd.services import contacts, conversations, effects
from inboxd.store import conversations as store
from inboxd.store import messages
from inboxd.store.db import Tx
from inboxd.store.models import Contact, Conversation


def mark_unread(tx: Tx, conversation: Conversation) -> None:
    """As if nobody had read the last message of the contact."""
    last = messages.last_incoming(tx, conversation.id)
    seen = last.created_at - 1000 if last else None
    tx.update(
        conversation,
        agent_last_seen_at=seen,
        assignee_last_seen_at=seen,
        unread_count=store.unread_count(tx, conversation.id, seen) if seen is not None else 0,
    )


def mute(tx: Tx, conversation: Conversation, actor: Actor) -> None:
    """Resolve it and block its contact."""
    conversations.set_status(tx, conversation, actor, "resolved")
    _block(tx, conversation, blocked=True)
    effects.add_activity(tx, conversation, activity.muted(actor.name))


def unmute(tx: Tx, conversation: Conversation, actor: Actor) -> None:
    """Let the contact write again; the status stays."""
    _block(tx, conversation, blocked=False)
    effects.add_activity(tx, conversation, activity.unmuted(actor.name))


def _block(tx: Tx, conversation: Conversation, *, blocked: bool) -> None:
    contact = tx.get(Contact, conversation.contact_id)
    if contact is not None:
        contacts.update(tx, contact, {"blocked": blocked})


def delete(tx: Tx, conversation: Conversation) -> bool:
    """One step of it; whether it was the last."""
    return store.drop(tx, conversation.id)
