"""`listen`: the feed of an account relayed to a local program, signed like any delivery.

In order, one event at a time, none left out: what the program does not take is tried again until
it does. The cursor is on disk after every event, so a crash costs one repeat with the same id.
"""

import fcntl
import hashlib
import json
import os
import re
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from inboxd.client import LEAST_WAIT_S, ApiError, Client, Unreachable
from inboxd.delivery.sender import Sender
from inboxd.domain import signing
from inboxd.domain.addresses import Guard, parse_guard
from inboxd.domain.events import EVENT_TYPES
from inboxd.domain.retry import Outcome
from inboxd.domain.text import clean_line
from inboxd.services import tokens
from inboxd.wire import jsons

FIRST_PAUSE_S = 0.5
LAST_PAUSE_S = 60.0
WAIT_S = 30
# What tells of inboxd's own work is asked for by name, as with webhooks.
_RELAYED = tuple(kind.name for kind in EVENT_TYPES if not kind.operational)
# Whoever runs this names the receiver, so its own network is no secret to it.
EVERYWHERE: Guard = parse_guard("0.0.0.0/0,::/0", allow_loopback=True)


class BadStart(Exception):
    """It cannot begin like this: one line for the terminal."""


@dataclass(frozen=True)
class Source:
    """Whose events, which of them, and where they go."""

    server: str
    account_id: int
    forward: str
    inbox_id: int | None = None
    types: Sequence[str] = ()

    @property
    def feed(self) -> str:
        return f"{self.server.rstrip('/')}/api/v1/accounts/{self.account_id}/events"

    @property
    def name(self) -> str:
        """A file name of its own for the cursor of this feed, receiver and choice of events."""
        parts = (self.feed, self.forward, self.inbox_id, sorted(self.types))
        digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]
        host = re.sub(r"[^A-Za-z0-9.-]", "_", urlsplit(self.server).netloc)[:80]
        return f"listen-{host}-{self.account_id}-{digest}.json"

    def delivery_id(self, event: dict[str, Any]) -> str:
        """The same whenever this event is relayed. With its time: a server that was set up anew counts
        from 1 again, and a receiver must not take its events for known ones."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.feed}/{event['seq']}?at={event['created_at']}"))


def state_folder(environ: dict[str, str] | os._Environ[str] = os.environ) -> Path:
    """Where cursors are kept: $XDG_STATE_HOME/inboxd, else ~/.local/state/inboxd."""
    home = environ.get("XDG_STATE_HOME", "")
    # The specification: what is not absolute is to be ignored.
    return (Path(home) if home.startswith("/") else Path.home() / ".local" / "state") / "inboxd"


class Cursor:
    """The file that remembers the seq and the secret. One process at a time.

    Raises BadStart when another one has it, or when it belongs to another feed or is no cursor.
    """

    def __init__(self, path: Path, source: Source) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self._feed = source.feed
        self.seq: int | None = None
        self.secret = ""
        # A file of its own: the cursor's is replaced with every event.
        self._lock = os.fdopen(os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600))
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._read()
        except BaseException as error:
            self.close()
            if isinstance(error, BlockingIOError):
                raise BadStart(f"another `listen` uses the cursor {path}") from None
            raise

    def _read(self) -> None:
        try:
            found = json.loads(self.path.read_bytes())
            feed, seq, self.secret = found["feed"], found["seq"], found["secret"]
        except FileNotFoundError:
            return
        except (ValueError, TypeError, KeyError):
            raise BadStart(f"{self.path} is no cursor of `listen`") from None
        if feed != self._feed:
            raise BadStart(f"{self.path} is the cursor of {feed}, not of {self._feed}")
        self.seq = seq

    def new_secret(self) -> str:
        """A secret to sign with from now on, kept with the cursor."""
        self.secret = tokens.new()
        self.store(self.seq)
        return self.secret

    def store(self, seq: int | None) -> None:
        """On disk when this returns."""
        self.seq = seq
        fresh = f"{self.path}.new"
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            os.fchmod(file.fileno(), 0o600)
            json.dump({"feed": self._feed, "seq": seq, "secret": self.secret}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def close(self) -> None:
        """Let others have it. Safe to call twice."""
        self._lock.close()


class _Patience:
    """Pauses that double, and a word only when what is wrong changes."""

    def __init__(self, tell: Callable[[str], None], sleep: Callable[[float], None]) -> None:
        self._tell = tell
        self._sleep = sleep
        self._problem = ""
        self._pause_s = FIRST_PAUSE_S

    def wait(self, problem: str, least_s: float = 0) -> None:
        if problem != self._problem:
            self._tell(f"{problem}; trying again")
        self._problem = problem
        self._sleep(min(LAST_PAUSE_S, max(self._pause_s, least_s)))
        self._pause_s = min(LAST_PAUSE_S, self._pause_s * 2)

    def end(self, relief: str) -> bool:
        """It works. Whether it had not."""
        had = bool(self._problem)
        if had:
            self._tell(relief)
        self._problem, self._pause_s = "", FIRST_PAUSE_S
        return had


@dataclass(frozen=True)
class Relayed:
    """An event that the receiver took."""

    seq: int
    delivery_id: str
    payload: Any
    outcome: Outcome


class Relay:
    """`after` begins there instead of at the cursor. `show` gets every event that was taken, `tell`
    the sentences for people. `client` must not retry by itself.
    """

    def __init__(
        self,
        client: Client,
        sender: Sender,
        source: Source,
        cursor: Cursor,
        *,
        secret: str,
        after: int | None = None,
        show: Callable[[Relayed], None],
        tell: Callable[[str], None],
        wait_s: int = WAIT_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._sender = sender
        self._source = source
        self._cursor = cursor
        self._secret = secret
        self._show = show
        self._tell = tell
        self._wait_s = wait_s
        self._sleep = sleep
        self._server = _Patience(tell, sleep)
        self._receiver = _Patience(tell, sleep)
        self._after = cursor.seq if after is None else after
        # 0 is a way to say "from the oldest": that older ones are gone is no news then.
        self._is_from_oldest = after == 0
        self._is_checked = False
        self.count = 0

    @property
    def seq(self) -> int | None:
        """Up to where everything was relayed."""
        return self._cursor.seq

    def step(self) -> None:
        """One look at the feed, and everything it shows delivered.

        Raises ApiError when the server refuses for good and BadStart when its events are not those
        of the cursor.
        """
        began = time.monotonic()
        try:
            after = self._position()
            found, next_after = self._client.events(
                after=after, wait_s=self._wait_s, types=self._source.types or _RELAYED, inbox_id=self._source.inbox_id
            )
        except Unreachable as error:
            self._retry_server(f"the server cannot be reached: {error}")
            return
        except ApiError as error:
            self._refused(error)
            return
        self._server.end("the server is reached again")
        self._is_from_oldest = False
        for event in found:
            self._relay(event)
        if next_after != self._cursor.seq:
            self._advance(next_after)
        if not found and self._wait_s and time.monotonic() - began < LEAST_WAIT_S:
            self._sleep(LEAST_WAIT_S)

    def _position(self) -> int:
        """Where to look from. At the start and whenever the server was away: is it still the same?"""
        if self._after is not None and self._is_checked:
            return self._after
        newest = self._client.newest_seq()
        # Said now: the poll that follows may wait for half a minute.
        self._server.end("the server is reached again")
        if self._after is None:
            self._tell(f"beginning with what happens from now on, after event {newest}")
            self._advance(newest)
        elif self._after > newest:
            raise BadStart(
                f"the server's newest event is {newest}, before {self._after}: was it set up anew? "
                "Begin again with --after 0, or remove the cursor file"
            )
        elif self._after != self._cursor.seq:
            self._advance(self._after)
        self._is_checked = True
        return self._after or 0

    def _retry_server(self, problem: str) -> None:
        self._is_checked = False
        self._server.wait(problem)

    def _refused(self, error: ApiError) -> None:
        oldest = error.oldest_seq
        if oldest is not None:
            self._go_on_from(oldest)
        elif error.status >= 500 or error.status in (408, 409, 425, 429):
            self._retry_server(f"the server answers {error.status}")
        else:
            raise error

    def _go_on_from(self, oldest: int) -> None:
        first = (self._after or 0) + 1
        if not self._is_from_oldest:
            self._tell(
                f"LOST: events {first} to {oldest - 1} are no longer kept by the server and were not relayed; "
                f"going on with {oldest}"
            )
        self._advance(oldest - 1)

    def _relay(self, event: dict[str, Any]) -> None:
        """Deliver one event, however long it takes."""
        seq, delivery_id = event["seq"], self._source.delivery_id(event)
        # The bytes a webhook of the server would carry: the feed holds the same text.
        body = jsons.dumps(event["payload"]).encode()
        while True:
            headers = signing.headers([self._secret], delivery_id, int(time.time()), body)
            outcome = self._sender.send(self._source.forward, headers, body)
            if outcome.delivered:
                break
            self._receiver.wait(f"event {seq} is not taken: {outcome.error}", outcome.retry_after_s or 0)
        self._receiver.end(f"event {seq} is taken now")
        self._advance(seq)
        self.count += 1
        self._show(Relayed(seq, delivery_id, event["payload"], outcome))

    def _advance(self, seq: int) -> None:
        self._cursor.store(seq)
        self._after = seq


def check_url(url: str) -> str:
    """Raises BadStart unless `url` can be talked to, and holds no password that would be shown."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise BadStart(f"{clean_line(url, 200)} is no http:// or https:// address")
    if parts.username or parts.password:
        raise BadStart("an address with a password in it is shown and logged: leave it out")
    return url
