"""What is typed into a filter, on every screen: words, and values behind a key such as `inbox:shop`."""

import shlex
from collections.abc import Iterable, Sequence
from typing import Any


class Wrong(ValueError):
    """What is wrong with a filter, in words that name the place."""


def tokens(text: str, keys: Sequence[str]) -> list[tuple[str, str]]:
    """(key, value) each, and ("", word) for a word, whatever colons are in it. Raises Wrong."""
    try:
        # An apostrophe is a letter: only who types a " means to quote.
        words = shlex.split(text) if '"' in text else text.split()
    except ValueError:
        raise Wrong('a " has no end') from None
    found = []
    for word in words:
        key, colon, value = word.partition(":")
        known = bool(colon) and key.lower() in keys
        if known and not value:
            raise Wrong(f"{key.lower()}: nothing is behind it")
        found.append((key.lower(), value) if known else ("", word))
    return found


def meant(text: str, named: Iterable[tuple[str, Any]]) -> list[Any]:
    """What is called so, in any case of letters; or else everything whose name begins so."""
    wanted = text.lower()
    known = [(name.lower(), one) for name, one in named]
    return [one for name, one in known if name == wanted] or [one for name, one in known if name.startswith(wanted)]
