import threading
import time
from pathlib import Path

import pytest
import requests

from inboxd.app import App
from inboxd.config import Config
from inboxd.store.models import Delivery
from tests.cast import Receiver


def test_a_stop_answers_waiting_polls_at_once_and_lets_running_deliveries_end(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = App(Config(data_dir=str(tmp_path / "data"), listen="127.0.0.1:0"))
    token = app.initialise("admin@acme.test")["admin"]["access_token"]
    server = app.serve()
    thread = threading.Thread(target=server.run)
    thread.start()
    account = f"{server.url}/api/v1/accounts/1"
    headers = {"api_access_token": token}
    release = threading.Event()
    real = receiver.default

    def slow(handler: object, got: object) -> None:
        release.wait(10)
        real(handler, got)  # type: ignore[arg-type]

    receiver.default = slow
    subscription = {"url": receiver.url, "subscriptions": ["inbox_created"]}
    requests.post(f"{account}/webhooks", json=subscription, headers=headers, timeout=10)
    requests.post(f"{account}/inboxes", json={"name": "Shop", "channel": {"type": "api"}}, headers=headers, timeout=10)
    receiver.wait_for(1)
    answers: list[int] = []

    waiting = threading.Event()
    rest = app.feed._rest

    def rests(seen: int, deadline: float) -> bool:
        waiting.set()
        return rest(seen, deadline)

    monkeypatch.setattr(app.feed, "_rest", rests)

    def poll() -> None:
        answers.append(requests.get(f"{account}/events?after=1&wait=50", headers=headers, timeout=60).status_code)

    poller = threading.Thread(target=poll)
    poller.start()
    assert waiting.wait(10)
    began = time.monotonic()
    server.stop()
    thread.join()
    poller.join()
    assert answers == [200]
    release.set()
    app.close()
    assert time.monotonic() - began < 4

    again = App(Config(data_dir=str(tmp_path / "data"), listen="127.0.0.1:0"))
    with again.store.read() as tx:
        assert [row.state for row in tx.filter(Delivery)] == ["delivered"]
    again.close()
