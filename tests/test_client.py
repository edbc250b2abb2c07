import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from inboxd.app import App
from inboxd.client import ApiError, Client, InboxClient, Unreachable
from inboxd.local import session
from inboxd.store.models import Event
from tests.cast import Receiver, World, status


class LossyProxy:
    """Passes one exchange a connection on to a server; `lose` answers are thrown away after they were made."""

    def __init__(self, url: str, lose: int) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "", parts.port or 0)
        self.lose = lose
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, socket.create_connection(self._target) as server:
                server.sendall(_one_message(client))
                answer = _one_message(server)
                if self.lose:
                    self.lose -= 1
                else:
                    client.sendall(answer)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


def _one_message(sock: socket.socket) -> bytes:
    """A whole HTTP/1.1 message with a Content-Length, or nothing when the other side is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = sock.recv(1 << 16)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    while length and len(body) < int(length[1]):
        body += sock.recv(1 << 16)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def shop(live: tuple[str, str]) -> Iterator[InboxClient]:
    url, token = live
    desk = Client(url, token)
    made = InboxClient(url, desk.create_inbox("Shop")["inbox_identifier"])
    yield made
    made.close()
    desk.close()


def test_a_contact_writes_and_an_agent_answers(live: tuple[str, str], shop: InboxClient, tmp_path: Path) -> None:
    desk = Client(*live)
    ann = shop.identify(source_id="a/b.c", name="Ann", email="ann@example.test")
    conversation = shop.open_conversation("a/b.c", custom_attributes={"plan": "pro"})["id"]
    shop.send("a/b.c", conversation, "hello", echo_id="tmp-1")
    (tmp_path / "receipt.txt").write_text("42")
    shop.send("a/b.c", conversation, "see file", files=[tmp_path / "receipt.txt"])
    desk.reply(conversation, "thanks")
    desk.reply(conversation, "between us", private=True)
    assert [message["content"] for message in shop.messages("a/b.c", conversation)] == ["hello", "see file", "thanks"]
    assert [message["content"] for message in desk.messages(conversation)][-1] == "between us"
    assert desk.search_contacts("ann@")[0]["id"] == ann["id"]
    shop.typing("a/b.c", conversation, on=True)
    shop.seen("a/b.c", conversation)
    assert shop.resolve("a/b.c", conversation)["status"] == "resolved"
    assert desk.conversations(status="resolved")[0]["id"] == conversation
    assert desk.set_status(conversation, "open")["payload"]["current_status"] == "open"
    assigned = desk.assign(conversation, desk.profile()["id"])
    assert assigned is not None
    assert desk.conversation(conversation)["meta"]["assignee"]["id"] == assigned["id"]
    found, after = desk.events(types=["message_created"])
    assert len(found) == 4
    assert desk.events(after=after)[0] == []
    desk.close()


def test_the_feed_is_narrowed_to_an_inbox_and_knows_its_newest_event(live: tuple[str, str], shop: InboxClient) -> None:
    desk = Client(*live)
    other = desk.create_inbox("Other")["id"]
    everything, newest = desk.events()
    assert desk.newest_seq() == newest == everything[-1]["seq"]
    assert [entry["payload"]["id"] for entry in desk.events(inbox_id=other)[0]] == [other]
    assert next(desk.follow(inbox_id=other))["payload"]["name"] == "Other"
    desk.close()


def test_following_a_feed_without_a_free_seat_pauses_between_its_looks() -> None:
    pages = [b'{"payload":[],"meta":{"next_after":7}}'] * 2 + [b'{"payload":[{"seq":8}],"meta":{"next_after":8}}']

    def at_once(_: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [pages.pop(0)]

    pauses: list[float] = []
    desk = Client("http://inboxd.test", "token", session=session(at_once, trusted=False), sleep=pauses.append)
    assert next(desk.follow())["seq"] == 8
    assert pauses == [1.0, 1.0]


def test_the_newest_event_is_known_when_older_ones_are_gone(world: World, app: App) -> None:
    newest = world.events()[-1]["event_seq"]
    app.store.write(lambda tx: tx.execute(Event.delete().where(Event.seq < newest)))
    desk = Client("http://inboxd.test", world.admin, session=session(app.wsgi, trusted=False))
    with pytest.raises(ApiError) as caught:
        desk.events()
    assert caught.value.oldest_seq == newest
    assert desk.newest_seq() == newest
    desk.close()


def test_a_send_whose_answer_was_lost_happens_once(live: tuple[str, str], shop: InboxClient) -> None:
    identifier = shop.inbox()["identifier"]
    shop.identify(source_id="ann")
    conversation = shop.open_conversation("ann")["id"]
    proxy = LossyProxy(live[0], lose=2)
    pauses: list[float] = []
    unlucky = InboxClient(proxy.url, identifier, sleep=pauses.append)
    sent = unlucky.send("ann", conversation, "only once")
    unlucky.close()
    proxy.close()
    assert proxy.lose == 0
    assert len(pauses) == 2
    assert [message["id"] for message in shop.messages("ann", conversation)] == [sent["id"]]


def test_a_refusal_carries_its_status_and_words_and_is_not_retried(live: tuple[str, str], shop: InboxClient) -> None:
    with pytest.raises(ApiError, match="Not Found") as caught:
        shop.conversation("nobody", 1)
    assert caught.value.status == 404
    with pytest.raises(ApiError, match="Invalid Access Token"):
        Client(live[0], "wrong").profile()


def test_a_server_that_is_not_there_is_unreachable_after_the_retries() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    pauses: list[float] = []
    with pytest.raises(Unreachable, match=r"connection refused|no connection"):
        Client(f"http://127.0.0.1:{port}", "x", retries=3, sleep=pauses.append).profile()
    assert len(pauses) == 3
    assert pauses == sorted(pauses)


def test_a_proxy_of_the_environment_never_sees_the_token(
    live: tuple[str, str], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", receiver.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    desk = Client(*live)
    assert desk.create_account("Beta")["name"] == "Beta"
    desk.close()
    assert receiver.received == []


def test_a_netrc_adds_no_credentials(receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ann password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    desk = Client(receiver.url, "token")
    desk.create_account("Beta")
    desk.close()
    assert "Authorization" not in receiver.received[0].headers


def test_a_session_handed_in_keeps_its_own_view_of_the_environment() -> None:
    with requests.Session() as session:
        Client("http://inboxd.test", "token", session=session)
        assert session.trust_env


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("handed_in", [False, True])
def test_a_redirect_is_refused_and_says_where_to(receiver: Receiver, code: int, handed_in: bool) -> None:
    receiver.script = [status(code, b"{}", {"Location": f"{receiver.url}/moved\x1b[31m"})]
    with requests.Session() as session:
        desk = Client(receiver.url, "token", session=session if handed_in else None)
        with pytest.raises(ApiError) as caught:
            desk.create_account("Beta")
        desk.close()
    assert (caught.value.status, caught.value.message) == (code, f"redirects to {receiver.url}/moved\ufffd[31m")
    assert len(receiver.received) == 1


@pytest.mark.parametrize("location", ["http://[", "\xff"])
def test_a_redirect_to_what_is_no_address_is_refused_the_same(receiver: Receiver, location: str) -> None:
    receiver.script = [status(302, headers={"Location": location})]
    desk = Client(receiver.url, "token")
    with pytest.raises(ApiError, match="redirects to "):
        desk.create_account("Beta")
    desk.close()


def test_a_file_is_not_carried_along_a_redirect(receiver: Receiver, tmp_path: Path) -> None:
    (tmp_path / "receipt.txt").write_text("42")
    receiver.script = [status(307, headers={"Location": f"{receiver.url}/moved"})]
    desk = Client(receiver.url, "token")
    with pytest.raises(ApiError, match="redirects to "):
        desk.reply(1, "see file", files=[tmp_path / "receipt.txt"])
    desk.close()
    assert len(receiver.received) == 1


def test_a_3xx_without_a_location_is_no_success(receiver: Receiver) -> None:
    receiver.script = [status(304)]
    desk = Client(receiver.url, "token")
    with pytest.raises(ApiError, match="Not Modified"):
        desk.create_account("Beta")
    desk.close()


def test_webhooks_and_their_deliveries_are_seen_and_steered(live: tuple[str, str], receiver: Receiver) -> None:
    desk = Client(*live)
    shop = desk.create_inbox("Shop", webhook_url=receiver.url)["id"]
    made = desk.create_webhook(f"{receiver.url}/all", subscriptions=["message_created"], headers={"X-Key": "a"})
    assert desk.test_webhook(made["id"])["state"] == "delivered"
    receiver.script = [status(500)]
    outcome = desk.test_webhook(inbox_id=shop)
    assert (outcome["state"], outcome["attempts"][0]["status_code"]) == ("cancelled", 500)
    newest, before = desk.deliveries(limit=1)
    assert newest[0]["id"] == outcome["id"] == before
    assert [one["webhook_id"] for one in desk.deliveries(before=before)[0]] == [made["id"]]
    assert desk.deliveries(webhook_id=made["id"], state="exhausted") == ([], None)
    assert desk.delivery(outcome["id"])["payload"]["event"] == "webhook.test"
    assert desk.cancel(outcome["id"])["state"] == "cancelled"
    assert desk.recover(inbox_id=shop, since=0) == {"resent": 0, "replayed": 0}  # nobody is owed a test
    assert desk.resend(outcome["id"])["id"] == outcome["id"]
    assert desk.recover(made["id"], missing=True) == {"resent": 0, "replayed": 0}
    assert desk.webhook(inbox_id=shop)["url"] == receiver.url
    assert desk.inbox_health(shop)["webhook"]["state"] == "ok"
    assert desk.enable_webhook(made["id"], skip=True)["health"]["state"] == "ok"
    assert desk.rotate_secret(made["id"], overlap_s=60)["secret"] not in (None, made["secret"])
    desk.delete_webhook(made["id"])
    assert desk.webhooks() == []
    with pytest.raises(ValueError, match="one of webhook_id, inbox_id and bot_id"):
        desk.enable_webhook(1, inbox_id=1)
    desk.close()


def test_a_test_is_never_sent_twice_and_a_recovery_is_tried_again(receiver: Receiver) -> None:
    pauses: list[float] = []
    desk = Client(receiver.url, "token", sleep=pauses.append)
    receiver.script = [status(503), status(503), status(200, b'{"resent":1,"replayed":0}')]
    with pytest.raises(ApiError) as caught:
        desk.test_webhook(1)
    assert (caught.value.status, len(receiver.received)) == (503, 1)
    assert desk.recover(1) == {"resent": 1, "replayed": 0}
    assert len(receiver.received) == 3
    assert len(pauses) == 1
    desk.close()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable):
        Client(f"http://127.0.0.1:{port}", "x", sleep=pauses.append).test_webhook(1)
    assert len(pauses) == 1
