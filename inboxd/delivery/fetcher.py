"""Gets the avatars that were named by a URL, from the rows that ask for them."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from tempfile import SpooledTemporaryFile
from typing import IO

from inboxd.domain import fetching
from inboxd.domain.errors import Failure, StorageFull
from inboxd.domain.fetching import Fetch, FetchFailed
from inboxd.domain.messages import Upload
from inboxd.domain.text import clean_line
from inboxd.services import avatar_urls, avatars
from inboxd.store.db import Store, StoreClosed
from inboxd.store.models import Job
from inboxd.upkeep.loop import AGAIN_S, Loop

AT_ONCE = 4
_IN_MEMORY = 1 << 20
_log = logging.getLogger("inboxd.delivery")

Hold = Callable[[str, str, int, IO[bytes]], AbstractContextManager[Upload]]
"""Keeps a file (name, media type, size, content) on disk while a row is made that refers to it."""


class Fetcher(Loop):
    """A stop takes effect when what is being fetched ends: close the store, then the sender, then `join`."""

    name = "fetcher"

    def __init__(self, store: Store, fetch: Fetch, hold: Hold) -> None:
        super().__init__()
        self._store = store
        self._fetch = fetch
        self._hold = hold
        self._failed = 0
        self._pool = ThreadPoolExecutor(AT_ONCE, "avatars")

    def turn(self) -> float | None:
        try:
            return 0 if self.step() else None
        except StorageFull:
            return AGAIN_S

    def stop(self) -> None:
        self._stopping = True
        self.wake()

    def join(self) -> None:
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown()

    def step(self) -> bool:
        """Get the next few. Returns whether there were any."""
        with self._store.read() as tx:
            jobs = avatar_urls.waiting(tx, AT_ONCE)
        list(self._pool.map(self._get, jobs))
        return bool(jobs)

    def _get(self, job: Job) -> None:
        """What cannot be had is given up at once: the next time that its URL is named asks again. A defect
        of ours is given up too, after some tries: it must not stand in front of others for ever."""
        try:
            self._receive(job)
        except (StoreClosed, StorageFull):
            raise
        except FetchFailed as failure:
            self._give_up(job, failure.sentence)
        except Failure as failure:  # such as one that is larger than what the server takes
            self._give_up(job, failure.message)
        except Exception:
            _log.exception("fetching avatar %d stumbled", job.id)
            self._store.write(lambda tx: avatar_urls.stumbled(tx, job.id))

    def _give_up(self, job: Job, reason: str) -> None:
        self._store.write(lambda tx: avatar_urls.done(tx, job, None))
        self._failed += 1
        where = clean_line(fetching.without_query(job.params["url"]), 200)
        _log.warning("no avatar from %s: %s (%d failed so far)", where, reason, self._failed)

    def _receive(self, job: Job) -> None:
        url = job.params["url"]
        with SpooledTemporaryFile(_IN_MEMORY) as target:
            got = self._fetch(url, target, avatars.LIMIT)
            target.seek(0)
            with self._hold(fetching.filename(url), got.content_type, got.size, target) as upload:
                if not upload.image:
                    raise FetchFailed("type", "it is no JPEG, PNG, GIF or WebP image")
                self._store.write(lambda tx: avatar_urls.done(tx, job, upload))
