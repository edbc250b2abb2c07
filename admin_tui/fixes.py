"""What has to be mended around Textual 8.2.8, each with its reason."""

import asyncio
import codecs
import contextlib
import functools
import os
import signal
import time
from queue import Empty, Queue
from typing import Any

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from admin_tui.glyphs import in_ascii

_AGAIN_S = 0.2
"""Between two looks at a terminal that is gone."""


class Ascii(LineFilter):
    """Frames, scrollbars and signs in what every terminal has, whoever drew them."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(in_ascii(text), style, control) for text, style, control in segments]


def tolerate_bytes() -> None:
    """One byte that is no UTF-8, such as an old mouse report past column 95, would end the program; a terminal that is
    gone would be read for ever. Its signal may be lost: none comes to a process that is not of its session, and behind
    some hundred keys there is no room for one in the queue that asyncio takes them from."""
    with contextlib.suppress(ImportError):
        from textual.drivers import linux_driver

        class Lenient(codecs.getincrementaldecoder("utf-8")):  # type: ignore[misc]
            def __init__(self, errors: str = "replace") -> None:
                super().__init__("replace")

            def decode(self, data: bytes, final: bool = False) -> str:
                if not data and not final:
                    os.kill(os.getpid(), signal.SIGHUP)
                    time.sleep(_AGAIN_S)
                return str(super().decode(data, final))

        linux_driver.getincrementaldecoder = lambda _: Lenient  # type: ignore[attr-defined]


def outlive_the_terminal() -> None:
    """A terminal that is gone, as when SSH breaks off, ends the thread that writes; who then puts more into its full
    queue waits for ever, and the program stays behind. There is always room for more instead, and it hangs up."""
    from textual.drivers._writer_thread import WriterThread

    write = WriterThread.run

    def run(thread: WriterThread) -> None:
        try:
            write(thread)
        except OSError:
            full, thread._queue = thread._queue, Queue()
            with contextlib.suppress(Empty):
                while True:
                    full.get_nowait()
            os.kill(os.getpid(), signal.SIGHUP)

    WriterThread.run = run  # type: ignore[method-assign, assignment]


def leave_on_signals(app: Any) -> None:
    """Signals leave the terminal as it was: without this the mouse stays caught. A shell's 128 and the number."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, functools.partial(app.exit, return_code=128 + number))
