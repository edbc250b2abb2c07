"""What the caller was told of, and wants to be told of."""

from typing import Any

from inboxd.api.accounts import conversations, teams
from inboxd.api.web import Call, empty
from inboxd.domain.errors import NotFound, Refused
from inboxd.services import notifications
from inboxd.store import accounts
from inboxd.store import notifications as store
from inboxd.store.models import Conversation, Notification
from inboxd.wire import notifications as wire


def _own(call: Call) -> store.Own:
    user = call.caller.known_user
    return store.Own(call.account_id, user.id, call.caller.inbox_ids(call.tx), teams.of_caller(call))


def find(call: Call) -> Notification:
    notification = store.one(call.tx, _own(call), call.args["id"])
    if notification is None:
        raise NotFound
    return notification


def _listed(call: Call, found: list[Notification]) -> list[wire.Notification]:
    user = call.caller.known_user
    return [wire.notification(told, user, call.tx.links, call.tx.now) for told in store.told(call.tx, found)]


def index(call: Call) -> wire.Data:
    own, wanted = _own(call), call.values.get("includes") or []
    count, found = store.page(
        call.tx,
        own,
        read="read" in wanted,
        snoozed="snoozed" in wanted,
        oldest_first=call.values.get("sort_order") == "asc",
        page=max(1, call.values.get("page") or 1),
    )
    return {
        "data": {
            "meta": {
                "unread_count": store.unread_count(call.tx, own),
                "count": count,
                "current_page": call.request.values.get("page") or 1,
            },
            "payload": _listed(call, found),
        }
    }


def unread_count(call: Call) -> int:
    return store.unread_count(call.tx, _own(call))


def mark_read(call: Call, notification: Notification) -> wire.Notification:
    call.tx.update(notification, read_at=call.tx.now)
    return _listed(call, [notification])[0]


def mark_unread(call: Call, notification: Notification) -> wire.Notification:
    call.tx.update(notification, read_at=None)
    return _listed(call, [notification])[0]


def snooze(call: Call, notification: Notification) -> wire.Notification:
    if call.values.get("snoozed_until") is not None:
        notifications.snooze(call.tx, notification, call.values["snoozed_until"])
    return _listed(call, [notification])[0]


def delete(call: Call, notification: Notification) -> Any:
    call.tx.delete(Notification, id=notification.id)
    return empty()


def read_all(call: Call) -> Any:
    """Of everything, or of the conversation that is named."""
    conversation, number = None, call.values.get("primary_actor_id")
    if number is not None:
        conversation = call.tx.find(Conversation, id=number, account_id=call.account_id)
        if conversation is None or not conversations.reachable(call, [conversation.display_id]):
            raise NotFound
    notifications.read_all(call.tx, call.account_id, call.caller.known_user, conversation)
    return empty()


def delete_all(call: Call) -> Any:
    read_only = call.values.get("type") == "read"
    notifications.drop_all(call.tx, call.account_id, call.caller.known_user, read_only=read_only)
    return empty()


def show_settings(call: Call) -> wire.Settings:
    user_id = call.caller.known_user.id
    membership = accounts.membership(call.tx, call.account_id, user_id)
    if membership is None:
        raise NotFound
    return wire.settings(membership, notifications.settings(call.tx, call.account_id, user_id))


def update_settings(call: Call) -> wire.Settings:
    if not call.request.values.get("notification_settings"):
        raise Refused("param is missing or the value is empty: notification_settings")
    given = call.values["notification_settings"]
    notifications.choose(
        call.tx,
        call.account_id,
        call.caller.known_user.id,
        given.get("selected_email_flags"),
        given.get("selected_push_flags"),
    )
    return show_settings(call)
