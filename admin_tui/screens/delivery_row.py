"""A delivery in its row, and the heads above."""

from collections.abc import Sequence

from rich.text import Text

from admin_tui.glyphs import Glyphs
from admin_tui.state import deliveries as model
from admin_tui.state.deliveries import Owed
from admin_tui.text import cut
from admin_tui.theme import Paint


def heads(width: int) -> str:
    return _cells("AGE", "FOR", "EVENT", "TRY", "RESULT", "TOOK", "NEXT", width)


def drawn(one: Owed, who: str, ages: Sequence[str], width: int, glyphs: Glyphs, paint: Paint) -> Text:
    """`ages` are how old it is, and how far off its next attempt."""
    age, next_ = ages
    sign, words = model.result(one)
    tries = str(one.tries) if one.tries else "-"
    line = _cells(age, who, one.event, tries, f"{glyphs(sign)} {words}", one.took, next_, width)
    text = Text(line, "bold" if one.state == "exhausted" else "", no_wrap=True)
    text.stylize(paint.dim, 0, 4)
    at = line.find(one.event[:19])
    text.stylize(paint.info, at, at + 20)
    begin = line.find(glyphs(sign), at + 20)
    text.stylize(paint.of(sign), begin, begin + len(words) + 2)
    if width >= 70:
        text.stylize(paint.dim, len(line) - 14)
    return text


def _cells(age: str, who: str, event: str, tries: str, result: str, took: str, next_: str, width: int) -> str:
    """A line of the table; columns that can be done without go first where there is no room."""
    cells = [f"{age:>4}", cut(who, 10), cut(event, 20), f"{tries:>3}"]
    after = [f"{took:>6}", cut(next_, 7)] if width >= 70 else []
    room = width - sum(len(one) + 1 for one in cells + after)
    if room < 12:
        del cells[1]
        room += 11
    return " ".join([*cells, cut(result, room), *after])
