"""Mentions in the text of private messages: `[@Ada](mention://user/5/Ada)`."""

import re

# The name behind the id may hold brackets of its own, so the search ends before it.
_MENTION = re.compile(r"\]\(mention://(user|team)/([0-9]{1,15})/")


def found(content: str) -> tuple[set[int], set[int]]:
    """The ids of the users and of the teams that a text mentions."""
    named: dict[str, set[int]] = {"user": set(), "team": set()}
    for kind, number in _MENTION.findall(content):
        named[kind].add(int(number))
    return named["user"], named["team"]
