"""Canned responses: texts that agents keep ready under a short code."""

from typing import Any

from inboxd.domain.errors import Invalid
from inboxd.domain.text import check_present
from inboxd.store import canned_responses as store
from inboxd.store.db import Tx
from inboxd.store.models import CannedResponse


def create(tx: Tx, account_id: int, values: dict[str, Any]) -> CannedResponse:
    """Raises Invalid for a blank value, or a short code of another canned response."""
    values = {"content": None, "short_code": None, **values}
    _check(tx, account_id, None, values)
    return tx.insert(CannedResponse, account_id=account_id, **values)


def update(tx: Tx, response: CannedResponse, values: dict[str, Any]) -> None:
    _check(tx, response.account_id, response.id, values)
    tx.update(response, **values)


def delete(tx: Tx, response: CannedResponse) -> None:
    tx.delete(CannedResponse, id=response.id)


def _check(tx: Tx, account_id: int, own_id: int | None, values: dict[str, Any]) -> None:
    check_present(values, "content", "short_code")
    other = store.by_short_code(tx, account_id, values["short_code"]) if "short_code" in values else None
    if other is not None and other.id != own_id:
        raise Invalid("Short code has already been taken", "short_code")
