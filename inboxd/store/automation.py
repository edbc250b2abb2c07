"""Automation rules, and what they are at."""

from peewee import fn

from inboxd.store import blobs
from inboxd.store.db import Tx
from inboxd.store.models import AutomationRule, AutomationRun, Event, Message, Setting

_CURSOR = "automated_up_to"


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
    """The id of the last event that rules have looked at."""
    found = tx.find(Setting, name=_CURSOR)
    return int(found.value) if found is not None else 0


def move_cursor(tx: Tx, event_id: int) -> None:
    found = tx.find(Setting, name=_CURSOR)
    if found is None:
        tx.insert(Setting, name=_CURSOR, value=str(event_id))
    else:
        tx.update(found, value=str(event_id))


def newest_event_id(tx: Tx) -> int:
    return tx.tuples(Event.select(fn.MAX(Event.id)))[0][0] or 0


def behind(tx: Tx, event_id: int, limit: int) -> list[Event]:
    """The next events, the oldest first."""
    return tx.all(Event.select().where(Event.id > event_id).order_by(Event.id).limit(limit))


def next_run(tx: Tx) -> AutomationRun | None:
    found = tx.all(AutomationRun.select().order_by(AutomationRun.id).limit(1))
    return found[0] if found else None


def messages(tx: Tx, conversation_id: int, limit: int) -> list[Message]:
    """The newest messages of a conversation that rules may ask about."""
    where = (Message.conversation_id == conversation_id, Message.message_type != 2)
    return tx.all(Message.select().where(*where).order_by(Message.id.desc()).limit(limit))
