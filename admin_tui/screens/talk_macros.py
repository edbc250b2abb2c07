"""Running a macro on conversations."""

from collections.abc import Sequence
from typing import Any

from admin_tui.modals.picker import Choice
from admin_tui.screens.asking import ask_one, ask_sure
from admin_tui.screens.base import BaseScreen
from admin_tui.state.conversations import Talk, talk
from admin_tui.state.rules import Words
from admin_tui.text import line, many

Json = dict[str, Any]


def run_macro(screen: BaseScreen, talks: Sequence[Talk]) -> None:
    """Asks which one, and once more before many conversations are touched."""
    numbers = [one.id for one in talks]

    def run(macro: Json) -> None:
        screen.fetch(lambda client: _run(client, macro, numbers), said, what=line(macro["name"]))
        if screen.rows is not None:
            screen.rows.clear_marks()

    def said(text: str) -> None:
        screen.tui.say(text)
        screen.wanted()

    def picked(macro: Json) -> None:
        if len(numbers) == 1:
            run(macro)
        else:
            question = f"Run {line(macro['name'])} on {len(numbers)} conversations? What it does cannot be undone."
            ask_sure(screen, question, "Run", lambda: run(macro))

    begun = screen.app.screen

    def come(found: Json) -> None:
        if screen.app.screen is not begun:
            return  # somebody went on meanwhile
        words = Words(screen.tui.directory, found["vocabulary"])
        macros = found["macros"]
        if not macros:
            screen.tui.say("there are no macros yet: they are made under Automation")
            return
        choices = [Choice(at, line(one["name"]), words.sentence(one, macro=True)) for at, one in enumerate(macros)]
        where = f"#{numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} conversations"
        ask_one(screen, f"Run on {where}", choices, lambda at: picked(macros[at]))

    if numbers:
        screen.fetch(known, come, what="macros")


def known(client: Any) -> Json:
    """The macros there are, and what their actions mean."""
    return {
        "macros": client.call("GET", "/macros")["payload"],
        "vocabulary": client.call("GET", "/automation_rules/vocabulary")["payload"],
    }


def _run(client: Any, macro: Json, numbers: list[int]) -> str:
    """What came of it, as far as it shows: the server leaves out what fails without telling."""
    path, name = f"/macros/{macro['id']}/execute", line(macro["name"])
    if len(numbers) > 1:
        client.call("POST", path, conversation_ids=numbers)
        return f"ran {name} on {many(len(numbers), 'conversation')}"
    before = client.conversation(numbers[0])
    client.call("POST", path, conversation_ids=numbers)
    changed = _changes(before, client.conversation(numbers[0]))
    return f"ran {name} on #{numbers[0]}: {', '.join(changed) or 'nothing changed'}"


def _changes(before: Json, after: Json) -> list[str]:
    old, new = talk(before), talk(after)
    found = [
        f"{name} {getattr(new, name) or 'none'}"
        for name in ("status", "priority", "assignee")
        if getattr(new, name) != getattr(old, name)
    ]
    if new.team_id != old.team_id:
        found.append(f"team {line(((after.get('meta') or {}).get('team') or {}).get('name') or 'none')}")
    found += [f"+{line(one)}" for one in new.labels if one not in old.labels]
    found += [f"-{line(one)}" for one in old.labels if one not in new.labels]
    if new.muted != old.muted:
        found.append("muted" if new.muted else "unmuted")
    if _newest(after) != _newest(before):
        found.append("wrote a message")
    return found


def _newest(found: Json) -> Any:
    return (found.get("last_non_activity_message") or {}).get("id")
