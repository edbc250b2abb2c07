"""Fields that stand there only while they are used."""

from collections.abc import Callable
from typing import Any

from textual import events
from textual.widgets import Input


class FilterField(Input):
    """What narrows a list."""

    DEFAULT_CSS = """
    FilterField { display: none; background: $surface; }
    FilterField.-on { display: block; }
    """

    def __init__(self, placeholder: str, **kwargs: Any) -> None:
        super().__init__(placeholder=placeholder, compact=True, **kwargs)

    def open(self) -> None:
        self.add_class("-on")
        self.screen.set_focus(self)

    def hold(self, text: str = "") -> None:
        """Have this text; without any the field goes."""
        self.value = text
        self.set_class(bool(text), "-on")


class AskField(FilterField):
    """`obey` is called with enter or escape between two keys, never later."""

    def __init__(self, obey: Callable[[str], None], placeholder: str, **kwargs: Any) -> None:
        super().__init__(placeholder, **kwargs)
        self._obey = obey
        self.cursor_blink = False

    async def _on_key(self, event: events.Key) -> None:
        if event.key not in ("enter", "escape"):
            await super()._on_key(event)
            return
        event.prevent_default()
        event.stop()
        self._obey(event.key)
