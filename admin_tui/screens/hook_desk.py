"""What the screens of inboxes and of webhooks share: two panes, and what is done to a webhook whoever carries it."""

import time
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from rich.text import Text
from textual.containers import Container
from textual.widget import Widget

from admin_tui.keys import Action
from admin_tui.modals.form import Field
from admin_tui.modals.picker import Choice
from admin_tui.modals.text_view import TextView
from admin_tui.screens.asking import ask_form, ask_one, ask_sure
from admin_tui.screens.base import BaseScreen
from admin_tui.state import hooks as model
from admin_tui.state.facts import Fact
from admin_tui.state.hooks import Hook
from admin_tui.state.reload import Rest
from admin_tui.state.undo import same
from admin_tui.text import line
from admin_tui.widgets.facts import FactList, rows
from admin_tui.widgets.fields import FilterField
from admin_tui.widgets.row_list import Row, RowList

Json = dict[str, Any]
_CHANGES = ("create", "edit", "delete")
_AGES = (("an hour", 3_600), ("six hours", 21_600), ("a day", 86_400), ("three days", 259_200), ("a week", 604_800))

URL = Field("url", "URL", required=True, hint="where events go", check=model.wrong_url)


class HookDesk(BaseScreen):
    """A list beside or above a detail, which is a list of facts. Only administrators change anything here. A screen
    says how a row is drawn, its facts, what is fetched for them, and which `hook` the keys mean."""

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

    def __init__(self) -> None:
        super().__init__()
        self._resting = Rest()
        self._go_to_next: Any = None
        self.rows_there: list[Row] = []
        self._empty = "…"

    def body(self) -> Iterable[Widget]:
        glyphs = self.tui.glyphs
        yield FilterField("words; Enter keeps, esc clears", id="filter")
        with Container(id="desk"):
            yield RowList(self._draw, empty="…", cursor=glyphs("cursor"), marked=glyphs("marked"), id="list")
            yield FactList(cursor=glyphs("cursor"), id="facts")

    def _draw(self, data: Any, width: int) -> list[Text]:
        raise NotImplementedError

    def found_facts(self) -> list[Fact]:
        """What is known of the row under the cursor."""
        raise NotImplementedError

    def look(self) -> None:
        """Fetch what only the detail of the row under the cursor shows."""
        raise NotImplementedError

    @property
    def hook(self) -> Hook | None:
        """The webhook of the row under the cursor."""
        raise NotImplementedError

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

    def words_of(self, data: Any) -> str:
        """What a filter finds a row by."""
        raise NotImplementedError

    def list_rows(self, listed: list[Row], empty: str) -> None:
        self.rows_there, self._empty = listed, empty
        self._narrow()
        self.look()

    def change_row(self, key: Any, data: Any) -> None:
        self.rows_there = [Row(key, data) if row.key == key else row for row in self.rows_there]
        self.listed.change(key, data)

    def _narrow(self) -> None:
        needle = self.filter.value
        words = needle.lower().split()
        found = [row for row in self.rows_there if all(word in self.words_of(row.data).lower() for word in words)]
        clears = f"{self.tui.key_of_id('filter.clear')} clears the filter"
        empty = self._empty if len(found) == len(self.rows_there) else f"nothing like {line(needle)!r}\n{clears}"
        self.put(self.listed, found, empty)
        if self._go_to_next is not None and self.listed.go_to_key(self._go_to_next):
            self._go_to_next = None
        self.show_facts()

    def go_to_row(self, key: Any) -> None:
        """Put the cursor on a row, whatever the filter, now or when it has been fetched."""
        if self.is_mounted:
            self.action_filter_clear()
        if not self.listed.go_to_key(key):
            self._go_to_next = key

    @property
    def filter(self) -> FilterField:
        return self.query_one(FilterField)

    def action_filter(self) -> None:
        self.filter.open()

    def action_filter_clear(self) -> None:
        self.filter.hold()
        self.set_focus(self.listed)
        self._narrow()

    def on_input_changed(self) -> None:
        self._narrow()

    def on_input_submitted(self) -> None:
        self.set_focus(self.listed)

    def show_facts(self) -> None:
        self.put(self.facts, rows(self.found_facts()))

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        if event.rows is self.listed:
            self.facts.move_to(0)
            self.show_facts()
            self._resting.begin()
            self.update_hints()

    def tick(self) -> None:
        if self._resting.over():
            self.look()

    def may(self, action: Action) -> bool:
        if action.id in _CHANGES and not self.tui.is_administrator:
            return False
        return super().may(action)

    def hinted(self) -> list[Action]:
        return [one for one in self.offered() if (one.hint or one.id in _CHANGES) and one.id != "open"]

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
        if self.focused is self.facts:
            self.set_focus(self.listed)
        else:
            self.action_filter_clear()

    def copy_fact(self) -> bool:
        """Copy the line under the cursor of the facts; whether one was."""
        row = self.facts.current
        if self.focused is not self.facts or row is None or not row.data.value:
            return False
        self.tui.copy(row.data.to_copy, row.data.label or "the line")
        return True

    # Asking and changing.

    def change(
        self,
        what: str,
        set_to: Callable[[Any, Any], Any],
        value: Any,
        before: Any,
        now: Callable[[Any], Any],
    ) -> None:
        """`set_to(client, value)` at once; undo sets it back to `before`, if `now(client)` still is that value."""

        def done(found: Any) -> None:
            self.can_undo(what, back)
            self.wanted()

        def back(client: Any) -> list[str]:
            if not same(now(client), value):
                return [what]
            set_to(client, before)
            return []

        self.fetch(lambda client: set_to(client, value), done, what=what)

    def show_once(self, what: str, secret: str) -> None:
        """A secret that nobody can show later. It is said nowhere else."""
        self.app.push_screen(TextView(line(what), secret, hint="shown this once: y copies, esc closes"))

    # What is done to a webhook.

    def test_hook(self) -> None:
        hook = self.hook
        if hook is None:
            return
        if not hook.url:
            self.tui.say(f"{hook.name} has no webhook URL{self.tip('edit', 'sets one', ': ')}")
            return
        self.tui.say(f"testing the webhook of {hook.name}…")

        def come(found: Any) -> None:
            self.app.push_screen(TextView(f"Test of {hook.name}", model.outcome(found, self.tui.glyphs)))
            self.wanted()

        self.fetch(lambda client: client.test_webhook(**hook.target), come, what=f"test of {hook.name}")

    def rotate_secret(self) -> None:
        hook = self.hook
        if hook is None:
            return

        def come(found: Any) -> None:
            self.show_once(f"Secret of {hook.name}", found["secret"])
            self.wanted()

        def go() -> None:
            self.fetch(lambda client: client.rotate_secret(**hook.target), come, what="new secret")

        question = f"Make a new signing secret for {line(hook.name)}? The old one signs too for a day."
        ask_sure(self, question, "New secret", go)

    def enable_hook(self) -> None:
        hook = self.hook
        if hook is None:
            return
        if hook.state in ("ok", "off"):
            self.tui.say(f"the webhook of {hook.name} is {hook.state}: nothing to enable")
            return

        def enable(skip: bool) -> None:
            def come(done: Any) -> None:
                self.tui.say(f"enabled {hook.name}: {done['owed']} deliveries {'skipped' if skip else 'resumed'}")
                self.wanted()

            self.fetch(lambda client: client.enable_webhook(**hook.target, skip=skip), come, what="enable")

        choices = [Choice(False, "resume", "send what waits"), Choice(True, "skip", "cancel what waits, for good")]
        ask_one(self, f"Enable {hook.name}", choices, enable)

    def change_options(self) -> None:
        hook = self.hook
        if hook is None:
            return
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

        def work(client: Any, values: Json) -> Any:
            given = values | {"headers": model.headers_of(values["headers"])}
            return client.update_webhook(**hook.target, **given)

        ask_form(self, f"Webhook of {hook.name}", fields, work, lambda found: self.saved(hook.name))

    def recover_missed(self) -> None:
        hook = self.hook
        if hook is None:
            return

        def recover(age: int) -> None:
            since = time.time() - age if age else None

            def come(done: Any) -> None:
                self.tui.say(f"{hook.name}: {done['resent']} deliveries are sent again")
                self.wanted()

            self.fetch(lambda client: client.recover(**hook.target, since=since), come, what="send again")

        choices = [Choice(age, f"since {word} ago") for word, age in _AGES]
        choices.append(Choice(0, "everything that is kept"))
        ask_one(self, f"Send again what {hook.name} missed", choices, recover)

    def saved(self, name: str) -> None:
        self.tui.say(f"saved {name}")
        self.wanted()
