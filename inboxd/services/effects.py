"""What follows from a change of a conversation row, whoever made it: who takes part and is told, the events,
and what agents read of it."""

from inboxd.domain import conversations as rules
from inboxd.domain.events import Actor
from inboxd.domain.messages import MessageType
from inboxd.services import notifications, outbox, participants, reporting
from inboxd.store import assignments
from inboxd.store.db import Changes, Tx
from inboxd.store.details import ConversationDetails
from inboxd.store.models import Conversation, Message


def follow(tx: Tx, conversation: Conversation, changes: Changes, actor: Actor) -> None:
    """The people and clocks that a change concerns."""
    if changes.get("assignee_id", (None, None))[1] is not None:
        participants.add(tx, conversation, [changes["assignee_id"][1]])
        notifications.assigned(tx, conversation, actor)
    if "status" in changes and assignments.policy(tx, conversation.inbox_id) is not None:
        tx.signals.add("assignments")
    if changes.get("snoozed_until", (None, None))[1] is not None:
        tx.signals.add("snoozed")
    if changes.get("status") == ("pending", "open"):
        notifications.opened(tx, conversation, actor)


def announce(tx: Tx, shown: ConversationDetails, changes: Changes) -> None:
    """The events of one change of a conversation row, in Chatwoot's order."""
    if "status" in changes:
        reporting.status_changed(tx, shown.conversation)
        became = rules.BECAME.get(changes["status"][1])
        if became is not None:
            outbox.conversation_event(tx, became, shown)
        outbox.conversation_event(tx, "conversation_status_changed", shown, changes)
    if not rules.WATCHED.isdisjoint(changes):
        outbox.conversation_event(tx, "conversation_updated", shown, changes)


def add_activity(tx: Tx, conversation: Conversation, text: str) -> None:
    """An activity message: for agents, never for webhooks or contacts."""
    tx.insert(
        Message,
        account_id=conversation.account_id,
        inbox_id=conversation.inbox_id,
        conversation_id=conversation.id,
        message_type=int(MessageType.ACTIVITY),
        content=text,
    )
    tx.update(conversation, last_activity_at=tx.now)
