"""What the sub-resources of a contact look like."""

from typing import Any

from inboxd.domain.links import Links
from inboxd.store.details import MessageDetails
from inboxd.store.models import Attachment, Inbox
from inboxd.wire import api, conversation_attachments
from inboxd.wire import shapes_accounts as shapes


def contactable_inbox(row: Inbox, source_id: str, links: Links) -> shapes.ContactInbox:
    return {"inbox": api.inbox_slim(row, links), "source_id": source_id}


def attachment(row: Attachment, shown: MessageDetails, display_id: int, links: Links, now: int) -> dict[str, Any]:
    """A file in the list of a contact's: it also tells the conversation."""
    return conversation_attachments.attachment(row, shown, links, now) | {"conversation_id": display_id}
