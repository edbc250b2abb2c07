"""Much work in units that are short, so that others pass between them."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
MOST = 50
HEAVIEST = 250_000
"""Bytes or characters: about what a unit stores in the time that others may have to wait."""


def portions(items: Iterable[T], weight: Callable[[T], int]) -> Iterator[list[T]]:
    """The items in their order, as many at once as are few and light; one that is heavy stands alone."""
    portion: list[T] = []
    heavy = 0
    for item in items:
        if portion and (len(portion) == MOST or heavy + weight(item) > HEAVIEST):
            yield portion
            portion, heavy = [], 0
        portion.append(item)
        heavy += weight(item)
    if portion:
        yield portion
