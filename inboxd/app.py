"""The composition root: builds every part, wires the wake-ups, starts and stops in order."""

import gc
import logging
import time
from collections.abc import Callable
from typing import Any

from inboxd.api.edge import Edge
from inboxd.api.events import Feed
from inboxd.api.files import Blobs
from inboxd.api.rates import Rates
from inboxd.api.refusals import Refusals
from inboxd.api.routes import ROUTES
from inboxd.api.server import Server, make_router, make_wsgi
from inboxd.api.web import Parts
from inboxd.automation.engine import Engine
from inboxd.config import Config
from inboxd.delivery.dispatcher import Dispatcher
from inboxd.delivery.fetcher import Fetcher
from inboxd.delivery.mailer import Mailer
from inboxd.delivery.sender import Sender
from inboxd.delivery.worker import Policy, Worker
from inboxd.domain.links import Links
from inboxd.domain.messages import ATTACHMENTS_LIMIT
from inboxd.services import accounts
from inboxd.services.messages import Limits
from inboxd.store import blobs, messages
from inboxd.store.db import Store
from inboxd.store.directory import NotInitialised
from inboxd.upkeep.assigner import Assigner
from inboxd.upkeep.auto_resolve import Resolver
from inboxd.upkeep.indexer import Indexer
from inboxd.upkeep.jobs import Jobs
from inboxd.upkeep.keeper import Keeper
from inboxd.upkeep.loop import Loop
from inboxd.upkeep.snooze import Waker

_log = logging.getLogger("inboxd")
_ROUTER = make_router(ROUTES)


def wall_clock() -> int:
    return time.time_ns() // 1_000_000


def steady_clock() -> int:
    """Milliseconds that pass evenly, also while the machine sleeps where it can tell."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1_000_000


class App:
    """One inboxd over one data directory. Raises StoreInUse when another process has it."""

    def __init__(
        self, config: Config, clock: Callable[[], int] = wall_clock, steady: Callable[[], int] | None = None
    ) -> None:
        self.config = config
        self.store = Store(config.directory, clock=clock, announce=self._announce)
        self._dispatcher: Dispatcher | None = None
        self._fetcher: Fetcher | None = None
        self._upkeep: list[Loop] = []
        self._wakes: dict[str, Callable[[], None]] = {}
        self._clock = clock
        self._steady = steady or (steady_clock if clock is wall_clock else clock)
        self._sender = Sender(config.guard, proxy=config.egress_proxy or None)
        self._worker = Worker(self.store, self._sender, Policy(config.schedule_s))
        self.feed = Feed(self.store, config.threads // 2)
        self.blobs = Blobs(config.directory, config.attachment_limit, self._is_referenced)
        parts = Parts(
            Limits(config.messages_per_minute),
            config.guard,
            self.feed,
            self.blobs,
            Refusals(),
            Rates(config.requests_per_minute, self._steady),
            send=self._worker.send,
            fetch=self._sender.fetch,
            mail=config.mail is not None,
        )
        self.wsgi = make_wsgi(Edge(self.store, parts), _ROUTER, body_limit=config.body_limit, proxies=config.proxies)

    @property
    def is_initialised(self) -> bool:
        with self.store.read() as tx:
            return accounts.is_initialised(tx)

    def initialise(self, email: str) -> dict[str, Any]:
        """Account 1, its administrator and the token that is shown this once."""
        account, user, token = self.store.write(lambda tx: accounts.initialise(tx, email))
        return {"account_id": account.id, "admin": {"id": user.id, "email": user.email, "access_token": token}}

    def open_links(self, base_url: str) -> None:
        """From now on links point to `base_url`. Raises NotInitialised in an empty database."""
        with self.store.read() as tx:
            key = accounts.link_key(tx)
        if not key:
            raise NotInitialised
        self.store.links = Links(base_url.rstrip("/"), key)

    def start_work(self) -> None:
        self._dispatcher = Dispatcher(
            self.store,
            self._worker,
            threads=self.config.webhook_threads,
            clock=self._clock,
            steady=self._steady,
        )
        self._dispatcher.start()
        self._fetcher = Fetcher(self.store, self._sender.fetch, self.blobs.held)
        limits, mail = Limits(self.config.messages_per_minute), self.config.mail
        woken: dict[str, Loop] = {
            "orphans": Keeper(self.store, self.blobs.let_go, self.config.retention_days),
            "snoozed": Waker(self.store),
            "jobs": Jobs(self.store, self.blobs),
            "assignments": Assigner(self.store),
            "events": Engine(self.store, limits, mail=mail is not None),
            "avatars": self._fetcher,
            "settings": Resolver(self.store),
        }
        if mail is not None:
            woken["mails"] = Mailer(self.store, *mail)
        self._upkeep = [*woken.values(), Indexer(self.store)]
        self._wakes = {signal: loop.wake for signal, loop in woken.items()}
        for one in self._upkeep:
            one.start()

    def bind(self) -> Server:
        """A server that listens and does not answer yet. Raises OSError when the address is taken."""
        host, port = self.config.address
        return Server(
            self.wsgi,
            host,
            port,
            threads=self.config.threads,
            body_limit=self.config.body_limit,
            upload_limit=self.config.attachment_limit * ATTACHMENTS_LIMIT + self.config.body_limit,
            on_stop=self.feed.stop,
        )

    def start(self, server: Server) -> None:
        """Everything that has to be under way before the server runs."""
        # A message makes a hundred short-lived objects and no cycles: collecting at every 700 costs a
        # tenth of the throughput, and what was imported never becomes garbage.
        gc.freeze()
        gc.set_threshold(20_000, 50, 100)
        self.open_links(self.config.public_url or server.url)
        if not self.config.public_url and server.host in ("0.0.0.0", "::"):  # noqa: S104
            _log.warning("set public_url: links to attachments point to %s until then", server.url)
        self.store.publish({"url": server.url})
        self.start_work()

    def serve(self) -> Server:
        """A listening server, its deliveries under way; the caller runs it."""
        server = self.bind()
        self.start(server)
        return server

    def close(self) -> None:
        """Stop claiming, let attempts end, close the store. Safe to call twice."""
        self.feed.stop()
        for one in self._upkeep:
            one.stop()
        if self._dispatcher is not None:
            self._dispatcher.stop()
            self._dispatcher = None
        # The store first: an attempt that is cut off now is interrupted, whatever it says of itself.
        self.store.close()
        self._sender.close()
        if self._fetcher is not None:
            self._fetcher.join()

    def _announce(self, signals: set[str]) -> None:
        if "deliveries" in signals and self._dispatcher is not None:
            self._dispatcher.wake()
        if "events" in signals:
            self.feed.wake()
        for signal in signals & self._wakes.keys():
            self._wakes[signal]()

    def _is_referenced(self, digest: str) -> bool:
        with self.store.read() as tx:
            return messages.has_attachment(tx, digest) or blobs.has(tx, digest)
