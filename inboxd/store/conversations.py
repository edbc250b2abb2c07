"""Finding conversations."""

from peewee import fn

from inboxd.store import search
from inboxd.store.db import Tx
from inboxd.store.models import Conversation, Message, Tagging
from inboxd.store.removal import release, thin
from inboxd.store.rows import Prepared, arg


def by_uuid(tx: Tx, uuid: str) -> Conversation | None:
    return tx.find(Conversation, uuid=uuid)


def by_display_id(tx: Tx, account_id: int, display_id: int) -> Conversation | None:
    return tx.find(Conversation, account_id=account_id, display_id=display_id)


def forget_bot(tx: Tx, bot_id: int) -> bool:
    """Take a bot from a batch of the conversations it is assigned to; whether there may be more."""
    return release(tx, Conversation.assignee_agent_bot_id == bot_id, assignee_agent_bot_id=None)


def drop(tx: Tx, conversation_id: int) -> bool:
    """One step of removing a conversation with all that is in it; whether it was the last."""
    return not thin(tx, Conversation.select(Conversation.id).where(Conversation.id == conversation_id))


def display_ids(tx: Tx, conversation_ids: list[int]) -> dict[int, int]:
    """The numbers that people know conversations by."""
    return dict(
        tx.tuples(
            Conversation.select(Conversation.id, Conversation.display_id).where(Conversation.id.in_(conversation_ids))
        )
    )


def of_contact_inbox(tx: Tx, contact_inbox_id: int) -> list[Conversation]:
    return tx.filter(Conversation, contact_inbox_id=contact_inbox_id)


def of_contact(tx: Tx, contact_id: int, inbox_id: int) -> list[Conversation]:
    return tx.filter(Conversation, contact_id=contact_id, inbox_id=inbox_id)


def latest_unresolved(tx: Tx, contact_id: int, inbox_id: int) -> Conversation | None:
    """The contact's newest conversation in the inbox that is not resolved, under whatever source_id."""
    where = (
        Conversation.contact_id == contact_id,
        Conversation.inbox_id == inbox_id,
        Conversation.status != "resolved",
    )
    rows = tx.all(Conversation.select().where(*where).order_by(Conversation.id.desc()).limit(1))
    return rows[0] if rows else None


def named(
    tx: Tx, account_id: int, text: str, inbox_ids: frozenset[int] | None, *, limit: int, page: int
) -> list[Conversation]:
    """Conversations that have this number, or are with contacts that the text finds; the newest first."""
    matches = search.among(Conversation.contact_id, search.contact_ids(tx, account_id, text))
    if text.isascii() and text.isdigit() and len(text) < 16:
        matches |= Conversation.id.in_(
            Conversation.select(Conversation.id).where(
                Conversation.account_id == account_id, Conversation.display_id == int(text)
            )
        )
    query = Conversation.select().where(matches, Conversation.account_id + 0 == account_id)
    if inbox_ids is not None:
        query = query.where((Conversation.inbox_id + 0).in_(sorted(inbox_ids)))
    return tx.all(query.order_by((Conversation.id + 0).desc()).limit(limit).offset((page - 1) * limit))


_INCOMING = Prepared(
    Message,
    lambda: Message.select(fn.COUNT(Message.id)).where(
        Message.conversation_id == arg("conversation_id"), Message.message_type == 0, Message.created_at > arg("after")
    ),
)


def unread_count(tx: Tx, conversation_id: int, after: int) -> int:
    """Incoming messages after a moment."""
    count: int = tx.tuples(_INCOMING, conversation_id=conversation_id, after=after)[0][0]
    return count


_UNREAD_BY_CONTACT = Prepared(
    Message,
    lambda: (
        Message.select()
        .where(
            Message.conversation_id == arg("conversation_id"),
            Message.message_type != 0,
            Message.status.in_(("sent", "delivered")),
        )
        .order_by(Message.id.desc())
        .limit(arg("limit"))
    ),
)


def unread_by_contact(tx: Tx, conversation_id: int, limit: int) -> list[Message]:
    """The newest messages to the contact that it has not read, oldest first."""
    return tx.run(_UNREAD_BY_CONTACT, conversation_id=conversation_id, limit=limit)[::-1]


def idle(tx: Tx, account_id: int, before: int, limit: int, *, also_waiting: bool) -> list[int]:
    """Open conversations that were last active before a moment, the longest ago first."""
    where = [
        Conversation.account_id == account_id, Conversation.last_activity_at < before, Conversation.status == "open"
    ]  # fmt: skip
    if not also_waiting:
        where.append(Conversation.waiting_since.is_null())
    query = Conversation.select(Conversation.id).where(*where)
    order = (Conversation.last_activity_at, Conversation.id)
    return [conversation_id for (conversation_id,) in tx.tuples(query.order_by(*order).limit(limit))]


def retag(tx: Tx, conversation: Conversation, labels: list[str]) -> None:
    tx.delete(Tagging, conversation_id=conversation.id)
    for label in labels:
        tx.insert(Tagging, account_id=conversation.account_id, conversation_id=conversation.id, label=label)
