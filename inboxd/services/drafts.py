"""The unsent reply that the people of a conversation share."""

from inboxd.store.db import Tx
from inboxd.store.models import Conversation, DraftMessage


def of_conversation(tx: Tx, conversation: Conversation) -> str | None:
    """Its text, or None when there is no draft; a blank one is a draft too."""
    draft = tx.find(DraftMessage, conversation_id=conversation.id)
    return draft.message if draft else None


def keep(tx: Tx, conversation: Conversation, text: str) -> None:
    draft = tx.find(DraftMessage, conversation_id=conversation.id)
    if draft is not None:
        tx.update(draft, message=text)
        return
    tx.insert(DraftMessage, account_id=conversation.account_id, conversation_id=conversation.id, message=text)


def discard(tx: Tx, conversation: Conversation) -> None:
    tx.delete(DraftMessage, conversation_id=conversation.id)
