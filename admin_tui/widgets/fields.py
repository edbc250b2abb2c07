"""Fields that complete what is typed, and those that stand there only while they are used."""

from collections.abc import Callable
from typing import Any

from textual import events
from textual.widgets import Input

from admin_tui.fixes import suggest
from admin_tui.state.completion import Known, completed, hint


class Completing(Input):
    """Tab takes what the text may become; where there is nothing to take, it leads to the next field."""

    def completion(self) -> str | None:
        raise NotImplementedError

    async def _on_key(self, event: events.Key) -> None:
        more = self.completion() if event.key == "tab" and self.cursor_at_end else None
        if more is None:
            await super()._on_key(event)
            return
        event.prevent_default()
        event.stop()
        self.value = more
        self.cursor_position = len(more)


class FilterField(Completing):
    """What narrows a list. `known` are the keys that it understands, each with the values there are: Tab completes
    them."""

    DEFAULT_CSS = """
    FilterField { display: none; background: $surface; }
    FilterField.-on { display: block; }
    """

    def __init__(self, placeholder: str, **kwargs: Any) -> None:
        self.known: Known = {}
        super().__init__(placeholder=placeholder, compact=True, **kwargs)

    def completion(self) -> str | None:
        return completed(self.value, self.known) or None

    def watch_value(self, value: str) -> None:
        """Shows what Tab would add, in grey behind the cursor."""
        more = hint(value, self.known)
        suggest(self, value + more if more else "")

    def action_cursor_right(self, select: bool = False) -> None:
        """Takes no hint: what is shown of one need not be what it comes to."""
        suggest(self, "")
        super().action_cursor_right(select)

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
