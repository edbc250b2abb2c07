"""The numbers of the dashboard and its charts, drawn."""

from typing import Any

from rich.style import Style
from rich.text import Text

from admin_tui.text import bars, many, span
from admin_tui.theme import Paint

Json = dict[str, Any]
_HEAD = 10
_ROWS = 4
_BETWEEN = 3
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
    lines = [head]
    for row in range(_ROWS, 0, -1):
        eighths = [round(value * _ROWS * 8 / top) - (row - 1) * 8 for value in shown]
        bars_ = "".join(" ▁▂▃▄▅▆▇█"[max(0, min(8, part))] for part in eighths)
        lines.append(Text(f"{top * row // _ROWS:>{edge - 2}} ┤", paint.dim).append(bars_, style))
    lines.append(Text(f"{0:>{edge - 2}} ┼", paint.dim).append("─" * len(shown), paint.rule))
    for one in lines:
        one.truncate(width, pad=True)
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
