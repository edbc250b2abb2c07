"""What searches find, as the application API shows it."""

from typing import Any, TypedDict

from inboxd.domain.links import Links
from inboxd.store.details import MessageDetails, Place
from inboxd.store.models import Contact, Conversation, Inbox, User
from inboxd.wire import api
from inboxd.wire.times import seconds, seconds_or_none


class ContactName(TypedDict):
    id: int
    name: str


class InboxName(TypedDict):
    id: int
    name: str
    channel_type: str


class _Hit(TypedDict):
    content: str | None
    id: int
    message_type: int
    created_at: int


class Hit(_Hit, total=False):
    """`sender_name` is there when somebody is known to have written it."""

    sender_name: str


class ConversationHit(TypedDict):
    id: int
    uuid: str
    created_at: int
    contact: ContactName
    inbox: InboxName
    messages: list[Hit]
    account_id: int


class Counts(TypedDict):
    mine_count: int
    unassigned_count: int
    all_count: int


class Conversations(TypedDict):
    meta: Counts
    payload: list[ConversationHit]


class FoundInbox(InboxName):
    channel_id: int


class FoundAgent(TypedDict):
    id: int
    available_name: str
    email: str
    name: str


class FoundContact(TypedDict):
    id: int
    name: str
    email: str | None
    phone_number: str | None
    identifier: str | None
    additional_attributes: dict[str, Any]
    last_activity_at: int | None


class _FoundConversation(TypedDict):
    id: int
    uuid: str
    account_id: int
    created_at: int
    additional_attributes: dict[str, Any]
    contact: FoundContact
    inbox: FoundInbox
    message: dict[str, Any] | None


class FoundConversation(_FoundConversation, total=False):
    """`message` is the newest; `agent` is there when somebody is assigned."""

    agent: FoundAgent


class FoundConversations(TypedDict):
    conversations: list[FoundConversation]


class FoundContacts(TypedDict):
    contacts: list[FoundContact]


class FoundMessages(TypedDict):
    messages: list[dict[str, Any]]


class FoundArticles(TypedDict):
    articles: list[dict[str, Any]]


class Everything(FoundConversations, FoundContacts, FoundMessages, FoundArticles):
    pass


def counts(meta: dict[str, int]) -> Counts:
    """Without `assigned_count`, which lists alone have."""
    return {
        "mine_count": meta["mine_count"],
        "unassigned_count": meta["unassigned_count"],
        "all_count": meta["all_count"],
    }


def conversation_hit(row: Conversation, place: Place, hits: list[MessageDetails]) -> ConversationHit:
    return {
        "id": row.display_id,
        "uuid": row.uuid,
        "created_at": seconds(row.created_at),
        "contact": {"id": place.contact.id, "name": place.contact.name},
        "inbox": {"id": place.inbox.id, "name": place.inbox.name, "channel_type": "Channel::Api"},
        "messages": [_hit(one) for one in hits],
        "account_id": row.account_id,
    }


def _hit(shown: MessageDetails) -> Hit:
    row = shown.message
    shape: Hit = {
        "content": row.content,
        "id": row.id,
        "message_type": row.message_type,
        "created_at": seconds(row.created_at),
    }
    if shown.sender is not None:
        shape["sender_name"] = shown.sender.name
    return shape


def conversation(
    row: Conversation, place: Place, assignee: User | None, last: MessageDetails | None, links: Links, now: int
) -> FoundConversation:
    shape: FoundConversation = {
        "id": row.display_id,
        "uuid": row.uuid,
        "account_id": row.account_id,
        "created_at": seconds(row.created_at),
        "additional_attributes": row.additional_attributes,
        "contact": contact(place.contact),
        "inbox": inbox(place.inbox),
        "message": message(last, row.display_id, place.inbox, links, now) if last else None,
    }
    if assignee is not None:
        shape["agent"] = agent(assignee)
    return shape


def contact(row: Contact) -> FoundContact:
    return {
        "id": row.id,
        "name": row.name,
        "email": row.email,
        "phone_number": row.phone_number,
        "identifier": row.identifier,
        "additional_attributes": row.additional_attributes,
        "last_activity_at": seconds_or_none(row.last_activity_at),
    }


def message(shown: MessageDetails, display_id: int, inbox_of: Inbox, links: Links, now: int) -> dict[str, Any]:
    return {**api.message(shown, display_id, links, now), "inbox": inbox(inbox_of)}


def inbox(row: Inbox) -> FoundInbox:
    return {"id": row.id, "channel_id": row.id, "name": row.name, "channel_type": "Channel::Api"}


def agent(row: User) -> FoundAgent:
    return {"id": row.id, "available_name": row.display_name or row.name, "email": row.email, "name": row.name}
