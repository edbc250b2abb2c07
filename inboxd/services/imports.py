"""Contacts out of a CSV file, row by row."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from inboxd.domain.errors import Failure, Invalid
from inboxd.domain.messages import Upload
from inboxd.domain.text import STRING_LIMIT, split_labels
from inboxd.services import contacts, jobs
from inboxd.store import blobs, labels
from inboxd.store import contacts as store
from inboxd.store.db import Tx
from inboxd.store.models import Contact, Job
from inboxd.wire import jsons

KIND = "contact_import"
_OWN = ("name", "email", "phone_number", "identifier")
_IGNORED = ("id",)
"""What our own export has besides."""


@dataclass(frozen=True)
class Row:
    """`line` is where it begins in the file, counted from 1. With an `error` it has no cells."""

    line: int
    cells: dict[str, str]
    error: str = ""


def begin(tx: Tx, account_id: int, user_id: int, upload: Upload) -> Job:
    return jobs.begin(tx, account_id, user_id, KIND, {}, upload)


def rows(lines: Iterable[str]) -> Iterator[Row]:
    """The rows below the head; lines must keep their ends. Commas or semicolons between the cells, as the
    head has them. Raises Invalid for a file without a head that can be used."""
    remaining = iter(lines)
    first = next(remaining, "")
    delimiter = ";" if ";" in first and "," not in first else ","
    # The head is read with the rest, for it may hold a newline too.
    reader = csv.reader(_from(first, remaining), delimiter=delimiter, strict=True)
    try:
        head = _head(next(reader, []))
    except csv.Error as error:
        raise Invalid(f"The first line cannot be read: {error}", "import_file") from None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Row(line, {}, f"The row cannot be read: {error}")
            continue
        if cells is None:
            return
        if len(cells) > len(head):
            yield Row(line, {}, f"The row has {len(cells)} cells and the first line {len(head)}")
        elif any(cell.strip() for cell in cells):
            yield Row(line, dict(zip(head, cells, strict=False)))


def weight(row: Row) -> int:
    return sum(len(cell) for cell in row.cells.values())


def _from(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _head(cells: Sequence[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    names = [name.lower() if name.lower() in (*_OWN, "labels", *_IGNORED) else name for name in names]
    if not set(names) & set(_OWN):
        raise Invalid(f"The first line must name columns, one of {', '.join(_OWN)} among them", "import_file")
    if "" in names or len(set(names)) < len(names):
        raise Invalid("Every column needs a name of its own", "import_file")
    if any(len(name) > STRING_LIMIT for name in names):
        raise Invalid(f"The name of a column is too long (maximum is {STRING_LIMIT} characters)", "import_file")
    jsons.check(names)
    return names


def measured(tx: Tx, job_id: int, total: int) -> None:
    job = jobs.current(tx, job_id)
    if job is not None:
        tx.update(job, state="running", total=total)


def load(tx: Tx, job_id: int, batch: Sequence[Row]) -> bool:
    """Import a batch of rows and write down how far that is. False when the job is over meanwhile."""
    job = jobs.current(tx, job_id)
    if job is None:
        return False
    problems = []
    for row in batch:
        try:
            _load(tx, job.account_id, row)
        except Failure as failure:
            problems.append((row.line, failure.message))
    jobs.advance(tx, job, job.position + len(batch), done=len(batch) - len(problems), problems=problems)
    return True


def _load(tx: Tx, account_id: int, row: Row) -> None:
    """Raises a Failure before anything is written."""
    if row.error:
        raise Invalid(row.error, "import_file")
    jsons.check(row.cells)
    given = {name: text.strip() for name, text in row.cells.items() if text.strip()}
    values: dict[str, Any] = {name: given.pop(name) for name in _OWN if name in given}
    words = split_labels([given.pop("labels", "")])
    for word in words:
        if labels.by_title(tx, account_id, word) is None:
            raise Invalid(f"There is no label {word!r}", "labels")
    if not values:
        raise Invalid(f"The row has none of {', '.join(_OWN)}", *_OWN)
    values["custom_attributes"] = {name: text for name, text in given.items() if name not in _IGNORED}
    contact = _match(tx, account_id, values)
    if contact is not None:
        contacts.update(tx, contact, values | {"label_list": list(dict.fromkeys([*contact.label_list, *words]))})
    else:
        store.retag(tx, contacts.create(tx, account_id, values | {"label_list": words}))


def _match(tx: Tx, account_id: int, values: dict[str, Any]) -> Contact | None:
    return contacts.match(tx, account_id, values | {"email": values.get("email", "").lower()})


def finish(tx: Tx, job_id: int) -> None:
    """The file has served its time."""
    job = jobs.current(tx, job_id)
    if job is not None:
        jobs.finish(tx, job)
        blobs.drop(tx, jobs.OWNER, job.id)
