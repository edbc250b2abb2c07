"""Trying a rule out on a conversation: nothing is done to it."""

from collections.abc import Callable
from typing import Any

from admin_tui.modals.picker import Choice, Picker
from admin_tui.modals.try_out import TryOut
from admin_tui.net.outcome import Outcome, Problem
from admin_tui.screens.base import BaseScreen
from admin_tui.state.conversations import Talk, talk
from admin_tui.state.rule_draft import Draft
from admin_tui.state.rules import Words
from admin_tui.text import line

Json = dict[str, Any]


def try_out(
    screen: BaseScreen,
    words: Words,
    rule: Json,
    ask: Callable[[Any, int], Json],
    refused: Callable[[Problem], None],
) -> None:
    """Asks for the conversation, the one last looked at first. `ask(client, number)` gives the dry run of `rule`."""

    def tried(number: int, outcome: Outcome) -> None:
        if outcome.problem is not None:
            refused(outcome.problem)
            return
        found = outcome.value
        files = {str(one["blob_id"]): one["filename"] for one in rule.get("files") or []}
        done = [f"  {words.done(one, files=files)}" for one in rule["actions"]] if found["applies"] else []
        lines = [
            f"when {words.event(rule['event_name'])}",
            *words.tried(rule, found),
            "",
            "would be done:" if done else "nothing would be done",
            *done,
        ]
        if screen.tui.glyphs.ascii_only:
            lines = [one.replace("✓", "v").replace("✗", "x") for one in lines]
        applies = "applies" if found["applies"] else "does not apply"
        screen.app.push_screen(TryOut(f"{line(rule['name'] or 'This rule')} {applies} to #{number}", "\n".join(lines)))

    def picked(found: list[Any] | None) -> None:
        number = str(found[0]) if found else ""
        if number.isdecimal():
            screen.tui.call(lambda client: ask(client, int(number)), lambda outcome: tried(int(number), outcome))
        elif number:
            screen.tui.say(f"{number} is no number of a conversation", bad=True)

    begun = screen.app.screen

    def come(found: list[Json]) -> None:
        if screen.app.screen is not begun:
            return  # somebody went on meanwhile
        talks = [talk(one) for one in found]
        last = _last(screen)
        if last is not None:
            talks = [last, *(one for one in talks if one.id != last.id)]
        if not talks:
            screen.tui.say("there is no conversation to try it on yet")
            return
        choices = [Choice(one.id, f"#{one.id} {one.name}", one.preview) for one in talks]
        screen.app.push_screen(Picker("Try out on; any number can be typed", choices, free=True), picked)

    screen.fetch(lambda client: client.conversations(status="all", assignee_type="all"), come, what="conversations")


def _last(screen: BaseScreen) -> Talk | None:
    found: Talk | None = getattr(screen.tui.get_screen_of("conversations"), "talk", None)
    return found


def dry_run(client: Any, draft: Draft, number: int) -> Json:
    """Of what is not kept yet. Files that a rule has already are the server's to find for that rule alone."""
    values = draft.wire()
    actions = [one for one in values["actions"] if not _has_own_files(one)]
    found: Json = client.call(
        "POST", "/automation_rules/dry_run", event_name=values["event_name"], conditions=values["conditions"],
        actions=actions, conversation_id=number,
    )  # fmt: skip
    return found


def _has_own_files(one: Json) -> bool:
    given = one.get("action_params") or []
    return one.get("action_name") == "send_attachment" and any(isinstance(value, int) for value in given)
