"""When automation rules hold: pure decisions over what is known of a conversation.

A rule's conditions are understood once, as tests of a value; what conditions look at is read once an event,
however many rules ask for it, and no more of it than can be searched in some milliseconds.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from operator import attrgetter
from typing import Any

from inboxd.domain import conditions as ask
from inboxd.domain.conditions import Alternatives, Attribute, Catalogue, Condition
from inboxd.domain.conversations import PRIORITIES, STATUSES
from inboxd.domain.errors import Refused
from inboxd.domain.messages import MESSAGE_TYPES

EVENTS = {
    "conversation_created": "a conversation was opened",
    "conversation_updated": "status, assignee, team, labels, priority, snooze, waiting or a custom attribute changed",
    "conversation_opened": "a conversation became open again",
    "conversation_resolved": "a conversation became resolved",
    "message_created": "an incoming, outgoing or template message was stored, private notes included",
}
EVENT_NAMES = tuple(EVENTS)
CHANGES_OF = "conversation_updated"
"""The event that says what changed."""
OPENINGS = ("conversation_created", "conversation_opened")
"""No machine that answers of itself sets them off."""
CHECKS = 2
"""A rule whose conditions cannot be understood so often is switched off."""
SEARCHED = 50_000
"""Characters of a text that conditions look at, and of a conversation's newest messages together."""
SEARCHES = 100
"""Texts that the conditions of one rule may look for inside others. With SEARCHED: five million characters
passed over, 5 ms, and 50 ms where text and pattern are made to be slow."""


@dataclass(frozen=True)
class Known(Attribute):
    """Every rule knows it: `of` conversation, contact or message, in a column of its own name unless `column`
    names another. `changes`: events say what it was before. `any_case`: equal whatever the case."""

    about: str = ""
    of: str = "conversation"
    column: str = ""
    changes: bool = False
    any_case: bool = False
    several: bool = True

    def read(self, key: str, holder: Any) -> Any:
        value = getattr(holder, self.column or key)
        if self.column == "additional_attributes":
            return value.get(key)
        return MESSAGE_TYPES[value] if key == "message_type" else value


_MORE = "additional_attributes"
STANDARD: Mapping[str, Known] = {
    "status": Known("word", ask.EQUALITY, STATUSES, about="its status", changes=True),
    "priority": Known("word", ask.EQUALITY, PRIORITIES, about="its priority", changes=True),
    "assignee_id": Known("id", ask.OPTIONAL, refers="agent", about="whose it is", changes=True),
    "inbox_id": Known("id", ask.OPTIONAL, refers="inbox", about="its inbox"),
    "team_id": Known("id", ask.OPTIONAL, refers="team", about="its team", changes=True),
    "labels": Known(
        "text", ask.OPTIONAL, refers="label", column="label_list", several=False,
        about="its labels; `not_equal_to` is having some other one",
    ),
    "browser_language": Known("text", ask.EQUALITY, column=_MORE, about="its `additional_attributes`"),
    "conversation_language": Known("text", ask.EQUALITY, column=_MORE, about="its `additional_attributes`"),
    "referer": Known("text", ask.TEXT, column=_MORE, about="its `additional_attributes`"),
    "mail_subject": Known("text", ask.TEXT, column=_MORE, about="its `additional_attributes`"),
    "email": Known("text", ask.TEXT, of="contact", about="the contact's e-mail address"),
    "phone_number": Known("text", (*ask.TEXT, ask.STARTS), of="contact", about="the contact's phone number"),
    "city": Known("text", ask.TEXT, of="contact", column=_MORE, about="the contact's `additional_attributes`"),
    "company_name": Known("text", ask.TEXT, of="contact", column=_MORE, about="the contact's `additional_attributes`"),
    "country_code": Known(
        "text", ask.EQUALITY, of="contact", column=_MORE, about="the contact's `additional_attributes`"
    ),
    "message_type": Known(
        "word", ask.EQUALITY, tuple(word for word in MESSAGE_TYPES if word != "activity"), of="message",
        about="who wrote: the contact (incoming), an agent or bot (outgoing), or inboxd (template)",
    ),
    "content": Known("text", ask.TEXT, of="message", any_case=True, about="the text, in upper or lower case"),
    "private_note": Known("flag", ask.EQUALITY, of="message", column="private", about="whether it is a private note"),
}  # fmt: skip


def catalogue(custom: Mapping[tuple[str, str], Attribute]) -> Catalogue:
    """Custom attributes are the contact's unless a condition says otherwise."""
    return Catalogue(STANDARD, custom, "contact_attribute", changes=True)


def check_effort(asked: Alternatives) -> None:
    """Raises Refused for conditions that look for more texts than can be found in time."""
    once = {id(one): one for group in asked for one in group}.values()
    if sum(len(one.values) for one in once if one.operator in (ask.CONTAINS, ask.CONTAINS_NOT)) > SEARCHES:
        raise Refused(f"There are too many texts to look for (maximum of contains in a rule is {SEARCHES})")


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


Changed = Mapping[str, tuple[Any, Any]]
"""What the event changed: attribute → (before, after)."""


class SeenMessage:
    def __init__(self, message: Any, today: date) -> None:
        self.values = {
            key: Seen(known.read(key, message), today) for key, known in STANDARD.items() if known.of == "message"
        }
        self.outcomes: dict[Asked, bool] = {}


class Facts:
    """What an event is about, as conditions ask for it: `holders` are the conversation and the contact, `messages`
    gives those that count. Each value is read once."""

    def __init__(
        self, holders: Mapping[str, Any], messages: Callable[[], Iterable[Any]], changed: Changed, today: date
    ) -> None:
        self.changed = changed
        self._holders = holders
        self._messages = messages
        self._today = today
        self._values: dict[tuple[str, str | None], Seen] = {}
        self._outcomes: dict[Asked, bool] = {}

    def holds(self, asked: Conditions) -> bool:
        """Whether a rule applies: without conditions always. One that asks about a change never does where that
        attribute did not change, whatever else it asks."""
        if asked.changes and not asked.changes <= self.changed.keys():
            return False
        if not asked.groups:
            return True
        # Loops, and calls written out: this is done for every rule at every event.
        outcomes, values = self._outcomes, self._values
        for group in asked.groups:
            for one in group.standing:
                held = outcomes.get(one)
                if held is None:
                    held = outcomes[one] = one.test(values.get(one.place) or self._value(one))
                if not held:
                    break
            else:
                if not group.of_message or self._fits_one(group.of_message):
                    return True
        return False

    def _fits_one(self, asked: list[Asked]) -> bool:
        for message in self.messages:
            outcomes = message.outcomes
            for one in asked:
                held = outcomes.get(one)
                if held is None:
                    held = outcomes[one] = one.test(message.values[one.condition.key])
                if not held:
                    break
            else:
                return True
        return False

    def outcome(self, one: Asked) -> bool:
        """Whether a condition holds by itself, for any message if it asks about those."""
        if one.of_message:
            return self._fits_one([one])
        return one.test(self._value(one))

    def values(self, one: Asked) -> list[Any]:
        """What a condition looks at: one value, or one of each message, the newest first."""
        if one.of_message:
            return [message.values[one.condition.key].value for message in self.messages]
        return [self._value(one).value]

    @cached_property
    def messages(self) -> list[SeenMessage]:
        found: list[SeenMessage] = []
        left = SEARCHED
        for message in self._messages():
            seen = SeenMessage(message, self._today)
            left -= len(seen.values["content"].text or "")
            if found and left < 0:
                break
            found.append(seen)
        return found

    def _value(self, one: Asked) -> Seen:
        seen = self._values.get(one.place)
        if seen is None:
            is_change = one.condition.operator == ask.CHANGED
            value = self.changed.get(one.condition.key) if is_change else self._read(one.condition)
            seen = self._values[one.place] = Seen(value, self._today)
        return seen

    def _read(self, one: Condition) -> Any:
        if isinstance(one.attribute, Known):
            return one.attribute.read(one.key, self._holders[one.attribute.of])
        holder = self._holders.get((one.model or "").removesuffix("_attribute"))
        return holder.custom_attributes.get(one.key) if holder is not None else None
