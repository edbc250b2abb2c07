"""Custom attribute definitions: what the custom attributes of records mean, and how people enter them.

Values on records are not checked against them.
"""

import re
from typing import Any

from inboxd.domain.errors import Invalid
from inboxd.domain.text import check_present
from inboxd.store import custom_attribute_definitions as store
from inboxd.store.db import Tx
from inboxd.store.models import CustomAttributeDefinition

MODELS = ("conversation_attribute", "contact_attribute", "company_attribute")
DISPLAY_TYPES = ("text", "number", "currency", "percent", "link", "date", "list", "checkbox")

_KEY = re.compile(r"[\w.-]+")
_STANDARD = {
    "conversation_attribute": frozenset({
        "status", "priority", "assignee_id", "inbox_id", "team_id", "display_id", "campaign_id", "labels",
        "browser_language", "country_code", "referer", "created_at", "last_activity_at",
    }),
    "contact_attribute": frozenset({
        "name", "email", "phone_number", "identifier", "country_code", "city", "company_name", "created_at",
        "last_activity_at", "referer", "blocked",
    }),
}  # fmt: skip


def create(tx: Tx, account_id: int, values: dict[str, Any]) -> CustomAttributeDefinition:
    """Raises Invalid for a blank name, and for a key that is no key, is taken or means something already."""
    values = _checked({"attribute_display_name": None, "attribute_key": None, "attribute_model": MODELS[0], **values})
    if values["attribute_key"] in _STANDARD.get(values["attribute_model"], ()):
        raise Invalid(
            "Attribute key The provided key is not allowed as it might conflict with default attributes.",
            "attribute_key",
        )
    _check_free(tx, account_id, None, values["attribute_model"], values["attribute_key"])
    return tx.insert(CustomAttributeDefinition, account_id=account_id, **values)


def update(tx: Tx, definition: CustomAttributeDefinition, values: dict[str, Any]) -> None:
    values = _checked(values)
    model = values.get("attribute_model", definition.attribute_model)
    key = values.get("attribute_key", definition.attribute_key)
    _check_free(tx, definition.account_id, definition.id, model, key)
    tx.update(definition, **values)


def delete(tx: Tx, definition: CustomAttributeDefinition) -> None:
    """The values on records stay."""
    tx.delete(CustomAttributeDefinition, id=definition.id)


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    check_present(values, "attribute_display_name", "attribute_key")
    if "attribute_key" not in values:
        return values
    key = values["attribute_key"].strip()
    if not _KEY.fullmatch(key):
        raise Invalid("Attribute key may hold letters, digits, _, - and . only", "attribute_key")
    return values | {"attribute_key": key}


def _check_free(tx: Tx, account_id: int, own_id: int | None, model: str, key: str) -> None:
    other = store.by_key(tx, account_id, model, key)
    if other is not None and other.id != own_id:
        raise Invalid("Attribute key has already been taken", "attribute_key")
