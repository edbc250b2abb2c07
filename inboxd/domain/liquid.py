"""The little of Liquid that messages use: `{{ contact.name | default: "there" }}`, and no tags. It takes
time in proportion to the text, whatever that is."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

# As in Markdown: what stands between backticks is shown, not meant.
_QUOTED = re.compile("(`[^`]*`)")
_TOKEN = re.compile(
    r"""\s*(?:(?P<path>[^\W\d][\w-]*(?:\.[\w-]+)*)|(?P<text>"[^"]*"|'[^']*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<sign>[|:,]))"""
)
_FILTERS = {"capitalize": str.capitalize, "upcase": str.upper, "downcase": str.lower}
_LONGEST = 500
"""Characters between the braces: a chain of filters over a long text costs both multiplied."""
_MOST = 1_000
"""Variables in one text, and backticks: it is rendered while everybody who writes waits."""
_Token = tuple[str, str]


class _Unreadable(Exception):
    pass


def render(template: str, variables: Mapping[str, Any], limit: int) -> str:
    """The template with its variables filled in, unknown ones with nothing. Unchanged when it cannot be
    read, or when the result would have more than `limit` characters."""
    if template.count("{{") > _MOST or template.count("`") > _MOST:
        return template
    parts: list[str] = []
    length = 0
    try:
        for number, part in enumerate(_QUOTED.split(template)):
            for piece in [part] if number % 2 else _pieces(part, variables):
                parts.append(piece)
                length += len(piece)
                if length > limit:
                    return template
    except _Unreadable:
        return template
    return "".join(parts)


def person(name: str) -> dict[str, str | None]:
    """Somebody's names, each beginning with a capital letter."""
    words = [word.capitalize() for word in name.split()]
    return {
        "name": " ".join(words),
        "first_name": words[0] if words else None,
        "last_name": words[-1] if len(words) > 1 else None,
    }


def _pieces(text: str, variables: Mapping[str, Any]) -> Iterator[str]:
    if "{%" in text:
        raise _Unreadable
    before, *rest = text.split("{{")
    yield before
    for one in rest:
        inside, closed, behind = one.partition("}}")
        if not closed or len(inside) > _LONGEST:
            raise _Unreadable
        yield _evaluated(_tokens(inside), variables)
        yield behind


def _tokens(text: str) -> list[_Token]:
    text = text.rstrip()
    found: list[_Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _Unreadable
        found.append((str(match.lastgroup), match[0].strip()))
        position = match.end()
    return found


def _evaluated(tokens: list[_Token], variables: Mapping[str, Any]) -> str:
    steps: list[list[_Token]] = [[]]
    for token in tokens:
        if token == ("sign", "|"):
            steps.append([])
        else:
            steps[-1].append(token)
    if len(steps[0]) != 1:
        raise _Unreadable
    value = _value(steps[0][0], variables)
    for step in steps[1:]:
        value = _filtered(value, step, variables)
    return value


def _filtered(value: str, step: list[_Token], variables: Mapping[str, Any]) -> str:
    """A filter that is not known changes nothing, as in Liquid."""
    if len(step) % 2 == 0 or step[0][0] != "path":
        raise _Unreadable
    if any(text != ("," if number else ":") for number, (_, text) in enumerate(step[1::2])):
        raise _Unreadable
    name, arguments = step[0][1], [_value(token, variables) for token in step[2::2]]
    if name == "default":
        return value or (arguments[0] if arguments else "")
    return _FILTERS[name](value) if name in _FILTERS else value


def _value(token: _Token, variables: Mapping[str, Any]) -> str:
    kind, text = token
    if kind == "sign":
        raise _Unreadable
    if kind != "path":
        return text[1:-1] if kind == "text" else text
    found: Any = variables
    for key in text.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    if isinstance(found, bool):
        return "true" if found else ""
    return str(found) if isinstance(found, str | int | float) else ""
