"""The question before what cannot be undone."""

from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static

from admin_tui.modals.base import Modal
from admin_tui.text import line
from inboxd.domain.text import clean


class Confirm(Modal[bool]):
    """The safe answer has the focus. With `typed` that word has to be typed first: for what hurts most."""

    BINDINGS = [("y", "yes", "Yes"), ("n", "leave", "No")]
    DEFAULT_CSS = """
    Confirm Horizontal { height: 3; align-horizontal: right; }
    Confirm Button { margin-left: 1; min-width: 12; }
    Confirm Static { margin-bottom: 1; }
    """

    def __init__(self, question: str, yes: str = "Yes", *, typed: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.question = question
        self.yes = yes
        self.typed = typed

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(clean(self.question), markup=False)
            if self.typed is not None:
                yield Static(f"Type {clean(self.typed)} to go on:", markup=False, classes="dim")
                yield Input(id="typed")
            with Horizontal():
                yield Button("Cancel", id="cancel")
                yield Button(Text(line(self.yes)), id="yes", disabled=self.typed is not None)

    def on_mount(self) -> None:
        self.set_focus(self.query_one("#typed" if self.typed is not None else "#cancel"))

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one("#yes", Button).disabled = event.value != self.typed

    def on_input_submitted(self) -> None:
        if not self.query_one("#yes", Button).disabled:
            self.dismiss(True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(True if event.button.id == "yes" else None)

    def action_yes(self) -> None:
        if self.typed is None:
            self.dismiss(True)
