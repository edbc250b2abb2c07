"""Removes what has served its time, in batches small enough for live traffic to pass between."""

import logging
import threading

from inboxd.services import idempotency
from inboxd.store.db import Store, StoreClosed

EVERY_S = 3600.0
_log = logging.getLogger("inboxd.upkeep")


class Keeper:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def step(self) -> bool:
        """Tidy up one batch. Returns whether there may be more."""
        return self._store.write(idempotency.forget_old)

    def _run(self) -> None:
        more = True
        while more or not self._stopping.wait(EVERY_S):
            try:
                more = self.step() and not self._stopping.is_set()
            except StoreClosed:
                return
            except Exception:
                _log.exception("upkeep stumbled and tries again later")
                more = False
