"""Bringing in the history of another system."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from inboxd.client import Client
from inboxd.commands.common import Commands, Stop, client, say, within
from inboxd.config import Config
from inboxd.domain.text import clean_line

if TYPE_CHECKING:
    from inboxd.chatwoot import Chatwoot, Outcome

TOKEN = "INBOXD_IMPORT_TOKEN"  # noqa: S105 - a variable's name
KINDS = ("contacts", "conversations", "messages")
_LINES = 500
_BYTES = 1_000_000
_EVERY_S = 5.0
_WIDE = 30


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
            self._out.write("\r" + _bar(what, done, total) + "\x1b[K")
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


def _bar(what: str, done: int, total: int | None) -> str:
    if not total:
        return _told(what, done, total)
    filled = min(_WIDE, _WIDE * done // total)
    return f"[{'#' * filled}{'.' * (_WIDE - filled)}] {_told(what, done, total)}"


def _import(config: Config, given: argparse.Namespace) -> int:
    return _from_chatwoot(config, given) if given.source == "chatwoot" else _from_file(config, given)


def _from_file(config: Config, given: argparse.Namespace) -> int:
    if given.chatwoot_url or given.chatwoot_token or given.chatwoot_token_file or given.inbox:
        raise Stop("--url, --token, --token-file and --inbox are of `import chatwoot`", 2)
    progress = Progress(sys.stderr)
    counts: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    problems: list[dict[str, Any]] = []
    with Path(given.source).open("rb") as file, client(config, given.account) as desk:
        size, failed = os.fstat(file.fileno()).st_size, 0
        try:
            for before, lines in _chunks(file):
                done = desk.import_lines(b"".join(lines))
                for kind in KINDS:
                    for what, number in done[kind].items():
                        counts[kind][what] = counts[kind].get(what, 0) + number
                failed += done["failed"]
                problems += [{"line": before + one["line"], "error": one["error"]} for one in done["problems"]]
                progress.show("bytes", file.tell(), size)
        finally:
            progress.end()
    lines_said = [_sum(kind, counts[kind]) for kind in KINDS]
    lines_said += [f"line {one['line']}: {one['error']}" for one in problems]
    say(given, {**counts, "failed": failed, "problems": problems}, [*lines_said, *_failed(failed)])
    return 1 if failed else 0


def _chunks(file: IO[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Some lines at a time, with how many were before them."""
    before, lines, size = 0, [], 0
    for line in file:
        lines.append(line)
        size += len(line)
        if len(lines) >= _LINES or size >= _BYTES:
            yield before, lines
            before, lines, size = before + len(lines), [], 0
    if lines:
        yield before, lines


def _sum(kind: str, counts: dict[str, int]) -> str:
    said = [("created", "new"), ("updated", "filled in"), ("skipped", "here already")]
    parts = [f"{counts[key]} {word}" for key, word in said if counts.get(key)]
    return f"{kind}: {', '.join(parts) or 'none'}"


def _failed(number: int) -> list[str]:
    return [f"{number} could not be imported; repair them and run this again"] if number else []


def _from_chatwoot(config: Config, given: argparse.Namespace) -> int:
    token = _token(given)
    if not (given.chatwoot_url or "").startswith(("http://", "https://")):
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


def _token(given: argparse.Namespace) -> str:
    """Raises Stop."""
    if given.chatwoot_token:
        return str(given.chatwoot_token)
    if given.chatwoot_token_file:
        return Path(given.chatwoot_token_file).read_text().strip()
    token = os.environ.get(TOKEN, "")
    if not token:
        raise Stop(f"the token of the Chatwoot is missing: set {TOKEN} or give --token-file", 2)
    return token
