"""The audit log as the application API shows it."""

from typing import Any, TypedDict

from inboxd.domain import audit
from inboxd.store.models import AuditLog as Row
from inboxd.wire.times import seconds


class AuditLog(TypedDict):
    id: int
    auditable_id: int
    auditable_type: str
    auditable: dict[str, Any] | None
    associated_id: int
    associated_type: str
    user_id: int | None
    user_type: str | None
    username: str | None
    action: str
    audited_changes: dict[str, Any]
    version: int
    comment: str | None
    request_uuid: str | None
    created_at: int
    remote_address: str | None


class Page(TypedDict):
    per_page: int
    total_entries: int
    current_page: int
    audit_logs: list[AuditLog]


def audit_log(row: Row, subject: dict[str, Any] | None) -> AuditLog:
    """`subject`: the columns of what it is about, while that is there."""
    auditable = None
    if subject is not None:
        auditable = {"id": row.auditable_id, **audit.columns(row.auditable_type, subject)}
    return {
        "id": row.id,
        "auditable_id": row.auditable_id,
        "auditable_type": row.auditable_type,
        "auditable": auditable,
        "associated_id": row.account_id,
        "associated_type": "Account",
        "user_id": row.user_id,
        "user_type": "User" if row.user_id else None,
        "username": row.username,
        "action": row.action,
        "audited_changes": row.audited_changes,
        "version": row.version,
        "comment": row.comment,
        "request_uuid": row.request_uuid,
        "created_at": seconds(row.created_at),
        "remote_address": row.remote_address,
    }
