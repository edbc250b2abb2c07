"""Custom filters: views that users save for themselves. Their queries are kept unread."""

from typing import Any

from inboxd.domain.errors import Invalid
from inboxd.domain.text import check_name
from inboxd.store import custom_filters as store
from inboxd.store.db import Tx
from inboxd.store.models import CustomFilter

TYPES = ("conversation", "contact", "report")
LIMIT = 1000


def create(tx: Tx, account_id: int, user_id: int, values: dict[str, Any]) -> CustomFilter:
    """Raises Invalid for a blank name, and for more views than one user may keep in an account."""
    check_name(values.get("name") or "")
    if store.count(tx, account_id, user_id) >= LIMIT:
        raise Invalid(
            f"Account Limit reached. The maximum number of allowed custom filters for a user per account is {LIMIT}.",
            "account_id",
        )
    return tx.insert(CustomFilter, account_id=account_id, user_id=user_id, **values)


def update(tx: Tx, custom_filter: CustomFilter, values: dict[str, Any]) -> None:
    if "name" in values:
        check_name(values["name"] or "")
    tx.update(custom_filter, **values)


def delete(tx: Tx, custom_filter: CustomFilter) -> None:
    tx.delete(CustomFilter, id=custom_filter.id)
