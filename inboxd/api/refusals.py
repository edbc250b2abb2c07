"""The latest refused requests, in memory: what an inbox's health tells to who asks why nothing comes in."""

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inboxd.api.auth import given_token
from inboxd.domain.errors import Failure, NotFound, Unauthenticated, Unauthorized
from inboxd.domain.text import clean_line
from inboxd.store import accounts
from inboxd.store.db import Store, StoreClosed, Tx

if TYPE_CHECKING:
    from inboxd.api.web import Request

KEPT = 20
_OF_NOBODY = 5
_INBOXES = 1_000


@dataclass(frozen=True)
class Refusal:
    """`at` in milliseconds. `reason` is a sentence for people; no credential is in any of it."""

    at: int
    method: str
    route: str
    reason: str


class Refusals:
    """By inbox where the request names one, by account where its token opened nothing, and those of
    unknown identifiers, which belong to nobody."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, int], deque[Refusal]] = {}

    def note(self, store: Store, request: "Request", args: dict[str, Any], failure: Failure) -> None:
        """Remember a failure that is about who calls or what for; other ones say enough themselves."""
        found = _place(store, request, args, failure)
        if found is None:
            return
        place, reason = found
        refusal = Refusal(time.time_ns() // 1_000_000, request.method, request.route, reason)
        with self._lock:
            if place not in self._kept and len(self._kept) >= _INBOXES:
                self._kept.pop(next(iter(self._kept)))
            self._kept.setdefault(place, deque(maxlen=KEPT)).append(refusal)

    def of_inbox(self, account_id: int, inbox_id: int) -> list[Refusal]:
        """The newest first: the inbox's own, its account's, and a few of unknown identifiers, of which
        whoever tries doors makes as many as they like."""
        with self._lock:
            found = [
                *reversed(self._kept.get(("inbox", inbox_id), deque())),
                *reversed(self._kept.get(("account", account_id), deque())),
                *list(reversed(self._kept.get(("nobody", 0), deque())))[:_OF_NOBODY],
            ]
        return sorted(found, key=lambda refusal: refusal.at, reverse=True)


_Place = tuple[str, int]


def _place(store: Store, request: "Request", args: dict[str, Any], failure: Failure) -> tuple[_Place, str] | None:
    try:
        with store.read() as tx:
            if request.is_public and "identifier" not in args:
                return None
            if request.is_public:
                return _public_place(tx, args.get("identifier", ""), failure)
            return _account_place(tx, request, args.get("account_id", 0), failure)
    except StoreClosed:
        return None


def _public_place(tx: Tx, identifier: str, failure: Failure) -> tuple[_Place, str]:
    inbox = accounts.inbox_by_identifier(tx, identifier)
    if inbox is None:
        # The first characters tell a typing error from a wrong server, and open nothing.
        return ("nobody", 0), f"unknown inbox identifier {clean_line(identifier, 4)}"
    reason = clean_line(failure.message, 200)
    if isinstance(failure, Unauthenticated):
        reason = "the identity hash is missing or wrong"
    elif isinstance(failure, NotFound):
        reason = "no such contact, conversation or message in this inbox"
    return ("inbox", inbox.id), reason


def _account_place(tx: Tx, request: "Request", account_id: int, failure: Failure) -> tuple[_Place, str] | None:
    is_about_caller = isinstance(failure, Unauthenticated | Unauthorized)
    if not is_about_caller or accounts.account(tx, account_id) is None:
        return None
    reason = clean_line(failure.message, 200)
    if isinstance(failure, Unauthenticated):
        reason = "unknown access token" if given_token(request.headers) else "no access token"
    return ("account", account_id), reason
