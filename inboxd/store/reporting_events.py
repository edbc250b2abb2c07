"""What has happened to one conversation that reports know of."""

from peewee import fn

from inboxd.store.db import Tx
from inboxd.store.models import Message, ReportingEvent
from inboxd.store.rows import Prepared, arg

_LATEST = Prepared(
    ReportingEvent,
    lambda: (
        ReportingEvent.select(ReportingEvent.name, fn.MAX(ReportingEvent.created_at))
        .where(ReportingEvent.conversation_id == arg("conversation_id"), ReportingEvent.name != "reply_time")
        .group_by(ReportingEvent.name)
    ),
)
_HUMAN_OUTGOING = Prepared(
    Message,
    lambda: (
        Message.select(Message.id)
        .where(
            Message.conversation_id == arg("conversation_id"), Message.message_type == 1, Message.sender_type == "User"
        )
        .limit(1)
    ),
)


def latest(tx: Tx, conversation_id: int) -> dict[str, int]:
    """When each kind of event last happened; replies, of which there may be thousands, are left out."""
    return dict(tx.tuples(_LATEST, conversation_id=conversation_id))


def has_human_outgoing(tx: Tx, conversation_id: int) -> bool:
    """Whether somebody of the account ever wrote in it."""
    return bool(tx.tuples(_HUMAN_OUTGOING, conversation_id=conversation_id))
