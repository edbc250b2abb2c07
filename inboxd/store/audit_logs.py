"""Who changed what of an account."""

from typing import Any

from peewee import fn

from inboxd.domain.retry import DAY_MS
from inboxd.store.db import Tx
from inboxd.store.models import TABLES, Account, AuditLog, Record
from inboxd.store.rows import Row

PAGE = 25
KEPT_MS = 400 * DAY_MS
_MODELS = {model.__name__: model for model in TABLES}


def rows(tx: Tx, account_id: int, model: type[Row]) -> list[Row]:
    """All that an account has of a small table."""
    if model is Account:
        return tx.filter(model, id=account_id)
    return tx.filter(model, account_id=account_id)


def last_version(tx: Tx, kind: str, number: int) -> int:
    query = AuditLog.select(fn.MAX(AuditLog.version)).where(
        AuditLog.auditable_type == kind, AuditLog.auditable_id == number
    )
    version: int | None = tx.tuples(query)[0][0]
    return version or 0


def count(tx: Tx, account_id: int) -> int:
    total: int = tx.tuples(AuditLog.select(fn.COUNT(AuditLog.id)).where(AuditLog.account_id == account_id))[0][0]
    return total


def page(tx: Tx, account_id: int, page: int) -> list[AuditLog]:
    """The newest first."""
    query = AuditLog.select().where(AuditLog.account_id == account_id).order_by(AuditLog.id.desc())
    return tx.all(query.limit(PAGE).offset((page - 1) * PAGE))


def subject(tx: Tx, log: AuditLog) -> dict[str, Any] | None:
    """The columns of what an entry is about, while it is there and the account's own: ids are used again."""
    row: Record | None = tx.get(_MODELS[log.auditable_type], log.auditable_id)
    if row is None:
        return None
    columns = row.__dict__
    owner = columns["id"] if log.auditable_type == "Account" else columns["account_id"]
    return columns if owner == log.account_id else None


def expired(tx: Tx, limit: int) -> list[int]:
    """Some of those that are older than a year and a month."""
    found = tx.tuples(AuditLog.select(AuditLog.id, AuditLog.created_at).order_by(AuditLog.id).limit(limit))
    return [number for number, created_at in found if created_at < tx.now - KEPT_MS]
