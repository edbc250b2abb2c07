"""The messages of a conversation, wrapped when they are seen.

The height of the others is an estimate; when one turns out to be of another height, what is in sight stays where
it is and only the lines above or below it become more or fewer.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from admin_tui.text import cut, line, wrap
from admin_tui.theme import Paint, paint_of
from admin_tui.widgets.row_list import empty_line

_WHEEL = 3
_LONGEST = 50_000
"""Characters of one message that are drawn."""


@dataclass(frozen=True, slots=True)
class Post:
    """A message as the thread draws it. `head` stands above the text: its sign, who, and the rest, two blanks between
    them; `tone` is incoming, outgoing, template, dim, private or bad. A post without a head is one quiet line."""

    key: Any
    head: str
    text: str
    tone: str = "incoming"
    day: str = ""
    data: Any = field(default=None, compare=False)


class ThreadView(ScrollView, can_focus=True, inherit_bindings=False):
    """The cursor is on a message, for quoting, copying and sending again. It stays at the end while it is there."""

    DEFAULT_CSS = """
    ThreadView { scrollbar-size-vertical: 1; scrollbar-gutter: stable; overflow-x: hidden; background: $background; }
    """

    class NearStart(Message):
        """The first message is in sight: there may be older ones."""

    def __init__(self, *, cursor: str = "▌", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._sign = cursor
        self.posts: list[Post] = []
        self.cursor = 0
        self.empty = ""
        self.searched = ""
        self._lines: dict[Any, tuple[int, list[tuple[str, str]]]] = {}
        self._heights: list[int] = []
        self._ends: list[int] = []
        self._width = 0
        self.newer = 0
        self._ground = Style.null()

    @property
    def current(self) -> Post | None:
        return self.posts[self.cursor] if 0 <= self.cursor < len(self.posts) else None

    @property
    def is_at_end(self) -> bool:
        return self.cursor >= len(self.posts) - 1

    def show(self, posts: list[Post], *, empty: str = "", fresh: bool = False) -> None:
        """Take these posts. `fresh`: of another conversation, shown from its end."""
        before, stuck = self.current, self.is_at_end
        at = self._top(self.cursor) - self.scroll_offset.y if before else 0
        known = {post.key: post for post in self.posts}
        for post in posts:
            if known.get(post.key) != post:
                self._lines.pop(post.key, None)
        if fresh:
            self._lines.clear()
            self.newer = 0
        added = len(posts) - len(self.posts)
        self.posts, self.empty = posts, empty
        self._measure()
        places = {post.key: place for place, post in enumerate(posts)}
        if fresh or stuck or before is None:
            self.cursor, self.newer = max(0, len(posts) - 1), 0
            self._to_end()
        else:
            if posts and before.key != posts[-1].key and posts[-1].key not in known:
                self.newer += max(0, added)
            self.cursor = places.get(before.key, min(self.cursor, max(0, len(posts) - 1)))
            self._wrap_around(self.cursor)
            self._scroll(self._top(self.cursor) - at)
        self.refresh()

    def move_to(self, place: int) -> None:
        if not self.posts:
            return
        self._put_cursor(max(0, min(place, len(self.posts) - 1)))
        if self.is_at_end:
            self.newer = 0
        self._wrap_around(self.cursor)
        top, bottom = self._top(self.cursor), self._ends[self.cursor]
        seen, room = self.scroll_offset.y, self.size.height
        if bottom > seen + room:
            self._scroll(bottom - room)
        if top < self.scroll_offset.y and (bottom - top <= room or bottom <= self.scroll_offset.y):
            self._scroll(top)
        if self.cursor == 0:
            self.post_message(self.NearStart())

    def move_by(self, posts: int) -> None:
        """One message on; a message longer than the view is first read to its end."""
        room, seen = self.size.height, self.scroll_offset.y
        if self.posts and abs(posts) == 1:
            top, bottom = self._top(self.cursor), self._ends[self.cursor]
            if posts > 0 and bottom > seen + room:
                self._scroll(min(bottom - room, seen + room - 1))
                return
            if posts < 0 and top < seen:
                self._scroll(max(top, seen - room + 1))
                return
        self.move_to(self.cursor + posts)

    def page_by(self, pages: float) -> None:
        self._scroll(self.scroll_offset.y + round(pages * self.size.height))
        middle = bisect_right(self._ends, max(0, self.scroll_offset.y + (self.size.height - 1 if pages > 0 else 0)))
        self._put_cursor(max(0, min(middle, len(self.posts) - 1)))
        if self.cursor == 0:
            self.post_message(self.NearStart())

    def find(self, text: str, step: int = 1) -> bool:
        """Go to the next message that holds the text, in any case of letters, around the end; whether there is one."""
        self.searched = text.lower()
        self.refresh()
        count = len(self.posts)
        for ahead in range(1, count + 1):
            place = (self.cursor + step * ahead) % count
            if self.searched in self.posts[place].text.lower():
                self.move_to(place)
                return True
        return False

    def _top(self, place: int) -> int:
        return self._ends[place - 1] if 0 < place <= len(self._ends) else 0

    def _put_cursor(self, place: int) -> None:
        before, self.cursor = self.cursor, place
        for one in {before, place} if before != place else ():
            top = self._top(one)
            seen = Region(0, top - self.scroll_offset.y, self.size.width, self._ends[one] - top)
            self.refresh(seen.intersection(self.size.region))

    def _scroll(self, y: int) -> None:
        self.scroll_to(y=max(0, y), animate=False, immediate=True, force=True)

    def _to_end(self) -> None:
        self._wrap_around(len(self.posts) - 1)
        self._scroll(self._ends[-1] if self._ends else 0)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        # Not at once: an animation that scrolls must not meet another scroll in the midst of its step.
        self.call_next(self._wrap_seen)

    def _wrap_seen(self) -> None:
        self._wrap_around(bisect_right(self._ends, self.scroll_offset.y))

    def _wrap_around(self, place: int) -> None:
        """Know the height of whatever can be in sight together with a post."""
        room = max(1, self.size.height)
        top = bisect_right(self._ends, self.scroll_offset.y)
        into = self.scroll_offset.y - self._top(top)
        changed = False
        for near in range(max(0, place - room), min(len(self.posts), place + room + 1)):
            height = len(self._drawn(near))
            changed = changed or height != self._heights[near]
            self._heights[near] = height
        if changed:
            self._add_up()
            self._scroll(self._top(top) + into)
            self.refresh()

    def _drawn(self, place: int) -> list[tuple[str, str]]:
        """A post as lines of (tone, text)."""
        post = self.posts[place]
        known = self._lines.get(post.key)
        if known is not None and known[0] == self._width:
            return known[1]
        width = max(10, self._width - 4)
        lines: list[tuple[str, str]] = []
        if post.day:
            lines.append(("day", f" {post.day} ".center(width, "─")))
        if post.head:
            lines.append(("head", line(post.head)))
            lines += [("text", one) for one in wrap(_shortened(post.text), width - 2)]
            lines.append(("plain", ""))
        else:
            lines += [("dim", one) for one in wrap(_shortened(post.text), width)]
        self._lines[post.key] = (self._width, lines)
        return lines

    def _estimate(self, post: Post) -> int:
        known = self._lines.get(post.key)
        if known is not None and known[0] == self._width:
            return len(known[1])
        length = min(len(post.text), _LONGEST)
        lines = 1 + post.text.count("\n", 0, length) + length // max(10, self._width - 4)
        return lines + bool(post.day) + (2 if post.head else 0)

    def _measure(self) -> None:
        self._width = self.scrollable_content_region.width or 80
        self._heights = [self._estimate(post) for post in self.posts]
        self._add_up()

    def _add_up(self) -> None:
        self._ends = list(accumulate(self._heights))
        self.virtual_size = Size(0, self._ends[-1] if self._ends else 0)

    def render_lines(self, crop: Region) -> list[Strip]:
        self._ground = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width, background = self.scrollable_content_region.width, self._ground
        if not self.posts:
            return empty_line(self, self.empty, y).adjust_cell_length(width, background).apply_style(background)
        at = y + self.scroll_offset.y
        place = bisect_right(self._ends, at)
        if place >= len(self.posts):
            return Strip.blank(width, background)
        drawn = self._drawn(place)
        part = at - self._top(place)
        tone, text = drawn[part] if part < len(drawn) else ("plain", "")
        paint, post = paint_of(self.app), self.posts[place]
        sign = self._sign if place == self.cursor and self.has_focus else " "
        strip = Strip([Segment(sign, paint.key), *self._colored(paint, post.tone, tone, cut(text, width - 1))])
        if self.searched and self.searched in text.lower():
            strip = strip.apply_style(Style(reverse=True))
        if post.tone == "private" and tone in ("head", "text"):
            strip = strip.apply_style(paint.note)
        return strip.adjust_cell_length(width, background).apply_style(background)

    @staticmethod
    def _colored(paint: Paint, tone: str, part: str, text: str) -> list[Segment]:
        """A line of a post: its text has an edge in the colour of where it came from."""
        ink = paint.of(tone)
        if part == "head":
            sign, _, rest = text.partition("  ")
            who, gap, about = rest.partition("  ")
            edge = Segment(f"{sign}  {who}", ink + paint.strong)
            return [edge, Segment(gap + about, paint.bad if tone == "bad" else ink if tone == "private" else paint.dim)]
        if part == "text":
            return [Segment("▎ ", ink), Segment(text[:-2])]
        if part == "day":
            before, day, after = text.partition(text.strip("─ ") or " ")
            return [Segment(before, paint.rule), Segment(day, paint.dim), Segment(after, paint.rule)]
        return [Segment(text, paint.dim if part == "dim" else None)]

    def on_resize(self, event: events.Resize) -> None:
        stuck, at = self.is_at_end, self._top(self.cursor) - self.scroll_offset.y
        if self.scrollable_content_region.width != self._width:
            self._lines.clear()
        self._measure()
        if stuck:
            self._to_end()
        else:
            self._wrap_around(self.cursor)
            self._scroll(self._top(self.cursor) - at)
        self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, _WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -_WHEEL)

    def _wheel(self, event: events.MouseEvent, lines: int) -> None:
        """The cursor comes along: left at the end, it would bring the end back with the next message."""
        event.prevent_default()
        event.stop()
        self.page_by(lines / max(1, self.size.height))

    def on_click(self, event: events.Click) -> None:
        place = bisect_right(self._ends, event.y + self.scroll_offset.y)
        if place < len(self.posts):
            self._put_cursor(place)


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}\n… {len(text) - _LONGEST:,} more characters: y copies them all"
