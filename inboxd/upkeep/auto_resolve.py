"""Resolves conversations that nobody has touched for long, in accounts that want it."""

from inboxd.services import auto_resolve
from inboxd.store.db import Tx
from inboxd.upkeep.rounds import BATCH, Rounds

LOOK_S = 300.0
"""Also between two batches of an account: switched on among thousands of idle conversations, it must not write
to thousands of contacts before anybody sees what it does."""


class Resolver(Rounds):
    """`wake` when the settings of an account changed: until then there is nothing to do where none asks for it."""

    name = "auto-resolve"
    done = "resolved"
    look_s = LOOK_S

    def due(self, tx: Tx) -> list[int]:
        return auto_resolve.due(tx, BATCH)

    def act(self, tx: Tx, conversation_id: int) -> None:
        auto_resolve.resolve(tx, conversation_id)

    def next_s(self, tx: Tx) -> float | None:
        return LOOK_S if auto_resolve.is_used(tx) else None
