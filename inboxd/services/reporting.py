"""What reports count and average, written in the transaction of its cause."""

from inboxd.domain.working_hours import business_ms
from inboxd.store import accounts
from inboxd.store import reporting_events as store
from inboxd.store.db import Changes, Tx
from inboxd.store.models import Conversation, Message, ReportingEvent


def status_changed(tx: Tx, conversation: Conversation) -> None:
    if conversation.status == "resolved":
        _record(tx, conversation, "conversation_resolved", conversation.created_at, conversation.assignee_id)
        if _is_bots_work(tx, conversation):
            _record(tx, conversation, "conversation_bot_resolved", conversation.created_at, conversation.assignee_id)
    elif conversation.status == "open":
        since = store.latest(tx, conversation.id).get("conversation_resolved", tx.now)
        _record(tx, conversation, "conversation_opened", since, conversation.assignee_id)


def _is_bots_work(tx: Tx, conversation: Conversation) -> bool:
    return (
        bool(accounts.inbox_bot_id(tx, conversation.inbox_id))
        and conversation.first_reply_created_at is None
        and not store.has_human_outgoing(tx, conversation.id)
    )


def replied(tx: Tx, conversation: Conversation, message: Message, changes: Changes) -> None:
    """Somebody of the account answered, which changed this of the conversation."""
    if message.sender_type != "User":
        return
    if "first_reply_created_at" in changes:
        _record(tx, conversation, "first_response", _peoples_turn(tx, conversation), message.sender_id)
    elif changes.get("waiting_since", (None, None))[0] is not None:
        _record(tx, conversation, "reply_time", changes["waiting_since"][0], conversation.assignee_id)


def _peoples_turn(tx: Tx, conversation: Conversation) -> int:
    """Since when it is for people to answer first: a bot's work before that is not theirs."""
    latest = store.latest(tx, conversation.id)
    turns = [latest[name] for name in ("conversation_bot_handoff", "conversation_opened") if name in latest]
    return max(turns, default=latest.get("conversation_bot_resolved", conversation.created_at))


def handed_off(tx: Tx, conversation: Conversation) -> None:
    """A bot gave the conversation to people; the first time counts."""
    if "conversation_bot_handoff" not in store.latest(tx, conversation.id):
        _record(tx, conversation, "conversation_bot_handoff", conversation.created_at, conversation.assignee_id)


def _record(tx: Tx, conversation: Conversation, name: str, since: int, user_id: int | None) -> None:
    """Something that began at `since` and ends now."""
    since = min(since, tx.now)
    inbox = accounts.inbox(tx, conversation.account_id, conversation.inbox_id)
    in_hours = 0
    if inbox is not None and inbox.working_hours_enabled:
        in_hours = business_ms(inbox.working_hours, inbox.timezone, since, tx.now)
    tx.insert(
        ReportingEvent,
        account_id=conversation.account_id,
        name=name,
        value=tx.now - since,
        value_in_business_hours=in_hours,
        inbox_id=conversation.inbox_id,
        user_id=user_id,
        conversation_id=conversation.id,
        event_start_time=since,
    )
