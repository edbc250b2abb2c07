"""The audit log: what people and rules changed of an account's settings."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from inboxd.domain import audit as rules
from inboxd.store import audit_logs as store
from inboxd.store.db import Tx
from inboxd.store.models import AuditLog, Record, User

Seen = dict[tuple[str, int], dict[str, Any]]
"""Rows as they were at a moment, by table and id."""


@dataclass(frozen=True)
class Author:
    """Who changed something, and by which request. Nobody: inboxd itself."""

    user: User | None = None
    remote_address: str | None = None
    request_uuid: str | None = None


def seen(rows: Iterable[Record]) -> Seen:
    return {(type(row).__name__, row.__dict__["id"]): dict(row.__dict__) for row in rows}


def compare(tx: Tx, account_id: int, before: Seen, after: Seen, author: Author, comment: str | None = None) -> None:
    """Write down what is new, gone and different."""
    for key in before | after:
        kind, old, new = key[0], before.get(key), after.get(key)
        if old is not None and new is not None:
            changes: dict[str, Any] = rules.changes(kind, old, new)
            if changes:
                note(tx, account_id, key, "update", changes, author, comment)
        else:
            action = "create" if old is None else "destroy"
            note(tx, account_id, key, action, rules.columns(kind, old or new or {}), author, comment)


def note(
    tx: Tx,
    account_id: int,
    subject: tuple[str, int],
    action: str,
    changes: dict[str, Any],
    author: Author,
    comment: str | None = None,
) -> None:
    """`subject` is a table's name and an id; `changes` must hold no secret."""
    tx.insert(
        AuditLog,
        account_id=account_id,
        auditable_type=subject[0],
        auditable_id=subject[1],
        user_id=author.user.id if author.user else None,
        username=author.user.email if author.user else None,
        action=action,
        audited_changes=changes,
        version=store.last_version(tx, *subject) + 1,
        comment=comment,
        request_uuid=author.request_uuid,
        remote_address=author.remote_address,
    )
