"""Automation rules, and what they are at."""

from collections.abc import Iterator
from typing import NamedTuple

from peewee import fn

from inboxd.store import blobs
from inboxd.store.db import Tx
from inboxd.store.models import AutomationRule, AutomationRun, Event, Message, Setting
from inboxd.store.rows import Prepared, arg

_CURSOR = "automated_up_to"
_AT_ONCE = 20


def by_id(tx: Tx, account_id: int, rule_id: int) -> AutomationRule | None:
    return tx.find(AutomationRule, id=rule_id, account_id=account_id)


def rules(tx: Tx, account_id: int) -> list[AutomationRule]:
    return tx.filter(AutomationRule, account_id=account_id)


def active(tx: Tx) -> list[AutomationRule]:
    """Of every account: there are few, and the engine looks at them once for many events."""
    return tx.filter(AutomationRule, active=True)


def drop(tx: Tx, rule: AutomationRule) -> None:
    blobs.drop(tx, "AutomationRule", rule.id)
    tx.delete(AutomationRun, rule_id=rule.id)
    tx.delete(AutomationRule, id=rule.id)


def cursor(tx: Tx) -> int:
    """The id of the last event that rules have looked at. Where all events have served their time, ids begin anew."""
    found = tx.find(Setting, name=_CURSOR)
    seen = int(found.value) if found is not None else 0
    return seen if seen <= newest_event_id(tx) else 0


def move_cursor(tx: Tx, event_id: int) -> None:
    found = tx.find(Setting, name=_CURSOR)
    if found is None:
        tx.insert(Setting, name=_CURSOR, value=str(event_id))
    else:
        tx.update(found, value=str(event_id))


_NEWEST = Prepared(Event, lambda: Event.select(fn.MAX(Event.id)))


def newest_event_id(tx: Tx) -> int:
    return tx.tuples(_NEWEST)[0][0] or 0


class Happened(NamedTuple):
    """An event of the feed without its body, which few rules need."""

    id: int
    account_id: int
    name: str
    conversation_id: int | None
    message_id: int | None
    rule_id: int | None


_BEHIND = Prepared(
    Event,
    lambda: (
        Event.select(*(getattr(Event, name) for name in Happened._fields))
        .where(Event.id > arg("after"))
        .order_by(Event.id)
        .limit(arg("limit"))
    ),
)


def behind(tx: Tx, event_id: int, limit: int) -> list[Happened]:
    """The next events, the oldest first."""
    return [Happened(*found) for found in tx.tuples(_BEHIND, after=event_id, limit=limit)]


class Waiting(NamedTuple):
    """An active rule: what decides whether it applies. `conditions` are JSON as it is kept."""

    id: int
    account_id: int
    event_name: str
    conditions: str


_WAITING = Prepared(
    AutomationRule,
    lambda: (
        AutomationRule.select(*(getattr(AutomationRule, name) for name in Waiting._fields))
        .where(AutomationRule.active == arg("active"))
        .order_by(AutomationRule.id)
    ),
)


def waiting(tx: Tx) -> list[Waiting]:
    return [Waiting(*found) for found in tx.tuples(_WAITING, active=True)]


def next_run(tx: Tx) -> AutomationRun | None:
    found = tx.all(AutomationRun.select().order_by(AutomationRun.id).limit(1))
    return found[0] if found else None


def messages(tx: Tx, conversation_id: int, limit: int) -> Iterator[Message]:
    """The newest messages of a conversation that rules may ask about, fetched as far as they are wanted: some
    are large."""
    below = 2**63 - 1
    while limit > 0:
        where = (Message.conversation_id == conversation_id, Message.message_type != 2, Message.id < below)
        found = tx.all(Message.select().where(*where).order_by(Message.id.desc()).limit(min(limit, _AT_ONCE)))
        yield from found
        if len(found) < _AT_ONCE:
            return
        limit -= len(found)
        below = found[-1].id
