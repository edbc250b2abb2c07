"""What screens ask of people, in one call each: a form, a question, a choice."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from admin_tui.modals.confirm import Confirm
from admin_tui.modals.form import Field, Form
from admin_tui.modals.picker import Choice, Picker
from admin_tui.net.outcome import Outcome, Problem
from admin_tui.screens.base import BaseScreen
from admin_tui.state import files
from admin_tui.text import line

_TYPED_MOST = 40


def ask_form(
    screen: BaseScreen,
    title: str,
    fields: Sequence[Field],
    work: Callable[[Any, dict[str, Any]], Any],
    then: Callable[[Any], None],
    *,
    button: str = "Save",
    form: type[Form] = Form,
) -> None:
    """`work(client, values)` when it is saved; a refusal goes beside its field, an answer to `then`."""

    def save(values: dict[str, Any], done: Callable[[Problem | None], None]) -> None:
        def come(outcome: Outcome) -> None:
            done(outcome.problem)
            if outcome.problem is None:
                then(outcome.value)

        screen.tui.call(lambda client: work(client, values), come)

    screen.app.push_screen(form(line(title), fields, save, button=button))


def ask_to_save(screen: BaseScreen, url: str) -> None:
    """Put the file behind a link of the server onto this machine."""

    def work(client: Any, values: dict[str, Any]) -> Path:
        path = Path(values["path"]).expanduser()
        client.save_file(url, path)
        return path

    field = Field("path", "File", files.place_for(url), "path", hint="Tab completes", required=True, check=files.taken)
    ask_form(screen, "Save", [field], work, lambda path: screen.tui.say(f"saved {path}"))


def ask_sure(
    screen: BaseScreen, question: str, yes: str, then: Callable[[], None], *, typed: str | None = None
) -> None:
    def answered(sure: bool | None) -> None:
        if sure:
            then()

    screen.app.push_screen(Confirm(question, yes, typed=typed), answered)


def ask_to_delete(
    screen: BaseScreen,
    question: str,
    path: str,
    gone: Callable[[], None],
    *,
    yes: str = "Delete",
    typed: str | None = None,
) -> None:
    """Delete what is at a path of the server if somebody is sure, and then call `gone`."""

    def go() -> None:
        screen.fetch(lambda client: client.call("DELETE", path), lambda _: gone(), what=yes.lower())

    ask_sure(screen, question, yes, go, typed=typed)


def ask_one(screen: BaseScreen, title: str, choices: Sequence[Choice], then: Callable[[Any], None]) -> None:
    def picked(found: list[Any] | None) -> None:
        if found:
            then(found[0])

    screen.app.push_screen(Picker(title, choices), picked)


def ask_several(
    screen: BaseScreen,
    title: str,
    choices: Sequence[Choice],
    chosen: Iterable[Any],
    then: Callable[[list[Any]], None],
    *,
    free: bool = False,
) -> None:
    def picked(found: list[Any] | None) -> None:
        if found is not None:
            then(found)

    screen.app.push_screen(Picker(title, choices, several=True, chosen=list(chosen), free=free), picked)


def word_to_type(name: Any, number: int) -> str:
    """What has to be typed before something is gone: its name, or its number when that is none or too long."""
    word = line(name or "").strip()
    return word if word and len(word) <= _TYPED_MOST else str(number)


def changes(before: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The values of a form that are not as they were. A text that was emptied becomes null."""
    return {
        name: None if value == "" else value
        for name, value in values.items()
        if (before.get(name) or "") != (value or "")
    }
