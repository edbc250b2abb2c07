"""A text to read: an answer, a payload, a secret that is shown once."""

from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from admin_tui.modals.base import Modal
from admin_tui.text import cut, line, wrap
from admin_tui.widgets.row_list import Row, RowList


class TextView(Modal[bool]):
    """`y` copies the whole of it."""

    BINDINGS = [
        ("y", "copy", "Copy"), ("q", "leave", "Close"), ("enter", "leave", "Close"),
        ("j,down", "step(1)", ""), ("k,up", "step(-1)", ""), ("ctrl+d,pagedown", "page(1)", ""),
        ("ctrl+u,pageup", "page(-1)", ""), ("G,end", "step(1_000_000)", ""), ("home", "step(-1_000_000)", ""),
    ]  # fmt: skip
    DEFAULT_CSS = """
    TextView > .box { height: 90%; }
    TextView.-small > .box { height: auto; }
    TextView RowList { height: 1fr; background: $surface; }
    TextView.-small RowList { height: auto; max-height: 16; }
    """

    def __init__(self, title: str, text: str, *, to_copy: str | None = None, hint: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.title_text = title
        self.text = text
        self.to_copy = text if to_copy is None else to_copy
        self.hint = hint or "y copies, esc closes"
        if text.count("\n") < 12:
            self.add_class("-small")

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(line(f"{self.title_text}  ({self.hint})"), markup=False, classes="row")
            yield RowList(self.drawn)

    def on_mount(self) -> None:
        rows = self.query_one(RowList)
        width = max(20, min(72, self.app.size.width - 8))
        lines = wrap(self.text, width)
        rows.show([Row(place, text) for place, text in enumerate(lines)])
        if self.has_class("-small"):
            rows.styles.height = max(1, min(16, len(lines)))
        self.set_focus(rows)

    def drawn(self, text: str, width: int) -> list[Text]:
        return [Text(cut(text, width), no_wrap=True)]

    def action_copy(self) -> None:
        self.tui.copy(self.to_copy, self.title_text)

    def action_step(self, rows: int) -> None:
        self.query_one(RowList).move_by(rows)

    def action_page(self, pages: int) -> None:
        rows = self.query_one(RowList)
        rows.move_by(pages * rows.page)
