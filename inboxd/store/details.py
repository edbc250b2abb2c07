"""What belongs to a conversation or a message when it is shown, gathered in few queries."""

from dataclasses import dataclass, field

from inboxd.domain import conversations as rules
from inboxd.store import accounts, messages
from inboxd.store.db import Tx
from inboxd.store.models import (
    Account,
    AccountUser,
    Attachment,
    Contact,
    ContactInbox,
    Conversation,
    Inbox,
    Message,
    User,
)


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
    sender: Contact | User | None = None
    attachments: list[Attachment] = field(default_factory=list)
    membership: AccountUser | None = None


@dataclass(frozen=True)
class ConversationDetails:
    """`messages` are the newest ones, as many as the shape at hand shows."""

    conversation: Conversation
    place: Place
    assignee: User | None
    assignee_membership: AccountUser | None
    can_reply: bool
    messages: list[MessageDetails]

    @property
    def unread_count(self) -> int:
        return min(self.conversation.unread_count, rules.UNREAD_CAP)


class Dangling(LookupError):
    """A row points to one that is gone: a defect of ours, never the caller's."""


def place(tx: Tx, conversation: Conversation) -> Place:
    account = accounts.account(tx, conversation.account_id)
    inbox = accounts.inbox(tx, conversation.account_id, conversation.inbox_id)
    contact = tx.get(Contact, conversation.contact_id)
    contact_inbox = tx.get(ContactInbox, conversation.contact_inbox_id)
    if account is None or inbox is None or contact is None or contact_inbox is None:
        raise Dangling(f"conversation {conversation.id}")
    return Place(account, inbox, contact, contact_inbox)


def messages_details(tx: Tx, rows: list[Message]) -> list[MessageDetails]:
    """Senders and attachments of messages that are already loaded, in their order."""
    senders = messages.senders(tx, rows)
    attached = messages.attachments(tx, rows)
    return [
        MessageDetails(
            row,
            senders.get((row.sender_type, row.sender_id)) if row.sender_type and row.sender_id else None,
            attached.get(row.id, []),
            accounts.membership(tx, row.account_id, row.sender_id)
            if row.sender_type == "User" and row.sender_id
            else None,
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
    window = rules.reply_window_ms(where.inbox.additional_attributes)
    incoming = messages.last_incoming(tx, conversation.id) if window is not None else None
    return ConversationDetails(
        conversation,
        where,
        assignee,
        accounts.membership(tx, conversation.account_id, assignee.id) if assignee else None,
        rules.can_reply(window, incoming.created_at if incoming else None, tx.now),
        shown,
    )
