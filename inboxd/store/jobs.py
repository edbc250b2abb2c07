"""Work that outlasts its request."""

from peewee import SQL

from inboxd.store.db import Tx
from inboxd.store.models import Job

LISTED = 100
UNFINISHED = SQL("state IN ('pending', 'running')")


def by_id(tx: Tx, account_id: int, job_id: int) -> Job | None:
    return tx.find(Job, id=job_id, account_id=account_id)


def latest(tx: Tx, account_id: int, before: int | None) -> list[Job]:
    """The newest first."""
    query = Job.select().where(Job.account_id == account_id)
    if before is not None:
        query = query.where(Job.id < before)
    return tx.all(query.order_by(Job.id.desc()).limit(LISTED))


def next_unfinished(tx: Tx, kinds: tuple[str, ...]) -> Job | None:
    """The oldest of these kinds."""
    found = tx.all(Job.select().where(UNFINISHED, Job.kind.in_(kinds)).order_by(Job.id).limit(1))
    return found[0] if found else None


def over(tx: Tx, before: int, limit: int) -> list[Job]:
    """Some of those that ended before a moment."""
    where = (Job.state.in_(("done", "failed", "cancelled")), Job.updated_at < before)
    return tx.all(Job.select().where(*where).limit(limit))
