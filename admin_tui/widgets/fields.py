"""Fields that commands leave."""

from collections.abc import Callable
from typing import Any

from textual import events
from textual.widgets import Input


class AskField(Input):
    """One line. `obey` is called with enter or escape between two keys, never later."""

    def __init__(self, obey: Callable[[str], None], **kwargs: Any) -> None:
        super().__init__(compact=True, **kwargs)
        self._obey = obey
        self.cursor_blink = False

    async def _on_key(self, event: events.Key) -> None:
        if event.key not in ("enter", "escape"):
            await super()._on_key(event)
            return
        event.prevent_default()
        event.stop()
        self._obey(event.key)
