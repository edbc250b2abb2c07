import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from inboxd.app import App
from inboxd.config import Config
from inboxd.store.models import Attempt, Delivery
from tests.cast import Receiver

HASTY = """
import sys
from inboxd.cli import main
from inboxd.delivery import dispatcher

dispatcher.GRACE_S = 0.5
sys.exit(main())
"""


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
    # The poll waits for fifty.
    assert time.monotonic() - began < 15

    again = App(Config(data_dir=str(tmp_path / "data"), listen="127.0.0.1:0"))
    with again.store.read() as tx:
        assert [row.state for row in tx.filter(Delivery)] == ["delivered"]
    again.close()


def test_a_stop_does_not_wait_for_a_receiver_that_hangs(tmp_path: Path, receiver: Receiver) -> None:
    over = threading.Event()

    def hang(handler: object, got: object) -> None:
        over.wait(30)

    receiver.default = hang
    process = subprocess.Popen(
        [sys.executable, "-c", HASTY, "serve", "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    url = next(line.split()[-1] for line in process.stdout if line.startswith("inboxd "))
    headers = {"api_access_token": (tmp_path / "data" / "admin.token").read_text().strip()}
    channel = {"type": "api", "webhook_url": receiver.url}
    inbox = {"name": "Shop", "channel": channel}
    made = requests.post(f"{url}/api/v1/accounts/1/inboxes", json=inbox, headers=headers, timeout=10).json()
    contacts = f"{url}/public/api/v1/inboxes/{made['inbox_identifier']}/contacts"
    requests.post(contacts, json={"source_id": "ann"}, timeout=10)
    requests.post(f"{contacts}/ann/conversations", timeout=10)
    receiver.wait_for(1)

    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code = process.wait(14)
    process.stdout.close()
    took_s = time.monotonic() - began
    over.set()

    # The deadline of the attempt is fifteen seconds.
    assert (code, took_s < 10) == (0, True)
    app = App(Config(data_dir=str(tmp_path / "data"), listen="127.0.0.1:0"))
    with app.store.read() as tx:
        [delivery] = tx.filter(Delivery)
        [attempt] = tx.filter(Attempt)
    app.close()
    assert (delivery.state, delivery.attempt_count) == ("pending", 1)
    assert (attempt.error, attempt.error_class) == ("interrupted", "interrupted")


def test_a_server_that_has_stopped_by_itself_may_be_stopped(tmp_path: Path) -> None:
    """Its loop may see that it has to end before whoever stops it wakes it."""
    app = App(Config(data_dir=str(tmp_path / "data"), listen="127.0.0.1:0"))
    app.initialise("admin@acme.test")
    server = app.serve()
    server._stopping = True
    server.run()
    server.stop()
    app.close()
