"""Follows the events and does what rules say: once for each, whatever crashes in between."""

import logging
import time
from functools import partial

from inboxd.domain.errors import Failure, Refused
from inboxd.domain.events import AUTOMATION
from inboxd.services import actions, automation
from inboxd.services.actions import Run
from inboxd.services.automation import Cause
from inboxd.services.messages import Limits
from inboxd.store import automation as store
from inboxd.store.db import Store, StoreClosed, Tx
from inboxd.store.models import AutomationRule, AutomationRun, Conversation, Event
from inboxd.upkeep.loop import Loop

BATCH = 200
_BREATH_S = 0.02
_log = logging.getLogger("inboxd.automation")


class Engine(Loop):
    """`wake` when there are new events. A rule that applies becomes a run in the transaction that moves the
    cursor past its event; each action of a run is a unit of its own, together with the note that it is done."""

    name = "automation"

    def __init__(self, database: Store, limits: Limits, *, mail: bool = False) -> None:
        super().__init__()
        self._store = database
        self._limits = limits
        self._mail = mail

    def turn(self) -> float | None:
        # Under load many events cost one look.
        time.sleep(_BREATH_S)
        return 0 if self.step() else None

    def step(self) -> bool:
        """Look at a batch of events, and do an action of the oldest run. Returns whether there may be more."""
        looked = self._look()
        return self._act() or looked

    def _look(self) -> bool:
        with self._store.read() as tx:
            rules = store.active(tx)
            events = store.behind(tx, store.cursor(tx), BATCH) if rules else []
            found = [one for event in events for one in _matches(tx, rules, event)]
        if events:
            self._store.write(partial(_note, found, events[-1].id, self._mail), durable=bool(found))
        return len(events) == BATCH

    def _act(self) -> bool:
        with self._store.read() as tx:
            run = store.next_run(tx)
        if run is None:
            return False
        try:
            self._store.write(lambda tx: self._do(tx, run.id))
        except StoreClosed:
            raise
        except Exception as error:
            reason = error.message if isinstance(error, Failure) else type(error).__name__
            name = run.actions[run.step]["action_name"] if run.step < len(run.actions) else "?"
            _log.warning("rule %d: %s left out on conversation %d: %s", run.rule_id, name, run.conversation_id, reason)
            self._store.write(partial(_go_on, run_id=run.id))
        return True

    def _do(self, tx: Tx, run_id: int) -> None:
        run = tx.get(AutomationRun, run_id)
        conversation = tx.get(Conversation, run.conversation_id) if run is not None else None
        if run is not None and conversation is not None and run.step < len(run.actions):
            tx.origin, tx.rule_id = "automation", run.rule_id
            event = f"automation_event.{run.event_name}"
            attributes = {"automation_rule_id": run.rule_id}
            doing = Run(AUTOMATION, None, event, self._limits, attributes, self._mail)
            actions.perform(tx, conversation, doing, run.actions[run.step])
        _go_on(tx, run_id)


Match = tuple[AutomationRule, str, Cause, Event, str | None]
"""A rule, the event it waited for, and why it could not be understood, if it could not."""


def _matches(tx: Tx, rules: list[AutomationRule], event: Event) -> list[Match]:
    mine = [rule for rule in rules if rule.account_id == event.account_id]
    if not mine:
        return []
    found: list[Match] = []
    for name, cause in automation.causes(tx, event):
        for rule in mine:
            if rule.event_name != name:
                continue
            try:
                if automation.applies(tx, rule, cause):
                    found.append((rule, name, cause, event, None))
            except Refused as refused:
                found.append((rule, name, cause, event, refused.message))
    return found


def _note(found: list[Match], event_id: int, mail: bool, tx: Tx) -> None:
    for rule, name, cause, event, wrong in found:
        current = tx.get(AutomationRule, rule.id)
        if current is None or not current.active:
            continue
        if wrong is not None:
            automation.misunderstood(tx, current, wrong, mail=mail)
        elif current.actions:
            tx.insert(
                AutomationRun,
                account_id=rule.account_id,
                rule_id=rule.id,
                event_id=event.id,
                conversation_id=cause.conversation.id,
                event_name=name,
                actions=current.actions,
            )
    store.move_cursor(tx, event_id)


def _go_on(tx: Tx, run_id: int) -> None:
    """To the next action; behind the last one the run is over."""
    run = tx.get(AutomationRun, run_id)
    if run is None:
        return
    if run.step + 1 >= len(run.actions):
        tx.delete(AutomationRun, id=run.id)
    else:
        tx.update(run, step=run.step + 1)
