"""Bringing in the history of another system."""

import argparse
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from inboxd.client import Client
from inboxd.commands.common import Commands, Stop, client, columns, say, within
from inboxd.config import Config
from inboxd.domain.errors import Failure
from inboxd.domain.messages import LINE_LIMIT
from inboxd.domain.text import clean_line
from inboxd.wire import jsons

if TYPE_CHECKING:
    from inboxd.chatwoot import Chatwoot, Outcome

TOKEN = "INBOXD_IMPORT_TOKEN"  # noqa: S105 - a variable's name
KINDS = ("contacts", "conversations", "messages")
_LINES = 500
_BYTES = 1_000_000
_LONGEST = LINE_LIMIT + 1
_EVERY_S = 5.0
_WIDE = 30
_NARROW = 5


def add(commands: Commands) -> None:
    """Declare the commands of this module."""
    made = commands.add(
        "import",
        _import,
        "bring in contacts, conversations and messages, from a file or a running Chatwoot",
        account=True,
        more="`import FILE` takes one JSON object a line; `import chatwoot` reads from a Chatwoot and changes nothing"
        f" there. Its token is taken from --token-file or {TOKEN}; --token can be seen by everybody who may list"
        " processes. Both can be run again: only what is new is added.",
    )
    made.add_argument("source", metavar="FILE|chatwoot", help="a file (./chatwoot for one of that name), or chatwoot")
    made.add_argument("--url", dest="chatwoot_url", metavar="URL", help="where the Chatwoot is")
    made.add_argument("--token", dest="chatwoot_token", metavar="TOKEN", help="access token of an administrator there")
    made.add_argument("--token-file", dest="chatwoot_token_file", metavar="FILE", help="file that holds the token")
    made.add_argument(
        "--chatwoot-account", type=within(1, 2**53), default=1, metavar="N", help="account there (default: 1)"
    )
    made.add_argument(
        "--inbox", type=int, action="append", default=[], metavar="ID", help="only this inbox there; repeatable"
    )


class Progress:
    """One line that is written again on a terminal; elsewhere a line every few seconds. It goes to stderr."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._rewrites = out.isatty()
        self._last = time.monotonic()
        self._what = ""

    def show(self, what: str, done: int, total: int | None) -> None:
        if self._rewrites:
            if self._what not in ("", what):
                self._out.write("\n")
            # A line that wraps cannot be written again.
            self._out.write("\r" + _bar(what, done, total, columns() - 1) + "\x1b[K")
            self._out.flush()
        elif time.monotonic() - self._last >= _EVERY_S:
            self._last = time.monotonic()
            self._out.write(_told(what, done, total) + "\n")
        self._what = what

    def end(self) -> None:
        if self._rewrites and self._what:
            self._out.write("\n")


def _told(what: str, done: int, total: int | None) -> str:
    return f"{clean_line(what)}: {done}" + (f" of {total}" if total else "")


def _bar(what: str, done: int, total: int | None, room: int) -> str:
    told = _told(what, done, total)
    wide = min(_WIDE, room - len(told) - len("[] "))
    if not total or wide < _NARROW:
        return told[:room]
    filled = min(wide, wide * done // total)
    return f"[{'#' * filled}{'.' * (wide - filled)}] {told}"


def _import(config: Config, given: argparse.Namespace) -> int:
    return _from_chatwoot(config, given) if given.source == "chatwoot" else _from_file(config, given)


def _from_file(config: Config, given: argparse.Namespace) -> int:
    if given.chatwoot_url or given.chatwoot_token or given.chatwoot_token_file or given.inbox:
        raise Stop("--url, --token, --token-file and --inbox are of `import chatwoot`", 2)
    progress = Progress(sys.stderr)
    counts: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    problems: list[dict[str, Any]] = []
    with Path(given.source).open("rb") as file, client(config, given.account) as desk:
        if not file.seekable():
            raise Stop(f"{given.source} can be read only once: make a file of it first", 2)
        sent = failed = 0
        try:
            kinds = bytes(_kind(line) for line in _lines(file))
            for numbers, lines in _chunks(file, kinds):
                done = desk.import_lines(b"".join(lines))
                for kind in KINDS:
                    for what, number in done[kind].items():
                        counts[kind][what] = counts[kind].get(what, 0) + number
                failed += done["failed"]
                problems += [{"line": numbers[one["line"] - 1], "error": one["error"]} for one in done["problems"]]
                sent += len(lines)
                progress.show("lines", sent, len(kinds))
        finally:
            progress.end()
    problems.sort(key=lambda one: one["line"])
    lines_said = [_sum(kind, counts[kind]) for kind in KINDS]
    lines_said += [f"line {one['line']}: {one['error']}" for one in problems]
    say(given, {**counts, "failed": failed, "problems": problems}, [*lines_said, *_failed(failed)])
    return 1 if failed else 0


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """From the first one on; of what is longer than a line may be so much that the server says so."""
    file.seek(0)
    while line := file.readline(_LONGEST):
        yield line
        while len(line) == _LONGEST and not line.endswith(b"\n"):
            line = file.readline(_LONGEST)


def _kind(line: bytes) -> int:
    """Its place among the kinds; what is none of them goes with the first ones."""
    try:
        return KINDS.index(jsons.loads(line)["type"] + "s")
    except (Failure, TypeError, KeyError, ValueError):
        return 0


def _chunks(file: IO[bytes], kinds: Sequence[int]) -> Iterator[tuple[list[int], list[bytes]]]:
    """Some lines at a time with their numbers in the file, those first that others need: contacts may stand
    below the conversations, and these below their messages."""
    for wanted in range(len(KINDS)):
        numbers, lines, size = list[int](), list[bytes](), 0
        for number, (kind, line) in enumerate(zip(kinds, _lines(file), strict=False), 1):
            if kind != wanted:
                continue
            numbers.append(number)
            lines.append(line if line.endswith(b"\n") else line + b"\n")
            size += len(line)
            if len(lines) >= _LINES or size >= _BYTES:
                yield numbers, lines
                numbers, lines, size = [], [], 0
        if lines:
            yield numbers, lines


def _sum(kind: str, counts: dict[str, int]) -> str:
    said = [("created", "new"), ("updated", "filled in"), ("skipped", "here already")]
    parts = [f"{counts[key]} {word}" for key, word in said if counts.get(key)]
    return f"{kind}: {', '.join(parts) or 'none'}"


def _failed(number: int) -> list[str]:
    return [f"{number} could not be imported; repair them and run this again"] if number else []


def _from_chatwoot(config: Config, given: argparse.Namespace) -> int:
    token = _token(given)
    if not _is_address(given.chatwoot_url or ""):
        raise Stop("--url must be where the Chatwoot is, such as https://desk.example", 2)
    from inboxd.chatwoot import Chatwoot

    progress = Progress(sys.stderr)
    source = Chatwoot(given.chatwoot_url, token, given.chatwoot_account)
    try:
        with client(config, given.account) as desk:
            outcome = _copied(source, desk, given.inbox, progress)
    finally:
        progress.end()
        source.close()
    kinds = ("teams", "labels", "canned responses", "inboxes", *KINDS)
    counts = {kind: {key: outcome.counts[kind, key] for key in ("created", "updated", "skipped")} for kind in kinds}
    lines = [_sum(kind, counts[kind]) for kind in kinds]
    value = {**counts, "failed": len(outcome.problems), "problems": outcome.problems}
    say(given, value, [*lines, *outcome.problems, *_failed(len(outcome.problems))])
    return 1 if outcome.problems else 0


def _copied(source: "Chatwoot", desk: Client, inbox_ids: list[int], progress: Progress) -> "Outcome":
    from inboxd.chatwoot import Copy, Refused

    try:
        return Copy(source, desk, inbox_ids, progress.show).run()
    except Refused as refused:
        raise Stop(str(refused), 1) from None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)


def _token(given: argparse.Namespace) -> str:
    """Raises Stop."""
    token = given.chatwoot_token or os.environ.get(TOKEN, "")
    if not given.chatwoot_token and given.chatwoot_token_file:
        token = Path(given.chatwoot_token_file).read_text(encoding="utf-8-sig", errors="replace")
    token = token.strip()
    if not token:
        raise Stop(f"the token of the Chatwoot is missing: set {TOKEN} or give --token-file", 2)
    if not re.fullmatch(r"[!-~]+", token):
        # Nor could a header carry it, and the error about that would show it.
        raise Stop("the token of the Chatwoot is none: there are spaces, line ends or foreign letters in it", 2)
    return str(token)
