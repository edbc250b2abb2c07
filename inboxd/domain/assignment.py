"""Whose turn it is to be given a conversation."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any


def in_turn(queue: Sequence[int], members: Iterable[int]) -> list[int]:
    """The queue of an inbox with the members as they are now: who left is out of it, who is new waits at its
    head. The last is next."""
    present = set(members)
    kept = [user_id for user_id in queue if user_id in present]
    return [*sorted(present.difference(kept), reverse=True), *kept]


def next_of(queue: Sequence[int], able: Collection[int]) -> int | None:
    """Who of those that can take a conversation had none for longest."""
    return next((user_id for user_id in reversed(queue) if user_id in able), None)


def served(queue: Sequence[int], user_id: int) -> list[int]:
    """The queue after somebody's turn."""
    return [user_id, *(other for other in queue if other != user_id)]


def limit(config: dict[str, Any]) -> int | None:
    """How many open conversations of an inbox with this `auto_assignment_config` one person is given; None is
    any number."""
    given = config.get("max_assignment_limit")
    if isinstance(given, str) and given.isdecimal() and len(given) < 10:
        given = int(given)
    return given if type(given) is int and given > 0 else None
