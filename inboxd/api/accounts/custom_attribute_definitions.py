"""Custom attribute definitions of an account."""

from typing import Any

from inboxd.api.params import NumberedWord
from inboxd.api.web import Call, empty
from inboxd.domain.errors import NotFound
from inboxd.services import custom_attribute_definitions
from inboxd.services.custom_attribute_definitions import DISPLAY_TYPES, MODELS
from inboxd.store import custom_attribute_definitions as store
from inboxd.store.models import CustomAttributeDefinition
from inboxd.wire import custom_attribute_definitions as wire

MODEL = NumberedWord("attribute_model", words=MODELS)
DISPLAY_TYPE = NumberedWord("attribute_display_type", words=DISPLAY_TYPES)


def find(call: Call) -> CustomAttributeDefinition:
    definition = store.by_id(call.tx, call.account_id, call.args["id"])
    if definition is None:
        raise NotFound
    return definition


def _values(call: Call) -> dict[str, Any]:
    """Null is no type and no model: that leaves the one there is, or the default."""
    values = {
        key: value
        for key, value in call.values.items()
        if value is not None or key not in (MODEL.name, DISPLAY_TYPE.name)
    }
    if "attribute_values" in values:
        values["attribute_values"] = values["attribute_values"] or []
    return values


def index(call: Call) -> Any:
    found = store.of_account(call.tx, call.account_id, call.values.get("attribute_model"))
    return [wire.custom_attribute_definition(definition) for definition in found]


def show(call: Call, definition: CustomAttributeDefinition) -> Any:
    return wire.custom_attribute_definition(definition)


def create(call: Call) -> Any:
    made = custom_attribute_definitions.create(call.tx, call.account_id, _values(call))
    return wire.custom_attribute_definition(made)


def update(call: Call, definition: CustomAttributeDefinition) -> Any:
    custom_attribute_definitions.update(call.tx, definition, _values(call))
    return wire.custom_attribute_definition(definition)


def delete(call: Call, definition: CustomAttributeDefinition) -> Any:
    custom_attribute_definitions.delete(call.tx, definition)
    return empty(204)
