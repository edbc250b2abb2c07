"""Contacts and their places in inboxes."""

from dataclasses import dataclass
from typing import Any

from peewee import JOIN, fn

from inboxd.store import blobs, notes
from inboxd.store import search as find
from inboxd.store.db import Tx
from inboxd.store.models import (
    Attachment,
    Contact,
    ContactInbox,
    ContactTagging,
    Conversation,
    Counter,
    CsatSurveyResponse,
    ImportedRecord,
    Message,
)
from inboxd.store.removal import thin
from inboxd.store.rows import Prepared, arg

PAGE = 15
CONVERSATIONS = 20
ATTACHMENTS = 100
_SORTS = {
    "name": fn.LOWER(Contact.name),
    "email": Contact.email,
    "phone_number": Contact.phone_number,
    "last_activity_at": Contact.last_activity_at,
    "created_at": Contact.created_at,
    "company_name": fn.json_extract(Contact.additional_attributes, "$.company_name"),
    "city": fn.json_extract(Contact.additional_attributes, "$.city"),
    "country": fn.json_extract(Contact.additional_attributes, "$.country"),
}

_REACHABLE = Contact.email.is_null(False) | Contact.phone_number.is_null(False) | Contact.identifier.is_null(False)


def by_id(tx: Tx, account_id: int, contact_id: int) -> Contact | None:
    return tx.find(Contact, id=contact_id, account_id=account_id)


def by_identity(tx: Tx, account_id: int, key: str, value: str) -> Contact | None:
    """`key` is identifier, email or phone_number."""
    return tx.find(Contact, account_id=account_id, **{key: value})


def contact_inbox(tx: Tx, inbox_id: int, source_id: str) -> ContactInbox | None:
    return tx.find(ContactInbox, inbox_id=inbox_id, source_id=source_id)


_ON_PATH = Prepared(
    ContactInbox,
    lambda: (
        ContactInbox.select(ContactInbox, Contact, Conversation)
        .join(Contact, on=(Contact.id == ContactInbox.contact_id))
        .join(
            Conversation,
            JOIN.LEFT_OUTER,
            on=((Conversation.account_id == ContactInbox.account_id) & (Conversation.display_id == arg("display_id"))),
        )
        .where(ContactInbox.inbox_id == arg("inbox_id"), ContactInbox.source_id == arg("source_id"))
    ),
)


def on_path(
    tx: Tx, inbox_id: int, source_id: str, display_id: int
) -> tuple[ContactInbox, Contact, Conversation | None] | None:
    """What a path of the client API names, in one statement: it is on the way of every message.

    The conversation is only one of the same account; whether the contact may see it is not decided here.
    """
    found = tx.joined(
        _ON_PATH, ContactInbox, Contact, Conversation, inbox_id=inbox_id, source_id=source_id, display_id=display_id
    )
    return (found[0][0], found[0][1], found[0][2]) if found else None


def contact_inboxes(tx: Tx, contact_id: int) -> list[ContactInbox]:
    return tx.filter(ContactInbox, contact_id=contact_id)


def contact_inboxes_of(tx: Tx, contact_ids: list[int]) -> list[ContactInbox]:
    return tx.all(ContactInbox.select().where(ContactInbox.contact_id.in_(contact_ids)).order_by(ContactInbox.id))


def contact_inbox_by_source(tx: Tx, account_id: int, source_id: str) -> ContactInbox | None:
    return tx.find(ContactInbox, account_id=account_id, source_id=source_id)


def _page(tx: Tx, query: Any, sort: str, page: int, size: int = PAGE) -> list[Contact]:
    return tx.all(query.order_by(*_order(sort)).limit(size).offset((page - 1) * PAGE))


def _order(sort: str) -> tuple[Any, ...]:
    """Null comes last; equals in the direction of the rest, as an index has them."""
    key = _SORTS.get(sort.lstrip("-"))
    if key is None:
        return (Contact.id,)
    if sort.startswith("-"):
        return key.desc(nulls="last"), Contact.id.desc()
    return key.asc(nulls="last"), Contact.id


def page(
    tx: Tx, account_id: int, *, sort: str, page: int, labels: list[str], also: Any = None
) -> tuple[int, list[Contact]]:
    """Contacts that somebody could reach (e-mail, phone number or identifier), and how many there are.
    `also` is one more condition."""
    where: list[Any] = [Contact.account_id == account_id, _REACHABLE]
    if labels:
        tagged = ContactTagging.select(ContactTagging.contact_id).where(
            ContactTagging.account_id == account_id, ContactTagging.label.in_(labels)
        )
        where.append(Contact.id.in_(tagged))
    if also is not None:
        where.append(also)
    if labels or also is not None:
        total = tx.tuples(Contact.select(fn.COUNT(Contact.id)).where(*where))[0][0]
    else:
        counted = tx.find(Counter, account_id=account_id, name="contacts")
        total = counted.value if counted else 0
    return total, _page(tx, Contact.select().where(*where), sort, page)


def _all(account_id: int, label: str | None, also: Any) -> list[Any]:
    where: list[Any] = [Contact.account_id == account_id]
    if label is not None:
        tagged = ContactTagging.select(ContactTagging.contact_id).where(
            ContactTagging.account_id == account_id, ContactTagging.label == label
        )
        where.append(Contact.id.in_(tagged))
    return where if also is None else [*where, also]


def behind(tx: Tx, account_id: int, contact_id: int, *, label: str | None, also: Any, limit: int) -> list[Contact]:
    """The next contacts by id, of the account or of those that carry a label; `also` is one more condition."""
    query = Contact.select().where(*_all(account_id, label, also), Contact.id > contact_id)
    return tx.all(query.order_by(Contact.id).limit(limit))


def count(tx: Tx, account_id: int, *, label: str | None, also: Any) -> int:
    number: int = tx.tuples(Contact.select(fn.COUNT(Contact.id)).where(*_all(account_id, label, also)))[0][0]
    return number


def search(tx: Tx, account_id: int, text: str, *, sort: str, page: int) -> tuple[list[Contact], bool]:
    """One page of contacts with `text` in name, e-mail, phone number or identifier, and whether more follow."""
    hits = find.among(Contact.id, find.contact_ids(tx, account_id, text))
    found = _page(tx, Contact.select().where(hits), sort, page, PAGE + 1)
    return found[:PAGE], len(found) > PAGE


def reachable(tx: Tx, account_id: int, text: str, *, limit: int, page: int) -> list[Contact]:
    """A page of the contacts that the text finds and somebody could reach, the newest first."""
    hits = find.among(Contact.id, find.contact_ids(tx, account_id, text))
    query = Contact.select().where(hits, _REACHABLE).order_by(Contact.id.desc())
    return tx.all(query.limit(limit).offset((page - 1) * limit))


def _talks(contact_id: int, inbox_ids: frozenset[int] | None) -> list[Any]:
    """Which conversations are the contact's; `inbox_ids` is what the caller may see, None for all."""
    where: list[Any] = [Conversation.contact_id == contact_id]
    if inbox_ids is not None:
        where.append(Conversation.inbox_id.in_(sorted(inbox_ids)))
    return where


def conversations(tx: Tx, contact_id: int, inbox_ids: frozenset[int] | None) -> list[Conversation]:
    """The contact's latest conversations, the newest activity first."""
    query = Conversation.select().where(*_talks(contact_id, inbox_ids))
    newest = (Conversation.last_activity_at.desc(), Conversation.id.desc())
    return tx.all(query.order_by(*newest).limit(CONVERSATIONS))


def attachments(
    tx: Tx, contact_id: int, inbox_ids: frozenset[int] | None, page: int
) -> tuple[int, list[tuple[Attachment, Message]]]:
    """How many files the contact's conversations hold, and one page of them with their messages, newest first."""
    talks = Conversation.select(Conversation.id).where(*_talks(contact_id, inbox_ids))
    inside = Attachment.message_id.in_(Message.select(Message.id).where(Message.conversation_id.in_(talks)))
    total = tx.tuples(Attachment.select(fn.COUNT(Attachment.id)).where(inside))[0][0]
    query = Attachment.select().where(inside).order_by(Attachment.id.desc())
    found = tx.all(query.limit(ATTACHMENTS).offset((page - 1) * ATTACHMENTS))
    ids = {attachment.message_id for attachment in found}
    carriers = {message.id: message for message in tx.all(Message.select().where(Message.id.in_(ids)))} if ids else {}
    return total, [(attachment, carriers[attachment.message_id]) for attachment in found]


def retag(tx: Tx, contact: Contact) -> None:
    """The index follows the contact's `label_list`."""
    tx.delete(ContactTagging, contact_id=contact.id)
    for label in contact.label_list:
        tx.insert(ContactTagging, account_id=contact.account_id, contact_id=contact.id, label=label)


def drop(tx: Tx, contact_id: int) -> bool:
    """One step of removing a contact with its conversations and all else that is its own; whether it was the
    last."""
    if thin(tx, Conversation.select(Conversation.id).where(Conversation.contact_id == contact_id)):
        return False
    notes.drop(tx, contact_id)
    blobs.drop(tx, "Contact", contact_id)
    tx.delete(ContactTagging, contact_id=contact_id)
    tx.delete(ContactInbox, contact_id=contact_id)
    tx.delete(Contact, id=contact_id)
    return True


@dataclass(frozen=True)
class Sent:
    """What a contact had sent when somebody looked: the messages, the conversations looked through, and the newest
    message of all then."""

    messages: list[int]
    talks: frozenset[int]
    newest: int


def sent(tx: Tx, contact_id: int, other_id: int) -> Sent:
    """What the contact sent in its conversations and in those of another."""
    own = Conversation.select(Conversation.id).where(Conversation.contact_id.in_((contact_id, other_id)))
    by_contact = (Message.sender_type == "Contact", Message.sender_id == contact_id)
    messages = _ids(tx, Message.select(Message.id).where(Message.conversation_id.in_(own), *by_contact))
    return Sent(messages, frozenset(_ids(tx, own)), max(_ids(tx, Message.select(fn.MAX(Message.id)))) or 0)


def _ids(tx: Tx, query: Any) -> list[int]:
    return [number for (number,) in tx.tuples(query)]


def adopt(tx: Tx, *, survivor_id: int, gone_id: int, found: Sent) -> None:
    """Everything that pointed to one contact points to the other; labels are left to `retag`. Of messages it is
    what was `found`, and what came since: a long history is not looked through with the writer waiting."""
    tx.delete(ContactTagging, contact_id=gone_id)
    notes.move(tx, gone_id, survivor_id)
    tx.execute(
        CsatSurveyResponse.update(contact_id=survivor_id).where(
            CsatSurveyResponse.conversation_id.in_(
                Conversation.select(Conversation.id).where(Conversation.contact_id == gone_id)
            )
        )
    )
    tx.execute(ContactInbox.update(contact_id=survivor_id).where(ContactInbox.contact_id == gone_id))
    tx.execute(Conversation.update(contact_id=survivor_id).where(Conversation.contact_id == gone_id))
    tx.execute(
        ImportedRecord.update(record_id=survivor_id).where(
            ImportedRecord.record_id == gone_id, ImportedRecord.kind == "contact"
        )
    )
    own = Conversation.select(Conversation.id).where(Conversation.contact_id == survivor_id)
    unseen = [number for number in _ids(tx, own) if number not in found.talks]
    by_gone = (Message.sender_type == "Contact", Message.sender_id == gone_id)
    for part in (
        find.among(Message.id, found.messages),
        find.among(Message.conversation_id, unseen),
        Message.conversation_id.in_(own) & (Message.id > found.newest),
    ):
        tx.execute(Message.update(sender_id=survivor_id).where(part, *by_gone))
