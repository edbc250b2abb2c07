"""Removes what has served its time, in batches small enough for live traffic to pass between."""

from collections.abc import Callable

from inboxd.domain.retry import DAY_MS
from inboxd.services import deliveries, idempotency, jobs
from inboxd.store import audit_logs, blobs, mails, messages, notifications, retention
from inboxd.store.db import Store, Tx
from inboxd.store.models import AuditLog, Mail, Notification, Orphan, Record
from inboxd.upkeep.loop import Loop

EVERY_S = 3600.0
FILES = 100
MAIL_MS = 3 * DAY_MS
"""What is younger may still be tried."""


class Keeper(Loop):
    """`let_go` removes the file with a digest unless something still refers to it. Events and their
    deliveries, and mails, are kept for `retention_days`."""

    name = "upkeep"

    def __init__(self, store: Store, let_go: Callable[[str], None], retention_days: int) -> None:
        super().__init__()
        self._store = store
        self._days = retention_days
        self._let_go = let_go

    def turn(self) -> float:
        return 0 if self.step() else EVERY_S

    def step(self) -> bool:
        """Tidy up one batch of everything. Returns whether there may be more."""
        before = self._days * DAY_MS
        more = [
            self._store.write(idempotency.forget_old),
            self._store.write(lambda tx: deliveries.expire(tx, tx.now - before, self._days)) == retention.BATCH,
            self._store.write(lambda tx: blobs.forget_loose(tx, tx.now - DAY_MS, FILES)) == FILES,
            self._forget(Notification, notifications.surplus),
            self._forget(AuditLog, audit_logs.expired),
            self._forget(Mail, lambda tx, limit: mails.expired(tx, tx.now - max(before, MAIL_MS), limit)),
            self._store.write(jobs.forget_old, durable=False),
            self._remove_files(),
        ]
        return any(more)

    def _forget(self, model: type[Record], found: Callable[[Tx, int], list[int]]) -> bool:
        """A batch of rows that served their time, looked up while others write."""
        with self._store.read() as tx:
            ids = found(tx, retention.BATCH)
        if ids:
            self._store.write(lambda tx: retention.forget(tx, model, ids), durable=False)
        return len(ids) == retention.BATCH

    def _remove_files(self) -> bool:
        """Files first, their rows after: a crash in between only looks for files that are gone."""
        with self._store.read() as tx:
            batch = messages.orphans(tx, FILES)
        if batch:
            for orphan in batch:
                self._let_go(orphan.digest)
            self._store.write(lambda tx: [tx.delete(Orphan, id=orphan.id) for orphan in batch], durable=False)
        return len(batch) == FILES
