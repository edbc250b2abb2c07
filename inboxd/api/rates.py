"""How often somebody may call within a minute. Counted in memory: calling too often costs the store nothing."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inboxd.domain.errors import Failure, NotFound, Throttled, Unauthenticated
from inboxd.domain.proxies import is_loopback, neighbourhood

if TYPE_CHECKING:
    from inboxd.api.web import Request

_WINDOW_MS = 60_000
# Some 20 MB: who has that many addresses is not stopped by counting them.
_CALLERS = 100_000
# A tenth of the limit is enough for programs that ask whether a contact is there.
_FAILING = 10


@dataclass(frozen=True)
class Allowance:
    """What a caller may still do before `reset_s` seconds are over; `remaining` is below 0 for who did too much."""

    limit: int
    remaining: int
    reset_s: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.remaining)),
            "RateLimit-Reset": str(self.reset_s),
        }


class Rates:
    """Counts requests in windows of a minute. `clock` gives milliseconds that pass evenly."""

    def __init__(self, limit: int, clock: Callable[[], int]) -> None:
        self.limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._window = 0
        self._counts: dict[int, int] = {}

    def admit(self, request: "Request", caller: Hashable) -> None:
        """Counts a request, once, for who makes it. Raises Throttled beyond the limit. Who calls from this
        very machine is not counted."""
        if _is_near(request):
            return
        if request.allowance is None:
            request.allowance = self._count(caller, self.limit)
        # Asked again of a unit that runs twice.
        if request.allowance.remaining < 0:
            raise Throttled(request.allowance.reset_s)

    def hold_back(self, request: "Request", failure: Failure) -> Failure:
        """The failure to answer with: Throttled after too many, from one address, that found nobody behind
        the credentials. Callers of that address who are known go on."""
        is_guess = isinstance(failure, Unauthenticated) or (request.is_public and isinstance(failure, NotFound))
        if is_guess and request.allowance is None and not _is_near(request):
            request.allowance = self._count(neighbourhood(request.address), self.limit // _FAILING)
            if request.allowance.remaining < 0:
                return Throttled(request.allowance.reset_s)
        return failure

    def _count(self, caller: Hashable, limit: int) -> Allowance:
        window, passed_ms = divmod(self._clock(), _WINDOW_MS)
        # Some source_ids are long, and none is worth more memory than an address.
        key = hash(caller)
        with self._lock:
            if window != self._window or len(self._counts) > _CALLERS:
                self._window, self._counts = window, {}
            count = self._counts[key] = self._counts.get(key, 0) + 1
        return Allowance(limit, limit - count, -(-(_WINDOW_MS - passed_ms) // 1000))


def _is_near(request: "Request") -> bool:
    return request.local or is_loopback(request.address)
