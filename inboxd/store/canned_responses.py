"""Canned responses of an account."""

from peewee import Case, fn

from inboxd.store.db import Tx
from inboxd.store.models import CannedResponse


def by_id(tx: Tx, account_id: int, response_id: int) -> CannedResponse | None:
    return tx.find(CannedResponse, id=response_id, account_id=account_id)


def by_short_code(tx: Tx, account_id: int, short_code: str) -> CannedResponse | None:
    return tx.find(CannedResponse, account_id=account_id, short_code=short_code)


def of_account(tx: Tx, account_id: int) -> list[CannedResponse]:
    return tx.filter(CannedResponse, account_id=account_id)


def search(tx: Tx, account_id: int, text: str) -> list[CannedResponse]:
    """Those with `text` in short code or content, in any case of ASCII letters: first the short codes
    that begin with it, then those that hold it, then the rest."""
    # INSTR and not `containing`: the order asks where the text is, not only whether.
    wanted = fn.LOWER(text)
    in_code = fn.INSTR(fn.LOWER(CannedResponse.short_code), wanted)
    in_content = fn.INSTR(fn.LOWER(CannedResponse.content), wanted)
    rank = Case(None, ((in_code == 1, 0), (in_code > 1, 1)), 2)
    query = CannedResponse.select().where(CannedResponse.account_id == account_id, (in_code > 0) | (in_content > 0))
    return tx.all(query.order_by(rank, CannedResponse.id))
