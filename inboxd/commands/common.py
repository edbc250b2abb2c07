"""What commands share: how they are declared, whom they talk to, how they answer."""

import argparse
import json
import logging
import math
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from inboxd import config as settings
from inboxd.app import App, NotInitialised
from inboxd.client import ApiError, Client
from inboxd.config import Config
from inboxd.domain import retry
from inboxd.domain.text import clean, clean_line
from inboxd.local import session
from inboxd.store.db import StoreInUse

TOKEN_FILE = "admin.token"  # noqa: S105 - a file name
WHEN = "an age (2h, 3d), an ISO time (UTC unless it says) or unix seconds"
"""What `moment_s` takes, for the help."""
Run = Callable[[Config, argparse.Namespace], int | None]


class Stop(Exception):
    """Ends the command with one line on stderr and an exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Commands:
    """The top of the command line, or one group of it, where commands are added."""

    def __init__(self, into: Any, common: argparse.ArgumentParser | None = None) -> None:
        self._into = into
        self._common = common or _common()

    def group(self, name: str, about: str) -> "Commands":
        """A command that is only the first word of others."""
        made = self._into.add_parser(name, help=about, description=about)
        return Commands(made.add_subparsers(metavar="ACTION", required=True), self._common)

    def add(
        self, name: str, run: Run, about: str, *, answers: bool = True, account: bool = False
    ) -> argparse.ArgumentParser:
        """`answers`: it takes --json. `account`: it works in the account of --account."""
        own = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        if answers:
            own.add_argument("--json", action="store_true", help="answer with JSON")
        if account:
            own.add_argument("--account", type=int, default=1, metavar="ID", help="account (default: 1)")
        made: argparse.ArgumentParser = self._into.add_parser(
            name, parents=[self._common, own], help=about, description=about, allow_abbrev=False
        )
        made.set_defaults(run=run)
        return made


def _common() -> argparse.ArgumentParser:
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
    return common


def within(least: int, most: int, kind: Callable[[str], float] = int) -> Callable[[str], float]:
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


def words(text: str) -> list[str]:
    """A type of argument: names with commas between them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def duration_s(text: str) -> int:
    """A type of argument: 90s, 5m, 24h or 3d, in seconds."""
    if not re.fullmatch(r"\d{1,6}[smhd]", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration (say 30s, 5m, 2h or 1d)")
    return retry.parse_schedule(text)[0]


def moment_s(text: str) -> float:
    """A type of argument: an ISO time, unix seconds or an age, in unix seconds."""
    try:
        if re.fullmatch(r"\d{1,6}[smhd]", text):
            return max(0.0, time.time() - duration_s(text))
        if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text):
            return float(text)
        parsed = datetime.fromisoformat(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time (say 2h, 3d, 2026-06-10T12:30 or unix seconds)"
        ) from None


class LocalClient(Client):
    """Talks to the application in this process: what is to be delivered waits for a server."""

    def __init__(self, app: App, account_id: int) -> None:
        super().__init__("http://inboxd.local", "", account_id=account_id, session=session(app.wsgi, trusted=True))


def when_it_goes_out(client: Client) -> list[str]:
    """The line to add about what was marked to be sent, unless a server sends it already."""
    return ["It goes out when the server runs."] if isinstance(client, LocalClient) else []


@contextmanager
def client(config: Config, account_id: int) -> Iterator[Client]:
    """A client of the running server, or of the application in this process when none runs."""
    if not (config.directory / "inboxd.sqlite3").exists():
        raise NotInitialised
    try:
        app = App(config)
    except StoreInUse as error:
        url = error.owner.get("url")
        if not url:
            raise
        remote = Client(url, token(config), account_id=account_id)
        try:
            yield remote
        finally:
            remote.close()
        return
    # What an attempt came to is the answer of the command, not a line of a log nobody asked for.
    log = logging.getLogger("inboxd.delivery")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        if not app.is_initialised:
            raise NotInitialised
        app.open_links(config.public_url or f"http://{config.listen}")
        yield LocalClient(app, account_id)
    finally:
        app.close()
        log.setLevel(level)


@contextmanager
def missing(message: str) -> Iterator[None]:
    """A 404 in the words of the command."""
    try:
        yield
    except ApiError as error:
        if error.status == 404:
            raise Stop(message, 1) from None
        raise


def token(config: Config) -> str:
    """The token for the server that runs on this data directory. Raises Stop when there is none to be used."""
    if config.token:
        return config.token
    path = config.directory / TOKEN_FILE
    try:
        if path.stat().st_mode & 0o077:
            raise Stop(f"{path} can be read by others: chmod 600 {path}", 2)
        return path.read_text().strip()
    except FileNotFoundError:
        raise Stop(f"the server is running: set INBOXD_TOKEN (there is no {path})", 2) from None


def say(given: argparse.Namespace, value: Any, lines: Sequence[str]) -> None:
    """`value` for programs, `lines` for people; neither can steer a terminal."""
    if given.json:
        print(json.dumps(value))
    else:
        print("\n".join(clean(line) for line in lines))


def table(rows: Sequence[Sequence[Any]], limit: int = 60, *, fit: bool = False, indent: str = "") -> list[str]:
    """Aligned columns of cells of at most `limit` characters; `fit` cuts the lines where the terminal ends."""
    cells = [[clean_line(str(cell), limit) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))] if cells else []
    end = max(40, shutil.get_terminal_size((100, 24)).columns) if fit else sys.maxsize
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
    return [clean_line(indent + line, end) for line in lines]


def ago(moment: str | None) -> str:
    """`3m ago`, `in 2h`: an ISO time of an answer as people say it; `-` for none."""
    if moment is None:
        return "-"
    passed = time.time() - datetime.fromisoformat(moment).timestamp()
    if abs(passed) < 1:
        return "just now" if passed >= 0 else "now"
    return f"{span(passed)} ago" if passed > 0 else f"in {span(-passed)}"


def age(moment: str) -> str:
    """`3m`: how old an ISO time of an answer is."""
    return span(max(0.0, time.time() - datetime.fromisoformat(moment).timestamp()))


def between(moment: str, later: str | None) -> str:
    """`5m`: from one ISO time of an answer to another; `-` where there is none."""
    if later is None:
        return "-"
    return span((datetime.fromisoformat(later) - datetime.fromisoformat(moment)).total_seconds())


def point(moment: str) -> str:
    """An ISO time of an answer to the second, in UTC like every time that is shown."""
    return moment[:19].replace("T", " ")


def span(seconds: float) -> str:
    """A duration in its biggest unit."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{int(seconds // size)}{unit}"
    return f"{round(seconds)}s"
