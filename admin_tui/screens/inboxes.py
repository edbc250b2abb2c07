"""Inboxes: what they are, how they do, every setting, and trying them."""

import time
from functools import partial
from typing import Any

from rich.text import Text

from admin_tui.modals.form import Field
from admin_tui.modals.offer import Offer
from admin_tui.modals.picker import Choice
from admin_tui.net.outcome import Outcome
from admin_tui.screens.asking import ask_form, ask_one, ask_several, ask_sure
from admin_tui.screens.avatars import ask_avatar
from admin_tui.screens.base import bindings
from admin_tui.screens.hook_desk import HookDesk, Json
from admin_tui.screens.inbox_forms import GROUPS, Group, name, webhook_url
from admin_tui.state import inboxes as model
from admin_tui.state import policies
from admin_tui.state.facts import Fact
from admin_tui.state.hooks import Hook, of_inbox
from admin_tui.state.inboxes import Box, Figures
from admin_tui.state.reload import Reload
from admin_tui.text import ago, cut, line
from admin_tui.theme import paint_of
from admin_tui.widgets.row_list import Row

_AT_ONCE = 10
_PAUSE_S = 1.0
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
        self._figures = Reload(_PAUSE_S)
        self._list = Reload()
        self._fresh: set[int] = set()
        self._again_at = 0.0

    @property
    def box(self) -> Box | None:
        row = self.listed.current
        return row.data if row is not None else None

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

    def show_inbox(self, inbox_id: int) -> None:
        self.go_to_row(inbox_id)

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

        ask_form(self, "New inbox", [name(), webhook_url()], work, then, button="Create")

    def action_edit(self) -> None:
        box = self.box
        if box is not None:
            choices = [Choice(partial(self._edit, box, group), group.title, group.about) for group in GROUPS]
            choices += [
                Choice(self.action_inbox_policy, "Assignment policy", "whose turn it is, and how often"),
                Choice(self.action_inbox_bot, "Agent bot", "who answers first"),
            ]
            ask_one(self, f"Settings of {box.name}", choices, lambda change: change())

    def _edit(self, box: Box, group: Group) -> None:
        def work(client: Any, values: Json) -> Any:
            return client.update_inbox(box.id, **group.settings(values, box.inbox))

        def then(found: Json) -> None:
            self.tui.learn()
            self.saved(found["name"])

        ask_form(
            self,
            f"{group.title} of {box.name}",
            group.fields(box.inbox, self.tui.directory),
            work,
            then,
            form=group.form,
        )

    def action_delete(self) -> None:
        box = self.box
        if box is None:
            return

        def done(found: Any) -> None:
            self.tui.say(f"deleted the inbox {box.name}")
            self.tui.learn()
            self.wanted()

        ask_sure(
            self,
            f"Delete the inbox {line(box.name)} with all its conversations and contacts? This cannot be undone.",
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
        before = [one["id"] for one in self.more[box.id]["members"]]

        def set_to(client: Any, user_ids: list[int]) -> Any:
            return client.call("PATCH", "/inbox_members", inbox_id=box.id, user_ids=user_ids)

        def now(client: Any) -> list[int]:
            return [one["id"] for one in client.call("GET", f"/inbox_members/{box.id}")["payload"]]

        def picked(found: list[Any]) -> None:
            self.change(f"{len(found)} members of {box.name}", set_to, found, before, now)

        ask_several(self, f"Members of {box.name}", choices, before, picked)

    def action_inbox_bot(self) -> None:
        box = self.box
        if box is None or box.id not in self.more:
            return
        before = _bot_id(self.more[box.id]["bot"])

        def choose(bots: list[Json]) -> None:
            choices = [Choice(one["id"], one["name"], one["outgoing_url"] or "") for one in bots]
            ask_one(self, f"Bot of {box.name}", [*choices, Choice(None, "no bot")], picked)

        def set_to(client: Any, bot_id: int | None) -> Any:
            return client.call("POST", f"/inboxes/{box.id}/set_agent_bot", agent_bot=bot_id)

        def now(client: Any) -> int | None:
            return _bot_id(client.call("GET", f"/inboxes/{box.id}/agent_bot"))

        def picked(bot_id: int | None) -> None:
            self.change(f"bot of {box.name}", set_to, bot_id, before, now)

        self.fetch(lambda client: client.agent_bots(), choose, what="agent bots")

    def action_inbox_policy(self) -> None:
        box = self.box
        if box is None or box.id not in self.more:
            return
        before = self.more[box.id]["policy"].get("id")

        def choose(found: list[Json]) -> None:
            choices = [Choice(one["id"], one["name"], policies.about(one)) for one in found]
            ask_one(self, f"Policy of {box.name}", [*choices, Choice(None, "no policy", "in turn, at once")], picked)

        def picked(policy_id: int | None) -> None:
            self.change(
                f"policy of {box.name}", lambda client, number: policies.follow(client, box.id, number),
                policy_id, before, lambda client: policies.of_inbox(client, box.id).get("id"),
            )  # fmt: skip

        self.fetch(lambda client: client.call("GET", "/assignment_policies"), choose, what="policies")

    def action_inbox_avatar(self) -> None:
        box = self.box
        if box is not None:
            ask_avatar(self, box.name, box.inbox["avatar_url"], self.wanted, inbox_id=box.id)

    @property
    def hook(self) -> Hook | None:
        """Once it is fetched; its state as it was seen last."""
        box = self.box
        if box is None or box.id not in self.more:
            return None
        health = {"health": box.figures.health["webhook"]} if box.figures and box.figures.health else {}
        return of_inbox(box.inbox, self.more[box.id]["webhook"] | health)

    action_inbox_options = HookDesk.change_options
    action_inbox_secret = HookDesk.rotate_secret
    action_inbox_enable = HookDesk.enable_hook
    action_inbox_hook_test = HookDesk.test_hook

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

        ask_form(self, f"Test message to {box.name}", fields, work, then, button="Send")


def _bot_id(found: Json) -> int | None:
    return (found.get("agent_bot") or {}).get("id")
