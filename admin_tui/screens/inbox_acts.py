"""What is done to inboxes."""

from functools import partial
from typing import Any

from admin_tui.modals.form import Field
from admin_tui.modals.offer import Offer
from admin_tui.modals.picker import Choice
from admin_tui.screens.asking import ask_form, ask_one, ask_several, ask_sure
from admin_tui.screens.avatars import ask_avatar
from admin_tui.screens.hook_desk import HookDesk, Json
from admin_tui.screens.inbox_forms import GROUPS, Group, name, webhook_url
from admin_tui.state import inboxes as model
from admin_tui.state import policies
from admin_tui.state.inboxes import Box
from admin_tui.text import line


class InboxActs(HookDesk):
    """`more` is what is fetched of an inbox when the cursor rests on it, by its id."""

    def __init__(self) -> None:
        super().__init__()
        self.more: dict[int, Json] = {}

    @property
    def box(self) -> Box | None:
        row = self.listed.current
        return row.data if row is not None else None

    def show_inbox(self, inbox_id: int) -> None:
        self.go_to_row(inbox_id)

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
            choices = [Choice(one["id"], one["name"] or "no name", one["outgoing_url"] or "") for one in bots]
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
