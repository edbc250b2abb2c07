"""What a contact may be called, and how two of them become one."""

import re
from typing import Any

from inboxd.domain.errors import Invalid
from inboxd.domain.text import STRING_LIMIT

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\Z")
# Anchored at the end only, as Chatwoot does: bridges send prefixes like "whatsapp:+49…".
_PHONE = re.compile(r"\+[1-9]\d{1,14}\Z")
IDENTITY = ("identifier", "email", "phone_number")
_ATTRIBUTE_TEXT = 1500
_ATTRIBUTE_NUMBER = 9_999_999_999


def normalised(values: dict[str, Any]) -> dict[str, Any]:
    """`values` as they are stored: e-mail lower-cased, blank identities as None, rules checked."""
    clean = dict(values)
    for key in IDENTITY:
        if key in clean:
            clean[key] = (clean[key] or "").strip() or None
    if clean.get("email"):
        clean["email"] = clean["email"].lower()
        if not _EMAIL.fullmatch(clean["email"]):
            raise Invalid("Email Invalid email", "email")
    if clean.get("phone_number") and not _PHONE.search(clean["phone_number"]):
        raise Invalid("Phone number should be in e164 format", "phone_number")
    for key, label in (
        ("name", "Name"),
        ("email", "Email"),
        ("identifier", "Identifier"),
        ("phone_number", "Phone number"),
    ):
        if clean.get(key) and len(clean[key]) > STRING_LIMIT:
            raise Invalid(f"{label} is too long (maximum is {STRING_LIMIT} characters)", key)
    return clean


def contact_type(current: str, email: str | None, phone_number: str | None) -> str:
    return "lead" if current == "visitor" and (email or phone_number) else current


def check_attributes(field: str, attributes: dict[str, Any]) -> None:
    """Conversation attributes hold short strings and phone-sized integers, as Chatwoot's do."""
    label = field.replace("_", " ").capitalize()
    for key, value in attributes.items():
        if isinstance(value, str) and len(value) > _ATTRIBUTE_TEXT:
            raise Invalid(f"{label} {key} length should be < {_ATTRIBUTE_TEXT}", field)
        if isinstance(value, int) and not isinstance(value, bool) and value > _ATTRIBUTE_NUMBER:
            raise Invalid(f"{label} {key} value should be < {_ATTRIBUTE_NUMBER}", field)


def deep_merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`under` with everything of `over` on top, objects merged key by key."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = deep_merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def merged(survivor: dict[str, Any], gone: dict[str, Any]) -> dict[str, Any]:
    """The values of `survivor` after it swallowed `gone`: its own win, gaps are filled."""
    values: dict[str, Any] = {}
    for key, value in gone.items():
        own = survivor.get(key)
        if isinstance(value, dict):
            values[key] = deep_merge(value, own or {})
        elif own in (None, "") and value not in (None, ""):
            values[key] = value
    return values
