"""Posting messages and changing them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inboxd.domain import activity
from inboxd.domain import conversations as rules
from inboxd.domain.errors import Invalid
from inboxd.domain.events import SYSTEM
from inboxd.domain.messages import DELETED_CONTENT, TO_CONTACT, Draft, MessageType, Upload, file_type, status_change
from inboxd.services import assignment, csat, effects, mentions, notifications, outbox, rendering, reporting, templates
from inboxd.store import accounts, deliveries, details
from inboxd.store import messages as store
from inboxd.store import outbox as queue
from inboxd.store.db import Changes, Tx
from inboxd.store.details import MessageDetails, Place
from inboxd.store.messages import Sender
from inboxd.store.models import Attachment, Conversation, Message, User
from inboxd.wire import jsons

TWIN_RETENTION_MS = 24 * 3_600_000
"""How long the same source_id with the same payload means the same message."""
REPLYING = ("User", "AgentBot")


@dataclass(frozen=True)
class Limits:
    """`per_minute`: messages a conversation takes within a minute before new ones are refused."""

    per_minute: int = rules.MINUTE_LIMIT


@dataclass(frozen=True)
class Posted:
    shown: MessageDetails
    replayed: bool


def post(
    tx: Tx, conversation: Conversation, place: Place, draft: Draft, sender: Sender | None, limits: Limits
) -> Posted:
    """Store the message with everything that follows from it.

    A draft whose source_id and payload were posted here before is answered with the first
    message. Raises Invalid when the conversation is flooded beyond the `limits`.
    """
    fingerprint = None
    if draft.source_id is not None:
        fingerprint = _fingerprint(draft, sender)
        twin = store.twin(tx, conversation.id, draft.source_id, fingerprint, after=tx.now - TWIN_RETENTION_MS)
        if twin is not None:
            return Posted(details.messages_details(tx, [twin])[0], replayed=True)
    if store.is_busy(tx, conversation.id, after=tx.now - 60_000, limit=limits.per_minute):
        raise Invalid("Too many messages", "base")
    shown = _store(tx, conversation, place, draft, sender, fingerprint)
    answer = templates.due(tx, conversation, place, shown.message)
    if answer is not None:
        tell(tx, conversation, place, answer)
    return Posted(shown, replayed=False)


def tell(tx: Tx, conversation: Conversation, place: Place, draft: Draft) -> MessageDetails:
    """Store a message that nobody wrote: inboxd's own, whoever gave cause for it. It is refused to nobody, for
    then its cause would be too, and left out for no webhook as its owner's."""
    cause = tx.origin, tx.token_id, tx.rule_id
    tx.origin, tx.token_id, tx.rule_id = "automation", None, None
    try:
        return _store(tx, conversation, place, draft, None)
    finally:
        tx.origin, tx.token_id, tx.rule_id = cause


def _store(
    tx: Tx,
    conversation: Conversation,
    place: Place,
    draft: Draft,
    sender: Sender | None,
    fingerprint: str | None = None,
) -> MessageDetails:
    message = tx.insert(
        Message,
        account_id=conversation.account_id,
        inbox_id=conversation.inbox_id,
        conversation_id=conversation.id,
        message_type=int(draft.message_type),
        content=rendering.content(conversation, place, draft, sender),
        content_type=draft.content_type,
        content_attributes=with_reply(tx, conversation, draft.content_attributes),
        additional_attributes=draft.additional_attributes,
        private=draft.private,
        source_id=draft.source_id,
        sender_type=type(sender).__name__ if sender is not None else None,
        sender_id=sender.id if sender is not None else None,
        fingerprint=fingerprint,
    )
    attachments = [attach(tx, message, upload) for upload in draft.uploads]
    membership = accounts.membership(tx, conversation.account_id, sender.id) if isinstance(sender, User) else None
    shown = MessageDetails(message, sender, attachments, membership)
    csat.note(tx, conversation, message)
    _follow_up(tx, conversation, place, shown, draft.echo_id)
    return shown


def _follow_up(tx: Tx, conversation: Conversation, place: Place, shown: MessageDetails, echo_id: str | None) -> None:
    """What a new message does to its conversation and contact, and the events in Chatwoot's order."""
    message = shown.message
    incoming = message.message_type == MessageType.INCOMING
    before = conversation.status
    values: dict[str, Any] = {"last_activity_at": tx.now}
    reply: dict[str, Any] = {}
    if incoming:
        values |= _come_in(tx, conversation, place)
        if conversation.waiting_since is None:
            reply["waiting_since"] = tx.now
    elif is_reply(message):
        if conversation.first_reply_created_at is None and message.sender_type == "User":
            reply["first_reply_created_at"] = tx.now
        if conversation.waiting_since is not None:
            reply["waiting_since"] = None
    changes = tx.update(conversation, **values, **reply)
    second: Changes = {name: changes.pop(name) for name in reply if name in changes}
    if second:
        second["updated_at"] = changes["updated_at"]
    if before == "resolved" and conversation.status == "open":
        effects.add_activity(tx, conversation, activity.SYSTEM_REOPENED)
    if "status" in changes:
        effects.follow(tx, conversation, changes, SYSTEM)
    contact_changes = tx.update(place.contact, last_activity_at=tx.now) if message.sender_type == "Contact" else {}

    whole = details.of_conversation(tx, conversation, place, _newest_chat(tx, conversation, shown))
    effects.announce(tx, whole, changes)
    if message.message_type != MessageType.ACTIVITY:
        outbox.message_event(tx, "message_created", shown, whole, echo_id=echo_id)
    if second:
        reporting.replied(tx, conversation, message, second)
        effects.announce(tx, whole, second)
    notifications.posted(tx, conversation, place.contact, message)
    mentions.note(tx, conversation, message)
    if contact_changes:
        outbox.contact_event(tx, "contact_updated", place.contact, contact_changes)


def is_reply(message: Message, authors: Sequence[str | None] = REPLYING) -> bool:
    """Whether somebody answers the contact: no note, no rule, and no campaign of another system."""
    return (
        message.message_type == MessageType.OUTGOING
        and not message.private
        and message.sender_type in authors
        and not message.additional_attributes.get("campaign_id")
    )


def _come_in(tx: Tx, conversation: Conversation, place: Place) -> dict[str, Any]:
    """What the contact's writing makes of the conversation."""
    values: dict[str, Any] = {"unread_count": conversation.unread_count + 1}
    has_bot = bool(accounts.inbox_bot_id(tx, place.inbox.id))
    status = rules.after_incoming(conversation.status, blocked=place.contact.blocked, has_bot=has_bot)
    if status != conversation.status:
        values |= rules.with_status(status)
        if status == "open":
            values["assignee_id"] = assignment.on_reopening(tx, conversation)
            if values["assignee_id"] is not None:
                values["assignee_agent_bot_id"] = None
    return values


def _newest_chat(tx: Tx, conversation: Conversation, shown: MessageDetails) -> list[MessageDetails]:
    """The message itself, unless it is one that `messages[0]` of a webhook never shows."""
    message = shown.message
    if not message.private and message.message_type != MessageType.ACTIVITY:
        return [shown]
    last = store.last_chat(tx, conversation.id)
    return details.messages_details(tx, [last] if last else [])


def with_reply(tx: Tx, conversation: Conversation, attributes: dict[str, Any]) -> dict[str, Any]:
    """Fill in the other half of a reply: the replied message's id or its source_id."""
    if attributes.get("in_reply_to") not in (None, ""):
        given = str(attributes["in_reply_to"])
        replied = store.by_id(tx, conversation.id, int(given)) if given.isdecimal() and len(given) < 19 else None
    elif attributes.get("in_reply_to_external_id") not in (None, ""):
        replied = store.by_source_id(tx, conversation.id, str(attributes["in_reply_to_external_id"]))
    else:
        return attributes
    return attributes | {
        "in_reply_to": replied.id if replied else None,
        "in_reply_to_external_id": replied.source_id if replied else None,
    }


def attach(tx: Tx, message: Message, upload: Upload) -> Attachment:
    return tx.insert(
        Attachment,
        account_id=message.account_id,
        message_id=message.id,
        file_type=file_type(upload.content_type),
        filename=upload.filename,
        content_type=upload.content_type,
        file_size=upload.size,
        digest=upload.digest,
    )


def _fingerprint(draft: Draft, sender: Sender | None) -> str:
    payload = [
        draft.content, int(draft.message_type), draft.private, draft.content_type, draft.content_attributes,
        [(upload.digest, upload.filename) for upload in draft.uploads],
        type(sender).__name__ if sender is not None else None,
    ]  # fmt: skip
    return hashlib.sha256(jsons.dumps(payload).encode()).hexdigest()


def change(tx: Tx, conversation: Conversation, message: Message, **values: Any) -> MessageDetails:
    """Change a stored message and say so; nothing is said when nothing changed."""
    changes = tx.update(message, **values)
    shown = details.messages_details(tx, [message])[0]
    if changes and message.message_type != MessageType.ACTIVITY:
        outbox.message_event(tx, "message_updated", shown, details.of_conversation(tx, conversation), changes)
    return shown


def set_status(
    tx: Tx, conversation: Conversation, message: Message, status: str, external_error: str | None
) -> MessageDetails:
    values = status_change(message.status, message.content_attributes, status, external_error)
    return change(tx, conversation, message, **values)


def retry(tx: Tx, conversation: Conversation, message: Message) -> MessageDetails:
    """Send a message to its inbox's webhook again: the event it made, under a new delivery id. One that
    is still owed goes out at once instead: a second id would make two of it. Raises Invalid for what
    never goes out."""
    if message.message_type not in TO_CONTACT:
        raise Invalid("Only outgoing messages can be sent again", "message_id")
    if message.content_attributes.get("deleted"):
        raise Invalid("This message was deleted", "message_id")
    shown = set_status(tx, conversation, message, "sent", None)
    webhook = accounts.inbox_webhook(tx, message.inbox_id)
    if webhook.url:
        event = queue.creation_of(tx, message.id)
        if event is None:
            # Longer ago than events are kept: it is told once more as it is now.
            whole = details.of_conversation(tx, conversation)
            event = outbox.message_event(tx, "message_created", shown, whole, to=())
        owed = deliveries.unfinished(tx, event.id, webhook.id)
        if owed:
            deliveries.revive(tx, webhook, owed)
        else:
            queue.add(tx, event, webhook, redelivery=True)
    return shown


def submit(tx: Tx, conversation: Conversation, message: Message, values: Any) -> MessageDetails:
    """The contact's answer to a form. Raises Invalid for one to a survey that is none."""
    attributes = message.content_attributes | {"submitted_values": values}
    shown = change(tx, conversation, message, content_attributes=attributes)
    csat.note(tx, conversation, message)
    return shown


def delete(tx: Tx, conversation: Conversation, message: Message) -> MessageDetails:
    """The row stays, its content and its files go."""
    store.delete_attachments(tx, [message.id])
    return change(
        tx,
        conversation,
        message,
        content=DELETED_CONTENT,
        content_type="text",
        content_attributes={"deleted": True},
    )


def mend(tx: Tx, message: Message) -> None:
    """A message that had failed reached the system behind its inbox after all."""
    conversation = tx.get(Conversation, message.conversation_id)
    if conversation is not None:
        set_status(tx, conversation, message, "sent", None)


def fail(tx: Tx, message: Message, error: str) -> None:
    """An outgoing message could not be delivered to the system behind its inbox."""
    conversation = tx.get(Conversation, message.conversation_id)
    if conversation is not None:
        set_status(tx, conversation, message, "failed", error)
