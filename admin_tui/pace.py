"""Keys one after the other: what a key set going is done before the next key is looked at.

Textual hands a key to the focused widget's queue and goes on; a key typed right behind it would meet the screen,
the focus and the cursor of before.
"""

import asyncio
import contextlib
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, TextArea

from admin_tui import fixes
from admin_tui.modals.goto import Leader
from inboxd.domain.text import clean

MOST_S = 1.0
"""A widget that takes longer no longer holds up the keys."""
_MADE_S = 10.0
"""A screen that is not there by then never will be; a key that met half of one could end the program."""


async def ready(screen: Screen[object]) -> None:
    """Until a screen has its widgets and its focus."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_MADE_S):
            await fixes.mounted(screen)


async def settled(widget: DOMNode) -> None:
    """Until a widget and everything above it have dealt with what was sent to them by now, and with the messages
    that came of it on their way up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(MOST_S):
            for node in widget.ancestors_with_self:
                if isinstance(node, App):
                    return
                # Once for the key, and once for what the widget sent itself because of it.
                for _ in range(2):
                    done = asyncio.Event()
                    if node.call_later(done.set):
                        await done.wait()


class Paced(App[int]):
    """Does keys in the order they were typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.leader = Leader(self)
        self._left: events.Key | None = None

    def post_message(self, message: Message) -> bool:
        if isinstance(message, events.Key) and message.is_forwarded:
            # On its way up from widgets that left it; `_take` waits for it.
            self._left = message
            return True
        return super().post_message(message)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key):
            # Who is told to leave does not first do what was typed ahead.
            if not fixes.is_leaving(self):
                await self._take(event)
            return
        if isinstance(event, events.Paste):
            # Terminals send what return sends for the ends of lines.
            event.text = clean(event.text.replace("\r\n", "\n").replace("\r", "\n"))
            if isinstance(self.focused, Input):
                # It has one line, and would leave out the others.
                event.text = " ".join(event.text.split("\n")).strip()
        await super().on_event(event)

    async def _take(self, event: events.Key) -> None:
        """Keys are done in the order they were typed, on the screen that the one before led to. A field gets them
        first and leaves what it does not know; elsewhere the commands come first."""
        await ready(self.screen)
        self.app_focus = True
        if self.leader.takes(event.key):
            await settled(self.focused or self.screen)
            return
        await ready(self.screen)
        target = self.focused or self.screen
        if not isinstance(self.focused, Input | TextArea) and await self._command(event.key):
            await settled(target)
            return
        await super().on_event(event)
        await settled(target)
        if self._left is event:
            await self._command(event.key)
            await settled(target)

    async def _command(self, key: str) -> bool:
        """Run what a key is bound to, on the screen or else here; whether there was anything."""
        found = self.screen.active_bindings.get(key)
        if found is None or not found.enabled:
            return False
        return await self.run_action(found.binding.action, found.node) or await self.run_action(found.binding.action)
