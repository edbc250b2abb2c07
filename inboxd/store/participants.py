"""Who follows a conversation."""

from typing import Any

from inboxd.store.db import Tx
from inboxd.store.models import Participant


def of_conversation(tx: Tx, conversation_id: int) -> list[int]:
    """Their user ids, in the order in which they came."""
    return [one.user_id for one in tx.filter(Participant, conversation_id=conversation_id)]


def followed(account_id: int, user_id: int) -> Any:
    """A query of the conversations of the account that a user follows, for others to narrow theirs by."""
    return Participant.select(Participant.conversation_id).where(
        Participant.account_id == account_id, Participant.user_id == user_id
    )
