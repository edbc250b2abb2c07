"""When automation rules hold: pure decisions over what is known of a conversation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from inboxd.domain import conditions as ask
from inboxd.domain.conditions import Alternatives, Attribute, Catalogue, Condition
from inboxd.domain.conversations import PRIORITIES, STATUSES
from inboxd.domain.messages import MESSAGE_TYPES

EVENT_NAMES = (
    "conversation_created", "conversation_updated", "conversation_opened", "conversation_resolved", "message_created",
)  # fmt: skip
CHECKS = 2
"""A rule whose conditions cannot be understood so often is switched off."""

_TEXT = Attribute("text", ask.TEXT)
_WORDS = Attribute("text", ask.EQUALITY)
_ID = Attribute("id", ask.OPTIONAL)
STANDARD: Mapping[str, Attribute] = {
    "status": Attribute("word", ask.EQUALITY, STATUSES),
    "priority": Attribute("word", ask.EQUALITY, PRIORITIES),
    "assignee_id": _ID,
    "inbox_id": _ID,
    "team_id": _ID,
    "labels": Attribute("text", ask.OPTIONAL),
    "browser_language": _WORDS,
    "conversation_language": _WORDS,
    "referer": _TEXT,
    "mail_subject": _TEXT,
    "email": _TEXT,
    "phone_number": Attribute("text", (*ask.TEXT, ask.STARTS)),
    "city": _TEXT,
    "company_name": _TEXT,
    "country_code": _WORDS,
    "message_type": Attribute("word", ask.EQUALITY, MESSAGE_TYPES),
    "content": _TEXT,
    "private_note": Attribute("flag", ask.EQUALITY),
}
OF_MESSAGES = frozenset({"message_type", "content", "private_note"})
_ANY_CASE = frozenset({"content"})


def catalogue(custom: Mapping[tuple[str, str], Attribute]) -> Catalogue:
    """Custom attributes are the contact's unless a condition says otherwise."""
    return Catalogue(STANDARD, custom, "contact_attribute", changes=True)


@dataclass(frozen=True)
class Judged:
    """One condition and whether it held."""

    condition: Condition
    holds: bool


Values = Callable[[Condition], Sequence[Any]]
"""What an attribute is now: one value, None for nothing; several where any message of a conversation counts."""
Changed = Mapping[str, tuple[Any, Any]]
"""What the event changed: attribute → (before, after)."""


def judged(asked: Alternatives, values: Values, changed: Changed) -> list[list[Judged]]:
    """Every condition by itself, as `asked` groups them."""
    return [[Judged(one, _holds(one, values, changed)) for one in group] for group in asked]


def holds(asked: Alternatives, values: Values, changed: Changed) -> bool:
    """Whether a rule applies: without conditions always. One that asks about a change never does where that
    attribute did not change, whatever else it asks."""
    everything = [one for group in asked for one in group]
    if any(one.operator == ask.CHANGED and one.key not in changed for one in everything):
        return False
    return not everything or any(all(_holds(one, values, changed) for one in group) for group in asked)


def _holds(asked: Condition, values: Values, changed: Changed) -> bool:
    if asked.operator == ask.CHANGED:
        before, after = changed.get(asked.key, (None, None))
        return asked.key in changed and before in asked.values[0] and after in asked.values[1]
    found = list(values(asked))
    if asked.key == "labels" and asked.model is None:
        return _labels(asked, found)
    return any(_is(asked, value) for value in found)


def _labels(asked: Condition, labels: list[Any]) -> bool:
    """As on Chatwoot's wire: one label is asked for, and `not_equal_to` is having some other one."""
    if asked.operator == ask.PRESENT:
        return bool(labels)
    if asked.operator == ask.ABSENT:
        return not labels
    if asked.operator == ask.IS:
        return asked.values[0] in labels
    return any(label != asked.values[0] for label in labels)


def _is(asked: Condition, value: Any) -> bool:
    if asked.operator in (ask.PRESENT, ask.ABSENT):
        return (value not in (None, "")) == (asked.operator == ask.PRESENT)
    if value is None:
        return asked.operator == ask.IS_NOT and asked.model is not None
    if asked.operator in ask.EQUALITY:
        return _equals(asked, value) == (asked.operator == ask.IS)
    if asked.operator in (ask.CONTAINS, ask.CONTAINS_NOT):
        text = str(value).casefold()
        return any(str(one).casefold() in text for one in asked.values) == (asked.operator == ask.CONTAINS)
    if asked.operator == ask.STARTS:
        return any(str(value).startswith(str(one)) for one in asked.values)
    return _compared(asked, value)


def _equals(asked: Condition, value: Any) -> bool:
    if asked.key in _ANY_CASE or (asked.model is not None and asked.attribute.kind == "text"):
        return str(value).casefold() in (str(one).casefold() for one in asked.values)
    if asked.attribute.kind == "number":
        return _number(value) in asked.values
    if asked.attribute.kind == "day":
        return _day(value) in asked.values
    return value in asked.values


def _compared(asked: Condition, value: Any) -> bool:
    mine = _day(value) if asked.attribute.kind == "day" else _number(value)
    if mine is None:
        return False
    least, most = min(asked.values), max(asked.values)
    return bool(mine > least) if asked.operator == ask.AFTER else bool(mine < most)


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
