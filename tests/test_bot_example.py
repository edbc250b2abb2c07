"""The bot of the README, run as it is written there beside a real server."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tests import docs

ACCOUNT = "/api/v1/accounts/1"


def block() -> str:
    section = docs.README.read_text().split("\n### A bot\n")[1].split("\n### ")[0]
    [found] = re.findall(r"^```python\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    return str(found)


def test_the_bot_is_at_most_40_lines() -> None:
    assert len(block().splitlines()) <= 40


class Desk:
    """An inbox with the bot in it, and a contact who writes."""

    def __init__(self, url: str, token: str, bot_url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.headers["api_access_token"] = token
        self.bot = self.call("POST", f"{ACCOUNT}/agent_bots", name="Bo", outgoing_url=bot_url)
        inbox = self.call("POST", f"{ACCOUNT}/inboxes", name="Acme", channel={"type": "api"})
        self.call("POST", f"{ACCOUNT}/inboxes/{inbox['id']}/set_agent_bot", agent_bot=self.bot["id"])
        contacts = f"/public/api/v1/inboxes/{inbox['inbox_identifier']}/contacts"
        self.call("POST", contacts, source_id="carl", name="Carl")
        self.number = self.call("POST", f"{contacts}/carl/conversations")["id"]
        self.messages = f"{contacts}/carl/conversations/{self.number}/messages"
        self._seen = 0

    def call(self, method: str, path: str, **values: Any) -> Any:
        answer = self._session.request(method, self._url + path, json=values or None, timeout=30)
        assert answer.ok, answer.text
        return answer.json() if answer.text else None

    def next(self, name: str, **expected: Any) -> Any:
        """The next event of the feed that looks so."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = self.call("GET", f"{ACCOUNT}/events?after={self._seen}&wait=5&types={name}&limit=1")["payload"]
            for one in found:
                self._seen = one["payload"]["event_seq"]
                if expected.items() <= one["payload"].items():
                    return one["payload"]
        raise AssertionError(f"no {name} with {expected}")


@pytest.fixture
def desk(live: tuple[str, str], tmp_path: Path) -> Iterator[Desk]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free_port = listener.getsockname()[1]
    url, token = live
    made = Desk(url, token, f"http://127.0.0.1:{free_port}/")
    (tmp_path / "bot.py").write_text(block())
    environment = {"URL": url, "TOKEN": made.bot["access_token"], "SECRET": made.bot["secret"], "PORT": str(free_port)}
    process = subprocess.Popen(
        [sys.executable, "bot.py"], cwd=tmp_path, env={**os.environ, **environment}, stderr=subprocess.DEVNULL
    )
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=Retry(connect=9, backoff_factor=0.05)))
        assert session.post(made.bot["outgoing_url"], json={}, timeout=10).status_code == 401  # it listens
    yield made
    process.terminate()
    process.wait(10)


@pytest.mark.e2e
def test_the_bot_answers_with_a_menu_and_hands_over_on_a_choice(desk: Desk) -> None:
    desk.call("POST", desk.messages, content="hello")
    for value, what in (("hours", "Nine to five."), ("person", None)):
        asked = desk.next("message_created", message_type="outgoing", content_type="input_select")
        titles = [one["title"] for one in asked["content_attributes"]["items"]]
        assert titles == ["Opening hours", "Talk to a person"]
        desk.call("PATCH", f"{desk.messages}/{asked['id']}", submitted_values=[{"title": "…", "value": value}])
        if what is not None:
            assert asked["content"] == "What can we do for you?"
    assert asked["content"] == "Nine to five."
    assert desk.next("conversation_status_changed")["status"] == "open"
