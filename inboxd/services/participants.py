"""Following a conversation without being its assignee."""

from inboxd.services import people
from inboxd.store import participants as store
from inboxd.store.db import Tx
from inboxd.store.models import Conversation, Participant


def add(tx: Tx, conversation: Conversation, user_ids: list[int]) -> list[int]:
    """Let these users follow; returns those who newly do. Who could not be assigned here is left out."""
    able = people.assignable(tx, conversation.account_id, [conversation.inbox_id])
    present = store.of_conversation(tx, conversation.id)
    added = [user_id for user_id in dict.fromkeys(user_ids) if user_id in able and user_id not in present]
    for user_id in added:
        tx.insert(Participant, account_id=conversation.account_id, conversation_id=conversation.id, user_id=user_id)
    return added


def replace(tx: Tx, conversation: Conversation, user_ids: list[int]) -> None:
    """Let exactly these users follow, as far as they can be assigned here."""
    add(tx, conversation, user_ids)
    gone = [user_id for user_id in store.of_conversation(tx, conversation.id) if user_id not in user_ids]
    remove(tx, conversation, gone)


def remove(tx: Tx, conversation: Conversation, user_ids: list[int]) -> None:
    for user_id in user_ids:
        tx.delete(Participant, conversation_id=conversation.id, user_id=user_id)
