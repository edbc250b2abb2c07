"""The same change for many conversations or contacts, a few of them a unit."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from inboxd.domain.conversations import with_status
from inboxd.domain.errors import Invalid
from inboxd.domain.events import Actor
from inboxd.domain.text import without_labels
from inboxd.services import contacts, conversations
from inboxd.store import accounts, teams
from inboxd.store import contacts as contact_store
from inboxd.store.db import Tx
from inboxd.store.models import Conversation

BATCH = 10


@dataclass(frozen=True)
class Wanted:
    """What is to become of each. `fields` may hold status, assignee_id and team_id."""

    fields: dict[str, Any] = field(default_factory=dict)
    add: list[str] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    snoozed_until: int | None = None


def change_conversations(tx: Tx, ids: list[int], actor: Actor, wanted: Wanted) -> None:
    for conversation_id in ids:
        conversation = tx.get(Conversation, conversation_id)
        if conversation is not None:
            _change(tx, conversation, actor, wanted)


def _change(tx: Tx, conversation: Conversation, actor: Actor, wanted: Wanted) -> None:
    if wanted.remove:
        conversations.set_labels(tx, conversation, actor, without_labels(conversation.label_list, wanted.remove))
    if wanted.add:
        with suppress(Invalid):  # one that can carry no more must not keep the others waiting
            conversations.set_labels(tx, conversation, actor, [*conversation.label_list, *wanted.add])
    status = wanted.fields.get("status")
    if status is None and wanted.snoozed_until is not None and conversation.status == "snoozed":
        status = "snoozed"
    if status is not None:
        conversations.change(tx, conversation, actor, **with_status(status, wanted.snoozed_until))
    if "assignee_id" in wanted.fields:
        user_id = wanted.fields["assignee_id"] or 0
        member = accounts.membership(tx, conversation.account_id, user_id)
        conversations.assign(tx, conversation, actor, accounts.user(tx, user_id) if member else None)
    if "team_id" in wanted.fields:
        team = teams.team(tx, conversation.account_id, wanted.fields["team_id"] or 0)
        conversations.assign_team(tx, conversation, actor, team)


def change_contacts(tx: Tx, ids: list[int], account_id: int, wanted: Wanted) -> None:
    """Given labels, or else relieved of some."""
    for contact_id in ids:
        contact = contact_store.by_id(tx, account_id, contact_id)
        if contact is None:
            continue
        if wanted.add:
            with suppress(Invalid):
                contacts.set_labels(tx, contact, [*contact.label_list, *wanted.add])
        else:
            contacts.set_labels(tx, contact, without_labels(contact.label_list, wanted.remove))
