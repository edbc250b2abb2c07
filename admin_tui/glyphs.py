"""Signs that stand beside their word, so that neither colour nor the sign alone carries a meaning."""

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
    if os.environ.get("TERM") in ("linux", "dumb"):
        return True
    # Python takes the locale C for UTF-8 by itself, so its own idea of the encoding says nothing; and where no locale
    # is set at all, as in a container, the terminal is somewhere else.
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    said = next((name for name in (names[0], names[2], names[1]) if name), "")
    return bool(said) and "utf8" not in said.lower().replace("-", "")


_BLOCKS = "▁▂▃▄▅▆▇█"
_PLAIN = (
    {ord(sign): plain for sign, plain in _SIGNS.values() if len(sign) == len(plain)}
    | dict.fromkeys(range(0x2500, 0x25A0), "+")
    | dict.fromkeys(map(ord, "─━┄╌═▔"), "-")
    | dict.fromkeys(map(ord, "│┃║▏▎▍▌▋▊▉▕▐"), "|")
    | dict(zip(map(ord, _BLOCKS), "_.-=+*%#", strict=True))
    | dict(zip(map(ord, "░▒▓"), ":o%", strict=True))
    | {ord("…"): ".", ord("–"): "-", ord("·"): ".", ord("•"): "*", ord("�"): "?", ord("⏎"): ">"}
    | {ord("★"): "*", ord("☆"): "."}
)


def in_ascii(text: str) -> str:
    """The same number of cells without the signs that are ours or a frame's; foreign words stay as they are."""
    return text if text.isascii() else text.translate(_PLAIN)
