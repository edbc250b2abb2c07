"""The lines at the top and at the bottom of every screen, each one widget that draws itself."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from admin_tui.keys import SCREENS, Action, shown
from admin_tui.text import line
from admin_tui.theme import paint_of

if TYPE_CHECKING:
    from admin_tui.app import InboxdTui


class _Parts(Widget):
    """One line of parts, each with what a click on it does."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._places: list[tuple[int, int, str]] = []

    class Pressed(Message):
        def __init__(self, target: str) -> None:
            super().__init__()
            self.target = target

    def on_click(self, event: events.Click) -> None:
        for begin, end, target in self._places:
            if begin <= event.x < end:
                self.post_message(self.Pressed(target))


class TopBar(_Parts):
    """How the connection is, first, so that nothing can push it out of sight; then the screens."""

    DEFAULT_CSS = "TopBar { height: 1; dock: top; background: $panel; color: $text; }"

    class Pressed(_Parts.Pressed):
        """A screen was clicked."""

    def __init__(self, current: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.current = current
        self.status = ""
        self.is_well = True
        self.about = ""
        self._letters = 4

    def say(self, status: str, about: str = "", *, is_well: bool = True) -> None:
        """Draws nothing when nothing changed."""
        if (self.status, self.about, self.is_well) != (status, about, is_well):
            self.status, self.about, self.is_well = status, about, is_well
            self.refresh()

    def render(self) -> Text:
        width = self.size.width
        text = Text(no_wrap=True, overflow="crop")
        paint = paint_of(self.app)
        well = paint.ok if self.status.endswith("live") else paint.warn
        text.append(line(self.status), paint.strong + (well if self.is_well else paint.bad + Style(reverse=True)))
        self._places = []
        about = line(self.about)
        # The name of the server is worth more than the blanks between numbers and words.
        places = cast("InboxdTui", self.app).places()
        # A place without a number gets what room is left: cut short it would tell no key.
        firm = [name for name in places if SCREENS[name][0] or name == self.current]
        full = text.cell_len + sum(len(SCREENS[name][2]) + 3 for name in firm) + 2
        # Without the blanks, and the one we are at in brackets.
        spelled = width >= 110 and full - len(firm) <= width
        blank = " " if full + len(about) + 2 <= width else ""
        # That one may only read is worth more than a letter of each name.
        reads = about.rpartition(" ")[2] if about.endswith("[RO]") else ""
        self._letters = 3 if reads and width < 90 else 4
        # Where we are is always told, so the others leave room for it.
        kept = len(self._label(self.current, blank, spelled=spelled)) + 1
        for name in places if spelled else firm:
            label, is_current = self._label(name, blank, spelled=spelled), name == self.current
            kept = 0 if is_current else kept
            if text.cell_len + len(label) + 1 + kept > width:
                continue
            text.append(" ")
            begin = text.cell_len
            text.append(label, paint.tab if is_current else "")
            if not is_current and SCREENS[name][0]:
                text.stylize(paint.dim, begin, begin + 1)
            self._places.append((begin, text.cell_len, name))
        if text.cell_len + len(about) + 2 > width:
            about = reads
        if text.cell_len + len(about) + 2 <= width:
            text.append(" " * (width - text.cell_len - len(about)) + about, paint.dim)
        return text

    def _label(self, name: str, blank: str, *, spelled: bool) -> str:
        number, _, title = SCREENS[name]
        if name == self.current:
            return f"[{number} {title}]" if number else f"[{title}]"
        blank = blank if number else ""
        return f"{number}{blank}{title}" if spelled else f"{number}{title[: self._letters]}"


class HintBar(_Parts):
    """What the keys do here; help is always the last, always in sight."""

    DEFAULT_CSS = "HintBar { height: 1; dock: bottom; background: $panel; color: $text; }"

    class Pressed(_Parts.Pressed):
        """A hint was clicked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._hints: list[tuple[str, str, str]] = []
        self._help = "? Help"

    def offer(
        self,
        actions: Sequence[Action],
        key: Callable[[Action], str] = lambda action: shown(action.keys),
        helping: str = "?",
    ) -> None:
        hints = [(key(action), action.label, action.id) for action in actions]
        if (hints, f"{helping} Help") != (self._hints, self._help):
            self._hints, self._help = hints, f"{helping} Help"
            self.refresh()

    def render(self) -> Text:
        width = self.size.width
        room = width - len(self._help) - 2
        paint = paint_of(self.app)
        text = Text(no_wrap=True, overflow="crop")
        self._places = []
        for key, label, action_id in self._hints:
            if text.cell_len + len(key) + len(label) + 3 > room:
                break
            begin = text.cell_len
            text.append(key, paint.key).append(f" {label}  ")
            self._places.append((begin, text.cell_len - 2, action_id))
        text.append(" " * max(1, width - text.cell_len - len(self._help)))
        begin = text.cell_len
        text.append(self._help, paint.key)
        self._places.append((begin, text.cell_len, "help"))
        return text


class TooSmall(Widget):
    """Covers a screen that has no room for anything else."""

    DEFAULT_CSS = """
    TooSmall { display: none; layer: over; dock: top; width: 100%; height: 100%; background: $background; }
    .-slit > TooSmall, .-flat > TooSmall { display: block; }
    """

    def render(self) -> Text:
        width, height = self.app.size
        return Text(f"too small {width}x{height}, need 40x10", no_wrap=True, overflow="crop")
