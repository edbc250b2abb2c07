"""Files that are no attachments: uploads, avatars, and what macros, rules and jobs carry."""

from inboxd.domain.messages import Upload
from inboxd.store.db import Tx
from inboxd.store.models import Blob, Orphan


def add(
    tx: Tx, account_id: int | None, upload: Upload, owner_type: str | None = None, owner_id: int | None = None
) -> Blob:
    return tx.insert(
        Blob,
        account_id=account_id,
        owner_type=owner_type,
        owner_id=owner_id,
        filename=upload.filename,
        content_type=upload.content_type,
        file_size=upload.size,
        digest=upload.digest,
    )


def by_id(tx: Tx, account_id: int, blob_id: int) -> Blob | None:
    return tx.find(Blob, id=blob_id, account_id=account_id)


def of(tx: Tx, owner_type: str, owner_id: int) -> list[Blob]:
    return tx.filter(Blob, owner_type=owner_type, owner_id=owner_id)


def adopt(tx: Tx, owner_type: str, owner_id: int, blob_id: int) -> None:
    """A blob becomes the only one of its owner; 0 leaves that one none."""
    for old in of(tx, owner_type, owner_id):
        if old.id != blob_id:
            discard(tx, old)
    blob = tx.get(Blob, blob_id)
    if blob is not None:
        tx.update(blob, owner_type=owner_type, owner_id=owner_id)


def drop(tx: Tx, owner_type: str, owner_id: int) -> None:
    """Delete the blobs of an owner; upkeep removes their files when nothing else has the same content."""
    for blob in of(tx, owner_type, owner_id):
        discard(tx, blob)


def discard(tx: Tx, blob: Blob) -> None:
    if blob.digest:
        tx.insert(Orphan, digest=blob.digest)
        tx.signals.add("orphans")
    tx.delete(Blob, id=blob.id)


def forget_loose(tx: Tx, before: int, limit: int) -> int:
    """Discard blobs from before a moment that nobody owns; returns how many it were."""
    loose = Blob.select().where(Blob.owner_type.is_null(), Blob.created_at < before).limit(limit)
    found = tx.all(loose)
    for blob in found:
        discard(tx, blob)
    return len(found)


def has(tx: Tx, digest: str) -> bool:
    return tx.find(Blob, digest=digest) is not None
