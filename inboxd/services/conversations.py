"""Opening conversations and changing them: every change of a conversation row goes through here."""

import uuid
from collections.abc import Iterable
from typing import Any

from inboxd.domain import activity
from inboxd.domain import conversations as rules
from inboxd.domain.contacts import check_attributes
from inboxd.domain.events import SYSTEM, Actor
from inboxd.domain.messages import MessageType
from inboxd.domain.text import split_labels
from inboxd.services import assignment, csat, effects, notifications, outbox, reporting
from inboxd.services import messages as posting
from inboxd.store import accounts, assignments, details
from inboxd.store import conversations as store
from inboxd.store.db import Changes, Tx
from inboxd.store.details import Place
from inboxd.store.messages import Sender
from inboxd.store.models import AgentBot, Conversation, Team, User

READ_LIMIT = 500
HANDED_OVER = 50
"""Conversations that one step hands over."""


def open_conversation(
    tx: Tx,
    place: Place,
    *,
    status: str | None = None,
    custom_attributes: dict[str, Any] | None = None,
    additional_attributes: dict[str, Any] | None = None,
    assignee_id: int | None = None,
    team: Team | None = None,
    snoozed_until: int | None = None,
    actor: Actor = SYSTEM,
) -> Conversation:
    """A new conversation. Raises Invalid for attributes beyond their limits.

    Where the inbox allows only one, the caller has looked for it: the two APIs may hand out
    different ones.
    """
    check_attributes("custom_attributes", custom_attributes or {})
    check_attributes("additional_attributes", additional_attributes or {})
    born = rules.opening_status(
        blocked=place.contact.blocked, has_bot=bool(accounts.inbox_bot_id(tx, place.inbox.id)), wanted=status
    )
    assignee_id = assignment.on_joining(tx, place.inbox, team, assignee_id)
    if born == "open":
        assignee_id = assignment.on_opening(tx, place.inbox, team, assignee_id)
    conversation = tx.insert(
        Conversation,
        account_id=place.account.id,
        display_id=tx.next_number(place.account.id, "conversation"),
        uuid=str(uuid.uuid4()),
        inbox_id=place.inbox.id,
        contact_id=place.contact.id,
        contact_inbox_id=place.contact_inbox.id,
        status=born,
        custom_attributes=custom_attributes or {},
        additional_attributes=rules.with_checked_referer(additional_attributes or {}),
        assignee_id=assignee_id,
        team_id=team.id if team else None,
        snoozed_until=snoozed_until if born == "snoozed" else None,
        waiting_since=tx.now,
        last_activity_at=tx.now,
    )
    born_with = {name: (None, getattr(conversation, name)) for name in ("assignee_id", "snoozed_until")}
    effects.follow(tx, conversation, born_with, actor)
    if born != "pending" and not place.contact.blocked:  # a bot answers first in what is pending
        notifications.opened(tx, conversation, actor)
    outbox.conversation_event(tx, "conversation_created", details.of_conversation(tx, conversation, place, []))
    return conversation


def change(tx: Tx, conversation: Conversation, actor: Actor, *, asks: bool = True, **values: Any) -> Changes:
    """Change the row, write the activity lines, and emit what subscribers are owed. What opens is handed out,
    unless an assignee is among the values. An assignee takes it from a bot. `asks`: for a rating, of what is
    resolved."""
    if values.get("status") == "open" != conversation.status and "assignee_id" not in values:
        values["assignee_id"] = assignment.on_reopening(tx, conversation)
    if values.get("assignee_id") is not None:
        values["assignee_agent_bot_id"] = None
    changes = tx.update(conversation, **values)
    if changes:
        effects.follow(tx, conversation, changes, actor)
        for text in _activity(tx, conversation.account_id, changes, actor):
            effects.add_activity(tx, conversation, text)
        effects.announce(tx, details.of_conversation(tx, conversation), changes)
        if asks and changes.get("status", (None, None))[1] == "resolved":
            _ask_for_rating(tx, conversation)
    return changes


def _ask_for_rating(tx: Tx, conversation: Conversation) -> None:
    """Nobody who resolves a conversation writes its survey: rules and webhooks hear of it as of any other message."""
    invitation = csat.invitation(tx, conversation)
    if invitation is not None:
        posting.tell(tx, conversation, *invitation)


def _activity(tx: Tx, account_id: int, changes: Changes, actor: Actor) -> Iterable[str]:
    if "status" in changes:
        status = changes["status"][1]
        if actor.is_named:
            yield activity.status_by_agent(status, actor.name)
        elif actor.kind == "contact" and status == "resolved":
            yield activity.resolved_by_contact(actor.name)
        elif status == "resolved":
            account = accounts.account(tx, account_id)
            settings = account.settings if account is not None else {}
            yield activity.resolved_by_system(settings.get("auto_resolve_after") or 0)
    if not actor.is_named:
        return
    if "priority" in changes:
        yield activity.priority(*changes["priority"], actor.name)
    if "team_id" in changes:
        yield from _team_activity(tx, changes, actor)
    elif "assignee_id" in changes or "assignee_agent_bot_id" in changes:
        yield _assignee_activity(tx, changes, actor)
    if "label_list" in changes:
        yield from activity.labels(*changes["label_list"], actor.name)


def _team_activity(tx: Tx, changes: Changes, actor: Actor) -> Iterable[str]:
    """One line, also of an assignee who changed with the team."""
    before, after = (tx.get(Team, team_id) if team_id else None for team_id in changes["team_id"])
    if after is not None:
        yield activity.team(after.name, actor.name, _name_of(tx, changes.get("assignee_id", (None, None))[1]))
    elif before is not None:
        yield activity.team_removed(before.name, actor.name)


def _assignee_activity(tx: Tx, changes: Changes, actor: Actor) -> str:
    user_id = changes.get("assignee_id", (None, None))[1]
    bot_id = changes.get("assignee_agent_bot_id", (None, None))[1]
    bot = accounts.bot_by_id(tx, bot_id) if bot_id else None
    self_assigned = (actor.kind, actor.id) == (("bot", bot_id) if bot_id else ("user", user_id))
    return activity.assignee(bot.name if bot else _name_of(tx, user_id), actor.name, self_assigned=self_assigned)


def _name_of(tx: Tx, user_id: int | None) -> str | None:
    user = accounts.user(tx, user_id) if user_id else None
    return user.name if user else None


def wake(tx: Tx, conversation_id: int) -> None:
    """Open a snoozed conversation whose time has come; nothing if somebody changed it meanwhile. It was not idle
    while it slept: nobody could see it."""
    conversation = tx.get(Conversation, conversation_id)
    if conversation is None or conversation.status != "snoozed":
        return
    if conversation.snoozed_until is not None and conversation.snoozed_until <= tx.now:
        change(tx, conversation, SYSTEM, **rules.with_status("open"), last_activity_at=tx.now)


def take_over_from_bot(tx: Tx, conversation_id: int | None) -> None:
    """A bot could not be told: its pending conversation is opened for people, unless the account wants
    it to wait."""
    conversation = tx.get(Conversation, conversation_id) if conversation_id is not None else None
    if conversation is None or conversation.status != "pending":
        return
    account = accounts.account(tx, conversation.account_id)
    if account is None or account.settings.get("keep_pending_on_bot_failure") is True:
        return
    change(tx, conversation, SYSTEM, **rules.with_status("open"))
    effects.add_activity(tx, conversation, activity.BOT_FAILED)


def set_status(
    tx: Tx, conversation: Conversation, actor: Actor, status: str, snoozed_until: int | None = None
) -> Changes:
    values = rules.with_status(status, snoozed_until)
    if status == "open" and actor.kind == "user" and not _is_administrator(tx, conversation.account_id, actor):
        values["assignee_id"] = actor.id  # who reopens it takes it
    return change(tx, conversation, actor, **values)


def hand_off(tx: Tx, conversation: Conversation, actor: Actor) -> None:
    """A bot gives its pending conversation to people."""
    change(tx, conversation, actor, **rules.with_status("open"), waiting_since=conversation.waiting_since or tx.now)
    reporting.handed_off(tx, conversation)


def _is_administrator(tx: Tx, account_id: int, actor: Actor) -> bool:
    membership = accounts.membership(tx, account_id, actor.id) if actor.id else None
    return membership is None or membership.role == "administrator"


def assign(tx: Tx, conversation: Conversation, actor: Actor, assignee: User | AgentBot | None) -> Changes:
    user_id = assignee.id if isinstance(assignee, User) else None
    bot_id = assignee.id if isinstance(assignee, AgentBot) else None
    return change(tx, conversation, actor, assignee_id=user_id, assignee_agent_bot_id=bot_id)


def assign_team(tx: Tx, conversation: Conversation, actor: Actor, team: Team | None) -> Changes:
    """Give it to a team, which takes it from an assignee who is not in that, or to no team."""
    team_id = team.id if team else None
    if team_id == conversation.team_id:
        return {}
    inbox = accounts.inbox(tx, conversation.account_id, conversation.inbox_id)
    assignee_id = assignment.on_joining(tx, inbox, team, conversation.assignee_id) if inbox else None
    return change(tx, conversation, actor, team_id=team_id, assignee_id=assignee_id)


def hand_out(tx: Tx, conversation_id: int) -> bool:
    """Give an open conversation that is nobody's to whose turn it is, as the policy of its inbox has it."""
    conversation = tx.get(Conversation, conversation_id)
    if conversation is None or conversation.status != "open":
        return False
    if conversation.assignee_id is not None or conversation.assignee_agent_bot_id is not None:
        return False
    inbox = accounts.inbox(tx, conversation.account_id, conversation.inbox_id)
    policy = assignments.policy(tx, conversation.inbox_id)
    if inbox is None or policy is None or not inbox.enable_auto_assignment:
        return False
    user_id = assignment.next_in_turn(tx, inbox, assignment.team_of(tx, conversation))
    if user_id is None:
        return False
    change(tx, conversation, Actor("rule", name=f"Automation System via {policy.name}"), assignee_id=user_id)
    return True


def hand_over(tx: Tx, account_id: int, user_id: int, inbox_id: int | None, after: int = 0) -> int:
    """Give some open conversations of somebody who left an inbox, or the account with None, to whose turn it is.
    Where nobody can take one it stays theirs, or nobody's when they left the account. Returns the id to go on
    after; 0 is the end."""
    found = assignments.in_charge(tx, account_id, user_id, inbox_id, after, HANDED_OVER)
    for conversation_id in found:
        conversation = tx.get(Conversation, conversation_id)
        inbox = accounts.inbox(tx, account_id, conversation.inbox_id) if conversation else None
        if conversation is None or inbox is None:
            continue
        next_id = None
        if inbox.enable_auto_assignment:
            next_id = assignment.next_in_turn(tx, inbox, assignment.team_of(tx, conversation))
        if next_id is not None:
            change(tx, conversation, SYSTEM, assignee_id=next_id)
        elif inbox_id is None:
            tx.update(conversation, assignee_id=None)
    return found[-1] if len(found) == HANDED_OVER else 0


def set_labels(tx: Tx, conversation: Conversation, actor: Actor, labels: list[str]) -> None:
    wanted = split_labels(labels)
    if change(tx, conversation, actor, label_list=wanted):
        store.retag(tx, conversation, wanted)


def set_custom_attributes(tx: Tx, conversation: Conversation, actor: Actor, attributes: dict[str, Any]) -> None:
    """Replace them all. Raises Invalid beyond the limits."""
    check_attributes("custom_attributes", attributes)
    change(tx, conversation, actor, custom_attributes=attributes)


def seen_by_agent(tx: Tx, conversation: Conversation, user_id: int | None) -> None:
    if user_id is not None:
        notifications.read(tx, conversation, user_id)
    is_assignee = user_id is not None and conversation.assignee_id == user_id
    since = conversation.assignee_last_seen_at if is_assignee else conversation.agent_last_seen_at
    values: dict[str, Any] = dict(
        rules.seen(
            is_assignee=is_assignee,
            has_news=conversation.last_activity_at > (since or 0),
            agent_seen=conversation.agent_last_seen_at,
            assignee_seen=conversation.assignee_last_seen_at,
            now=tx.now,
        )
    )
    if "agent_last_seen_at" in values:
        values["unread_count"] = 0
    tx.update(conversation, **values)


def seen_by_contact(tx: Tx, conversation: Conversation) -> None:
    """The contact has read everything up to now; each message that becomes `read` says so.

    At most the newest 500 become it in one call: whoever knows a source_id may call, and the writer
    is held meanwhile.
    """
    tx.update(conversation, contact_last_seen_at=tx.now)
    unread = store.unread_by_contact(tx, conversation.id, READ_LIMIT)
    if not unread:
        return
    read = [(one, tx.update(one.message, status="read")) for one in details.messages_details(tx, unread)]
    shown = details.of_conversation(tx, conversation)
    for one, changes in read:
        if one.message.message_type != MessageType.ACTIVITY:
            outbox.message_event(tx, "message_updated", one, shown, changes)


def typing(tx: Tx, conversation: Conversation, typist: Sender, status: str | None, *, private: bool) -> None:
    """`on` and `off` are announced; any other word is politely ignored."""
    if status in ("on", "off"):
        shown = details.of_conversation(tx, conversation)
        outbox.typing_event(tx, shown, typist, on=status == "on", private=private)
