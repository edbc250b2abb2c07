"""What webhooks are owed: seeing it, sending it again, giving it up."""

import argparse
import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, cast

from inboxd.client import ApiError, Client
from inboxd.commands.addressees import Address, Book, add_address, addressed, present, unknown
from inboxd.commands.common import (
    WHEN,
    Commands,
    Stop,
    age,
    ago,
    between,
    client,
    columns,
    facts,
    missing,
    moment_s,
    point,
    say,
    table,
    when_it_goes_out,
    within,
)
from inboxd.config import Config
from inboxd.domain.deliveries import PAGE_LIMIT, SOUGHT
from inboxd.domain.events import EVENTS

Json = dict[str, Any]
_SHORT = 8
_WIDE = 120
"""Columns of a terminal: with fewer there is no room for conversations, attempts and whole times."""
_SEARCHED = 2_000
"""So many of the newest deliveries are looked through for the beginning of an id."""


def add(commands: Commands) -> None:
    """Declare the commands of this module."""
    deliveries = commands.group("deliveries", "what webhooks are owed, what was tried, sending it again")
    found = deliveries.add("list", _list, "list deliveries, the newest first", account=True)
    found.add_argument("--state", choices=SOUGHT, metavar="S", help=", ".join(SOUGHT))
    found.add_argument("--webhook", type=int, metavar="ID", help="owed to this account webhook")
    found.add_argument("--bot", type=int, metavar="ID", help="owed to this agent bot")
    found.add_argument("--inbox", type=int, metavar="ID", help="about this inbox")
    found.add_argument("--conversation", type=int, metavar="N", help="about this conversation")
    found.add_argument("--message", type=int, metavar="ID", help="about this message")
    found.add_argument("--event", choices=sorted(EVENTS), metavar="NAME", help="of this event")
    found.add_argument("--since", type=moment_s, metavar="WHEN", help=f"owed since then: {WHEN}")
    found.add_argument("--limit", type=within(1, 10_000), default=20, metavar="N", help="at most so many (default: 20)")

    show = deliveries.add("show", _show, "a delivery with its attempts", account=True)
    _add_ids(show, one=True)
    show.add_argument("--payload", action="store_true", help="show what is sent, too")
    _add_ids(deliveries.add("resend", _resend, "send deliveries again, under the same ids", account=True))
    _add_ids(deliveries.add("cancel", _cancel, "try deliveries no more", account=True))

    recover = deliveries.add("recover", _recover, "send again all that a webhook did not get", account=True)
    add_address(recover, named=True)
    recover.add_argument("--since", type=moment_s, metavar="WHEN", help=f"only what was owed since then: {WHEN}")
    recover.add_argument("--missing", action="store_true", help="also events of that time that it was never owed")


def _add_ids(parser: argparse.ArgumentParser, *, one: bool = False) -> None:
    about = "a delivery's id, or its first 6 characters and more"
    parser.add_argument("ids", nargs=1 if one else "+", type=_beginning, metavar="ID", help=about)


def _beginning(text: str) -> str:
    """A type of argument: an id or the beginning of one, as ids are spelled."""
    digits = text.replace("-", "").lower()
    if not re.fullmatch(r"[0-9a-f]{6,32}", digits):
        raise argparse.ArgumentTypeError(f"{text!r} is no id of a delivery, nor the first 6 characters of one")
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    return "-".join(part for part in parts if part)


def _newest(desk: Client, size: int, **filters: Any) -> Iterator[Json]:
    before: str | None = None
    while True:
        found, before = desk.deliveries(before=before, limit=size, **filters)
        yield from found
        if before is None:
            return


def _resolve(desk: Client, beginnings: Sequence[str]) -> list[str]:
    """The whole ids. Raises Stop for a beginning that stands for none, or for more than one."""
    known: list[str] = []
    if any(len(one) < 36 for one in beginnings):
        known = [one["id"] for one in islice(_newest(desk, PAGE_LIMIT), _SEARCHED)]
    ids: list[str] = []
    for beginning in beginnings:
        found = [beginning] if len(beginning) == 36 else [one for one in known if one.startswith(beginning)]
        if not found:
            raise Stop(f"none of the newest {_SEARCHED} deliveries begins with {beginning}: give the whole id", 1)
        if len(found) > 1:
            some = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
            raise Stop(f"{len(found)} deliveries begin with {beginning}: {some}", 1)
        ids += found
    return list(dict.fromkeys(ids))


def _list(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk:
        filters = {
            "state": given.state, "webhook_id": _whose(desk, given), "inbox_id": given.inbox, "event": given.event,
            "conversation_id": given.conversation, "message_id": given.message, "since": given.since,
        }  # fmt: skip
        with missing(f"no conversation {given.conversation}"):
            # One more than asked for: whether there are more.
            found = list(islice(_newest(desk, min(PAGE_LIMIT, given.limit + 1), **filters), given.limit + 1))
        _check_places(desk, given, found)
        shown, book = found[: given.limit], Book(desk)
        lines = [] if given.json else _listed(shown, book)
    if len(found) > len(shown):
        lines.append(f"… and older ones: --limit {2 * given.limit}")
    say(given, shown, lines)


def _listed(shown: Sequence[Json], book: Book) -> list[str]:
    if not shown:
        return ["no deliveries"]
    head = ("id", "state", "event", "owed to", "age", "conv.", "attempts", "")
    rows = [
        (
            one["id"][:_SHORT],
            one["state"],
            one["event"],
            book.name(one),
            age(one["created_at"]),
            one["conversation_id"] or "-",
            one["attempt_count"],
            _outlook(one, book),
        )
        for one in shown
    ]
    if columns() < _WIDE:
        return table([(*row[:5], row[-1]) for row in (head, *rows)], 200, fit=True)
    return table([head, *rows], 200, fit=True)


def _whose(desk: Client, given: argparse.Namespace) -> int | None:
    """The number of the webhook whose deliveries are asked for, if some one's are."""
    if given.bot is None:
        return cast(int | None, given.webhook)
    if given.webhook is not None:
        raise Stop("--webhook and --bot: name one of them", 2)
    address = Address(bot_id=given.bot)
    with present(desk, address):
        return cast(int, desk.webhook(**address.where)["id"])


def _check_places(desk: Client, given: argparse.Namespace, found: Sequence[Json]) -> None:
    """Raises Stop for a webhook or inbox that is not there. What a deleted one was owed can be listed."""
    webhook = found[0]["webhook"] if found else None
    if given.webhook is not None and (webhook["kind"] != "account" if webhook else not found):
        address = Address(given.webhook)
        if webhook is not None:
            raise unknown(desk, address)
        with present(desk, address):
            desk.webhook(**address.where)
    if given.inbox is not None and not found and given.inbox not in [one["id"] for one in desk.inboxes()]:
        raise Stop(f"no inbox {given.inbox} (see `inbox list`)", 1)


def _outlook(one: Json, book: Book) -> str:
    """What happens next, or what was wrong at last."""
    error = one["last_error"] if one["state"] != "delivered" else None
    return "; ".join(part for part in (_next(one, book), error) if part)


def _next(one: Json, book: Book) -> str:
    if one["state"] != "pending":
        return ""
    health = book.health(one)
    if health.get("state") == "disabled":
        return "held: webhook disabled"
    if health.get("state") == "off":
        return "held: no URL"
    if health.get("state") == "paused":
        return f"rests, goes on {ago(health['paused_until'])}"
    if one["next_attempt_at"] is None:
        return "waits in line"
    text = ago(one["next_attempt_at"])
    # A time that has passed means that it is due.
    return f"next {text}" if text.startswith("in ") else "next now"


def _show(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk:
        [delivery_id] = _resolve(desk, given.ids)
        with missing(f"no delivery {delivery_id}"):
            found = desk.delivery(delivery_id)
        lines = [*facts(_facts(found, Book(desk))), "", *_attempts(found["attempts"])]
    if given.payload:
        lines += ["", json.dumps(found["payload"], indent=2, ensure_ascii=False)]
    say(given, found, lines)


def _facts(one: Json, book: Book) -> list[tuple[str, str]]:
    places = ("inbox_id", "conversation_id", "message_id")
    about = ", ".join(f"{place[:-3]} {one[place]}" for place in places if one[place])
    state = "; ".join(part for part in (one["state"], _next(one, book)) if part)
    facts = [
        ("delivery", one["id"]),
        ("event", f"{one['event']}, event {one['event_seq']}"),
        ("about", about or "-"),
        ("owed to", _addressee(one, book)),
        ("state", state + (" (sent again by hand)" if one["redelivery"] else "")),
        ("owed", f"{point(one['created_at'])}, {ago(one['created_at'])}"),
    ]
    if one["last_error"]:
        facts.append(("last error", one["last_error"]))
    if one["finished_at"] is not None:
        facts.append(("finished", f"{point(one['finished_at'])}, {ago(one['finished_at'])}"))
    return facts


def _addressee(one: Json, book: Book) -> str:
    return book.name(one) + (f", {one['webhook']['url'] or 'no URL'}" if one["webhook"] else "")


def _attempts(found: Sequence[Json]) -> list[str]:
    """The attempts of a delivery as a table."""
    moment = point if columns() >= _WIDE else ago
    head = ("attempt", "at", "took", "address", "status", "next after", "answer")
    rows = [
        (
            one["number"],
            moment(one["started_at"]),
            f"{one['duration_ms']} ms" if one["duration_ms"] is not None else "-",
            one["address"] or "-",
            status(one),
            between(one["started_at"], one["next_attempt_at"]),
            _answer(one),
        )
        for one in found
    ]
    return table([head, *rows], 200, fit=True) if rows else ["not attempted yet"]


def status(attempt: Json) -> str:
    """The answer's code, the class of the error, or both where the code does not tell what was wrong."""
    code, error = attempt["status_code"], attempt["error_class"]
    parts = [str(code)] if code else []
    if error and not (code and error in ("status", "redirect")):
        parts.append(error)
    return " ".join(parts) or "under way"


def _answer(attempt: Json) -> str:
    """What the receiver said; where its words are not the point, what was wrong."""
    error = attempt["error"] or ""
    return (attempt["excerpt"] or error) if attempt["error_class"] in (None, "status") else error


def _resend(config: Config, given: argparse.Namespace) -> int:
    return _each(config, given, Client.resend, is_sending=True)


def _cancel(config: Config, given: argparse.Namespace) -> int:
    return _each(config, given, Client.cancel, is_sending=False)


def _each(config: Config, given: argparse.Namespace, change: Callable[[Client, str], Json], *, is_sending: bool) -> int:
    """One after the other; one that is refused does not keep the others from it, but is exit code 1."""
    values: list[Json] = []
    lines: list[str] = []
    refused = 0
    with client(config, given.account) as desk:
        book = Book(desk)
        for delivery_id in _resolve(desk, given.ids):
            short = delivery_id[:_SHORT]
            try:
                one = change(desk, delivery_id)
            except ApiError as error:
                if error.status not in (404, 422):
                    raise
                refused += 1
                problem = "no such delivery" if error.status == 404 else error.message
                values.append({"id": delivery_id, "error": problem})
                lines.append(f"{short}  {problem}")
            else:
                values.append(one)
                lines.append(
                    f"{short}  {one['event']} to {_addressee(one, book)}: {_became(one, is_sending=is_sending)}"
                )
        if is_sending and refused < len(values):
            lines += when_it_goes_out(desk)
    say(given, values, lines)
    return 1 if refused else 0


def _became(one: Json, *, is_sending: bool) -> str:
    state: str = one["state"]
    if is_sending:
        return f"{state} again" if state == "pending" else state
    return state if state == "cancelled" else f"stays {state}"


def _recover(config: Config, given: argparse.Namespace) -> None:
    address = addressed(given)
    with client(config, given.account) as desk, present(desk, address):
        done = desk.recover(**address.where, since=given.since, missing=given.missing)
        lines = [f"{done['resent']} sent again"]
        if given.missing:
            lines = [f"{lines[0]}, {done['replayed']} owed for the first time"]
        if done["resent"] or done["replayed"]:
            lines += when_it_goes_out(desk)
    say(given, done, lines)
