"""Fields that commands leave, and the keys that are typed behind such a command."""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from textual import events
from textual.widget import Widget
from textual.widgets import Input


@runtime_checkable
class LeavingField(Protocol):
    """The app holds back what is typed behind a command of it until it calls `catch_up`."""

    def is_command(self, key: str) -> bool: ...


async def catch_up(field: Widget) -> None:
    """Nothing to do in an app of a test that knows of none."""
    do: Any = getattr(field.app, "catch_up", None)
    if do is not None:
        await do()


class AskField(Input):
    """One line. `obey` is called with enter or escape between two keys, never later."""

    def __init__(self, obey: Callable[[str], None], **kwargs: Any) -> None:
        super().__init__(compact=True, **kwargs)
        self._obey = obey
        self.cursor_blink = False

    def is_command(self, key: str) -> bool:
        return key in ("enter", "escape")

    async def _on_key(self, event: events.Key) -> None:
        if not self.is_command(event.key):
            await super()._on_key(event)
            return
        event.prevent_default()
        event.stop()
        self._obey(event.key)
        await catch_up(self)
