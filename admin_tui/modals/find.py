"""Finding one thing on the server, by typing a part of it."""

from collections.abc import Callable
from typing import Any

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Input, Static

from admin_tui.modals.base import Modal
from admin_tui.modals.picker import Choice
from admin_tui.net.outcome import Outcome
from admin_tui.text import cut, line
from admin_tui.widgets.row_list import Row, RowList

REST_S = 0.25


class Find(Modal[Choice]):
    """`search(client, text)` gives the choices; it is asked when the typing rests. Dismissed with a choice."""

    DEFAULT_CSS = """
    Find RowList { height: 12; background: $surface; }
    """

    def __init__(self, title: str, search: Callable[[Any, str], list[Choice]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.title_text = title
        self._search = search
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(f"{line(self.title_text)}  (type to search, Enter takes)", markup=False, classes="row")
            yield Input(placeholder="name, e-mail, phone or identifier", id="needle", compact=True)
            yield RowList(self._draw, empty="", id="found")

    def on_mount(self) -> None:
        self.query_one(RowList).can_focus = False
        self.set_focus(self.query_one(Input))

    def _draw(self, choice: Choice, width: int) -> list[Text]:
        return [Text(cut(f"{choice.label}  {choice.note}", width), no_wrap=True)]

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST_S, self._ask)

    def _ask(self) -> None:
        box, rows = self.query_one(Input), self.query_one(RowList)
        needle = box.value.strip()

        def come(outcome: Outcome) -> None:
            # An answer to what is no longer asked is none.
            if not self.is_attached or box.value.strip() != needle:
                return
            problem = outcome.problem
            found = outcome.value or []
            rows.show(
                [Row(choice.value, choice) for choice in found],
                empty=line(problem.message) if problem else f"nothing like {needle!r}",
            )

        if needle:
            self.tui.call(lambda client: self._search(client, needle), come)
        else:
            rows.show([], empty="")

    def on_key(self, event: events.Key) -> None:
        steps = {"down": 1, "ctrl+n": 1, "up": -1, "ctrl+p": -1}
        if event.key in steps:
            self.query_one(RowList).move_by(steps[event.key])
            event.stop()

    def on_input_submitted(self) -> None:
        row = self.query_one(RowList).current
        if row is not None:
            self.dismiss(row.data)

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        self.dismiss(event.row.data)
