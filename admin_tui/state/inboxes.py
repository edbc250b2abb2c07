"""Inboxes as the dashboard shows them: a line, the detail, working hours in words, calls for the shell."""

import hashlib
import hmac
import json
import re
import shlex
from dataclasses import dataclass
from typing import Any

from admin_tui.glyphs import Glyphs
from admin_tui.state.facts import Fact, Tip
from admin_tui.state.hooks import option_facts, state_words
from admin_tui.text import ago, line

Json = dict[str, Any]
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


@dataclass(frozen=True)
class Figures:
    """What a line of the list says beyond the inbox itself; `health` is empty for who may not see it."""

    open: int
    health: Json

    @property
    def state(self) -> str:
        return str(self.health["webhook"]["state"]) if self.health else ""

    @property
    def last_at(self) -> str:
        return str(((self.health or {}).get("last_message_in") or {}).get("at") or "")


@dataclass(frozen=True)
class Box:
    """An inbox in the list."""

    inbox: Json
    figures: Figures | None = None

    @property
    def id(self) -> int:
        return int(self.inbox["id"])

    @property
    def name(self) -> str:
        return line(self.inbox["name"])


def masked(secret: str) -> str:
    return f"••••{secret[-4:]}" if secret else "-"


def hours_word(row: Json) -> str:
    if row["closed_all_day"]:
        return "closed"
    if row["open_all_day"]:
        return "all day"
    return f"{row['open_hour']:02}:{row['open_minutes']:02}-{row['close_hour']:02}:{row['close_minutes']:02}"


def monday_first(week: list[Json]) -> list[Json]:
    """The server's week begins on Sunday."""
    return sorted(week, key=lambda row: (row["day_of_week"] - 1) % 7)


def week_words(week: list[Json]) -> str:
    """`Mon-Fri 09:00-17:00, Sat-Sun closed`."""
    runs: list[tuple[str, list[str]]] = []
    for day, row in zip(DAYS, monday_first(week), strict=False):
        word = hours_word(row)
        if runs and runs[-1][0] == word:
            runs[-1][1].append(day)
        else:
            runs.append((word, [day]))
    return ", ".join(f"{days[0]}{'-' + days[-1] if len(days) > 1 else ''} {word}" for word, days in runs)


def wrong_hours(text: str) -> str | None:
    if text in ("closed", "all day"):
        return None
    found = _HOURS.fullmatch(text)
    if found is None:
        return "such as 09:00-17:00, or closed, or all day"
    opens, closes = (int(found[1]), int(found[2])), (int(found[3]), int(found[4]))
    if max(opens[0], closes[0]) > 23 or max(opens[1], closes[1]) > 59:
        return "no such time"
    return None if opens < closes else "must open before it closes"


def hours_row(day: int, text: str) -> Json:
    """A day as the server takes it; `day` counts from Monday, `text` is one that `wrong_hours` has nothing against."""
    row: Json = {
        "day_of_week": (day + 1) % 7,
        "closed_all_day": text == "closed",
        "open_all_day": text == "all day",
    }
    found = _HOURS.fullmatch(text)
    if found is not None:
        names = ("open_hour", "open_minutes", "close_hour", "close_minutes")
        row |= {name: int(part) for name, part in zip(names, found.groups(), strict=True)}
    return row


def shell(url: str, inbox: Json) -> list[str]:
    """What a customer's system does: an identity, a conversation, a message. Ready for a shell."""
    identity: Json = {"source_id": "me", "name": "Me"}
    if inbox["hmac_mandatory"]:
        key = str(inbox.get("hmac_token") or "")
        proof = hmac.new(key.encode(), b"me", hashlib.sha256).hexdigest()
        identity |= {"identifier": "me", "identifier_hash": proof}
    kind = "-H 'Content-Type: application/json'"
    number = "python3 -c 'import json,sys; print(json.load(sys.stdin)[\"id\"])'"
    return [
        f"B={url}/public/api/v1/inboxes/{inbox['inbox_identifier']}",
        f"curl -sS $B/contacts {kind} -d {shlex.quote(json.dumps(identity))}",
        f"C=$(curl -sS -X POST $B/contacts/me/conversations | {number})",
        f'curl -sS $B/contacts/me/conversations/$C/messages {kind} -d \'{{"content": "Hello"}}\'',
    ]


def facts(box: Box, more: Json | None, glyphs: Glyphs, tip: Tip) -> list[Fact]:
    """The detail of an inbox. `more` are its members, its bot and its webhook's options, once they are fetched."""
    inbox = box.inbox
    key = str(inbox.get("hmac_token") or "")
    picture = [Fact("Avatar", inbox["avatar_url"])] if inbox["avatar_url"] else []
    shown = [
        Fact(f"{box.name} (inbox {box.id})"),
        Fact("Identifier", inbox["inbox_identifier"]),
        Fact("Identity", "must be proven" if inbox["hmac_mandatory"] else "is not checked unless proof is sent"),
    ]
    if key:
        shown.append(Fact("Identity key", f"{masked(key)}  y on this line copies it", key))
    shown += _webhook_facts(box, glyphs, tip)
    if more is not None:
        names = ", ".join(one["name"] for one in more["members"])
        shown.append(Fact("Members", names or "nobody" + tip("inbox.members", "chooses", ": ")))
        shown.append(Fact("Agent bot", str((more["bot"].get("agent_bot") or {}).get("name") or "none")))
    limit = (inbox["auto_assignment_config"] or {}).get("max_assignment_limit")
    assigns = "on" + (f", at most {limit} each" if limit else "") if inbox["enable_auto_assignment"] else "off"
    hours = f"{week_words(inbox['working_hours'])} ({inbox['timezone']})"
    shown += [
        Fact("Auto-assign", assigns),
        Fact("Greeting", line(inbox["greeting_message"] or "on") if inbox["greeting_enabled"] else "off"),
        Fact("Hours", hours if inbox["working_hours_enabled"] else "always open"),
        Fact("CSAT survey", "on" if inbox["csat_survey_enabled"] else "off"),
        *picture,
    ]
    if more is not None and more["webhook"] and inbox["webhook_url"]:
        shown += option_facts(more["webhook"], tip("inbox.secret", "makes a new one", "; "))
    if more is not None:
        calls = shell(more["url"], inbox)
        shown += [Fact("Try it from your shell (Y copies all of it)")]
        shown += [Fact("" if number else "base", one) for number, one in enumerate(calls)]
    refused = (box.figures.health if box.figures else {}).get("refused") or []
    if refused:
        shown.append(Fact("Refused requests"))
        shown += [Fact(f"{ago(one['at'])} ago", f"{one['method']} {one['route']}: {one['reason']}") for one in refused]
    return shown


def _webhook_facts(box: Box, glyphs: Glyphs, tip: Tip) -> list[Fact]:
    url = box.inbox["webhook_url"]
    shown = [
        Fact("Webhook", url or f"none{tip('edit', 'sets one', ': ')}; `inboxd.py listen` brings events without one")
    ]
    health = box.figures.health if box.figures else {}
    if not health or not url:
        return shown
    shown.append(Fact("State", state_words(health["webhook"], glyphs)))
    if health["webhook"].get("reason"):
        shown.append(Fact("Reason", line(health["webhook"]["reason"])))
    if health["pending_deliveries"]:
        shown.append(
            Fact("Owed", f"{health['pending_deliveries']} deliveries, {health['oldest_pending_s']} s the oldest")
        )
    for label, name in (("Arrived", "last_delivery"), ("Last error", "last_error")):
        one = health[name]
        if one:
            shown.append(Fact(label, f"{one['event']} {ago(one['at'])} ago {line(one.get('error') or '')}".strip()))
    return shown
