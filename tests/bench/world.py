"""What a run posts into: one data directory made through the API, and copies of it for each server."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.bench.load import Generator, generator
from tests.bench.processes import Process, running
from tests.bench.servers import TOKEN_FILE
from tests.bench.wire import Connection

ACCOUNT = "/api/v1/accounts/1"
CONVERSATIONS = 1000
"""Enough that no conversation is hot: what a minute of load puts into each stays near real life."""
_MAKERS = 8


@dataclass(frozen=True)
class Inboxd:
    """A running server over a data directory of its own."""

    process: Process
    directory: Path
    token: str

    def subscribe(self, receiver: Process, event: str, count: int = 1) -> None:
        """Account webhooks for one event, each with a path of its own because URLs are unique."""
        connection = self.process.connect()
        for number in range(count):
            values = {"url": f"http://127.0.0.1:{receiver.port}/{event}/{number}", "subscriptions": [event]}
            connection.call("POST", f"{ACCOUNT}/webhooks", values, self.token)
        connection.close()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """What is really stored, read behind the server's back."""
        connection = sqlite3.connect(f"file:{self.directory / 'inboxd.sqlite3'}?mode=ro", uri=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    @property
    def messages(self) -> int:
        return int(self.ask("SELECT count(*) FROM messages")[0][0])

    @property
    def unfinished(self) -> int:
        return int(self.ask("SELECT count(*) FROM deliveries WHERE state IN ('pending', 'sending')")[0][0])


class World:
    """The scratch folder of a run: a template for servers with conversations, one for empty ones."""

    def __init__(self, root: Path, log: IO[bytes]) -> None:
        self._root = root
        self.log = log
        self._copies = 0
        self._populated, self._empty = root / "populated", root / "empty"
        with running(log, "inboxd", str(self._empty)):
            pass
        shutil.copytree(self._empty, self._populated)
        with running(log, "inboxd", str(self._populated)) as process:
            self.paths = _populate(process, (self._populated / TOKEN_FILE).read_text())
        paths = root / "paths"
        paths.write_text("\n".join(self.paths))
        self.load: Generator = generator(paths)

    @contextmanager
    def inboxd(self, prepare: Callable[[Path], None] | None = None) -> Iterator[Inboxd]:
        """A server that holds the conversations and nothing else, or what `prepare` makes of its directory."""
        directory = self._copy(self._populated)
        if prepare is not None:
            prepare(directory)
        with running(self.log, "inboxd", str(directory)) as process:
            yield Inboxd(process, directory, (directory / TOKEN_FILE).read_text())

    def empty_directory(self) -> Path:
        return self._copy(self._empty)

    def scratch_file(self) -> Path:
        """A file beside the databases: the same disk."""
        return self._root / "scratch"

    def _copy(self, template: Path) -> Path:
        self._copies += 1
        return Path(shutil.copytree(template, self._root / f"copy-{self._copies}"))


def _populate(process: Process, token: str) -> list[str]:
    """An inbox and its conversations, each of a contact of its own; the paths to post to."""
    connection = process.connect()
    channel = {"name": "Bench", "channel": {"type": "api", "webhook_url": ""}}
    identifier = connection.call("POST", f"{ACCOUNT}/inboxes", channel, token)["inbox_identifier"]
    connection.close()
    base = f"/public/api/v1/inboxes/{identifier}/contacts"

    def make(share: range) -> list[str]:
        own = Connection(process.port)
        paths = []
        for number in share:
            person = {"source_id": f"contact-{number}", "name": f"Contact {number}", "email": f"c{number}@bench.test"}
            own.call("POST", base, person)
            talk = own.call("POST", f"{base}/contact-{number}/conversations", {})
            paths.append(f"{base}/contact-{number}/conversations/{talk['id']}/messages")
        own.close()
        return paths

    with ThreadPoolExecutor(_MAKERS) as pool:
        shares = pool.map(make, [range(first, CONVERSATIONS, _MAKERS) for first in range(_MAKERS)])
    return [path for share in shares for path in share]


@contextmanager
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="inboxd-bench-") as folder, (Path(folder) / "log").open("wb") as log:
        yield World(Path(folder), log)
