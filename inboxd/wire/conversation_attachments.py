"""The shape of an attachment in the list of a conversation's files."""

from typing import Any

from inboxd.domain.links import Links
from inboxd.store.details import MessageDetails
from inboxd.store.models import Attachment
from inboxd.wire import push
from inboxd.wire.times import seconds

_KEYS = ("id", "message_id", "thumb_url", "data_url", "file_size", "file_type", "extension", "width", "height")


def attachment(row: Attachment, shown: MessageDetails, links: Links, now: int) -> dict[str, Any]:
    """`shown` is the message it came with."""
    whole = push.attachment(row, links)
    shape = {key: whole[key] for key in _KEYS} | {"created_at": seconds(shown.message.created_at)}
    if shown.sender is not None:
        shape["sender"] = push.sender(shown.sender, links, push.availability_status(shown.membership, now))
    return shape
