"""What the audit log keeps of a row: no secret, and nothing of a contact that was to be forgotten."""

import re
from typing import Any

from inboxd.domain.text import MASK

_UNTOLD = frozenset({"id", "account_id", "created_at", "updated_at", "active_at"})
_ALONE = {
    "Contact": ("contact_type", "blocked"),
    "Conversation": ("display_id", "inbox_id", "contact_id", "status", "assignee_id", "team_id"),
}
"""Who deletes a contact must not find name and address in the log: of these only the columns here."""
_SECRET = re.compile(r"(secret|token|digest|password|authorization|api[_-]?key)$", re.IGNORECASE)
_IN_URL = re.compile(r"(?<=://)[^/?#@]*(?=@)|(?<=\?).+")
"""Where URLs carry credentials: before the host, and in the query."""


def columns(kind: str, row: dict[str, Any]) -> dict[str, Any]:
    return {name: _masked(name, value) for name, value in row.items() if _is_told(kind, name)}


def changes(kind: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """`{column: [before, after]}`; a secret that changed is seen to have changed."""
    return {
        name: [_masked(name, before[name]), _masked(name, value)]
        for name, value in after.items()
        if value != before[name] and _is_told(kind, name)
    }


def _is_told(kind: str, name: str) -> bool:
    return name in _ALONE[kind] if kind in _ALONE else name not in _UNTOLD


def _masked(name: str, value: Any) -> Any:
    if value in (None, ""):
        return value
    if _SECRET.search(name):
        return MASK
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        return _IN_URL.sub(MASK, value)
    if isinstance(value, dict):
        # Headers of webhooks are there to carry credentials, under whatever name.
        return {key: MASK if name == "headers" else _masked(key, item) for key, item in value.items()}
    return [_masked(name, item) for item in value] if isinstance(value, list) else value
