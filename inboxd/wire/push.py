"""Push forms: senders, and the message inside a conversation. Used by REST and webhooks alike."""

from typing import Any

from inboxd.domain import links as file_names
from inboxd.domain.links import Links
from inboxd.store.messages import Sender
from inboxd.store.models import AccountUser, AgentBot, Attachment, Contact, Conversation, Message, User
from inboxd.wire.times import iso, seconds

ONLINE_MS = 5 * 60 * 1000
"""How long an authenticated call keeps a user online."""


def availability_status(membership: AccountUser | None, now: int) -> str | None:
    if membership is None:
        return None
    if membership.auto_offline and now - (membership.active_at or 0) > ONLINE_MS:
        return "offline"
    return membership.availability


def contact(row: Contact, links: Links) -> dict[str, Any]:
    return {
        "additional_attributes": row.additional_attributes,
        "custom_attributes": row.custom_attributes,
        "email": row.email,
        "id": row.id,
        "identifier": row.identifier,
        "name": row.name,
        "phone_number": row.phone_number,
        "thumbnail": links.avatar(row.avatar),
        "blocked": row.blocked,
        "type": "contact",
    }


def user(row: User, links: Links, availability: str | None = None) -> dict[str, Any]:
    picture = links.avatar(row.avatar)
    return {
        "id": row.id,
        "name": row.name,
        "available_name": row.display_name or row.name,
        "avatar_url": picture,
        "type": "user",
        "availability_status": availability,
        "thumbnail": picture,
    }


def agent_bot(row: AgentBot, links: Links) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "avatar_url": links.avatar(row.avatar), "type": "agent_bot"}


def sender(row: Sender, links: Links, availability: str | None = None) -> dict[str, Any]:
    if isinstance(row, AgentBot):
        return agent_bot(row, links)
    return contact(row, links) if isinstance(row, Contact) else user(row, links, availability)


def attachment(row: Attachment, links: Links) -> dict[str, Any]:
    url = links.attachment(row.id, row.filename)
    shape = {
        "id": row.id,
        "message_id": row.message_id,
        "file_type": row.file_type,
        "account_id": row.account_id,
        "extension": file_names.extension(row.filename),
        "content_type": row.content_type,
        "data_url": url,
        "thumb_url": url if row.file_type == "image" else "",
        "file_size": row.file_size,
        "width": None,
        "height": None,
    }
    if row.file_type == "audio":
        shape["transcribed_text"] = ""
    return shape


def normalised(content: str | None) -> str | None:
    """Text as webhooks carry it: a markdown hard break is a newline, trailing newlines are gone."""
    return None if content is None else content.replace("\\\n", "\n").rstrip("\n")


def message(
    row: Message,
    conversation: Conversation,
    *,
    source_id: str,
    unread_count: int,
    sender_row: Sender | None,
    availability: str | None = None,
    attachments: list[Attachment],
    links: Links,
    webhook: bool,
) -> dict[str, Any]:
    """The message nested in a conversation. `source_id` is its contact_inbox's; `webhook` normalises text.

    `availability` is that of a sending user; webhooks never know it.
    """
    content = normalised(row.content) if webhook else row.content
    shape: dict[str, Any] = {
        "id": row.id,
        "content": content,
        "account_id": row.account_id,
        "inbox_id": row.inbox_id,
        "conversation_id": conversation.display_id,
        "message_type": row.message_type,
        "created_at": seconds(row.created_at),
        "updated_at": iso(row.updated_at),
        "private": row.private,
        "status": row.status,
        "source_id": row.source_id,
        "content_type": row.content_type,
        "content_attributes": row.content_attributes,
        "sender_type": row.sender_type,
        "sender_id": row.sender_id,
        "external_source_ids": {},
        "additional_attributes": row.additional_attributes,
        "processed_message_content": content,
        "sentiment": {},
        "conversation": {
            "assignee_id": conversation.assignee_id,
            "unread_count": unread_count,
            "last_activity_at": seconds(conversation.last_activity_at),
            "contact_inbox": {"source_id": source_id},
        },
    }
    if attachments:
        shape["attachments"] = [attachment(one, links) for one in attachments]
    if sender_row is not None:
        shape["sender"] = sender(sender_row, links, availability)
    return shape
