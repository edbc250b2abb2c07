"""Wakes snoozed conversations when their time has come."""

from inboxd.services import conversations
from inboxd.store import snoozed
from inboxd.store.db import Tx
from inboxd.upkeep.rounds import BATCH, Rounds

LOOK_S = 30.0
"""The longest wait: a clock that was set meanwhile moves every moment that was waited for."""


class Waker(Rounds):
    """Waits for the next conversation whose `snoozed_until` passes. `wake` when one was snoozed."""

    name = "snooze"
    done = "woken"
    look_s = LOOK_S

    def due(self, tx: Tx) -> list[int]:
        return snoozed.due(tx, BATCH)

    def act(self, tx: Tx, conversation_id: int) -> None:
        conversations.wake(tx, conversation_id)

    def next_s(self, tx: Tx) -> float:
        return snoozed.next_due_s(tx, LOOK_S)
