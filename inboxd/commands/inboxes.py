"""API inboxes, and how one does."""

import argparse
from collections import Counter
from collections.abc import Sequence
from typing import Any

from inboxd.client import Client
from inboxd.commands.common import Commands, LocalClient, ago, client, facts, missing, say, span, table, wrapped
from inboxd.config import Config

Json = dict[str, Any]


def add(commands: Commands) -> None:
    """Declare the commands of this module."""
    inbox = commands.group("inbox", "API inboxes")
    create = inbox.add("create", _create, "create an API inbox", account=True)
    create.add_argument("--name", required=True)
    create.add_argument("--webhook-url", help="where replies and events go")
    inbox.add("list", _list, "list inboxes", account=True)
    health = inbox.add("health", _health, "do messages come in, do events arrive", account=True)
    health.add_argument("id", type=int, metavar="ID")


def _create(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk:
        made = desk.create_inbox(given.name, webhook_url=given.webhook_url)
    value = {key: made[key] for key in ("id", "inbox_identifier", "hmac_token", "secret")}
    say(given, value, [*table(list(value.items()), 500), "The secret signs its webhooks and is shown this once."])


def _list(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk:
        found = desk.inboxes()
    keys = ("id", "name", "inbox_identifier", "webhook_url")
    rows = [[inbox[key] or "-" for key in keys] for inbox in found]
    say(given, [{key: inbox[key] for key in keys} for inbox in found], table([keys, *rows]))


def _health(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk, missing(f"no inbox {given.id} (see `inbox list`)"):
        found = desk.inbox_health(given.id)
        is_running = not isinstance(desk, LocalClient)
        lines = [*_messages_in(found, is_running=is_running), "", *_events_out(found, _next_try(desk, found))]
    inbox = found["inbox"]
    say(given, found, [f"inbox {inbox['id']}, {inbox['name']}, identifier {inbox['identifier']}", "", *lines])


def _next_try(desk: Client, found: Json) -> str | None:
    """When the delivery that failed last is tried again."""
    failed = found["last_error"]
    if found["webhook"]["state"] != "failing" or not failed or failed["state"] != "pending":
        return None
    next_at: str | None = desk.delivery(failed["id"])["next_attempt_at"]
    return next_at


def _messages_in(found: Json, *, is_running: bool) -> list[str]:
    last, refused = found["last_message_in"], found["refused"]
    came = f"the last came {ago(last['at'])} (message {last['id']})" if last else "none has ever come"
    if not is_running:
        came += "; no server runs, so none can come now"
    elif not refused:
        came += "; no request was refused since the server started"
    lines = wrapped(f"messages in  {came}", " " * 13)
    if refused:
        lines.append("  refused: of this inbox, and what may have been meant for it")
        lines += [line for reason in _by_reason(refused) for line in wrapped(f"    {reason}", " " * 6)]
    return lines


def _by_reason(refused: Sequence[Json]) -> list[str]:
    """A sentence about each reason, with its newest request; the newest first, as they came."""
    newest: dict[str, Json] = {}
    for one in refused:
        newest.setdefault(one["reason"], one)
    counts = Counter(one["reason"] for one in refused)
    return [
        f"{reason}: {counts[reason]}, the last {ago(one['at'])}, {one['method']} {one['route']}"
        for reason, one in newest.items()
    ]


def _events_out(found: Json, next_at: str | None) -> list[str]:
    webhook, arrived, failed = found["webhook"], found["last_delivery"], found["last_error"]
    state = webhook["state"]
    said = {
        "off": "nobody is told: the inbox has no webhook URL",
        "ok": "all is well" if arrived else "nothing has been delivered yet",
        "failing": f"failing, first {ago(webhook.get('failing_since'))}: {webhook.get('reason')}",
        "paused": f"resting, goes on {ago(webhook.get('paused_until'))}: {webhook.get('reason')}",
        "disabled": f"disabled {ago(webhook.get('disabled_at'))}: {webhook.get('reason')}",
    }[state]
    rows = []
    if webhook["url"]:
        rows.append(("to", webhook["url"]))
    if arrived:
        rows.append(("last delivered", f"{arrived['event']}, {ago(arrived['at'])}"))
    if failed:
        rows.append(("last error", f"{failed['error']} ({failed['event']}, {ago(failed['at'])}, {failed['state']})"))
        rows.append(("", f"more: deliveries show {failed['id'][:8]}"))
    if found["pending_deliveries"]:
        oldest = span(found["oldest_pending_s"])
        rows.append(("waiting", f"{found['pending_deliveries']}, the oldest for {oldest}"))
    if state in ("failing", "disabled", "paused"):
        rows += _way_on(webhook, f"--inbox {found['inbox']['id']}", next_at)
    return [*wrapped(f"events out   {said}", " " * 13), *facts(rows, "  ")]


def _way_on(webhook: Json, own: str, next_at: str | None) -> list[tuple[str, str]]:
    """What to do about a webhook that does not do well, and when something happens by itself."""
    rows = [("next try", ago(next_at))] if next_at else []
    if (webhook.get("reason") or "").startswith("401"):
        told = (
            f"the receiver has another secret (`webhook rotate-secret {own}` makes a new one), or the URL has changed"
        )
        rows.append(("a 401 means", told))
    last = f"deliveries recover {own}" if webhook["state"] == "failing" else f"webhook enable {own}"
    return [*rows, ("to go on now", f"repair the receiver, then `webhook test {own}` and `{last}`")]
