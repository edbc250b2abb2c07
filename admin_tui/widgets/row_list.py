"""A list that draws only the lines that are seen: ten thousand rows cost what twenty do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from admin_tui.theme import Paint, paint_of

Render = Callable[[Any, int], list[Text]]


@dataclass(frozen=True, slots=True)
class Row:
    """`key` stays the same over refreshes. `data` is what `render` draws."""

    key: Any
    data: Any


class _OfRows(Message):
    """What a list says of itself."""

    def __init__(self, rows: "RowList") -> None:
        super().__init__()
        self.rows = rows

    @property
    def control(self) -> "RowList":
        return self.rows


class RowList(ScrollView, can_focus=True, inherit_bindings=False):
    """`render(data, width)` draws a row in `height` lines of `width` cells; a column before it is the list's own,
    for cursor and marks. The cursor stays on its row, whatever comes and goes around it."""

    DEFAULT_CSS = """
    RowList { scrollbar-size-vertical: 1; overflow-x: hidden; background: $background; }
    """

    class Highlighted(_OfRows):
        """The cursor is on another row, or on none."""

        can_replace_all = True

        def __init__(self, rows: "RowList", row: Row | None) -> None:
            super().__init__(rows)
            self.row = row

    class Opened(_OfRows):
        """Enter, or a click on the row under the cursor."""

        def __init__(self, rows: "RowList", row: Row) -> None:
            super().__init__(rows)
            self.row = row

    class NearEnd(_OfRows):
        """The last rows are in sight: there may be more to fetch."""

    def __init__(
        self, render: Render, *, height: int = 1, empty: str = "", cursor: str = "▌", marked: str = "◆", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._draw = render
        self.row_height = height
        self.empty = empty
        self._signs = (cursor, marked)
        self.rows: list[Row] = []
        self._places: dict[Any, int] = {}
        self.cursor = 0
        self.marks: set[Any] = set()
        self._drawn: dict[Any, tuple[int, Paint, list[Strip]]] = {}
        self._asked_at = -1
        self._ground = Style.null()

    @property
    def current(self) -> Row | None:
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    @property
    def chosen(self) -> list[Row]:
        """The marked rows, else the one under the cursor."""
        marked = [row for row in self.rows if row.key in self.marks]
        return marked or ([self.current] if self.current else [])

    def show(self, rows: Sequence[Row], *, empty: str | None = None) -> None:
        """Take other rows. The cursor stays on the same key, or about where it was; and so does what is in sight."""
        before = self.current
        above = self.cursor * self.row_height - self.scroll_offset.y
        if empty is not None:
            self.empty = empty
        same = {row.key: row.data for row in self.rows}
        for key in [key for key in self._drawn if key not in same]:
            del self._drawn[key]
        for row in rows:
            if row.key in self._drawn and same.get(row.key) != row.data:
                del self._drawn[row.key]
        self.rows = list(rows)
        self._places = {row.key: place for place, row in enumerate(self.rows)}
        self.marks &= self._places.keys()
        if before is not None and before.key in self._places:
            self.cursor = self._places[before.key]
        else:
            self.cursor = max(0, min(self.cursor, len(self.rows) - 1))
        self._asked_at = -1
        self._measure()
        if self.cursor and self.is_mounted:
            self.scroll_to(y=max(0, self.cursor * self.row_height - above), animate=False, immediate=True)
        self.refresh()
        after = self.current
        if (before and before.key) != (after and after.key):
            self.post_message(self.Highlighted(self, after))

    def change(self, key: Any, data: Any) -> None:
        """Draw one row anew."""
        place = self._places.get(key)
        if place is None or self.rows[place].data == data:
            return
        self.rows[place] = Row(key, data)
        self._drawn.pop(key, None)
        self._refresh_row(place)

    def redraw(self) -> None:
        """Every row anew, as when ages have grown."""
        self._drawn.clear()
        self.refresh()

    def move_to(self, place: int) -> None:
        place = max(0, min(place, len(self.rows) - 1))
        if not self.rows:
            return
        before, self.cursor = self.cursor, place
        self._refresh_row(before)
        self._refresh_row(place)
        top = place * self.row_height
        seen = self.scroll_offset.y
        room = max(self.row_height, self.size.height)
        if top < seen:
            self.scroll_to(y=top, animate=False, immediate=True)
        elif top + self.row_height > seen + room:
            self.scroll_to(y=top + self.row_height - room, animate=False, immediate=True)
        if before != place:
            self.post_message(self.Highlighted(self, self.current))
        self._ask_for_more(place)

    def _ask_for_more(self, seen: int) -> None:
        if seen >= len(self.rows) - 10 and self._asked_at != len(self.rows):
            self._asked_at = len(self.rows)
            self.post_message(self.NearEnd(self))

    def ask_again(self) -> None:
        """What was asked for did not come: the next move at the end asks once more."""
        self._asked_at = -1

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The wheel gets to the end without the cursor."""
        super().watch_scroll_y(old_value, new_value)
        if new_value > old_value:
            self._ask_for_more(round(new_value) // self.row_height + self.page)

    def move_by(self, rows: int) -> None:
        self.move_to(self.cursor + rows)

    @property
    def page(self) -> int:
        """How many rows are in sight."""
        return max(1, self.size.height // self.row_height)

    def go_to_key(self, key: Any) -> bool:
        """Put the cursor on a row by its key; whether it is there."""
        place = self._places.get(key)
        if place is None:
            return False
        self.move_to(place)
        return True

    def toggle_mark(self) -> None:
        row = self.current
        if row is None:
            return
        self.marks ^= {row.key}
        self._drawn.pop(row.key, None)
        self._refresh_row(self.cursor)
        self.move_by(1)

    def mark_all(self) -> None:
        """Mark every row that is loaded, or none when all are."""
        everything = {row.key for row in self.rows}
        self.marks = set() if self.marks == everything else everything
        self.redraw()

    def clear_marks(self) -> bool:
        """Whether there were any."""
        had = bool(self.marks)
        self.marks.clear()
        self.redraw()
        return had

    def render_lines(self, crop: Region) -> list[Strip]:
        # Mixed from the styles of all that it stands in: once for all lines.
        self._ground = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        line = y + self.scroll_offset.y
        background = self._ground
        if not self.rows:
            return self._empty_line(y, width, background)
        place, part = divmod(line, self.row_height)
        if place >= len(self.rows):
            return Strip.blank(width, background)
        strips = self._strips(self.rows[place], width - 2)
        body = strips[part] if part < len(strips) else Strip.blank(width - 2)
        row = self.rows[place]
        sign = self._signs[0] if place == self.cursor else " "
        mark = self._signs[1] if row.key in self.marks else " "
        paint = paint_of(self.app)
        gutter = [Segment(sign, paint.key), Segment(mark if part == 0 else " ", paint.key)]
        strip = Strip([*gutter, *body]).adjust_cell_length(width)
        if place == self.cursor:
            strip = strip.apply_style(paint.cursor + paint.strong if self.has_focus else paint.resting)
        return strip.apply_style(background)

    def _empty_line(self, y: int, width: int, background: Style) -> Strip:
        return empty_line(self, self.empty, y).adjust_cell_length(width, background).apply_style(background)

    def _strips(self, row: Row, width: int) -> list[Strip]:
        paint = paint_of(self.app)
        known = self._drawn.get(row.key)
        if known is not None and known[0] == width and known[1] is paint:
            return known[2]
        strips = [
            Strip(text.render(self.app.console, end="")).adjust_cell_length(width)
            for text in self._draw(row.data, width)
        ]
        if len(self._drawn) > 500:
            self._drawn.clear()
        self._drawn[row.key] = (width, paint, strips)
        return strips

    def _measure(self) -> None:
        self.virtual_size = Size(0, len(self.rows) * self.row_height)

    def _refresh_row(self, place: int) -> None:
        y = place * self.row_height - self.scroll_offset.y
        if -self.row_height < y < self.size.height:
            self.refresh(Region(0, max(0, y), self.size.width, self.row_height))

    def on_resize(self, event: events.Resize) -> None:
        self._drawn.clear()
        self._measure()
        self.move_to(self.cursor)

    def on_click(self, event: events.Click) -> None:
        place = (event.y + self.scroll_offset.y) // self.row_height
        if not 0 <= place < len(self.rows):
            return
        if place == self.cursor and (event.chain > 1 or self.has_focus):
            self.post_message(self.Opened(self, self.rows[place]))
        else:
            self.move_to(place)

    def open(self) -> None:
        if self.current is not None:
            self.post_message(self.Opened(self, self.current))


def empty_line(widget: ScrollView, text: str, y: int) -> Strip:
    """A line of what a list without rows says: in the middle where there is room, below a little mark."""
    paint, (width, height) = paint_of(widget.app), widget.scrollable_content_region.size
    lines, style = text.split("\n"), paint.dim
    if height >= 12 and text != "…":
        lines = ["·  ·  ·", "", *lines]
        y -= max(0, (height - len(lines)) // 2 - 1)
    else:
        y -= 1
    if not 0 <= y < len(lines):
        return Strip.blank(width)
    if lines[0] != text and y == 2:
        style = paint.strong
    words = lines[y]
    return Strip([Segment(" " * max(2, (width - cell_len(words)) // 2)), Segment(words, style)])
