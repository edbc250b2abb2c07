"""Custom attribute definitions as the application API shows them."""

from inboxd.store.models import CustomAttributeDefinition
from inboxd.wire import shapes_accounts as shapes
from inboxd.wire.times import iso


def custom_attribute_definition(row: CustomAttributeDefinition) -> shapes.CustomAttributeDefinition:
    return {
        "id": row.id,
        "attribute_display_name": row.attribute_display_name,
        "attribute_display_type": row.attribute_display_type,
        "attribute_description": row.attribute_description,
        "attribute_key": row.attribute_key,
        "regex_pattern": row.regex_pattern,
        "regex_cue": row.regex_cue,
        "attribute_values": row.attribute_values,
        "attribute_model": row.attribute_model,
        "default_value": row.default_value,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }
