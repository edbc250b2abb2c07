"""What is done to agent bots, which are rows among the webhooks."""

from typing import Any

from admin_tui.modals.form import Field
from admin_tui.modals.picker import Choice
from admin_tui.screens.asking import ask_form, ask_several, ask_sure
from admin_tui.screens.avatars import ask_avatar
from admin_tui.screens.hook_desk import HookDesk, Json
from admin_tui.state import hooks as model
from admin_tui.state.hooks import Hook
from admin_tui.text import line


class BotActs(HookDesk):
    def _bot(self, refusal: str) -> Hook | None:
        """The one under the cursor; of a webhook that is none the refusal is said."""
        hook = self.hook
        if hook is None or hook.kind == "bot":
            return hook
        self.tui.say(refusal)
        return None

    def create_bot(self) -> None:
        def then(made: Json) -> None:
            self.go_to_row(("bot", made["id"]))
            text = f"Access token    {made['access_token']}\nSigning secret  {made['secret']}"
            self.show_once(f"Bot {made['name']}", text)
            self.wanted()

        def work(client: Any, values: Json) -> Any:
            return client.call("POST", "/agent_bots", **values)

        ask_form(self, "New agent bot", bot_fields({}), work, then, button="Create")

    def action_hook_inboxes(self) -> None:
        hook = self._bot("only agent bots answer in inboxes")
        if hook is None:
            return
        inboxes, bot_id = self.tui.directory.inboxes, hook.owner_id

        def now(client: Any) -> dict[int, int | None]:
            return model.bots_of(client, [one["id"] for one in inboxes])

        def choose(before: dict[int, int | None]) -> None:
            def picked(found: list[Any]) -> None:
                after = {
                    inbox_id: bot_id if inbox_id in found else None if bot == bot_id else bot
                    for inbox_id, bot in before.items()
                }
                changed = [inbox_id for inbox_id, bot in after.items() if before[inbox_id] != bot]

                def set_to(client: Any, bots: dict[int, int | None]) -> None:
                    for inbox_id in changed:
                        client.call("POST", f"/inboxes/{inbox_id}/set_agent_bot", agent_bot=bots[inbox_id])

                if changed:
                    self.change(f"inboxes of {hook.name}: {len(found)}", set_to, after, before, now)

            names = {row.data.owner_id: row.data.name for row in self.rows_there if row.data.kind == "bot"}
            choices = [
                Choice(one["id"], one["name"], f"has {names[bot]}" if (bot := before[one["id"]]) in names else "")
                for one in inboxes
            ]
            own = [inbox_id for inbox_id, bot in before.items() if bot == bot_id]
            ask_several(self, f"Inboxes where {hook.name} answers first", choices, own, picked)

        self.fetch(now, choose, what="inboxes")

    def action_hook_avatar(self) -> None:
        hook = self._bot("only agent bots have an avatar here")
        if hook is None:
            return
        ask_avatar(self, hook.name, hook.owner["thumbnail"], self.wanted, bot_id=hook.owner_id)

    def action_hook_token(self) -> None:
        hook = self._bot("only agent bots have an access token")
        if hook is None:
            return

        def go() -> None:
            self.fetch(
                lambda client: client.call("POST", f"/agent_bots/{hook.owner_id}/reset_access_token"),
                lambda found: self.show_once(f"Token of {hook.name}", found["access_token"]),
                what="new token",
            )

        question = f"Make a new access token for {line(hook.name)}? The old one stops working now."
        ask_sure(self, question, "New token", go)


def bot_fields(bot: Json) -> list[Field]:
    return [
        Field("name", "Name", bot.get("name"), required=True),
        Field("description", "Description", bot.get("description")),
        Field("outgoing_url", "URL", bot.get("outgoing_url"), hint="where its events go", check=model.wrong_url),
    ]
