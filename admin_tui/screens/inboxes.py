"""Inboxes: what they are, how they do, every setting, and trying them."""

import time
from collections.abc import Iterable
from functools import partial
from typing import Any

from rich.text import Text
from textual.containers import Container
from textual.widget import Widget

from admin_tui.modals.form import Field
from admin_tui.modals.offer import Offer
from admin_tui.modals.picker import Choice
from admin_tui.net.outcome import Outcome
from admin_tui.screens.base import bindings
from admin_tui.screens.hook_desk import HookDesk
from admin_tui.screens.inbox_forms import GROUPS, Group, name, webhook_url
from admin_tui.state import inboxes as model
from admin_tui.state.hooks import Hook, of_inbox
from admin_tui.state.inboxes import Box, Figures
from admin_tui.text import ago, cut
from admin_tui.theme import paint_of
from admin_tui.widgets.facts import FactList, rows
from admin_tui.widgets.row_list import Row, RowList

Json = dict[str, Any]
_AT_ONCE = 10
_PAUSE_S = 1.0
_REST_S = 0.12
_AGAIN_S = 10.0


class InboxesScreen(HookDesk):
    """Figures cost two calls an inbox: they are fetched a few at a time, those in sight first, and again only for
    inboxes that something happened in."""

    place = "inboxes"
    BINDINGS = bindings("inboxes", "list", "everywhere")

    def __init__(self) -> None:
        super().__init__()
        self.boxes: dict[int, Box] = {}
        self.more: dict[int, Json] = {}
        self._stale: set[int] = set()
        self._busy = False
        self._not_before = 0.0
        self._look_at = 0.0
        self._wants_list = False
        self._fresh: set[int] = set()
        self._again_at = 0.0
        self._shown_next: int | None = None

    def body(self) -> Iterable[Widget]:
        glyphs = self.tui.glyphs
        with Container(id="desk"):
            yield RowList(self._draw, empty="…", cursor=glyphs("cursor"), marked=glyphs("marked"), id="list")
            yield FactList(cursor=glyphs("cursor"), id="facts")

    @property
    def box(self) -> Box | None:
        row = self.listed.current
        return row.data if row is not None else None

    # What is shown.

    def wanted(self) -> None:
        self._wants_list = False
        if not self.tui.directory.is_known:
            return
        self._fresh.clear()
        self.fetch(lambda client: client.inboxes(), self._show_list, what="inboxes")

    def _show_list(self, found: list[Json]) -> None:
        before = self.boxes
        self.boxes = {one["id"]: Box(one, before[one["id"]].figures if one["id"] in before else None) for one in found}
        self._stale = set(self.boxes)
        self._not_before = 0.0
        empty = "no inboxes yet" + ("\nc makes one" if self.tui.is_administrator else ", or none of them is yours")
        self.put(self.listed, [Row(box.id, box) for box in self.boxes.values()], empty)
        if self._shown_next is not None and self.listed.go_to_key(self._shown_next):
            self._shown_next = None
        self._show_facts()
        self._look()
        self.tick()

    def show_inbox(self, inbox_id: int) -> None:
        """Put the cursor on an inbox, now or when it has been fetched."""
        if not self.listed.go_to_key(inbox_id):
            self._shown_next = inbox_id

    def news(self, events: list[Json]) -> None:
        for event in events:
            payload = event["payload"]
            if str(payload.get("event")).startswith("inbox_"):
                self._wants_list = True
            inbox = payload.get("inbox")
            number = inbox.get("id") if isinstance(inbox, dict) else payload.get("inbox_id")
            if number in self.boxes:
                self._stale.add(number)

    def tick(self) -> None:
        now = time.monotonic()
        if self._wants_list:
            self.wanted()
        if self._look_at and now >= self._look_at:
            self._look_at = 0.0
            self._look()
        if now >= self._again_at:
            # No event tells of a delivery that failed for the first time.
            self._again_at = now + _AGAIN_S
            self._stale.update(self._in_sight())
        if self._stale and not self._busy and now >= self._not_before:
            self._fetch_figures(now)

    def _in_sight(self) -> list[int]:
        top = self.listed.scroll_offset.y
        return [row.key for row in self.listed.rows[top : top + self.listed.page]]

    def _fetch_figures(self, now: float) -> None:
        current = [self.box.id] if self.box is not None else []
        ordered = dict.fromkeys([*current, *self._in_sight(), *self.boxes])
        wanted = [one for one in ordered if one in self._stale][:_AT_ONCE]
        self._stale.difference_update(wanted)
        self._stale &= self.boxes.keys()
        if not wanted:
            return
        self._busy = True
        self._not_before = now + _PAUSE_S
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
            self._busy = False
            if outcome.problem is not None:
                self.tui.tell_problem("inboxes", outcome.problem)
            elif self.is_attached:
                for one in outcome.value:
                    self._take_figures(one["id"], Figures(one["open"]["meta"]["all_count"], one["health"]))
                self._show_facts()

        self.tui.call(work, come)

    def _take_figures(self, inbox_id: int, figures: Figures) -> None:
        if inbox_id in self.boxes:
            box = self.boxes[inbox_id] = Box(self.boxes[inbox_id].inbox, figures)
            self.listed.change(inbox_id, box)

    def _look(self) -> None:
        """Fetch what only the detail shows."""
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
            }

        def come(found: Any) -> None:
            self.more[box.id] = found
            self._show_facts()

        self.fetch(work, come, what=box.name)

    def _show_facts(self) -> None:
        box = self.box
        facts = model.facts(box, self.more.get(box.id), self.tui.glyphs) if box is not None else []
        self.put(self.facts, rows(facts))

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        if event.rows is self.listed:
            self.facts.move_to(0)
            self._show_facts()
            self._look_at = time.monotonic() + _REST_S

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

    # What is done.

    def action_copy(self) -> None:
        if not self.copy_fact() and self.box is not None:
            self.tui.copy(self.box.inbox["inbox_identifier"], f"the identifier of {self.box.name}")

    def action_copy_as(self) -> None:
        if self.box is not None and self.box.id in self.more:
            self.tui.copy("\n".join(model.shell(self.more[self.box.id]["url"], self.box.inbox)), "three calls")

    def action_create(self) -> None:
        def work(client: Any, values: Json) -> Any:
            return client.create_inbox(values["name"], webhook_url=values["webhook_url"] or None)

        def then(made: Json) -> None:
            self.tui.learn()
            self.show_inbox(made["id"])
            text = f"Identifier  {made['inbox_identifier']}\nSecret      {made['secret']}"
            self.show_once(f"Inbox {made['name']}", text)
            self.wanted()

        self.ask("New inbox", [name(), webhook_url()], work, then)

    def action_edit(self) -> None:
        box = self.box
        if box is not None:
            choices = [Choice(group, group.title, group.about) for group in GROUPS]
            self.pick(f"Settings of {box.name}", choices, lambda found: self._edit(box, found[0]))

    def _edit(self, box: Box, group: Group) -> None:
        def work(client: Any, values: Json) -> Any:
            return client.update_inbox(box.id, **group.settings(values, box.inbox))

        def then(found: Json) -> None:
            self.tui.learn()
            self.saved(found["name"])

        self.ask(f"{group.title} of {box.name}", group.fields(box.inbox), work, then, form=group.form)

    def action_delete(self) -> None:
        box = self.box
        if box is None:
            return

        def done(found: Any) -> None:
            self.tui.say(f"deleted the inbox {box.name}")
            self.tui.learn()
            self.wanted()

        self.sure(
            f"Delete the inbox {box.name} with all its conversations and contacts? This cannot be undone.",
            "Delete",
            lambda: self.fetch(lambda client: client.delete_inbox(box.id), done, what="delete"),
            typed=box.name,
        )

    def action_inbox_members(self) -> None:
        box = self.box
        if box is None or box.id not in self.more:
            return
        agents = self.tui.directory.agents
        choices = [Choice(one["id"], one["name"], one.get("role") or "") for one in agents]

        chosen = [one["id"] for one in self.more[box.id]["members"]]

        def set_to(client: Any, user_ids: list[int]) -> Any:
            return client.call("PATCH", "/inbox_members", inbox_id=box.id, user_ids=user_ids)

        def picked(found: list[Any]) -> None:
            self.change(f"{len(found)} members of {box.name}", set_to, found, chosen)

        self.pick(f"Members of {box.name}", choices, picked, chosen)

    def action_inbox_bot(self) -> None:
        box = self.box
        if box is None or box.id not in self.more:
            return
        before = (self.more[box.id]["bot"].get("agent_bot") or {}).get("id")

        def choose(bots: list[Json]) -> None:
            choices = [Choice(one["id"], one["name"], one["outgoing_url"] or "") for one in bots]
            self.pick(f"Bot of {box.name}", [*choices, Choice(None, "no bot")], picked)

        def set_to(client: Any, bot_id: int | None) -> Any:
            return client.call("POST", f"/inboxes/{box.id}/set_agent_bot", agent_bot=bot_id)

        def picked(found: list[Any]) -> None:
            self.change(f"bot of {box.name}", set_to, found[0], before)

        self.fetch(lambda client: client.agent_bots(), choose, what="agent bots")

    def _hook(self) -> Hook | None:
        """The webhook of the inbox, once it is fetched; its state as it was seen last."""
        box = self.box
        if box is None or box.id not in self.more:
            return None
        health = {"health": box.figures.health["webhook"]} if box.figures and box.figures.health else {}
        return of_inbox(box.inbox, self.more[box.id]["webhook"] | health)

    def action_inbox_options(self) -> None:
        if (hook := self._hook()) is not None:
            self.change_options(hook)

    def action_inbox_secret(self) -> None:
        if (hook := self._hook()) is not None:
            self.rotate(hook)

    def action_inbox_enable(self) -> None:
        if (hook := self._hook()) is not None:
            self.enable(hook)

    def action_inbox_hook_test(self) -> None:
        if (hook := self._hook()) is not None:
            self.test(hook)

    def action_inbox_test(self) -> None:
        box = self.box
        if box is None:
            return
        fields = [
            Field("name", "From", "Test Customer", required=True),
            Field("content", "Text", "Hello, is anybody there?", required=True),
        ]

        def work(client: Any, values: Json) -> Any:
            return client.test_message(box.id, **values)

        def then(sent: Json) -> None:
            number = sent["conversation_id"]
            text = f"{self.tui.glyphs('ok')} the message arrived in conversation #{number}"
            show = partial(self.tui.go_and, "conversations", "show_number", number)
            offer = Offer("Test message", text, {"enter": "opens the conversation"})
            self.app.push_screen(offer, lambda key: show() if key else None)

        self.ask(f"Test message to {box.name}", fields, work, then)
