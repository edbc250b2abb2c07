"""Notes of contacts."""

from inboxd.store.db import Tx
from inboxd.store.models import Note


def by_id(tx: Tx, contact_id: int, note_id: int) -> Note | None:
    return tx.find(Note, id=note_id, contact_id=contact_id)


def of_contact(tx: Tx, contact_id: int) -> list[Note]:
    """The newest first."""
    return tx.filter(Note, contact_id=contact_id)[::-1]


def move(tx: Tx, from_id: int, to_id: int) -> None:
    """The notes of one contact become the other's."""
    tx.execute(Note.update(contact_id=to_id).where(Note.contact_id == from_id))


def drop(tx: Tx, contact_id: int) -> None:
    tx.delete(Note, contact_id=contact_id)
