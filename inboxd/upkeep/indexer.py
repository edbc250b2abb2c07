"""Feeds the index of messages, behind those who post them."""

from inboxd.store import search
from inboxd.store.db import Store
from inboxd.upkeep.loop import Loop

EVERY_S = 2.0
"""Waking at every message would cost more than the index does; until its turn the message is read itself."""
PAUSE_S = 0.01
"""Between two batches, for live traffic to pass."""


class Indexer(Loop):
    name = "indexer"

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    def turn(self) -> float:
        return PAUSE_S if self.step() else EVERY_S

    def step(self) -> bool:
        """Index one batch. Returns whether there was any: looking is a read."""
        with self._store.read() as tx:
            behind = search.is_behind(tx)
        if behind:
            # A power cut takes the batch and the note of it together.
            self._store.write(search.index_batch, durable=False)
            self._store.write(search.merge, durable=False)
        return behind
