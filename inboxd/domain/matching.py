"""Conditions of automation rules, understood once: each is a test of a value."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from operator import attrgetter
from typing import Any

from inboxd.domain import conditions as ask
from inboxd.domain.automation import SEARCHED, Known
from inboxd.domain.conditions import Alternatives, Condition


class Seen:
    """A value as conditions compare it; None is nothing."""

    def __init__(self, value: Any, today: date) -> None:
        self.value = value
        self.today = today

    @cached_property
    def text(self) -> str | None:
        value = self.value
        if value is None or isinstance(value, str):
            return value[:SEARCHED] if value else value
        return json.dumps(value, ensure_ascii=False)[:SEARCHED]

    @cached_property
    def folded(self) -> str | None:
        return self.text.casefold() if self.text is not None else None

    @cached_property
    def number(self) -> float | None:
        if isinstance(self.value, bool) or not isinstance(self.value, str | int | float):
            return None
        try:
            return float(self.value)
        except (ValueError, OverflowError):
            return None

    @cached_property
    def day(self) -> date | None:
        text = (self.text or "")[:10]
        try:
            return date.fromisoformat(text) if text[4:5] == text[7:8] == "-" else None
        except ValueError:
            return None

    @cached_property
    def flag(self) -> bool | None:
        words = {"true": True, "1": True, "false": False, "0": False}
        return words.get(self.folded or "")


Test = Callable[[Seen], bool]


@dataclass(frozen=True, eq=False)
class Asked:
    """A condition, and the test of what it asks about."""

    condition: Condition
    test: Test
    of_message: bool
    place: tuple[str, str | None]
    """Of the value that it looks at, which others may look at as well."""


@dataclass(frozen=True)
class Group:
    """Conditions of which all have to hold; those `of_message` for one and the same message."""

    whole: list[Asked]
    standing: list[Asked]
    of_message: list[Asked]


@dataclass(frozen=True)
class Conditions:
    """Those of a rule, understood: one group has to hold. `changes` are the attributes that have to have changed."""

    groups: list[Group]
    changes: frozenset[str]


def compiled(asked: Alternatives, known: dict[Condition, Asked] | None = None) -> Conditions:
    """Rules that share `known` ask what they have in common once an event."""
    known = {} if known is None else known
    once: dict[int, Asked] = {}
    groups = [[once.setdefault(id(one), _shared(one, known)) for one in group] for group in asked]
    changes = frozenset(one.key for group in asked for one in group if one.operator == ask.CHANGED)
    return Conditions([_group(whole) for whole in groups], changes)


def _shared(one: Condition, known: dict[Condition, Asked]) -> Asked:
    # The lists of a change cannot be keys, and 1 and True would be the same one.
    return _asked(one) if one.operator == ask.CHANGED else known.setdefault(one, _asked(one))


def _group(whole: list[Asked]) -> Group:
    of_message = [one for one in whole if one.of_message]
    return Group(whole, [one for one in whole if not one.of_message], of_message)


def _asked(one: Condition) -> Asked:
    is_change = one.operator == ask.CHANGED
    of_message = isinstance(one.attribute, Known) and one.attribute.of == "message" and not is_change
    return Asked(one, _test(one), of_message, (one.key, ask.CHANGED if is_change else one.model))


def _test(asked: Condition) -> Test:
    return _TESTS[asked.operator](asked)


def _equal(asked: Condition) -> Test:
    get = _as_kept(asked)
    if asked.key == "labels" and asked.model is None:
        return lambda seen: asked.values[0] in seen.value
    among = _among(asked)
    return lambda seen: get(seen) in among


def _different(asked: Condition) -> Test:
    get = _as_kept(asked)
    if asked.key == "labels" and asked.model is None:
        # As on Chatwoot's wire: having some other one.
        return lambda seen: any(one != asked.values[0] for one in seen.value)
    among = _among(asked)
    if asked.model is None:
        return lambda seen: seen.value is not None and get(seen) not in among
    return lambda seen: get(seen) not in among


def _among(asked: Condition) -> frozenset[Any]:
    get = _as_kept(asked)
    return frozenset(get(Seen(one, date.min)) if asked.attribute.kind == "text" else one for one in asked.values)


def _containing(asked: Condition) -> Test:
    texts, wanted = [str(one).casefold() for one in asked.values], asked.operator == ask.CONTAINS

    def test(seen: Seen) -> bool:
        folded = seen.folded
        if folded is None:
            return False
        for text in texts:
            if text in folded:
                return wanted
        return not wanted

    return test


def _starting(asked: Condition) -> Test:
    return lambda seen: seen.text is not None and seen.text.startswith(asked.values)


def _greater(asked: Condition) -> Test:
    get = _as_kept(asked)
    return lambda seen: (mine := get(seen)) is not None and mine > asked.values[0]


def _less(asked: Condition) -> Test:
    get = _as_kept(asked)
    return lambda seen: (mine := get(seen)) is not None and mine < asked.values[0]


def _long_ago(asked: Condition) -> Test:
    return lambda seen: seen.day is not None and seen.day < seen.today - timedelta(days=asked.values[0])


def _present(_: Condition) -> Test:
    return lambda seen: seen.value not in (None, [])


def _absent(_: Condition) -> Test:
    return lambda seen: seen.value in (None, [])


def _changed(asked: Condition) -> Test:
    return lambda seen: bool(seen.value) and all(map(_is_among, seen.value, asked.values))


def _is_among(value: Any, values: Sequence[Any]) -> bool:
    """Python takes 1 and True for equal, JSON does not."""
    return any(one == value and isinstance(one, bool) == isinstance(value, bool) for one in values)


_TESTS: dict[str, Callable[[Condition], Test]] = {
    ask.IS: _equal, ask.IS_NOT: _different, ask.CONTAINS: _containing, ask.CONTAINS_NOT: _containing,
    ask.PRESENT: _present, ask.ABSENT: _absent, ask.AFTER: _greater, ask.BEFORE: _less,
    ask.DAYS_BEFORE: _long_ago, ask.STARTS: _starting, ask.CHANGED: _changed,
}  # fmt: skip


def _as_kept(asked: Condition) -> Callable[[Seen], Any]:
    """What of a value an attribute of its kind compares."""
    kind = asked.attribute.kind
    if kind == "text":
        kind = "folded" if getattr(asked.attribute, "any_case", True) else "text"
    return attrgetter(kind if kind in ("folded", "text", "number", "day", "flag") else "value")
