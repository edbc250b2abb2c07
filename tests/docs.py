"""The README's tables, made from the code. `python -m tests.docs` writes them; a test compares them."""

import re
from collections.abc import Sequence
from pathlib import Path

from admin_tui.keys import table
from inboxd import config
from inboxd.api.routes import ROUTES
from inboxd.domain.events import EVENT_TYPES

README = Path(__file__).parent.parent / "README.md"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def routes() -> str:
    rows = [(f"`{route.method}`", f"`{route.path}`", route.role, route.about) for route in ROUTES]
    return _table(("method", "path", "who", "what"), rows)


def events() -> str:
    def yes(*, flag: bool) -> str:
        return "yes" if flag else ""

    rows = [
        (f"`{kind.name}`", kind.when, yes(flag=kind.default), yes(flag=kind.inbox), yes(flag=kind.changes))
        for kind in EVENT_TYPES
    ]
    return _table(("event", "when", "default", "inbox webhook", "`changed_attributes`"), rows)


def settings() -> str:
    rows = [
        (f"`{setting.name}`", f"`{setting.default}`" if setting.default != "" else "", setting.metadata["about"])
        for setting in config.SETTINGS
    ]
    return _table(("setting", "default", "what it is"), rows)


def keys() -> str:
    """The `|` of a key would end its cell."""
    rows = [
        (" ".join(f"`{key}`" for key in pressed.replace("|", "\\|").split()), what, where, f"`{action}`")
        for pressed, what, where, action in table()
    ]
    return _table(("key", "what", "where", "id"), rows)


TABLES = {"routes": routes, "events": events, "settings": settings, "keys": keys}


def written(text: str) -> str:
    """The README with every table as the code has it now."""
    for name, render in TABLES.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        table = render().replace("\\", r"\\")
        text = pattern.sub(rf"\1{table}\n\2", text)
    return text


if __name__ == "__main__":
    README.write_text(written(README.read_text()))
