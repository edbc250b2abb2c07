"""The numbers of the dashboard, its charts and those of reports, drawn."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.style import Style
from rich.text import Text

from admin_tui.text import bars, many, span
from admin_tui.theme import Paint

Json = dict[str, Any]
_HEAD = 10
_ROWS = 4
_BETWEEN = 3
_WIDEST, _LONGEST = 9, 40
"""Cells of a bar that stands, and of one that lies."""
_SHADES = "·░▒▓█"
_DIGITS = (
    ("┏━┓", "┃ ┃", "┗━┛"), ("╺┓ ", " ┃ ", "╺┻╸"), ("╺━┓", "┏━┛", "┗━╸"), ("╺━┓", "╺━┫", "╺━┛"), ("╻ ╻", "┗━┫", "  ╹"),
    ("┏━╸", "┗━┓", "╺━┛"), ("┏━╸", "┣━┓", "┗━┛"), ("╺━┓", "  ┃", "  ╹"), ("┏━┓", "┣━┫", "┗━┛"), ("┏━┓", "┗━┫", "╺━┛"),
)  # fmt: skip
_ASCII = str.maketrans("▁▂▃▄▅▆▇█", "_.:-=+*#")
HEADS = (
    ("open", "OPEN"), ("unassigned", "UNASSIGNED"), ("waiting", "WAITING >1h"), ("mine", "MINE"),
    ("pending", "PENDING"), ("snoozed", "SNOOZED"),
)  # fmt: skip


def numbers(counts: Json, width: int, paint: Paint, *, is_tall: bool, ascii_only: bool = False) -> Text:
    """Counts, the last hour as two pictures, and the queue for those who may see it."""
    talks, queue = counts["conversations"], counts.get("deliveries")
    lines = _big(talks, width, paint, ascii_only=ascii_only) if is_tall else _small(talks, paint)
    lines.append(Text())
    asked = [("msgs/min", "Messages per minute", counts["messages_per_minute"], paint.info)]
    if queue is not None:
        asked.append(("fails/min", "Webhook failures per minute", queue["failures_per_minute"], paint.bad))
    if is_tall:
        each = (width - _BETWEEN * (len(asked) - 1)) // len(asked)
        charts = [_chart(title, values, each, style, paint) for _, title, values, style in asked]
        lines += [Text(" " * _BETWEEN).join(parts) for parts in zip(*charts, strict=True)]
    else:
        lines += [_hour(head, values, width, style, paint, ascii_only) for head, _, values, style in asked]
    if queue is not None:
        lines.append(_queue(queue, paint))
    for one in lines:
        one.truncate(width)
    return Text("\n").join(lines)


def _style(name: str, number: int, paint: Paint) -> Style:
    """What wants somebody is not the colour of what is merely there."""
    if not number:
        return paint.dim
    return paint.strong + {"unassigned": paint.warn, "waiting": paint.bad, "snoozed": paint.calm}.get(name, paint.info)


def _small(talks: Json, paint: Paint) -> list[Text]:
    heads = Text("   ".join(head for _, head in HEADS), paint.dim)
    cells = [Text(f"{talks[name]:<{len(head)}}", _style(name, talks[name], paint)) for name, head in HEADS]
    return [heads, Text("   ").join(cells)]


def _big(talks: Json, room: int, paint: Paint, *, ascii_only: bool) -> list[Text]:
    """Every number in three lines below its word."""
    if ascii_only:
        return _small(talks, paint)
    lines = [Text() for _ in range(4)]
    for name, head in HEADS:
        drawn = ["".join(_DIGITS[int(digit)][row] for digit in str(talks[name])) for row in range(3)]
        width = max(len(head) + 4, len(drawn[0]) + 4, room // len(HEADS))
        lines[0].append(f"{head:<{width}}", paint.dim)
        for below, part in zip(lines[1:], drawn, strict=True):
            below.append(f"{part:<{width}}", _style(name, talks[name], paint))
    return lines


def _chart(title: str, values: list[int], width: int, style: Style, paint: Paint) -> list[Text]:
    """A head with the newest value, bars of a few lines over the last minutes, and their axes."""
    peak = max(values, default=0)
    top = -(-max(peak, 1) // _ROWS) * _ROWS
    edge = len(str(top)) + 2
    shown = values[-max(6, width - edge) :]
    now = shown[-1] if shown else 0
    head = Text(title, "bold").append(f", last {len(shown)} min   ", paint.dim)
    head.append(f"now {now}", style + paint.strong if now else paint.dim).append(f"   peak {peak}", paint.dim)
    marks = [str(top * row // _ROWS) for row in range(_ROWS, -1, -1)]
    lines = [head, *_plot(shown, top, marks, style, paint)]
    for one in lines:
        one.truncate(width, pad=True)
    return lines


def _plot(
    values: Sequence[float], top: float, marks: Sequence[str], style: Style, paint: Paint, *, each: int = 1
) -> list[Text]:
    """Bars as high as there are marks at their left, the last of which stands at the axis; `each` cells wide with the
    blank behind it that wide ones have."""
    rows, edge = len(marks) - 1, max(map(len, marks))
    ink = max(1, each - 1)
    lines = []
    for row, mark in zip(range(rows, 0, -1), marks, strict=False):
        eighths = [_eighths(value, top, rows) - (row - 1) * 8 for value in values]
        drawn = "".join(f"{' ▁▂▃▄▅▆▇█'[max(0, min(8, part))] * ink:<{each}}" for part in eighths)
        lines.append(Text().append(f"{mark:>{edge}} ┤", paint.dim).append(drawn, style))
    return [*lines, Text().append(f"{marks[-1]:>{edge}} ┼", paint.dim).append("─" * (len(values) * each), paint.rule)]


def _eighths(value: float, top: float, rows: int) -> int:
    """A little is more than nothing."""
    return max(round(value * rows * 8 / top), 1 if value else 0)


def history(
    values: Sequence[float], ticks: Sequence[str], word: Callable[[float], str], size: tuple[int, int], style: Style,
    paint: Paint,
) -> list[Text]:  # fmt: skip
    """Bars over time, so many cells wide and lines high, each with its number above it and its tick below where there
    is room for them."""
    width, height = size
    if not values:
        return []
    peak, rows = max(values), max(2, height - 2)
    edge = len(word(peak)) + 2
    each = max(1, min(_WIDEST, (width - edge) // len(values)))
    values, ticks = values[-(width - edge) :], ticks[-(width - edge) :]
    words = [word(value) if value else "" for value in values]
    is_told = max(map(len, words)) < each
    # Above the highest bar there is a line for its number.
    top = (peak or 1) * (rows / (rows - 1) if is_told else 1)
    marks = ["" if is_told else word(peak), *[""] * (rows - 1), "0"]
    lines = _plot(values, top, [mark.rjust(edge - 2) for mark in marks], style, paint, each=each)
    if is_told:
        for place, (value, said) in enumerate(zip(values, words, strict=True)):
            at = rows - 1 - -(-_eighths(value, top, rows) // 8)
            lines[at] = _over(lines[at], edge + place * each, said, paint.strong)
    below = Text(" " * edge)
    for place, tick in enumerate(ticks):
        begin = edge + place * each
        if begin == edge or begin > below.cell_len:
            below.append(" " * (begin - below.cell_len) + tick, paint.dim)
    lines.append(below)
    for one in lines:
        one.truncate(width)
    return lines


def _over(text: Text, at: int, word: str, style: Style) -> Text:
    """The text with a word over what stands there."""
    return Text.assemble(text[:at], (word, style), text[at + len(word) :]) if word else text


def spark(values: Sequence[float], width: int) -> str:
    """A picture of numbers over time in one line, as many together in a bar as there must be."""
    if width < 1 or not values:
        return ""
    each = -(-len(values) // width)
    parts = [sum(values[max(0, end - each) : end]) for end in range(len(values), 0, -each)][::-1]
    return bars([round(part) for part in parts], width)


def shares(rows: Sequence[tuple[str, int, Style]], width: int, paint: Paint) -> list[Text]:
    """A lying bar for each (name, count), with its number and its part of all."""
    total, most = sum(count for _, count, _ in rows), max(count for _, count, _ in rows)
    edge, digits = max(len(name) for name, _, _ in rows), len(f"{most:,}")
    room = max(4, min(_LONGEST, width - edge - digits - 9))
    lines = []
    for name, count, style in rows:
        halves = round(count * room * 2 / most) if most else 0
        bar = "█" * (halves // 2) + "▌" * (halves % 2 or (count > 0 and not halves))
        text = Text(f"{name:>{edge}} ", no_wrap=True).append(f"{bar:<{room}}", style)
        text.append(f" {count:>{digits},}", paint.strong if count else paint.dim)
        lines.append(text.append(f"  {round(count * 100 / total) if total else 0:>3} %", paint.dim))
    return lines


def heat(rows: Sequence[tuple[str, Sequence[int]]], style: Style, paint: Paint) -> list[Text]:
    """A line of shades for each (name, values), with the sum behind it."""
    most = max((max(values) for _, values in rows), default=0)
    edge = max(len(name) for name, _ in rows)
    lines = []
    for name, values in rows:
        shades = "".join(_SHADES[-(-value * (len(_SHADES) - 1) // most)] if most else _SHADES[0] for value in values)
        text = Text(no_wrap=True).append(f"{name:<{edge}} ", paint.dim).append(shades, style)
        lines.append(text.append(f" {sum(values):>5,}", "" if sum(values) else paint.dim))
    return lines


def _hour(head: str, values: list[int], width: int, style: Style, paint: Paint, ascii_only: bool) -> Text:
    """The last hour in as many bars as there is room for: each is one minute, or the sum of a few."""
    now = values[-1] if values else 0
    tail = f" now {now}"
    room = max(6, width - _HEAD - len(tail))
    each = -(-len(values) // room) if values else 1
    summed = [sum(values[max(0, end - each) : end]) for end in range(len(values), 0, -each)][::-1]
    picture = bars(summed, room)
    text = Text(f"{head:<{_HEAD}}", paint.dim)
    text.append(picture.translate(_ASCII) if ascii_only else picture, style if any(values) else paint.rule)
    return text.append(tail, style + paint.strong if now else paint.dim)


def _queue(queue: Json, paint: Paint) -> Text:
    waits = f"{queue['pending']} pending"
    if queue["pending"]:
        waits += f", oldest {span(queue['oldest_pending_s'])}"
    parts = [Text(waits, paint.warn if queue["pending"] else "")]
    parts.append(Text(f"{queue['exhausted_24h']} exhausted (24h)", paint.bad if queue["exhausted_24h"] else ""))
    if queue["failing_webhooks"]:
        parts.append(Text(f"{many(queue['failing_webhooks'], 'webhook')} in trouble", paint.bad))
    return Text(f"{'queue':<{_HEAD}}", paint.dim).append(Text(" · ").join(parts))
