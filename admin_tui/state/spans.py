"""Spans of time as people write them: `2d`, `1h 30m`."""

import re

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SPAN = re.compile(r"(?:\d{1,9}[dhms]\s*)+", re.ASCII)
_PART = re.compile(r"(\d+)([dhms])", re.ASCII)


def seconds(text: str, bare: str) -> int | None:
    """None for what is no span; a number alone counts the unit `bare`, if there is one."""
    text = text.strip().lower()
    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        text += bare
    if not _SPAN.fullmatch(text):
        return None
    return sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(text))


def words(length: int) -> str:
    """`1h 30m`."""
    parts = []
    for unit, size in _UNITS.items():
        count, length = divmod(length, size)
        parts += [f"{count}{unit}"] if count else []
    return " ".join(parts) or "0s"


def wrong(text: str, bare: str, least: str, most: str = "") -> str | None:
    """What is wrong with a span that is to lie in these bounds, and to be one of whole units `bare`."""
    found, low, high = seconds(text, bare), seconds(least, bare) or 0, seconds(most, bare)
    if found is None or found % _UNITS.get(bare, 1):
        return f"such as 2d or 3h{'' if bare == 'h' else ' or 30m'}"
    if found < low:
        return f"at least {least}"
    return f"at most {most}" if high is not None and found > high else None
