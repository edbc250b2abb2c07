"""A thread that works until it is told to stop."""

import logging
import threading
from abc import ABC, abstractmethod
from typing import ClassVar

from inboxd.store.db import StoreClosed

AGAIN_S = 60.0
_log = logging.getLogger("inboxd.upkeep")


class Loop(ABC):
    """Takes turns. What goes wrong in one is logged, and the next comes after AGAIN_S."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self._news = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    @abstractmethod
    def turn(self) -> float | None:
        """Do some work. Returns the seconds to the next turn; None is until `wake`, which ends every wait."""

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._news.set()

    def stop(self) -> None:
        """Between two pieces of work."""
        self._stopping = True
        self.wake()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping:
            self._news.clear()
            try:
                wait_s = self.turn()
            except StoreClosed:
                return
            except Exception:
                _log.exception("%s stumbled and goes on later", self.name)
                wait_s = AGAIN_S
            if not self._stopping and wait_s != 0:
                self._news.wait(wait_s)
