"""The last thing that can be taken back."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

KEPT_S = 30.0


@dataclass(frozen=True)
class Undoable:
    """`what` names the action and its object; `undo` takes it back, and says so."""

    what: str
    undo: Callable[[], None]
    at: float


def told(what: str, left: list[str]) -> str:
    """What to say when `what` was taken back, but for those that somebody else changed meanwhile."""
    return f"not undone, somebody changed it meanwhile: {', '.join(left)}" if left else f"undone: {what}"


def same(one: Any, other: Any) -> bool:
    """Whether a value is as it was set; the order of a choice of several says nothing."""
    return sorted(one) == sorted(other) if isinstance(one, list) and isinstance(other, list) else bool(one == other)


class Undo:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: Undoable | None = None

    def remember(self, what: str, undo: Callable[[], None]) -> None:
        self._last = Undoable(what, undo, self._clock())

    def take(self) -> Undoable | None:
        """The last one, once, unless it is too long ago."""
        last, self._last = self._last, None
        return last if last is not None and self._clock() - last.at <= KEPT_S else None
