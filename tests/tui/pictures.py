"""Pictures of the dashboard for the README: `python -m tests.tui.pictures FOLDER`.

The real application on a real server, with a few hours of a support desk behind it; the clock goes as the story says
and nobody answers webhooks but `_answer`, so that nothing differs from run to run.
"""

import asyncio
import os
import random
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from inboxd.app import App
from inboxd.client import Client
from inboxd.config import Config
from inboxd.delivery.sender import Sender
from inboxd.domain.retry import Outcome
from inboxd.story import History
from tests.tui.cast import Desk, Seat, opened, seated

SIZE = (120, 36)
NOW = int(datetime(2026, 6, 10, 14, 20, tzinfo=UTC).timestamp())
_QUIET = 4
_DAYS = 62
"""Of history in reports: a month, and the one it is compared with."""
AGENTS = ("Ada Kovac", "Bo Jensen", "Chidi Okafor")
INBOXES = ("Shop", "Billing", "App", "Partners")
_RECOVERY = 9
"""Minutes ago at which the receiver of the CRM, that was down for a while before, began to fail again."""

# Minutes ago, inbox, contact, and what is said: by the contact, by `>` an agent, by `#` an agent in private, or `!`
# what is done: status, assignee, labels, priority.
TALKS: tuple[tuple[str, str, tuple[tuple[float, str], ...]], ...] = (
    ("Shop", "Ana Souza", (
        (138, "Hi! My order 1042 never arrived, can you check? The tracking page still says 'label created'."),
        (136, "!assign me"), (135, "!labels vip refund"), (135, "!priority high"),
        (134, "> Hello Ana, I am sorry to hear that. I am asking the carrier right now."),
        (131, "# Carrier lost it in Porto. Refund up to 40 EUR is fine with me, no need to ask again."),
        (58, "> The parcel is being searched for. If it is not found today, you get your money back."),
        (2.5, "Thank you. It is a birthday present for Friday, so a refund would be better than waiting."),
    )),
    ("Billing", "Ben Okafor", (
        (95, "The invoice of May has our old address on it."), (92, "!assign Bo Jensen"),
        (90, "> I have sent you a corrected one."),
        (31, "Got it, but the VAT number is missing now."),
    )),
    ("App", "Chen Wei", (
        (74, "Signing in with a passkey fails on Android 15"), (73, "!labels bug"), (72, "!priority urgent"),
        (20, "Same after the update of today, see the log"),
    )),
    ("Shop", "Dora Lindqvist", ((210, "Is the blue one back soon?"), (205, "!assign Ada Kovac"),
        (204, "> Next Tuesday! I will write to you then."), (203, "!snooze"))),
    ("Shop", "Emre Yilmaz", ((44, "Do you deliver to Izmir?"), (41, "!assign Ada Kovac"),
        (40, "> Yes, in four to six days."), (0.4, "And can I pay on delivery?"))),
    ("Billing", "Fatima Haddad", ((66, "Please cancel my plan at the end of June"), (64, "!labels churn"),
        (60, "!assign me"), (59, "> Done. May I ask what was missing?"), (9, "Mostly an export to our ledger."))),
    ("App", "Goro Tanaka", ((180, "Dark mode forgets itself"), (175, "!assign Chidi Okafor"),
        (170, "> Fixed in 4.2, it is in the store now."), (150, "Works, thanks a lot!"), (149, "!resolve"))),
    ("Partners", "Hedy Marsh", ((120, "Webhook for order 14 came twice, is that expected?"),
        (110, "!assign Chidi Okafor"), (108, "> At least once, yes: look at the delivery id."), (107, "!pending"))),
    ("Shop", "Ines Duarte", ((33, "The code SUMMER does not work"), (30, "!assign Bo Jensen"),
        (29, "> It begins on 15 June. I have made you one that works today."), (28, "!failed"))),
    ("Partners", "Jonas Weber", ((16, "Could we get read access to the events of our inbox?"), (15, "!labels api"))),
    ("App", "Kaya Demir", ((7, "How do I change the language?"),)),
    ("Shop", "Lena Fischer", ((4.5, "The lamp arrived broken, I can send a photo"), (3.5, "!priority medium"))),
    ("Billing", "Mateo Rossi", ((160, "Two charges for one order"), (158, "!assign Bo Jensen"),
        (150, "> One of them is a reservation, it vanishes by itself."), (140, "!resolve"))),
)  # fmt: skip
SMALL = (
    "Is this still in stock?", "> Yes, eleven of them.", "Can I return it in the shop?", "> Yes, within 30 days.",
    "Which size do I need?", "> What do you wear now?", "42", "> Then 42 it is.", "Thanks!", "One more question",
)  # fmt: skip
_CHART = (1, 2, 1, 3, 2, 1, 0, 1, 2, 4, 3, 2, 1, 1, 2, 3, 5, 7, 6, 4, 3, 2, 2, 1, 0, 1, 2, 3, 2, 4, 6, 8, 9, 7, 5, 3, 2,
          2, 3, 2, 1, 1, 2, 3, 4, 3, 2, 1, 2, 3, 4, 6, 5, 3, 2, 1, 1, 0, 0, 0)  # fmt: skip
"""Messages of a quiet conversation in each of the last minutes, the newest last."""


class _Story:
    """A clock, and what was done when it showed what."""

    def __init__(self, ago_s: int) -> None:
        self.now = float(NOW - ago_s)

    def at(self, ago: float) -> None:
        self.now = max(self.now, NOW - ago * 60)

    def turn(self, ms: int) -> None:
        self.now = max(self.now, ms / 1000)

    def clock(self) -> int:
        return int(self.now * 1000)

    def answer(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        """What receivers say: that of the CRM is down now and then."""
        took_ms = 20 + len(body) % 70
        ago = (NOW - self.now) / 60
        if "crm" in url and (ago < _RECOVERY or 36 < ago < 41):
            return Outcome(500, "500 Internal Server Error", '{"error": "database is locked"}', took_ms, "203.0.113.7",
                           error_class="status")  # fmt: skip
        return Outcome(200, None, "ok", took_ms, "203.0.113.7")


def _fill(desk: Desk, story: _Story) -> None:
    client = desk.client
    urls = {"Shop": "https://shop.example/inboxd", "Billing": "https://ledger.example/in"}
    boxes: dict[str, Any] = {name: client.create_inbox(name, webhook_url=urls.get(name)) for name in INBOXES}
    client.create_webhook("https://crm.example/hook", name="crm", subscriptions=["message_created"])
    client.create_webhook("https://stats.example/in", name="stats", subscriptions=["conversation_status_changed"])
    for title in ("vip", "refund", "bug", "churn", "api"):
        client.call("POST", "/labels", label={"title": title})
    people: dict[str, tuple[int, Client]] = {"me": (client.profile()["id"], client)}
    for name in AGENTS:
        made = client.create_agent(f"{name.split()[0].lower()}@support.example", name=name)
        token = client.create_token(email=made["email"])["access_token"]
        people[name] = made["id"], Client(desk.url, token, retries=0, timeout_s=10)
    for box in boxes.values():
        client.call("POST", "/inbox_members", inbox_id=box["id"], user_ids=[number for number, _ in people.values()])

    numbers: dict[str, int] = {}
    owners: dict[str, str] = {}
    sent: dict[str, int] = {}

    def play(inbox: str, name: str, what: str) -> None:
        desk.inbox = boxes[inbox]
        if name not in numbers:
            numbers[name] = desk.talk(name)
            contact = client.search_contacts(name)[0]["id"]
            client.call("PUT", f"/contacts/{contact}", email=f"{name.lower().replace(' ', '.')}@mail.example")
        number, who = numbers[name], people[owners.get(name, "me")][1]
        word, _, rest = what[1:].partition(" ")
        if what[0] in ">#":
            sent[name] = who.reply(number, what[2:], private=what[0] == "#")["id"]
        elif what[0] != "!":
            desk.says(name, number, what)
        elif word == "assign":
            owners[name] = rest
            client.assign(number, people[rest][0])
        elif word == "labels":
            client.call("POST", f"/conversations/{number}/labels", labels=rest.split())
        elif word == "priority":
            client.call("POST", f"/conversations/{number}/toggle_priority", priority=rest)
        elif word == "snooze":
            client.set_status(number, "snoozed", snoozed_until=NOW + 6 * 86_400)
        elif word == "failed":
            path = f"/conversations/{number}/messages/{sent[name]}"
            client.call("PATCH", path, status="failed", external_error="mailbox is full")
        else:
            client.set_status(number, {"resolve": "resolved", "pending": "pending"}[word])

    steps = [(ago, 0, inbox, name, what) for inbox, name, said in TALKS for ago, what in said]
    chat = [one for ago, count in zip(range(len(_CHART), 0, -1), _CHART, strict=True) for one in [ago] * count]
    # In nobody's way: resolved before anybody looks.
    steps += [(ago, 1 + place, "App", "Noor Aziz", SMALL[place % len(SMALL)]) for place, ago in enumerate(chat)]
    steps += [(5, 999, "App", "Noor Aziz", "!resolve")]
    for ago, _, inbox, name, what in sorted(steps, key=lambda step: (-step[0], step[1])):
        story.at(ago)
        play(inbox, name, what)
        _settle(client)
    story.at(0)
    people["Ada Kovac"][1].set_availability("online")
    people["Bo Jensen"][1].set_availability("busy")
    for _, one in people.values():
        if one is not client:
            one.close()


def _remember(desk: Desk, story: _Story) -> None:
    History(desk.url, desk.token, story, NOW * 1000).tell(_DAYS)


def _settle(client: Client) -> None:
    """Nothing is being sent, and nothing has been for a moment: what fails waits for its time."""
    before, quiet = None, 0
    while quiet < _QUIET:
        found = [
            (one["id"], one["state"], one["attempt_count"])
            for state in ("pending", "sending")
            for one in client.deliveries(state=state, limit=200)[0]
        ]
        quiet = quiet + 1 if found == before and not any(state == "sending" for _, state, _ in found) else 0
        before = found
        time.sleep(0.015)


@contextmanager
def _still(story: _Story) -> Iterator[None]:
    """Time, chance and the network are the story's."""
    chance, lock = random.Random(7), threading.Lock()

    def number() -> uuid.UUID:
        with lock:
            return uuid.UUID(int=chance.getrandbits(128), version=4)

    with (
        patch("time.time", lambda: story.now),
        patch("uuid.uuid4", number),
        patch("inboxd.domain.retry.JITTER", 0.0),
        patch.object(Sender, "send", story.answer),
    ):
        yield


def draw(folder: Path) -> list[Path]:
    """One SVG for each of the scenes."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["TZ"] = "UTC"
    time.tzset()
    return [
        *_drawn(folder, _SCENES, _fill, _Story(4 * 3600)),
        *_drawn(folder, _OLD_SCENES, _remember, _Story(_DAYS * 86_400)),
    ]


def _drawn(folder: Path, scenes: dict[str, Any], fill: Callable[[Desk, _Story], None], story: _Story) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as data, _still(story):
        os.environ |= {"XDG_CONFIG_HOME": data, "XDG_STATE_HOME": data}
        app = App(Config(data_dir=f"{data}/inboxd", listen="127.0.0.1:0"), clock=story.clock)
        token = app.initialise("admin@support.example")["admin"]["access_token"]
        with opened(app, token) as desk:
            fill(desk, story)
            for name, act in scenes.items():
                path = folder / f"{name}.svg"
                path.write_text(asyncio.run(_picture(desk, name, act)))
                yield path


async def _look(seat: Seat) -> None:
    await seat.sees("Live events")


async def _write(seat: Seat) -> None:
    await seat.sees("Ana Souza")
    place = next(place for place, row in enumerate(seat.screen.talks.rows) if row.data.name == "Ana Souza")
    seat.screen.talks.move_to(place)
    await seat.press("enter")
    await seat.sees("Carrier lost it")
    await seat.press("r")
    await seat.type("Hello Ana, you get 38 EUR back today. ")
    await seat.press("enter")
    await seat.type("Sorry for the trouble, and a happy birthday!")


async def _inspect(seat: Seat) -> None:
    await seat.sees("500 Internal")
    rows = seat.screen.listed.rows
    place = max(range(len(rows)), key=lambda place: rows[place].data[0].tries)
    seat.screen.listed.move_to(place)
    await seat.press("enter")
    await seat.sees("attempts [")


async def _report(seat: Seat) -> None:
    await seat.sees("Conversations by day")
    await seat.press("full_stop")
    await seat.sees("30 days")
    await seat.sees("Busiest hours")


_SCENES = {"dashboard": _look, "conversations": _write, "deliveries": _inspect}
_OLD_SCENES = {"reports": _report}
"""Those of another server, which has been in use for longer."""


async def _picture(desk: Desk, name: str, act: Any) -> str:
    async with seated(desk, name, SIZE) as seat:
        seat.tui.server = "support.example"
        await seat.sees("live")
        # What was opened is read by now; the list says so once it is fetched again.
        await seat.pilot.pause(1.0)
        await seat.press("ctrl+r")
        await act(seat)
        before = ""
        while before != seat.text:
            before = seat.text
            await seat.pilot.pause(1.2)
        svg = seat.tui.export_screenshot(title="inboxd")
    # Rich names the styles of a picture by a random number.
    number = svg.partition('class="rich-terminal')[0] and svg.split("terminal-", 1)[1].split("-", 1)[0]
    return svg.replace(f"terminal-{number}", f"terminal-{name}")


if __name__ == "__main__":
    for path in draw(Path(sys.argv[1] if len(sys.argv) > 1 else "admin_tui/pictures")):
        print(path)
