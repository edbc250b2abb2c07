"""A form: fields with their errors beneath them, saved with ctrl+s."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.suggester import Suggester
from textual.widgets import Button, Checkbox, Input, Select, Static, TextArea

from admin_tui.modals.base import Modal
from admin_tui.modals.confirm import Confirm
from admin_tui.net.outcome import Problem
from admin_tui.state.files import completed
from admin_tui.text import line
from admin_tui.widgets.fields import Completing
from inboxd.domain.text import clean


@dataclass(frozen=True)
class Field:
    """`kind`: text, secret, number, flag, choice, long or path. `check` gives what is wrong with a value, or nothing;
    it is asked as somebody types. `choices` are (label, value). `complete` gives how a text may go on, and `shows` what
    it comes to, said beneath it."""

    name: str
    label: str
    value: Any = ""
    kind: str = "text"
    hint: str = ""
    choices: Sequence[tuple[str, Any]] = ()
    required: bool = False
    check: Callable[[str], str | None] = field(default=lambda value: None)
    complete: Callable[[str], str | None] | None = None
    shows: Callable[[str], str] | None = None


class _Flag(Checkbox):
    """Says its state without colour, too."""

    def __init__(self, value: bool, **kwargs: Any) -> None:
        super().__init__("yes" if value else "no", value, **kwargs)
        self.BUTTON_INNER = "X" if value else " "

    def watch_value(self) -> None:
        self.BUTTON_INNER = "X" if self.value else " "
        self.label = "yes" if self.value else "no"
        super().watch_value()


class _Completion(Suggester):
    def __init__(self, complete: Callable[[str], str | None]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        return self._complete(value)


class _Path(Completing):
    """Tab goes on with a name as in a shell."""

    def completion(self) -> str | None:
        return completed(self.value)


Save = Callable[[dict[str, Any], Callable[[Problem | None], None]], None]


class Form(Modal[dict[str, Any]]):
    """Calls `save(changed values, done)`; `done(problem)` shows what was refused beside its field, `done(None)` closes
    the form, which is dismissed with the values."""

    BINDINGS = [("ctrl+s", "save", "Save")]
    DEFAULT_CSS = """
    Form VerticalScroll { height: auto; max-height: 20; scrollbar-size-vertical: 1; }
    Form Input { background: $panel; }
    Form TextArea { height: 5; }
    Form .error { color: $text; text-style: bold; height: auto; display: none; }
    Form .error.-on { display: block; }
    Form Horizontal { height: 3; align-horizontal: right; }
    Form Button { margin-left: 1; }
    """

    def __init__(self, title: str, fields: Sequence[Field], save: Save, *, button: str = "Save", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.title_text = title
        self.fields = list(fields)
        self._save = save
        self._button = button
        self._busy = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box"):
            yield Static(line(self.title_text), markup=False, classes="row")
            for one in self.fields:
                yield Static(
                    line(f"{one.label}{' *' if one.required else ''}  {one.hint}"), markup=False, classes="dim row"
                )
                yield self._widget(one)
                yield from self._shown(one)
                yield self._error(one.name)
            yield from self._foot()

    @staticmethod
    def _shown(one: Field) -> ComposeResult:
        if one.shows is not None:
            text = clean(one.shows(str(one.value or "")))
            yield Static(text, markup=False, classes="dim shows", id=f"shows-{one.name}")

    @staticmethod
    def _error(name: str) -> Static:
        return Static("", markup=False, classes="error", id=f"error-{name}")

    def _foot(self) -> ComposeResult:
        yield Static("", markup=False, classes="error", id="error")
        with Horizontal():
            yield Button("Cancel (esc)", id="cancel")
            yield Button(f"{self._button} (ctrl+s)", id="save", variant="primary")

    def _widget(self, one: Field) -> Any:
        name = f"field-{one.name}"
        if one.kind == "flag":
            return _Flag(bool(one.value), id=name, compact=True)
        if one.kind == "choice":
            known = [value for _, value in one.choices]
            value = one.value if one.value in known else Select.NULL
            return Select(list(one.choices), value=value, allow_blank=not one.required, id=name, compact=True)
        if one.kind == "long":
            area = TextArea(str(one.value or ""), id=name, show_line_numbers=False, tab_behavior="focus")
            area.cursor_blink = False
            return area
        complete = completed if one.kind == "path" else one.complete
        made = (_Path if one.kind == "path" else Input)(
            str(one.value if one.value is not None else ""),
            id=name,
            password=one.kind == "secret",
            compact=True,
            suggester=_Completion(complete) if complete is not None else None,
        )
        made.cursor_blink = False
        return made

    def on_mount(self) -> None:
        self.set_focus(self.query_one(f"#field-{self.fields[0].name}"))

    def values(self) -> dict[str, Any]:
        return {one.name: self._value(one) for one in self.fields}

    def changed(self) -> dict[str, Any]:
        """What is not as it was."""
        return {one.name: value for one in self.fields if (value := self._value(one)) != _plain(one)}

    def _value(self, one: Field) -> Any:
        widget = self.query_one(f"#field-{one.name}")
        if isinstance(widget, TextArea):
            return widget.text
        if isinstance(widget, Checkbox):
            return widget.value
        if isinstance(widget, Select):
            return None if widget.value is Select.NULL else widget.value
        return self.query_one(f"#field-{one.name}", Input).value.strip()

    def on_input_changed(self, event: Input.Changed) -> None:
        for one in self.fields:
            if event.input.id == f"field-{one.name}":
                self._tell(one.name, one.check(event.value.strip()) if event.value.strip() else None)
                self._show(one, event.value.strip())

    def on_input_submitted(self) -> None:
        """Enter takes what was the only thing to say; among several fields it goes on to the next."""
        if len(self.fields) == 1:
            self.action_save()
        else:
            self.focus_next()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        for one in self.fields:
            if event.text_area.id == f"field-{one.name}":
                self._show(one, event.text_area.text)

    def _show(self, one: Field, text: str) -> None:
        if one.shows is not None:
            self.query_one(f"#shows-{one.name}", Static).update(clean(one.shows(text)))

    def _tell(self, name: str, wrong: str | None) -> None:
        shown = self.query_one(f"#error-{name}" if name else "#error", Static)
        shown.update(clean(wrong or ""))
        shown.set_class(bool(wrong), "-on")

    def _refuse(self, name: str) -> None:
        """Go to what is wrong. What is said of it has no place yet."""
        if name:
            self.set_focus(self.query_one(f"#field-{name}"))
        shown = self.query_one(f"#error-{name}" if name else "#error", Static)
        self.call_after_refresh(shown.scroll_visible, animate=False, immediate=True)

    def action_save(self) -> None:
        if self._busy:
            return
        first = None
        for one in self.fields:
            value = self._value(one)
            wrong = "cannot be empty" if one.required and value in ("", None) else None
            if wrong is None and isinstance(value, str) and value:
                wrong = "must be a whole number" if one.kind == "number" and not _is_whole(value) else one.check(value)
            self._tell(one.name, wrong)
            first = first or (one.name if wrong else None)
        if first is not None:
            self._refuse(first)
            return
        self._busy = True
        self._tell("", "saving…")
        values = self.values()
        self._save(values, lambda problem: self._done(problem, values))

    def _done(self, problem: Problem | None, values: dict[str, Any]) -> None:
        if not self.is_attached:
            return  # somebody left it while it was being saved
        self._busy = False
        if problem is None:
            if self.is_current:  # and not beneath the question whether to leave it
                self.dismiss(values)
            return
        self._tell("", None)
        names = {one.name for one in self.fields}
        at = next((name for name in names if name == problem.field), "")
        self._tell(at, problem.message)
        self._refuse(at)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "save":
            self.action_save()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        if not self.changed():
            self.dismiss(None)
            return

        def answered(sure: bool | None) -> None:
            if sure:
                self.dismiss(None)

        self.app.push_screen(Confirm("Discard what you typed?", "Discard"), answered)


def _plain(one: Field) -> Any:
    if one.kind == "flag":
        return bool(one.value)
    if one.kind == "choice":
        return one.value if one.value in [value for _, value in one.choices] else None
    return str(one.value if one.value is not None else "").strip() if one.kind != "long" else str(one.value or "")


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal()
