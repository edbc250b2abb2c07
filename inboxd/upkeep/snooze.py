"""Wakes snoozed conversations when their time has come."""

import logging
from functools import partial

from inboxd.services import conversations
from inboxd.store import conversations as store
from inboxd.store.db import Store, StoreClosed
from inboxd.upkeep.loop import Loop

LOOK_S = 30.0
"""The longest wait: a clock that was set meanwhile moves every moment that was waited for."""
BATCH = 100
_log = logging.getLogger("inboxd.upkeep")


class Waker(Loop):
    """Waits for the next conversation whose `snoozed_until` passes. `wake` when one was snoozed."""

    name = "snooze"

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    def turn(self) -> float:
        return self.step()

    def step(self) -> float:
        """Wake a batch of those whose time has come. Returns the seconds until it is worth coming back."""
        with self._store.read() as tx:
            due = store.overslept(tx, BATCH)
        woken = [self._woken(conversation_id) for conversation_id in due]
        if all(woken):
            with self._store.read() as tx:
                return store.next_wake_s(tx, LOOK_S)
        return LOOK_S

    def _woken(self, conversation_id: int) -> bool:
        try:
            self._store.write(partial(conversations.wake, conversation_id=conversation_id))
        except StoreClosed:
            raise
        except Exception as error:
            # It must not keep the others asleep.
            _log.error("conversation %d could not be woken: %s", conversation_id, type(error).__name__)
            return False
        return True
