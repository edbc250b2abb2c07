import json
import random
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import requests

from inboxd.store.db import Store
from inboxd.store.models import Delivery, Event, Message, Webhook
from tests.cast import Received, Receiver, status

SERVER = """
import json, sys
from inboxd.app import App
from inboxd.config import Config

app = App(Config(data_dir=sys.argv[1], listen=sys.argv[2], webhook_schedule=",".join(["1s"] * 20),
                 messages_per_minute=10**6))
token = None if app.is_initialised else app.initialise("admin@acme.test")["admin"]["access_token"]
server = app.serve()
print(json.dumps({"url": server.url, "token": token}), flush=True)
server.run()
"""
KILLS = 3
WRITERS = 4


class Mortal:
    """A server process that is killed and started again on the same directory and port."""

    def __init__(self, directory: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self._arguments = [sys.executable, "-c", SERVER, str(directory), f"127.0.0.1:{port}"]
        self.up = threading.Event()
        self.about = self.start()

    def start(self) -> dict[str, Any]:
        self._process = subprocess.Popen(self._arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the server did not start"
        self.up.set()
        about: dict[str, Any] = json.loads(line)
        return about

    def kill(self) -> None:
        self.up.clear()
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


class Writers:
    """Threads that post until they are acknowledged, whatever happens to the server meanwhile."""

    def __init__(self, server: Mortal, urls: list[str]) -> None:
        self._server = server
        self._stop = threading.Event()
        self._news = threading.Condition()
        self.acknowledged: dict[str, int] = {}
        self.errors: list[str] = []
        self._threads = [
            threading.Thread(target=self._run, args=(number, url), daemon=True) for number, url in enumerate(urls)
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, writer: int, url: str) -> None:
        count = 0
        while not self._stop.is_set():
            content = f"{writer}-{count}"
            message_id = self._post(url, content)
            with self._news:
                self.acknowledged[content] = message_id
                self._news.notify_all()
            count += 1

    def _post(self, url: str, content: str) -> int:
        while True:
            assert self._server.up.wait(30)
            try:
                answer = requests.post(url, json={"content": content}, headers={"Idempotency-Key": content}, timeout=10)
            except requests.RequestException:
                continue
            if answer.status_code == 200:
                message_id: int = answer.json()["id"]
                return message_id
            self.errors.append(answer.text)

    def wait_for_more(self, count: int) -> None:
        with self._news:
            goal = len(self.acknowledged) + count
            assert self._news.wait_for(lambda: len(self.acknowledged) >= goal, 30)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Mortal]:
    made = Mortal(tmp_path / "data")
    yield made
    made.kill()


@pytest.mark.e2e
def test_what_was_acknowledged_survives_kill_9_exactly_once_and_no_webhook_is_forgotten(
    server: Mortal, receiver: Receiver, tmp_path: Path
) -> None:
    dice = random.Random()
    received = 0

    def moody(handler: BaseHTTPRequestHandler, got: Received) -> None:
        nonlocal received
        received += 1
        status(500 if received % 9 == 0 else 200)(handler, got)

    receiver.default = moody
    url, admin = server.about["url"], {"api_access_token": server.about["token"]}
    account = f"{url}/api/v1/accounts/1"
    channel = {"type": "api", "webhook_url": receiver.url + "/inbox"}
    inbox = requests.post(
        f"{account}/inboxes", json={"name": "Shop", "channel": channel}, headers=admin, timeout=10
    ).json()
    hook = {"url": receiver.url + "/account", "subscriptions": ["message_created"]}
    requests.post(f"{account}/webhooks", json=hook, headers=admin, timeout=10).raise_for_status()
    contacts = f"{url}/public/api/v1/inboxes/{inbox['inbox_identifier']}/contacts"
    requests.post(contacts, json={"source_id": "u1"}, timeout=10).raise_for_status()
    talks = [requests.post(f"{contacts}/u1/conversations", timeout=10).json()["id"] for _ in range(WRITERS)]
    writers = Writers(server, [f"{contacts}/u1/conversations/{talk}/messages" for talk in talks])

    for _ in range(KILLS):
        writers.wait_for_more(dice.randint(1, 60))
        server.kill()
        server.start()
    writers.wait_for_more(10)
    receiver.wait_for(len(receiver.received) + 5)
    writers.stop()
    server.kill()

    # Kill -9 cuts requests in two as well: half a request was not heard.
    heard = [got for got in list(receiver.received) if len(got.body) == int(got.headers["Content-Length"])]
    seen = Counter(got.headers["webhook-id"] for got in heard)
    store = Store(tmp_path / "data", clock=lambda: 0, announce=lambda _: None)
    with store.read() as tx:
        assert tx._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        messages, events = tx.filter(Message), tx.filter(Event)
        deliveries, hooks = tx.filter(Delivery), tx.filter(Webhook)
    store.close()

    assert writers.errors == []
    stored = Counter(message.content for message in messages)
    assert set(stored.values()) == {1}
    assert {message.content: message.id for message in messages}.items() >= writers.acknowledged.items()
    assert len(stored) <= len(writers.acknowledged) + WRITERS
    assert [event.seq for event in events] == list(range(1, len(events) + 1))

    owed = Counter((delivery.event_id, delivery.webhook_id) for delivery in deliveries)
    created = {event.message_id: event.id for event in events if event.name == "message_created"}
    assert created.keys() == {message.id for message in messages}
    assert len(hooks) == 2
    for event_id in created.values():
        assert [owed[event_id, webhook.id] for webhook in hooks] == [1, 1]
    assert {delivery.state for delivery in deliveries} <= {"delivered", "pending", "sending"}
    for delivery in deliveries:
        if delivery.state == "delivered":
            assert seen[delivery.uuid] >= 1
        assert seen[delivery.uuid] <= delivery.attempt_count
    _assert_ordered(heard, hooks=["/hook/inbox", "/hook/account"])


def _assert_ordered(heard: list[Received], hooks: list[str]) -> None:
    """Each webhook hears the events of a conversation for the first time in the order they happened."""
    for path in hooks:
        last: Counter[int] = Counter()
        known: set[str] = set()
        for got in heard:
            if got.path != path or got.headers["webhook-id"] in known or "conversation" not in got.json:
                continue
            known.add(got.headers["webhook-id"])
            talk = got.json["conversation"]["id"]
            assert got.json["event_seq"] > last[talk]
            last[talk] = got.json["event_seq"]
