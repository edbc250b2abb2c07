"""Words that change whenever the lists that dashboards keep change."""

from peewee import fn

from inboxd.store.db import Tx
from inboxd.store.models import Inbox, Label, Team

_LISTS = (("label", Label), ("inbox", Inbox), ("team", Team))


def of_account(tx: Tx, account_id: int) -> dict[str, str]:
    keys = {}
    for name, model in _LISTS:
        query = model.select(fn.COALESCE(fn.MAX(model.updated_at), 0), fn.COUNT(model.id))
        latest, count = tx.tuples(query.where(model.account_id == account_id))[0]
        keys[name] = f"{latest}-{count}"
    return keys
