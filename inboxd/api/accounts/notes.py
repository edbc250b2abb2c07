"""Notes of a contact."""

from typing import Any

from inboxd.api.accounts import contacts
from inboxd.api.web import Call, empty
from inboxd.domain.errors import NotFound
from inboxd.services import notes
from inboxd.store import accounts
from inboxd.store import notes as store
from inboxd.store.models import Contact, Note
from inboxd.wire import notes as wire


def find(call: Call) -> Note:
    note = store.by_id(call.tx, contacts.find(call).id, call.args["note_id"])
    if note is None:
        raise NotFound
    return note


def _shown(call: Call, note: Note) -> Any:
    author = accounts.user(call.tx, note.user_id) if note.user_id is not None else None
    membership = accounts.membership(call.tx, call.account_id, author.id) if author is not None else None
    return wire.note(note, author, membership, call.tx.now, call.tx.links)


def index(call: Call, contact: Contact) -> Any:
    return [_shown(call, note) for note in store.of_contact(call.tx, contact.id)]


def create(call: Call, contact: Contact) -> Any:
    return _shown(call, notes.create(call.tx, contact, call.caller.known_user.id, call.values))


def show(call: Call, note: Note) -> Any:
    return _shown(call, note)


def update(call: Call, note: Note) -> Any:
    notes.update(call.tx, note, call.caller.known_user.id, call.values)
    return _shown(call, note)


def delete(call: Call, note: Note) -> Any:
    notes.delete(call.tx, note)
    return empty()
