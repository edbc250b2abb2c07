"""What `g` waits for."""

from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from admin_tui.keys import SCREENS
from admin_tui.modals.base import Modal
from admin_tui.theme import paint_of

if TYPE_CHECKING:
    from admin_tui.app import InboxdTui

MOVES = {"g": "top", "n": "next unread", "m": "my open", "U": "unassigned", "f": "failing deliveries"}


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

    def on_key(self, event: events.Key) -> None:
        event.stop()
        if event.key == "escape":
            self.dismiss(None)
            return
        names = {letter: name for name, (_, letter, _) in SCREENS.items()}
        if event.key in names:
            self.dismiss(names[event.key])
        elif event.key in MOVES:
            self.dismiss(event.key)
        else:
            self.dismiss(None)
