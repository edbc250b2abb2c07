"""From an empty data directory to an answered customer, with the programs as people start them."""

import contextlib
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cast import Receiver

ROOT = Path(__file__).parents[2]
PATIENCE_S = 40.0
KEYS_MOST = 12


class Terminal:
    """Programs in a tmux of 80x24, a server of its own that dies with the test."""

    def __init__(self, directory: Path) -> None:
        self.name = f"inboxd-{uuid.uuid4().hex[:8]}"
        self.keys = 0
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("INBOXD_", "TMUX"))},
            "HOME": str(directory), "TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
        }  # fmt: skip

    def tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.name, "-f", "/dev/null", *arguments],
            env=self.environment, capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *command: str) -> None:
        """A program that ends leaves its last words on the screen, and its status."""
        keeping = ("start-server", ";", "set-option", "-g", "remain-on-exit", "on", ";")
        self.tmux(*keeping, "new-session", "-d", "-x", "80", "-y", "24", "-c", str(ROOT), *command)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            self.tmux("send-keys", key)

    def paste(self, text: str) -> None:
        self.keys += 1
        self.tmux("send-keys", "-l", text)

    @property
    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def sees(self, text: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while text not in self.screen:
            assert time.monotonic() < end, f"{text!r} never came\n{self.screen}"
            time.sleep(0.03)

    @property
    def cursor(self) -> str:
        return self.tmux("display-message", "-p", "#{cursor_y}")

    def moves(self, key: str) -> None:
        """Press a key and see the cursor leave its line."""
        before, end = self.cursor, time.monotonic() + PATIENCE_S
        self.press(key)
        while self.cursor == before:
            assert time.monotonic() < end, f"{key} went nowhere\n{self.screen}"
            time.sleep(0.03)

    def close(self) -> None:
        with contextlib.suppress(AssertionError):
            self.tmux("kill-server")


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A server with nothing in it."""
    directory = tmp_path / "data"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("INBOXD_")}
    command = [sys.executable, "inboxd.py", "serve", "--data-dir", str(directory), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.readline()
    yield directory
    process.terminate()
    process.wait(20)
    process.stdout.close()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path)
    yield made
    made.close()


def test_the_first_minute_takes_twelve_keys(data: Path, terminal: Terminal, receiver: Receiver) -> None:
    terminal.start(sys.executable, "inboxd.py", "tui", "--data-dir", str(data))
    terminal.sees("Welcome to inboxd")
    assert "my-inbox" in terminal.screen
    assert "1 ✓ connect" in terminal.screen
    terminal.moves("Tab")
    terminal.paste(receiver.url)
    terminal.press("C-s")
    terminal.sees("Identifier")
    assert "2 ✓ inbox" in terminal.screen
    terminal.press("Enter")
    terminal.sees("#1 Test Customer")
    terminal.sees("Hello, is anybody there?")
    terminal.press("r")
    terminal.press("h", "i", "C-s")
    terminal.sees("Next: connect your site")
    assert "4 ✓ reply" in terminal.screen
    terminal.press("y")
    terminal.sees("copied the calls")
    terminal.press("T")
    terminal.sees("delivered: the answer was HTTP 200")
    assert "curl" in terminal.tmux("show-buffer")
    assert terminal.keys <= KEYS_MOST
    assert [one for one in receiver.received if b'"hi"' in one.body]


def test_without_a_webhook_the_card_says_where_replies_can_be_seen(data: Path, terminal: Terminal) -> None:
    terminal.start(sys.executable, "inboxd.py", "tui", "--data-dir", str(data))
    terminal.sees("Welcome to inboxd")
    terminal.press("C-s")
    terminal.sees("Identifier")
    terminal.press("Enter")
    terminal.sees("#1 Test Customer")
    terminal.sees("Hello, is anybody there?")
    terminal.press("r")
    terminal.press("o", "k", "C-s")
    terminal.sees("inboxd.py receiver")
    assert "T tests" not in terminal.screen
    terminal.press("Escape")
    terminal.sees("✓ sent")
