"""JSON as bytes, out and in: compact and browser-safe out, strict and bounded in."""

import json
import math
from typing import Any

from inboxd.domain.errors import Malformed

_DEPTH = 100
_INTEGERS = 2**63
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dumps(value: Any) -> str:
    """Compact JSON with <, >, & and the two line separators escaped inside strings, as Rails does.

    They occur in JSON only inside strings, so plain replacing is right.
    """
    text = _encode(value)
    for raw, escaped in _ESCAPES:
        if raw in text:
            text = text.replace(raw, escaped)
    return text


_ESCAPES = tuple((char, f"\\u{ord(char):04x}") for char in "<>&\u2028\u2029")


def loads(body: bytes) -> Any:
    """The value of a request body. Raises Malformed, naming the place, for what we will not store:
    NaN, infinities, integers beyond 64 bits, NUL, lone surrogates, depth over 100."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8 (byte {error.start})") from None
    try:
        value = json.loads(text, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error.msg} at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise Malformed("The JSON is nested too deeply") from None
    except ValueError:
        raise Malformed("The JSON holds a number with too many digits") from None
    check(value, "", 0)
    return value


def check(value: Any, place: str, depth: int) -> None:  # noqa: PLR0912 - one branch a type
    """Raise Malformed when something inside `value` cannot be stored."""
    if isinstance(value, str):
        if "\x00" in value:
            raise Malformed(f"{place or 'body'} holds a NUL character")
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise Malformed(f"{place or 'body'} holds half of a surrogate pair") from None
    elif isinstance(value, dict):
        if depth >= _DEPTH:
            raise Malformed("The JSON is nested too deeply")
        for key, inner in value.items():
            check(key, "a key of " + (place or "body"), depth)
            check(inner, f"{place}.{key}" if place else key, depth + 1)
    elif isinstance(value, list):
        if depth >= _DEPTH:
            raise Malformed("The JSON is nested too deeply")
        for index, inner in enumerate(value):
            check(inner, f"{place}[{index}]", depth + 1)
    elif isinstance(value, int):
        if not -_INTEGERS <= value < _INTEGERS:
            raise Malformed(f"{place or 'body'} is an integer beyond 64 bits")
    elif isinstance(value, float) and not math.isfinite(value):
        raise Malformed(f"{place or 'body'} is no finite number")


def _constant(word: str) -> None:
    raise Malformed(f"The JSON holds {word}, which is no number")
