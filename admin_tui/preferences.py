"""What somebody prefers of this dashboard: chosen while it runs, and written down for the next time."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from admin_tui import config
from admin_tui.widgets.composer import Composer

if TYPE_CHECKING:
    from admin_tui.app import InboxdTui

THE_THEMES = "the theme's own"
ACCENTS = ("red", "orange", "gold", "limegreen", "turquoise", "deepskyblue", "violet", "hotpink")
ABOUT = {
    "theme": "colours, seen while choosing",
    "accent": "one colour of it, to tell servers apart",
    "default_screen": "where it begins; from the next start",
    "bell": "when a customer writes to you or to nobody yet",
    "read_only": "look, and change nothing",
    "enter_sends": "Enter sends, ctrl+j is a new line",
    "mouse": "F2 too; off, the terminal selects text",
    "ascii": "plain signs; from the next start",
    "clipboard": "how copying reaches you",
}


def themes(tui: "InboxdTui") -> list[str]:
    """What there is to choose from, ours first."""
    names = [name for name in tui.available_themes if not name.startswith("ansi")]
    return sorted(names, key=lambda name: (not name.startswith("inboxd-"), name))


def keep(tui: "InboxdTui", name: str, value: Any) -> None:
    """Have a setting from now on, and write it down."""
    tui.settings = replace(tui.settings, **{name: value})
    if name == "theme":
        tui.theme = value
    elif name == "accent":
        tui.accent(value)
    elif name == "read_only":
        tui.read_only = value
        tui.redo_hints()
    elif name == "bell" and value:
        tui.bell()
    elif name == "enter_sends":
        there = tui.get_screen_of("conversations")
        for composer in there.query(Composer) if there is not None else ():
            composer.enter_sends = value
    elif name == "mouse" and tui.is_mouse_on != value:
        tui.action_mouse()
    try:
        # ascii is true or false in the file, not the words for them.
        config.save(tui.settings.path, name, {"true": True, "false": False}.get(value, value))
    except (OSError, ValueError) as error:
        tui.say(f"not written to {tui.settings.path}: {error}", bad=True)
    else:
        tui.say(f"{name} is {plain(value)} now, and in {tui.settings.path}")


def plain(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
