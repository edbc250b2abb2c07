"""A real terminal: a delivery fails, its receiver is healed, somebody sends it again."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cast import Receiver, status
from tests.tui.cast import Desk

ROOT = Path(__file__).parents[2]
PATIENCE_S = 40.0

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")]


class Terminal:
    """80x24 in a tmux server of its own."""

    def __init__(self, socket: Path, command: list[str]) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]
        environment = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        environment.pop("TMUX", None)
        start = ["-u", "new-session", "-d", "-x", "80", "-y", "24", *command]
        subprocess.run([*self._tmux, *start], check=True, timeout=10, env=environment)

    @property
    def text(self) -> str:
        shown = subprocess.run(
            [*self._tmux, "capture-pane", "-p"], capture_output=True, text=True, timeout=10, check=False
        )
        return shown.stdout

    def press(self, *keys: str) -> None:
        subprocess.run([*self._tmux, "send-keys", *keys], check=True, timeout=10)

    def sees(self, *words: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not all(word in self.text for word in words):
            assert time.monotonic() < end, f"{words} never came\n{self.text}"
            time.sleep(0.05)

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, timeout=10, check=False)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, Desk]]:
    """`inboxd.py serve` on an empty directory."""
    data = tmp_path / "data"
    command = [sys.executable, str(ROOT / "inboxd.py"), "serve", "--data-dir", str(data), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    url = next(line.split()[-1] for line in process.stdout if " listening on " in line)
    desk = Desk(url, (data / "admin.token").read_text().strip())
    yield data, desk
    desk.client.close()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)


def test_a_delivery_is_sent_again_from_a_terminal_of_80_by_24(served: tuple[Path, Desk], tmp_path: Path) -> None:
    data, desk = served
    receiver = Receiver(default=status(500, b"db locked"))
    desk.open_inbox("walk")
    desk.client.create_webhook(receiver.url, name="crm", subscriptions=["message_created"])
    desk.talk("Ann", "where is my order?")
    receiver.wait_for(1)
    terminal = Terminal(
        tmp_path / "tmux", [sys.executable, str(ROOT / "inboxd.py"), "tui", "--data-dir", str(data), "--ascii"]
    )
    try:
        terminal.sees("1 Dashboard", "webhook failing", "1 pending")
        terminal.press("5")
        terminal.sees("5 Deliveries", "message_created", "500 Internal", "db locked")
        terminal.press("Enter")
        terminal.sees("[Request]", "where is my order?")
        receiver.default = status(200, b"thanks")
        terminal.press("r")
        terminal.sees("sent again", "delivered")
        terminal.press("]")
        terminal.sees("[Response]", "thanks")
        terminal.press("Escape")
        terminal.sees("[All]", "v delivered")
        [one] = desk.client.deliveries(event="message_created")[0]
        assert one["state"] == "delivered"
        terminal.press("q")
    finally:
        terminal.close()
        receiver.close()
