"""Signs that stand beside their word, so that neither colour nor the sign alone carries a meaning."""

import locale
import os

_SIGNS = {
    "open": ("○", "o"),
    "pending": ("◔", "~"),
    "snoozed": ("☾", "z"),
    "resolved": ("✓", "v"),
    "ok": ("✓", "v"),
    "delivered": ("✓", "v"),
    "sent": ("✓", "v"),
    "read": ("✓", "v"),
    "failed": ("✗", "x"),
    "failing": ("✗", "x"),
    "exhausted": ("☠", "X"),
    "cancelled": ("–", "-"),
    "sending": ("↻", "r"),
    "paused": ("◔", "~"),
    "disabled": ("✗", "x"),
    "off": ("–", "-"),
    "incoming": ("◀", "<"),
    "outgoing": ("▶", ">"),
    "private": ("✎", "#"),
    "activity": ("·", "."),
    "template": ("▶", ">"),
    "unread": ("●", "*"),
    "cursor": ("▌", "|"),
    "marked": ("◆", "x"),
    "online": ("●", "*"),
    "busy": ("◐", "~"),
    "offline": ("○", "o"),
    "on": ("●", "*"),
    "slow": ("◌", "~"),
    "up": ("▲", "^"),
    "down": ("↓", "v"),
    "ellipsis": ("…", "."),
    "enter": ("⏎", "Enter"),
    "bad": ("!", "!"),
    "warn": ("~", "~"),
    "info": ("i", "i"),
}


class Glyphs:
    """`glyphs("open")` in Unicode, or with `ascii_only` in what every terminal has."""

    def __init__(self, *, ascii_only: bool) -> None:
        self.ascii_only = ascii_only

    def __call__(self, name: str) -> str:
        return _SIGNS.get(name, ("·", "."))[self.ascii_only]

    def with_word(self, name: str) -> str:
        return f"{self(name)} {name}"


def needs_ascii() -> bool:
    """Whether this terminal is one of those that cannot show the others."""
    encoding = locale.getpreferredencoding(do_setlocale=False).lower().replace("-", "")
    return os.environ.get("TERM") in ("linux", "dumb") or "utf8" not in encoding
