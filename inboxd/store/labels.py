"""Labels, and the records that carry their words."""

from peewee import ModelSelect

from inboxd.store.db import Tx
from inboxd.store.models import Contact, ContactTagging, Conversation, Label, Tagging


def label(tx: Tx, account_id: int, label_id: int) -> Label | None:
    return tx.find(Label, id=label_id, account_id=account_id)


def by_title(tx: Tx, account_id: int, title: str) -> Label | None:
    return tx.find(Label, account_id=account_id, title=title)


def labels(tx: Tx, account_id: int) -> list[Label]:
    """By title."""
    return sorted(tx.filter(Label, account_id=account_id), key=lambda label: label.title)


def conversations(tx: Tx, account_id: int, word: str, limit: int) -> list[Conversation]:
    """Some of those that carry a word."""
    query: ModelSelect[Conversation] = (
        Conversation.select()
        .join(Tagging, on=(Tagging.conversation_id == Conversation.id))
        .where(Tagging.account_id == account_id, Tagging.label == word)
        .order_by(Tagging.conversation_id)
        .limit(limit)
    )
    return tx.all(query)


def contacts(tx: Tx, account_id: int, word: str, limit: int) -> list[Contact]:
    """Some of those that carry a word."""
    query: ModelSelect[Contact] = (
        Contact.select()
        .join(ContactTagging, on=(ContactTagging.contact_id == Contact.id))
        .where(ContactTagging.account_id == account_id, ContactTagging.label == word)
        .order_by(ContactTagging.contact_id)
        .limit(limit)
    )
    return tx.all(query)


def move_tag(tx: Tx, row: Conversation | Contact, word: str, to: str | None) -> None:
    """The index behind a record's `label_list` follows: `to` in place of the word, or nothing."""
    if isinstance(row, Conversation):
        tx.delete(Tagging, account_id=row.account_id, label=word, conversation_id=row.id)
        if to is not None and not tx.find(Tagging, account_id=row.account_id, label=to, conversation_id=row.id):
            tx.insert(Tagging, account_id=row.account_id, label=to, conversation_id=row.id)
    else:
        tx.delete(ContactTagging, account_id=row.account_id, label=word, contact_id=row.id)
        if to is not None and not tx.find(ContactTagging, account_id=row.account_id, label=to, contact_id=row.id):
            tx.insert(ContactTagging, account_id=row.account_id, label=to, contact_id=row.id)
