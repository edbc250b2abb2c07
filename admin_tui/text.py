"""Foreign text on its way to the terminal: cleaned, measured in cells, cut.

Everything a server sends passes `clean` before any widget, title or notification sees it; and
widgets get `Text` or strings with markup off, so that no message can style, link or act.
"""

import re
import time
from datetime import datetime
from typing import Any

from rich.cells import cell_len, chop_cells, set_cell_size

from inboxd.domain.text import clean

_JOINERS = re.compile("[\u200b-\u200d\ufe0e\ufe0f\u2060]")


def scrub(value: Any) -> Any:
    """The same JSON with every text in it cleaned, keys too: what the network layer hands out."""
    if isinstance(value, str):
        # Most are, and a flood of events is many of them.
        return value if value.isascii() and value.isprintable() else clean(value)
    if isinstance(value, list):
        return [scrub(one) for one in value]
    if isinstance(value, dict):
        return {scrub(key): scrub(one) for key, one in value.items()}
    return value


def line(text: Any) -> str:
    """One line, whose width every terminal agrees on: emoji joiners differ between them."""
    flat = clean(str(text)).replace("\n", " ").replace("\t", " ")
    return _JOINERS.sub("", flat)


def cut(text: Any, width: int) -> str:
    """`line` in exactly `width` cells: cut with an ellipsis, or filled with blanks."""
    flat = line(text)
    if width <= 0:
        return ""
    if cell_len(flat) <= width:
        return set_cell_size(flat, width)
    return set_cell_size(set_cell_size(flat, width - 1).rstrip() + "…", width)


def wrap(text: str, width: int) -> list[str]:
    """A cleaned text in lines of at most `width` cells, broken at blanks where there are any."""
    lines: list[str] = []
    for paragraph in clean(text).replace("\t", "    ").split("\n"):
        lines += _wrapped(paragraph, max(1, width))
    return lines


def _wrapped(paragraph: str, width: int) -> list[str]:
    measure = len if paragraph.isascii() else cell_len
    if measure(paragraph) <= width:
        return [paragraph]
    lines, current = [], ""
    for word in paragraph.split(" "):
        joined = f"{current} {word}" if current else word
        if measure(joined) <= width:
            current = joined
            continue
        if current:
            lines.append(current)
        current = word
        if measure(word) > width:
            *full, current = chop_cells(word, width)
            lines += full
    return [*lines, current]


def span(seconds: float) -> str:
    """A duration in its biggest unit: `12s`, `4m`, `3h`, `2d`."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"


def seconds_of(moment: Any) -> float | None:
    """A time of an answer, unix seconds or ISO, in unix seconds; None for none."""
    if moment in (None, "", 0):
        return None
    if isinstance(moment, int | float):
        return float(moment)
    try:
        return datetime.fromisoformat(str(moment)).timestamp()
    except ValueError:
        return None


def ago(moment: Any, now: float | None = None) -> str:
    """How old a time is, `4m`; empty for none."""
    at = seconds_of(moment)
    return "" if at is None else span((time.time() if now is None else now) - at)


def until(moment: Any, now: float | None = None) -> str:
    """How far a time is off, `in 34s`, or `now`; empty for none."""
    at = seconds_of(moment)
    if at is None:
        return ""
    left = at - (time.time() if now is None else now)
    return f"in {span(left)}" if left >= 1 else "now"


def clock(moment: Any) -> str:
    """`14:20`, in the time of this machine."""
    at = seconds_of(moment)
    return "" if at is None else time.strftime("%H:%M", time.localtime(at))


def day(moment: Any) -> str:
    """`Mon 21 Sep`, in the time of this machine."""
    at = seconds_of(moment)
    return "" if at is None else time.strftime("%a %d %b", time.localtime(at))


def many(count: int, noun: str) -> str:
    """`1 delivery`, `2 deliveries`, `2 inboxes`."""
    if count == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}es" if noun.endswith("x") else f"{noun}s"
    return f"{count:,} {plural}"


def bars(values: list[int], width: int) -> str:
    """A picture of numbers over time in one line, the newest at the right."""
    shown = values[-width:]
    top = max(shown, default=0)
    if not top:
        return "▁" * len(shown)
    return "".join("▁▂▃▄▅▆▇█"[min(7, value * 8 // (top + 1))] if value else "▁" for value in shown)
