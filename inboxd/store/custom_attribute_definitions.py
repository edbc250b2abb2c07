"""Custom attribute definitions of an account."""

from inboxd.store.db import Tx
from inboxd.store.models import CustomAttributeDefinition


def by_id(tx: Tx, account_id: int, definition_id: int) -> CustomAttributeDefinition | None:
    return tx.find(CustomAttributeDefinition, id=definition_id, account_id=account_id)


def by_key(tx: Tx, account_id: int, model: str, key: str) -> CustomAttributeDefinition | None:
    """`model` is conversation_attribute, contact_attribute or company_attribute."""
    return tx.find(CustomAttributeDefinition, account_id=account_id, attribute_model=model, attribute_key=key)


def of_account(tx: Tx, account_id: int, model: str | None = None) -> list[CustomAttributeDefinition]:
    """Those of one model, or of all."""
    if model is None:
        return tx.filter(CustomAttributeDefinition, account_id=account_id)
    return tx.filter(CustomAttributeDefinition, account_id=account_id, attribute_model=model)
