"""Custom attribute definitions of an account."""

from inboxd.store.db import Tx
from inboxd.store.models import CustomAttributeDefinition
from inboxd.store.rows import Prepared


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


_COLUMNS = ("attribute_model", "attribute_key", "attribute_display_type")
_TYPES = Prepared(
    CustomAttributeDefinition,
    lambda: CustomAttributeDefinition.select(
        CustomAttributeDefinition.account_id, *(getattr(CustomAttributeDefinition, name) for name in _COLUMNS)
    ).order_by(CustomAttributeDefinition.id),
)


def every_type(tx: Tx) -> list[tuple[int, str, str, str]]:
    """(account, model, key, display type) of every account."""
    return [(account_id, model, key, kind) for account_id, model, key, kind in tx.tuples(_TYPES)]


def types(tx: Tx, account_id: int) -> list[tuple[str, str, str]]:
    """(model, key, display type) of an account."""
    return [(one.attribute_model, one.attribute_key, one.attribute_display_type) for one in of_account(tx, account_id)]
