"""Macros of an account."""

from inboxd.store import blobs
from inboxd.store.db import Tx
from inboxd.store.models import Macro


def by_id(tx: Tx, account_id: int, macro_id: int) -> Macro | None:
    return tx.find(Macro, id=macro_id, account_id=account_id)


def of_user(tx: Tx, account_id: int, user_id: int) -> list[Macro]:
    """The global ones and the user's own."""
    found = tx.filter(Macro, account_id=account_id)
    return [macro for macro in found if macro.visibility == "global" or macro.created_by_id == user_id]


def personal(tx: Tx, user_id: int) -> list[Macro]:
    """The user's own, which nobody else could run or change."""
    return [macro for macro in tx.filter(Macro, created_by_id=user_id) if macro.visibility != "global"]


def drop(tx: Tx, macro: Macro) -> None:
    blobs.drop(tx, "Macro", macro.id)
    tx.delete(Macro, id=macro.id)
