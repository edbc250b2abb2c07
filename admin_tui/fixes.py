"""What has to be mended around Textual 8.2.8, each with its reason."""

import asyncio
import codecs
import contextlib
import functools
import signal
from typing import Any

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from admin_tui.glyphs import in_ascii


class Ascii(LineFilter):
    """Frames, scrollbars and signs in what every terminal has, whoever drew them."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(in_ascii(text), style, control) for text, style, control in segments]


def tolerate_bytes() -> None:
    """One byte that is no UTF-8, such as an old mouse report past column 95, would end the program."""
    with contextlib.suppress(ImportError):
        from textual.drivers import linux_driver

        class Lenient(codecs.getincrementaldecoder("utf-8")):  # type: ignore[misc]
            def __init__(self, errors: str = "replace") -> None:
                super().__init__("replace")

        linux_driver.getincrementaldecoder = lambda _: Lenient  # type: ignore[attr-defined]


def leave_on_signals(app: Any) -> None:
    """Signals leave the terminal as it was: without this the mouse stays caught. A shell's 128 and the number."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, functools.partial(app.exit, return_code=128 + number))
