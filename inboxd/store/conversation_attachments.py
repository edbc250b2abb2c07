"""The files of a conversation, whichever message brought them."""

from peewee import fn

from inboxd.store import details
from inboxd.store.db import Tx
from inboxd.store.details import MessageDetails
from inboxd.store.models import Attachment, Message

PAGE = 100


def count(tx: Tx, conversation_id: int) -> int:
    query = (
        Attachment.select(fn.COUNT(Attachment.id))
        .join(Message, on=(Message.id == Attachment.message_id))
        .where(Message.conversation_id == conversation_id)
    )
    number: int = tx.tuples(query)[0][0]
    return number


def page(tx: Tx, conversation_id: int, page: int) -> list[tuple[Attachment, MessageDetails]]:
    """The newest first, each with its message. `page` counts from 1."""
    found = tx.all(
        Attachment.select()
        .join(Message, on=(Message.id == Attachment.message_id))
        .where(Message.conversation_id == conversation_id)
        # Files come with their messages, whose index need not be read beyond the page.
        .order_by(Message.id.desc(), Attachment.id.desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    rows = tx.all(Message.select().where(Message.id.in_({one.message_id for one in found}))) if found else []
    shown = {one.message.id: one for one in details.messages_details(tx, rows)}
    return [(one, shown[one.message_id]) for one in found]
