"""`demo`: the main job walked on a real server, each step shown as the curl line a user would type."""

import json
import shlex
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, TextIO

import requests

from inboxd.app import App, steady_clock, wall_clock
from inboxd.config import Config
from inboxd.domain import signing
from inboxd.domain.periods import DAY_MS
from inboxd.domain.text import clean_line
from inboxd.receiver import Received, Receiver
from inboxd.story import Calendar, History

_WAIT_S = 15
_SHOWN = 320


class Failed(Exception):
    """A step did not come out as it must."""


class _Arrivals:
    """What the receiver got, and a way to wait for it."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._news = threading.Condition()

    def add(self, got: Received) -> None:
        with self._news:
            self.received.append(got)
            self._news.notify_all()

    def wait_for(self, event: str, message: str | None = None) -> Received:
        """The webhook with this event, and this content if one is given. Raises Failed after a while."""
        deadline = time.monotonic() + _WAIT_S
        with self._news:
            while True:
                for got in self.received:
                    if got.payload["event"] == event and message in (None, got.payload.get("content")):
                        return got
                if not self._news.wait(max(0.0, deadline - time.monotonic())):
                    raise Failed(f"no {event} webhook arrived within {_WAIT_S} s")


class _Walk:
    def __init__(self, out: TextIO, url: str, token: str) -> None:
        self._out = out
        self._url = url
        self._token = token
        self._session = requests.Session()
        # A proxy of the environment has no part in a walk on this machine.
        self._session.trust_env = False
        self.done: list[str] = []

    def say(self, text: str = "") -> None:
        self._out.write(text + "\n")
        self._out.flush()

    def step(self, title: str) -> None:
        self.done.append(title)
        self.say(f"\n{len(self.done)}. {title}")

    def call(self, method: str, path: str, values: dict[str, Any] | None = None, *, agent: bool = False) -> Any:
        """One request, shown as curl, and its answer. Raises Failed unless it is 200."""
        headers = {"api_access_token": self._token} if agent else {}
        line = ["curl"] + (["-X", method] if method == "POST" and values is None else [])
        for name, value in headers.items():
            line += ["-H", f"{name}: {value}"]
        line.append(self._url + path)
        if values is not None:
            line += ["-H", "Content-Type: application/json", "-d", json.dumps(values)]
        self.say("   $ " + shlex.join(line))
        response = self._session.request(method, self._url + path, json=values, headers=headers, timeout=_WAIT_S)
        self.say(f"   {response.status_code} {clean_line(response.text, _SHOWN)}")
        if response.status_code != 200:
            raise Failed(f"expected 200, got {response.status_code}")
        return response.json()

    def close(self) -> None:
        self._session.close()

    def webhook(self, secret: str, got: Received) -> None:
        """Show a received webhook and verify it as its receiver would. Raises Failed for a bad signature."""
        capture = got.capture
        self.say("   webhook received:")
        for name, value in capture.fields:
            if name.lower().startswith(("webhook-", "x-chatwoot")):
                self.say(f"     {name}: {value}")
        self.say(f"     {clean_line(capture.body.decode(), _SHOWN)}")
        problem = signing.verify(secret, capture.headers, capture.body, int(time.time()))
        if problem:
            raise Failed(problem)
        self.say("   both signatures verified")


def walk(out: TextIO) -> int:
    """The whole walk. Returns the exit code: 0, or 1 with the step that failed and why."""
    arrivals = _Arrivals()
    receiver = Receiver(show=arrivals.add)
    with tempfile.TemporaryDirectory(prefix="inboxd-demo-") as folder:
        app = App(Config(data_dir=str(Path(folder) / "data"), listen="127.0.0.1:0"))
        try:
            token = app.initialise("admin@inboxd.local")["admin"]["access_token"]
            server = app.serve()
            thread = threading.Thread(target=server.run)
            thread.start()
            story = _Walk(out, server.url, token)
            try:
                story.say(f"inboxd on {server.url}, data in {folder}, a receiver on {receiver.url}")
                _tell(story, receiver.url, arrivals)
            except (Failed, requests.RequestException, KeyError, ValueError) as error:
                story.say(f"\nFAILED in step {len(story.done)}, {story.done[-1]}: {clean_line(str(error))}")
                return 1
            finally:
                story.close()
                server.stop()
                thread.join()
            _summarise(story, arrivals)
            return 0
        finally:
            app.close()
            receiver.close()


def stay(out: TextIO, days: int = 30) -> int:
    """A server with a history to look at, until it is told to end."""
    calendar = Calendar()
    with tempfile.TemporaryDirectory(prefix="inboxd-demo-") as folder:
        calendar.turn(wall_clock() - days * DAY_MS)
        app = App(Config(data_dir=str(Path(folder) / "data"), listen="127.0.0.1:0"), calendar, steady_clock)
        try:
            token = app.initialise("admin@inboxd.local")["admin"]["access_token"]
            server = app.serve()
            thread = threading.Thread(target=server.run)
            thread.start()
            try:
                out.write(f"{days} days of a support desk are being played…\n")
                out.flush()
                count = History(server.url, token, calendar, wall_clock()).tell(days)
                calendar.let_go()
                look = f"INBOXD_TOKEN={token} python3 inboxd.py tui --url {server.url}"
                out.write(f"{count} conversations. Look at them:\n  {look}\nctrl+c ends it, and all of it is gone.\n")
                out.flush()
                thread.join()
            except KeyboardInterrupt:
                out.write("\n")
            finally:
                server.stop()
                thread.join()
            return 0
        finally:
            app.close()


def _tell(story: _Walk, webhook_url: str, arrivals: _Arrivals) -> None:
    account = "/api/v1/accounts/1"
    story.step("An administrator creates an API inbox with a webhook URL")
    channel = {"type": "api", "webhook_url": webhook_url}
    inbox = story.call("POST", f"{account}/inboxes", {"name": "Shop", "channel": channel}, agent=True)
    public = f"/public/api/v1/inboxes/{inbox['inbox_identifier']}"

    story.step("Your system identifies a contact")
    contact = story.call("POST", f"{public}/contacts", {"identifier": "user-42", "name": "Ann Lee"})
    conversations = f"{public}/contacts/{contact['source_id']}/conversations"

    story.step("… opens a conversation")
    conversation = story.call("POST", conversations, {})["id"]
    messages = f"{conversations}/{conversation}/messages"

    story.step("… sends a message")
    story.call("POST", messages, {"content": "Where is my order?"})

    story.step("… and lists it back")
    listed = story.call("GET", messages)
    if [message["content"] for message in listed] != ["Where is my order?"]:
        raise Failed("the message is not in the list")

    story.step("The receiver gets the message as a signed webhook")
    story.webhook(inbox["secret"], arrivals.wait_for("message_created", "Where is my order?"))

    story.step("An agent sees the conversation and answers")
    found = story.call("GET", f"{account}/conversations", agent=True)["data"]["payload"]
    if [one["id"] for one in found] != [conversation]:
        raise Failed("the conversation is not in the agents' list")
    reply = {"content": "It left this morning."}
    story.call("POST", f"{account}/conversations/{conversation}/messages", reply, agent=True)

    story.step("The reply reaches your system by webhook")
    story.webhook(inbox["secret"], arrivals.wait_for("message_created", reply["content"]))

    story.step("The agent resolves the conversation")
    story.call("POST", f"{account}/conversations/{conversation}/toggle_status", {"status": "resolved"}, agent=True)
    story.webhook(inbox["secret"], arrivals.wait_for("conversation_status_changed"))


def _summarise(story: _Walk, arrivals: _Arrivals) -> None:
    story.say("\nAll of it worked:")
    for number, title in enumerate(story.done, 1):
        story.say(f"  {number}. {title}")
    story.say(f"  {len(arrivals.received)} webhooks arrived, signed both ways.")
    story.say("\nNext: `python3 inboxd.py serve` keeps its data in ./data and prints your token.")
