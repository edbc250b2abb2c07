"""Where a reply is written."""

from typing import Any

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea


class Composer(TextArea):
    """`ctrl+s` sends. Enter is a new line, or sends too when `enter_sends`; pasted lines never send."""

    DEFAULT_CSS = """
    Composer {
        height: 4; min-width: 4; padding: 0 1; background: $background; border: none; border-top: solid $border-blurred;
    }
    Composer:focus { height: 7; border: none; border-top: solid $border; }
    Composer.-private, Composer.-private:focus { border: none; border-top: heavy $warning; }
    """

    class Sent(Message):
        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Escape: back to the thread, the draft stays."""

    class Toggled(Message):
        """Between a reply and a private message."""

    class Edited(Message):
        """Words changed: time to keep the draft."""

        can_replace_all = True

    class Wanted(Message):
        """A helper was asked for: canned, editor or recall."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self, *, enter_sends: bool = False, **kwargs: Any) -> None:
        # Not `compact`: that takes away the border, and with it the line that says to whom this goes.
        super().__init__(show_line_numbers=False, soft_wrap=True, **kwargs)
        self.enter_sends = enter_sends
        self.cursor_blink = False

    async def _on_key(self, event: events.Key) -> None:
        key = event.key
        if key in ("ctrl+s", "ctrl+enter") or (key == "enter" and self.enter_sends):
            message: Message = self.Sent(self.text)
        elif key == "escape":
            message = self.Left()
        elif key == "ctrl+t":
            message = self.Toggled()
        elif key == "ctrl+g":
            message = self.Wanted("canned")
        elif key == "ctrl+o":
            message = self.Wanted("editor")
        elif key == "up" and not self.text:
            message = self.Wanted("recall")
        elif key == "ctrl+j":
            self.insert("\n")
            message = self.Edited()
        else:
            await super()._on_key(event)
            return
        event.prevent_default()
        event.stop()
        self.post_message(message)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(self.Edited())

    def render_line(self, y: int) -> Strip:
        # An empty area without any room divides by it.
        if self.size.width <= 0 or self.scrollable_content_region.width <= 0:
            return Strip.blank(max(0, self.size.width))
        return super().render_line(y)
