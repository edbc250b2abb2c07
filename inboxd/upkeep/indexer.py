"""Feeds the index of messages, behind those who post them."""

import logging
import threading

from inboxd.store import search
from inboxd.store.db import Store, StoreClosed

EVERY_S = 2.0
"""Waking at every message would cost more than the index does; until its turn the message is read itself."""
PAUSE_S = 0.01
"""Between two batches, for live traffic to pass."""
_log = logging.getLogger("inboxd.upkeep")


class Indexer:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="indexer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def step(self) -> bool:
        """Index one batch. Returns whether there was any: looking is a read."""
        with self._store.read() as tx:
            behind = search.is_behind(tx)
        if behind:
            # A power cut takes the batch and the note of it together.
            self._store.write(search.index_batch, durable=False)
            self._store.write(search.merge, durable=False)
        return behind

    def _run(self) -> None:
        more = True
        while not self._stopping.wait(PAUSE_S if more else EVERY_S):
            try:
                more = self.step()
            except StoreClosed:
                return
            except Exception:
                _log.exception("indexing stumbled and tries again later")
                more = False
