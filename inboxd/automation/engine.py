"""Follows the events and does what rules say: once for each, whatever crashes in between."""

import json
import logging
import time
from functools import partial
from typing import Any

from inboxd.domain.conditions import Condition
from inboxd.domain.errors import Failure, Refused, StorageFull
from inboxd.domain.events import AUTOMATION
from inboxd.domain.facts import Facts
from inboxd.domain.matching import Asked, Conditions
from inboxd.services import actions, automation
from inboxd.services.actions import Run
from inboxd.services.messages import Limits
from inboxd.store import automation as store
from inboxd.store import custom_attribute_definitions as definitions
from inboxd.store.automation import Happened, Waiting
from inboxd.store.db import Store, StoreClosed, Tx
from inboxd.store.models import AutomationRule, AutomationRun, Conversation
from inboxd.upkeep.loop import Loop

BATCH = 200
_BREATH_S = 0.05
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
        self._rules = Rules()

    def turn(self) -> float | None:
        # Under load many events cost one look.
        time.sleep(_BREATH_S)
        return 0 if self.step(BATCH) else None

    def step(self, actions: int = 1) -> bool:
        """Look at a batch of events, and do some actions of the oldest runs. Returns whether there may be more."""
        more = self._look()
        for _ in range(actions):
            if self._stopping or not self._act():
                return more
        return True

    def _look(self) -> bool:
        with self._store.read() as tx:
            by_event = self._rules.now(tx)
            events = store.behind(tx, store.cursor(tx), BATCH) if by_event else []
            found = [one for event in events for one in _matches(tx, by_event, event)]
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
        except (StorageFull, StoreClosed):
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


ByEvent = dict[tuple[int, str], list[tuple[int, Conditions | Refused]]]
"""(account, event) → rules that wait for it: id, and what they ask or why that cannot be understood."""


class Rules:
    """The active rules, understood anew only when one of them or a custom attribute is another than before."""

    def __init__(self) -> None:
        self._read: Any = None
        self._by_event: ByEvent = {}

    def now(self, tx: Tx) -> ByEvent:
        waiting, types = store.waiting(tx), definitions.every_type(tx)
        if (waiting, types) != self._read:
            found: ByEvent = {}
            known: dict[Condition, Asked] = {}
            for rule in waiting:
                own = [one[1:] for one in types if one[0] == rule.account_id]
                found.setdefault((rule.account_id, rule.event_name), []).append(
                    (rule.id, _understood(own, rule, known))
                )
            self._read, self._by_event = (waiting, types), found
        return self._by_event


def _understood(
    types: list[tuple[str, str, str]], rule: Waiting, known: dict[Condition, Asked]
) -> Conditions | Refused:
    try:
        return automation.understood_with(types, json.loads(rule.conditions), known)
    except Refused as refused:
        return refused


Match = tuple[int, str, Happened, str | None]
"""A rule, the event it waited for, and why it could not be understood, if it could not."""


def _matches(tx: Tx, by_event: ByEvent, event: Happened) -> list[Match]:
    name = automation.name_of(tx, event)
    waiting = by_event.get((event.account_id, name)) if name is not None else None
    cause = automation.cause_of(tx, event, name) if name is not None and waiting else None
    if name is None or not waiting or cause is None:
        return []
    facts = automation.facts(tx, cause)
    found: list[Match] = []
    for rule_id, asked in waiting:
        if isinstance(asked, Refused):
            found.append((rule_id, name, event, asked.message))
        elif _holds(facts, asked, rule_id):
            found.append((rule_id, name, event, None))
    return found


def _holds(facts: Facts, asked: Conditions, rule_id: int) -> bool:
    """What cannot be decided does not hold: one event must not keep the others waiting."""
    try:
        return facts.holds(asked)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        _log.exception("rule %d: its conditions cannot be decided", rule_id)
        return False


def _note(found: list[Match], event_id: int, mail: bool, tx: Tx) -> None:
    for rule_id, name, event, wrong in found:
        rule = tx.get(AutomationRule, rule_id)
        if rule is None or not rule.active:
            continue
        if wrong is not None:
            automation.misunderstood(tx, rule, wrong, mail=mail)
        elif rule.actions:
            tx.insert(
                AutomationRun,
                account_id=rule.account_id,
                rule_id=rule.id,
                event_id=event.id,
                conversation_id=event.conversation_id,
                event_name=name,
                actions=rule.actions,
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
