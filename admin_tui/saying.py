"""What the dashboard says: in toasts, in the messages of the session, and to the clipboard."""

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from textual.app import App

from admin_tui import clipboard
from admin_tui.config import Settings
from admin_tui.glyphs import Glyphs
from admin_tui.modals.text_view import TextView
from admin_tui.net.outcome import Problem
from admin_tui.text import line
from inboxd.domain.text import clean

_TOAST_S, _BAD_TOAST_S = 3, 6
_MOST_TOASTS = 3
_TOAST_LENGTH = 300
_SAID_AGAIN_S = 30.0


@dataclass(frozen=True)
class Said:
    """A line of this session's messages. `at` in unix seconds."""

    at: float
    text: str
    bad: bool


class Saying(App[int]):
    settings: Settings
    glyphs: Glyphs

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.said: deque[Said] = deque(maxlen=500)
        self._problem_at: dict[str, float] = {}
        self._toasts: dict[str, float] = {}

    def say(self, text: str, *, bad: bool = False) -> None:
        """A toast, and a line of the messages. Never markup."""
        text = line(text)
        self.said.append(Said(time.time(), text, bad))
        now, lasts_s = time.monotonic(), _BAD_TOAST_S if bad else _TOAST_S
        self._toasts = {said: until for said, until in self._toasts.items() if until > now}
        if text not in self._toasts:
            if len(self._toasts) >= _MOST_TOASTS:
                # What is said last is what matters; the others are in the log.
                self.clear_notifications()
                self._toasts.clear()
            self._toasts[text] = now + lasts_s
            self.notify(
                line(text)[:_TOAST_LENGTH], severity="error" if bad else "information", markup=False, timeout=lasts_s
            )

    def tell_problem(self, what: str, problem: Problem) -> None:
        """The same problem once in half a minute; being offline is told by the header alone."""
        text = f"{what}: {problem.message}"
        now = time.monotonic()
        if now - self._problem_at.get(text, -_SAID_AGAIN_S) < _SAID_AGAIN_S:
            return
        self._problem_at[text] = now
        if problem.is_offline:
            self.said.append(Said(time.time(), text, True))
        else:
            self.say(text, bad=True)

    def copy(self, text: str, what: str) -> None:
        """To the clipboard of whoever looks, also over SSH and through tmux."""
        how, text = self.settings.clipboard, clean(text)
        if how == "off":
            self.push_screen(TextView(what, text, hint="select it with the mouse held under shift"))
            return
        if len(text.encode()) > clipboard.MOST and how != "tmux":
            self.say(f"{what}: too long for a terminal's clipboard", bad=True)
            return
        by_tmux = how in ("auto", "tmux") and clipboard.to_tmux(text)
        if how != "tmux":
            self.copy_to_clipboard(text)
        self.say(f"copied {what}{' (tmux)' if by_tmux else ''}")

    def action_log(self) -> None:
        lines = [
            f"{time.strftime('%H:%M:%S', time.localtime(one.at))}  {self.glyphs('bad') if one.bad else ' '} {one.text}"
            for one in reversed(self.said)
        ]
        self.push_screen(TextView("Messages of this session", "\n".join(lines) or "nothing was said yet"))
