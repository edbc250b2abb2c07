"""Loops that go to conversations whose time has come."""

import logging
from abc import abstractmethod
from functools import partial
from typing import ClassVar

from inboxd.store.db import Store, StoreClosed, Tx
from inboxd.upkeep.loop import Loop

BATCH = 100
_log = logging.getLogger("inboxd.upkeep")


class Rounds(Loop):
    """Finds a batch, then acts on each conversation in a unit of its own, which has to look again: it may have
    changed meanwhile. One that cannot be acted on must not hold up the others."""

    done: ClassVar[str]
    """What becomes of a conversation, for the log."""
    look_s: ClassVar[float]
    """The longest wait while there is something to wait for."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    @abstractmethod
    def due(self, tx: Tx) -> list[int]: ...

    @abstractmethod
    def act(self, tx: Tx, conversation_id: int) -> None: ...

    @abstractmethod
    def next_s(self, tx: Tx) -> float | None:
        """Seconds until it is worth coming back after a round in which everything went well."""

    def turn(self) -> float | None:
        return self.step()

    def step(self) -> float | None:
        """One round. Returns the seconds until it is worth coming back; None is until `wake`."""
        with self._store.read() as tx:
            due = self.due(tx)
        acted = [self.acted(conversation_id) for conversation_id in due if not self._stopping]
        if not all(acted):
            return self.look_s
        with self._store.read() as tx:
            return self.next_s(tx)

    def acted(self, conversation_id: int) -> bool:
        try:
            self._store.write(partial(self.act, conversation_id=conversation_id))
        except StoreClosed:
            raise
        except Exception as error:
            _log.error("conversation %d could not be %s: %s", conversation_id, self.done, type(error).__name__)
            return False
        return True
