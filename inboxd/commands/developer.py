"""For who writes a receiver of webhooks: see them, check them, have them brought along."""

import argparse
import json
import os
import queue
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from inboxd.client import Client, Unreachable
from inboxd.commands.common import Commands, Stop, facts, missing, say, token, types, within
from inboxd.config import Config
from inboxd.domain.text import clean_line
from inboxd.store.directory import NotInitialised, StoreInUse

_SEEN = (
    "`seen` is new for an id that comes for the first time, again for one that came before but was not handled "
    "(answered 2xx), and repeat for one that was: your own receiver would answer it 2xx and do nothing."
)
_CURSORS = (
    "Another --forward, --inbox or --types has a cursor and a secret of its own. Operational events (webhook.failing "
    "and its like) are relayed when --types names them."
)


def add(commands: Commands) -> None:
    """Declare the commands of this module."""
    receiver = commands.add(
        "receiver", _receiver, "receive webhooks, check and show them, fail on demand", has_settings=False, more=_SEEN
    )
    receiver.add_argument("--port", type=within(0, 65_535), default=9000, help="on 127.0.0.1 (default: 9000)")
    _add_secret(receiver, "of the webhook; without one signatures are not checked")
    receiver.add_argument(
        "--accept-bad", action="store_true", help="answer as told also when the signature is bad (default: 401 then)"
    )
    seconds = within(0, 86_400, float)
    ending = receiver.add_mutually_exclusive_group()
    ending.add_argument("--status", type=within(200, 599), default=200, metavar="CODE", help="answer this (200)")
    ending.add_argument("--reset", action="store_true", help="reset the connection instead of answering")
    receiver.add_argument("--times", type=within(1, 10**9), metavar="N", help="only the first N requests, then 200")
    receiver.add_argument("--delay", type=seconds, default=0, metavar="SECONDS", help="wait before answering")
    receiver.add_argument("--drip", type=seconds, default=0, metavar="SECONDS", help="wait between bytes of the answer")
    receiver.add_argument("--retry-after", type=within(0, 10**9), metavar="SECONDS", help="send this header too")
    receiver.add_argument("--save", type=Path, metavar="DIR", help="keep each request as a file for `verify`")

    verify = commands.add("verify", _verify, "check the signatures of one captured request", has_settings=False)
    verify.add_argument("file", metavar="FILE", help="request line, headers, blank line, exact body; - is stdin")
    _add_secret(verify, "of the webhook", required=True)
    verify.add_argument("--any-age", action="store_true", help="do not mind when it was sent")

    about = "relay events to a local program that has no public address"
    listen = commands.add("listen", _listen, about, account=True, more=_CURSORS)
    listen.add_argument("--forward", required=True, metavar="URL", help="where your program takes webhooks")
    listen.add_argument("--url", help="the server, with its token in INBOXD_TOKEN (default: the one that runs here)")
    listen.add_argument("--inbox", type=int, metavar="ID", help="only events of this inbox")
    listen.add_argument("--types", type=types, default=[], metavar="A,B", help="only these events")
    listen.add_argument(
        "--after", type=within(0, 2**53 - 1), metavar="SEQ", help="begin behind this event; 0: with the oldest kept"
    )
    listen.add_argument("--cursor", type=Path, metavar="FILE", help="its memory (default: in ~/.local/state/inboxd)")
    _add_secret(listen, "to sign with (default: one is made, shown once and kept with the cursor)")


def _add_secret(parser: argparse.ArgumentParser, about: str, *, required: bool = False) -> None:
    group = parser.add_mutually_exclusive_group(required=required)
    group.add_argument("--secret", metavar="S", help=f"the secret {about}")
    group.add_argument("--secret-file", metavar="FILE", help="a file with the secret, which `ps` does not show")


def _secret(given: argparse.Namespace) -> str | None:
    """The secret of --secret or --secret-file."""
    from inboxd.verify import BadSecret, check_secret

    secret: str | None = given.secret
    try:
        if given.secret_file is not None:
            secret = Path(given.secret_file).read_text().strip()
        if secret is not None:
            check_secret(secret)
    except OSError as error:
        raise Stop(f"{given.secret_file}: {error.strerror}", 2) from None
    except (BadSecret, UnicodeDecodeError) as error:
        raise Stop(str(error) if isinstance(error, BadSecret) else f"{given.secret_file}: is no text", 2) from None
    return secret.removeprefix("whsec_") if secret is not None else None


def _receiver(config: Config, given: argparse.Namespace) -> None:
    from inboxd.receiver import HEAD, Behaviour, Received, Receiver, as_json, lines

    # Written by the threads of connections and by the signal, printed by this one.
    said: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: said.put(None))

    def show(got: Received) -> None:
        said.put([json.dumps(as_json(got))] if given.json else lines(got))

    behaviour = Behaviour(given.status, given.times, given.delay, given.drip, given.reset, given.retry_after)
    secret = _secret(given)
    try:
        receiver = Receiver(
            given.port,
            secret=secret,
            behaviour=behaviour,
            save=given.save,
            accept_bad=given.accept_bad,
            show=show,
            begin=lambda got: None if given.json else show(got),
        )
    except OSError as error:
        place = error.filename or f"127.0.0.1:{given.port}"
        raise Stop(f"cannot receive: {place}: {os.strerror(error.errno or 0)}", 1) from None
    try:
        if given.json:
            print(json.dumps({"url": receiver.url}), flush=True)
        else:
            print(f"Receiving webhooks on {receiver.url}; Ctrl-C ends it.\n\n{HEAD}", flush=True)
        while (shown := said.get()) is not None:
            print("\n".join(shown), flush=True)
    finally:
        receiver.close()
    tally = receiver.tally
    checked = f"{tally.bad} with a bad signature" if secret is not None else "signatures not checked"
    value = {"received": tally.received, "distinct": tally.distinct, "bad": tally.bad if secret is not None else None}
    say(given, value, ["", f"{tally.received} received, {tally.distinct} distinct, {checked}"])


def _verify(config: Config, given: argparse.Namespace) -> int:
    from inboxd.verify import FILE_LIMIT, Unreadable, judge, parse, report

    secret = _secret(given) or ""
    try:
        with ExitStack() as opened:
            file = sys.stdin.buffer if given.file == "-" else opened.enter_context(Path(given.file).open("rb"))
            capture = parse(file.read(FILE_LIMIT + 1))
    except OSError as error:
        raise Stop(f"{given.file}: {error.strerror}", 2) from None
    except Unreadable as error:
        raise Stop(f"{given.file}: {error}", 2) from None
    now = time.time()
    verdict = judge(secret, capture, now, any_age=given.any_age)
    rows = report(capture, verdict, now)
    say(given, {"genuine": verdict.genuine, **dict(rows)}, facts(rows))
    return 0 if verdict.genuine else 1


def _listen(config: Config, given: argparse.Namespace) -> int:
    from inboxd.delivery.sender import Sender
    from inboxd.listen import EVERYWHERE, BadStart, Cursor, Relay, Source, check_url, state_folder

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    relay: Relay | None = None
    try:
        with ExitStack() as opened:
            forward, secret = check_url(given.forward), _secret(given)
            server, access = _server(config, check_url(given.url) if given.url else None)
            client = Client(server, access, account_id=given.account, retries=0)
            opened.callback(client.close)
            _check_feed(client, given)
            source = Source(server, given.account, forward, given.inbox, given.types)
            cursor = Cursor(given.cursor or state_folder() / source.name, source)
            opened.callback(cursor.close)
            sender = Sender(EVERYWHERE)
            opened.callback(sender.close)
            print(
                f"relaying {source.feed} to {clean_line(forward)}; times are UTC, Ctrl-C ends it",
                file=sys.stderr,
                flush=True,
            )
            if not (secret or cursor.secret):
                made = cursor.new_secret()
                say(given, {"secret": made, "cursor": str(cursor.path)}, [
                    f"signed with the secret {made}", f"It is shown this once and kept in {cursor.path}."
                ])  # fmt: skip
                sys.stdout.flush()
            relay = Relay(
                client,
                sender,
                source,
                cursor,
                secret=secret or cursor.secret,
                after=given.after,
                show=lambda done: _relayed(given, done),
                tell=lambda text: print(f"inboxd: {clean_line(text)}", file=sys.stderr, flush=True),
            )
            while True:
                relay.step()
    except BadStart as error:
        raise Stop(str(error), 2) from None
    except KeyboardInterrupt:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
    count, seq = (relay.count, relay.seq) if relay is not None else (0, None)
    where = f", up to event {seq}" if seq is not None else ""
    say(given, {"relayed": count, "seq": seq}, [f"{count} events relayed{where}"])
    return 0


def _check_feed(client: Client, given: argparse.Namespace) -> None:
    """What the server refuses for good is said before anything is made; one that is away is waited for later."""
    try:
        with missing(f"no account {given.account}"):
            client.newest_seq()
        if given.inbox is not None:
            with missing(f"no inbox {given.inbox}"):
                client.call("GET", f"/inboxes/{given.inbox}")
    except Unreachable:
        return


def _server(config: Config, url: str | None) -> tuple[str, str]:
    """The address of a server and a token for it; the one of this data directory unless another is named."""
    if url:
        if not config.token:
            # Never the token file: it opens the server here and is nobody else's business.
            raise Stop("set INBOXD_TOKEN to a token of that server", 2)
        return url, config.token
    if not (config.directory / "inboxd.sqlite3").exists():
        raise NotInitialised
    from inboxd.app import App

    try:
        App(config).close()
    except StoreInUse as error:
        if not error.owner.get("url"):
            raise
        return error.owner["url"], token(config)
    raise Stop(f"no server runs on {config.data_dir}: start one with `serve`, or name one with --url", 2)


def _relayed(given: argparse.Namespace, done: Any) -> None:
    """The line about an event that was relayed."""
    from inboxd.receiver import describe, subject

    outcome = done.outcome
    value = {
        "seq": done.seq,
        "webhook_id": done.delivery_id,
        "event": subject(done.payload)[0],
        "status": outcome.status_code,
        "duration_ms": outcome.duration_ms,
    }
    at = time.strftime("%H:%M:%S", time.gmtime())
    line = f"{at}  {done.seq:>6}  {outcome.status_code}  {outcome.duration_ms:>5} ms  {describe(done.payload)}"
    say(given, value, [clean_line(line, 100)])
    sys.stdout.flush()
