"""What the terminal shows, so that only the cells that are others are written: a list that scrolls by a row is drawn
anew, and yet most of it is as it was.

Textual has no public place for this. All that is private to it and needed here are `App._display`, the updates of
`_compositor` and `Strip.render_style`, as in 8.2.8; what is no update known here is written as Textual would.
"""

from itertools import groupby, repeat
from operator import itemgetter
from typing import Any

from rich.cells import get_character_cell_size, split_graphemes
from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.strip import Strip

_NEAR = 8
"""Cells that are written again rather than passed over: to move the cursor costs as much."""

_Ink = tuple[str, str]
"""What is written before and behind a text to draw it in a style."""
_Line = list[tuple[str, _Ink]]
"""A text for each cell. What is two cells wide has an empty one behind it."""


class Shown:
    """Textual draws whatever may have changed. Nothing is known of a terminal before everything was drawn on it."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []

    def forget(self) -> None:
        """Somebody else may have drawn there: the next time everything is written."""
        self._lines = []

    def only_changes(self, update: CompositorUpdate) -> CompositorUpdate:
        """An update that writes no more than it must. What it does is known when it is written: not all of them are."""
        return _Changes(self, update)

    def written(self, update: CompositorUpdate, console: Console) -> str:
        colors = console._color_system or ColorSystem.TRUECOLOR
        if isinstance(update, LayoutUpdate):
            lines = [[cell for strip in strips for cell in _cells(strip, colors)] for strips in update.strips]
            x, y, width, height = update.region
            if (x, y) == (0, 0) and {len(line) for line in lines} == {width} and len(lines) == height:
                return self._everything(lines)
        elif isinstance(update, ChopsUpdate) and len(update.chops) == len(self._lines):
            return self._parts(update, colors)
        self.forget()
        return update.render_segments(console)

    def _everything(self, lines: list[_Line]) -> str:
        if [len(line) for line in lines] == [len(line) for line in self._lines]:
            return "".join(self._changes(y, line) for y, line in enumerate(lines))
        self._lines = lines
        return "".join(_written(0, y, line) for y, line in enumerate(lines))

    def _parts(self, update: ChopsUpdate, colors: ColorSystem) -> str:
        lines: dict[int, _Line] = {}
        for y, begin, end in update.spans:
            line = lines.setdefault(y, self._lines[y].copy())
            for x, strip, behind in zip(update.chops[y], update.chops[y].values(), update.chop_ends[y], strict=False):
                # Outside of the span it may be what others cover.
                if strip is not None and x < end and behind > begin:
                    _put(line, x, _cells(strip.crop(0, min(behind, end) - x), colors))
        return "".join(self._changes(y, line) for y, line in lines.items())

    def _changes(self, y: int, line: _Line) -> str:
        before, self._lines[y] = self._lines[y], line
        if before == line:
            return ""
        pieces: list[list[int]] = []
        for x, (old, new) in enumerate(zip(before, line, strict=True)):
            if old == new:
                continue
            if pieces and x - pieces[-1][1] <= _NEAR:
                pieces[-1][1] = x + 1
            else:
                pieces.append([x, x + 1])
        # About characters that are wide or joined terminals differ: such a line is written as a whole.
        if any(len(text) != 1 for cells in (before, line) for text, _ in cells):
            pieces = [[0, len(line)]]
        return "".join(_written(begin, y, line[begin:end]) for begin, end in pieces)


class _Changes(CompositorUpdate):
    def __init__(self, shown: Shown, update: CompositorUpdate) -> None:
        self._shown = shown
        self._update = update

    def render_segments(self, console: Console) -> str:
        return self._shown.written(self._update, console)


class Sparing(App[int]):
    """Writes only what changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shown = Shown()

    def _display(self, screen: Any, renderable: Any) -> None:
        if isinstance(renderable, CompositorUpdate):
            renderable = self._shown.only_changes(renderable)
        elif renderable is not None:
            self._shown.forget()
        super()._display(screen, renderable)

    def on_resize(self) -> None:
        """A terminal that became smaller and as large again has lost what was outside."""
        self.action_redraw()

    def action_redraw(self) -> None:
        self._shown.forget()
        self.refresh(layout=True)


def _cells(strip: Strip, colors: ColorSystem) -> _Line:
    cells: _Line = []
    for text, style, _ in strip:
        before, _, behind = Strip.render_style(style, "\0", colors).partition("\0") if style else ("", "", "")
        ink = (before, behind)
        if text.isascii() or all(get_character_cell_size(char) == 1 for char in text):
            cells += zip(text, repeat(ink))
            continue
        for begin, end, width in split_graphemes(text)[0]:
            if width:
                cells += [(text[begin:end], ink), *[("", ink)] * (width - 1)]
            elif cells:
                # A mark in another style than the letter that it stands on.
                head = next(at for at in range(len(cells) - 1, -1, -1) if cells[at][0])
                cells[head] = (cells[head][0] + text[begin:end], cells[head][1])
    return cells


def _put(line: _Line, x: int, cells: _Line) -> None:
    """Over what is there. Half of a wide character is blank."""
    end = min(x + len(cells), len(line))
    for edge in (x, end):
        if edge < len(line) and not line[edge][0]:
            first = next(at for at in range(edge, -1, -1) if line[at][0])
            last = next((at for at in range(edge, len(line)) if line[at][0]), len(line))
            line[first:last] = [(" ", ink) for _, ink in line[first:last]]
    line[x:end] = cells[: end - x]


def _written(x: int, y: int, cells: _Line) -> str:
    parts = [Control.move_to(x, y).segment.text]
    for (before, behind), run in groupby(cells, itemgetter(1)):
        parts += [before, *(text for text, _ in run), behind]
    return "".join(parts)
