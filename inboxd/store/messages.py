"""Windows over the messages of a conversation, and what hangs on them."""

from typing import Any

from peewee import fn

from inboxd.domain.messages import PAGE, MessageType
from inboxd.store.db import Prepared, Tx, arg
from inboxd.store.models import Attachment, Contact, Message, User

_IN = Message.conversation_id == arg("conversation_id")
_CHAT: Any = (Message.private == 0) & (Message.message_type != int(MessageType.ACTIVITY))
_EVER = 2**62
LET_GO = "let go of "
"""Begins the signal that says which file's row was deleted; its digest follows."""

_BEFORE = Prepared(
    Message,
    lambda: Message.select().where(_IN, Message.id < arg("before")).order_by(Message.id.desc()).limit(arg("limit")),
)
_CHAT_BEFORE = Prepared(
    Message,
    lambda: (
        Message.select().where(_IN, _CHAT, Message.id < arg("before")).order_by(Message.id.desc()).limit(arg("limit"))
    ),
)
_LAST_NON_ACTIVITY = Prepared(
    Message,
    lambda: (
        Message.select()
        .where(_IN, Message.message_type != int(MessageType.ACTIVITY))
        .order_by(Message.id.desc())
        .limit(1)
    ),
)
_LAST_INCOMING = Prepared(
    Message,
    lambda: Message.select().where(_IN, Message.message_type == 0).order_by(Message.id.desc()).limit(1),
)
_BUSY = Prepared(
    Message,
    lambda: Message.select(Message.created_at).where(_IN).order_by(Message.id.desc()).limit(1).offset(arg("earlier")),
)
_UNREAD_BY_CONTACT = Prepared(
    Message,
    lambda: (
        Message.select()
        .where(
            _IN,
            Message.message_type != 0,
            Message.status.in_(("sent", "delivered")),
            Message.created_at <= arg("until"),
        )
        .order_by(Message.id)
    ),
)


def by_id(tx: Tx, conversation_id: int, message_id: int) -> Message | None:
    return tx.find(Message, id=message_id, conversation_id=conversation_id)


def latest(
    tx: Tx, conversation_id: int, *, before: int = _EVER, chat_only: bool = False, limit: int = PAGE
) -> list[Message]:
    """The newest messages with a lower id than `before`, oldest first. `chat_only`: no private, no activity."""
    prepared = _CHAT_BEFORE if chat_only else _BEFORE
    return tx.run(prepared, conversation_id=conversation_id, before=before, limit=limit)[::-1]


def between(tx: Tx, conversation_id: int, *, after: int, before: int | None, chat_only: bool) -> list[Message]:
    """`after` alone: up to 100 behind it. With `before`: from `after` on, up to 1000."""
    where = [Message.conversation_id == conversation_id]
    if before is None:
        where.append(Message.id > after)
    else:
        where += [Message.id >= after, Message.id < before]
    if chat_only:
        where.append(_CHAT)
    query = Message.select().where(*where).order_by(Message.id)
    return tx.all(query.limit(100 if before is None else 1000))


def last_chat(tx: Tx, conversation_id: int) -> Message | None:
    return _first(tx.run(_CHAT_BEFORE, conversation_id=conversation_id, before=_EVER, limit=1))


def last(tx: Tx, conversation_id: int) -> Message | None:
    return _first(tx.run(_BEFORE, conversation_id=conversation_id, before=_EVER, limit=1))


def last_non_activity(tx: Tx, conversation_id: int) -> Message | None:
    return _first(tx.run(_LAST_NON_ACTIVITY, conversation_id=conversation_id))


def last_incoming(tx: Tx, conversation_id: int) -> Message | None:
    return _first(tx.run(_LAST_INCOMING, conversation_id=conversation_id))


def _first(rows: list[Message]) -> Message | None:
    return rows[0] if rows else None


def is_busy(tx: Tx, conversation_id: int, *, after: int, limit: int) -> bool:
    """Whether at least `limit` messages came after a moment. Reads no more than `limit` index entries."""
    found = tx.tuples(_BUSY, conversation_id=conversation_id, earlier=limit - 1)
    return bool(found) and found[0][0] > after


def unread_by_contact(tx: Tx, conversation_id: int, until: int) -> list[Message]:
    return tx.run(_UNREAD_BY_CONTACT, conversation_id=conversation_id, until=until)


def twin(tx: Tx, conversation_id: int, source_id: str, fingerprint: str) -> Message | None:
    """The first message with this source_id and the same payload."""
    same = tx.filter(Message, conversation_id=conversation_id, source_id=source_id)
    return next((message for message in same if message.fingerprint == fingerprint), None)


def by_source_id(tx: Tx, conversation_id: int, source_id: str) -> Message | None:
    return tx.find(Message, conversation_id=conversation_id, source_id=source_id)


def newer_than(tx: Tx, conversation_id: int, moment: int | None) -> bool:
    newest = last(tx, conversation_id)
    return newest is not None and newest.created_at > (moment or 0)


def attachments(tx: Tx, messages: list[Message]) -> dict[int, list[Attachment]]:
    """The attachments of some messages, by message id."""
    found: dict[int, list[Attachment]] = {}
    if messages:
        ids = [message.id for message in messages]
        query = Attachment.select().where(Attachment.message_id.in_(ids)).order_by(Attachment.id)
        for attachment in tx.all(query):
            found.setdefault(attachment.message_id, []).append(attachment)
    return found


def senders(tx: Tx, messages: list[Message]) -> dict[tuple[str, int], Contact | User]:
    """Who wrote some messages, by (sender_type, sender_id)."""
    wanted = {(m.sender_type, m.sender_id) for m in messages if m.sender_type and m.sender_id}
    found: dict[tuple[str, int], Contact | User] = {}
    models: tuple[tuple[str, type[Contact] | type[User]], ...] = (("Contact", Contact), ("User", User))
    for kind, model in models:
        ids = [sender_id for sender_type, sender_id in wanted if sender_type == kind]
        if len(ids) == 1:
            one = tx.get(model, ids[0])
            rows: list[Any] = [one] if one else []
        else:
            rows = tx.all(model.select().where(model.id.in_(ids))) if ids else []
        found.update({(kind, row.id): row for row in rows})
    return found


def count(tx: Tx, account_id: int) -> int:
    total: int = tx.tuples(Message.select(fn.COUNT(Message.id)).where(Message.account_id == account_id))[0][0]
    return total


def has_attachment(tx: Tx, digest: str) -> bool:
    return tx.find(Attachment, digest=digest) is not None


def delete_attachments(tx: Tx, message_ids: Any) -> None:
    """Delete the attachment rows of these messages (ids or a query of them); the commit says which
    files may have become nobody's."""
    where = Attachment.message_id.in_(message_ids)
    for attachment in tx.all(Attachment.select().where(where)):
        tx.signals.add(LET_GO + attachment.digest)
    tx.execute(Attachment.delete().where(where))
