"""API inboxes, and how one does."""

import argparse
from typing import Any

from inboxd.commands.common import Commands, LocalClient, ago, client, missing, say, span, table
from inboxd.config import Config

_SHOWN = 5
"""Refused requests that are shown."""


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
    say(given, value, table(list(value.items())))


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
    inbox = found["inbox"]
    say(given, found, [
        f"inbox {inbox['id']}, {inbox['name']}, identifier {inbox['identifier']}",
        "",
        *_messages_in(found, is_running=is_running),
        "",
        *_events_out(found),
    ])  # fmt: skip


def _messages_in(found: dict[str, Any], *, is_running: bool) -> list[str]:
    last, refused = found["last_message_in"], found["refused"]
    came = f"the last came {ago(last['at'])} (message {last['id']})" if last else "none has ever come"
    if not is_running:
        came += "; no server runs, so none can come now"
    elif not refused:
        came += "; no request was refused since the server started"
    lines = [f"messages in  {came}"]
    if refused:
        lines.append("  refused: of this inbox, and what may have been meant for it")
        rows = [(ago(one["at"]), one["reason"], f"{one['method']} {one['route']}") for one in refused[:_SHOWN]]
        lines += table(rows, 100, fit=True, indent="  ")
    if len(refused) > _SHOWN:
        lines.append(f"  … and {len(refused) - _SHOWN} more, with --json")
    return lines


def _events_out(found: dict[str, Any]) -> list[str]:
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
    if state in ("disabled", "paused"):
        own = f"--inbox {found['inbox']['id']}"
        rows.append(("to go on now", f"repair the receiver, then `webhook test {own}` and `webhook enable {own}`"))
    return [f"events out   {said}", *table(rows, 500, indent="  ")]
