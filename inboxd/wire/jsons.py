"""JSON as bytes, out and in: compact and browser-safe out, strict and bounded in."""

import json
import math
from typing import Any

from inboxd.domain.errors import Malformed
from inboxd.domain.text import clean_line

_DEPTH = 100
_INTEGERS = 2**63
# Rows hold no cycles, and looking for them costs a tenth of the encoding.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


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
    """The value of a request body; of a repeated key the last counts.

    Raises Malformed, naming the place, for what we will not store: NaN, infinities, integers
    beyond 64 bits, NUL, lone surrogates, depth over 100.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8 (byte {error.start})") from None
    try:
        value = _parsed(text)
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error.msg} at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise Malformed("The JSON is nested too deeply") from None
    check(value)
    return value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # More digits than int() takes: 30 of them are beyond 64 bits too, and `check` says where.
        return json.loads(text, parse_int=lambda digits: int(digits[:30]))


def check(value: Any, place: str = "") -> None:
    """Raise Malformed when something inside `value` cannot be stored. `place` names the value."""
    flaw = _flaw(value, 0)
    if flaw is not None:
        reason, *steps = flaw
        where = (place + "".join(reversed(steps))).removeprefix(".")
        raise Malformed(f"{clean_line(where, 200) or 'The body'} {reason}")


def _flaw(value: Any, depth: int) -> list[str] | None:
    """What is wrong inside `value`, then the way to it from the inside out.

    The way is put together only for what is refused: along with every value it would cost more
    than the parsing, and a long key above many small values would cost gigabytes.
    """
    kind = type(value)
    if kind is str:
        return _text_flaw(value)
    if kind is dict or kind is list:
        return ["is nested too deeply"] if depth >= _DEPTH else _inner_flaw(value, depth)
    if kind is int and not -_INTEGERS <= value < _INTEGERS:
        return ["is an integer beyond 64 bits"]
    if kind is float and not math.isfinite(value):
        return ["is no finite number"]
    return None


def _inner_flaw(value: Any, depth: int) -> list[str] | None:
    if type(value) is list:
        for index, inner in enumerate(value):
            flaw = _flaw(inner, depth + 1)
            if flaw is not None:
                return [*flaw, f"[{index}]"]
        return None
    for key, inner in value.items():
        flaw = _text_flaw(key) or _flaw(inner, depth + 1)
        if flaw is not None:
            return [*flaw, f".{key[:80]}"]
    return None


def _text_flaw(text: str) -> list[str] | None:
    if "\x00" in text:
        return ["holds a NUL character"]
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return ["holds half of a surrogate pair"]
    return None
