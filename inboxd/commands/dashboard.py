"""The terminal dashboard."""

import argparse
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from inboxd.commands.common import Commands, Stop, token
from inboxd.config import Config
from inboxd.store.directory import owner_of

ABOUT = "the dashboard in this terminal, for the server that runs here or for one that --url names"


def add(commands: Commands) -> None:
    made = commands.add("tui", _tui, ABOUT, answers=False, account=True)
    made.add_argument("--url", help="a server elsewhere, such as https://support.example; its token is INBOXD_TOKEN")
    made.add_argument("--token-file", metavar="FILE", help="a file that holds the token and nobody else can read")
    made.add_argument("--open", metavar="SCREEN", default="", help="the screen to begin with, such as deliveries")
    made.add_argument("--theme", default="", help="such as inboxd-light, inboxd-contrast or nord")
    made.add_argument("--read-only", action="store_true", help="look, and change nothing")
    made.add_argument("--ascii", action="store_true", help="signs that every terminal has")
    made.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    made.add_argument("--settings", metavar="FILE", help="its config file (default: ~/.config/inboxd/tui.toml)")
    made.add_argument("--dump-keys", action="store_true", help="print every action with its keys, and leave")
    made.add_argument("--dump-config", action="store_true", help="print the settings that hold, as a file of them")
    made.add_argument(
        "--web", metavar="HOST:PORT", nargs="?", const="127.0.0.1:8765",
        help="serve it to a browser on this machine (default: 127.0.0.1:8765; needs the extra `web`)",
    )  # fmt: skip


def _tui(config: Config, given: argparse.Namespace) -> int:
    if given.dump_keys or given.dump_config:
        return _dump(given)
    if given.web is not None:
        from admin_tui import web

        try:
            return web.serve(*_server(config, given), given.web, web.passed_on(vars(given)))
        except web.Refused as refused:
            raise Stop(str(refused), 2) from None
    # The child of --web talks to textual-serve through pipes.
    is_web = os.environ.get("TEXTUAL_DRIVER", "").endswith(":WebDriver")
    if not is_web and not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise Stop("the dashboard needs a terminal", 2)
    url, secret = _server(config, given)
    # Textual takes a third of a second to import, which no other command should pay.
    from admin_tui import config as settings
    from admin_tui.run import run

    wanted = settings.load(Path(given.settings) if given.settings else None)
    wanted = replace(
        wanted,
        theme=given.theme or wanted.theme,
        read_only=wanted.read_only or given.read_only,
        ascii="true" if given.ascii else wanted.ascii,
        mouse=wanted.mouse and not given.no_mouse,
        problems=(*wanted.problems, *_in_the_clear(url)),
    )
    return run(
        url, secret, wanted, account_id=given.account, start_at=given.open, no_color=bool(os.environ.get("NO_COLOR"))
    )


def _dump(given: argparse.Namespace) -> int:
    from admin_tui import config as settings
    from admin_tui import keys

    wanted = settings.load(Path(given.settings) if given.settings else None)
    if given.dump_config:
        print(settings.dumped(wanted))
    else:
        for pressed, what, where, action in keys.table():
            print(f"{wanted.keys.get(action, pressed):<12} {action:<22} {where:<14} {what}")
    for problem in [*wanted.problems, *keys.problems(wanted.keys)]:
        print(f"inboxd: {problem}", file=sys.stderr)
    return 0


def _server(config: Config, given: argparse.Namespace) -> tuple[str, str]:
    """The URL and the token. Raises Stop when there is no server to talk to."""
    if given.url:
        secret = _secret(Path(given.token_file)) if given.token_file else config.token
        if not secret:
            raise Stop("set INBOXD_TOKEN, or name a file with --token-file", 2)
        if not _can_be_asked(given.url):
            raise Stop(f"--url takes http://HOST or https://HOST, maybe with :PORT and /PATH, not {given.url!r}", 2)
        return given.url, secret
    owner = owner_of(config.directory)
    url = owner.get("url") if owner else None
    if not url:
        raise Stop(f"no server runs on {config.directory}: start `inboxd.py serve` first, or name one with --url", 2)
    return str(url), _secret(Path(given.token_file)) if given.token_file else token(config)


def _can_be_asked(url: str) -> bool:
    """No query, which the path of a call would be added to, and no password: the URL stands on the screen."""
    try:
        parts = urlsplit(url)
        is_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return is_port and bool(re.fullmatch(r"https?://[^\s/?#@][^\s?#@]*", url)) and bool(parts.hostname)


def _in_the_clear(url: str) -> list[str]:
    from admin_tui.web import is_this_machine

    parts = urlsplit(url)
    if parts.scheme == "https" or is_this_machine(parts.hostname or ""):
        return []
    return [f"{parts.netloc} without https: the token and every word can be read on the way"]


def _secret(path: Path) -> str:
    if path.stat().st_mode & 0o077:
        raise Stop(f"{path} can be read by others: chmod 600 {path}", 2)
    return path.read_text().strip()
