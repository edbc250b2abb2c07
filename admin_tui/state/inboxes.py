"""Inboxes as the dashboard shows them: a line, the detail, working hours in words, calls for the shell."""

import hashlib
import hmac
import json
import shlex
import time
from dataclasses import dataclass
from typing import Any

from admin_tui.glyphs import Glyphs
from admin_tui.state import hours, policies, spans
from admin_tui.state.facts import Fact, Tip
from admin_tui.state.hooks import option_facts, state_words
from admin_tui.text import ago, line, many, span
from inboxd.domain import liquid

Json = dict[str, Any]
_LONGEST = 1_000
UNMANNED = "nobody online: new conversations wait"


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
        bot = more["bot"].get("agent_bot")
        shown.append(Fact("Agent bot", bot["name"] or "no name" if bot else "none"))
    shown += [
        *_assignment_facts(inbox, more),
        Fact("Greeting", line(inbox["greeting_message"] or "on, but empty") if inbox["greeting_enabled"] else "off"),
        *_hours_facts(inbox, glyphs),
        *_window_facts(inbox),
        Fact("CSAT survey", _survey_words(inbox["csat_config"] or {}) if inbox["csat_survey_enabled"] else "off"),
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


def is_unmanned(inbox: Json, members: list[Json]) -> bool:
    """Whether it hands out conversations, and none of its members is there to take one."""
    online = [one for one in members if one["availability_status"] == "online"]
    return bool(inbox["enable_auto_assignment"] and members and not online)


def _assignment_facts(inbox: Json, more: Json | None) -> list[Fact]:
    limit = (inbox["auto_assignment_config"] or {}).get("max_assignment_limit")
    assigns = "on" + (f", at most {limit} each" if limit else "") if inbox["enable_auto_assignment"] else "off"
    if more is None:
        return [Fact("Auto-assign", assigns)]
    if is_unmanned(inbox, more["members"]):
        assigns += f"; {UNMANNED}"
    policy = more["policy"]
    return [Fact("Auto-assign", assigns), *([Fact("Policy", policies.words(policy))] if policy else [])]


def _hours_facts(inbox: Json, glyphs: Glyphs) -> list[Fact]:
    if not inbox["working_hours_enabled"]:
        return [Fact("Hours", "always open")]
    now, zone = time.time(), inbox["timezone"]
    stands = hours.standing(inbox["working_hours"], zone, now)
    sign = glyphs("online" if stands.startswith("open") else "offline")
    away = line(inbox["out_of_office_message"] or "")
    return [
        Fact("Hours", f"{sign} {stands} ({zone}, {hours.clock_there(zone, now)} there)"),
        *(Fact(f"  {days}", word) for days, word in hours.week_rows(inbox["working_hours"])),
        Fact("Out of office", away or "says nothing"),
    ]


def _window_facts(inbox: Json) -> list[Fact]:
    attributes = inbox["additional_attributes"] or {}
    length = window(inbox)
    if not length:
        return []
    told = line(attributes.get("agent_reply_time_window_message") or "")
    return [Fact("Reply window", f"{length} after the customer wrote" + (f": {told}" if told else ""))]


def window(inbox: Json) -> str:
    """How long agents can answer, `2d`; empty for ever. What is no number there is shown as it is."""
    given = str((inbox.get("additional_attributes") or {}).get("agent_reply_time_window") or "")
    return spans.words(int(given) * 3600) if given.isdecimal() else line(given)


def preview(text: str, inbox: str, account: str) -> str:
    """How a text of the inbox reads with its variables filled in, for a customer of our own."""
    if "{{" not in text:
        return "{{contact.first_name}}, {{inbox.name}}, {{account.name}} are filled in"
    ann = liquid.person("Ann Example") | {"id": 1, "email": "ann@example.com", "phone_number": "+15550100"}
    variables = {
        "contact": ann,
        "conversation": {"id": 1, "display_id": 1, "contact_name": ann["name"]},
        "inbox": {"name": inbox},
        "account": {"name": account},
    }
    reads = liquid.render(text, variables, _LONGEST)
    return "it cannot be read, and is sent as it stands" if reads == text else f"reads: {line(reads)}"


def label_completed(text: str, titles: list[str]) -> str | None:
    """The last of several labels with commas between them, completed."""
    begun = text.rpartition(",")[2].lstrip()
    found = next((one for one in titles if begun and one.startswith(begun)), None)
    return text + found[len(begun) :] if found is not None else None


def too_late(inbox: Json) -> str:
    """What is said at the composer when the reply window of a conversation's inbox is over."""
    length = window(inbox)
    own = line((inbox.get("additional_attributes") or {}).get("agent_reply_time_window_message") or "")
    return f"outside the reply window{f' of {length}' if length else ''}: {own or 'the customer may not get this'}"


def _survey_words(config: Json) -> str:
    rules = config.get("survey_rules") or {}
    parts = ["stars" if config.get("display_type") == "star" else "faces", str(config.get("language") or "en")]
    if rules.get("values"):
        having = "without" if rules.get("operator") == "does_not_contain" else "with"
        parts.append(f"only {having} {', '.join(map(str, rules['values']))}")
    question = str(config.get("message") or "")
    return line(f"{', '.join(parts)}{': ' if question else ''}{question}")


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
        owed, age = many(health["pending_deliveries"], "delivery"), span(health["oldest_pending_s"])
        shown.append(Fact("Owed", f"{owed}, the oldest for {age}"))
    for label, name in (("Arrived", "last_delivery"), ("Last error", "last_error")):
        one = health[name]
        if one:
            shown.append(Fact(label, f"{one['event']} {ago(one['at'])} ago {line(one.get('error') or '')}".strip()))
    return shown
