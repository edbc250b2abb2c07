"""Windows over the messages of a conversation, and what hangs on them."""

from typing import Any

from inboxd.domain.messages import PAGE, TO_CONTACT, MessageType
from inboxd.store.db import Tx
from inboxd.store.models import AgentBot, Attachment, Contact, Conversation, Message, Orphan, User
from inboxd.store.rows import Prepared, arg

Sender = Contact | User | AgentBot
"""Who may have written a message."""
_SENDERS: dict[str, type[Any]] = {"Contact": Contact, "User": User, "AgentBot": AgentBot}
_IN = Message.conversation_id == arg("conversation_id")
_EVER = 2**62
_LOOKED_AT = 500


def is_chat(row: Any) -> Any:
    """What a contact may see, as a condition on the table or an alias of it."""
    return (row.private == 0) & (row.message_type != int(MessageType.ACTIVITY))


_CHAT = is_chat(Message)
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
_LAST_INCOMING = Prepared(
    Message,
    lambda: (
        Message.select()
        .where(_IN, Message.message_type == 0)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
    ),
)
_HEARD = Prepared(
    Message,
    lambda: (
        Message.select(Message.id)
        .where(_IN, Message.message_type == 0, Message.created_at > arg("moment"))
        .order_by(Message.id.desc())
        .limit(1)
    ),
)
_LAST_REPLY = Prepared(
    Message,
    lambda: (
        Message.select()
        .where(
            _IN,
            Message.message_type == int(MessageType.OUTGOING),
            Message.private == 0,
            Message.sender_type == "User",
        )
        .order_by(Message.id.desc())
        .limit(1)
    ),
)
_LAST_TOLD = Prepared(
    Message,
    lambda: (
        Message.select()
        .where(_IN, Message.private == 0, Message.message_type.in_((arg("kind"), arg("other"))))
        .order_by(Message.id.desc())
        .limit(1)
    ),
)
_ANSWERED = Prepared(
    Message,
    lambda: (
        Message.select(Message.id)
        .where(_IN, Message.message_type.in_([int(kind) for kind in TO_CONTACT]))
        .order_by(Message.id)
        .limit(1)
    ),
)
_BUSY = Prepared(
    Message,
    lambda: Message.select(Message.created_at).where(_IN).order_by(Message.id.desc()).limit(1).offset(arg("earlier")),
)


def last_into_inbox(tx: Tx, account_id: int, inbox_id: int) -> Message | None:
    """The newest message that came into an inbox.

    Conversations by their last activity: no message is younger than that of its conversation, so the
    search ends at the first conversation that moved before the best message so far.
    """
    best: Message | None = None
    moved = (
        Conversation.select(Conversation.id, Conversation.last_activity_at)
        .where(Conversation.account_id == account_id, Conversation.inbox_id == inbox_id)
        .order_by(Conversation.last_activity_at.desc())
        .limit(_LOOKED_AT)
    )
    for conversation_id, last_activity_at in tx.tuples(moved):
        if best is not None and last_activity_at <= best.created_at:
            break
        newest = last_incoming(tx, conversation_id)
        if newest is not None and (best is None or newest.created_at > best.created_at):
            best = newest
    return best


def by_id(tx: Tx, conversation_id: int, message_id: int) -> Message | None:
    return tx.find(Message, id=message_id, conversation_id=conversation_id)


def latest(
    tx: Tx, conversation_id: int, *, before: int = _EVER, chat_only: bool = False, limit: int = PAGE
) -> list[Message]:
    """The newest messages with a lower id than `before`, oldest first. `chat_only`: no private, no activity."""
    prepared = _CHAT_BEFORE if chat_only else _BEFORE
    return _by_time(tx.run(prepared, conversation_id=conversation_id, before=before, limit=limit))


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
    return _by_time(tx.all(query.limit(100 if before is None else 1000)))


def _by_time(window: list[Message]) -> list[Message]:
    """Windows are cut by id; what was imported into one stands where it was said."""
    return sorted(window, key=lambda message: (message.created_at, message.id))


def last_chat(tx: Tx, conversation_id: int) -> Message | None:
    return _first(tx.run(_CHAT_BEFORE, conversation_id=conversation_id, before=_EVER, limit=1))


def last_incoming(tx: Tx, conversation_id: int) -> Message | None:
    """The contact's latest by its time: what was imported is old under a new id."""
    return _first(tx.run(_LAST_INCOMING, conversation_id=conversation_id))


def is_heard(tx: Tx, conversation_id: int, *, after: int) -> bool:
    """Whether the contact wrote after a moment."""
    return bool(tx.tuples(_HEARD, conversation_id=conversation_id, moment=after))


def last_responder(tx: Tx, conversation_id: int) -> int | None:
    """The user who wrote the latest public reply."""
    message = _first(tx.run(_LAST_REPLY, conversation_id=conversation_id))
    return message.sender_id if message else None


def last_told(tx: Tx, conversation_id: int, kinds: list[int]) -> Message | None:
    """The newest message of one or two kinds that is no note."""
    return _first(tx.run(_LAST_TOLD, conversation_id=conversation_id, kind=kinds[0], other=kinds[-1]))


def is_answered(tx: Tx, conversation_id: int) -> bool:
    """Whether there is anything of our side, notes and template messages included."""
    return bool(tx.tuples(_ANSWERED, conversation_id=conversation_id))


def _first(rows: list[Message]) -> Message | None:
    return rows[0] if rows else None


def is_busy(tx: Tx, conversation_id: int, *, after: int, limit: int) -> bool:
    """Whether at least `limit` messages came after a moment. Reads no more than `limit` index entries."""
    found = tx.tuples(_BUSY, conversation_id=conversation_id, earlier=limit - 1)
    return bool(found) and found[0][0] > after


def twin(tx: Tx, conversation_id: int, source_id: str, fingerprint: str, *, after: int) -> Message | None:
    """The first message after a moment with this source_id and the same payload."""
    same = tx.filter(Message, conversation_id=conversation_id, source_id=source_id)
    return next((one for one in same if one.fingerprint == fingerprint and one.created_at > after), None)


def by_source_id(tx: Tx, conversation_id: int, source_id: str) -> Message | None:
    return tx.find(Message, conversation_id=conversation_id, source_id=source_id)


def attachments(tx: Tx, messages: list[Message]) -> dict[int, list[Attachment]]:
    """The attachments of some messages, by message id."""
    found: dict[int, list[Attachment]] = {}
    if messages:
        ids = [message.id for message in messages]
        query = Attachment.select().where(Attachment.message_id.in_(ids)).order_by(Attachment.id)
        for attachment in tx.all(query):
            found.setdefault(attachment.message_id, []).append(attachment)
    return found


def senders(tx: Tx, messages: list[Message]) -> dict[tuple[str, int], Sender]:
    """Who wrote some messages, by (sender_type, sender_id)."""
    wanted = {(m.sender_type, m.sender_id) for m in messages if m.sender_type and m.sender_id}
    found: dict[tuple[str, int], Sender] = {}
    for kind, model in _SENDERS.items():
        ids = [sender_id for sender_type, sender_id in wanted if sender_type == kind]
        if len(ids) == 1:
            one = tx.get(model, ids[0])
            rows = [one] if one else []
        else:
            rows = tx.all(model.select().where(model.id.in_(ids))) if ids else []
        found.update({(kind, row.id): row for row in rows})
    return found


def has_attachment(tx: Tx, digest: str) -> bool:
    return tx.find(Attachment, digest=digest) is not None


def delete_attachments(tx: Tx, message_ids: Any) -> None:
    """Delete the attachment rows of these messages (ids or a query of them) and note their files,
    for upkeep to remove when nothing else has the same content."""
    where = Attachment.message_id.in_(message_ids)
    for digest in {attachment.digest for attachment in tx.all(Attachment.select().where(where))}:
        tx.insert(Orphan, digest=digest)
        tx.signals.add("orphans")
    tx.execute(Attachment.delete().where(where))


def orphans(tx: Tx, limit: int) -> list[Orphan]:
    return tx.all(Orphan.select().order_by(Orphan.id).limit(limit))
