"""The program in a real terminal: how it begins and ends, and what it writes."""

import io
import os
import re
import signal
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from textual.drivers._writer_thread import WriterThread

from admin_tui import fixes
from tests.tui.cast import Desk
from tests.tui.pty import Terminal

RESTORED = (b"\x1b[?1049l", b"\x1b[?1003l", b"\x1b[?25h")


def test_it_starts_shows_the_list_and_quits_while_a_poll_waits(desk: Desk) -> None:
    desk.talk("Ann", "hello")
    with Terminal(desk.url, desk.token, "--open", "conversations") as terminal:
        terminal.sees("Ann")
        terminal.sees("live")
        began = time.monotonic()
        terminal.type("q")
        assert terminal.ends() == 0
        # The poll takes fourteen.
        assert time.monotonic() - began < 7
        assert all(one in terminal.bytes for one in RESTORED)
        assert desk.token not in terminal.text


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)  # fmt: skip
def test_a_signal_restores_the_terminal_and_keeps_the_draft(desk: Desk, home: Path, number: int, code: int) -> None:
    desk.talk("Ann", "hello")
    with Terminal(desk.url, desk.token, "--open", "conversations") as terminal:
        terminal.sees("Ann")
        terminal.type("rhalf a word")
        terminal.sees("half a word")
        terminal.signal(number)
        assert terminal.ends() == code
        assert all(one in terminal.bytes for one in RESTORED)
    kept = home / "state" / "inboxd" / "drafts.json"
    assert "half a word" in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_terminal_that_breaks_off_ends_it_and_keeps_the_draft(desk: Desk, home: Path) -> None:
    desk.talk("Ann", "hello")
    with Terminal(desk.url, desk.token, "--open", "conversations") as terminal:
        terminal.sees("Ann")
        terminal.type("rhalf a word")
        terminal.sees("half a word")
        # Asleep at the other end: what is drawn from here on waits in every queue there is.
        terminal.type("\x1b")
        terminal.type("13" * 100)
        terminal.until_stuffed()
        terminal.break_off()
        terminal.ends()
    assert "half a word" in (home / "state" / "inboxd" / "drafts.json").read_text()


@pytest.mark.parametrize("keys", ["13" * 100, "r" + "many words " * 200], ids=["screens", "a draft"])
def test_a_terminal_that_goes_while_much_is_typed_ends_it_at_once(desk: Desk, keys: str) -> None:
    desk.talk("Ann", "hello")
    with Terminal(desk.url, desk.token, "--open", "conversations") as terminal:
        terminal.sees("Ann")
        terminal.type(keys)
        terminal.read(0.2)
        terminal.break_off()
        began = time.monotonic()
        terminal.ends()
        assert time.monotonic() - began < 8


def test_a_terminal_that_goes_with_the_last_words_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def flush(self) -> None:
            raise OSError

    monkeypatch.setattr(WriterThread, "run", WriterThread.run)
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _, number: killed.append(number))
    fixes.outlive_the_terminal()
    writer = WriterThread(Gone())
    writer.write("the end")
    writer._queue.put(None)
    writer.start()
    writer.join(5)
    assert not writer.is_alive()
    assert killed == [signal.SIGHUP]


def test_it_sleeps_and_comes_back(desk: Desk) -> None:
    desk.talk("Ann", "hello")
    with Terminal(desk.url, desk.token, "--open", "conversations") as terminal:
        terminal.sees("Ann")
        terminal.type("\x1a")
        terminal.until(lambda: b"\x1b[?1049l" in terminal.bytes, "the terminal is given back")
        _, status = os.waitpid(terminal.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        since = len(terminal.bytes)
        terminal.signal(signal.SIGCONT)
        terminal.sees("Ann", since=since)
        # The terminal is empty when the shell gives it back: every line is drawn.
        terminal.sees("? Help", since=since)
        terminal.sees("Unassigned", since=since)
        terminal.type("\x03")
        terminal.sees("q quits", since=since)
        terminal.type("q")
        assert terminal.ends() == 0


def test_it_follows_the_size_of_the_terminal(desk: Desk) -> None:
    desk.talk("Ann", "hello")
    with Terminal(desk.url, desk.token, "--open", "conversations") as terminal:
        terminal.sees("Ann")
        since = len(terminal.bytes)
        terminal.resize(120, 30)
        terminal.sees("Commands", since=since)
        terminal.type("q")
        assert terminal.ends() == 0


def test_nothing_is_written_while_nothing_happens(desk: Desk) -> None:
    desk.talk("Ann", "hello")
    with Terminal(desk.url, desk.token, "--open", "conversations") as terminal:
        terminal.sees("hello")
        terminal.type("r")
        terminal.sees("reply to Ann")
        # Six looks at the clock, once all is drawn.
        terminal.until(lambda: terminal.read(1.5) == b"", "silence")


@pytest.mark.parametrize(
    "environ",
    [{"NO_COLOR": "1"}, {"TERM": "linux", "COLORTERM": ""}, {"TERM": "dumb", "COLORTERM": ""}, {"LC_ALL": "C"}],
    ids=["no colour", "console", "dumb", "no UTF-8"],
)
def test_poor_terminals_can_be_worked_in(desk: Desk, environ: dict[str, Any]) -> None:
    number = desk.talk("Ann", "hello")
    with Terminal(desk.url, desk.token, "--open", "conversations", **environ) as terminal:
        terminal.sees("Ann")
        terminal.type("rhi there\x13")
        terminal.until(lambda: desk.client.messages(number)[-1]["content"] == "hi there", "the reply")
        terminal.sees("sent")
        if "NO_COLOR" in environ:
            assert not re.search(rb"\x1b\[[0-9;]*[34]8;", terminal.bytes)
        else:
            written = terminal.bytes.decode()
            assert all(ord(char) < 128 for char in written), {char for char in written if ord(char) > 127}
        terminal.type("q")
        assert terminal.ends() == 0
