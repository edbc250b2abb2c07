"""What commands share: how they are declared, whom they talk to, how they answer."""

import argparse
import json
import logging
import math
import re
import shutil
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from inboxd import config as settings
from inboxd.client import ApiError, Client
from inboxd.config import Config
from inboxd.domain import retry
from inboxd.domain.events import EVENTS
from inboxd.domain.text import clean, clean_line
from inboxd.store.directory import NotInitialised, StoreInUse

if TYPE_CHECKING:
    from inboxd.app import App

TOKEN_FILE = "admin.token"  # noqa: S105 - a file name
WHEN = "an age (2h, 3d), an ISO time (UTC unless it says) or unix seconds"
"""What `moment_s` takes, for the help."""
_REASON = 30
_NARROWEST = 10
Run = Callable[[Config, argparse.Namespace], int | None]


class Stop(Exception):
    """Ends the command with one line on stderr and an exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, not in ten of settings."""

    def parse_known_args(self, *given: Any, **more: Any) -> Any:
        """What is left over is an error of the command, whose help is the one to see."""
        found, rest = super().parse_known_args(*given, **more)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return found, rest

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"inboxd: {clean_line(message)} (see `{self.prog} --help`)\n")


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
        self,
        name: str,
        run: Run,
        about: str,
        *,
        answers: bool = True,
        account: bool = False,
        has_settings: bool = True,
        more: str = "",
    ) -> argparse.ArgumentParser:
        """`answers`: it takes --json. `account`: it works in the account of --account. Without settings it
        has nothing to do with a server. `more` comes behind the flags in its help."""
        own = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        if answers:
            own.add_argument("--json", action="store_true", help="answer with JSON")
        if account:
            own.add_argument("--account", type=int, default=1, metavar="ID", help="account (default: 1)")
        made: argparse.ArgumentParser = self._into.add_parser(
            name,
            parents=[self._common, own] if has_settings else [own],
            help=about,
            description=about,
            epilog=more,
            allow_abbrev=False,
        )
        made.set_defaults(run=run, has_settings=has_settings)
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


def events(text: str) -> list[str]:
    """A type of argument: names of events that webhooks may subscribe to."""
    return _known(text, [name for name, kind in EVENTS.items() if kind.named])


def types(text: str) -> list[str]:
    """A type of argument: names of events on the feed."""
    return _known(text, list(EVENTS))


def _known(text: str, valid: list[str]) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in valid]
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"no such event: {', '.join(unknown) or 'none is named'}; there are {', '.join(valid)}"
        )
    return names


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

    def __init__(self, app: "App", account_id: int) -> None:
        from inboxd.local import session

        super().__init__("http://inboxd.local", "", account_id=account_id, session=session(app.wsgi, trusted=True))


def when_it_goes_out(client: Client) -> list[str]:
    """The line to add about what was marked to be sent, unless a server sends it already."""
    return ["It goes out when the server runs."] if isinstance(client, LocalClient) else []


@contextmanager
def client(config: Config, account_id: int) -> Iterator[Client]:
    """A client of the running server, or of the application in this process when none runs."""
    if not (config.directory / "inboxd.sqlite3").exists():
        raise NotInitialised
    from inboxd.app import App

    try:
        app = App(config)
    except StoreInUse as error:
        url = error.owner.get("url")
        if not url:
            raise
        remote = Client(url, token(config), account_id=account_id)
        try:
            yield _checked(remote, account_id)
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
        yield _checked(LocalClient(app, account_id), account_id)
    finally:
        app.close()
        log.setLevel(level)


def _checked(made: Client, account_id: int) -> Client:
    """Raises Stop when there is no such account; the first one always is."""
    if account_id != 1:
        with missing(f"no account {account_id}"):
            made.inboxes()
    return made


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


def columns() -> int:
    """Of the terminal; 100 where there is none."""
    return max(40, shutil.get_terminal_size((100, 24)).columns)


def wrapped(text: str, indent: str = "") -> list[str]:
    """A sentence in lines that fit the terminal; later ones begin with `indent`. Words stay whole, and so do
    commands between backticks, to be copied."""
    line = re.sub("`[^`]*`", lambda command: command[0].replace(" ", "\0"), clean_line(text, 2_000))
    lines = textwrap.wrap(line, columns(), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return [one.replace("\0", " ") for one in lines]


def facts(rows: Sequence[tuple[str, Any]], indent: str = "") -> list[str]:
    """Names and what there is to say of each, wrapped beside its name."""
    wide = max((len(name) for name, _ in rows), default=0)
    beside = indent + " " * (wide + 2)
    return [line for name, said in rows for line in wrapped(f"{indent}{name.ljust(wide)}  {said}", beside)]


def table(rows: Sequence[Sequence[Any]], limit: int = 60, *, fit: bool = False, indent: str = "") -> list[str]:
    """Aligned columns of cells of at most `limit` characters; with `fit` no line is longer than the terminal."""
    cells = [[clean_line(str(cell), limit) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))] if cells else []
    if fit:
        _narrow(widths, columns() - len(indent) - 2 * (len(widths) - 1))
    return [
        (
            indent + "  ".join(clean_line(cell, width).ljust(width) for cell, width in zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def _narrow(widths: list[int], room: int) -> None:
    """The last column, where reasons are, has what is left; the widest others give way until that is enough."""
    if not widths:
        return
    *others, last = widths
    while others and sum(others) + min(last, _REASON) > room and max(others) > _NARROWEST:
        others[others.index(max(others))] -= 1
    widths[:] = [*others, max(1, min(last, room - sum(others)))]


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
    return f"{moment[:19].replace('T', ' ')} UTC"


def span(seconds: float) -> str:
    """A duration in its biggest unit."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{int(seconds // size)}{unit}"
    return f"{round(seconds)}s"
