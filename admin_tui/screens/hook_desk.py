"""What the screens of inboxes and of webhooks share: asking, and what is done to a webhook whoever carries it."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from admin_tui.keys import Action
from admin_tui.modals.confirm import Confirm
from admin_tui.modals.form import Field, Form
from admin_tui.modals.picker import Choice, Picker
from admin_tui.modals.text_view import TextView
from admin_tui.net.outcome import Outcome, Problem
from admin_tui.screens.base import BaseScreen
from admin_tui.state import hooks as model
from admin_tui.state.hooks import Hook
from admin_tui.text import line
from admin_tui.widgets.row_list import Row, RowList

Values = dict[str, Any]
_CHANGES = ("create", "edit", "delete")
_AGES = (("an hour", 3_600), ("six hours", 21_600), ("a day", 86_400), ("three days", 259_200), ("a week", 604_800))

URL = Field("url", "URL", required=True, hint="where events go", check=model.wrong_url)


class HookDesk(BaseScreen):
    """A list beside or above a detail, which is a list of facts. Only administrators change anything here."""

    # Rules of a base class for what is derived from it.
    SCOPED_CSS: ClassVar = False
    CSS = """
    #desk { layout: horizontal; height: 1fr; }
    #desk > #list { width: 2fr; height: 1fr; }
    #desk > #facts { width: 3fr; height: 1fr; border-left: vkey $border-blurred; }
    HookDesk.-narrow #desk, HookDesk.-tiny #desk { layout: vertical; }
    HookDesk.-narrow #desk > #list, HookDesk.-tiny #desk > #list { width: 100%; height: 7; }
    HookDesk.-narrow #desk > #facts, HookDesk.-tiny #desk > #facts {
        width: 100%; border-left: none; border-top: hkey $border-blurred;
    }
    """

    @property
    def listed(self) -> RowList:
        return self.query_one("#list", RowList)

    @property
    def facts(self) -> RowList:
        return self.query_one("#facts", RowList)

    def on_mount(self) -> None:
        self.set_focus(self.listed)

    @staticmethod
    def put(rows: RowList, found: list[Row], empty: str = "") -> None:
        """Draws nothing when nothing changed."""
        if found != rows.rows or empty != rows.empty:
            rows.show(found, empty=empty)

    def may(self, action: Action) -> bool:
        if action.id in _CHANGES and not self.tui.is_administrator:
            return False
        return super().may(action)

    def update_hints(self) -> None:
        hints = [one for one in self.offered() if (one.hint or one.id in _CHANGES) and one.id != "open"]
        self.hint_bar.offer(hints, self.tui.key_of, self.tui.key_of_id("help"))

    def action_open(self) -> None:
        """Into the facts; there Enter shows the whole of a line."""
        row = self.facts.current
        if self.focused is self.listed and self.listed.current is not None:
            self.set_focus(self.facts)
        elif self.focused is self.facts and row is not None and row.data.value:
            self.app.push_screen(TextView(row.data.label, row.data.value, to_copy=row.data.to_copy))

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        self.set_focus(event.rows)
        self.action_open()

    def action_back(self) -> None:
        self.set_focus(self.listed)

    def copy_fact(self) -> bool:
        """Copy the line under the cursor of the facts; whether one was."""
        row = self.facts.current
        if self.focused is not self.facts or row is None or not row.data.value:
            return False
        self.tui.copy(row.data.to_copy, row.data.label or "the line")
        return True

    # Asking.

    def ask(
        self,
        title: str,
        fields: Sequence[Field],
        work: Callable[[Any, Values], Any],
        then: Callable[[Any], None],
        *,
        form: type[Form] = Form,
    ) -> None:
        """`work(client, values)` when the form is saved, `then(answer)` when it has closed."""
        answers: list[Any] = []

        def save(values: Values, done: Callable[[Problem | None], None]) -> None:
            def come(outcome: Outcome) -> None:
                if outcome.problem is None:
                    answers.append(outcome.value)
                done(outcome.problem)

            self.tui.call(lambda client: work(client, values), come)

        def closed(values: Values | None) -> None:
            if values is not None and answers:
                then(answers[-1])

        self.app.push_screen(form(line(title), fields, save), closed)

    def sure(self, question: str, yes: str, then: Callable[[], None], *, typed: str | None = None) -> None:
        def answered(sure: bool | None) -> None:
            if sure:
                then()

        self.app.push_screen(Confirm(line(question), yes, typed=typed), answered)

    def pick(
        self,
        title: str,
        choices: Sequence[Choice],
        then: Callable[[list[Any]], None],
        chosen: Iterable[Any] | None = None,
    ) -> None:
        """One of the choices, or with `chosen` several."""

        def picked(found: list[Any] | None) -> None:
            if found is not None:
                then(found)

        several = chosen is not None
        self.app.push_screen(Picker(title, choices, several=several, chosen=list(chosen or ())), picked)

    def change(self, what: str, set_to: Callable[[Any, Any], Any], value: Any, before: Any) -> None:
        """`set_to(client, value)` at once; undo sets it back to `before`."""

        def done(found: Any) -> None:
            self.tui.say(f"{what} (u undoes)")
            self.wanted()

        def undo() -> None:
            self.fetch(lambda client: set_to(client, before), lambda found: self.wanted(), what="undo")

        self.tui.undoing.remember(what, undo)
        self.fetch(lambda client: set_to(client, value), done, what=what)

    def show_once(self, what: str, secret: str) -> None:
        """A secret that nobody can show later. It is said nowhere else."""
        self.app.push_screen(TextView(line(what), secret, hint="shown this once: y copies, esc closes"))

    # What is done to a webhook.

    def test(self, hook: Hook) -> None:
        if not hook.url:
            self.tui.say(f"{hook.name} has no webhook URL: e sets one")
            return
        self.tui.say(f"testing the webhook of {hook.name}…")

        def come(found: Any) -> None:
            self.app.push_screen(TextView(f"Test of {hook.name}", model.outcome(found, self.tui.glyphs)))
            self.wanted()

        self.fetch(lambda client: client.test_webhook(**hook.target), come, what=f"test of {hook.name}")

    def rotate(self, hook: Hook) -> None:
        def come(found: Any) -> None:
            self.show_once(f"Secret of {hook.name}", found["secret"])
            self.wanted()

        def go() -> None:
            self.fetch(lambda client: client.rotate_secret(**hook.target), come, what="new secret")

        self.sure(f"Make a new signing secret for {hook.name}? The old one signs too for a day.", "New secret", go)

    def enable(self, hook: Hook) -> None:
        if hook.state in ("ok", "off"):
            self.tui.say(f"the webhook of {hook.name} is {hook.state}: nothing to enable")
            return

        def picked(found: list[Any]) -> None:
            def come(done: Any) -> None:
                self.tui.say(f"enabled {hook.name}: {done['owed']} deliveries {'skipped' if found[0] else 'resumed'}")
                self.wanted()

            self.fetch(lambda client: client.enable_webhook(**hook.target, skip=found[0]), come, what="enable")

        choices = [Choice(False, "resume", "send what waits"), Choice(True, "skip", "cancel what waits, for good")]
        self.pick(f"Enable {hook.name}", choices, picked)

    def change_options(self, hook: Hook) -> None:
        found = hook.found
        orders = [("a conversation's events in order", "conversation"), ("none, as fast as they come", "none")]
        fields = [
            Field("ordering", "Order", found.get("ordering"), "choice", choices=orders, required=True),
            Field("exclude_own", "Leave out what is done with this token", found.get("exclude_own"), "flag"),
            Field(
                "headers", "Own headers", model.headers_text(found.get("headers") or {}), "long",
                "one `Name: value` a line; ******** stays as it is", check=model.wrong_headers,
            ),
        ]  # fmt: skip

        def work(client: Any, values: Values) -> Any:
            given = values | {"headers": model.headers_of(values["headers"])}
            return client.update_webhook(**hook.target, **given)

        self.ask(f"Webhook of {hook.name}", fields, work, lambda found: self.saved(hook.name))

    def recover(self, hook: Hook) -> None:
        def picked(found: list[Any]) -> None:
            since = time.time() - found[0] if found[0] else None

            def come(done: Any) -> None:
                self.tui.say(f"{hook.name}: {done['resent']} deliveries are sent again")
                self.wanted()

            self.fetch(lambda client: client.recover(**hook.target, since=since), come, what="send again")

        choices = [Choice(age, f"since {word} ago") for word, age in _AGES]
        self.pick(f"Send again what {hook.name} missed", [*choices, Choice(0, "everything that is kept")], picked)

    def saved(self, name: str) -> None:
        self.tui.say(f"saved {name}")
        self.wanted()
