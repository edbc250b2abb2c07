"""Webhooks, whoever carries them: how they do, what can be told to them, what a test came to."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from admin_tui.glyphs import Glyphs
from admin_tui.state.facts import Fact, Tip
from admin_tui.text import ago, line, until
from inboxd.domain.events import EVENT_TYPES
from inboxd.domain.webhooks import is_url

if TYPE_CHECKING:
    from inboxd.client import Client

Json = dict[str, Any]
EVENTS = [(kind.name, kind.when) for kind in EVENT_TYPES if kind.named]
"""What a subscription may name, and when it happens: the server's own catalogue."""
COUNTED = 200


@dataclass(frozen=True)
class Hook:
    """`kind` is account, inbox or bot; `owner_id` the number of what carries it: itself, the inbox or the bot."""

    kind: str
    owner_id: int
    name: str
    found: Json = field(default_factory=dict)
    owner: Json = field(default_factory=dict)
    owed: int = 0

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.owner_id

    @property
    def url(self) -> str:
        return str(self.found.get("url") or "")

    @property
    def health(self) -> Json:
        return dict(self.found.get("health") or {"state": "off"})

    @property
    def state(self) -> str:
        return str(self.health["state"])

    @property
    def target(self) -> dict[str, Any]:
        """How the client is told which one."""
        return {{"account": "webhook_id", "inbox": "inbox_id", "bot": "bot_id"}[self.kind]: self.owner_id}


def of_inbox(inbox: Json, found: Json) -> Hook:
    return Hook("inbox", inbox["id"], inbox["name"], found, inbox)


def fetch(client: "Client") -> Json:
    """On a thread of the network: every webhook of the account, and what the troubled ones are owed."""
    inboxes = [one for one in client.inboxes() if one["webhook_url"]]
    bots = client.agent_bots()
    return {
        "account": client.webhooks(),
        "inbox": [{"owner": one, "webhook": client.webhook(inbox_id=one["id"])} for one in inboxes],
        "bot": [{"owner": one, "webhook": client.webhook(bot_id=one["id"])} for one in bots],
        "owed": {
            one["webhook_id"]: one["count"]
            for one in client.call("GET", "/attention")["payload"]
            if one["kind"] in ("webhook_disabled", "webhook_paused", "webhook_failing")
        },
    }


def hooks(found: Json) -> list[Hook]:
    """Those of the account first, then of inboxes, then of bots."""
    owed = found["owed"]
    listed = [
        Hook("account", one["id"], one["name"] or host(one["url"]), one, one, owed.get(one["id"], 0))
        for one in found["account"]
    ]
    for kind in ("inbox", "bot"):
        for pair in found[kind]:
            owner, one = pair["owner"], pair["webhook"]
            listed.append(Hook(kind, owner["id"], owner["name"] or "no name", one, owner, owed.get(one["id"], 0)))
    return listed


def host(url: str) -> str:
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def wrong_url(url: str, *, scheme: bool = True) -> str | None:
    """What is wrong with a URL, as far as this side can tell. Without `scheme` a bare host means https."""
    if not scheme and "://" not in url:
        url = f"https://{url}"
    return None if is_url(url) else "must begin with http:// or https:// and name a host"


def state_words(health: Json, glyphs: Glyphs) -> str:
    """`✗ failing for 4m`, `◔ paused, again in 30s`."""
    state = str(health["state"])
    text = glyphs.with_word(state)
    if state == "paused":
        text += f", again {until(health['paused_until'])}"
    elif state == "disabled":
        text += f" for {ago(health['disabled_at'])}"
    elif state == "failing" and health.get("failing_since"):
        text += f" for {ago(health['failing_since'])}"
    return text


def bots_of(client: "Client", inbox_ids: list[int]) -> dict[int, int | None]:
    """On a thread of the network: inbox → the bot that answers first there."""
    found = {one: client.call("GET", f"/inboxes/{one}/agent_bot").get("agent_bot") or {} for one in inbox_ids}
    return {inbox_id: bot.get("id") for inbox_id, bot in found.items()}


def facts(hook: Hook, pending: int | None, glyphs: Glyphs, tip: Tip, inboxes: list[str] | None = None) -> list[Fact]:
    """The detail of a webhook; `pending` is None while it is not known, and `inboxes` those where a bot answers."""
    found, health = hook.found, hook.health
    owed = "…" if pending is None else f"{COUNTED} or more" if pending >= COUNTED else str(pending)
    shown = [
        Fact(f"{hook.name} ({hook.kind} {hook.owner_id})"),
        Fact("URL", hook.url or "none: nothing is sent"),
        Fact("State", state_words(health, glyphs)),
        Fact("Owed", f"{owed} deliveries wait to be sent"),
    ]
    if health.get("failing_since"):
        shown.append(Fact("Failing", f"since {ago(health['failing_since'])}: {health.get('failed_attempts')} attempts"))
    if health.get("reason"):
        shown.append(Fact("Reason", line(health["reason"])))
    if hook.kind == "account":
        names = found.get("subscriptions") or []
        shown.append(Fact("Events", f"{len(names)}: {', '.join(names)}"))
    if hook.kind == "bot":
        shown += [
            Fact("Description", line(hook.owner.get("description") or "-")),
            Fact("Answers in", _inboxes(inboxes, tip)),
            Fact("Token", "shown once" + tip("hook.token", "makes a new one", "; ")),
        ]
    return shown + option_facts(found, tip("hook.secret", "makes a new one", "; "))


def _inboxes(names: list[str] | None, tip: Tip) -> str:
    if names is None:
        return tip("hook.inboxes", "shows where", "") or "…"
    return ", ".join(names) if names else "no inbox" + tip("hook.inboxes", "chooses", ": ")


def option_facts(found: Json, renews: str) -> list[Fact]:
    old = found.get("previous_secret_until")
    shown = [
        Fact("Secret", f"•••• shown once{renews}" + (f", the old one ends {until(old)}" if old else "")),
        Fact("Order", "a conversation's events in order" if found.get("ordering") == "conversation" else "none"),
        Fact("Own messages", "left out" if found.get("exclude_own") else "sent too"),
    ]
    headers = found.get("headers") or {}
    return [*shown, Fact("Headers", ", ".join(headers) or "none of its own")]


def headers_text(headers: Json) -> str:
    return "\n".join(f"{name}: {value}" for name, value in headers.items())


def wrong_headers(text: str) -> str | None:
    bad = [one for one in text.splitlines() if one.strip() and not one.partition(":")[2].strip()]
    return f"not `Name: value`: {line(bad[0])[:40]}" if bad else None


def headers_of(text: str) -> dict[str, str]:
    parts = [one.partition(":") for one in text.splitlines() if one.strip()]
    return {name.strip(): value.strip() for name, _, value in parts}


def outcome(found: Json, glyphs: Glyphs) -> str:
    """What a test came to, in words."""
    attempt = (found.get("attempts") or [{}])[-1]
    took = f"{attempt.get('duration_ms', 0)} ms"
    code, error = attempt.get("status_code"), attempt.get("error") or found.get("last_error") or ""
    answered = f"the answer was HTTP {code} in {took}" if code else f"no answer in {took}"
    good = found["state"] == "delivered"
    said = [f"{glyphs('ok' if good else 'failed')} {'delivered' if good else 'not delivered'}: {answered}"]
    if not good and error:
        said.append(line(error))
    if attempt.get("address"):
        said.append(f"address {attempt['address']}")
    if attempt.get("excerpt"):
        said += ["", "The answer begins:", str(attempt["excerpt"])]
    return "\n".join(said)
