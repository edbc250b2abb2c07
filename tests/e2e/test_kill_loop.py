import random
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import requests

from inboxd.store.db import Store
from inboxd.store.models import Attempt, Delivery
from tests.cast import Received, Receiver, status
from tests.e2e.test_crash import Mortal, Writers, _assert_ordered, server

__all__ = ["server"]
KILLS = 3
TALKS = 3


def whole(receiver: Receiver) -> list[Received]:
    """Kill -9 cuts requests in two as well: half a request was not heard."""
    return [got for got in list(receiver.received) if len(got.body) == int(got.headers["Content-Length"])]


def wait_until_heard(receiver: Receiver, wanted: set[str]) -> None:
    """Until both webhooks heard of all these messages."""
    deadline = time.monotonic() + 30
    heard: set[tuple[str, str]] = set()
    goal = {(path, content) for path in ("/hook/inbox", "/hook/account") for content in wanted}
    seen = 0
    while not goal <= heard:
        assert time.monotonic() < deadline, sorted(goal - heard)[:5]
        receiver.wait_for(seen + 1, timeout_s=20)
        news = receiver.received[seen:]
        seen += len(news)
        heard |= {
            (got.path, got.json["content"])
            for got in news
            if len(got.body) == int(got.headers["Content-Length"]) and got.json["event"] == "message_created"
        }


@pytest.mark.e2e
def test_every_acknowledged_message_arrives_in_order_and_every_attempt_is_accounted_for_through_kill_9(
    server: Mortal, receiver: Receiver, tmp_path: Path
) -> None:
    dice = random.Random()
    turns = threading.Lock()
    count = 0

    def moody(handler: BaseHTTPRequestHandler, got: Received) -> None:
        nonlocal count
        with turns:
            count += 1
            code = 500 if count % 40 == 0 else 200
        status(code)(handler, got)

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
    talks = [requests.post(f"{contacts}/u1/conversations", timeout=10).json()["id"] for _ in range(TALKS)]
    writers = Writers(server, [f"{contacts}/u1/conversations/{talk}/messages" for talk in talks])

    for _ in range(KILLS):
        # In the middle of a delivery, more often than between two.
        receiver.wait_for(len(receiver.received) + dice.randint(1, 40), timeout_s=30)
        server.kill()
        server.start()
    writers.wait_for_more(3)
    writers.stop()
    wait_until_heard(receiver, set(writers.acknowledged))
    server.kill()

    assert writers.errors == []
    heard = whole(receiver)
    bodies: defaultdict[str, set[bytes]] = defaultdict(set)
    ids: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    times: defaultdict[str, int] = defaultdict(int)
    for got in heard:
        assert got.headers["webhook-id"] == got.headers["X-Chatwoot-Delivery"]
        bodies[got.headers["webhook-id"]].add(got.body)
        ids[got.path, got.json["event_seq"]].add(got.headers["webhook-id"])
        times[got.headers["webhook-id"]] += 1
    assert {len(found) for found in bodies.values()} == {len(found) for found in ids.values()} == {1}
    _assert_ordered(heard, hooks=["/hook/inbox", "/hook/account"])
    _assert_counted(tmp_path / "data", times)


def _assert_counted(directory: Path, times: dict[str, int]) -> None:
    """The attempts of every delivery are numbered without gaps, and none that arrived is missing."""
    store = Store(directory, clock=lambda: 0, announce=lambda _: None)
    with store.read() as tx:
        deliveries = tx.filter(Delivery)
        attempts: defaultdict[int, list[Attempt]] = defaultdict(list)
        for attempt in tx.filter(Attempt):
            attempts[attempt.delivery_id].append(attempt)
    store.close()
    for delivery in deliveries:
        made = attempts[delivery.id]
        ended = delivery.attempt_count - (delivery.state == "sending")
        assert sorted(attempt.number for attempt in made) == list(range(1, ended + 1))
        answered = sum(attempt.status_code is not None for attempt in made)
        assert answered <= times[delivery.uuid] <= delivery.attempt_count
        assert (delivery.state == "delivered") == any(attempt.status_code == 200 for attempt in made)
