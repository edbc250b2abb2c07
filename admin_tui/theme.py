"""Our themes. Colour decorates; what it says is always said by a sign and a word too."""

from textual.theme import Theme

_BLUE, _ORANGE, _VERMILLION, _GREEN = "#0072B2", "#E69F00", "#D55E00", "#009E73"

THEMES = (
    Theme(
        name="inboxd-dark",
        primary="#56B4E9",
        secondary=_GREEN,
        warning=_ORANGE,
        error=_VERMILLION,
        success=_GREEN,
        accent="#56B4E9",
        foreground="#e6e6e6",
        background="#14171a",
        surface="#1c2126",
        panel="#262d34",
        dark=True,
        variables={"border": "#56B4E9", "border-blurred": "#4a5560", "text-muted": "#a9b4be"},
    ),
    Theme(
        name="inboxd-light",
        primary=_BLUE,
        secondary=_GREEN,
        warning="#8a5a00",
        error="#a03c00",
        success="#00664b",
        accent=_BLUE,
        foreground="#1b1f23",
        background="#fbfbf8",
        surface="#f1f1ec",
        panel="#e3e5e0",
        dark=False,
        variables={"border": _BLUE, "border-blurred": "#a0a7ad", "text-muted": "#4c565f"},
    ),
    Theme(
        name="inboxd-contrast",
        primary="#ffffff",
        secondary="#ffffff",
        warning="#ffd75f",
        error="#ffaf87",
        success="#afffaf",
        accent="#87d7ff",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#1c1c1c",
        dark=True,
        variables={"border": "#ffffff", "border-blurred": "#8a8a8a", "text-muted": "#d0d0d0"},
    ),
)
