"""Deleting conversations, with everything that exists only inside them."""

from typing import Any

from inboxd.store.db import Tx
from inboxd.store.messages import delete_attachments
from inboxd.store.models import Conversation, DraftMessage, Message, Participant, Tagging


def drop_conversations(tx: Tx, ids: Any) -> None:
    """Remove the conversations with these ids (a list or a query of them). Events and deliveries stay:
    they tell what happened."""
    delete_attachments(tx, Message.select(Message.id).where(Message.conversation_id.in_(ids)))
    for inside in (Message, Tagging, Participant, DraftMessage):
        tx.execute(inside.delete().where(inside.conversation_id.in_(ids)))
    tx.execute(Conversation.delete().where(Conversation.id.in_(ids)))
