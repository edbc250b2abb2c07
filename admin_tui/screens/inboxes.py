"""Inboxes: what they are, how they do, every setting, and trying them."""

import time
from typing import Any

from rich.text import Text

from admin_tui.net.outcome import Outcome
from admin_tui.screens.base import bindings
from admin_tui.screens.hook_desk import Json
from admin_tui.screens.inbox_acts import InboxActs
from admin_tui.state import inboxes as model
from admin_tui.state import policies
from admin_tui.state.facts import Fact
from admin_tui.state.hooks import Hook, of_inbox
from admin_tui.state.inboxes import Box, Figures
from admin_tui.state.reload import Reload
from admin_tui.text import ago, cut
from admin_tui.theme import paint_of
from admin_tui.widgets.row_list import Row

_AT_ONCE = 10
_PAUSE_S = 1.0
_AGAIN_S = 10.0


class InboxesScreen(InboxActs):
    """Figures cost two calls an inbox: they are fetched a few at a time, those in sight first, and again only for
    inboxes that something happened in."""

    place = "inboxes"
    BINDINGS = bindings("inboxes", "list", "everywhere")

    def __init__(self) -> None:
        super().__init__()
        self.boxes: dict[int, Box] = {}
        self._stale: set[int] = set()
        self._figures = Reload(_PAUSE_S)
        self._list = Reload()
        self._fresh: set[int] = set()
        self._again_at = 0.0

    # What is shown.

    def wanted(self) -> None:
        # One after the other: an answer from before an inbox was made would take it off the list again.
        if not self.tui.directory.is_known or not self._list.begin():
            return
        self._fresh.clear()

        def come(outcome: Outcome) -> None:
            self._list.end()
            if outcome.problem is not None:
                self.tui.tell_problem("inboxes", outcome.problem)
            elif self.is_attached:
                self._show_list(outcome.value)

        self.tui.call(lambda client: client.inboxes(), come)

    def _show_list(self, found: list[Json]) -> None:
        before = self.boxes
        self.boxes = {one["id"]: Box(one, before[one["id"]].figures if one["id"] in before else None) for one in found}
        self._stale = set(self.boxes)
        whose = "" if self.tui.is_administrator else ", or none of them is yours"
        empty = f"no inboxes yet{whose}" + self.tip("create", "makes one", "\n")
        self.list_rows([Row(box.id, box) for box in self.boxes.values()], empty)
        self._fetch_figures()

    def news(self, events: list[Json]) -> None:
        for event in events:
            payload = event["payload"]
            if str(payload.get("event")).startswith("inbox_"):
                self._list.want()
            inbox = payload.get("inbox")
            number = inbox.get("id") if isinstance(inbox, dict) else payload.get("inbox_id")
            if number in self.boxes:
                self._stale.add(number)

    def tick(self) -> None:
        super().tick()
        if self._list.due():
            self.wanted()
        if time.monotonic() >= self._again_at:
            # No event tells of a delivery that failed for the first time.
            self._again_at = time.monotonic() + _AGAIN_S
            self._stale.update(self._in_sight())
            # Nor of who comes and goes.
            self._fresh.clear()
            self.look()
        if self._stale:
            self._figures.want()
        if self._figures.due():
            self._fetch_figures()

    def _in_sight(self) -> list[int]:
        top = self.listed.scroll_offset.y
        return [row.key for row in self.listed.rows[top : top + self.listed.page]]

    def _fetch_figures(self) -> None:
        current = [self.box.id] if self.box is not None else []
        ordered = dict.fromkeys([*current, *self._in_sight(), *self.boxes])
        self._stale &= self.boxes.keys()
        wanted = [one for one in ordered if one in self._stale][:_AT_ONCE]
        if not wanted or not self._figures.begin():
            return
        self._stale.difference_update(wanted)
        sees_health = self.tui.is_administrator

        def work(client: Any) -> Any:
            return [
                {
                    "id": one,
                    "open": client.call("GET", "/conversations/meta", inbox_id=one, status="open"),
                    "health": client.inbox_health(one) if sees_health else {},
                }
                for one in wanted
            ]

        def come(outcome: Outcome) -> None:
            self._figures.end()
            if outcome.problem is not None:
                self.tui.tell_problem("inboxes", outcome.problem)
            elif self.is_attached:
                for one in outcome.value:
                    self._take_figures(one["id"], Figures(one["open"]["meta"]["all_count"], one["health"]))
                self.show_facts()

        self.tui.call(work, come)

    def _take_figures(self, inbox_id: int, figures: Figures) -> None:
        if inbox_id in self.boxes:
            box = self.boxes[inbox_id] = Box(self.boxes[inbox_id].inbox, figures)
            self.change_row(inbox_id, box)

    def look(self) -> None:
        box = self.box
        if box is None or box.id in self._fresh:
            return
        self._fresh.add(box.id)
        sees_hook = self.tui.is_administrator

        def work(client: Any) -> Any:
            return {
                "url": client.url,
                "members": client.call("GET", f"/inbox_members/{box.id}")["payload"],
                "bot": client.call("GET", f"/inboxes/{box.id}/agent_bot"),
                "webhook": client.webhook(inbox_id=box.id) if sees_hook else {},
                "policy": policies.of_inbox(client, box.id) if sees_hook else {},
            }

        def come(found: Any) -> None:
            self.more[box.id] = found
            self.show_facts()

        self.fetch(work, come, what=box.name)

    def words_of(self, data: Any) -> str:
        box: Box = data
        return f"{box.id} {box.name} {box.inbox['webhook_url'] or ''} {box.figures.state if box.figures else ''}"

    def found_facts(self) -> list[Fact]:
        box = self.box
        return model.facts(box, self.more.get(box.id), self.tui.glyphs, self.tip) if box is not None else []

    def _draw(self, data: Any, width: int) -> list[Text]:
        box: Box = data
        figures, glyphs = box.figures, self.tui.glyphs
        count = str(figures.open) if figures else "…"
        last = (ago(figures.last_at) or "-") if figures else ""
        state = glyphs.with_word(figures.state) if figures and figures.state else ""
        paint = paint_of(self.app)
        left = f" {box.id:>4} {count:>4} open {last:>4}  "
        text = Text(no_wrap=True).append(cut(box.name, width - len(left) - 10), paint.strong)
        return [paint.signs(text.append(left, paint.dim).append(cut(state, 10)))]

    @property
    def hook(self) -> Hook | None:
        """Once it is fetched; its state as it was seen last."""
        box = self.box
        if box is None or box.id not in self.more:
            return None
        health = {"health": box.figures.health["webhook"]} if box.figures and box.figures.health else {}
        return of_inbox(box.inbox, self.more[box.id]["webhook"] | health)
