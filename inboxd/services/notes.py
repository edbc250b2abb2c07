"""Notes: what people write about a contact, for one another. No event tells of them."""

from typing import Any

from inboxd.domain.text import check_present
from inboxd.store.db import Tx
from inboxd.store.models import Contact, Note


def create(tx: Tx, contact: Contact, author_id: int, values: dict[str, Any]) -> Note:
    """Raises Invalid for a blank note."""
    values = {"content": None, **values}
    check_present(values, "content")
    return tx.insert(Note, account_id=contact.account_id, contact_id=contact.id, user_id=author_id, **values)


def update(tx: Tx, note: Note, author_id: int, values: dict[str, Any]) -> None:
    """Who writes it anew becomes its author."""
    check_present(values, "content")
    tx.update(note, user_id=author_id, **values)


def delete(tx: Tx, note: Note) -> None:
    tx.delete(Note, id=note.id)
