"""Idempotency-Key: the same request twice has one effect and one answer."""

from inboxd.domain.errors import Refused
from inboxd.store import keys
from inboxd.store.db import Tx
from inboxd.store.models import IdempotencyKey

RETENTION_MS = 24 * 3_600_000
UNANSWERED = 0
"""The status of a request that is done in steps, until it is answered; its body is the last step done."""
BATCH = 500
Mark = tuple[str, str, str]
"""Scope, key and fingerprint of a request."""


def recall(tx: Tx, scope: str, key: str, fingerprint: str) -> IdempotencyKey | None:
    """The stored answer, or how far an unanswered request got. Raises Refused when the key was used for
    another request.

    Where a request is one unit, key, effect and answer commit together and units run one after the other, so
    a twin that arrives meanwhile waits for its turn and then finds the answer: nothing is ever half done.
    """
    known = tx.find(IdempotencyKey, scope=scope, key=key)
    if known is None:
        return None
    if tx.now - known.created_at > RETENTION_MS:
        tx.delete(IdempotencyKey, id=known.id)
        return None
    if known.fingerprint != fingerprint:
        raise Refused("This Idempotency-Key was used for another request")
    return known


def keep(tx: Tx, scope: str, key: str, fingerprint: str, status: int, body: str) -> None:
    tx.insert(IdempotencyKey, scope=scope, key=key, fingerprint=fingerprint, status=status, body=body)


def keep_anew(tx: Tx, scope: str, key: str, fingerprint: str, status: int, body: str) -> None:
    """The same in place of how far it had got."""
    tx.delete(IdempotencyKey, scope=scope, key=key)
    keep(tx, scope, key, fingerprint, status, body)


def forget_old(tx: Tx) -> bool:
    """Remove a batch of expired keys. Returns whether there may be more."""
    return keys.delete_before(tx, tx.now - RETENTION_MS, BATCH) == BATCH
