"""Telling people what concerns them, in the transaction in which it happens."""

from typing import Any

from inboxd.domain import notifications as rules
from inboxd.domain.errors import Invalid
from inboxd.domain.events import Actor
from inboxd.domain.messages import MessageType
from inboxd.domain.text import clean_line
from inboxd.store import accounts, participants
from inboxd.store import notifications as store
from inboxd.store.db import Tx
from inboxd.store.models import Contact, Conversation, Message, Notification, NotificationSetting, User


def settings(tx: Tx, account_id: int, user_id: int) -> tuple[list[str], list[str]]:
    """The flags that a user selected for e-mail and for push."""
    row = store.setting(tx, account_id, user_id)
    if row is None:
        return rules.flags("email", rules.DEFAULT), rules.flags("push", rules.DEFAULT)
    return row.selected_email_flags, row.selected_push_flags


def choose(tx: Tx, account_id: int, user_id: int, email: list[str] | None, push: list[str] | None) -> None:
    """Select these flags; None leaves them as they are. Raises Invalid for an unknown one."""
    present = settings(tx, account_id, user_id)
    values = {
        "selected_email_flags": _known("email", email, present[0]),
        "selected_push_flags": _known("push", push, present[1]),
    }
    row = store.setting(tx, account_id, user_id)
    if row is None:
        tx.insert(NotificationSetting, account_id=account_id, user_id=user_id, **values)
    else:
        tx.update(row, **values)


def _known(channel: str, given: list[str] | None, present: list[str]) -> list[str]:
    if given is None:
        return present
    offered = rules.flags(channel)
    for flag in given:
        if flag and flag not in offered:  # a form that selects nothing sends one blank
            raise Invalid(f"{clean_line(flag, 80)} is no {channel} flag", f"selected_{channel}_flags")
    return [flag for flag in offered if flag in given]


def opened(tx: Tx, conversation: Conversation, actor: Actor) -> None:
    """A conversation is there for people: the inbox's members hear of it who want to."""
    eager = _eager(tx, conversation.account_id, rules.CREATION)
    if eager:
        for user_id in accounts.members(tx, conversation.inbox_id):
            if user_id in eager and not _is(actor, user_id):
                _tell(tx, user_id, rules.CREATION, conversation)


def assigned(tx: Tx, conversation: Conversation, actor: Actor) -> None:
    """Its new assignee hears of it, unless nobody else gave it to them."""
    user_id = conversation.assignee_id
    if user_id is None or _is(actor, user_id):
        return
    if _wants(tx, conversation.account_id, user_id, rules.ASSIGNMENT):
        cause = ("User", actor.id) if actor.kind == "user" else (None, None)
        _tell(tx, user_id, rules.ASSIGNMENT, conversation, *cause)


def posted(tx: Tx, conversation: Conversation, contact: Contact, message: Message) -> None:
    """Somebody wrote: participants and the assignee hear of it who want to, each once."""
    if message.private or contact.blocked:
        return
    if message.message_type not in (MessageType.INCOMING, MessageType.OUTGOING):
        return
    told = {message.sender_id} if message.sender_type == "User" else set()
    eager = _eager(tx, conversation.account_id, rules.FOLLOWED_MESSAGE)
    if eager:
        for user_id in participants.of_conversation(tx, conversation.id):
            if user_id in eager and user_id not in told:
                _tell(tx, user_id, rules.FOLLOWED_MESSAGE, conversation, "Message", message.id)
                told.add(user_id)
    assignee_id = conversation.assignee_id
    if assignee_id is None or assignee_id in told:
        return
    if _wants(tx, conversation.account_id, assignee_id, rules.ASSIGNED_MESSAGE):
        _tell(tx, assignee_id, rules.ASSIGNED_MESSAGE, conversation, "Message", message.id)


def mentioned(tx: Tx, conversation: Conversation, message: Message, user_ids: list[int]) -> None:
    for user_id in user_ids:
        if user_id != message.sender_id and _wants(tx, conversation.account_id, user_id, rules.MENTION):
            _tell(tx, user_id, rules.MENTION, conversation, "Message", message.id)


def _is(actor: Actor, user_id: int) -> bool:
    return actor.kind == "user" and actor.id == user_id


def _wants(tx: Tx, account_id: int, user_id: int, kind: str) -> bool:
    return kind in store.choices(tx, account_id).get(user_id, rules.DEFAULT)


def _eager(tx: Tx, account_id: int, kind: str) -> set[int]:
    """Who chose to be told of what nobody is told of by default."""
    return {user_id for user_id, kinds in store.choices(tx, account_id).items() if kind in kinds}


def _tell(
    tx: Tx,
    user_id: int,
    kind: str,
    conversation: Conversation,
    cause_type: str | None = None,
    cause_id: int | None = None,
) -> None:
    """What was not read yet is brought up to date: a busy conversation is one line, not a hundred."""
    about: dict[str, Any] = {
        "secondary_actor_type": cause_type,
        "secondary_actor_id": cause_id,
        "last_activity_at": tx.now,
    }
    unread = store.live(tx, conversation.id, user_id, kind)
    if unread is not None:
        tx.update(unread, **about)
        return
    tx.insert(
        Notification,
        account_id=conversation.account_id,
        user_id=user_id,
        notification_type=kind,
        primary_actor_id=conversation.id,
        **about,
    )


def read(tx: Tx, conversation: Conversation, user_id: int) -> None:
    """A user has seen the conversation."""
    store.mark_read(tx, conversation.account_id, user_id, conversation.id)


def snooze(tx: Tx, notification: Notification, until: int) -> None:
    """It comes back at that time, unread."""
    tx.update(notification, snoozed_until=until, read_at=None)


def read_all(tx: Tx, account_id: int, user: User, conversation: Conversation | None) -> None:
    store.mark_read(tx, account_id, user.id, conversation.id if conversation is not None else None)


def drop_all(tx: Tx, account_id: int, user: User, *, read_only: bool) -> None:
    if read_only:
        store.drop_read(tx, account_id, user.id)
    else:
        tx.delete(Notification, account_id=account_id, user_id=user.id)
