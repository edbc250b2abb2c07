"""The feed: every event of an account in order, for programs without a public address.

A waiting poll costs a thread, so at most half of them may wait; the others are answered at once.
"""

import threading
import time
from typing import Any

from inboxd.api.auth import Caller
from inboxd.api.web import Call, Response
from inboxd.domain.errors import Gone, Invalid
from inboxd.domain.events import EVENTS
from inboxd.store import feed
from inboxd.store.db import Store, Tx
from inboxd.wire import api as wire
from inboxd.wire import jsons

LIMIT = 500
WAIT_LIMIT_S = 60


class Feed:
    """`seats` is how many polls may wait at once."""

    def __init__(self, store: Store, seats: int) -> None:
        self._store = store
        self._seats = threading.BoundedSemaphore(max(1, seats))
        self._news = threading.Condition()
        self._count = 0
        self._stopped = False

    def wake(self) -> None:
        """Something was committed: waiting polls look again."""
        with self._news:
            self._count += 1
            self._news.notify_all()

    def stop(self) -> None:
        self._stopped = True
        self.wake()

    def poll(self, caller: Caller, account_id: int, values: dict[str, Any]) -> Response:
        """Events behind `after`; with `wait` seconds to spare, as soon as there is one."""
        unknown = [name for name in _types(values) if name not in EVENTS]
        if unknown:
            raise Invalid(f"Types has unknown names: {', '.join(unknown)[:200]}", "types")
        deadline = time.monotonic() + min(values.get("wait") or 0, WAIT_LIMIT_S)
        seated = deadline > time.monotonic() and self._seats.acquire(blocking=False)
        try:
            while True:
                seen = self._count
                with self._store.read() as tx:
                    response, found, complete = _page(tx, caller, account_id, values)
                # What was looked at once is not looked at again at every piece of news.
                values = values | {"after": complete}
                if found or not seated or self._stopped or not self._rest(seen, deadline):
                    return response
        finally:
            if seated:
                self._seats.release()

    def _rest(self, seen: int, deadline: float) -> bool:
        """Wait for news; False when the time is up."""
        with self._news:
            while self._count == seen:
                left = deadline - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    return False
        return True


def _types(values: dict[str, Any]) -> list[str]:
    return [name for text in values.get("types") or [] for name in text.split(",") if name]


def _page(tx: Tx, caller: Caller, account_id: int, values: dict[str, Any]) -> tuple[Response, bool, int]:
    after = values.get("after") or 0
    oldest = feed.oldest_seq(tx, account_id)
    if after < oldest - 1:
        raise Gone("These events are no longer kept", oldest_seq=oldest)
    found, complete = feed.page(
        tx,
        account_id,
        after=after,
        types=_types(values),
        inbox_id=values.get("inbox_id"),
        limit=min(values.get("limit") or 100, LIMIT),
    )
    allowed = caller.inbox_ids(tx)
    shown = [
        event
        for event in found
        if allowed is None
        or (not EVENTS[event.name].operational and (event.inbox_id is None or event.inbox_id in allowed))
    ]
    meta = jsons.dumps({"next_after": complete, "oldest_seq": oldest})
    listed = ",".join(wire.event(event) for event in shown)
    return Response(text=f'{{"payload":[{listed}],"meta":{meta}}}'), bool(shown), complete


def poll(call: Call) -> Any:
    """Waits without holding the snapshot that authenticated the caller."""
    call.after = lambda: call.parts.feed.poll(call.caller, call.account_id, call.values)
