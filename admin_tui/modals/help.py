"""Every key of a place, searchable; Enter runs the entry."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from admin_tui.keys import Action
from admin_tui.modals.base import Modal
from admin_tui.text import cut
from admin_tui.theme import paint_of
from admin_tui.widgets.row_list import Row, RowList

MOVING = "Moving: j k up down, gg G, ctrl+d ctrl+u, h l or tab between panes, 0-9 screens"
ALWAYS = "esc goes one step back and never quits; shift+drag selects text past the mouse"


class Help(Modal[str]):
    """Dismissed with the id of the action to run."""

    DEFAULT_CSS = """
    Help > .box { height: 90%; max-height: 30; }
    Help RowList { height: 1fr; background: $surface; }
    """

    def __init__(
        self, title: str, actions: Sequence[tuple[str, Action]], key: Callable[[Action], str], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.title_text = title
        self.actions = list(actions)
        self._key = key

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(f"{self.title_text}  (type to search, Enter runs it)", markup=False, classes="row")
            yield Input(placeholder="search", id="needle", compact=True)
            yield RowList(self._draw, empty="no key does that")
            yield Static(f"{MOVING}\n{ALWAYS}", markup=False, classes="dim")

    def on_mount(self) -> None:
        self._fill("")
        self.query_one(RowList).can_focus = False
        self.set_focus(self.query_one(Input))

    def _draw(self, data: Any, width: int) -> list[Text]:
        where, action = data
        text = Text(cut(f"{self._key(action):<10} {action.label:<22} {action.about or where}", width), no_wrap=True)
        paint = paint_of(self.app)
        text.stylize(paint.key, 0, 10)
        text.stylize(paint.dim, 34)
        return [text]

    def _fill(self, needle: str) -> None:
        found = [
            Row(action.id, (where, action))
            for where, action in self.actions
            if needle.lower() in f"{action.label} {action.about} {self._key(action)} {where}".lower()
        ]
        self.query_one(RowList).show(found)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def on_key(self, event: events.Key) -> None:
        rows = self.query_one(RowList)
        steps = {"down": 1, "ctrl+n": 1, "up": -1, "ctrl+p": -1, "pagedown": rows.page, "pageup": -rows.page}
        if event.key in steps:
            rows.move_by(steps[event.key])
            event.stop()

    def on_input_submitted(self) -> None:
        row = self.query_one(RowList).current
        self.dismiss(row.key if row else None)

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        self.dismiss(event.row.key)
