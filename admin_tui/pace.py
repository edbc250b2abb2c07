"""Keys one after the other: what a key set going is done before the next key is looked at.

Textual hands a key to the focused widget's queue and goes on; a key typed right behind it would meet the screen,
the focus and the cursor of before.
"""

import asyncio
import contextlib

from textual.app import App
from textual.dom import DOMNode
from textual.screen import Screen

MOST_S = 1.0
"""A widget that takes longer no longer holds up the keys."""
_MADE_S = 10.0
"""A screen that is not there by then never will be; a key that met half of one could end the program."""


async def ready(screen: Screen[object]) -> None:
    """Until a screen has its widgets and its focus."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_MADE_S):
            await screen._mounted_event.wait()


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
