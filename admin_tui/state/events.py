"""The tail of the event feed: what is known of it, where it has holes, and each event in words."""

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from admin_tui.state.conversations import preview
from admin_tui.text import line, seconds_of

Json = dict[str, Any]
PAGE = 100
KEPT = 5_000


@dataclass(frozen=True)
class Gap:
    """Events that are not here: those behind `after` and before `before`. `gone`: the server has them no more."""

    after: int
    before: int
    gone: bool = False

    @property
    def count(self) -> int:
        return self.before - self.after - 1


class Tail:
    """The newest KEPT events that were seen, by seq. `whole`: who looks is shown every seq, so that one that is
    missing is a gap."""

    def __init__(self) -> None:
        self._events: dict[int, Json] = {}
        self._texts: dict[int, str] = {}
        self.gone_before = 0
        self.whole = True

    def add(self, events: Iterable[Json]) -> None:
        self._events |= {event["seq"]: event for event in events}
        for seq in sorted(self._events)[:-KEPT]:
            del self._events[seq]
            self._texts.pop(seq, None)

    def follow(self, events: list[Json]) -> None:
        """Add what the feed brought, in its order. Another event of a known number: the server was restored from
        a backup, and what was before is no more."""
        for event in events:
            if self._events.get(event["seq"], event) != event:
                self.clear()
            self._events[event["seq"]] = event
        self.add(())

    def clear(self) -> None:
        self._events.clear()
        self._texts.clear()

    @property
    def oldest(self) -> int:
        return min(self._events, default=0)

    @property
    def newest(self) -> int:
        return max(self._events, default=0)

    def shown(self, needle: str = "") -> list[Json | Gap]:
        """The newest first; with a filter only what it lets through, without gaps."""
        found: list[Json | Gap] = []
        above = 0
        for seq in sorted(self._events, reverse=True):
            if self.whole and above and seq < above - 1 and not needle:
                found.append(Gap(seq, above, above <= self.gone_before))
            above = seq
            if self._fits(seq, needle):
                found.append(self._events[seq])
        return found

    def _fits(self, seq: int, needle: str) -> bool:
        """`type:message_* refund`: every word has to be in it, and its type begins so."""
        event = self._events[seq]
        for word in needle.lower().split():
            if word.startswith("type:"):
                if not name_of(event).startswith(word[5:].rstrip("*")):
                    return False
                continue
            if seq not in self._texts:
                payload = json.dumps(event["payload"], ensure_ascii=False)
                self._texts[seq] = f"{name_of(event)} {about(event)} {payload}".lower()
            if word not in self._texts[seq]:
                return False
        return True


def name_of(event: Json) -> str:
    return line(event["payload"].get("event") or "?")


def kind_of(event: Json) -> str:
    """The state whose colour an event has."""
    name, payload = name_of(event), event["payload"]
    if name.startswith("message_"):
        return "private" if payload.get("private") else str(payload.get("message_type") or "incoming")
    if name.startswith("webhook") or "failed" in name or "exhausted" in name:
        return "failing"
    if name.startswith("conversation_"):
        status = str(payload.get("status") or "")
        return status if name == "conversation_status_changed" else "snoozed"
    return "off"


def conversation_of(event: Json) -> int | None:
    """The number of the conversation that an event is about."""
    name, payload = name_of(event), event["payload"]
    found = payload if name.startswith(("conversation_", "macro.")) and "id" in payload else payload.get("conversation")
    number = found.get("id") if isinstance(found, dict) and name != "conversation.braked" else None
    return number if isinstance(number, int) else None


def place_of(event: Json) -> tuple[str, str, int] | None:
    """The screen that shows what an event is about, the method that does, and its number."""
    name, payload = name_of(event), event["payload"]
    number = conversation_of(event)
    hook = payload.get("webhook")
    if number is not None:
        return "conversations", "show_number", number
    if isinstance(hook, dict) and isinstance(hook.get("id"), int):
        return "deliveries", "show_webhook", hook["id"]
    place = {"contact": "contacts", "inbox": "inboxes"}.get(name.partition("_")[0])
    if place is not None and isinstance(payload.get("id"), int):
        return place, f"show_{name.partition('_')[0]}", payload["id"]
    return None


def about(event: Json) -> str:
    """What happened to what, as short as it can be said."""
    name, payload = name_of(event), event["payload"]
    number = conversation_of(event)
    parts = [f"#{number}" if number else ""]
    if name.startswith("message_"):
        who = (payload.get("sender") or {}).get("name") or ""
        parts += [str(payload.get("message_type") or ""), f"{who}:" if who else "", preview(payload)]
    elif name.startswith("conversation_typing"):
        parts += [str((payload.get("user") or {}).get("name") or "")]
    elif number:
        sender = (payload.get("meta") or {}).get("sender") or {}
        parts += [str(sender.get("name") or ""), str(payload.get("status") or ""), _changed(payload)]
    elif isinstance(hook := payload.get("webhook"), dict):
        delivery = payload.get("delivery") or {}
        parts += [str(hook.get("name") or hook.get("host") or f"webhook {hook.get('id')}")]
        parts += [str(payload.get("reason") or ""), str(delivery.get("event") or ""), str(delivery.get("error") or "")]
    else:
        parts += [str(payload.get("name") or ""), _changed(payload)]
    return line(" ".join(part for part in parts if part))


def _changed(payload: Json) -> str:
    changes = payload.get("changed_attributes") or []
    return ", ".join(name for change in changes if isinstance(change, dict) for name in change)


def at(event: Json) -> str:
    moment = seconds_of(event.get("created_at"))
    return time.strftime("%H:%M:%S", time.localtime(moment)) if moment else ""


def save(events: list[Json], path: Path) -> str:
    """One event a line, the oldest first, in a new file that nobody else can read. What is wrong, else nothing."""
    try:
        handle = os.open(path.expanduser(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            for event in reversed(events):
                file.write(json.dumps(event, ensure_ascii=False) + "\n")
    except OSError as error:
        return "that file is there already" if isinstance(error, FileExistsError) else str(error.strerror)
    return ""
