"""When the server is asked: one question at a time, and not about what somebody only passes by."""

import time

REST_S = 0.12


class Reload:
    """One fetch at a time. What is wanted meanwhile is fetched behind it; `due` spaces those that nobody asked for by
    hand, `least_s` apart."""

    def __init__(self, least_s: float = 0.0) -> None:
        self._least_s = least_s
        self._not_before = 0.0
        self.is_wanted = False
        self.is_busy = False

    def want(self) -> None:
        self.is_wanted = True

    def begin(self) -> bool:
        """Whether it can be fetched now. If not, it is wanted."""
        if self.is_busy:
            self.is_wanted = True
            return False
        self.is_busy, self.is_wanted = True, False
        return True

    def end(self) -> None:
        self.is_busy = False

    def due(self) -> bool:
        """Whether it is time to fetch what is wanted; the pause to the next one begins then."""
        now = time.monotonic()
        if not self.is_wanted or self.is_busy or now < self._not_before:
            return False
        self._not_before = now + self._least_s
        return True


class Rest:
    """The cursor, or somebody who types, has come to rest."""

    def __init__(self, seconds: float = REST_S) -> None:
        self._seconds = seconds
        self._until: float | None = None

    @property
    def is_awaited(self) -> bool:
        return self._until is not None

    def begin(self) -> None:
        self._until = time.monotonic() + self._seconds

    def skip(self) -> None:
        """It is over at the next look."""
        self._until = time.monotonic()

    def cancel(self) -> None:
        self._until = None

    def over(self) -> bool:
        """Once, when it is."""
        if self._until is None or time.monotonic() < self._until:
            return False
        self._until = None
        return True
