"""Labels: the words people choose from, and what becomes of the records that carry one.

Renaming and removing take as many steps as there are batches of such records, each a unit of its
own. The label itself changes in the last one, so that what was interrupted is finished by asking
for it again.
"""

import re
from typing import Any

from inboxd.domain.errors import Invalid, NotFound
from inboxd.domain.events import Actor
from inboxd.domain.text import STRING_LIMIT
from inboxd.services import conversations, outbox
from inboxd.store import labels as store
from inboxd.store.db import Tx
from inboxd.store.models import Contact, Conversation, Label

BATCH = 50
"""Records a step changes: with their events that holds the writer for some 40 ms."""
_TITLE = re.compile(r"[^\W_][\w-]+")
_NEVER_NULL = ("color",)


def create(tx: Tx, account_id: int, values: dict[str, Any]) -> Label:
    """Raises Invalid for a title that breaks a rule or is taken."""
    return tx.insert(Label, account_id=account_id, **_checked(tx, account_id, None, {"title": None, **values}))


def update(tx: Tx, account_id: int, label_id: int, values: dict[str, Any]) -> Label | None:
    """One step of a change; None when there are more to take, for records that carry the old title.

    Raises Invalid for a title that breaks a rule or is taken, NotFound when the label is gone.
    """
    label = _found(tx, account_id, label_id)
    values = _checked(tx, account_id, label, values)
    title = values.get("title", label.title)
    if title != label.title and _retitle(tx, label, title):
        return None
    tx.update(label, **values)
    return label


def delete(tx: Tx, account_id: int, label_id: int) -> bool:
    """One step of a removal, without events; whether it was the last. Raises NotFound when the label is gone."""
    label = _found(tx, account_id, label_id)
    if _untag(tx, label):
        return False
    tx.delete(Label, id=label.id)
    return True


def _found(tx: Tx, account_id: int, label_id: int) -> Label:
    label = store.label(tx, account_id, label_id)
    if label is None:
        raise NotFound
    return label


def _checked(tx: Tx, account_id: int, label: Label | None, values: dict[str, Any]) -> dict[str, Any]:
    values = {key: value for key, value in values.items() if value is not None or key not in _NEVER_NULL}
    if "title" not in values:
        return values
    title = (values["title"] or "").lower()
    if not title.strip():
        raise Invalid("Title must not be blank", "title")
    if len(title) > STRING_LIMIT:
        raise Invalid(f"Title is too long (maximum is {STRING_LIMIT} characters)", "title")
    if _TITLE.fullmatch(title) is None:
        raise Invalid("Title is invalid", "title")
    other = store.by_title(tx, account_id, title)
    if other is not None and (label is None or other.id != label.id):
        raise Invalid("Title has already been taken", "title")
    return values | {"title": title}


def _carriers(tx: Tx, label: Label) -> tuple[list[Conversation], list[Contact]]:
    """A batch of what carries the label's word."""
    talks = store.conversations(tx, label.account_id, label.title, BATCH)
    return talks, store.contacts(tx, label.account_id, label.title, BATCH - len(talks))


def _retitle(tx: Tx, label: Label, title: str) -> bool:
    """Give a batch of records the new word for the old; whether there may be more."""
    talks, people = _carriers(tx, label)
    for talk in talks:
        # Nobody in particular does it: what changes everywhere is no line of every conversation.
        conversations.change(tx, talk, Actor("system"), label_list=_with(talk.label_list, title, label.title))
        store.move_tag(tx, talk, label.title, title)
    for person in people:
        changes = tx.update(person, label_list=_with(person.label_list, title, label.title))
        store.move_tag(tx, person, label.title, title)
        if changes:
            outbox.contact_event(tx, "contact_updated", person, changes)
    return len(talks) + len(people) == BATCH


def _with(words: list[str], new: str, old: str) -> list[str]:
    """The words with a new one in the old one's place, and none of them twice."""
    return list(dict.fromkeys(new if word == old else word for word in words))


def _untag(tx: Tx, label: Label) -> bool:
    """Take the word from a batch of records; whether there may be more."""
    talks, people = _carriers(tx, label)
    rows: list[Conversation | Contact] = [*talks, *people]
    for row in rows:
        tx.update(row, label_list=[word for word in row.label_list if word != label.title])
        store.move_tag(tx, row, label.title, None)
    return len(rows) == BATCH
