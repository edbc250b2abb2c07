"""Canned responses as the application API shows them."""

from inboxd.store.models import CannedResponse
from inboxd.wire import shapes_accounts as shapes
from inboxd.wire.times import iso


def canned_response(row: CannedResponse) -> shapes.CannedResponse:
    return {
        "id": row.id,
        "account_id": row.account_id,
        "short_code": row.short_code,
        "content": row.content,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }
