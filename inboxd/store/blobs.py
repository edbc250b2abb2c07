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


def drop(tx: Tx, owner_type: str, owner_id: int) -> None:
    """Delete the blobs of an owner; upkeep removes their files when nothing else has the same content."""
    for blob in of(tx, owner_type, owner_id):
        discard(tx, blob)


def discard(tx: Tx, blob: Blob) -> None:
    tx.insert(Orphan, digest=blob.digest)
    tx.signals.add("orphans")
    tx.delete(Blob, id=blob.id)


def has(tx: Tx, digest: str) -> bool:
    return tx.find(Blob, digest=digest) is not None
