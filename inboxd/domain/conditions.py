"""Conditions on records, as clients send them: reading and checking, whatever the records are.

A list of conditions is flat: each `query_operator` joins its condition to the next one, and AND
binds tighter than OR. What can be asked of which attribute is for catalogues to say.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from inboxd.domain.errors import Refused

IS, IS_NOT = "equal_to", "not_equal_to"
CONTAINS, CONTAINS_NOT = "contains", "does_not_contain"
PRESENT, ABSENT = "is_present", "is_not_present"
AFTER, BEFORE, DAYS_BEFORE = "is_greater_than", "is_less_than", "days_before"
STARTS = "starts_with"
CHANGED = "attribute_changed"

EQUALITY = (IS, IS_NOT)
TEXT = (*EQUALITY, CONTAINS, CONTAINS_NOT)
OPTIONAL = (*EQUALITY, PRESENT, ABSENT)
MOMENT = (AFTER, BEFORE, DAYS_BEFORE)

CONDITIONS_LIMIT = 100
VALUES_LIMIT = 100
VALUE_LENGTH = 2048
_BIGGEST = 2**53
_DAYS_LIMIT = 100_000


@dataclass(frozen=True)
class Operator:
    """`takes`: the kind of its values where that is not the attribute's own. `several`: more than one counts."""

    name: str
    about: str
    takes: str = ""
    several: bool = True


OPERATORS = {
    one.name: one
    for one in (
        Operator(IS, "is one of the values"),
        Operator(IS_NOT, "is there and is none of the values; a custom attribute may be missing as well"),
        Operator(CONTAINS, "contains one of the texts, in upper or lower case", "text"),
        Operator(CONTAINS_NOT, "contains none of the texts", "text"),
        Operator(PRESENT, "there is one", "nothing"),
        Operator(ABSENT, "there is none", "nothing"),
        Operator(AFTER, "is greater or later than the value", several=False),
        Operator(BEFORE, "is less or earlier than the value", several=False),
        Operator(DAYS_BEFORE, "lies more than so many days back", "days", several=False),
        Operator(STARTS, "begins with one of the texts", "text"),
        Operator(CHANGED, "changed from one of some values to one of others", "change"),
    )
}


@dataclass(frozen=True)
class Attribute:
    """What can be asked of an attribute. `kind` says what its values are: text, id, word, flag, number or
    day. `words` are the only ones that it takes; `refers` says whose ids or names they are."""

    kind: str
    operators: tuple[str, ...]
    words: tuple[str, ...] = ()
    refers: str = ""

    @property
    def value_kind(self) -> str:
        """The kind for people who write conditions: whose id or name, or how it is written."""
        return self.refers or _WRITTEN.get(self.kind, self.kind)


_WRITTEN = {"word": "choice", "day": "date", "flag": "boolean", "id": "number"}


# What a custom attribute's display type means.
_OPTIONAL_TEXT = (*TEXT, PRESENT, ABSENT)
_OPTIONAL_NUMBER = (*OPTIONAL, AFTER, BEFORE)
CUSTOM = {
    "text": Attribute("text", _OPTIONAL_TEXT),
    "link": Attribute("text", _OPTIONAL_TEXT),
    "list": Attribute("text", _OPTIONAL_TEXT),
    "number": Attribute("number", _OPTIONAL_NUMBER),
    "currency": Attribute("number", _OPTIONAL_NUMBER),
    "percent": Attribute("number", _OPTIONAL_NUMBER),
    "date": Attribute("day", (*_OPTIONAL_NUMBER, DAYS_BEFORE)),
    "checkbox": Attribute("flag", OPTIONAL),
}


@dataclass(frozen=True)
class Condition:
    """`model` is that of a custom attribute, and None for a standard one. `values` have the type that
    the attribute's kind and the operator ask for."""

    key: str
    operator: str
    values: tuple[Any, ...]
    attribute: Attribute
    model: str | None = None


@dataclass(frozen=True)
class Catalogue:
    """`custom` knows attributes by (model, key); `model` is where a key is looked up unless the
    condition names one of the others."""

    standard: Mapping[str, Attribute]
    custom: Mapping[tuple[str, str], Attribute]
    model: str
    changes: bool = False
    """Whether it can be asked from what to what an attribute changed."""

    def find(self, key: str, model: str | None) -> tuple[Attribute, str | None]:
        """The attribute, and its model if it is a custom one. Raises Refused."""
        if key in self.standard:
            return self.standard[key], None
        model = model or self.model
        found = self.custom.get((model, key))
        if found is None:
            known = ",".join(self.standard)
            raise Refused(
                f"Invalid attribute key - [{key}]. The key should be one of [{known}] "
                "or a custom attribute defined in the account."
            )
        return found, model


Alternatives = list[list[Condition]]
"""Any of these has to hold, each with all of its conditions."""


def parse(raw: list[dict[str, Any]], catalogue: Catalogue) -> Alternatives:
    """Raises Refused. The last condition's operator joins it to nothing and means nothing. A change that is joined
    by AND has to be there whatever of what stands behind it holds."""
    if len(raw) > CONDITIONS_LIMIT:
        raise Refused(f"Too many conditions (maximum is {CONDITIONS_LIMIT})")
    found: Alternatives = []
    needed: list[Condition] = []
    word = "OR"
    for place, one in enumerate(raw, 1):
        if word == "OR":
            found.append(list(needed))
        condition = _condition(one, catalogue)
        found[-1].append(condition)
        word = joiner(one.get("query_operator"))
        if condition.operator == CHANGED and word == "AND":
            needed = list(found[-1])
        if not word and place < len(raw):
            raise Refused(f'Query operator is missing after {condition.key}: it must be either "AND" or "OR".')
    return found


def joiner(raw: Any) -> str:
    """AND, OR or nothing. Raises Refused."""
    word = raw.strip().upper() if isinstance(raw, str) else raw
    if word in (None, "", {}, []):
        return ""
    if word not in ("AND", "OR"):
        raise Refused('Query operator must be either "AND" or "OR".')
    return str(word)


def _condition(raw: dict[str, Any], catalogue: Catalogue) -> Condition:
    key, model = raw.get("attribute_key"), raw.get("custom_attribute_type")
    attribute, model = catalogue.find(key if isinstance(key, str) else "", model if isinstance(model, str) else None)
    operator = raw.get("filter_operator")
    if operator == CHANGED and catalogue.changes:
        return Condition(str(key), CHANGED, _change(raw.get("values"), str(key)), attribute, model)
    if not isinstance(operator, str) or operator not in attribute.operators:
        allowed = ",".join(attribute.operators)
        raise Refused(f"Invalid operator. The allowed operators for {key} are [{allowed}].")
    takes = OPERATORS[operator].takes or attribute.kind
    try:
        values = () if takes == "nothing" else _values(raw.get("values"), str(key), _reader(takes, attribute.words))
    except (TypeError, ValueError, OverflowError):
        raise Refused(f"Invalid value. The values provided for {key} are invalid") from None
    return Condition(str(key), operator, values, attribute, model)


def _change(raw: Any, key: str) -> tuple[Any, ...]:
    """From which values to which, as two lists."""
    sides: list[Any] = [raw.get(side) for side in ("from", "to")] if isinstance(raw, dict) else []
    fit = (isinstance(side, list) and len(side) <= VALUES_LIMIT for side in sides)
    if len(sides) != 2 or not all(fit) or len(str(sides)) > VALUES_LIMIT * VALUE_LENGTH:
        raise Refused(f"Invalid value. The values provided for {key} are invalid")
    return tuple(tuple(side) for side in sides)


def _values(raw: Any, key: str, read: Callable[[Any], Any]) -> tuple[Any, ...]:
    given = [one for one in (raw if isinstance(raw, list) else [raw]) if one not in (None, {}, [])]
    if not given:
        raise ValueError
    if len(given) > VALUES_LIMIT:
        raise Refused(f"Invalid value. There are too many values for {key} (maximum is {VALUES_LIMIT})")
    if any(isinstance(one, str) and len(one) > VALUE_LENGTH for one in given):
        raise Refused(f"Invalid value. A value for {key} is too long (maximum is {VALUE_LENGTH} characters)")
    return tuple(read(one) for one in given)


def _reader(kind: str, words: tuple[str, ...]) -> Callable[[Any], Any]:
    return (lambda raw: _word(raw, words)) if kind == "word" else _READERS[kind]


def _text(raw: Any) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise TypeError
    return str(raw)


def _word(raw: Any, words: tuple[str, ...]) -> str:
    if raw not in words:
        raise ValueError
    return str(raw)


def _id(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise TypeError
    if not abs(number := int(raw)) < _BIGGEST:
        raise ValueError
    return number


def _number(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise TypeError
    if not math.isfinite(number := float(raw)):
        raise ValueError
    return number


def _day(raw: Any) -> date:
    if not isinstance(raw, str):
        raise TypeError
    return datetime.fromisoformat(raw.strip()).date()


def _days(raw: Any) -> int:
    if not 0 <= (days := _id(raw)) <= _DAYS_LIMIT:
        raise ValueError
    return days


def _flag(raw: Any) -> bool:
    word = raw.strip().lower() if isinstance(raw, str) else raw
    if word is True or word == "true":
        return True
    if word is False or word == "false":
        return False
    raise ValueError


_READERS: dict[str, Callable[[Any], Any]] = {
    "text": _text, "id": _id, "number": _number, "day": _day, "days": _days, "flag": _flag,
}  # fmt: skip
