"""Webhook payloads: an entity's fields beside the `event` key, as state was at commit.

A third shape of the same rows on purpose: REST, push and webhook differ in types and keys, and
every client in the wild depends on its own one.
"""

from typing import Any
from urllib.parse import urlsplit

from inboxd.domain import csat
from inboxd.domain.links import Links
from inboxd.domain.messages import MessageType
from inboxd.store.db import Changes
from inboxd.store.details import ConversationDetails, MessageDetails
from inboxd.store.messages import Sender
from inboxd.store.models import Account, AgentBot, Contact, ContactInbox, Delivery, Event, Inbox, User, Webhook
from inboxd.wire import jsons, push
from inboxd.wire.times import float_seconds, iso, iso_or_none, seconds

THIN_BEYOND = 256_000
"""Bytes of a payload beyond which receivers get its thin form: proxies and functions in front of
them refuse what is larger."""
_SHORT = 1_000
_UNSAID = {"unread_count", "avatar"}
_MOMENTS = {"snoozed_until", "waiting_since"}
_TYPE_WORDS = {int(kind): kind.word for kind in MessageType}


def changed_attributes(changes: Changes) -> list[dict[str, Any]]:
    """`[{"status": {"previous_value": "open", "current_value": "resolved"}}, …]`."""
    return [
        {name: {"previous_value": _plain(name, before), "current_value": _plain(name, after)}}
        for name, (before, after) in changes.items()
        if name not in _UNSAID
    ]


def _plain(name: str, value: Any) -> Any:
    return iso(value) if isinstance(value, int) and (name.endswith("_at") or name in _MOMENTS) else value


def account(row: Account) -> dict[str, Any]:
    return {"id": row.id, "name": row.name}


def contact(row: Contact, account_row: Account, links: Links) -> dict[str, Any]:
    picture = links.avatar(row.avatar)
    return {
        "account": account(account_row),
        "additional_attributes": row.additional_attributes,
        "avatar": picture,
        "custom_attributes": row.custom_attributes,
        "email": row.email,
        "id": row.id,
        "identifier": row.identifier,
        "name": row.name,
        "phone_number": row.phone_number,
        "thumbnail": picture,
        "blocked": row.blocked,
    }


def user(row: User) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "email": row.email, "type": "user"}


def sender(row: Sender | None, account_row: Account, links: Links) -> dict[str, Any] | None:
    if row is None:
        return None
    if isinstance(row, AgentBot):
        return {"id": row.id, "name": row.name, "type": "agent_bot"}
    return contact(row, account_row, links) if isinstance(row, Contact) else user(row)


def contact_inbox(row: ContactInbox) -> dict[str, Any]:
    """`pubsub_token` stays as a key and never as a value: it opens the contact's live stream."""
    return {
        "id": row.id,
        "contact_id": row.contact_id,
        "inbox_id": row.inbox_id,
        "source_id": row.source_id,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "hmac_verified": row.hmac_verified,
        "pubsub_token": None,
    }


def conversation(details: ConversationDetails, links: Links) -> dict[str, Any]:
    row, place = details.conversation, details.place
    assignee, kind = None, None
    if details.assignee is not None:
        assignee, kind = push.user(details.assignee, links), "User"
    elif details.bot is not None:
        assignee, kind = push.agent_bot(details.bot[0], links), "AgentBot"
    return {
        "additional_attributes": row.additional_attributes,
        "can_reply": details.can_reply,
        "channel": "Channel::Api",
        "contact_inbox": contact_inbox(place.contact_inbox),
        "id": row.display_id,
        "inbox_id": row.inbox_id,
        "messages": [
            push.message(
                shown.message,
                row,
                source_id=place.contact_inbox.source_id,
                unread_count=details.unread_count,
                sender_row=shown.sender,
                attachments=shown.attachments,
                links=links,
                webhook=True,
            )
            for shown in details.messages
        ],
        "labels": row.label_list,
        "meta": {
            "sender": push.contact(place.contact, links),
            "assignee": assignee,
            "assignee_type": kind,
            "team": {"id": details.team.id, "name": details.team.name} if details.team else None,
            "hmac_verified": place.contact_inbox.hmac_verified,
        },
        "status": row.status,
        "custom_attributes": row.custom_attributes,
        "snoozed_until": iso_or_none(row.snoozed_until),
        "unread_count": details.unread_count,
        "first_reply_created_at": iso_or_none(row.first_reply_created_at),
        "priority": row.priority,
        "waiting_since": seconds(row.waiting_since),
        "agent_last_seen_at": seconds(row.agent_last_seen_at),
        "contact_last_seen_at": seconds(row.contact_last_seen_at),
        "last_activity_at": seconds(row.last_activity_at),
        "timestamp": seconds(row.last_activity_at),
        "created_at": seconds(row.created_at),
        "updated_at": float_seconds(row.updated_at),
        "account": account(place.account),
    }


def message(shown: MessageDetails, details: ConversationDetails, links: Links) -> dict[str, Any]:
    row, place = shown.message, details.place
    shape: dict[str, Any] = {
        "account": account(place.account),
        "additional_attributes": row.additional_attributes,
        "content_attributes": row.content_attributes,
        "content_type": row.content_type,
        "content": push.normalised(_told(shown, details, links)),
        "conversation": conversation(details, links),
        "created_at": iso(row.created_at),
        "id": row.id,
        "inbox": {"id": place.inbox.id, "name": place.inbox.name},
        "message_type": _TYPE_WORDS[row.message_type],
        "private": row.private,
        "sender": sender(shown.sender, place.account, links),
        "source_id": row.source_id,
    }
    if shown.attachments:
        # No key at all when there are none: a bridge takes an empty list for a file.
        shape["attachments"] = [push.attachment(one, links) for one in shown.attachments]
    return shape


def _told(shown: MessageDetails, details: ConversationDetails, links: Links) -> str | None:
    row = shown.message
    if row.content_type != csat.CONTENT_TYPE or row.private:
        return row.content
    return csat.told(row.content, links.survey(details.conversation.uuid))


def typing(details: ConversationDetails, typist: Sender, links: Links, *, private: bool) -> dict[str, Any]:
    return {
        "user": sender(typist, details.place.account, links),
        "conversation": conversation(details, links),
        "is_private": private,
    }


def inbox(row: Inbox, webhook: Webhook, account_row: Account) -> dict[str, Any]:
    """With id and name, which Chatwoot forgot, and without the secrets it sends."""
    return {
        "id": row.id,
        "name": row.name,
        "allow_messages_after_resolved": row.allow_messages_after_resolved,
        "lock_to_single_conversation": row.lock_to_single_conversation,
        "auto_assignment_config": row.auto_assignment_config,
        "enable_auto_assignment": row.enable_auto_assignment,
        "enable_email_collect": row.enable_email_collect,
        "greeting_enabled": row.greeting_enabled,
        "greeting_message": row.greeting_message,
        "csat_survey_enabled": row.csat_survey_enabled,
        "business_name": row.business_name,
        "sender_name_type": row.sender_name_type,
        "timezone": row.timezone,
        "out_of_office_message": row.out_of_office_message,
        "working_hours_enabled": row.working_hours_enabled,
        "working_hours": row.working_hours,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "channel": {
            "id": row.id,
            "account_id": row.account_id,
            "webhook_url": webhook.url or None,
            "hmac_mandatory": row.hmac_mandatory,
            "additional_attributes": row.additional_attributes,
        },
        "account": account(account_row),
    }


def is_fat(text: str) -> bool:
    return 4 * len(text) > THIN_BEYOND and len(text.encode()) > THIN_BEYOND


def thin(payload: dict[str, Any], about: str, links: Links) -> dict[str, Any]:
    """What is left of a payload that is too large: ids, short words, and where to get the whole."""
    for key in ("source_id", "echo_id"):
        if len(payload.get(key) or "") > _SHORT:
            del payload[key]
    kept: dict[str, Any] = {
        key: payload[key]
        for key in (
            "event", "event_seq", "origin", "id", "inbox_id", "message_type", "content_type", "private", "status",
            "created_at", "updated_at", "account", "inbox", "source_id", "echo_id",
        )
        if key in payload
    }  # fmt: skip
    if "changed_attributes" in payload:
        changed = payload["changed_attributes"]
        kept["changed_attributes"] = [one for one in changed if len(jsons.dumps(one)) <= _SHORT]
    account_id = payload["account"]["id"] if "account" in payload else payload["conversation"]["account"]["id"]
    path = f"/api/v1/accounts/{account_id}"
    if about == "contact":
        path += f"/contacts/{payload['id']}"
    elif about == "inbox":
        path += f"/inboxes/{payload['id']}"
    else:
        talk = payload.get("conversation", payload)
        kept["conversation"] = {
            "id": talk["id"],
            "inbox_id": talk["inbox_id"],
            "status": talk["status"],
            "contact_inbox": talk["contact_inbox"],
        }
        path += f"/conversations/{talk['id']}" + ("/messages" if about == "message" else "")
    return kept | {"truncated": True, "url": links.base_url + path}


def about_webhook(row: Webhook, account_row: Account | None) -> dict[str, Any]:
    """Whom an operational event tells of. The host alone: paths and queries of webhooks hold secrets."""
    return {
        "account": account(account_row) if account_row else {"id": row.account_id, "name": ""},
        "webhook": {
            "id": row.id,
            "kind": row.kind,
            "name": row.name,
            "inbox_id": row.inbox_id,
            "agent_bot_id": row.agent_bot_id,
            "host": urlsplit(row.url).hostname,
        },
    }


def delivery(row: Delivery, event: Event) -> dict[str, Any]:
    return {
        "id": row.uuid,
        "event": event.name,
        "event_seq": event.seq,
        "attempt_count": row.attempt_count,
        "error": row.last_error,
    }


def braked(conversation_id: int, inbox_id: int | None, account_row: Account) -> dict[str, Any]:
    return {"account": account(account_row), "conversation": {"id": conversation_id, "inbox_id": inbox_id}}
