"""Pictures of the dashboard for the README: `python -m tests.tui.pictures FOLDER`.

The real application on a real server; only the clock stands still, so that nothing differs from run to run.
"""

import asyncio
import os
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

from admin_tui.app import InboxdTui
from inboxd.app import App
from inboxd.config import Config
from tests.tui.cast import Desk, seated

SCREENS = ("dashboard", "conversations", "deliveries")
SIZE = (120, 36)
NOW = datetime(2026, 6, 10, 14, 20, tzinfo=UTC).timestamp()
TALKS = (
    ("Ana Souza", "Where is my order 1042?", "It should have been here on Monday."),
    ("Ben Okafor", "The invoice has the wrong address"),
    ("Chen Wei", "Can I change the size of a shirt?", "M instead of L"),
    ("Dora Lindqvist", "Thank you, that works"),
    ("Emre Yilmaz", "Do you deliver to Izmir?"),
)


def _fill(desk: Desk) -> None:
    desk.open_inbox("Shop")
    for number, (name, *texts) in enumerate(TALKS):
        talk = desk.talk(name, *texts)
        if number % 2 == 0:
            desk.client.reply(talk, f"Hello {name.split()[0]}, I will have a look.")
    desk.client.set_status(4, "resolved")


def draw(folder: Path) -> list[Path]:
    """One SVG for each of SCREENS that there is."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    os.environ["TZ"] = "UTC"
    time.tzset()
    with tempfile.TemporaryDirectory() as data, patch("time.time", lambda: NOW):
        os.environ |= {"XDG_CONFIG_HOME": data, "XDG_STATE_HOME": data}
        app = App(Config(data_dir=f"{data}/inboxd", listen="127.0.0.1:0"))
        token = app.initialise("admin@acme.test")["admin"]["access_token"]
        server = app.serve()
        thread = threading.Thread(target=server.run)
        thread.start()
        desk = Desk(server.url, token)
        try:
            _fill(desk)
            for name in SCREENS:
                if name in InboxdTui.MODES:
                    path = folder / f"{name}.svg"
                    path.write_text(asyncio.run(_picture(desk, name)))
                    made.append(path)
        finally:
            desk.client.close()
            server.stop()
            thread.join()
            app.close()
    return made


async def _picture(desk: Desk, name: str) -> str:
    async with seated(desk, name, SIZE) as seat:
        await seat.sees("live")
        # What was opened is read by now; the list says so once it is fetched again.
        await seat.pilot.pause(1.0)
        await seat.press("ctrl+r")
        before = ""
        while before != seat.text:
            before = seat.text
            await seat.pilot.pause(0.7)
        svg = seat.tui.export_screenshot(title="inboxd")
    # Rich names the styles of a picture by a random number.
    number = svg.partition('class="rich-terminal')[0] and svg.split("terminal-", 1)[1].split("-", 1)[0]
    return svg.replace(f"terminal-{number}", f"terminal-{name}")


if __name__ == "__main__":
    for path in draw(Path(sys.argv[1] if len(sys.argv) > 1 else "admin_tui/pictures")):
        print(path)
