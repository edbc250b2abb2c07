"""emit(): an event and the deliveries it is owed, in the current transaction."""

from collections.abc import Iterable
from typing import Any

from inboxd.domain.events import EVENTS
from inboxd.store import accounts
from inboxd.store import outbox as queue
from inboxd.store.db import Changes, Tx
from inboxd.store.details import ConversationDetails, MessageDetails
from inboxd.store.messages import Sender
from inboxd.store.models import Contact, Conversation, Event, Inbox, Webhook
from inboxd.wire import jsons
from inboxd.wire import webhook as wire


def emit(
    tx: Tx,
    name: str,
    account_id: int,
    payload: dict[str, Any],
    *,
    inbox_id: int | None = None,
    conversation_id: int | None = None,
    message_id: int | None = None,
    changes: Changes | None = None,
    to: Iterable[Webhook] | None = None,
) -> Event:
    """Store the event with its exact body, and owe it to `to`, or else to everybody subscribed now."""
    kind = EVENTS[name]
    if conversation_id is not None and tx.brake.count(conversation_id, tx.now):
        _tell_of_brake(tx, account_id, payload, inbox_id)
    seq = tx.next_number(account_id, "event")
    payload["event"] = name
    if kind.changes:
        payload["changed_attributes"] = wire.changed_attributes(changes or {})
    payload["event_seq"] = seq
    payload["origin"] = tx.origin
    text = jsons.dumps(payload)
    if wire.is_fat(text):
        text = jsons.dumps(wire.thin(payload, kind.about, tx.links))
    event = tx.insert(
        Event,
        account_id=account_id,
        seq=seq,
        name=name,
        inbox_id=inbox_id,
        conversation_id=conversation_id,
        message_id=message_id,
        token_id=tx.token_id,
        rule_id=tx.rule_id,
        payload=text,
    )
    tx.signals.add("events")
    for webhook in subscribers(tx, event) if to is None else to:
        queue.add(tx, event, webhook)
    return event


def subscribers(tx: Tx, event: Event) -> list[Webhook]:
    """Who is owed such an event now, agent bots apart."""
    found = accounts.subscribers(tx, event.account_id, event.inbox_id, event.name, inbox_event=EVENTS[event.name].inbox)
    return [one for one in found if not is_own(one, event)]


def is_own(webhook: Webhook, event: Event) -> bool:
    """Whether it is a message of the webhook's owner, who does not want to hear of those."""
    return (
        webhook.exclude_own
        and event.token_id is not None
        and webhook.token_id == event.token_id
        and EVENTS[event.name].about == "message"
    )


def _tell_of_brake(tx: Tx, account_id: int, payload: dict[str, Any], inbox_id: int | None) -> None:
    account = accounts.account(tx, account_id)
    if account is not None:
        braked = wire.braked(payload.get("conversation", payload)["id"], inbox_id, account)
        emit(tx, "conversation.braked", account_id, braked, inbox_id=inbox_id)


def webhook_event(tx: Tx, name: str, webhook: Webhook, **more: Any) -> Event:
    """An operational event about a webhook, for everybody but that webhook."""
    payload = wire.about_webhook(webhook, accounts.account(tx, webhook.account_id)) | more
    event = emit(tx, name, webhook.account_id, payload, inbox_id=webhook.inbox_id, to=())
    for other in subscribers(tx, event):
        if other.id != webhook.id:
            queue.add(tx, event, other)
    return event


def conversation_event(tx: Tx, name: str, details: ConversationDetails, changes: Changes | None = None) -> None:
    row = details.conversation
    bots = _bots(tx, name, row)
    if not EVENTS[name].named and not bots:
        return
    payload = wire.conversation(details, tx.links)
    event = emit(tx, name, row.account_id, payload, inbox_id=row.inbox_id, conversation_id=row.id, changes=changes)
    for bot in bots:
        queue.add(tx, event, bot)


def conversation_event_to(tx: Tx, name: str, details: ConversationDetails, webhook: Webhook) -> None:
    """An event that one webhook alone is owed."""
    row, payload = details.conversation, wire.conversation(details, tx.links)
    emit(tx, name, row.account_id, payload, inbox_id=row.inbox_id, conversation_id=row.id, to=(webhook,))


def message_event(
    tx: Tx,
    name: str,
    shown: MessageDetails,
    details: ConversationDetails,
    changes: Changes | None = None,
    *,
    echo_id: str | None = None,
    to: Iterable[Webhook] | None = None,
) -> Event:
    row = details.conversation
    payload = wire.message(shown, details, tx.links)
    if echo_id is not None:
        payload["echo_id"] = echo_id
    if name == "message_updated":
        payload["status"] = shown.message.status
    event = emit(
        tx,
        name,
        row.account_id,
        payload,
        inbox_id=row.inbox_id,
        conversation_id=row.id,
        message_id=shown.message.id,
        changes=changes,
        to=to,
    )
    for bot in _bots(tx, name, row) if to is None else ():
        if not is_own(bot, event):
            queue.add(tx, event, bot)
    return event


def _bots(tx: Tx, name: str, row: Conversation) -> list[Webhook]:
    return accounts.bot_webhooks(tx, row.inbox_id, row.assignee_agent_bot_id) if EVENTS[name].bot else []


def typing_event(tx: Tx, details: ConversationDetails, typist: Sender, *, on: bool, private: bool) -> None:
    row = details.conversation
    emit(
        tx,
        "conversation_typing_on" if on else "conversation_typing_off",
        row.account_id,
        wire.typing(details, typist, tx.links, private=private),
        inbox_id=row.inbox_id,
        conversation_id=row.id,
    )


def contact_event(tx: Tx, name: str, contact: Contact, changes: Changes | None = None) -> None:
    account = accounts.account(tx, contact.account_id)
    if account is not None:
        emit(tx, name, contact.account_id, wire.contact(contact, account, tx.links), changes=changes)


def inbox_event(tx: Tx, name: str, inbox: Inbox, webhook: Webhook, changes: Changes | None = None) -> None:
    account = accounts.account(tx, inbox.account_id)
    if account is not None:
        payload = wire.inbox(inbox, webhook, account)
        emit(tx, name, inbox.account_id, payload, inbox_id=inbox.id, changes=changes)
