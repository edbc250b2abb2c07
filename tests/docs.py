"""The README's tables, made from the code. `python -m tests.docs` writes them; a test compares them."""

import re
from collections.abc import Sequence
from pathlib import Path

from admin_tui.keys import table
from inboxd import config
from inboxd.api.routes import ROUTES
from inboxd.domain import automation as rules
from inboxd.domain.conditions import CHANGED, CUSTOM, OPERATORS, Attribute
from inboxd.domain.events import EVENT_TYPES
from inboxd.services.actions import vocabulary

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


def rule_events() -> str:
    return _table(("event", "when"), [(f"`{name}`", when) for name, when in rules.EVENTS.items()])


def conditions() -> str:
    """What an attribute of each custom kind can be asked stands behind those that every account has."""
    changes = [key for key, known in rules.STANDARD.items() if known.changes]

    def asked(key: str, known: Attribute) -> str:
        return ", ".join(f"`{name}`" for name in (*known.operators, *([CHANGED] if key in changes else [])))

    rows = [
        (f"`{key}`", known.of, _kind(known.value_kind, known.words), asked(key, known), known.about)
        for key, known in rules.STANDARD.items()
    ]
    rows += [
        (f"custom: {name}", "contact or conversation", _kind(known.value_kind, known.words), asked("", known), "")
        for name, known in CUSTOM.items()
    ]
    return _table(("condition", "of", "value", "operators", "what it looks at"), rows)


def operators() -> str:
    rows = [(f"`{one.name}`", one.about) for one in OPERATORS.values()]
    return _table(("operator", "holds when the attribute"), rows)


def actions() -> str:
    rows = []
    for one in vocabulary():
        takes = one["params"]
        words = [*takes["choices"], *(f"{word} (macros)" for word in takes["macro_choices"])]
        kind = _kind(takes["kind"], words) + (", several" if takes["several"] else "")
        rows.append((f"`{one['action_name']}`", kind, "yes" if one["in_macros"] else "", one["about"]))
    return _table(("action", "parameter", "in macros", "what it does"), rows)


def _kind(kind: str, words: Sequence[str]) -> str:
    said = {"nothing": "", "choice": ""}.get(kind, kind.replace("_", " "))
    return ", ".join(filter(None, [said, *(f"`{word}`" for word in words)]))


TABLES = {
    "routes": routes,
    "rule events": rule_events,
    "conditions": conditions,
    "operators": operators,
    "actions": actions,
    "events": events,
    "settings": settings,
    "keys": keys,
}


def written(text: str) -> str:
    """The README with every table as the code has it now."""
    for name, render in TABLES.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        table = render().replace("\\", r"\\")
        text = pattern.sub(rf"\1{table}\n\2", text)
    return text


if __name__ == "__main__":
    README.write_text(written(README.read_text()))
