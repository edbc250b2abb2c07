"""Who was mentioned where."""

from typing import Any

from inboxd.store.db import Tx
from inboxd.store.models import Conversation, Mention


def note(tx: Tx, conversation: Conversation, user_id: int) -> None:
    """A user was mentioned in a conversation now, for the first time or again."""
    known = tx.find(Mention, conversation_id=conversation.id, user_id=user_id)
    if known is not None:
        tx.update(known, created_at=tx.now)
    else:
        tx.insert(Mention, account_id=conversation.account_id, conversation_id=conversation.id, user_id=user_id)


def of_user(account_id: int, user_id: int) -> Any:
    """A query of the conversations of the account that mention a user, for others to narrow theirs by."""
    return Mention.select(Mention.conversation_id).where(Mention.account_id == account_id, Mention.user_id == user_id)
