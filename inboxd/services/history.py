"""What happened elsewhere, brought in as it was: no events, no rules, nothing unread, nobody notified.

A line is imported whole or not at all: everything that can be wrong with it is found before the
first row is written.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from inboxd.domain import contacts as contact_rules
from inboxd.domain.errors import Failure, Invalid
from inboxd.domain.messages import MESSAGE_TYPES, Draft, MessageType
from inboxd.domain.text import split_labels
from inboxd.services import contacts, messages, participants
from inboxd.services.messages import Posted
from inboxd.store import accounts, details, teams
from inboxd.store import contacts as contact_store
from inboxd.store import conversations as conversation_store
from inboxd.store import history as store
from inboxd.store import messages as message_store
from inboxd.store import people as people_store
from inboxd.store.db import Tx
from inboxd.store.messages import Sender
from inboxd.store.models import Contact, ContactInbox, Conversation, Inbox, Message, Team, User

KINDS = ("contact", "conversation", "message")
"""In the order in which they need each other."""
_SKEW_MS = 300_000
"""What clocks may differ: what is later still would stay the newest for ever."""
PLACES_LIMIT = 500
# Whoever answered without having an account here is nobody here.
_AUTHORS = (*messages.REPLYING, None)
CREATED, UPDATED, SKIPPED = "created", "updated", "skipped"
_FILLED = (
    "name", "email", "phone_number", "identifier", "custom_attributes", "additional_attributes", "last_activity_at",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """`values` are read and typed; `number` counts the lines of the request from 1."""

    number: int
    kind: str
    values: dict[str, Any]


@dataclass
class Tally:
    """What became of lines: (kind, outcome) → how many, and what was wrong with the others."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    problems: list[tuple[int, str]] = field(default_factory=list)


def load(tx: Tx, account_id: int, lines: Sequence[Line]) -> Tally:
    """Import a batch. What is wrong with a line stops no other."""
    tally = Tally()
    for line in lines:
        try:
            _check_past(tx, line.values.get("created_at") or 0)
            outcome = _LOADERS[line.kind](tx, account_id, line.values)
        except Failure as failure:
            tally.problems.append((line.number, failure.message))
        else:
            tally.counts[line.kind, outcome] += 1
    return tally


def _contact(tx: Tx, account_id: int, values: dict[str, Any]) -> str:
    """A line of somebody who is known already by identifier, e-mail or phone number only fills gaps."""
    source_id = values["source_id"]
    known = store.record_id(tx, account_id, "contact", source_id)
    if known is not None and contact_store.by_id(tx, account_id, known) is not None:
        return SKIPPED
    wanted = contact_rules.normalised({key: values[key] for key in _FILLED if values.get(key)})
    labels = split_labels(values.get("labels") or [])
    given = values.get("contact_inboxes") or []
    if len(given) > PLACES_LIMIT:
        raise Invalid(f"Contact inboxes are limited to {PLACES_LIMIT}", "contact_inboxes")
    places = [_place(tx, account_id, one) for one in given]
    contact = contacts.match(tx, account_id, wanted)
    for inbox, own in places:
        held = contact_store.contact_inbox(tx, inbox.id, own)
        if held is not None and (contact is None or held.contact_id != contact.id):
            raise Invalid(f"The source_id {own} in inbox {inbox.id} belongs to another contact", "contact_inboxes")
    if contact is None:
        outcome = CREATED
        created_at = values.get("created_at") or tx.now
        contact = tx.insert(
            Contact,
            account_id=account_id,
            contact_type=contact_rules.contact_type("visitor", wanted.get("email"), wanted.get("phone_number")),
            blocked=bool(values.get("blocked")),
            created_at=created_at,
            updated_at=created_at,
            **wanted,
        )
    else:
        outcome = UPDATED
        tx.update(contact, **_gaps(tx, contact, wanted))
    tx.update(contact, label_list=list(dict.fromkeys([*contact.label_list, *labels])))
    contact_store.retag(tx, contact)
    for inbox, own in places:
        contacts.place(tx, contact, inbox, own)
    store.note(tx, account_id, "contact", source_id, contact.id)
    return outcome


def _gaps(tx: Tx, contact: Contact, wanted: dict[str, Any]) -> dict[str, Any]:
    """What the contact lacks, but for what is somebody else's."""
    values = contact_rules.merged({name: getattr(contact, name) for name in wanted}, wanted)
    return {
        key: value
        for key, value in values.items()
        if key not in contact_rules.IDENTITY or not contact_store.by_identity(tx, contact.account_id, key, value)
    }


def _place(tx: Tx, account_id: int, given: dict[str, Any]) -> tuple[Inbox, str]:
    return _inbox(tx, account_id, given["inbox"]), given["source_id"]


def _conversation(tx: Tx, account_id: int, values: dict[str, Any]) -> str:
    source_id = values["source_id"]
    known = store.record_id(tx, account_id, "conversation", source_id)
    if known is not None and tx.get(Conversation, known) is not None:
        return SKIPPED
    inbox = _inbox(tx, account_id, values["inbox"])
    contact = _known_contact(tx, account_id, values["contact"])
    attributes = {key: values.get(key) or {} for key in ("custom_attributes", "additional_attributes")}
    for name, given in attributes.items():
        contact_rules.check_attributes(name, given)
    assignee = _agent(tx, account_id, values["assignee"], "assignee") if values.get("assignee") else None
    team = _team(tx, account_id, values["team"]) if values.get("team") else None
    place = _place_of(tx, contact, inbox, values.get("contact_source_id") or None)
    status = values.get("status") or "open"
    created_at = values.get("created_at") or tx.now
    conversation = tx.insert(
        Conversation,
        account_id=account_id,
        display_id=tx.next_number(account_id, "conversation"),
        uuid=str(uuid.uuid4()),
        inbox_id=inbox.id,
        contact_id=contact.id,
        contact_inbox_id=place.id,
        status=status,
        priority=values.get("priority"),
        assignee_id=assignee.id if assignee else None,
        team_id=team.id if team else None,
        label_list=split_labels(values.get("labels") or []),
        snoozed_until=values.get("snoozed_until") if status == "snoozed" else None,
        waiting_since=None if status == "resolved" else created_at,
        agent_last_seen_at=created_at,
        last_activity_at=created_at,
        created_at=created_at,
        updated_at=created_at,
        **attributes,
    )
    conversation_store.retag(tx, conversation, conversation.label_list)
    if assignee is not None:
        participants.add(tx, conversation, [assignee.id])
    store.note(tx, account_id, "conversation", source_id, conversation.id)
    return CREATED


def _place_of(tx: Tx, contact: Contact, inbox: Inbox, source_id: str | None) -> ContactInbox:
    """Where the conversation stands: under the source_id it names, else where the contact is already, else
    under a new one. The identity of a line is no source_id: who can guess that could read along."""
    held = [one for one in contact_store.contact_inboxes(tx, contact.id) if one.inbox_id == inbox.id]
    if source_id is None and held:
        return held[-1]
    return contacts.place(tx, contact, inbox, source_id)


def _message(tx: Tx, account_id: int, values: dict[str, Any]) -> str:
    source_id = values["source_id"]
    conversation = _known_conversation(tx, account_id, values["conversation"])
    if message_store.by_source_id(tx, conversation.id, source_id) is not None:
        return SKIPPED
    draft = Draft(
        values.get("content"),
        MessageType(MESSAGE_TYPES.index(values.get("message_type") or "incoming")),
        private=bool(values.get("private")),
        content_type=values.get("content_type") or "text",
        content_attributes=_attributes(tx, conversation, values),
        additional_attributes=values.get("additional_attributes") or {},
        source_id=source_id,
    )
    sender = _sender(tx, conversation, draft.message_type, values.get("sender") or None)
    _store(tx, conversation, draft, sender, values.get("created_at") or tx.now, values.get("status") or "sent")
    return CREATED


def post(tx: Tx, conversation: Conversation, draft: Draft, sender: Sender | None, created_at: int) -> Posted:
    """One message as it was written at that time; the first one, where its source_id is in the conversation
    already. Raises Invalid for a time to come."""
    _check_past(tx, created_at)
    known = message_store.by_source_id(tx, conversation.id, draft.source_id) if draft.source_id else None
    draft = replace(draft, content_attributes=messages.with_reply(tx, conversation, draft.content_attributes))
    message = known or _store(tx, conversation, draft, sender, created_at, "sent")
    return Posted(details.messages_details(tx, [message])[0], replayed=known is not None)


def _check_past(tx: Tx, created_at: int) -> None:
    if created_at > tx.now + _SKEW_MS:
        raise Invalid("Created at must not be in the future", "created_at")


def _store(
    tx: Tx, conversation: Conversation, draft: Draft, sender: Sender | None, created_at: int, status: str
) -> Message:
    message = tx.insert(
        Message,
        account_id=conversation.account_id,
        inbox_id=conversation.inbox_id,
        conversation_id=conversation.id,
        message_type=int(draft.message_type),
        content=draft.content,
        content_type=draft.content_type,
        content_attributes=draft.content_attributes,
        additional_attributes=draft.additional_attributes,
        private=draft.private,
        status=status,
        source_id=draft.source_id,
        sender_type=type(sender).__name__ if sender is not None else None,
        sender_id=sender.id if sender is not None else None,
        created_at=created_at,
        updated_at=created_at,
    )
    for upload in draft.uploads:
        messages.attach(tx, message, upload)
    _follow_up(tx, conversation, message)
    return message


def _attributes(tx: Tx, conversation: Conversation, values: dict[str, Any]) -> dict[str, Any]:
    """Files stay where they are: their links are kept. What a message replies to is found by its source_id."""
    attributes = dict(values.get("content_attributes") or {})
    if values.get("attachments"):
        attributes["external_attachments"] = values["attachments"]
    if attributes.get("in_reply_to_external_id") not in (None, ""):
        replied = message_store.by_source_id(tx, conversation.id, str(attributes["in_reply_to_external_id"]))
        attributes["in_reply_to"] = replied.id if replied else None
    return attributes


def _sender(tx: Tx, conversation: Conversation, kind: MessageType, email: str | None) -> Sender | None:
    """The agent with this e-mail address; without one the contact wrote what is incoming, and nobody the rest."""
    if kind == MessageType.INCOMING:
        return tx.get(Contact, conversation.contact_id)
    return _agent(tx, conversation.account_id, email, "sender") if email else None


def _follow_up(tx: Tx, conversation: Conversation, message: Message) -> None:
    """The times of the conversation and its contact, as if it had been here when it was said."""
    at = message.created_at
    values: dict[str, Any] = {"last_activity_at": max(conversation.last_activity_at, at)}
    is_newest = at >= conversation.last_activity_at
    if messages.is_reply(message, _AUTHORS):
        if message.sender_type != "AgentBot":
            values["first_reply_created_at"] = min(conversation.first_reply_created_at or at, at)
        if is_newest:
            values["waiting_since"] = None
    elif message.message_type == MessageType.INCOMING:
        if is_newest and conversation.status != "resolved" and conversation.waiting_since is None:
            values["waiting_since"] = at
        contact = tx.get(Contact, conversation.contact_id)
        if contact is not None:
            tx.update(contact, last_activity_at=max(contact.last_activity_at or 0, at))
    if conversation.unread_count == 0:
        values["agent_last_seen_at"] = max(conversation.agent_last_seen_at or 0, at)
    tx.update(conversation, **values)


def _known_contact(tx: Tx, account_id: int, source_id: str) -> Contact:
    found = store.record_id(tx, account_id, "contact", source_id)
    contact = contact_store.by_id(tx, account_id, found) if found is not None else None
    if contact is None:
        raise Invalid(f"No contact with the source_id {source_id!r} was imported", "contact")
    return contact


def _known_conversation(tx: Tx, account_id: int, source_id: str) -> Conversation:
    found = store.record_id(tx, account_id, "conversation", source_id)
    conversation = tx.get(Conversation, found) if found is not None else None
    if conversation is None:
        raise Invalid(f"No conversation with the source_id {source_id!r} was imported", "conversation")
    return conversation


def _inbox(tx: Tx, account_id: int, given: str) -> Inbox:
    """By identifier or id."""
    inbox = accounts.inbox_by_identifier(tx, given)
    if inbox is None and given.isdecimal() and len(given) < 19:
        inbox = accounts.inbox(tx, account_id, int(given))
    if inbox is None or inbox.account_id != account_id:
        raise Invalid(f"There is no inbox {given!r}", "inbox")
    return inbox


def _agent(tx: Tx, account_id: int, email: str, name: str) -> User:
    user = people_store.by_email(tx, email)
    if user is None or accounts.membership(tx, account_id, user.id) is None:
        raise Invalid(f"Nobody in the account has the e-mail address {email!r}", name)
    return user


def _team(tx: Tx, account_id: int, name: str) -> Team:
    team = teams.by_name(tx, account_id, name.lower())
    if team is None:
        raise Invalid(f"There is no team {name!r}", "team")
    return team


_LOADERS: dict[str, Callable[[Tx, int, dict[str, Any]], str]] = {
    "contact": _contact,
    "conversation": _conversation,
    "message": _message,
}
