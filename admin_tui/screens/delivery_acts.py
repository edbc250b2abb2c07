"""What is done about deliveries: sending again, giving up, copying."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from typing import Any

from textual.app import SuspendNotSupported

from admin_tui.modals.picker import Choice
from admin_tui.screens.asking import ask_one, ask_sure
from admin_tui.screens.base import BaseScreen
from admin_tui.state import deliveries as model
from admin_tui.state.deliveries import Owed
from admin_tui.text import many
from admin_tui.widgets.inspector import Inspector
from admin_tui.widgets.json_view import pretty
from admin_tui.widgets.row_list import RowList

Json = dict[str, Any]


class DeliveryActs(BaseScreen):
    """The half of the screen that acts on the rows of `listed`, or on the one that is looked into."""

    def load(self, before: str | None = None) -> None:
        raise NotImplementedError

    def look_up(self, delivery_id: str, then: Callable[[Json], None]) -> None:
        raise NotImplementedError

    @property
    def listed(self) -> RowList:
        return self.query_one("#list", RowList)

    @property
    def inspector(self) -> Inspector:
        return self.query_one(Inspector)

    @property
    def inspects(self) -> bool:
        return self.focused is self.inspector.reading

    def called(self, one: Owed) -> str:
        inbox = one.webhook.get("inbox_id")
        return model.addressee(one.webhook, self.tui.directory.inbox_name(inbox) if inbox else "")

    @property
    def subject(self) -> Owed | None:
        """The delivery that is looked into, though it may have left the list since; else the one under the cursor."""
        if self.inspects and self.inspector.found is not None:
            return model.owed(self.inspector.found)
        row = self.listed.current
        return None if row is None else row.data[0]

    @property
    def _chosen(self) -> list[Owed]:
        if self.inspects:
            return [self.subject] if self.subject is not None else []
        return [row.data[0] for row in self.listed.chosen]

    def _each(
        self,
        what: str,
        chosen: list[Owed],
        do: Callable[[Any, str], Any],
        back: Callable[[Any, str], bool] | None = None,
    ) -> None:
        """Do it to each of them; one that is refused does not keep the others from it. `back(client, id)` takes it
        back, and tells whether it was still to be."""
        from inboxd.client import ApiError

        def work(client: Any) -> list[str]:
            refused = []
            for one in chosen:
                try:
                    do(client, one.id)
                except ApiError as error:
                    refused.append(error.message)
            return refused

        def done(refused: list[str]) -> None:
            count = len(chosen) - len(refused)
            name = f"{chosen[0].event} for {self.called(chosen[0])}" if len(chosen) == 1 else many(count, "delivery")
            said = f"{what}: {name}"
            if count and back is not None:
                self.can_undo(said, lambda client: [one.event for one in chosen if not back(client, one.id)])
            elif count:
                self.tui.say(said)
            if refused:
                self.tui.say(f"not {what}: {len(refused)} of {len(chosen)}: {refused[0]}", bad=True)
            self.listed.clear_marks()
            self.load()

        self.fetch(work, done, what=f"not {what}")

    def action_delivery_resend(self) -> None:
        chosen = self._chosen

        def go() -> None:
            self._each("sent again", chosen, lambda client, delivery_id: client.resend(delivery_id))

        if len(chosen) > 1:
            ask_sure(self, f"Send {len(chosen)} deliveries again now?", f"Send {len(chosen)}", go)
        elif chosen:
            go()

    def action_delivery_cancel(self) -> None:
        chosen = [one for one in self._chosen if one.is_unfinished]

        def back(client: Any, delivery_id: str) -> bool:
            is_cancelled = bool(client.delivery(delivery_id)["state"] == "cancelled")
            if is_cancelled:
                client.resend(delivery_id)
            return is_cancelled

        def go() -> None:
            self._each("cancelled", chosen, lambda client, delivery_id: client.cancel(delivery_id), back)

        if len(chosen) > 1:
            ask_sure(self, f"Cancel {len(chosen)} deliveries? They are tried no more.", f"Cancel {len(chosen)}", go)
        elif chosen:
            go()
        else:
            self.tui.say("it is over already: there is nothing to cancel")

    def action_delivery_recover(self) -> None:
        one = self.subject
        if one is None:
            return
        webhook, name = one.webhook, self.called(one)
        query = {"state": "exhausted", "webhook_id": webhook.get("id")}

        def counted(found: Any) -> None:
            rows, before = found
            if not rows and before is None:
                self.tui.say(f"nothing for {name} is exhausted")
                return
            exhausted = many(len(rows), "exhausted delivery") + (" or more" if before else "")
            ask_sure(self, f"Send {exhausted} for {name} again?", "Send again", recover)

        def recover() -> None:
            def done(found: Json) -> None:
                self.tui.say(f"sent again: {found['resent']} for {name}")
                self.load()

            self.fetch(lambda client: client.recover(**model.own_path(webhook)), done, what="recover")

        self.fetch(lambda client: model.collect(client, query, model.MOST), counted, what="recover")

    def action_copy(self) -> None:
        self._with_current(lambda found: self.tui.copy(pretty(found["payload"]), "payload"))

    def action_copy_as(self) -> None:
        def choose(found: Json) -> None:
            url = str((found.get("webhook") or {}).get("url") or "http://127.0.0.1:9000/")
            texts = {
                "id": found["id"],
                "payload": pretty(found["payload"]),
                "headers": "\n".join(model.headers(found)),
                "curl": model.curl(found, url),
            }
            notes = {"headers": "those that are kept", "curl": f"posts it to {url}, unsigned"}

            choices = [Choice(name, name, notes.get(name, "")) for name in texts]
            ask_one(self, "Copy as", choices, lambda name: self.tui.copy(texts[name], name))

        self._with_current(choose)

    def action_delivery_pager(self) -> None:
        def show(found: Json) -> None:
            parts = [*model.request(found), "", pretty(found["payload"]), "", *model.timeline(found), ""]
            text = "\n".join([*parts, *model.response(self.inspector.attempt)])
            with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                pager = shlex.split(os.environ.get("PAGER", "")) or ["less"]
                try:
                    with self.app.suspend():
                        subprocess.run([*pager, file.name], check=False)  # noqa: S603
                except SuspendNotSupported:
                    self.tui.say("this terminal cannot be handed to a pager", bad=True)
                except OSError as error:
                    self.tui.say(f"{pager[0]}: {error.strerror}", bad=True)

        self._with_current(show)

    def _with_current(self, then: Callable[[Json], None]) -> None:
        one = self.subject
        if one is not None:
            self.look_up(one.id, then)
