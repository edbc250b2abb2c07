"""Webhooks: who is told of events, and how they do."""

import argparse
from typing import Any

from inboxd.commands.addressees import Address, add_address, addressed, everyone, present
from inboxd.commands.common import (
    Commands,
    LocalClient,
    Stop,
    client,
    duration_s,
    events,
    facts,
    missing,
    point,
    say,
    table,
    when_it_goes_out,
    wrapped,
)
from inboxd.commands.deliveries import status
from inboxd.config import Config
from inboxd.domain.webhooks import ORDERINGS

Json = dict[str, Any]


def add(commands: Commands) -> None:
    """Declare the commands of this module."""
    webhook = commands.group("webhook", "who is told of events, and how they do")
    webhook.add("list", _list, "list the webhooks of the account, of its inboxes and of its agent bots", account=True)
    create = webhook.add("create", _create, "subscribe a URL; the secret is shown once", account=True)
    create.add_argument("--url", required=True, help="where events go")
    create.add_argument("--name", help="what it is for")
    create.add_argument("--subscribe", type=events, metavar="A,B", help="these events (default: the usual eight)")
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
    add_address(test)
    enable = webhook.add("enable", _enable, "deliver again to one that is disabled or rests", account=True)
    add_address(enable)
    enable.add_argument("--skip", action="store_true", help="cancel what is pending instead of sending it now")
    rotate = webhook.add("rotate-secret", _rotate_secret, "make a new secret; it is shown once", account=True)
    add_address(rotate)
    rotate.add_argument(
        "--overlap", type=duration_s, metavar="TIME", help="how long the old one signs too, say 24h (default) or 0s"
    )
    delete = webhook.add("delete", _delete, "delete an account webhook; what it was owed is cancelled", account=True)
    delete.add_argument("id", type=int, metavar="ID")


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise argparse.ArgumentTypeError("a header is a name, a colon and a value")
    return name.strip(), value.strip()


def _list(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk:
        found = list(everyone(desk))
    head = ("webhook", "name", "url", "state", "goes on", "reason")
    rows = [head]
    for address, one in found:
        health = one["health"]
        until = point(health["paused_until"]) if health["state"] == "paused" else ""
        name = one["name"] or (one.get("agent_bot") or one.get("inbox") or one)["name"] or ""
        rows.append((address.name, name[:20], one["url"], health["state"], until, health.get("reason") or ""))
    kept = [column for column in range(len(head)) if any(row[column] for row in rows[1:])]
    lines = table([[row[column] for column in kept] for row in rows], 200, fit=True)
    say(given, [{**one, "address": address.name} for address, one in found], lines if found else ["no webhooks"])


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
    say(given, made, [*facts(rows), "The secret is shown this once."])


def _test(config: Config, given: argparse.Namespace) -> int:
    address = addressed(given)
    with client(config, given.account) as desk, present(desk, address):
        outcome = desk.test_webhook(**address.where)
        state = desk.webhook(**address.where)["health"]["state"]
    delivered: bool = outcome["state"] == "delivered"
    last = outcome["attempts"][-1] if outcome["attempts"] else None
    if delivered and last:
        lines = wrapped(f"delivered to {outcome['webhook']['url']}: {status(last)} after {last['duration_ms']} ms")
    else:
        lines = [*wrapped(f"not delivered: {outcome['last_error'] or outcome['state']}"), *_failure(outcome, last)]
    if state in ("disabled", "paused"):
        is_what = "is disabled" if state == "disabled" else "rests"
        lines += wrapped(f"{address.name} {is_what}: real deliveries still wait for `webhook enable {address.flag}`")
    say(given, outcome, lines)
    return 0 if delivered else 1


def _failure(outcome: Json, last: Json | None) -> list[str]:
    """Where it was sent, and what came back beside the status."""
    rows = [("to", outcome["webhook"]["url"])]
    if last:
        took = f"{status(last)} after {last['duration_ms']} ms" + (f", {last['address']}" if last["address"] else "")
        rows += [("attempt", took), *([("answer", last["excerpt"])] if last["excerpt"] else [])]
    return facts(rows, "  ")


def _enable(config: Config, given: argparse.Namespace) -> None:
    address = addressed(given)
    with client(config, given.account) as desk, present(desk, address):
        before = desk.webhook(**address.where)["health"]["state"]
        webhook = desk.enable_webhook(**address.where, skip=given.skip)
        later = when_it_goes_out(desk)
    say(given, webhook, _enabled(address, before, webhook["owed"], later, skip=given.skip))


def _enabled(address: Address, before: str, owed: int, later: list[str], *, skip: bool) -> list[str]:
    if before == "off":
        return [f"{address.name} has no URL: nothing goes out until it has one"]
    if not owed:
        was = f"{address.name} was enabled already" if before in ("ok", "failing") else f"{address.name} is enabled"
        return [f"{was}; nothing waits for it"]
    count = "1 delivery" if owed == 1 else f"{owed} deliveries"
    if skip:
        return [f"{address.name} is enabled; {count} cancelled"]
    return [f"{address.name} is enabled; {count} to go out", *later]


def _rotate_secret(config: Config, given: argparse.Namespace) -> None:
    address = addressed(given)
    with client(config, given.account) as desk, present(desk, address):
        webhook = desk.rotate_secret(**address.where, overlap_s=given.overlap)
    until = webhook["previous_secret_until"]
    lines = [f"the secret of {address.name}: {webhook['secret']}", "It is shown this once."]
    lines.append("The old one signs no more." if until is None else f"The old one signs too until {point(until)}.")
    say(given, webhook, lines)


def _delete(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk, missing(f"no account webhook {given.id} (see `webhook list`)"):
        desk.delete_webhook(given.id)
    say(given, {"id": given.id, "deleted": True}, [f"webhook {given.id} is deleted; what it was owed is cancelled"])
