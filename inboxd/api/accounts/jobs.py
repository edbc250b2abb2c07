"""Work that outlasts its request: how far it is."""

from inboxd.api.web import Call
from inboxd.domain.errors import NotFound
from inboxd.services import exports, jobs
from inboxd.store import blobs
from inboxd.store import jobs as store
from inboxd.store.models import Job
from inboxd.wire import jobs as wire
from inboxd.wire.jobs import JobShape
from inboxd.wire.shapes import Payload


def find(call: Call) -> Job:
    job = store.by_id(call.tx, call.account_id, call.args["id"])
    if job is None:
        raise NotFound
    return job


def index(call: Call) -> Payload[list[JobShape]]:
    found = store.latest(call.tx, call.account_id, call.values.get("before"))
    return {"payload": [show(call, job) for job in found]}


def show(call: Call, job: Job) -> JobShape:
    # What an import was given is no result of it.
    results = blobs.of(call.tx, jobs.OWNER, job.id) if job.kind == exports.KIND else []
    return wire.job(job, results[0] if results else None, call.tx.links)


def cancel(call: Call, job: Job) -> JobShape:
    jobs.cancel(call.tx, job)
    return show(call, job)
