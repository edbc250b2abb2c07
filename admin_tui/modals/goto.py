"""What `g` waits for."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Static

from admin_tui.keys import SCREENS
from admin_tui.modals.base import Modal
from admin_tui.theme import paint_of

if TYPE_CHECKING:
    from admin_tui.app import InboxdTui

MOVES = {"g": "top", "n": "next unread", "m": "my open", "U": "unassigned", "f": "failing deliveries"}
_PAUSE_S = 0.18
"""Who knows the second key has pressed it by then, and is spared the drawing of a popup."""


class Leader:
    """Between `g` and the key behind it. After a pause, or at a key that says nothing to it, the popup is opened."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._gone: Callable[[str | None], None] | None = None
        self._pause: Timer | None = None

    def begin(self, gone: Callable[[str | None], None]) -> None:
        self._gone = gone
        self._pause = self._app.set_timer(_PAUSE_S, self._open)

    def takes(self, key: str) -> bool:
        """Whether a key was the second one; if it was not, it is the popup's."""
        gone, target = self._gone, Goto.target(key)
        if gone is None or target is None:
            self._open()
            return False
        self._end()
        gone(target)
        return True

    def _open(self) -> None:
        if self._gone is not None:
            self._app.push_screen(Goto(), self._gone)
            self._end()

    def _end(self) -> None:
        self._gone = None
        if self._pause is not None:
            self._pause.stop()


class Goto(Modal[str]):
    """Dismissed with the name of a screen, or with a key of MOVES."""

    def compose(self) -> ComposeResult:
        paint, text = paint_of(self.app), Text()
        for letter, title in self._targets().items():
            text.append(f" {letter}", paint.key).append(f"  {title}\n")
        text.rstrip()
        with Vertical(classes="box"):
            yield Static("Go to", classes="row")
            yield Static(text, markup=False)

    def _targets(self) -> dict[str, str]:
        places = cast("InboxdTui", self.app).places()
        return {letter: title for _, letter, title in map(SCREENS.__getitem__, places)} | MOVES

    @staticmethod
    def target(key: str) -> str | None:
        """Where a key leads, if anywhere."""
        names = {letter: name for name, (_, letter, _) in SCREENS.items()}
        return names.get(key, key if key in MOVES else None)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.dismiss(self.target(event.key))
