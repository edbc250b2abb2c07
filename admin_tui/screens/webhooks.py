"""Webhooks: those of the account, of inboxes and of agent bots in one list, and the bots themselves."""

import time
from collections.abc import Callable
from typing import Any

from rich.text import Text

from admin_tui.keys import Action
from admin_tui.modals.form import Field
from admin_tui.modals.picker import Choice
from admin_tui.net.outcome import Outcome
from admin_tui.screens.asking import ask_form, ask_one, ask_several, ask_to_delete
from admin_tui.screens.base import bindings
from admin_tui.screens.bot_acts import BotActs, bot_fields
from admin_tui.screens.hook_desk import URL, HookDesk, Json
from admin_tui.screens.inbox_forms import webhook_url
from admin_tui.state import hooks as model
from admin_tui.state.facts import Fact
from admin_tui.state.hooks import Hook
from admin_tui.state.reload import Reload
from admin_tui.text import cut, line
from admin_tui.theme import paint_of
from admin_tui.widgets.row_list import Row

_AGAIN_S = 15.0
_ASKED = 50
_TOUCHING = ("webhook.", "delivery.", "inbox_")


class WebhooksScreen(BotActs):
    place = "webhooks"
    BINDINGS = bindings("webhooks", "list", "everywhere")

    def __init__(self) -> None:
        super().__init__()
        self.pending: dict[tuple[str, int], int] = {}
        self.answers: dict[int, list[int]] = {}
        self._fresh: set[tuple[str, int]] = set()
        self._reload = Reload()
        self._again_at = 0.0

    @property
    def hook(self) -> Hook | None:
        row = self.listed.current
        return row.data if row is not None else None

    def may(self, action: Action) -> bool:
        if action.context == "webhooks" and self.hook is None and self.is_mounted:
            return False
        return super().may(action)

    # What is shown.

    def wanted(self) -> None:
        if not self.tui.directory.is_known:
            return
        if not self.tui.is_administrator:
            self.list_rows([], "webhooks are for administrators")
            return
        if not self._reload.begin():
            return
        # No event tells of a delivery that failed for the first time, nor of a pause that ended.
        self._again_at = time.monotonic() + _AGAIN_S

        def come(outcome: Outcome) -> None:
            self._reload.end()
            if outcome.problem is not None:
                self.tui.tell_problem("webhooks", outcome.problem)
            elif self.is_attached:
                self._show(model.hooks(outcome.value))

        self.tui.call(model.fetch, come)

    def _show(self, hooks: list[Hook]) -> None:
        self._fresh.clear()
        self.list_rows([Row(one.key, one) for one in hooks], "no webhooks yet" + self.tip("create", "makes one", "\n"))
        self.update_hints()

    def show_webhook(self, webhook_id: int) -> None:
        """Put the cursor on a webhook, by the number that deliveries know it by."""
        for row in self.rows_there:
            if row.data.found.get("id") == webhook_id:
                self.go_to_row(row.key)

    def news(self, events: list[Json]) -> None:
        if any(str(event["payload"].get("event")).startswith(_TOUCHING) for event in events):
            self._reload.want()

    def tick(self) -> None:
        super().tick()
        if time.monotonic() >= self._again_at > 0:
            self._reload.want()
        if self._reload.due():
            self.wanted()

    def look(self) -> None:
        hook = self.hook
        if hook is None or hook.key in self._fresh:
            return
        self._fresh.add(hook.key)

        # Only an inbox says which bot it has: where there are many, they are asked when somebody wants to know.
        inboxes = [one["id"] for one in self.tui.directory.inboxes]
        asked = inboxes if hook.kind == "bot" and len(inboxes) <= _ASKED else []

        def work(client: Any) -> Any:
            owed = len(client.deliveries(state="pending", webhook_id=hook.found["id"], limit=model.COUNTED)[0])
            return owed, model.bots_of(client, asked) if asked else None

        def come(found: tuple[int, dict[int, int | None] | None]) -> None:
            self.pending[hook.key] = found[0]
            if found[1] is not None:
                self.answers[hook.owner_id] = [one for one, bot in found[1].items() if bot == hook.owner_id]
            self.show_facts()

        self.fetch(work, come, what=hook.name)

    def words_of(self, data: Any) -> str:
        hook: Hook = data
        return f"{hook.name} {hook.kind} {hook.url} {hook.state}"

    def found_facts(self) -> list[Fact]:
        hook = self.hook
        if hook is None:
            return []
        inboxes = self.answers.get(hook.owner_id) if hook.kind == "bot" else None
        names = None if inboxes is None else [self.tui.directory.inbox_name(one) for one in inboxes]
        return model.facts(hook, self.pending.get(hook.key), self.tui.glyphs, self.tip, names)

    def _draw(self, data: Any, width: int) -> list[Text]:
        hook: Hook = data
        state = model.state_words(hook.health, self.tui.glyphs) + (f", {hook.owed} owed" if hook.owed else "")
        room, paint = min(30, width // 2), paint_of(self.app)
        text = Text(no_wrap=True).append(cut(hook.name, width - room - 9), paint.strong)
        return [paint.signs(text.append(f" {cut(hook.kind, 7)} ", paint.dim).append(cut(state, room)))]

    # What is done.

    def action_copy(self) -> None:
        if not self.copy_fact() and self.hook is not None:
            self.tui.copy(self.hook.url, f"the URL of {self.hook.name}")

    def action_create(self) -> None:
        choices = [
            Choice(self._create_webhook, "account webhook", "hears of every inbox"),
            Choice(self.create_bot, "agent bot", "answers first where it is connected"),
        ]
        ask_one(self, "New", choices, lambda create: create())

    def _create_webhook(self) -> None:
        fields = [URL, Field("name", "Name", hint="may be empty")]

        def then(made: Json) -> None:
            self.go_to_row(("account", made["id"]))
            self.show_once("Signing secret", made["secret"])
            self.wanted()

        def subscribe(found: list[Any]) -> None:
            def work(client: Any, values: Json) -> Any:
                return client.create_webhook(values["url"], name=values["name"] or None, subscriptions=found or None)

            ask_form(self, "New account webhook", fields, work, then, button="Create")

        self._pick_events("Events it hears (none: the usual ones)", [], subscribe)

    def _pick_events(self, title: str, chosen: list[str], then: Callable[[list[Any]], None]) -> None:
        ask_several(self, title, [Choice(name, name, when) for name, when in model.EVENTS], chosen, then)

    def action_hook_events(self) -> None:
        hook = self.hook
        if hook is None:
            return
        if hook.kind != "account":
            self.tui.say("the events of an inbox's or a bot's webhook are always the same")
            return

        before = hook.found["subscriptions"]

        def set_to(client: Any, names: list[str]) -> Any:
            return client.update_webhook(**hook.target, subscriptions=names)

        def now(client: Any) -> Any:
            return client.webhook(**hook.target)["subscriptions"]

        def picked(found: list[Any]) -> None:
            self.change(f"{len(found)} events of {hook.name}", set_to, found, before, now)

        self._pick_events(f"Events that {hook.name} hears", before, picked)

    def action_edit(self) -> None:
        hook = self.hook
        if hook is None:
            return
        fields, work = {"account": _account_form, "inbox": _inbox_form, "bot": _bot_form}[hook.kind](hook)
        ask_form(self, f"Edit {hook.name}", fields, work, lambda found: self.saved(hook.name))

    def action_delete(self) -> None:
        hook = self.hook
        if hook is None:
            return
        if hook.kind == "inbox":
            self.tui.say("an inbox's webhook goes when its URL is emptied" + self.tip("edit", "edits it", ": "))
            return

        def gone() -> None:
            self.tui.say(f"deleted {hook.name}")
            self.wanted()

        what, where = ("webhook", "webhooks") if hook.kind == "account" else ("agent bot", "agent_bots")
        question = f"Delete the {what} {line(hook.name)}? What it is still owed is cancelled."
        ask_to_delete(self, question, f"/{where}/{hook.owner_id}", gone)

    action_hook_test = HookDesk.test_hook
    action_hook_secret = HookDesk.rotate_secret
    action_hook_enable = HookDesk.enable_hook
    action_hook_options = HookDesk.change_options
    action_hook_recover = HookDesk.recover_missed

    def action_hook_deliveries(self) -> None:
        if self.hook is not None:
            self.tui.go_and("deliveries", "show_webhook", self.hook.found["id"])


Editing = tuple[list[Field], Callable[[Any, Json], Any]]


def _account_form(hook: Hook) -> Editing:
    fields = [
        Field("url", URL.label, hook.url, hint=URL.hint, required=True, check=URL.check),
        Field("name", "Name", hook.found["name"], hint="may be empty"),
    ]
    return fields, lambda client, values: client.update_webhook(**hook.target, **values)


def _inbox_form(hook: Hook) -> Editing:
    return [webhook_url(hook.url)], lambda client, values: client.update_inbox(hook.owner_id, channel=values)


def _bot_form(hook: Hook) -> Editing:
    path = f"/agent_bots/{hook.owner_id}"
    return bot_fields(hook.owner), lambda client, values: client.call("PATCH", path, **values)
