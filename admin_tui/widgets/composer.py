"""Where a reply is written."""

import re
from collections.abc import Callable
from typing import Any

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea

_BURST_S = 0.008
_CODE = re.compile(r"(?:^|\s)/(\S+)$")
_COMMANDS = {
    "ctrl+s": "send",
    "ctrl+enter": "send",
    "escape": "leave",
    "ctrl+t": "toggle",
    "ctrl+g": "canned",
    "ctrl+o": "editor",
}


class Composer(TextArea):
    """`ctrl+s` sends. Enter is a new line, or sends too when `enter_sends`; pasted lines never send.

    `obey` is called with a command between two keys, never later: what is typed behind it must find it done.
    """

    DEFAULT_CSS = """
    Composer {
        height: 4; min-width: 4; padding: 0 1; background: $background; border: none; border-top: solid $border-blurred;
    }
    Composer:focus { height: 7; border: none; border-top: solid $border; }
    Composer { border-title-color: $text; border-title-style: bold; }
    Composer.-private, Composer.-private:focus {
        border: none; border-top: heavy $warning; background: $warning 8%; border-title-color: $background;
        border-title-background: $warning;
    }
    """

    class Edited(Message):
        """Words changed: time to keep the draft."""

        can_replace_all = True

    def __init__(self, obey: Callable[[str], None], *, enter_sends: bool = False, **kwargs: Any) -> None:
        # Not compact: that takes the border away, and with it the line that says to whom this goes.
        super().__init__(show_line_numbers=False, soft_wrap=True, **kwargs)
        self._obey = obey
        self.enter_sends = enter_sends
        self.cursor_blink = False
        self._key_at = 0.0

    @property
    def code(self) -> str:
        """The `/name` that the cursor stands behind, without its slash."""
        row, column = self.cursor_location
        found = _CODE.search(self.document.get_line(row)[:column])
        return found[1] if found else ""

    def complete(self, text: str) -> None:
        """Put a text in the place of the `/name` before the cursor, or where the cursor is."""
        row, column = self.cursor_location
        length = len(self.code) + 1 if self.code else 0
        self.replace(text, (row, column - length), (row, column))

    async def _on_key(self, event: events.Key) -> None:
        key = event.key
        # Keys this close together were pasted by a terminal that does not say so.
        is_pasted = event.time - self._key_at < _BURST_S
        self._key_at = event.time
        command = _COMMANDS.get(key)
        if key == "enter" and self.enter_sends and not is_pasted:
            command = "send"
        elif key == "up" and not self.text:
            command = "recall"
        elif key == "tab" and self.code:
            command = "complete"
        if command is not None:
            self._obey(command)
        elif key == "ctrl+j":
            self.insert("\n")
        else:
            await super()._on_key(event)
            return
        event.prevent_default()
        event.stop()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(self.Edited())

    def render_line(self, y: int) -> Strip:
        # An empty area without any room divides by it.
        if self.size.width <= 0 or self.scrollable_content_region.width <= 0:
            return Strip.blank(max(0, self.size.width))
        return super().render_line(y)
