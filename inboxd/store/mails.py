"""E-mail that is owed, and what became of it."""

from peewee import fn

from inboxd.store.db import Tx
from inboxd.store.models import Mail


def due(tx: Tx, limit: int) -> list[Mail]:
    """Those whose time has come, the longest first."""
    where = (Mail.state == "pending", Mail.due_at <= tx.now)
    return tx.all(Mail.select().where(*where).order_by(Mail.due_at, Mail.id).limit(limit))


def next_due_s(tx: Tx, longest: float) -> float:
    """Seconds until the next one is due, or the longest if that is sooner."""
    soonest = tx.tuples(Mail.select(fn.MIN(Mail.due_at)).where(Mail.state == "pending"))[0][0]
    return longest if soonest is None else min(longest, max(0, soonest - tx.now) / 1000)


def recipients(tx: Tx, account_id: int, since: int, kind: str | None = None) -> list[str]:
    """Whom an account's mails went to since a moment, of one kind or of all."""
    where = [Mail.account_id == account_id, Mail.created_at > since]
    if kind is not None:
        where.append(Mail.kind == kind)
    return [recipient for (recipient,) in tx.tuples(Mail.select(Mail.recipient).where(*where))]


def expired(tx: Tx, before: int, limit: int) -> list[int]:
    """Some of those that were made before a moment."""
    found = tx.tuples(Mail.select(Mail.id, Mail.created_at).order_by(Mail.id).limit(limit))
    return [number for number, created_at in found if created_at < before]
