"""The dashboard: what needs somebody now, and how everything is."""

import time
from collections.abc import Iterable
from itertools import islice
from typing import Any

from rich.text import Text
from textual.containers import Container, Vertical
from textual.widget import Widget
from textual.widgets import Static

from admin_tui.keys import Action
from admin_tui.modals.picker import Choice
from admin_tui.net.outcome import Outcome
from admin_tui.screens.asking import ask_one
from admin_tui.screens.base import BaseScreen, bindings
from admin_tui.state import events, overview
from admin_tui.text import cut, line, many
from admin_tui.theme import paint_of
from admin_tui.widgets import charts
from admin_tui.widgets.row_list import Row, RowList

Json = dict[str, Any]
_EVERY_S, _QUEUED_S = 60.0, 10.0
"""How often what ages is looked at though nothing happened: the last hour is drawn in minutes; what waits to be
delivered comes and goes without an event."""
_PAUSE_S = 1.0
"""At least this long between two looks, however much happens."""
_LOAD_EVERY_S = 60.0
_STAFF_EVERY_S = 20.0
"""No event tells of who comes and goes: they are asked for at the next look behind so long."""
_ASKED = 50
"""Inboxes whose members are asked for at once."""
_SHORT = 5
_PAST = 30


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
    #recent { height: 2fr; display: none; }
    #events { height: 1fr; padding: 0 1; }
    DashboardScreen.-mid.-tall #numbers, DashboardScreen.-wide.-tall #numbers { height: 13; }
    DashboardScreen.-mid.-tall #recent, DashboardScreen.-wide.-tall #recent { display: block; }
    #server { height: 1; padding: 0 1; color: $text-muted; }
    DashboardScreen { overflow: hidden; }
    DashboardScreen.-tiny #numbers { height: 2; margin-top: 0; }
    DashboardScreen.-tiny #sides { display: none; }
    DashboardScreen.-mid #lower, DashboardScreen.-wide #lower { layout: horizontal; }
    DashboardScreen.-mid #concerns, DashboardScreen.-wide #concerns { width: 1fr; height: 1fr; }
    DashboardScreen.-mid #sides { width: 48; height: 1fr; border-left: vkey $border-blurred; }
    DashboardScreen.-wide #sides { width: 60; height: 1fr; border-left: vkey $border-blurred; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts: Json = {}
        self.concerns: list[Json] = []
        self.health: Json = {}
        self.load: dict[Any, int] = {}
        self._said: dict[str, Text] = {}
        self._past: list[Json] = []
        self._loading = False
        self._dirty = False
        self._looked_at = 0.0
        self._load_at = 0.0
        self.members: dict[int, list[Json]] = {}
        self._staff_at = 0.0

    def body(self) -> Iterable[Widget]:
        glyphs = self.tui.glyphs
        yield Static(id="numbers", markup=False)
        with Container(id="lower"):
            with Vertical(id="concerns"):
                yield Static("Needs attention", markup=False, classes="title")
                yield RowList(self._draw, empty="…", cursor=glyphs("cursor"), marked=glyphs("marked"), id="list")
                with Vertical(id="recent"):
                    yield Static("Live events", markup=False, classes="title")
                    yield Static(id="events", markup=False)
            with Vertical(id="sides"):
                yield Static(id="inboxes", markup=False)
                yield Static(id="agents", markup=False)
        yield Static(id="server", markup=False)

    @property
    def listed(self) -> RowList:
        return self.query_one("#list", RowList)

    def on_mount(self) -> None:
        self.set_focus(self.listed)

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
        has_past = bool(self._past)
        weighs = self.tui.is_administrator and now >= self._load_at
        if weighs:
            self._load_at = now + _LOAD_EVERY_S

        hands_out = [one["id"] for one in self.tui.directory.inboxes if one["enable_auto_assignment"]][:_ASKED]
        asks = now >= self._staff_at
        if asks:
            self._staff_at = now + _STAFF_EVERY_S

        def work(client: Any) -> Json:
            counts = client.call("GET", "/counts")
            return {
                "counts": counts,
                "past": None if has_past else _newest(client, counts["newest_seq"]),
                "concerns": client.call("GET", "/attention")["payload"],
                "health": client.health(),
                "load": client.open_load() if weighs else None,
                "agents": client.agents() if asks else None,
                "members": overview.members(client, hands_out) if asks else None,
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
            self._past = found["past"] or self._past
            if found["load"] is not None:
                self.load = {one["assignee_id"]: one["open"] for one in found["load"]}
            if asks:
                self.tui.directory.agents, self.members = found["agents"], found["members"]
            self._show()

        self.tui.call(work, come)

    def news(self, happened: list[Json]) -> None:
        self._dirty = True
        if self.is_mounted:
            self._say("events", self._events())

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
        is_tall = self.has_class("-tall") and width >= 98
        paint = paint_of(self.app)
        self._say("numbers", charts.numbers(self.counts, width, paint, is_tall=is_tall, ascii_only=ascii_only))
        concerns = [*self.concerns, *overview.unmanned(self.tui.directory.inboxes, self.members)]
        rows = [Row((one["kind"], one.get("webhook_id"), one.get("inbox_id")), one) for one in concerns]
        test = self.tip("dashboard.test", "sends a test message, ")
        empty = f"{self.tui.glyphs('ok')} nothing needs you\n{test}3 shows the conversations"
        if rows != self.listed.rows or empty != self.listed.empty:
            self.listed.show(rows, empty=empty)
        most = _SHORT if self.has_class("-short") else 20
        self._say("inboxes", Text("\n").join(self._inboxes(most)))
        self._say("agents", Text("\n").join(self._agents(most)))
        self._say("events", self._events())
        self._say("server", self._server())

    def _say(self, name: str, text: Text) -> None:
        if self._said.get(name) != text:
            self._said[name] = text
            self.query_one(f"#{name}", Static).update(text, layout=name in ("inboxes", "agents"))

    def _draw(self, one: Json, width: int) -> list[Text]:
        inbox = self.tui.directory.inbox_name(one["inbox_id"]) if one.get("inbox_id") else ""
        what, why = overview.concern(one, inbox)
        paint = paint_of(self.app)
        ink = {"bad": paint.bad, "warn": paint.warn}.get(one["severity"], paint.info)
        text = Text(f"{self.tui.glyphs(one['severity'])} ", ink + paint.strong, no_wrap=True)
        text.append(cut(what, min(31, width // 2)), ink if one["severity"] == "bad" else "")
        return [text.append(cut(f" {why}", width - text.cell_len), paint.dim)]

    def _inboxes(self, most: int) -> list[Text]:
        """Those whose webhook is in trouble first."""
        states = overview.webhook_states(self.concerns)
        glyphs, paint = self.tui.glyphs, paint_of(self.app)
        found = sorted(self.tui.directory.inboxes, key=lambda one: one["id"] not in states)
        lines = [self._heads("Inboxes", "WEBHOOK")]
        for one in found[: most if len(found) <= most else most - 1]:
            state = states.get(one["id"]) or ("ok" if one.get("webhook_url") else "off")
            word = "no webhook" if state == "off" else f"webhook {state}"
            text = Text(f" {cut(one['name'], 22)} ")
            lines.append(text.append(f"{glyphs(state)} {word}", paint.of(state)))
        return self._rest(lines, found, "2 shows all")

    def _heads(self, title: str, *columns: str, at: int = 24) -> Text:
        text = Text(f"{title:<{at}}", "bold" if self.has_class("-short") else paint_of(self.app).key)
        return (
            text
            if self.has_class("-short")
            else text.append("".join(f"{one:<12}" for one in columns), paint_of(self.app).dim)
        )

    def _agents(self, most: int) -> list[Text]:
        """As many as there is room for, on one line where there is little."""
        glyphs, found, paint = self.tui.glyphs, self.tui.directory.agents, paint_of(self.app)
        takers = {one["id"] for members in self.members.values() for one in members}
        words = []
        for one in found:
            state = str(one.get("availability_status") or "offline")
            load = f"{self.load.get(one['id'], 0)} open" if self.load or self.tui.is_administrator else ""
            takes = ", in turn" if state == "online" and one["id"] in takers else ""
            words.append((line(one["name"]), f"{glyphs(state)} {state}{takes}", load))
        if self.has_class("-short"):
            together = "   ".join(f"{name} {state} {load}".strip() for name, state, load in words)
            return [paint.signs(Text(cut(f"Agents   {together}", self.size.width - 2)))]
        lines = [Text(), self._heads("Agents", f"{'STATE':<18}", "LOAD", at=20)]
        lines += [paint.signs(Text(f" {cut(name, 18)} {cut(state, 17)} {load}")) for name, state, load in words[:most]]
        return self._rest(lines, found, "7 shows all", above=2)

    @staticmethod
    def _rest(lines: list[Text], found: list[Json], where: str, above: int = 1) -> list[Text]:
        left = len(found) - (len(lines) - above)
        return [*lines, Text(f" … and {left} more: {where}")] if left > 0 else lines

    def _events(self) -> Text:
        """The newest that happened, as many as there is room for."""
        place, paint = self.query_one("#events", Static), paint_of(self.app)
        width, room = place.content_size
        if not room or not width:
            return Text()
        newest = islice(reversed(self.tui.happened), room)
        known = {one["seq"]: one for one in [*self._past, *newest]}
        lines = []
        for seq in sorted(known, reverse=True)[:room]:
            one = known[seq]
            text = Text(no_wrap=True).append(f"{events.at(one)} ", paint.dim)
            text.append(cut(events.name_of(one), 22), paint.of(events.kind_of(one)))
            lines.append(text.append(cut(f" {events.about(one)}", width - text.cell_len)))
        return Text("\n").join(lines) if lines else Text("nothing happened yet", paint.dim)

    def _server(self) -> Text:
        health, role, paint = self.health, self.tui.directory.role, paint_of(self.app)
        resting = health["paused_webhooks"] + health["disabled_webhooks"]
        account = self.tui.directory.meta.get("account", {}).get("name", "")
        text = Text("Server ", paint.dim).append(
            line(health["status"]), paint.ok if health["status"] == "ok" else paint.bad
        )
        text.append(line(f" · inboxd {health['version']} · {account} · {role}"), paint.dim)
        return text.append(f" · at rest or disabled: {many(resting, 'webhook')}", paint.warn) if resting else text

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
        elif kind == "nobody_online":
            self.tui.go_and("inboxes", "show_inbox", one["inbox_id"])
        elif kind == "conversations_waiting":
            self.tui.go_and("conversations", "show_number", one["conversation_id"])
        else:
            self.tui.go_and("conversations", "show_view", "u")

    def action_dashboard_test(self) -> None:
        inboxes = self.tui.directory.inboxes
        if not inboxes:
            self.tui.say("there is no inbox yet" + self.tip("create", "makes one", ": "))
        elif len(inboxes) == 1:
            self._test(inboxes[0])
        else:
            choices = [Choice(one["id"], one["name"]) for one in inboxes]
            ask_one(
                self, "Test message into", choices,
                lambda inbox_id: self._test(self.tui.directory.inbox(inbox_id)),
            )  # fmt: skip

    def _test(self, inbox: Json) -> None:
        def done(found: Json) -> None:
            self.tui.say(f"a test message is in #{found['conversation_id']}, {line(inbox['name'])}: 3 shows it")
            self._dirty = True

        path = f"/inboxes/{inbox['id']}/test_message"
        self.fetch(lambda client: client.call("POST", path), done, what="test message")

    def action_create(self) -> None:
        self.tui.go_and("inboxes", "action_create")


def _newest(client: Any, seq: int) -> list[Json]:
    """What happened last before somebody looked; nothing when it is not kept."""
    from inboxd.client import ApiError

    try:
        found: list[Json] = client.events(after=max(0, seq - _PAST))[0]
    except ApiError:
        return []
    return found
