"""Jobs: work that outlasts its request, and how far it is."""

from collections.abc import Sequence
from typing import Any

from inboxd.domain.messages import Upload
from inboxd.domain.retry import DAY_MS
from inboxd.store import blobs
from inboxd.store import jobs as store
from inboxd.store.db import Tx
from inboxd.store.models import Job

OWNER = "Job"
PROBLEMS = 100
KEPT_MS = 30 * DAY_MS
BATCH = 100
Problems = Sequence[tuple[int, str]]
"""Line numbers and what is wrong there."""


def begin(
    tx: Tx, account_id: int, user_id: int, kind: str, params: dict[str, Any], upload: Upload | None = None
) -> Job:
    job = tx.insert(Job, account_id=account_id, user_id=user_id, kind=kind, params=params)
    if upload is not None:
        blobs.add(tx, account_id, upload, OWNER, job.id)
    tx.signals.add("jobs")
    return job


def current(tx: Tx, job_id: int) -> Job | None:
    """The job as it is now, unless it is over."""
    job = tx.get(Job, job_id)
    return job if job is not None and job.state in ("pending", "running") else None


def advance(tx: Tx, job: Job, position: int, *, done: int, problems: Problems = (), **values: Any) -> None:
    """Write down what a batch did, in the transaction that did it."""
    room = PROBLEMS - len(job.problems)
    told = [{"line": line, "error": error} for line, error in problems[:room]]
    tx.update(
        job,
        state="running",
        position=position,
        done=job.done + done,
        failed=job.failed + len(problems),
        problems=[*job.problems, *told],
        **values,
    )


def finish(tx: Tx, job: Job) -> None:
    tx.update(job, state="done")


def fail(tx: Tx, job_id: int, error: str) -> None:
    """What the job was given goes with it."""
    job = current(tx, job_id)
    if job is not None:
        tx.update(job, state="failed", error=error)
        blobs.drop(tx, OWNER, job.id)


def cancel(tx: Tx, job: Job) -> None:
    """What is done stays done; a job that is over stays as it is."""
    if job.state in ("pending", "running"):
        tx.update(job, state="cancelled")
        blobs.drop(tx, OWNER, job.id)


def forget_old(tx: Tx) -> bool:
    """Remove a batch of jobs that ended long ago, with their files: whoever has the link of an export can
    read it as long as that is there. Returns whether there may be more."""
    found = store.over(tx, tx.now - KEPT_MS, BATCH)
    for job in found:
        blobs.drop(tx, OWNER, job.id)
        tx.delete(Job, id=job.id)
    return len(found) == BATCH
