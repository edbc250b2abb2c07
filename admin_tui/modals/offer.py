"""A text with something to do next, one key each."""

from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from admin_tui.modals.base import Modal
from admin_tui.text import line
from inboxd.domain.text import clean


class Offer(Modal[str]):
    """Dismissed with the key of `offers` (key → what it does) that was pressed. `y` copies `to_copy` and stays."""

    DEFAULT_CSS = """
    Offer > .box { scrollbar-size-vertical: 1; }
    Offer Static { margin-bottom: 1; }
    """
    BINDINGS = [("y", "copy", "Copy")]

    def __init__(
        self, title: str, text: str, offers: dict[str, str], *, to_copy: str = "", what: str = "", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.title_text = title
        self.text = text
        self.offers = offers
        self.to_copy = to_copy
        self.what = what

    def compose(self) -> ComposeResult:
        keys = [f"{'Enter' if key == 'enter' else key} {what}" for key, what in self.offers.items()]
        keys += [f"y copies {self.what}"] if self.to_copy else []
        with VerticalScroll(classes="box"):
            yield Static(line(f"{self.title_text}  ({', '.join([*keys, 'esc closes'])})"), markup=False)
            yield Static(clean(self.text), markup=False)

    def on_key(self, event: events.Key) -> None:
        if event.key in self.offers:
            event.stop()
            self.dismiss(event.key)

    def action_copy(self) -> None:
        if self.to_copy:
            self.tui.copy(self.to_copy, self.what)
