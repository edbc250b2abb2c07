"""The dashboard in a test: a real server on a real socket, and a pilot who waits for what becomes true."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from admin_tui.app import InboxdTui
from admin_tui.config import Settings
from inboxd.app import App
from inboxd.client import Client, InboxClient

PATIENCE_S = 30.0


@dataclass
class Desk:
    """A server with an administrator's client, an inbox and its customer's side."""

    url: str
    token: str
    client: Client = field(init=False)
    inbox: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = Client(self.url, self.token, retries=0, timeout_s=10)

    def open_inbox(self, name: str = "shop", **settings: Any) -> dict[str, Any]:
        self.inbox = self.client.create_inbox(name, **settings)
        return self.inbox

    @property
    def customer(self) -> InboxClient:
        return InboxClient(self.url, self.inbox["inbox_identifier"])

    def talk(self, name: str, *texts: str) -> int:
        """A conversation of somebody with this name, with messages from them; its number."""
        source = name.lower().replace(" ", "-")
        customer = self.customer
        customer.identify(source_id=source, name=name)
        number: int = customer.open_conversation(source)["id"]
        for text in texts:
            customer.send(source, number, text)
        return number

    def says(self, name: str, number: int, text: str) -> None:
        self.customer.send(name.lower().replace(" ", "-"), number, text)


@dataclass
class Seat:
    """Somebody at the dashboard."""

    tui: InboxdTui
    pilot: Pilot[int]

    async def until(self, condition: Callable[[], Any], what: str = "") -> None:
        """Wait until something is true; the screen is in the failure."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                if condition():
                    return
            except Exception:
                if time.monotonic() > end:
                    raise
            if time.monotonic() > end:
                raise AssertionError(f"never came true: {what}\n{self.text}")
            await self.pilot.pause(0.02)

    async def sees(self, text: str) -> None:
        await self.until(lambda: text in self.text, f"{text!r} on the screen")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Keys for a text, as a terminal sends them."""
        names = {" ": "space", "\n": "enter"}
        for char in text:
            await self.pilot.press(names.get(char, char))

    async def burst(self, *keys: str) -> None:
        """Keys and texts as a terminal that was typed ahead in sends them: all at once."""
        for key in keys:
            for one in [key] if len(key) == 1 or "+" in key or key in ("enter", "escape", "tab", "space") else key:
                name = one if len(one) > 1 else _character_to_key(one)
                self.tui.post_message(events.Key(name, one if len(one) == 1 else " " if one == "space" else None))
        await self.pilot.pause()

    @property
    def screen(self) -> Any:
        """The screen that is looked at, whatever stands above it."""
        return self.tui.place

    @property
    def lines(self) -> list[str]:
        """What the terminal shows."""
        return [strip.text.rstrip() for strip in self.tui.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@contextmanager
def opened(app: App, token: str) -> Iterator[Desk]:
    """The desk of a server that goes on beside until it is left, and is closed then."""
    server = app.serve()
    thread = threading.Thread(target=server.run)
    thread.start()
    desk = Desk(server.url, token)
    try:
        yield desk
    finally:
        desk.client.close()
        server.stop()
        thread.join()
        app.close()


@asynccontextmanager
async def seated(
    desk: Desk,
    at: str = "conversations",
    size: tuple[int, int] = (120, 40),
    *,
    token: str = "",
    timeout_s: float = 10,
    **settings: Any,
) -> AsyncIterator[Seat]:
    """The dashboard on a desk's server, begun at a screen."""
    secret = token or desk.token
    tui = InboxdTui(
        lambda: Client(desk.url, secret, timeout_s=timeout_s, retries=0),
        Settings(**{"default_screen": at, "ascii": "false"} | settings),
        server="test",
    )
    async with tui.run_test(size=size, notifications=True) as pilot:
        seat = Seat(tui, pilot)
        await seat.until(
            lambda: tui.place is not None and tui.place.is_mounted and tui.directory.is_known, "the dashboard is there"
        )
        yield seat


def run(story: Any) -> None:
    """A coroutine as a test."""
    asyncio.run(story)
