"""Webhooks: who is told of events, and how they do."""

import argparse
from typing import Any

from inboxd.client import Client
from inboxd.commands.common import (
    Commands,
    LocalClient,
    Stop,
    ago,
    client,
    duration_s,
    missing,
    say,
    table,
    when_it_goes_out,
    words,
)
from inboxd.commands.deliveries import attempts, status
from inboxd.config import Config
from inboxd.domain.webhooks import ORDERINGS

Json = dict[str, Any]


def add(commands: Commands) -> None:
    """Declare the commands of this module."""
    webhook = commands.group("webhook", "who is told of events, and how they do")
    webhook.add("list", _list, "list the webhooks of the account and of its inboxes", account=True)
    create = webhook.add("create", _create, "subscribe a URL; the secret is shown once", account=True)
    create.add_argument("--url", required=True, help="where events go")
    create.add_argument("--name", help="what it is for")
    create.add_argument("--subscribe", type=words, metavar="A,B", help="these events (default: the usual eight)")
    create.add_argument(
        "--ordering",
        choices=ORDERINGS,
        metavar="HOW",
        help="conversation: one event of a conversation after the other (default); none: each when it can",
    )
    create.add_argument(
        "--exclude-own", action="store_true", help="leave out messages written with the token that makes it"
    )
    create.add_argument(
        "--header", type=_header, action="append", metavar="'K: V'", help="send this header too; repeatable"
    )
    test = webhook.add("test", _test, "send a test event now; exit code 0 when it is delivered", account=True)
    _add_webhook(test)
    enable = webhook.add("enable", _enable, "deliver again to one that is disabled or rests", account=True)
    _add_webhook(enable)
    enable.add_argument("--skip", action="store_true", help="cancel what is pending instead of sending it now")
    rotate = webhook.add("rotate-secret", _rotate_secret, "make a new secret; it is shown once", account=True)
    _add_webhook(rotate)
    rotate.add_argument(
        "--overlap", type=duration_s, metavar="TIME", help="how long the old one signs too, say 24h (default) or 0s"
    )
    delete = webhook.add("delete", _delete, "delete an account webhook; what it was owed is cancelled", account=True)
    delete.add_argument("id", type=int, metavar="ID")


def _add_webhook(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("id", type=int, nargs="?", metavar="ID", help="an account webhook")
    group.add_argument("--inbox", type=int, metavar="ID", help="the webhook of an inbox")


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise argparse.ArgumentTypeError("a header is a name, a colon and a value")
    return name.strip(), value.strip()


def _named(given: argparse.Namespace) -> str:
    return f"webhook {given.id}" if given.inbox is None else f"the webhook of inbox {given.inbox}"


def _unknown(given: argparse.Namespace) -> str:
    if given.inbox is not None:
        return f"no inbox {given.inbox}"
    return f"no account webhook {given.id}; that of an inbox goes by --inbox ID (see `webhook list`)"


def _all(desk: Client) -> list[Json]:
    """Those of the account, then those of inboxes that have a URL, each with its kind."""
    found = [{"kind": "account", **one} for one in desk.webhooks()]
    inboxes = [one["id"] for one in desk.inboxes() if one["webhook_url"]]
    return found + [{"kind": "inbox", **desk.inbox_webhook(inbox_id)} for inbox_id in inboxes]


def _list(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk:
        found = _all(desk)
    head = ("id", "kind", "inbox", "url", "state", "paused until", "reason")
    rows = []
    for one in found:
        health, inbox = one["health"], one.get("inbox")
        until = ago(health.get("paused_until")) if health["state"] == "paused" else "-"
        place = f"{inbox['id']} {inbox['name'][:20]}" if inbox else "-"
        rows.append((one["id"], one["kind"], place, one["url"], health["state"], until, health.get("reason") or ""))
    say(given, found, table([head, *rows], 45, fit=True) if rows else ["no webhooks"])


def _create(config: Config, given: argparse.Namespace) -> None:
    headers = dict(given.header or [])
    if len(headers) < len(given.header or []):
        raise Stop("a header is given twice", 2)
    with client(config, given.account) as desk:
        if given.exclude_own and isinstance(desk, LocalClient):
            raise Stop("--exclude-own goes by the token that makes the webhook: it needs the server to run", 2)
        made = desk.create_webhook(
            given.url,
            subscriptions=given.subscribe,
            name=given.name,
            ordering=given.ordering,
            exclude_own=given.exclude_own or None,
            headers=headers or None,
        )
    rows = [("id", made["id"]), ("url", made["url"]), ("events", ", ".join(made["subscriptions"]))]
    rows += [("headers", ", ".join(made["headers"]))] if made["headers"] else []
    rows.append(("secret", made["secret"]))
    say(given, made, [*table(rows, 500), "The secret is shown this once."])


def _test(config: Config, given: argparse.Namespace) -> int:
    with client(config, given.account) as desk, missing(_unknown(given)):
        outcome = desk.test_webhook(given.id, inbox_id=given.inbox)
    delivered: bool = outcome["state"] == "delivered"
    last = outcome["attempts"][-1] if outcome["attempts"] else None
    if delivered and last:
        lines = [f"delivered to {outcome['webhook']['url']}: {status(last)} after {last['duration_ms']} ms"]
    else:
        lines = [f"not delivered: {outcome['last_error'] or outcome['state']}", "", *attempts(outcome["attempts"])]
    say(given, outcome, lines)
    return 0 if delivered else 1


def _enable(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk, missing(_unknown(given)):
        webhook = desk.enable_webhook(given.id, inbox_id=given.inbox, skip=given.skip)
        if given.skip:
            lines = [f"{_named(given)} is enabled; what was pending is cancelled"]
        else:
            lines = [f"{_named(given)} is enabled; what is pending goes out", *when_it_goes_out(desk)]
    say(given, webhook, lines)


def _rotate_secret(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk, missing(_unknown(given)):
        webhook = desk.rotate_secret(given.id, inbox_id=given.inbox, overlap_s=given.overlap)
    until = webhook["previous_secret_until"]
    lines = [f"the secret of {_named(given)}: {webhook['secret']}", "It is shown this once."]
    lines.append("The old one signs no more." if until is None else f"The old one signs too until {until}.")
    say(given, webhook, lines)


def _delete(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk, missing(f"no account webhook {given.id} (see `webhook list`)"):
        desk.delete_webhook(given.id)
    say(given, {"id": given.id, "deleted": True}, [f"webhook {given.id} is deleted; what it was owed is cancelled"])
