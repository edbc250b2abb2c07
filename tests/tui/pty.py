"""The dashboard in a real terminal of our own: what is typed into it, and every byte it writes."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from codecs import getincrementaldecoder
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from rich.cells import split_graphemes

ROOT = Path(__file__).parent.parent.parent
PATIENCE_S = 40.0
NO_STYLE: frozenset[str] = frozenset()
Line = list[tuple[str, frozenset[str]]]


class Terminal:
    """`inboxd.py tui` for a server, in a terminal of `size` (columns, lines)."""

    def __init__(
        self,
        url: str,
        token: str,
        *flags: str,
        size: tuple[int, int] = (80, 24),
        cwd: Path | None = None,
        **environ: str,
    ) -> None:
        known = {
            name: value for name, value in os.environ.items() if name not in ("TMUX", "NO_COLOR", "COLUMNS", "LINES")
        }
        given = known | {"TERM": "xterm-256color", "INBOXD_TOKEN": token, "COLORTERM": "truecolor"} | environ
        command = [sys.executable, str(ROOT / "inboxd.py"), "tui", "--url", url, *flags]
        self.began = time.monotonic()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            with contextlib.suppress(BaseException):
                os.chdir(cwd or ROOT)
                fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
                os.execvpe(command[0], command, given)
            os._exit(127)
        self.bytes = b""
        self._size = size
        self.screen = Screen(*size)
        self._code: int | None = None

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: Any) -> None:
        if self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
        os.close(self._fd)

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        self._size = (columns, lines)
        self.screen = Screen(columns, lines)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, seconds: float) -> bytes:
        """What comes within this time, all of which is waited."""
        end, found = time.monotonic() + seconds, b""
        while (left := end - time.monotonic()) > 0:
            if not select.select([self._fd], [], [], left)[0]:
                break
            try:
                piece = os.read(self._fd, 65_536)
            except OSError:
                break
            if not piece:
                break
            found += piece
        self._take(found)
        return found

    def _take(self, written: bytes) -> None:
        self.bytes += written
        self.screen.draw(written)

    def until(self, condition: Callable[[], Any], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"never came: {what}\n{self.text[-3000:]}")
            self.read(0.02)

    def sees(self, text: str, *, since: int = 0) -> float:
        """Wait for a text on the screen, with `since` on one that was empty before that byte; when it was there, in
        seconds from the start."""
        self.until(lambda: text in (self._drawn(since) if since else self.screen).text, repr(text))
        return time.monotonic() - self.began

    def _drawn(self, since: int) -> "Screen":
        screen = Screen(*self._size)
        screen.draw(self.bytes[since:])
        return screen

    def key(self, keys: str, quiet_s: float = 0.06, most_s: float = 2.0) -> tuple[float, int]:
        """Type, and measure: milliseconds until the last byte of the answer, and how many bytes there were."""
        self.read(0.02)
        began = last = time.perf_counter()
        size = 0
        self.type(keys)
        while time.perf_counter() - began < most_s:
            if not select.select([self._fd], [], [], quiet_s if size else most_s)[0]:
                break
            piece = os.read(self._fd, 65_536)
            last = time.perf_counter()
            size += len(piece)
            self._take(piece)
        return (last - began) * 1000, size

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def until_stuffed(self) -> None:
        """Read nothing until so much was written that no more fits."""
        end, before, held = time.monotonic() + PATIENCE_S, -1, 0
        while held != before or not held:
            if time.monotonic() > end:
                raise AssertionError("there is always room for more")
            before = held
            select.select([], [], [], 0.25)
            held = int.from_bytes(fcntl.ioctl(self._fd, termios.FIONREAD, bytes(4)), sys.byteorder)

    def break_off(self) -> None:
        """The terminal is gone, as when a connection breaks."""
        os.close(self._fd)
        self._fd = os.open(os.devnull, os.O_RDWR)

    def ends(self) -> int:
        """The exit code, once it is over."""
        end = time.monotonic() + PATIENCE_S
        while self._code is None:
            self.read(0.02)
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self._code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > end:
                raise AssertionError("it does not end")
        self.read(0.05)
        return self._code

    @property
    def text(self) -> str:
        return plain(self.bytes)


class Screen:
    """What a person sees of what was written: a text, its colours and attributes in each cell."""

    def __init__(self, columns: int, lines: int) -> None:
        self.cells = [[(" ", NO_STYLE)] * columns for _ in range(lines)]
        self._column = self._line = 0
        self._style = NO_STYLE
        self._decoder, self._rest = getincrementaldecoder("utf-8")("replace"), ""

    @property
    def text(self) -> str:
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self.cells)

    def draw(self, written: bytes) -> None:
        text = self._rest + self._decoder.decode(written)
        begun = text.rfind("\x1b")
        # The end of a sequence may be still to come.
        whole = begun if begun >= 0 and not _OURS.match(text, begun) else len(text)
        text, self._rest = text[:whole], text[whole:]
        for found in _PIECES.finditer(text):
            if found["line"]:
                self._line, self._column = int(found["line"]) - 1, int(found["column"]) - 1
            elif found["inks"] is not None:
                self._style = _styled(self._style, found["inks"])
            elif found["text"]:
                self._write(found["text"])

    def _write(self, text: str) -> None:
        if self._line >= len(self.cells):
            return
        line, (pieces, is_even) = self.cells[self._line], _pieces(text)
        if is_even:
            shown = pieces[: max(0, len(line) - self._column)]
            if shown:
                self._put(line, len(shown), [(char, self._style) for char, _ in shown])
            self._column += len(pieces)
            return
        for char, width in pieces:
            if not width:
                self._join(line, char)
            elif self._column + width <= len(line):
                self._put(line, width, [(char, self._style), *[("", self._style)] * (width - 1)])
            self._column += width

    def _put(self, line: Line, width: int, cells: Line) -> None:
        begin, end = self._column, self._column + width
        self._part(line, begin)
        self._part(line, end)
        line[begin:end] = cells

    def _join(self, line: Line, char: str) -> None:
        """A mark that stands on the letter before it, though it was written on its own."""
        at = min(self._column, len(line)) - 1
        while at > 0 and not line[at][0]:
            at -= 1
        if at >= 0:
            line[at] = (line[at][0] + char, line[at][1])

    @staticmethod
    def _part(line: Line, edge: int) -> None:
        """Half of a wide character is blank."""
        if edge < len(line) and not line[edge][0]:
            while not line[edge][0]:
                edge -= 1
            line[edge] = (" ", line[edge][1])
            while edge + 1 < len(line) and not line[edge + 1][0]:
                edge += 1
                line[edge] = (" ", line[edge][1])


@lru_cache(4096)
def _pieces(text: str) -> tuple[list[tuple[str, int]], bool]:
    """What is written at once, each with its width, and whether that is one cell for all."""
    text = re.sub("[\x00-\x1f]", "", text)
    pieces = [(text[begin:end], width) for begin, end, width in split_graphemes(text)[0]]
    return pieces, all(width == 1 for _, width in pieces)


@lru_cache(4096)
def _styled(style: frozenset[str], inks: str) -> frozenset[str]:
    """A style with what a sequence adds to it: its own numbers, and for a colour whatever belongs to it."""
    numbers = iter((inks or "0").split(";"))
    for number in numbers:
        kind, value = number, number
        if number in ("38", "48"):
            deep = next(numbers)
            value = ";".join([deep, *(next(numbers) for _ in range(3 if deep == "2" else 1))])
        elif number in ("0", ""):
            style = NO_STYLE
            continue
        elif int(number) >= 30:
            kind = "48" if int(number) in (*range(40, 50), *range(100, 108)) else "38"
        style = frozenset({*(one for one in style if not one.startswith(f"{kind}=")), f"{kind}={value}"})
    return style


OURS = re.compile(
    rb"\x1b\[[0-9;:?<>=]*[ $]?[a-zA-Z]"  # colours, cursor, modes
    rb"|\x1b\](?:0|2|22);[^\x00-\x1f\x7f]*\x07"  # a title
    rb"|\x1bP[^\x1b]*\x1b\\\\"  # synchronised output is asked for
    rb"|\x1b[78=>]"
)
"""The sequences that Textual writes by itself."""
_OURS = re.compile(OURS.pattern.decode())
_PIECES = re.compile(
    rf"\x1b\[(?P<line>\d+);(?P<column>\d+)H|\x1b\[(?P<inks>[\d;]*)m|{_OURS.pattern}|(?P<text>[^\x1b]+)|\x1b"
)


def plain(written: bytes) -> str:
    """What a person would read of it; cells that move the cursor are gone."""
    return OURS.sub(b"", written).decode("utf-8", "replace")


def foreign(written: bytes) -> list[str]:
    """Control characters that are in none of our own sequences."""
    rest = OURS.sub(b"", written).decode("utf-8", "replace")
    return [rest[max(0, at - 30) : at + 30] for at, char in enumerate(rest) if _controls(char)]


def _controls(char: str) -> bool:
    return (char < " " and char not in "\r\n\t") or "\x7f" <= char <= "\x9f" or char in "\u202e\u2066\u200f"
