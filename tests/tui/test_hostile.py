"""What a stranger writes, on its way through every place that shows it, in a real terminal."""

import re
from pathlib import Path
from typing import Any

import pytest

from admin_tui.app import InboxdTui
from admin_tui.modals.confirm import Confirm
from admin_tui.modals.form import Field, Form
from admin_tui.modals.picker import Choice, Picker
from admin_tui.modals.text_view import TextView
from admin_tui.net.pool import problem_of
from admin_tui.text import scrub
from inboxd.client import ApiError
from tests.tui.cast import Desk, run, seated
from tests.tui.pty import Terminal, foreign

EVIL = [
    "".join(map(chr, range(1, 32))) + "\x7f",
    "".join(map(chr, range(0x80, 0xA0))),
    "\x1b[31mred\x1b[2J\x1b]52;c;aGk=\x07\x1bP+q\x1b\\\x9b31m",
    "[/x] [bold [@click=app.quit]quit[/] [link=https://x]y",
    "\u202eright to left\u202c \u2066iso\u2069 \u200f",
    "w" * 10_000,
    "\N{FAMILY} \U0001f468\u200d\U0001f469\u200d\U0001f467\ufe0f e\u0301 \u4e2d\u6587 \ufdfa",
]
NAME = "[/x]\x1b]0;owned\x07\x9b2J\u202e[@click=app.quit]evil"


def test_nothing_foreign_steers_the_terminal(desk: Desk, home: Path) -> None:
    desk.open_inbox("in[/x]box")
    number = desk.talk("Mallory", *[one for one in EVIL if one.strip()])
    contact = desk.client.conversation(number)["meta"]["sender"]["id"]
    desk.client.call("PUT", f"/contacts/{contact}", name=NAME[:200])
    desk.client.call("POST", "/labels", title="x-y_z")
    desk.client.call("POST", f"/conversations/{number}/labels", labels=["[/x]", "\x1b[31m", "\x9b2J"])
    actions = [{"action_name": "add_label", "action_params": [EVIL[3]]}]
    conditions = [{"attribute_key": "content", "filter_operator": "contains", "values": [EVIL[2]]}]
    rule = {"event_name": "message_created", "conditions": conditions, "actions": actions}
    desk.client.call("POST", "/automation_rules", name=NAME[:100], **rule)
    desk.client.reply(number, EVIL[2] + EVIL[3])
    desk.client.reply(number, "x" * 100_000, private=True)
    desk.client.update_inbox(desk.inbox["id"], csat_survey_enabled=True)
    desk.client.set_status(number, "resolved")
    desk.customer.rate(desk.client.conversation(number)["uuid"], 1, EVIL[2] + EVIL[3] + EVIL[4])
    desk.client.set_status(number, "open")
    with Terminal(desk.url, desk.token, "--open", "conversations", size=(160, 40)) as terminal:
        terminal.sees("evil")
        for keys in (
            "\r",
            "k",
            "k",
            "k",
            "y",
            "r",
            "\x1b[200~\x9b2J\x1b]0;pasted\x07pasted\x1b[201~",
            "\x1b",
            "\x1b",
            "L",
            "\x1b",
            "!",
            "\x1b",
        ):
            terminal.key(keys, most_s=0.3)
        for key in ("?", "\x1b", *"1234567890", *"gr]]]]]"):
            terminal.key(key, most_s=0.3)
        terminal.sees("1/5")
        terminal.type("q")
        assert terminal.ends() == 0, "".join(one.read_text() for one in home.rglob("crash-*"))[-1500:]
        # What was copied is ours, unless it is what the texts themselves would put there.
        assert foreign(re.sub(rb"\x1b\]52;c;(?!aGk=)[A-Za-z0-9+/=]+\x07", b"", terminal.bytes)) == []
        assert b"owned" not in terminal.bytes.replace(b"\xef\xbf\xbd]0;owned", b"")


def test_every_place_takes_a_hostile_text(desk: Desk) -> None:
    async def story() -> None:
        async with seated(desk) as seat:
            for name in InboxdTui.MODES:
                seat.tui.go(name)
                await seat.pilot.pause()
            for raw in [*EVIL, "lone \ud800 half", "nul \x00 byte", "m" * 200_000]:
                text = scrub(raw)
                shown: list[Any] = [
                    Confirm(raw, raw[:300], typed=raw[:300]),
                    Picker(raw, [Choice(1, text, text)]),
                    TextView(raw[:500], text),
                    Form(raw[:500], [Field("name", text[:300], text[:300], hint=text[:300])], lambda *_: None),
                ]
                for one in shown:
                    seat.tui.push_screen(one)
                    await seat.pilot.pause()
                    assert not any(char in seat.text for char in "\x1b\x07\x9b\u202e\x00")
                    one.dismiss(None)
                    await seat.pilot.pause()
                seat.tui.say(raw)
                seat.tui.tell_problem(text[:300], problem_of(ApiError(500, raw, {"error": {raw[:50]: [raw[:50]]}})))
                seat.tui.undoing.remember(text[:300], lambda: None)
                await seat.press("u")
                await seat.pilot.pause()
                assert not any(char in seat.text for char in "\x1b\x07\x9b\u202e\x00")
            seat.tui.copy("lone \ud800 \x1b]52;c;x\x07", "a text")
            await seat.press("exclamation_mark")
            await seat.sees("Messages of this session")

    run(story())


@pytest.mark.parametrize("raw", EVIL)
def test_a_cleaned_text_stays_as_it_is(raw: str) -> None:
    once = scrub({"a": [raw]})
    assert scrub(once) == once
