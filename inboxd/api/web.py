"""Request, Response, Route and Call, and the one table from words of failure to statuses.

Nothing here knows which framework carried the request.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from inboxd.api.auth import Caller
from inboxd.api.params import Files, Nested, Param
from inboxd.api.rates import Allowance, Rates
from inboxd.api.refusals import Refusals
from inboxd.domain import errors
from inboxd.domain.addresses import Guard
from inboxd.domain.fetching import Fetch
from inboxd.domain.messages import Upload
from inboxd.services.idempotency import Mark
from inboxd.services.messages import Limits
from inboxd.store.db import Tx
from inboxd.store.models import AccountUser
from inboxd.store.outbox import Claim

if TYPE_CHECKING:
    from inboxd.api.events import Feed
    from inboxd.api.files import Blobs

STATUS: dict[type[errors.Failure], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    # Chatwoot's word for "you may not" is 401.
    errors.Unauthorized: 401,
    errors.NotFound: 404,
    errors.UnderWay: 409,
    errors.Gone: 410,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.Refused: 422,
    errors.TooMany: 429,
    errors.Throttled: 429,
    errors.StorageFull: 507,
}

TEXT_ARGS = {"identifier", "delivery_id", "source_id", "signed", "filename", "uuid"}
"""What a path names by text; everything else in braces is a number."""


@dataclass(frozen=True)
class File:
    """An uploaded part, not yet stored."""

    filename: str
    content_type: str
    size: int
    stream: IO[bytes]


@dataclass
class Request:
    """`path` is as it was sent, still percent-encoded. `values` merges query and body, nested."""

    method: str
    path: str
    headers: Mapping[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    is_json: bool = False
    route: str = "(no route)"
    """The pattern that matched: what logs may say, for real paths hold credentials."""
    local: bool = False
    """Came from the command line of this very process, not from a network."""
    lines: IO[bytes] | None = None
    """The body, unread, where the route takes lines."""
    address: str = "::1"
    """Where it comes from, as trusted proxies tell."""
    allowance: Allowance | None = None
    """What is left of the minute to who calls; None while nobody is known, and for callers on this machine."""
    stale: AccountUser | None = None
    """The caller's membership, while its last sign of life is old and this one is not yet written."""

    @property
    def is_public(self) -> bool:
        return self.path.startswith("/public/")


@dataclass
class Response:
    """`value` becomes JSON; `text` goes out as it is; `file` is streamed. At most one is set."""

    status: int = 200
    value: Any = None
    text: str | None = None
    file: Path | None = None
    headers: dict[str, str] = field(default_factory=dict)


def empty(status: int = 200) -> Response:
    return Response(status, text="")


@dataclass(frozen=True)
class Parts:
    """What lives as long as the server and handlers need. `send` makes the attempt of a claimed
    delivery and records it. `mail`: whether e-mail can be sent."""

    limits: Limits
    guard: Guard
    feed: "Feed"
    blobs: "Blobs"
    refusals: Refusals
    rates: Rates
    send: Callable[[Claim], None]
    fetch: Fetch
    mail: bool
    test_seats: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(4))
    fetch_seats: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(4))


@dataclass
class Call:
    """What a handler works with: the open transaction and a request that is already understood.

    `write` runs a unit of its own, for `detached` routes.
    """

    tx: Tx
    request: Request
    args: dict[str, Any]
    caller: Caller
    parts: Parts
    write: Callable[[Callable[[Tx], Any]], Any]
    values: dict[str, Any] = field(default_factory=dict)
    uploads: list[Upload] = field(default_factory=list)
    replayed: bool = False
    """The handler answers with what an earlier request made."""
    after: Callable[[], Response] | None = None
    """Set by a handler on a snapshot: makes the response once that is closed."""
    mark: Mark | None = None
    """Of a `detached` request with an Idempotency-Key."""
    reached: tuple[int, ...] = ()
    """The last step that it took when it came before and was not answered."""

    @property
    def account_id(self) -> int:
        account_id: int = self.args["account_id"]
        return account_id


Handler = Callable[..., Any]


@dataclass(frozen=True)
class Route:
    """One endpoint: the truth for routing, roles and parameters.

    `record` finds what the path names, inside the caller's scope, before the role is checked, so
    that what is not there is 404 for everybody. `handler(call)` or `handler(call, record)`
    returns JSON, or a Response. `wrapper` is the key clients may nest the parameters under.
    `role` is public, agent, administrator or superadmin. `bots`: agent bots may call it too.
    GETs run on a snapshot unless `writes`.
    `hidden` tells strangers that it is not there instead of that they may not. `shown_once` is
    the path in an answer, or several, of what must not be stored, not even to answer the same request again.
    `raw` ones take their whole body as the file `body`.
    `detached` ones write in several transactions, or wait for somebody between them: the handler
    looks around on a snapshot and leaves the rest in `call.after`. `answer` is the type of a good answer:
    a TypedDict of `wire`, a list of one, or None for an empty body. With `lines` the body is a
    stream in `request.lines`, of objects whose `type` says which of these fields they may have. A `repeatable` POST
    does no more the second time, and takes no Idempotency-Key.
    """

    method: str
    path: str
    handler: Handler
    params: tuple[Param, ...] = ()
    record: Handler | None = None
    role: str = "agent"
    wrapper: str | None = None
    writes: bool = False
    hidden: bool = False
    raw: bool = False
    detached: bool = False
    shown_once: str | tuple[str, ...] = ()
    lines: tuple[tuple[str, tuple[Param, ...]], ...] = ()
    answer: Any = None
    about: str = ""
    bots: bool = False
    repeatable: bool = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """The paths of what an answer shows once."""
        return (self.shown_once,) if isinstance(self.shown_once, str) else self.shown_once

    @property
    def takes_lines(self) -> bool:
        return bool(self.lines)

    @property
    def is_unit(self) -> bool:
        """Whether it runs inside a write transaction."""
        return self.writes or (self.method != "GET" and not self.detached)

    @cached_property
    def takes_files(self) -> bool:
        inner = (one for param in self.params if isinstance(param, Nested) for one in param.params)
        return any(isinstance(param, Files) for param in (*self.params, *inner))
