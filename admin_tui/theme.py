"""Our themes. Colour decorates; what it says is always said by a sign and a word too."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rich.style import Style
from rich.text import Text
from textual.app import App
from textual.color import Color
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
        variables={
            "border": "#56B4E9",
            "border-blurred": "#4a5560",
            "text-muted": "#a9b4be",
            "calm": "#CC79A7",
            "bad": "#f4755a",
        },
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
        variables={"border": _BLUE, "border-blurred": "#a0a7ad", "text-muted": "#4c565f", "calm": "#8a3a68"},
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
        variables={
            "border": "#ffffff",
            "border-blurred": "#8a8a8a",
            "text-muted": "#d0d0d0",
            "calm": "#ffb3e6",
            "info": "#87d7ff",
        },
    ),
)


class Paint:
    """The colours of one theme as styles, each readable on everything that they stand on. `of(state)` is that of a
    sign; a terminal's own sixteen colours get no ground of ours, and no grey that may be its background."""

    def __init__(self, theme: Theme, *, is_ansi: bool) -> None:
        if is_ansi:
            self.dim, self.rule = Style(dim=True), Style(dim=True)
            self.key, self.info = Style(color="cyan", bold=True), Style(color="cyan")
            self.ok, self.warn, self.bad = Style(color="green"), Style(color="yellow"), Style(color="red")
            self.calm, self.tab = Style(color="magenta"), Style(bold=True, reverse=True)
            self.cursor = self.resting = Style()
            self.note = Style(italic=True)
        else:
            known = theme.to_color_system().generate() | theme.variables
            back, front = Color.parse(known["background"]), Color.parse(known["foreground"])
            accent, warning = Color.parse(known.get("info", known["primary"])), Color.parse(known["warning"])
            cursor, resting = back.blend(accent, 0.15, alpha=1), back.blend(front, 0.07, alpha=1)
            note = back.blend(warning, 0.08, alpha=1)
            grounds = [back, Color.parse(known["surface"]), Color.parse(known["panel"]), cursor, resting, note]

            least = 7.0 if theme.name == "inboxd-contrast" else 4.6

            def ink(color: Color, *, bold: bool = False) -> Style:
                return Style(color=_readable(color, grounds, least).rich_color, bold=bold or None)

            self.dim = ink(back.blend(front, 0.6, alpha=1))
            self.rule = Style(color=back.blend(front, 0.3, alpha=1).rich_color)
            self.key, self.info = ink(accent, bold=True), ink(accent)
            self.ok, self.warn = ink(Color.parse(known["success"])), ink(warning)
            self.bad = ink(Color.parse(known.get("bad", known["error"])))
            self.calm = ink(Color.parse(known.get("calm", known["secondary"])))
            self.tab = Style(color=accent.get_contrast_text(1).rich_color, bgcolor=accent.rich_color, bold=True)
            self.cursor, self.resting = Style(bgcolor=cursor.rich_color), Style(bgcolor=resting.rich_color)
            self.note = Style(bgcolor=note.rich_color)
        self.strong = Style(bold=True)
        self._states: dict[str, Style] = {
            name: getattr(self, role) for role, names in _STATES.items() for name in names.split()
        }

    def of(self, state: str) -> Style:
        return self._states.get(state, Style.null())

    def signs(self, text: Text) -> Text:
        """Colour in every sign that stands before its word, and the word."""
        for found in _SIGNED.finditer(text.plain):
            if found[2] in self._states:
                text.stylize(self._states[found[2]], *found.span())
        return text

    def tabs(self, line: str) -> Text:
        """A line of names of which one, in brackets, is looked at."""
        begin, end = line.find("["), line.find("]") + 1
        text = Text(line, no_wrap=True, overflow="crop")
        if 0 <= begin < end:
            text.stylize(self.dim, 0, begin)
            text.stylize(self.key, begin, end)
            text.stylize(self.dim, end)
        return text

    def head(self, words: str) -> Text:
        """The title of a pane: what is in parentheses behind it stands back."""
        text = Text(words, no_wrap=True, overflow="crop")
        at = words.find("  ")
        text.stylize(self.key, 0, at if at > 0 else len(words))
        if at > 0:
            text.stylize(self.dim, at)
        return text


_STATES = {
    "ok": "resolved ok delivered sent read on online live following up outgoing holds",
    "warn": "pending sending paused busy slow warn private high",
    "bad": "failed failing exhausted disabled urgent blocked denied fails",
    "info": "open incoming medium",
    "calm": "snoozed template automatic",
    "dim": "cancelled off offline activity low -",
}
_SIGNED = re.compile(r"([○◔☾✓✗☠–↻●◐◌▲]|(?<!\S)[o~zvxXr*](?= [a-z])) ([a-z]+)")


def _readable(color: Color, grounds: Sequence[Color], least: float) -> Color:
    """A colour, as much nearer to black or white as it must be to be read on all of these."""
    end = Color.parse("#ffffff" if grounds[0].brightness < 0.5 else "#000000")
    for step in range(21):
        found = color.blend(end, step / 20, alpha=1)
        if all(contrast(found, ground) >= least for ground in grounds):
            return found
    return end


def contrast(one: Color, other: Color) -> float:
    """From 1 to 21, as WCAG has it."""

    def luminance(color: Color) -> float:
        red, green, blue = (
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def accented(theme: Theme, accent: str) -> Theme:
    """A theme with another accent. Raises ColorParseError for what is no colour."""
    if not accent or theme.ansi:
        return theme
    code = Color.parse(accent).hex
    return replace(theme, accent=code, variables={**theme.variables, "info": code, "border": code})


def paint_of(app: App[Any]) -> Paint:
    """Mixed once for every theme."""
    theme = app.current_theme
    is_ansi = bool(app.ansi_color) or theme.ansi
    key = (theme.name, theme.accent or "", is_ansi)
    if key not in _MIXED:
        _MIXED[key] = Paint(theme, is_ansi=is_ansi)
    return _MIXED[key]


_MIXED: dict[tuple[str, str, bool], Paint] = {}
