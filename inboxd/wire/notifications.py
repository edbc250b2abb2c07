"""Notifications and their settings as the application API shows them."""

from typing import Any, TypedDict

from inboxd.domain import notifications as words
from inboxd.domain.links import Links
from inboxd.store.details import MessageDetails
from inboxd.store.models import AccountUser, User
from inboxd.store.notifications import Told
from inboxd.wire import push, webhook
from inboxd.wire.times import iso, iso_or_none, seconds


class Notification(TypedDict):
    id: int
    notification_type: str
    push_message_title: str
    push_message_body: str
    primary_actor_type: str
    primary_actor_id: int
    primary_actor: dict[str, Any]
    read_at: str | None
    secondary_actor: dict[str, Any] | None
    user: dict[str, Any]
    created_at: int
    last_activity_at: int
    snoozed_until: str | None
    meta: dict[str, Any]


class Counts(TypedDict):
    unread_count: int
    count: int
    current_page: int | str


class Page(TypedDict):
    meta: Counts
    payload: list[Notification]


class Data(TypedDict):
    data: Page


class Settings(TypedDict):
    id: int
    user_id: int
    account_id: int
    all_email_flags: list[str]
    selected_email_flags: list[str]
    all_push_flags: list[str]
    selected_push_flags: list[str]


def notification(told: Told, user: User, links: Links, now: int) -> Notification:
    row, whole = told.row, told.conversation
    talk = webhook.conversation(whole, links)
    del talk["account"]
    newest = told.message or (whole.messages[-1] if whole.messages else None)
    snoozed = row.snoozed_until if (row.snoozed_until or 0) > now else None
    meta = dict(row.meta)
    if row.snoozed_until is not None:
        meta["last_snoozed_at"] = None if snoozed else iso(row.snoozed_until)
    return {
        "id": row.id,
        "notification_type": row.notification_type,
        "push_message_title": words.title(row.notification_type, whole.conversation.display_id, whole.place.inbox.name),
        "push_message_body": _body(newest),
        "primary_actor_type": "Conversation",
        "primary_actor_id": row.primary_actor_id,
        "primary_actor": talk,
        "read_at": iso_or_none(row.read_at),
        "secondary_actor": _secondary(told, links, now),
        "user": push.user(user, links),
        "created_at": seconds(row.created_at),
        "last_activity_at": seconds(row.last_activity_at),
        "snoozed_until": iso_or_none(snoozed),
        "meta": meta,
    }


def _body(shown: MessageDetails | None) -> str:
    if shown is None:
        return ""
    return words.body(shown.sender.name if shown.sender is not None else None, shown.message.content)


def _secondary(told: Told, links: Links, now: int) -> dict[str, Any] | None:
    if told.cause is not None:
        return push.user(told.cause, links)
    shown, whole = told.message, told.conversation
    if shown is None:
        return None
    return push.message(
        shown.message,
        whole.conversation,
        source_id=whole.place.contact_inbox.source_id,
        unread_count=whole.unread_count,
        sender_row=shown.sender,
        availability=push.availability_status(shown.membership, now),
        attachments=shown.attachments,
        links=links,
        webhook=False,
    )


def settings(membership: AccountUser, selected: tuple[list[str], list[str]]) -> Settings:
    """The id is the membership's: there is one of these to each, chosen or not."""
    return {
        "id": membership.id,
        "user_id": membership.user_id,
        "account_id": membership.account_id,
        "all_email_flags": words.flags("email"),
        "selected_email_flags": selected[0],
        "all_push_flags": words.flags("push"),
        "selected_push_flags": selected[1],
    }
