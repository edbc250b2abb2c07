"""Choosing one thing, or several, from a list that narrows as you type."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from admin_tui.modals.base import Modal
from admin_tui.text import cut, line
from admin_tui.widgets.row_list import Row, RowList


@dataclass(frozen=True)
class Choice:
    """`note` stands behind the label, in grey; the digits 1 to 9 pick the first ones."""

    value: Any
    label: str
    note: str = ""


class _Needle(Input):
    """Gives way to the keys of the list: what it took itself would never come there."""

    async def _on_key(self, event: events.Key) -> None:
        if isinstance(self.screen, Picker) and self.screen.takes(event.key):
            event.stop()
            event.prevent_default()
        else:
            await super()._on_key(event)


class Picker(Modal[list[Any]]):
    """Enter takes the row under the cursor; with `several` space marks and Enter takes what is marked, where
    `chosen` is marked from the beginning; else the cursor begins there. With `free` what was typed can be taken too:
    where one is taken, a number, which then stands first."""

    DEFAULT_CSS = """
    Picker RowList { height: auto; max-height: 14; min-height: 1; background: $surface; }
    """

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        *,
        several: bool = False,
        chosen: Sequence[Any] = (),
        free: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.title_text = title
        self.choices = list(choices)
        self.several = several
        self.free = free
        self.chosen = set(chosen)

    def compose(self) -> ComposeResult:
        hint = "space marks, Enter takes" if self.several else "Enter takes" + ", 1-9 pick" * (not self.free)
        with Vertical(classes="box"):
            yield Static(f"{line(self.title_text)}  ({hint})", markup=False, classes="row")
            yield _Needle(placeholder="type to filter", id="needle", compact=True)
            yield RowList(self._draw, empty="nothing like that", id="choices")

    def on_mount(self) -> None:
        self._fill("")
        rows = self.query_one(RowList)
        rows.can_focus = False
        rows.marks = {place for place, choice in enumerate(self.choices) if choice.value in self.chosen}
        if not self.several and rows.marks:
            rows.move_to(min(rows.marks))
            rows.marks = set()
        self.set_focus(self.query_one(Input))

    def _draw(self, data: Any, width: int) -> list[Text]:
        number, choice = data
        text = Text(f"{number} " if number and not self.several and not self.free else "  ", style="bold", no_wrap=True)
        text.append(line(choice.label), "not bold")
        if choice.note:
            text.append("  " + line(choice.note), "not bold dim")
        return [Text(cut(text.plain, width), spans=text.spans, no_wrap=True)]

    def _fill(self, needle: str) -> None:
        found = [
            (place, choice)
            for place, choice in enumerate(self.choices)
            if needle.lower() in f"{choice.label} {choice.note}".lower()
        ]
        typed = needle.strip().removeprefix("#")
        is_number = self.free and not self.several and typed.isdecimal()
        if is_number:
            same = [one for one in found if one[1].value == int(typed)] or [(-1, Choice(int(typed), f"#{typed}"))]
            found = same + [one for one in found if one not in same]
        rows = self.query_one(RowList)
        marks = set(rows.marks)
        rows.show([Row(place, (order if order < 10 else 0, choice)) for order, (place, choice) in enumerate(found, 1)])
        # A list forgets the marks of rows that are gone; what is only filtered away stays marked.
        rows.marks = marks
        if is_number:
            rows.move_to(0)
        rows.styles.height = max(1, min(14, len(found)))

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def on_key(self, event: events.Key) -> None:
        # Typed ahead, before the field has the focus.
        field = self.query_one(_Needle)
        if field.has_focus or self.takes(event.key):
            return
        if event.key == "enter":
            self._take()
        elif event.is_printable and event.character:
            field.insert_text_at_cursor(event.character)

    def takes(self, key: str) -> bool:
        """A key of the list instead of the field; whether it was one."""
        rows = self.query_one(RowList)
        needle = self.query_one(Input).value
        if key in ("down", "ctrl+n"):
            rows.move_by(1)
        elif key in ("up", "ctrl+p"):
            rows.move_by(-1)
        elif key == "space" and self.several and rows.current is not None and not self._goes_on(needle):
            rows.toggle_mark()
            self.query_one(Input).value = ""
        elif key.isdigit() and key != "0" and not needle and not self.several and not self.free:
            if int(key) <= len(rows.rows):
                rows.move_to(int(key) - 1)
                self._take()
        else:
            return False
        return True

    def _goes_on(self, needle: str) -> bool:
        """Whether a space is part of a name that is being typed."""
        return bool(needle) and any(f"{needle} ".lower() in choice.label.lower() for choice in self.choices)

    def on_input_submitted(self) -> None:
        self._take()

    def on_row_list_opened(self) -> None:
        self._take()

    def _take(self) -> None:
        rows, needle = self.query_one(RowList), self.query_one(Input).value.strip()
        marked = [self.choices[place].value for place in sorted(rows.marks)] if self.several else []
        if self.several and not needle:
            self.dismiss(marked)
        elif rows.current is not None:
            value = rows.current.data[1].value
            self.dismiss([*marked, value] if self.several and value not in marked else marked or [value])
        elif self.free and needle:
            self.dismiss([*marked, needle])
