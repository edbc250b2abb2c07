"""JSON to read: keys in bold, long lines folded, only what is in sight is drawn."""

import json
import re
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len, chop_cells
from rich.text import Text
from textual import events

from admin_tui.text import cut
from admin_tui.theme import paint_of
from admin_tui.widgets.row_list import Row, RowList
from inboxd.domain.text import clean

_KEY = re.compile(r'\s*"(?:[^"\\]|\\.)*":')
_BARE = re.compile(r"\s*([-+.\deE]+|true|false|null),?$")
_HEAD = re.compile(r"[^\s{}\[\]\"]")
_SOME = 20
"""Cells that are left of a line to fold in, however deep it stands."""


def pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


class JsonView(RowList):
    """`read(value, head)` shows plain lines, and below them a value unless it is None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(self._colored, **kwargs)
        self._given: tuple[Any, tuple[str, ...]] = (None, ())

    def read(self, value: Any = None, head: Sequence[str] = (), *, empty: str = "") -> None:
        """The same again draws nothing; something else is read from its beginning."""
        given = (value, tuple(head))
        if given == self._given and empty == self.empty:
            return
        self._given = given
        self.cursor = 0
        self.show(self._folded(), empty=empty)
        self.scroll_to(y=0, animate=False, immediate=True)

    def _folded(self) -> list[Row]:
        value, head = self._given
        lines = [*head, *([""] if head and value is not None else [])]
        lines += clean(pretty(value)).split("\n") if value is not None else []
        width = max(_SOME, self.size.width - 3)
        found = [(part, place, _is_text(line)) for line in lines for place, part in enumerate(_fold(line, width))]
        return [Row(number, part) for number, part in enumerate(found)]

    def on_resize(self, event: events.Resize) -> None:
        self.show(self._folded())

    def _colored(self, data: tuple[str, int, bool], width: int) -> list[Text]:
        line, place, is_text = data
        paint = paint_of(self.app)
        text = Text(cut(line, width), no_wrap=True)
        key = _KEY.match(line) if place == 0 else None
        if self._given[0] is None or (key is None and _HEAD.match(line)):
            text.highlight_regex(r"^[a-z][a-z -]*:", paint.dim)
            return [paint.signs(text)]
        if is_text:
            text.stylize(paint.ok, key.end() if key else 0, len(line.rstrip(",")))
        elif found := _BARE.search(line, key.end() if key else 0):
            text.stylize(paint.calm if found[1].isalpha() else paint.warn, *found.span(1))
        if key is not None:
            text.stylize(paint.key, key.start(), key.end() - 1)
        return [text]


def _fold(line: str, width: int) -> list[str]:
    """A line in lines of at most `width` cells; what follows the first stands under its text."""
    if cell_len(line) <= width:
        return [line]
    indent = " " * min(len(line) - len(line.lstrip()) + 2, max(0, width - _SOME))
    first, *_ = chop_cells(line, width)
    rest = chop_cells(line[len(first) :], width - len(indent))
    return [first, *(indent + part for part in rest)]


def _is_text(line: str) -> bool:
    """Whether the value of a line is a string: then so is what is folded from it."""
    key = _KEY.match(line)
    return (line[key.end() :] if key else line).lstrip().startswith('"')
