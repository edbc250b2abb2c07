"""Hands out what nobody asked for at that moment: by the policies of inboxes, and after members who left."""

import logging
from collections.abc import Callable
from functools import partial

from inboxd.services import assignment, conversations
from inboxd.store import assignments as store
from inboxd.store.db import Store, StoreClosed, Tx
from inboxd.store.models import Departure, Inbox
from inboxd.upkeep.loop import Loop

LOOK_S = 60.0
"""The longest wait: who comes online, and a window that passes, wake nobody."""
AT_ONCE = 1000
_log = logging.getLogger("inboxd.upkeep")


class Assigner(Loop):
    """`wake` when conversations opened or closed in an inbox with a policy, or when somebody left one."""

    name = "assignment"

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    def turn(self) -> float:
        self.step()
        return LOOK_S

    def step(self) -> None:
        with self._store.read() as tx:
            left, inboxes = store.departures(tx), store.with_policy(tx)
        for departure in left:
            while not self._stopping and self._done(partial(_hand_over, departure_id=departure.id)):
                pass
        for inbox in inboxes:
            self._distribute(inbox)

    def _distribute(self, inbox: Inbox) -> None:
        with self._store.read() as tx:
            policy = store.policy(tx, inbox.id)
            if policy is None or not assignment.candidates(tx, inbox, None):
                return
            # What waits for a team of which nobody is here must not stand before the others.
            able = [one for one in store.waiting_teams(tx, inbox) if assignment.is_served(tx, inbox, one)]
            longest = policy.conversation_priority == "longest_waiting"
            found = store.waiting(tx, inbox, able, longest_waiting=longest, limit=AT_ONCE)
        for conversation_id in found:
            if self._stopping:
                return
            given = self._done(partial(conversations.hand_out, conversation_id=conversation_id))
            if not given and not self._anybody(inbox):
                return

    def _anybody(self, inbox: Inbox) -> bool:
        with self._store.read() as tx:
            return bool(assignment.candidates(tx, inbox, None))

    def _done(self, unit: Callable[[Tx], bool]) -> bool:
        try:
            return self._store.write(unit)
        except StoreClosed:
            raise
        except Exception as error:
            # One that cannot be handed out must not keep the others waiting.
            _log.error("a conversation could not be handed out: %s", type(error).__name__)
            return False


def _hand_over(tx: Tx, departure_id: int) -> bool:
    """Some of the conversations of who left; whether there are more."""
    departure = tx.get(Departure, departure_id)
    if departure is None:
        return False
    after = conversations.hand_over(tx, departure.account_id, departure.user_id, departure.inbox_id, departure.after)
    if after:
        tx.update(departure, after=after)
    else:
        tx.delete(Departure, id=departure.id)
    return bool(after)
