"""The same request twice has one effect and one answer."""

import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import requests

from inboxd.app import App
from inboxd.store.models import IdempotencyKey, Message
from tests.cast import Clock, Received, Receiver, World, status

REPLAYED = "Idempotent-Replayed"


@pytest.fixture
def path(world: World) -> str:
    return f"{world.contact}/conversations/{world.conversation()}/messages"


def send(world: World, path: str, key: str = "k1", **kwargs: Any) -> requests.Response:
    return world.http.post(path, headers={"Idempotency-Key": key}, **kwargs)


def count(world: World, path: str) -> int:
    return len(world.http.get(path).json())


def test_the_same_request_again_is_answered_with_the_same_bytes(world: World, path: str) -> None:
    first = send(world, path, json={"content": "hi <b>"})
    events = len(world.events())
    again = send(world, path, json={"content": "hi <b>"})
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert (first.headers.get(REPLAYED), again.headers.get(REPLAYED)) == (None, "true")
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert count(world, path) == 1
    assert len(world.events()) == events


def test_an_empty_answer_is_repeated_too(world: World, path: str) -> None:
    seen = path.replace("/messages", "/update_last_seen")
    first, again = send(world, seen), send(world, seen)
    assert (first.status_code, first.content, again.status_code, again.content) == (200, b"", 200, b"")
    assert again.headers[REPLAYED] == "true"


def test_the_key_for_another_request_is_refused_and_stores_nothing(world: World, path: str) -> None:
    send(world, path, json={"content": "one"})
    other = send(world, path, json={"content": "two"})
    assert (other.status_code, other.json()) == (422, {"error": "This Idempotency-Key was used for another request"})
    assert count(world, path) == 1


def test_the_order_of_parameters_makes_no_other_request(world: World, path: str) -> None:
    send(world, path, data=b'{"content":"x","echo_id":"1"}')
    assert send(world, path, data=b'{"echo_id":"1","content":"x"}').headers[REPLAYED] == "true"


def test_keys_of_different_contacts_routes_and_callers_are_different_keys(world: World, path: str) -> None:
    send(world, path, json={"content": "x"})
    second = f"{world.contact}/conversations/{world.conversation()}/messages"
    assert REPLAYED not in send(world, second, json={"content": "x"}).headers
    number = path.split("/")[-2]
    private = f"{world.account}/conversations/{number}/messages"
    assert REPLAYED not in send(world, private, json={"content": "x"}, token=world.ada).headers
    assert REPLAYED not in send(world, private, json={"content": "x"}, token=world.admin).headers
    assert send(world, private, json={"content": "x"}, token=world.ada).headers[REPLAYED] == "true"
    assert count(world, path) == 3


def test_a_trailing_slash_is_the_same_route(world: World, path: str) -> None:
    send(world, path, json={"content": "x"})
    assert send(world, path + "/", json={"content": "x"}).headers[REPLAYED] == "true"


def test_a_key_is_kept_for_24_hours(world: World, path: str, clock: Clock) -> None:
    send(world, path, json={"content": "x"})
    clock.advance(s=24 * 3600)
    assert send(world, path, json={"content": "x"}).headers[REPLAYED] == "true"
    clock.advance(ms=1)
    fresh = send(world, path, json={"content": "another"})
    assert (fresh.status_code, fresh.headers.get(REPLAYED)) == (200, None)
    assert send(world, path, json={"content": "another"}).headers[REPLAYED] == "true"
    assert count(world, path) == 2


def test_a_multipart_retry_with_another_boundary_is_the_same_request(world: World, path: str, app: App) -> None:
    files = {"attachments[]": ("a.txt", b"hello")}  # `requests` draws a new boundary for every call
    first = send(world, path, data={"content": "x"}, files=files)
    again = send(world, path, data={"content": "x"}, files=files)
    assert again.content == first.content
    assert again.headers[REPLAYED] == "true"
    link = first.json()["attachments"][0]["data_url"].removeprefix("http://inboxd.test")
    assert world.http.get(link).content == b"hello"
    other = send(world, path, data={"content": "x"}, files={"attachments[]": ("a.txt", b"hellO")})
    assert other.status_code == 422
    renamed = send(world, path, data={"content": "x"}, files={"attachments[]": ("b.txt", b"hello")})
    assert renamed.status_code == 422
    assert len(list((app.store.directory / "attachments").glob("*/*"))) == 1


def test_a_failure_is_not_kept(world: World, path: str, app: App) -> None:
    assert send(world, path, json={"content": ""}).status_code == 422
    assert send(world, path.replace("carl-1", "nobody"), json={"content": "x"}).status_code == 404
    assert send(world, path, data=b"{").status_code == 400
    with app.store.read() as tx:
        assert tx.filter(IdempotencyKey) == []
    fixed = send(world, path, json={"content": "now"})
    assert (fixed.status_code, fixed.headers.get(REPLAYED)) == (200, None)


@pytest.mark.parametrize("key", ["k" * 256, "a\x01b", "\x7f"])
def test_a_key_that_is_no_key_is_refused(world: World, path: str, key: str) -> None:
    response = send(world, path, key, json={"content": "x"})
    assert response.status_code == 400
    assert "Idempotency-Key" in response.json()["error"]
    assert count(world, path) == 0


def test_a_wrong_token_gets_nothing_from_a_known_key(world: World, path: str) -> None:
    private = f"{world.account}/conversations/{path.split('/')[-2]}/messages"
    send(world, private, json={"content": "x"}, token=world.ada)
    for token in ("wrong", None, world.olga):
        assert send(world, private, json={"content": "x"}, token=token).status_code == 401


def test_a_key_on_a_get_means_nothing(world: World, path: str, app: App) -> None:
    for _ in range(2):
        response = world.http.get(path, headers={"Idempotency-Key": "k"})
        assert (response.status_code, response.headers.get(REPLAYED)) == (200, None)
    with app.store.read() as tx:
        assert tx.filter(IdempotencyKey) == []


def test_the_same_source_id_and_payload_is_the_same_message(world: World, path: str, clock: Clock) -> None:
    number = int(path.split("/")[-2])
    first = world.reply(number, "x", source_id="WAID:1")
    private = f"{world.account}/conversations/{number}/messages"
    again = world.http.post(private, json={"content": "x", "source_id": "WAID:1"}, token=world.ada)
    assert (again.json()["id"], again.headers[REPLAYED]) == (first["id"], "true")
    edited = world.http.post(private, json={"content": "y", "source_id": "WAID:1"}, token=world.ada)
    assert (edited.json()["id"] != first["id"], edited.headers.get(REPLAYED)) == (True, None)
    clock.advance(s=24 * 3600)
    assert world.reply(number, "x", source_id="WAID:1")["id"] != first["id"]


def at_once(times: int, call: Any) -> list[requests.Response]:
    start = threading.Barrier(times)

    def one(_: int) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            start.wait(10)
            answer: requests.Response = call(session)
            return answer

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


@pytest.mark.parametrize("way", ["key on the client API", "key with a file", "source_id on the application API"])
def test_twenty_at_once_make_one_message(live: tuple[str, str], way: str) -> None:
    url, token = live
    account = f"{url}/api/v1/accounts/1"
    admin = {"api_access_token": token}
    inbox = requests.post(f"{account}/inboxes", json={"name": "A"}, headers=admin, timeout=10).json()
    contact = f"{url}/public/api/v1/inboxes/{inbox['inbox_identifier']}/contacts"
    requests.post(contact, json={"source_id": "c"}, timeout=10)
    number = requests.post(f"{contact}/c/conversations", timeout=10).json()["id"]
    public = f"{contact}/c/conversations/{number}/messages"
    private = f"{account}/conversations/{number}/messages"
    key = {"Idempotency-Key": "once"}
    calls: dict[str, Any] = {
        "key on the client API": lambda s: s.post(public, json={"content": "x"}, headers=key, timeout=20),
        "key with a file": lambda s: s.post(public, files={"attachments[]": ("a", b"x")}, headers=key, timeout=20),
        "source_id on the application API": lambda s: s.post(
            private, json={"content": "x", "source_id": "s"}, headers=admin, timeout=20
        ),
    }

    answers = at_once(20, calls[way])

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum(REPLAYED in answer.headers for answer in answers) == 19
    assert len(requests.get(public, timeout=10).json()) == 1


def test_a_message_has_one_row_whatever_was_repeated(world: World, path: str, app: App) -> None:
    for _ in range(3):
        send(world, path, json={"content": "x"})
    with app.store.read() as tx:
        assert len(tx.filter(Message)) == 1


@pytest.fixture
def hook(world: World, receiver: Receiver) -> str:
    """A webhook of messages, to a real receiver."""
    body = {"url": receiver.url, "subscriptions": ["message_created"]}
    made = world.http.post(f"{world.account}/webhooks", json=body, token=world.admin).json()
    return f"{world.account}/webhooks/{made['payload']['webhook']['id']}"


def test_the_same_request_for_a_test_is_one_request_to_the_receiver(
    world: World, hook: str, receiver: Receiver
) -> None:
    receiver.script = [status(500, b"no")]
    first, again = (send(world, f"{hook}/test", token=world.admin) for _ in range(2))
    assert (first.status_code, first.json()["last_error"]) == (200, "500 Internal Server Error")
    assert (again.status_code, again.content) == (200, first.content)
    assert (first.headers.get(REPLAYED), again.headers.get(REPLAYED)) == (None, "true")
    assert len(receiver.received) == 1
    send(world, f"{hook}/test", "k2", token=world.admin)
    assert len(receiver.received) == 2


def test_the_same_request_to_recover_is_answered_with_what_the_first_one_did(world: World, hook: str) -> None:
    world.incoming(world.conversation())
    body = {"url": "https://late.test/", "subscriptions": ["message_created"]}
    made = world.http.post(f"{world.account}/webhooks", json=body, token=world.admin).json()
    late = f"{world.account}/webhooks/{made['payload']['webhook']['id']}/recover"
    first = send(world, late, json={"missing": True}, token=world.admin)
    world.incoming(world.conversation())
    again = send(world, late, json={"missing": True}, token=world.admin)
    assert first.json() == {"resent": 0, "replayed": 1}
    assert (again.content, again.headers[REPLAYED]) == (first.content, "true")


def test_another_body_for_the_key_of_a_recovery_is_refused(world: World, hook: str) -> None:
    send(world, f"{hook}/recover", json={"missing": True}, token=world.admin)
    other = send(world, f"{hook}/recover", json={"missing": False}, token=world.admin)
    assert (other.status_code, other.json()) == (422, {"error": "This Idempotency-Key was used for another request"})


def test_a_test_that_was_refused_keeps_no_key(world: World, app: App) -> None:
    path = f"{world.account}/inboxes/{world.inbox['id']}/webhook/test"
    for _ in range(2):
        answer = send(world, path, token=world.admin)
        assert (answer.status_code, answer.headers.get(REPLAYED)) == (422, None)
    with app.store.read() as tx:
        assert tx.filter(IdempotencyKey) == []


def test_a_twin_that_arrives_while_a_test_is_under_way_is_told_to_ask_again(
    world: World, hook: str, receiver: Receiver
) -> None:
    over = threading.Event()

    def hang(handler: BaseHTTPRequestHandler, got: Received) -> None:
        over.wait(10)
        status(200)(handler, got)

    receiver.script = [hang]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send, world, f"{hook}/test", token=world.admin)
        receiver.wait_for(1)
        twin = send(world, f"{hook}/test", token=world.admin)
        other = send(world, f"{hook}/test", "k2", token=world.admin)
        over.set()
        made = first.result(10)
    assert (twin.status_code, twin.headers["Retry-After"]) == (409, "1")
    assert twin.json() == {"error": "This request is under way: ask again in a moment"}
    assert other.json()["id"] != made.json()["id"], "another key is another request"
    after = send(world, f"{hook}/test", token=world.admin)
    assert (after.content, after.headers[REPLAYED]) == (made.content, "true")
    assert len(receiver.received) == 2
