"""Deliveries as rows and as something to look into: from answers to words."""

import json
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from admin_tui.state.tokens import Wrong, meant, tokens
from admin_tui.text import ago, line, seconds_of, until
from inboxd.domain.events import EVENTS

if TYPE_CHECKING:
    from inboxd.client import Client

Json = dict[str, Any]
VIEWS: dict[str, str] = {
    "All": "", "Failing": "failing", "Exhausted": "exhausted", "Pending": "pending", "Delivered": "delivered",
    "Cancelled": "cancelled",
}  # fmt: skip
"""Name → state. Failing is pending and failed before: it is tried again."""
STATES = (*VIEWS.values(), "sending")
UNFINISHED = ("pending", "sending")
TOKENS = ("event", "inbox", "webhook", "conversation", "state", "since")
PAGE = 50
MOST = 200
_CALLS = 10
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True)
class Owed:
    """A delivery as a row of the list."""

    id: str
    state: str
    event: str
    webhook: Mapping[str, Any]
    inbox_id: int | None
    conversation_id: int | None
    tries: int
    created_at: float
    finished_at: float | None
    next_at: float | None
    error: str

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def took(self) -> str:
        """From when it was owed to its end."""
        if self.finished_at is None:
            return ""
        ms = max(0, round((self.finished_at - self.created_at) * 1000))
        return (
            f"{ms}ms" if ms < 1_000 else f"{ms / 1000:.1f}s" if ms < 60_000 else ago(self.created_at, self.finished_at)
        )


def owed(found: Json) -> Owed:
    return Owed(
        id=found["id"],
        state=found["state"],
        event=line(found["event"]),
        webhook=found.get("webhook") or {"id": found.get("webhook_id")},
        inbox_id=found.get("inbox_id"),
        conversation_id=found.get("conversation_id"),
        tries=found.get("attempt_count") or 0,
        created_at=seconds_of(found.get("created_at")) or 0.0,
        finished_at=seconds_of(found.get("finished_at")),
        next_at=seconds_of(found.get("next_attempt_at")),
        error=line(found.get("last_error") or ""),
    )


def result(one: Owed) -> tuple[str, str]:
    """The name of a sign, and what became of it in words."""
    if one.state == "pending":
        # What was cancelled and is sent again keeps that word until it is tried.
        failed = one.tries and not one.error.startswith("cancelled")
        return ("failed", one.error or "failed") if failed else ("pending", "waiting")
    if one.state == "exhausted":
        return "exhausted", f"exhausted: {one.error}" if one.error else "exhausted"
    if one.state == "cancelled":
        return "cancelled", one.error if one.error.startswith("cancelled") else f"cancelled {one.error}".strip()
    return one.state, one.state


def addressee(webhook: Mapping[str, Any], inbox: str = "") -> str:
    """Whom a delivery is for: the inbox whose webhook it is, or the webhook by its name or host."""
    if webhook.get("kind") == "inbox" and inbox:
        return inbox
    url = str(webhook.get("url") or "")
    return line(webhook.get("name") or url.rpartition("://")[2].partition("/")[0] or f"webhook {webhook.get('id')}")


def own_path(webhook: Mapping[str, Any]) -> Json:
    """How the client is told which webhook is meant."""
    for kind, name in (("inbox", "inbox_id"), ("bot", "agent_bot_id")):
        if webhook.get("kind") == kind:
            return {name.removeprefix("agent_"): webhook.get(name)}
    return {"webhook_id": webhook.get("id")}


def collect(client: "Client", query: Json, wanted: int, before: str | None = None) -> tuple[list[Json], str | None]:
    """At least `wanted` deliveries if there are as many in a few pages, and where the next begins. A page may be
    short, or empty, and still not be the last."""
    found: list[Json] = []
    for _ in range(_CALLS):
        page, before = client.deliveries(before=before, limit=min(MOST, max(PAGE, wanted - len(found))), **query)
        found += page
        if before is None or len(found) >= wanted:
            break
    return found, before


def values(inboxes: list[Json]) -> dict[str, list[str]]:
    """What can stand behind each key of a filter, where that is known."""
    known = {"event": list(EVENTS), "inbox": [str(one["name"]) for one in inboxes], "state": [*filter(None, STATES)]}
    return {name: known.get(name, []) for name in TOKENS}


def parse(text: str, inboxes: list[Json], now: float | None = None) -> Json:
    """The query of a filter such as `inbox:shop since:2h`. Raises Wrong."""
    query: Json = {}
    for name, value in tokens(text, TOKENS):
        if not name:
            raise Wrong(f"{value}: use {' '.join(f'{one}:' for one in TOKENS)}")
        key = f"{name}_id" if name in ("inbox", "webhook", "conversation") else name
        query[key] = _value(name, value, inboxes, time.time() if now is None else now)
    return query


def _value(name: str, value: str, inboxes: list[Json], now: float) -> Any:
    if name == "since":
        return _since(value, now)
    if name == "inbox" and not value.isdecimal():
        return _only(value, {str(one["name"]): one["id"] for one in inboxes}, "inbox")
    if name == "event":
        return _only(value, {one: one for one in EVENTS}, "event")
    if name == "state":
        return _only(value, {one: one for one in STATES if one}, "state")
    number = value.removeprefix("#")
    if not number.isdecimal():
        raise Wrong(f"{name}: {value} is no number")
    return int(number)


def _only(value: str, known: dict[str, Any], what: str) -> Any:
    """The one that is called so, or the only one whose name begins so."""
    found = meant(value, known.items())
    if not found:
        raise Wrong(f"no {what} is called {value}")
    if len(found) > 1:
        raise Wrong(f"{what}: {value} is several: write more of the name, or its number")
    return found[0]


def _since(value: str, now: float) -> int:
    if value[-1] in _UNITS and value[:-1].isdecimal() and len(value) < 8:
        return max(0, int(now) - int(value[:-1]) * _UNITS[value[-1]])
    try:
        return int(datetime.fromisoformat(value).timestamp())
    except (ValueError, OverflowError):
        raise Wrong(f"since: {value} is neither 2h nor 2026-09-21") from None


# Looking into one.

TABS = ("Request", "Response", "Timeline", "Raw")


def headers(found: Json) -> list[str]:
    """What the request carried, as far as it is kept: times, signatures and the webhook's own headers are not."""
    known = ["content-type: application/json", f"webhook-id: {found['id']}", f"x-chatwoot-delivery: {found['id']}"]
    return [*known, *(["x-inboxd-redelivery: true"] if found.get("redelivery") else [])]


def curl(found: Json, url: str) -> str:
    """A command that posts the same payload, unsigned."""
    given = "".join(f" -H {shlex.quote(one)}" for one in headers(found))
    body = json.dumps(found["payload"], ensure_ascii=False, separators=(",", ":"))
    return f"curl -X POST {shlex.quote(url)}{given} --data-raw {shlex.quote(body)}"


def attempt_line(one: Json) -> str:
    """An attempt in one line: number, when, how it went, how long it took, what came back or was wrong."""
    at = seconds_of(one.get("started_at"))
    when = time.strftime("%H:%M:%S", time.localtime(at)) if at else ""
    took = one.get("duration_ms")
    parts = [f"#{one['number']}", when, code(one), "" if took is None else f"{took} ms"]
    error, excerpt = one.get("error") or "", one.get("excerpt") or ""
    said = excerpt or error if one.get("error_class") in (None, "status") else error
    return "  ".join([*parts, line(said)]).rstrip()


def code(one: Json) -> str:
    """The status, or the kind of the error where none came."""
    return str(one.get("status_code") or one.get("error_class") or "under way")


def request(found: Json) -> list[str]:
    url = (found.get("webhook") or {}).get("url") or "a webhook that is gone"
    size = len(json.dumps(found["payload"], ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))
    return [f"POST {line(url)}", *headers(found), f"(time, signatures and own headers are not kept; {size:,} bytes)"]


def response(one: Json | None) -> list[str]:
    if one is None:
        return ["not tried yet"]
    said = str(one.get("excerpt") or "").replace("\t", "    ").split("\n") if one.get("excerpt") else ["(nothing)"]
    took = one.get("duration_ms")
    facts = [f"{code(one)}, {'-' if took is None else f'{took} ms'}, from {line(one.get('address') or 'no address')}"]
    facts += [f"what was wrong: {line(one['error'])}"] if one.get("error") else []
    return [*facts, "", *said]


def timeline(found: Json) -> list[str]:
    """Everything that happened to it, in its order."""
    lines = [f"owed {_stamp(found['created_at'])}"]
    for one in found["attempts"]:
        lines.append(attempt_line(one))
        if one.get("next_attempt_at") and one.get("error"):
            lines.append(f"    again {_stamp(one['next_attempt_at'])}")
    if found.get("finished_at"):
        lines.append(f"{found['state']} {_stamp(found['finished_at'])}  {line(found.get('last_error') or '')}".rstrip())
    elif found.get("next_attempt_at"):
        lines.append(f"next try {until(found['next_attempt_at'])}, {_stamp(found['next_attempt_at'])}")
    return lines


def _stamp(moment: Any) -> str:
    at = seconds_of(moment)
    return time.strftime("%a %d %b %H:%M:%S", time.localtime(at)) if at else ""
