"""The command line. Exit codes: 0 done, 1 it failed, 2 it was asked wrongly.

While a server runs on the data directory commands go through it; otherwise they run the same
application in this process. Never both: the directory has one owner.
"""

import argparse
import json
import logging
import math
import os
import queue
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from inboxd import config as settings
from inboxd.api.server import Server
from inboxd.app import App, NotInitialised
from inboxd.client import ApiError, Client, Unreachable
from inboxd.config import BadConfig, Config
from inboxd.domain.errors import Failure
from inboxd.domain.text import clean, clean_line
from inboxd.local import session
from inboxd.store.db import BadDatabase, StoreInUse
from inboxd.store.migrations import SchemaTooNew
from inboxd.version import __version__

TOKEN_FILE = "admin.token"  # noqa: S105 - a file name
_EMAIL = "admin@inboxd.local"


class _Formatter(logging.Formatter):
    """Log lines that cannot steer a terminal, whatever foreign text is in them or their tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))


class Stop(Exception):
    """Ends the command with one line on stderr and an exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def main(arguments: Sequence[str] | None = None) -> int:
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.run is None:
        parser.print_help()
        return 2
    try:
        file = given.config or os.environ.get("INBOXD_CONFIG")
        config, origins = settings.load(vars(given), path=Path(file) if file else None)
        return int(given.run(config, given, origins) or 0)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing may be flushed into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        known = _in_words(error)
        if known is None:
            raise
        print(f"inboxd: {clean_line(known[0])}", file=sys.stderr)
        return known[1]


def _in_words(error: Exception) -> tuple[str, int] | None:
    """The one line and the exit code for what can go wrong; None for a defect of ours."""
    if isinstance(error, Stop):
        return str(error), error.code
    if isinstance(error, BadConfig | NotInitialised | StoreInUse):
        return str(error), 2
    if isinstance(error, ApiError) and error.status == 401:
        return f"{error.message}: is the token in INBOXD_TOKEN or {TOKEN_FILE} revoked? (see README, Lost token)", 1
    if isinstance(error, OSError):
        return ": ".join(str(part) for part in (error.filename, error.strerror or error) if part), 1
    return (str(error), 1) if isinstance(error, SchemaTooNew | BadDatabase | Failure | ApiError | Unreachable) else None


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    common.add_argument(
        "--config", metavar="FILE", help="settings file (default: INBOXD_CONFIG, else ./inboxd.toml if it is there)"
    )
    group = common.add_argument_group("settings", "each is also an INBOXD_* variable and a key of inboxd.toml")
    for setting in settings.SETTINGS:
        if not setting.metadata["secret"]:
            group.add_argument(
                settings.flag(setting.name),
                dest=setting.name,
                metavar="…",
                help=setting.metadata["about"].replace("%", "%%"),
            )
    answers = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    answers.add_argument("--json", action="store_true", help="answer with JSON")

    parser = argparse.ArgumentParser(description="The API channel of a support desk, alone.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"inboxd {__version__}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(metavar="COMMAND")

    def command(into: Any, name: str, run: Callable[..., Any], about: str, *, json_too: bool = True) -> Any:
        parents = [common, answers] if json_too else [common]
        made = into.add_parser(name, parents=parents, help=about, description=about, allow_abbrev=False)
        made.set_defaults(run=run)
        return made

    def group_of(name: str, about: str) -> Any:
        return commands.add_parser(name, help=about, description=about).add_subparsers(metavar="ACTION", required=True)

    command(commands, "demo", _demo, "walk the main job on a temporary server", json_too=False)
    command(commands, "serve", _serve, "run the server; an empty data directory is initialised first", json_too=False)
    init = command(commands, "init", _init, "make account 1 and its administrator")
    init.add_argument("--email", default=_EMAIL, help=f"the administrator's e-mail (default: {_EMAIL})")
    command(commands, "config", _config, "show every setting and where it came from")

    inbox = group_of("inbox", "API inboxes")
    create = command(inbox, "create", _inbox_create, "create an API inbox")
    create.add_argument("--name", required=True)
    create.add_argument("--webhook-url", help="where replies and events go")
    command(inbox, "list", _inbox_list, "list inboxes")

    token = group_of("token", "access tokens")
    create = command(token, "create", _token_create, "make a token; it is shown once")
    create.add_argument("--email", help="whose token (default: the caller's own)")
    create.add_argument("--name", default="", help="what it is for")
    command(token, "list", _token_list, "list tokens, without the tokens")
    revoke = command(token, "revoke", _token_revoke, "revoke a token")
    revoke.add_argument("id", type=int)

    user = group_of("user", "agents and administrators")
    create = command(user, "create", _user_create, "add somebody to the account, with a token")
    create.add_argument("--email", required=True)
    create.add_argument("--name")
    create.add_argument("--role", choices=("administrator", "agent"), default="agent")
    create.add_argument(
        "--inbox", type=int, action="append", default=[], metavar="ID", help="an inbox an agent works in; repeatable"
    )
    command(user, "list", _user_list, "list the people of the account")

    account = group_of("account", "accounts")
    command(account, "create", _account_create, "create an account").add_argument("--name", required=True)
    listen = _developer_commands(commands, command)
    for one in (*inbox.choices.values(), *token.choices.values(), *user.choices.values(), listen):
        one.add_argument("--account", type=int, default=1, metavar="ID", help="account (default: 1)")
    return parser


def _developer_commands(commands: Any, command: Callable[..., Any]) -> Any:
    """The three for who writes a receiver of webhooks; returns the parser of `listen`."""
    receiver = command(commands, "receiver", _receiver, "receive webhooks, check and show them, fail on demand")
    receiver.add_argument("--port", type=_within(0, 65_535), default=9000, help="on 127.0.0.1 (default: 9000)")
    _add_secret(receiver, "of the webhook; without one signatures are not checked")
    seconds = _within(0, 86_400, float)
    ending = receiver.add_mutually_exclusive_group()
    ending.add_argument("--status", type=_within(200, 599), default=200, metavar="CODE", help="answer this (200)")
    ending.add_argument("--reset", action="store_true", help="reset the connection instead of answering")
    receiver.add_argument("--times", type=_within(1, 10**9), metavar="N", help="only the first N requests, then 200")
    receiver.add_argument("--delay", type=seconds, default=0, metavar="SECONDS", help="wait before answering")
    receiver.add_argument("--drip", type=seconds, default=0, metavar="SECONDS", help="wait between bytes of the answer")
    receiver.add_argument("--retry-after", type=_within(0, 10**9), metavar="SECONDS", help="send this header too")
    receiver.add_argument("--save", type=Path, metavar="DIR", help="keep each request as a file for `verify`")

    verify = command(commands, "verify", _verify, "check the signatures of one captured request")
    verify.add_argument("file", metavar="FILE", help="request line, headers, blank line, exact body; - is stdin")
    _add_secret(verify, "of the webhook", required=True)
    verify.add_argument("--any-age", action="store_true", help="do not mind when it was sent")

    listen = command(commands, "listen", _listen, "relay events to a local program that has no public address")
    listen.add_argument("--forward", required=True, metavar="URL", help="where your program takes webhooks")
    listen.add_argument("--url", help="the server, with its token in INBOXD_TOKEN (default: the one that runs here)")
    listen.add_argument("--inbox", type=int, metavar="ID", help="only events of this inbox")
    listen.add_argument("--types", default="", metavar="A,B", help="only these events")
    listen.add_argument(
        "--after", type=_within(0, 2**53 - 1), metavar="SEQ", help="begin behind this event; 0: with the oldest kept"
    )
    listen.add_argument("--cursor", type=Path, metavar="FILE", help="its memory (default: in ~/.local/state/inboxd)")
    _add_secret(listen, "to sign with (default: one is made, shown once and kept with the cursor)")
    return listen


def _add_secret(parser: argparse.ArgumentParser, about: str, *, required: bool = False) -> None:
    group = parser.add_mutually_exclusive_group(required=required)
    group.add_argument("--secret", metavar="S", help=f"the secret {about}")
    group.add_argument("--secret-file", metavar="FILE", help="a file with the secret, which `ps` does not show")


def _within(least: int, most: int, kind: Callable[[str], float] = int) -> Callable[[str], float]:
    """A type of argument that says what it takes."""

    def number(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
        return value

    return number


@contextmanager
def _client(config: Config, account_id: int) -> Iterator[Client]:
    """A client of the running server, or of the application in this process when none runs."""
    if not (config.directory / "inboxd.sqlite3").exists():
        raise NotInitialised
    try:
        app = App(config)
    except StoreInUse as error:
        url = error.owner.get("url")
        if not url:
            raise
        client = Client(url, _token(config), account_id=account_id)
        try:
            yield client
        finally:
            client.close()
        return
    try:
        if not app.is_initialised:
            raise NotInitialised
        app.open_links(config.public_url or f"http://{config.listen}")
        yield Client("http://inboxd.local", "", account_id=account_id, session=session(app.wsgi, trusted=True))
    finally:
        app.close()


@contextmanager
def _missing(message: str) -> Iterator[None]:
    """A 404 in the words of the command."""
    try:
        yield
    except ApiError as error:
        if error.status == 404:
            raise Stop(message, 1) from None
        raise


def _token(config: Config) -> str:
    if config.token:
        return config.token
    path = config.directory / TOKEN_FILE
    try:
        if path.stat().st_mode & 0o077:
            raise Stop(f"{path} can be read by others: chmod 600 {path}", 2)
        return path.read_text().strip()
    except FileNotFoundError:
        raise Stop(f"the server is running: set INBOXD_TOKEN (there is no {path})", 2) from None


def _say(given: argparse.Namespace, value: Any, lines: Sequence[str]) -> None:
    """`value` for programs, `lines` for people; neither can steer a terminal."""
    if given.json:
        print(json.dumps(value))
    else:
        print("\n".join(clean(line) for line in lines))


def _table(rows: Sequence[Sequence[Any]], limit: int = 60) -> list[str]:
    cells = [[clean_line(str(cell), limit) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _initialise(app: App, email: str) -> dict[str, Any]:
    made = app.initialise(email)
    path = app.config.directory / TOKEN_FILE
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(made["admin"]["access_token"] + "\n")
    return made


def _init(config: Config, given: argparse.Namespace, _: Any) -> None:
    app = App(config)
    try:
        if app.is_initialised:
            raise Stop(f"{config.data_dir} is initialised already", 2)
        made = _initialise(app, given.email)
    finally:
        app.close()
    admin = made["admin"]
    _say(given, made, [
        f"account {made['account_id']}, administrator {admin['email']}",
        f"access token: {admin['access_token']}",
        f"It is shown this once and kept in {config.directory / TOKEN_FILE} for the command line.",
    ])  # fmt: skip


def _serve(config: Config, given: argparse.Namespace, _: Any) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=config.log_level.upper(), handlers=[handler])
    _raise_descriptor_limit()
    app = App(config)
    try:
        server = _bound(app)
        made = None if app.is_initialised else _initialise(app, _EMAIL)
        app.start(server)
        for number in (signal.SIGTERM, signal.SIGINT):
            # Python leaves TERM deadly; both mean an orderly stop here.
            signal.signal(number, lambda *_: server.stop())
        if made is not None:
            print("\n".join(_welcome(config, server.url, made["admin"]["access_token"])))
        print(f"inboxd {__version__} listening on {server.url}", flush=True)
        server.run()
    finally:
        app.close()


def _bound(app: App) -> Server:
    """The listening server, before anything is made that is shown only once."""
    try:
        return app.bind()
    except OSError as error:
        raise Stop(
            f"cannot listen on {app.config.listen}: {os.strerror(error.errno or 0)}; choose another with --listen", 1
        ) from None


def _raise_descriptor_limit() -> None:
    """A thousand connections and the database do not fit into the usual 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(8192, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _welcome(config: Config, url: str, token: str) -> list[str]:
    """What a new administrator needs: the token, and three lines to a first message."""
    account = f"{url}/api/v1/accounts/1"
    head = f"curl -H 'api_access_token: {token}' -H 'Content-Type: application/json'"
    channel = '{"name":"My first inbox","channel":{"type":"api"}}'
    contact = '{"name":"Ann","inbox_id":1,"source_id":"ann-1"}'
    message = '{"source_id":"ann-1","message":{"content":"hello","message_type":"incoming"}}'
    return [
        f"A new data directory: {config.directory.resolve()}",
        f"Administrator {_EMAIL}, access token: {token}",
        f"It is shown this once and kept in {config.directory / TOKEN_FILE} for the command line.",
        "",
        "From here to a first message:",
        f"  {head} {account}/inboxes -d '{channel}'",
        f"  {head} {account}/contacts -d '{contact}'",
        f"  {head} {account}/conversations -d '{message}'",
        "",
    ]


def _demo(config: Config, given: argparse.Namespace, _: Any) -> int:
    from inboxd.demo import walk

    return walk(sys.stdout)


def _config(config: Config, given: argparse.Namespace, origins: dict[str, str]) -> None:
    shown = {}
    for setting in settings.SETTINGS:
        value = getattr(config, setting.name)
        if setting.name == "data_dir":
            value = str(config.directory.resolve())
        if setting.metadata["secret"] and value:
            value = "********"
        shown[setting.name] = {"value": value, "from": origins[setting.name]}
    rows = [(name, one["value"] if one["value"] != "" else "-", one["from"]) for name, one in shown.items()]
    _say(given, shown, _table(rows))


def _inbox_create(config: Config, given: argparse.Namespace, _: Any) -> None:
    with _client(config, given.account) as client:
        made = client.create_inbox(given.name, webhook_url=given.webhook_url)
    value = {key: made[key] for key in ("id", "inbox_identifier", "hmac_token", "secret")}
    _say(given, value, _table(list(value.items())))


def _inbox_list(config: Config, given: argparse.Namespace, _: Any) -> None:
    with _client(config, given.account) as client:
        found = client.inboxes()
    keys = ("id", "name", "inbox_identifier", "webhook_url")
    rows = [[inbox[key] or "-" for key in keys] for inbox in found]
    _say(given, [{key: inbox[key] for key in keys} for inbox in found], _table([keys, *rows]))


def _token_create(config: Config, given: argparse.Namespace, _: Any) -> None:
    with _client(config, given.account) as client, _missing(f"nobody in the account has the e-mail {given.email}"):
        made = client.create_token(name=given.name, email=given.email)
    _say(
        given,
        made,
        [f"token {made['id']} of {made['user']['email']}: {made['access_token']}", "It is shown this once."],
    )


def _token_list(config: Config, given: argparse.Namespace, _: Any) -> None:
    with _client(config, given.account) as client:
        found = client.tokens()
    rows = [(one["id"], one["user"]["email"], one["name"] or "-", one["created_at"]) for one in found]
    _say(given, found, _table([("id", "user", "name", "created_at"), *rows]))


def _token_revoke(config: Config, given: argparse.Namespace, _: Any) -> None:
    with _client(config, given.account) as client, _missing(f"no token {given.id} (see `token list`)"):
        client.revoke_token(given.id)
    _say(given, {"id": given.id, "revoked": True}, [f"token {given.id} is revoked"])


def _user_create(config: Config, given: argparse.Namespace, _: Any) -> None:
    with _client(config, given.account) as client:
        made = client.create_agent(given.email, name=given.name, role=given.role)
        for inbox_id in given.inbox:
            client.call("POST", "/inbox_members", inbox_id=inbox_id, user_ids=[made["id"]])
        token = client.create_token(name="made with the user", email=given.email)["access_token"]
    value = {
        "id": made["id"],
        "name": made["name"],
        "email": made["email"],
        "role": made["role"],
        "access_token": token,
    }
    lines = _table(list(value.items()))
    if given.role == "agent" and not given.inbox:
        lines.append(
            "An agent sees only inboxes they are a member of: `user create --inbox ID`, or POST …/inbox_members."
        )
    _say(given, value, lines)


def _user_list(config: Config, given: argparse.Namespace, _: Any) -> None:
    with _client(config, given.account) as client:
        found = client.agents()
    keys = ("id", "name", "email", "role")
    rows = [[agent[key] for key in keys] for agent in found]
    _say(given, [{key: agent[key] for key in keys} for agent in found], _table([keys, *rows]))


def _account_create(config: Config, given: argparse.Namespace, _: Any) -> None:
    with _client(config, 1) as client:
        made = client.create_account(given.name)
    value = {"id": made["id"], "name": made["name"]}
    _say(given, value, _table(list(value.items())))


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
    return secret


def _receiver(config: Config, given: argparse.Namespace, _: Any) -> None:
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
        receiver = Receiver(given.port, secret=secret, behaviour=behaviour, save=given.save, show=show)
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
    _say(given, value, ["", f"{tally.received} received, {tally.distinct} distinct, {checked}"])


def _verify(config: Config, given: argparse.Namespace, _: Any) -> int:
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
    _say(given, {"genuine": verdict.genuine, **dict(rows)}, _table(rows, 100))
    return 0 if verdict.genuine else 1


def _listen(config: Config, given: argparse.Namespace, _: Any) -> int:
    from inboxd.delivery.sender import Sender
    from inboxd.listen import EVERYWHERE, BadStart, Cursor, Relay, Source, check_url, state_folder

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    relay: Relay | None = None
    try:
        with ExitStack() as opened:
            forward, secret = check_url(given.forward), _secret(given)
            server, token = _server(config, check_url(given.url) if given.url else None)
            types = [name for name in given.types.split(",") if name]
            source = Source(server, given.account, forward, given.inbox, types)
            cursor = Cursor(given.cursor or state_folder() / source.name, source)
            opened.callback(cursor.close)
            client = Client(server, token, account_id=given.account, retries=0)
            opened.callback(client.close)
            sender = Sender(EVERYWHERE)
            opened.callback(sender.close)
            print(f"relaying {source.feed} to {clean_line(forward)}; Ctrl-C ends it", file=sys.stderr, flush=True)
            if not (secret or cursor.secret):
                made = cursor.new_secret()
                _say(given, {"secret": made, "cursor": str(cursor.path)}, [
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
    _say(given, {"relayed": count, "seq": seq}, [f"{count} events relayed{where}"])
    return 0


def _server(config: Config, url: str | None) -> tuple[str, str]:
    """The address of a server and a token for it; the one of this data directory unless another is named."""
    if url:
        if not config.token:
            # Never the token file: it opens the server here and is nobody else's business.
            raise Stop("set INBOXD_TOKEN to a token of that server", 2)
        return url, config.token
    if not (config.directory / "inboxd.sqlite3").exists():
        raise NotInitialised
    try:
        App(config).close()
    except StoreInUse as error:
        if not error.owner.get("url"):
            raise
        return error.owner["url"], _token(config)
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
    at = time.strftime("%H:%M:%S")
    line = f"{at}  {done.seq:>6}  {outcome.status_code}  {outcome.duration_ms:>5} ms  {describe(done.payload)}"
    _say(given, value, [clean_line(line, 100)])
    sys.stdout.flush()
