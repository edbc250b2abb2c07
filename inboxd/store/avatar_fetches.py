"""Avatars that are still to be fetched: rows of `jobs` that last until then."""

from typing import Any

from peewee import SQL

from inboxd.store.db import Tx
from inboxd.store.models import Job

KIND = "avatar_fetch"


def add(tx: Tx, account_id: int, params: dict[str, Any]) -> Job:
    return tx.insert(Job, account_id=account_id, kind=KIND, params=params)


def oldest(tx: Tx, limit: int) -> list[Job]:
    # In the words of the partial index, which bound values could not use.
    unfinished = SQL("state IN ('pending', 'running')")
    return tx.all(Job.select().where(unfinished, Job.kind == KIND).order_by(Job.id).limit(limit))
