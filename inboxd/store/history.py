"""What lines of an import became."""

from inboxd.store.db import Tx
from inboxd.store.models import ImportedRecord


def record_id(tx: Tx, account_id: int, kind: str, source_id: str) -> int | None:
    found = tx.find(ImportedRecord, account_id=account_id, kind=kind, source_id=source_id)
    return found.record_id if found else None


def imported_at(tx: Tx, kind: str, record_id: int) -> int | None:
    """When a record was imported; None when it was not."""
    found = tx.find(ImportedRecord, record_id=record_id, kind=kind)
    return found.created_at if found else None


def note(tx: Tx, account_id: int, kind: str, source_id: str, record_id: int) -> None:
    """From now on the line is this record, whatever it was before."""
    tx.delete(ImportedRecord, account_id=account_id, kind=kind, source_id=source_id)
    tx.insert(ImportedRecord, account_id=account_id, kind=kind, source_id=source_id, record_id=record_id)
