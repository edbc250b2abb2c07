"""The frame of everything that stands above a screen."""

from typing import TYPE_CHECKING, TypeVar, cast

from textual.binding import Binding
from textual.screen import ModalScreen

if TYPE_CHECKING:
    from admin_tui.app import InboxdTui

T = TypeVar("T")


class Modal(ModalScreen[T | None]):
    """Escape dismisses with nothing. The hint line below stays in sight."""

    DEFAULT_CSS = """
    Modal { align: center middle; background: $background 40%; }
    Modal > .box {
        width: 76; max-width: 100%; height: auto; max-height: 90%; padding: 0 1;
        border: round $border; background: $surface; color: $text;
    }
    Modal .dim { color: $text-muted; }
    Modal .row { height: 1; }
    """
    BINDINGS = [("escape", "leave", "Close"), Binding("ctrl+z", "app.suspend", show=False, id="suspend")]

    @property
    def tui(self) -> "InboxdTui":
        return cast("InboxdTui", self.app)

    def action_leave(self) -> None:
        self.dismiss(None)
