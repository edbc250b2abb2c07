"""Avatars that are named by a URL: asked for in the transaction that names them, fetched later.

Each is a Job of kind `avatar_fetch` until it was fetched or given up, so that a crash loses none.
"""

import hashlib
from typing import Any

from inboxd.domain.messages import Upload
from inboxd.domain.webhooks import is_url
from inboxd.services import avatars, contacts
from inboxd.store import avatar_fetches as store
from inboxd.store.db import Tx
from inboxd.store.models import AgentBot, Contact, Job
from inboxd.wire.times import iso

TRIES = 3
_OWNERS: dict[str, type[AgentBot] | type[Contact]] = {"AgentBot": AgentBot, "Contact": Contact}


def ask(tx: Tx, owner: AgentBot | Contact, url: str | None) -> None:
    """Have the picture behind a URL fetched; what is no web address is ignored, and what a contact's
    picture was fetched from last."""
    if not url or not is_url(url):
        return
    if isinstance(owner, Contact) and owner.additional_attributes.get("avatar_url_hash") == _hash(url):
        return
    store.add(tx, owner.account_id, {"owner_type": type(owner).__name__, "owner_id": owner.id, "url": url})
    tx.signals.add("avatars")


def waiting(tx: Tx, limit: int) -> list[Job]:
    """The oldest, up to the first one whose owner comes twice: the last URL has to win."""
    found: dict[tuple[Any, Any], Job] = {}
    for job in store.oldest(tx, limit):
        owner = (job.params.get("owner_type"), job.params.get("owner_id"))
        if owner in found:
            break
        found[owner] = job
    return list(found.values())


def done(tx: Tx, job: Job, upload: Upload | None) -> None:
    """The picture is here; None when there is none to be had. Its owner may be gone by now. Raises Invalid."""
    tx.delete(Job, id=job.id)
    if upload is None:
        return
    owner = tx.get(_OWNERS[job.params["owner_type"]], job.params["owner_id"])
    if owner is None:
        return
    values: dict[str, Any] = {"avatar": avatars.stored(tx, owner.account_id, upload)}
    if isinstance(owner, Contact):
        synced = {"last_avatar_sync_at": iso(tx.now), "avatar_url_hash": _hash(job.params["url"])}
        contacts.update(tx, owner, values | {"additional_attributes": synced})
    else:
        tx.update(owner, **values)
    avatars.adopt(tx, owner)


def stumbled(tx: Tx, job_id: int) -> None:
    """Something of ours went wrong with it."""
    # Looked up here: a unit may be run twice, and a row from outside would then have been counted up already.
    job = tx.get(Job, job_id)
    if job is not None and job.failed + 1 < TRIES:
        tx.update(job, failed=job.failed + 1)
    else:
        tx.delete(Job, id=job_id)


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
