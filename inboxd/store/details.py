"""What belongs to a conversation or a message when it is shown, gathered in few queries."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from peewee import SQL, Expression, NodeList, fn

from inboxd.domain import conversations as rules
from inboxd.domain.messages import MessageType
from inboxd.store import accounts, messages
from inboxd.store.db import Tx
from inboxd.store.models import (
    Account,
    AccountUser,
    AgentBot,
    Attachment,
    Contact,
    ContactInbox,
    Conversation,
    Inbox,
    Message,
    Team,
    User,
    Webhook,
)
from inboxd.store.rows import Prepared, Row, arg

_AT_ONCE = 1000
"""Messages that one query asks for the senders and attachments of."""


def _among(column: Any) -> Any:
    # A JSON array is one value however long it is: compiling `IN (?, ?, …)` anew costs more than the query.
    return Expression(column, "IN", NodeList((SQL("(SELECT value FROM json_each("), arg("among"), SQL("))"))))


def _newest_of_each(kind: Callable[[Any], Any]) -> Prepared[Message]:
    def build() -> Any:
        inner: Any = Message.alias()
        # The id where a conversation's window begins, looked up once for each: what follows is a range of the index.
        begin = (
            inner.select(inner.id)
            .where(inner.conversation_id == Conversation.id, kind(inner))
            .order_by(inner.id.desc())
            .limit(1)
            .offset(arg("earlier"))
        )
        return (
            Message.select()
            .join(Conversation, on=(Conversation.id == Message.conversation_id))
            .where(_among(Conversation.id), Message.id >= fn.COALESCE(begin, 0), kind(Message))
            .order_by(Message.id)
        )

    return Prepared(Message, build)


_LAST = _newest_of_each(lambda row: SQL("TRUE"))
_LAST_NON_ACTIVITY = _newest_of_each(lambda row: row.message_type != int(MessageType.ACTIVITY))
_NEWEST_CHAT = _newest_of_each(messages.is_chat)


def _heard_of_each() -> Any:
    # No EXISTS: that would read each conversation from its beginning.
    heard = (
        Message.select(Message.id)
        .where(
            Message.conversation_id == Conversation.id,
            Message.message_type == int(MessageType.INCOMING),
            Message.created_at > arg("moment"),
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
    return Conversation.select(Conversation.id).where(_among(Conversation.id), fn.COALESCE(heard, 0) > 0)


_HEARD = Prepared(Conversation, _heard_of_each)
_MEMBERSHIPS = Prepared(AccountUser, lambda: AccountUser.select().where(_among(AccountUser.user_id)))


def _those(model: type[Row]) -> Prepared[Row]:
    return Prepared(model, lambda: model.select().where(_among(model.id)))


_BY_ID: dict[Any, Prepared[Any]] = {model: _those(model) for model in (Inbox, Contact, ContactInbox, Team, User)}


@dataclass(frozen=True)
class Place:
    """Where a conversation stands: its account, inbox, contact and contact_inbox."""

    account: Account
    inbox: Inbox
    contact: Contact
    contact_inbox: ContactInbox


@dataclass(frozen=True)
class MessageDetails:
    """`membership` is the sender's in the account, when the sender is a user who still has one."""

    message: Message
    sender: messages.Sender | None = None
    attachments: list[Attachment] = field(default_factory=list)
    membership: AccountUser | None = None


@dataclass(frozen=True)
class ConversationDetails:
    """`messages` are the newest ones, as many as the shape at hand shows. `bot` is the one that it is
    assigned to, with its webhook; there is no assignee then."""

    conversation: Conversation
    place: Place
    assignee: User | None
    assignee_membership: AccountUser | None
    can_reply: bool
    messages: list[MessageDetails]
    team: Team | None = None
    bot: tuple[AgentBot, Webhook] | None = None

    @property
    def unread_count(self) -> int:
        return min(self.conversation.unread_count, rules.UNREAD_CAP)


class Dangling(LookupError):
    """A row points to one that is gone: a defect of ours, never the caller's."""


def place(tx: Tx, conversation: Conversation) -> Place:
    return _standing(
        conversation,
        accounts.account(tx, conversation.account_id),
        accounts.inbox(tx, conversation.account_id, conversation.inbox_id),
        tx.get(Contact, conversation.contact_id),
        tx.get(ContactInbox, conversation.contact_inbox_id),
    )


def _standing(
    conversation: Conversation,
    account: Account | None,
    inbox: Inbox | None,
    contact: Contact | None,
    contact_inbox: ContactInbox | None,
) -> Place:
    if account is None or inbox is None or contact is None or contact_inbox is None:
        raise Dangling(f"conversation {conversation.id}")
    return Place(account, inbox, contact, contact_inbox)


def messages_details(tx: Tx, rows: list[Message]) -> list[MessageDetails]:
    """Senders and attachments of messages that are already loaded, in their order."""
    senders = messages.senders(tx, rows)
    attached = messages.attachments(tx, rows)
    memberships = _memberships(
        tx, {(row.account_id, row.sender_id) for row in rows if row.sender_type == "User" and row.sender_id}
    )
    return [
        MessageDetails(
            row,
            senders.get((row.sender_type, row.sender_id)) if row.sender_type and row.sender_id else None,
            attached.get(row.id, []),
            memberships.get((row.account_id, row.sender_id)) if row.sender_type == "User" and row.sender_id else None,
        )
        for row in rows
    ]


def of_conversation(
    tx: Tx, conversation: Conversation, where: Place | None = None, shown: list[MessageDetails] | None = None
) -> ConversationDetails:
    """`shown` defaults to the newest message that a contact may see, as webhooks carry it."""
    where = where or place(tx, conversation)
    if shown is None:
        last = messages.last_chat(tx, conversation.id)
        shown = messages_details(tx, [last] if last else [])
    assignee = accounts.user(tx, conversation.assignee_id) if conversation.assignee_id else None
    return ConversationDetails(
        conversation,
        where,
        assignee,
        accounts.membership(tx, conversation.account_id, assignee.id) if assignee else None,
        _can_reply(tx, conversation, where.inbox),
        shown,
        tx.get(Team, conversation.team_id) if conversation.team_id else None,
        _bot(tx, conversation),
    )


def _can_reply(tx: Tx, conversation: Conversation, inbox: Inbox) -> bool:
    window = rules.reply_window_ms(inbox.additional_attributes)
    if window is None:
        return True
    since = tx.now - window
    # No message is younger than its conversation: what nobody touched is not read through.
    return conversation.last_activity_at > since and messages.is_heard(tx, conversation.id, after=since)


def _bot(tx: Tx, conversation: Conversation) -> tuple[AgentBot, Webhook] | None:
    bot_id = conversation.assignee_agent_bot_id
    bot = accounts.bot_by_id(tx, bot_id) if bot_id else None
    return (bot, accounts.bot_webhook(tx, bot.id)) if bot else None


def of_conversations(tx: Tx, rows: Sequence[Conversation]) -> list[tuple[ConversationDetails, MessageDetails | None]]:
    """Each conversation with its newest message of any type, and beside it the newest that is no
    activity. However many they are, it takes the same few queries for every 500."""
    return [one for part in _parts(rows, _AT_ONCE // 2) for one in _gathered(tx, part)]


def _gathered(tx: Tx, rows: Sequence[Conversation]) -> Iterator[tuple[ConversationDetails, MessageDetails | None]]:
    inboxes = _by_id(tx, Inbox, {row.inbox_id for row in rows})
    contacts = _by_id(tx, Contact, {row.contact_id for row in rows})
    contact_inboxes = _by_id(tx, ContactInbox, {row.contact_inbox_id for row in rows})
    assigned = {(row.account_id, row.assignee_id) for row in rows if row.assignee_id}
    assignees = _by_id(tx, User, {user_id for _, user_id in assigned})
    memberships = _memberships(tx, assigned)
    teams = _by_id(tx, Team, {row.team_id for row in rows if row.team_id})
    answerable = _answerable(tx, rows, inboxes)

    last = _newest(tx, _LAST, [row.id for row in rows], 1)
    behind = [message.conversation_id for message in last if message.message_type == MessageType.ACTIVITY]
    known = messages_details(tx, last + _newest(tx, _LAST_NON_ACTIVITY, behind, 1))
    lasts = {one.message.conversation_id: one for one in known[: len(last)]}
    chats = {one.message.conversation_id: one for one in known if one.message.message_type != MessageType.ACTIVITY}

    for row in rows:
        where = _standing(
            row,
            accounts.account(tx, row.account_id),
            inboxes.get(row.inbox_id),
            contacts.get(row.contact_id),
            contact_inboxes.get(row.contact_inbox_id),
        )
        whole = ConversationDetails(
            row,
            where,
            assignees.get(row.assignee_id) if row.assignee_id else None,
            memberships.get((row.account_id, row.assignee_id)) if row.assignee_id else None,
            row.id in answerable,
            [lasts[row.id]] if row.id in lasts else [],
            teams.get(row.team_id) if row.team_id else None,
            _bot(tx, row),
        )
        yield whole, chats.get(row.id)


def _answerable(tx: Tx, rows: Sequence[Conversation], inboxes: dict[int, Inbox]) -> set[int]:
    """The ids of those that can be replied in, with a query for each length of window."""
    windows = {inbox.id: rules.reply_window_ms(inbox.additional_attributes) for inbox in inboxes.values()}
    found = {row.id for row in rows if windows.get(row.inbox_id) is None}
    for window in {window for window in windows.values() if window is not None}:
        since = tx.now - window
        alive = [row.id for row in rows if windows.get(row.inbox_id) == window and row.last_activity_at > since]
        if alive:
            found |= {one for (one,) in tx.tuples(_HEARD, among=json.dumps(alive), moment=since)}
    return found


def messages_of_conversations(tx: Tx, rows: Sequence[Conversation], limit: int) -> dict[int, list[MessageDetails]]:
    """The newest messages of each conversation that a contact may see, oldest first, by conversation
    id. However many they are, it takes the same few queries for every 1000 messages."""
    found: dict[int, list[MessageDetails]] = {row.id: [] for row in rows}
    for part in _parts(rows, max(1, _AT_ONCE // limit)):
        for one in messages_details(tx, _newest(tx, _NEWEST_CHAT, [row.id for row in part], limit)):
            found[one.message.conversation_id].append(one)
    return found


def _newest(tx: Tx, newest: Prepared[Message], conversation_ids: list[int], limit: int) -> list[Message]:
    """The newest messages of a kind of each conversation, oldest first."""
    if not conversation_ids:
        return []
    return tx.run(newest, among=json.dumps(conversation_ids), earlier=limit - 1)


def _memberships(tx: Tx, wanted: set[tuple[int, int]]) -> dict[tuple[int, int], AccountUser]:
    """Of users in accounts, by (account_id, user_id)."""
    if len(wanted) == 1:  # remembered, and most often it is one
        [one] = wanted
        membership = accounts.membership(tx, *one)
        return {one: membership} if membership else {}
    found = tx.run(_MEMBERSHIPS, among=json.dumps([user_id for _, user_id in wanted])) if wanted else []
    return {key: row for row in found if (key := (row.account_id, row.user_id)) in wanted}


def _by_id(tx: Tx, model: type[Row], ids: set[int]) -> dict[int, Row]:
    if len(ids) == 1:
        [one] = ids
        row = tx.get(model, one)
        return {one: row} if row else {}
    return {row.id: row for row in tx.run(_BY_ID[model], among=json.dumps(list(ids)))} if ids else {}


def _parts(rows: Sequence[Conversation], size: int) -> Iterator[Sequence[Conversation]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
