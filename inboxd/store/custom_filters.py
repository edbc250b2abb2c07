"""The views that users saved."""

from peewee import fn

from inboxd.store.db import Tx
from inboxd.store.models import CustomFilter


def by_id(tx: Tx, account_id: int, user_id: int, filter_id: int) -> CustomFilter | None:
    return tx.find(CustomFilter, id=filter_id, account_id=account_id, user_id=user_id)


def of_user(tx: Tx, account_id: int, user_id: int, filter_type: str) -> list[CustomFilter]:
    return tx.filter(CustomFilter, account_id=account_id, user_id=user_id, filter_type=filter_type)


def count(tx: Tx, account_id: int, user_id: int) -> int:
    """How many views of any type somebody keeps in an account."""
    own = (CustomFilter.account_id == account_id, CustomFilter.user_id == user_id)
    found: int = tx.tuples(CustomFilter.select(fn.COUNT(CustomFilter.id)).where(*own))[0][0]
    return found
