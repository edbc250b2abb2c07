"""Saved views as the application API shows them."""

from inboxd.store.models import CustomFilter
from inboxd.wire import shapes_accounts as shapes
from inboxd.wire.times import iso


def custom_filter(row: CustomFilter) -> shapes.CustomFilter:
    return {
        "id": row.id,
        "name": row.name,
        "filter_type": row.filter_type,
        "query": row.query,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }
