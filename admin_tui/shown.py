"""What the terminal shows, so that only the cells that are others are written: a list that scrolls by a row is drawn
anew, and yet most of it is as it was."""

from collections.abc import Iterable
from itertools import chain, groupby, repeat
from operator import itemgetter

from rich.cells import cell_len, get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

_NEAR = 8
"""Cells that are written again rather than passed over: to move the cursor costs as much."""

_Ink = tuple[str, str]
_Line = list[tuple[str, _Ink]]


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
        if isinstance(update, LayoutUpdate):
            drawn = [_cells(strips, console) for strips in map(list, update.strips)]
            if [len(line) for line in drawn] == [len(line) for line in self._lines]:
                return "".join(self._changes(y, line) for y, line in enumerate(drawn))
            self._lines = drawn
        elif isinstance(update, ChopsUpdate) and len(update.chops) == len(self._lines):
            return "".join(
                self._changes(y, self._with(y, [span[1:] for span in spans], update, console))
                for y, spans in groupby(sorted(update.spans), itemgetter(0))
            )
        return update.render_segments(console)

    def _with(self, y: int, spans: Iterable[tuple[int, int]], update: ChopsUpdate, console: Console) -> _Line:
        drawn = self._lines[y].copy()
        for x, strip in update.chops[y].items():
            if strip is not None:
                cells = _cells([strip], console)
                drawn[x : x + len(cells)] = cells
        # Beside the spans it may hold what lies under others.
        line = self._lines[y].copy()
        for begin, end in spans:
            line[begin:end] = drawn[begin:end]
        return line

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
        if any(len(text) != 1 for cells in (before, line) for text, _ in cells):
            pieces = [[0, len(line)]]
        return "".join(_written(begin, y, line[begin:end]) for begin, end in pieces)


class _Changes(CompositorUpdate):
    def __init__(self, shown: Shown, update: CompositorUpdate) -> None:
        self._shown = shown
        self._update = update

    def render_segments(self, console: Console) -> str:
        return self._shown.written(self._update, console)


def _cells(strips: Iterable[Strip], console: Console) -> _Line:
    colors = console._color_system or ColorSystem.TRUECOLOR
    cells: _Line = []
    for text, style, _ in chain.from_iterable(strips):
        before, _, behind = Strip.render_style(style, " ", colors).partition(" ") if style else ("", "", "")
        ink = (before, behind)
        if text.isascii() or all(get_character_cell_size(char) == 1 for char in text):
            cells += zip(text, repeat(ink))
        elif width := cell_len(text):
            # About characters that are wide or joined terminals differ: such a text stays one piece.
            cells += [(text, ink), *[("", ink)] * (width - 1)]
        elif cells:
            cells[-1] = (cells[-1][0] + text, cells[-1][1])
    return cells


def _written(x: int, y: int, cells: _Line) -> str:
    parts = [Control.move_to(x, y).segment.text]
    for (before, behind), run in groupby(cells, itemgetter(1)):
        parts += [before, *(text for text, _ in run), behind]
    return "".join(parts)
