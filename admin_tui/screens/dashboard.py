"""The dashboard: what needs somebody now, and how everything is."""

import time
from collections.abc import Iterable
from typing import Any

from rich.text import Text
from textual.containers import Container, Vertical
from textual.widget import Widget
from textual.widgets import Static

from admin_tui.keys import Action, by_id
from admin_tui.modals.picker import Choice, Picker
from admin_tui.net.outcome import Outcome
from admin_tui.screens.base import BaseScreen, bindings
from admin_tui.state import overview
from admin_tui.text import cut, line, many
from admin_tui.widgets.row_list import Row, RowList

Json = dict[str, Any]
_EVERY_S, _QUEUED_S = 60.0, 10.0
"""How often what ages is looked at though nothing happened: the last hour is drawn in minutes; what waits to be
delivered comes and goes without an event."""
_PAUSE_S = 1.0
"""At least this long between two looks, however much happens."""
_LOAD_EVERY_S = 60.0
_SHORT = 5


class DashboardScreen(BaseScreen):
    place = "dashboard"
    BINDINGS = bindings("dashboard", "list", "everywhere")
    CSS = """
    #numbers { height: 7; padding: 0 1; margin-top: 1; }
    #lower { height: 1fr; layout: vertical; }
    #concerns { height: 1fr; min-height: 4; }
    #list { height: 1fr; }
    #sides { height: auto; }
    #inboxes, #agents { height: auto; padding: 0 1; }
    #server { height: 1; padding: 0 1; color: $text-muted; }
    DashboardScreen { overflow: hidden; }
    DashboardScreen.-tiny #numbers { height: 2; margin-top: 0; }
    DashboardScreen.-tiny #sides { display: none; }
    DashboardScreen.-mid #lower, DashboardScreen.-wide #lower { layout: horizontal; }
    DashboardScreen.-mid #concerns, DashboardScreen.-wide #concerns { width: 1fr; height: 1fr; }
    DashboardScreen.-mid #sides { width: 44; height: 1fr; border-left: vkey $border-blurred; }
    DashboardScreen.-wide #sides { width: 60; height: 1fr; border-left: vkey $border-blurred; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts: Json = {}
        self.concerns: list[Json] = []
        self.health: Json = {}
        self.load: dict[Any, int] = {}
        self._said: dict[str, str] = {}
        self._loading = False
        self._dirty = False
        self._looked_at = 0.0
        self._load_at = 0.0

    def body(self) -> Iterable[Widget]:
        glyphs = self.tui.glyphs
        yield Static(id="numbers", markup=False)
        with Container(id="lower"):
            with Vertical(id="concerns"):
                yield Static("Needs attention", markup=False, classes="title")
                yield RowList(self._draw, empty="…", cursor=glyphs("cursor"), marked=glyphs("marked"), id="list")
            with Vertical(id="sides"):
                yield Static(id="inboxes", markup=False)
                yield Static(id="agents", markup=False)
        yield Static(id="server", markup=False)

    @property
    def list_(self) -> RowList:
        return self.query_one("#list", RowList)

    def on_mount(self) -> None:
        self.set_focus(self.list_)

    def may(self, action: Action) -> bool:
        if action.id in ("mark", "mark.all", "filter", "filter.clear"):
            return False
        return super().may(action) and (action.id != "create" or self.tui.is_administrator)

    # What is there.

    def wanted(self) -> None:
        if not self.is_mounted or not self.tui.directory.is_known:
            return
        if self._loading:
            self._dirty = True
            return
        now = time.monotonic()
        self._loading, self._dirty, self._looked_at = True, False, now
        weighs = self.tui.is_administrator and now >= self._load_at
        if weighs:
            self._load_at = now + _LOAD_EVERY_S

        def work(client: Any) -> Json:
            return {
                "counts": client.call("GET", "/counts"),
                "concerns": client.call("GET", "/attention")["payload"],
                "health": client.health(),
                "load": client.open_load() if weighs else None,
            }

        def come(outcome: Outcome) -> None:
            self._loading = False
            if not self.is_attached:
                return
            if outcome.problem is not None:
                self.tui.tell_problem("dashboard", outcome.problem)
                return
            found = outcome.value
            self.counts, self.concerns, self.health = found["counts"], found["concerns"], found["health"]
            if found["load"] is not None:
                self.load = {one["assignee_id"]: one["open"] for one in found["load"]}
            self._show()

        self.tui.call(work, come)

    def news(self, events: list[Json]) -> None:
        self._dirty = True

    def tick(self) -> None:
        since = time.monotonic() - self._looked_at
        every_s = _QUEUED_S if (self.counts.get("deliveries") or {}).get("pending") else _EVERY_S
        if self.is_mounted and not self.tui.paused and (since >= every_s or (self._dirty and since >= _PAUSE_S)):
            self.wanted()

    def on_resize(self) -> None:
        if self.counts:
            self.call_after_refresh(self._show)

    def _show(self) -> None:
        width = max(20, self.size.width - 2)
        ascii_only = self.tui.glyphs.ascii_only
        self._say("numbers", overview.numbers(self.counts, width, ascii_only=ascii_only))
        rows = [Row((one["kind"], one.get("webhook_id")), one) for one in self.concerns]
        test = "t sends a test message, " if self.may(by_id("dashboard.test")) else ""
        empty = f"{self.tui.glyphs('ok')} nothing needs you\n{test}3 shows the conversations"
        if rows != self.list_.rows or empty != self.list_.empty:
            self.list_.show(rows, empty=empty)
        most = _SHORT if self.has_class("-short") else 20
        self._say("inboxes", "\n".join(self._inboxes(most)))
        self._say("agents", "\n".join(self._agents(most)))
        self._say("server", self._server())

    def _say(self, name: str, text: str) -> None:
        if self._said.get(name) != text:
            self._said[name] = text
            self.query_one(f"#{name}", Static).update(text, layout=name in ("inboxes", "agents"))

    def _draw(self, one: Json, width: int) -> list[Text]:
        inbox = self.tui.directory.inbox_name(one["inbox_id"]) if one.get("inbox_id") else ""
        what, why = overview.concern(one, inbox)
        text = f"{self.tui.glyphs(one['severity'])} {cut(what, min(31, width // 2))} {why}"
        return [Text(cut(text, width), no_wrap=True, style="bold" if one["severity"] == "bad" else "")]

    def _inboxes(self, most: int) -> list[str]:
        """Those whose webhook is in trouble first."""
        states = overview.webhook_states(self.concerns)
        glyphs = self.tui.glyphs
        found = sorted(self.tui.directory.inboxes, key=lambda one: one["id"] not in states)
        lines = ["Inboxes"]
        for one in found[: most if len(found) <= most else most - 1]:
            state = states.get(one["id"]) or ("ok" if one.get("webhook_url") else "off")
            word = "no webhook" if state == "off" else f"webhook {state}"
            lines.append(f" {cut(one['name'], 22)} {glyphs(state)} {word}")
        return self._rest(lines, found, "2 shows all")

    def _agents(self, most: int) -> list[str]:
        """As many as there is room for, on one line where there is little."""
        glyphs, found = self.tui.glyphs, self.tui.directory.agents
        words = []
        for one in found:
            state = str(one.get("availability_status") or "offline")
            load = f" {self.load.get(one['id'], 0)} open" if self.load or self.tui.is_administrator else ""
            words.append((line(one["name"]), f"{glyphs(state)} {state}{load}"))
        if self.has_class("-short"):
            return [cut("Agents   " + "   ".join(f"{name} {about}" for name, about in words), self.size.width - 2)]
        lines = ["", "Agents", *(f" {cut(name, 22)} {about}" for name, about in words[:most])]
        return self._rest(lines, found, "7 shows all", above=2)

    @staticmethod
    def _rest(lines: list[str], found: list[Json], where: str, above: int = 1) -> list[str]:
        left = len(found) - (len(lines) - above)
        return [*lines, f" … and {left} more: {where}"] if left > 0 else lines

    def _server(self) -> str:
        health, role = self.health, self.tui.directory.role
        resting = health["paused_webhooks"] + health["disabled_webhooks"]
        trouble = f" · at rest or disabled: {many(resting, 'webhook')}" if resting else ""
        account = self.tui.directory.meta.get("account", {}).get("name", "")
        return line(f"Server {health['status']} · inboxd {health['version']} · {account} · {role}{trouble}")

    # What the keys do.

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        one = event.row.data
        kind, webhook = one["kind"], one.get("webhook_id")
        if kind == "deliveries_exhausted":
            self.tui.go_and("deliveries", "show_webhook", webhook, "Exhausted")
        elif webhook is not None and kind != "webhook_failing" and "webhooks" in self.tui.MODES:
            self.tui.go_and("webhooks", "show_webhook", webhook)
        elif webhook is not None:
            self.tui.go_and("deliveries", "show_webhook", webhook, "Failing")
        elif kind == "conversations_waiting":
            self.tui.go_and("conversations", "show_number", one["conversation_id"])
        else:
            self.tui.go_and("conversations", "show_view", "u")

    def action_dashboard_test(self) -> None:
        inboxes = self.tui.directory.inboxes
        if not inboxes:
            self.tui.say("there is no inbox yet: c makes one")
        elif len(inboxes) == 1:
            self._test(inboxes[0])
        else:

            def picked(found: list[Any] | None) -> None:
                if found:
                    self._test(self.tui.directory.inbox(found[0]))

            choices = [Choice(one["id"], one["name"]) for one in inboxes]
            self.app.push_screen(Picker("Test message into", choices), picked)

    def _test(self, inbox: Json) -> None:
        def done(found: Json) -> None:
            self.tui.say(f"a test message is in #{found['conversation_id']}, {line(inbox['name'])}: 3 shows it")
            self._dirty = True

        path = f"/inboxes/{inbox['id']}/test_message"
        self.fetch(lambda client: client.call("POST", path), done, what="test message")

    def action_create(self) -> None:
        self.tui.go_and("inboxes", "action_create")
