"""Contacts as a CSV file, page by page."""

from collections.abc import Sequence
from typing import Any

from inboxd.domain.conditions import parse
from inboxd.domain.errors import Invalid
from inboxd.domain.messages import Upload
from inboxd.domain.spreadsheets import csv_text
from inboxd.services import jobs
from inboxd.store import blobs, filters
from inboxd.store import contacts as store
from inboxd.store.db import Tx
from inboxd.store.models import Contact, Job
from inboxd.wire.times import iso_or_none

KIND = "contact_export"
Conditions = list[dict[str, Any]]
COLUMNS = ("id", "name", "email", "phone_number", "labels")
_OTHERS = (
    "identifier", "middle_name", "last_name", "contact_type", "blocked", "last_activity_at", "created_at", "updated_at",
)  # fmt: skip
_TIMES = ("last_activity_at", "created_at", "updated_at")


def begin(
    tx: Tx, account_id: int, user_id: int, *, columns: Sequence[str], label: str | None, conditions: Conditions
) -> Job:
    """Columns are those of contacts, or keys of their custom attributes. Raises Invalid for one that no
    contact could have, and Refused for conditions that mean nothing."""
    if any(not column.strip() for column in columns):
        raise Invalid("Column names must not be blank", "column_names")
    parse(conditions, filters.contact_catalogue(tx, account_id))
    params = {"columns": list(dict.fromkeys(columns)) or list(COLUMNS), "label": label, "conditions": conditions}
    return jobs.begin(tx, account_id, user_id, KIND, params)


def head(job: Job) -> str:
    return csv_text([job.params["columns"]])


def page(tx: Tx, job: Job, size: int) -> tuple[str, int, int]:
    """The next contacts of a job as lines, how many they are, and the id of the last."""
    found = store.behind(tx, job.account_id, job.position, **_chosen(tx, job), limit=size)
    text = csv_text([_cell(contact, name) for name in job.params["columns"]] for contact in found)
    return text, len(found), found[-1].id if found else job.position


def _chosen(tx: Tx, job: Job) -> dict[str, Any]:
    """Whom the file is of; days are counted back from when it was asked for. Raises Refused when a condition
    has lost its custom attribute since."""
    asked = parse(job.params["conditions"], filters.contact_catalogue(tx, job.account_id))
    return {"label": job.params["label"], "also": filters.of_contacts(asked, job.created_at)}


def _cell(contact: Contact, name: str) -> str:
    if name == "labels":
        return ",".join(contact.label_list)
    if name in _TIMES:
        return iso_or_none(getattr(contact, name)) or ""
    value: Any = getattr(contact, name) if name in (*COLUMNS, *_OTHERS) else contact.custom_attributes.get(name)
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def advance(tx: Tx, job_id: int, position: int, *, count: int, size: int) -> None:
    """`size` is how long the file is with this page."""
    job = jobs.current(tx, job_id)
    if job is not None:
        jobs.advance(tx, job, position, done=count, params=job.params | {"size": size})


def restart(tx: Tx, job_id: int, size: int) -> None:
    """From the beginning, with a file that holds the head alone."""
    job = jobs.current(tx, job_id)
    if job is not None:
        total = store.count(tx, job.account_id, **_chosen(tx, job))
        tx.update(job, state="running", position=0, done=0, total=total, params=job.params | {"size": size})


def finish(tx: Tx, job_id: int, upload: Upload) -> None:
    job = jobs.current(tx, job_id)
    if job is not None:
        blobs.add(tx, job.account_id, upload, jobs.OWNER, job.id)
        jobs.finish(tx, job)
