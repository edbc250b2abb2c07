"""What an event is about, as the conditions of automation rules ask for it: read once an event, however many
rules ask, and no more of it than can be searched in some milliseconds."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import Any

from inboxd.domain import conditions as ask
from inboxd.domain.automation import SEARCHED, STANDARD, Known
from inboxd.domain.conditions import Condition
from inboxd.domain.matching import Asked, Conditions, Seen

Changed = Mapping[str, tuple[Any, Any]]
"""What the event changed: attribute → (before, after)."""


class SeenMessage:
    def __init__(self, message: Any, today: date) -> None:
        self.values = {
            key: Seen(known.read(key, message), today) for key, known in STANDARD.items() if known.of == "message"
        }
        self.outcomes: dict[Asked, bool] = {}


class Facts:
    """`holders` are the conversation and the contact, `messages` gives those that count."""

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
