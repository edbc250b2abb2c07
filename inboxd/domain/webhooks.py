"""What a webhook may be told: its URL, its own headers, its order."""

import re
from typing import Any
from urllib.parse import urlsplit

from inboxd.domain.errors import Invalid
from inboxd.domain.text import MASK

URL_LIMIT = 2048
ORDERINGS = ("conversation", "none")
_HEADERS_LIMIT = 20
_VALUE_LIMIT = 2048
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
# Names that say who sends, what is sent and how: a webhook's own headers may not contradict them.
_RESERVED = re.compile(
    r"(webhook|x-chatwoot|x-inboxd|content|proxy|sec|x-forwarded)-.*"
    r"|host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|date|via|forwarded"
    r"|user-agent|accept|accept-encoding",
    re.IGNORECASE,
)


def is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and url.isprintable()
            and len(url) <= URL_LIMIT
        )
    except ValueError:
        return False


def checked_headers(given: dict[str, Any], known: dict[str, str]) -> dict[str, str]:
    """A webhook's own headers as they are stored. Raises Invalid.

    Values are not shown again: one that comes back as the mask stands for the one in `known`.
    """
    if len(given) > _HEADERS_LIMIT:
        raise Invalid(f"Headers are limited to {_HEADERS_LIMIT}", "headers")
    kept = {name.lower(): value for name, value in known.items()}
    seen: set[str] = set()
    headers: dict[str, str] = {}
    for name, given_value in given.items():
        value = kept.get(name.lower()) if given_value == MASK else given_value
        if not _NAME.fullmatch(name):
            raise Invalid(f"Headers has an invalid name: {name[:100]!r}", "headers")
        if _RESERVED.fullmatch(name):
            raise Invalid(f"Headers has a reserved name: {name}", "headers")
        if name.lower() in seen:
            raise Invalid(f"Headers names {name} twice", "headers")
        if value is None and given_value == MASK:
            raise Invalid(f"Headers has no value of {name} that the mask could stand for", "headers")
        if not isinstance(value, str) or len(value) > _VALUE_LIMIT or not (value.isascii() and value.isprintable()):
            raise Invalid(f"Headers must hold printable ASCII text: {name}", "headers")
        seen.add(name.lower())
        headers[name] = value.strip()
    return headers
