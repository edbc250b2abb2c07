"""The server itself: its data directory, its settings, and a walk around it."""

import argparse
import logging
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from inboxd import config as settings
from inboxd.commands.common import TOKEN_FILE, Commands, Stop, say, table
from inboxd.config import Config
from inboxd.domain.text import clean
from inboxd.version import __version__

if TYPE_CHECKING:
    from inboxd.app import App

_EMAIL = "admin@inboxd.local"
Bound = TypeVar("Bound")


def add(commands: Commands) -> None:
    """Declare the commands of this module."""
    demo = commands.add("demo", _demo, "walk the main job on a temporary server", answers=False, has_settings=False)
    demo.add_argument("--stay", action="store_true", help="instead: one with a month of history, until ctrl+c")
    commands.add("serve", _serve, "run the server; an empty data directory is initialised first", answers=False)
    init = commands.add("init", _init, "make account 1 and its administrator")
    init.add_argument("--email", default=_EMAIL, help=f"the administrator's e-mail (default: {_EMAIL})")
    commands.add("config", _config, "show every setting and where it came from")


class _Formatter(logging.Formatter):
    """Log lines that cannot steer a terminal, whatever foreign text is in them or their tracebacks."""

    converter = time.gmtime  # type: ignore[assignment]
    default_time_format = "%Y-%m-%d %H:%M:%S UTC"
    default_msec_format = None

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))


def _initialise(app: "App", email: str) -> dict[str, Any]:
    made = app.initialise(email)
    path = app.config.directory / TOKEN_FILE
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(made["admin"]["access_token"] + "\n")
    return made


def _init(config: Config, given: argparse.Namespace) -> None:
    from inboxd.app import App

    app = App(config)
    try:
        if app.is_initialised:
            raise Stop(f"{config.data_dir} is initialised already", 2)
        made = _initialise(app, given.email)
    finally:
        app.close()
    admin = made["admin"]
    say(given, made, [
        f"account {made['account_id']}, administrator {admin['email']}",
        f"access token: {admin['access_token']}",
        f"It is shown this once and kept in {config.directory / TOKEN_FILE} for the command line.",
    ])  # fmt: skip


def _serve(config: Config, given: argparse.Namespace) -> None:
    from inboxd.app import App

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=config.log_level.upper(), handlers=[handler])
    _raise_descriptor_limit()
    if not config.directory.exists():
        # A port that is taken leaves no new directory behind.
        _listening(config, lambda: _probe(config))
    app = App(config)
    try:
        server = _listening(config, app.bind)
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


def _listening(config: Config, bind: Callable[[], Bound]) -> Bound:
    """What `bind` makes, before anything is made that is shown only once."""
    try:
        return bind()
    except OSError as error:
        raise Stop(
            f"cannot listen on {config.listen}: {os.strerror(error.errno or 0)}; choose another with --listen", 1
        ) from None


def _probe(config: Config) -> None:
    host, port = config.address
    socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()


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


def _demo(config: Config, given: argparse.Namespace) -> int:
    from inboxd.demo import stay, walk

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # a closed terminal must not leave its data behind either
            signal.signal(number, signal.default_int_handler)
    return stay(sys.stdout) if given.stay else walk(sys.stdout)


def _config(config: Config, given: argparse.Namespace) -> None:
    shown = {}
    for setting in settings.SETTINGS:
        value = getattr(config, setting.name)
        if setting.name == "data_dir":
            value = str(config.directory.resolve())
        if setting.metadata["secret"] and value:
            value = "********"
        shown[setting.name] = {"value": value, "from": given.origins[setting.name]}
    rows = [(name, one["value"] if one["value"] != "" else "-", one["from"]) for name, one in shown.items()]
    say(given, shown, table(rows))
