"""Who a conversation is with, and how it stands."""

import json
import time
from typing import TYPE_CHECKING, Any, cast

from rich.text import Text
from textual.widgets import Static

from admin_tui.keys import by_id
from admin_tui.net.outcome import Outcome
from admin_tui.state.conversations import Talk
from admin_tui.text import cut, line
from admin_tui.theme import paint_of

if TYPE_CHECKING:
    from admin_tui.app import InboxdTui
    from admin_tui.screens.base import BaseScreen

_SHOWN = 8
_PAUSE_S = 1.0


class TalkDetails(Static):
    """Draws only what changed. The rest is fetched when a conversation is looked at, once a second at most."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(markup=False, **kwargs)
        self._drawn: Any = None
        self._more: dict[int, dict[str, Any]] = {}
        self._asked: set[int] = set()
        self._asked_at = 0.0

    @property
    def tui(self) -> "InboxdTui":
        return cast("InboxdTui", self.app)

    def show(self, talk: Talk | None, rated: str = "") -> None:
        text = self.text(talk, rated) if talk is not None else ""
        paint = paint_of(self.app)
        if (text, paint) != self._drawn:
            self._drawn = (text, paint)
            shown = paint.signs(Text(text))
            shown.highlight_regex(r"(?m)\A.*$|^(Conversation|Followed|Other) .*$", paint.key)
            shown.highlight_regex(r"(?m)^\S? +(status|assignee|team|priority|labels|muted)", paint.dim)
            shown.highlight_regex(r"(?m)^[a-z][^:\n]*:", paint.dim)
            shown.highlight_regex(r"priority +(high|urgent)", paint.warn)
            self.update(shown)

    def forget(self, numbers: set[int]) -> None:
        """Something happened in these: what was fetched is shown until it has been fetched again."""
        self._asked -= numbers

    def learn(self, talk: Talk) -> None:
        now = time.monotonic()
        if talk.id in self._asked or now - self._asked_at < _PAUSE_S:
            return
        self._asked_at = now
        self._asked.add(talk.id)

        def work(client: Any) -> Any:
            contact = f"/contacts/{talk.contact_id}"
            return {
                "labels": client.call("GET", f"{contact}/labels")["payload"],
                "others": client.call("GET", f"{contact}/conversations")["payload"],
                "participants": client.call("GET", f"/conversations/{talk.id}/participants"),
            }

        def come(outcome: Outcome) -> None:
            if outcome.problem is None:
                self._more[talk.id] = outcome.value
            else:
                self._asked.discard(talk.id)

        self.tui.call(work, come)

    def text(self, talk: Talk, rated: str = "") -> str:
        """`rated` is what the customer said of it."""
        directory, may = self.tui.directory, cast("BaseScreen", self.screen).may
        contact, more = talk.contact, self._more.get(talk.id, {})
        team = next((one["name"] for one in directory.teams if one["id"] == talk.team_id), "-")
        facts = [
            ("status", self.tui.glyphs.with_word(talk.status), "conv.status"),
            ("assignee", talk.assignee or "-", "conv.assign"),
            ("team", team, "conv.team"),
            ("priority", talk.priority or "-", "conv.priority"),
            ("labels", ", ".join(talk.labels) or "-", "conv.labels"),
            ("muted", "yes" if talk.muted else "no", "conv.mute"),
        ]
        lines = [talk.name]
        lines += [str(contact[name]) for name in ("email", "phone_number", "identifier") if contact.get(name)]
        lines += [f"labels: {', '.join(more['labels'])}"] if more.get("labels") else []
        lines += _attributes(contact.get("custom_attributes")) + _attributes(contact.get("additional_attributes"))
        lines += ["", f"Conversation #{talk.id}", f"  inbox     {directory.inbox_name(talk.inbox_id)}"]
        lines += [
            f"{self.tui.key_of(action) if may(action) else ' '} {name:<9} {value}"
            for name, value, action in ((name, value, by_id(action)) for name, value, action in facts)
        ]
        lines += [f"  rated     {rated}"] if rated else []
        lines += [] if talk.can_reply else ["  reply     too late: the window is over"]
        people = [str(one.get("available_name") or one.get("name")) for one in more.get("participants", [])]
        lines += ["", "Followed by", *(f"  {name}" for name in people)] if people else []
        others = [one for one in more.get("others", []) if one["id"] != talk.id]
        lines += ["", f"Other conversations: {len(others)}"] if others else []
        lines += [f"  #{one['id']} {self.tui.glyphs.with_word(one['status'])}" for one in others[:_SHOWN]]
        return "\n".join(cut(one, 200).rstrip() for one in lines)


def _attributes(found: Any) -> list[str]:
    if not isinstance(found, dict):
        return []
    shown = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in found.items()]
    return [line(f"{name}: {value}") for name, value in shown if value not in ("", "null", "{}")]
