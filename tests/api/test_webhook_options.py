"""What a webhook can be told: its order, its headers, whose messages it leaves out, and where it may point."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from inboxd.app import App
from inboxd.config import Config
from inboxd.domain.retry import Outcome
from inboxd.domain.text import MASK
from inboxd.local import session
from inboxd.store.models import Webhook
from tests.cast import Clock, Http, World
from tests.delivery.bench import FAILED, Bench, FakeSender

OWN_HEADERS = {"Authorization": "Bearer s3cret", "X-Tenant": "acme"}
MASKED = dict.fromkeys(OWN_HEADERS, MASK)


@pytest.fixture(params=["account", "inbox"])
def path(request: pytest.FixtureRequest, world: World) -> str:
    """A webhook of either kind that hears of messages."""
    if request.param == "account":
        body = {"url": "https://x.test/hook", "subscriptions": ["message_created"]}
        made = world.http.post(f"{world.account}/webhooks", json=body, token=world.admin).json()
        return f"{world.account}/webhooks/{made['payload']['webhook']['id']}"
    inbox = f"{world.account}/inboxes/{world.inbox['id']}"
    world.http.patch(inbox, json={"channel": {"webhook_url": "https://x.test/hook"}}, token=world.admin)
    return f"{inbox}/webhook"


def shown(world: World, path: str) -> Any:
    return world.http.get(path, token=world.admin).json()["payload"]["webhook"]


def tell(world: World, path: str, *, token: str | None = None, **options: Any) -> Any:
    answer = world.http.patch(path, json=options, token=token or world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()["payload"]["webhook"]


def messages(sender: FakeSender) -> list[str]:
    """What the messages say that were sent so far."""
    payloads = [json.loads(sent.body) for sent in sender.sent]
    return [payload["content"] for payload in payloads if payload["event"] == "message_created"]


def stored_headers(app: App) -> list[dict[str, str]]:
    with app.store.read() as tx:
        return [webhook.headers for webhook in tx.filter(Webhook, url="https://x.test/hook")]


def test_options_are_set_at_creation_and_by_each_update(world: World) -> None:
    options = {"ordering": "none", "exclude_own": True, "headers": {"X-Tenant": "acme"}}
    body = {"url": "https://x.test/1", **options}
    answer = world.http.post(f"{world.account}/webhooks", json=body, token=world.admin)
    made = answer.json()["payload"]["webhook"]
    assert (made["ordering"], made["exclude_own"], made["headers"]) == ("none", True, {"X-Tenant": MASK})
    path = f"{world.account}/webhooks/{made['id']}"
    assert tell(world, path, ordering="conversation")["exclude_own"] is True
    assert tell(world, path, webhook={"exclude_own": False})["ordering"] == "conversation"
    assert shown(world, path)["headers"] == {"X-Tenant": MASK}
    assert tell(world, path, headers={})["headers"] == {}


def test_null_leaves_an_option_as_it_is(world: World, path: str) -> None:
    tell(world, path, ordering="none", exclude_own=True)
    told = tell(world, path, ordering=None, exclude_own=None)
    assert (told["ordering"], told["exclude_own"]) == ("none", True)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"ordering": "random"}, "ordering"), ({"ordering": 1}, "ordering"), ({"exclude_own": "maybe"}, "exclude_own"),
        ({"headers": "X: y"}, "headers"), ({"headers": [["X", "y"]]}, "headers"),
    ],
)  # fmt: skip
def test_an_option_of_the_wrong_kind_is_422_with_its_name(
    world: World, path: str, options: dict[str, Any], field: str
) -> None:
    before = shown(world, path)
    answer = world.http.patch(path, json=options, token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, [field])
    assert shown(world, path) == before


# Order


def test_without_an_order_nothing_waits_for_what_failed(
    world: World, path: str, bench: Bench, sender: FakeSender
) -> None:
    tell(world, path, ordering="none")
    number = world.conversation()
    bench.drain()
    sender.sent.clear()
    for content in ("one", "two", "three"):
        world.incoming(number, content)
    sender.default = FAILED
    bench.drain()
    assert sorted(messages(sender)) == ["one", "three", "two"]


def test_blocked_deliveries_go_out_once_order_is_given_up(
    world: World, path: str, bench: Bench, sender: FakeSender
) -> None:
    number = world.conversation()
    bench.drain()
    sender.default = FAILED
    for content in ("one", "two", "three"):
        world.incoming(number, content)
    bench.drain()
    assert messages(sender) == ["one"]
    tell(world, path, ordering="none")
    bench.drain()
    assert sorted(messages(sender)) == ["one", "three", "two"]


def test_what_waits_is_put_in_order_once_order_is_asked_for(
    world: World, path: str, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    tell(world, path, ordering="none")
    number = world.conversation()
    bench.drain()
    for content in ("one", "two", "three"):
        world.incoming(number, content)
    tell(world, path, ordering="conversation")
    sender.default = FAILED
    bench.drain()
    assert messages(sender) == ["one"]
    sender.default = FakeSender().default
    clock.advance(s=3600)
    bench.drain()
    assert messages(sender) == ["one", "one", "two", "three"]


# Headers


def test_headers_are_sent_with_each_delivery_and_never_shown(
    world: World, path: str, bench: Bench, sender: FakeSender, app: App
) -> None:
    told = tell(world, path, headers=OWN_HEADERS)
    assert told["headers"] == shown(world, path)["headers"] == MASKED
    world.incoming(world.conversation())
    bench.drain()
    for sent in sender.sent:
        assert {name: sent.headers[name] for name in OWN_HEADERS} == OWN_HEADERS
    everywhere = [
        world.http.get(f"{world.account}/{what}", token=world.admin).text
        for what in ("webhooks", "deliveries", "events", "inboxes", f"inboxes/{world.inbox['id']}/health")
    ]
    first = world.http.get(f"{world.account}/deliveries", token=world.admin).json()["payload"][0]["id"]
    everywhere.append(world.http.get(f"{world.account}/deliveries/{first}", token=world.admin).text)
    assert not [text for text in everywhere if "s3cret" in text]


def test_a_mask_that_comes_back_keeps_the_stored_value(world: World, path: str, app: App) -> None:
    tell(world, path, headers=OWN_HEADERS)
    tell(world, path, headers=shown(world, path)["headers"] | {"X-New": "n"})
    assert stored_headers(app) == [OWN_HEADERS | {"X-New": "n"}]
    tell(world, path, headers={"authorization": MASK})
    assert stored_headers(app) == [{"authorization": "Bearer s3cret"}]


def test_a_mask_for_a_header_that_has_no_value_yet_is_422(world: World, path: str, app: App) -> None:
    answer = world.http.patch(path, json={"headers": {"X-New": MASK}}, token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["headers"])
    assert stored_headers(app) == [{}]


BAD_HEADERS: list[dict[str, Any]] = [
    {"Content-Type": "text/plain"}, {"content-length": "1"}, {"HOST": "x"}, {"Transfer-Encoding": "chunked"},
    {"Connection": "close"}, {"webhook-id": "x"}, {"Webhook-Signature": "x"}, {"X-Chatwoot-Signature": "x"},
    {"x-inboxd-redelivery": "true"}, {"User-Agent": "x"}, {"Accept-Encoding": "gzip"}, {"Expect": "100-continue"},
    {"Proxy-Authorization": "x"}, {"X-Forwarded-For": "x"},
    {"": "x"}, {"X Y": "x"}, {"X:Y": "x"}, {"X\r\nY": "x"}, {"Ü": "x"}, {"n" * 101: "x"}, {"X\n": "x"},
    {"X": "a\r\nY: b"}, {"X": "a\n"}, {"X": "\x00"}, {"X": "ü"}, {"X": "日本"}, {"X": "a\tb"}, {"X": "n" * 2049},
    {"X": 1}, {"X": None}, {"X": ["a"]}, {"X": {"a": "b"}}, {"X": True},
    {"X-Same": "a", "x-same": "b"},
    {f"X-{number}": "x" for number in range(21)},
]  # fmt: skip


@pytest.mark.parametrize("headers", BAD_HEADERS, ids=lambda headers: ascii(headers)[:40])
def test_headers_that_no_request_could_carry_are_422_and_change_nothing(
    world: World, path: str, app: App, headers: dict[str, Any]
) -> None:
    tell(world, path, headers=OWN_HEADERS)
    answer = world.http.patch(path, json={"headers": {"X-Good": "g"} | headers, "ordering": "none"}, token=world.admin)
    assert answer.status_code in (400, 422), "NUL and lone surrogates are no text at all"
    if answer.status_code == 422:
        assert answer.json()["attributes"] == ["headers"]
    assert stored_headers(app) == [OWN_HEADERS]
    assert shown(world, path)["ordering"] == "conversation"


def test_a_webhook_with_bad_headers_is_not_created(world: World) -> None:
    body = {"url": "https://x.test/1", "headers": {"Host": "x"}}
    answer = world.http.post(f"{world.account}/webhooks", json=body, token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["headers"])
    listed = world.http.get(f"{world.account}/webhooks", token=world.admin).json()
    assert listed == {"payload": {"webhooks": []}}


# exclude_own


def written(world: World, number: int, token: str, content: str) -> None:
    path = f"{world.account}/conversations/{number}/messages"
    assert world.http.post(path, json={"content": content}, token=token).status_code == 200


def test_messages_written_with_the_token_that_owns_the_webhook_are_left_out(
    world: World, path: str, bench: Bench, sender: FakeSender
) -> None:
    tell(world, path, exclude_own=True)
    second = world.http.post(f"{world.account}/access_tokens", json={"name": "second"}, token=world.admin).json()
    number = world.conversation()
    world.incoming(number, "from the contact")
    written(world, number, world.admin, "own")
    written(world, number, second["access_token"], "the same person's other token")
    world.reply(number, "Ada's")
    bench.drain()
    assert messages(sender) == ["from the contact", "the same person's other token", "Ada's"]
    told = [event for event in world.events() if event["event"] == "message_created"]
    assert len(told) == 4, "the feed has them all"


@pytest.mark.parametrize("more", [{"ordering": "conversation"}, {"exclude_own": True}])
def test_who_asked_for_exclude_own_owns_the_webhook_whoever_saves_it_after_that(
    world: World, path: str, bench: Bench, sender: FakeSender, more: dict[str, Any]
) -> None:
    made = world.http.post(f"{world.account}/access_tokens", json={"name": "second"}, token=world.admin).json()
    second = made["access_token"]
    tell(world, path, exclude_own=True, token=second)
    tell(world, path, **more)
    number = world.conversation()
    written(world, number, world.admin, "the administrator's")
    written(world, number, second, "the second token's")
    bench.drain()
    assert messages(sender) == ["the administrator's"]


def test_exclude_own_that_was_given_up_may_be_asked_for_by_another(
    world: World, path: str, bench: Bench, sender: FakeSender
) -> None:
    made = world.http.post(f"{world.account}/access_tokens", json={"name": "second"}, token=world.admin).json()
    tell(world, path, exclude_own=True, token=made["access_token"])
    tell(world, path, exclude_own=False)
    tell(world, path, exclude_own=True)
    number = world.conversation()
    written(world, number, world.admin, "the administrator's")
    written(world, number, made["access_token"], "the second token's")
    bench.drain()
    assert messages(sender) == ["the second token's"]


def test_exclude_own_needs_a_token_whose_messages_are_left_out(world: World, path: str, app: App) -> None:
    """Commands that work on the data directory need none, and have no messages either."""
    with session(app.wsgi, trusted=True) as local:
        change = local.patch(f"http://inboxd.test{path}", json={"exclude_own": True, "ordering": "none"})
        body = {"url": "https://x.test/other", "exclude_own": True}
        create = local.post(f"http://inboxd.test{world.account}/webhooks", json=body)
        plain = local.post(f"http://inboxd.test{world.account}/webhooks", json=body | {"exclude_own": False})
    for answer in (change, create):
        assert (answer.status_code, answer.json()["attributes"]) == (422, ["exclude_own"])
    assert plain.status_code == 200
    assert (shown(world, path)["exclude_own"], shown(world, path)["ordering"]) == (False, "conversation")


def test_without_exclude_own_nothing_is_left_out(world: World, path: str, bench: Bench, sender: FakeSender) -> None:
    written(world, world.conversation(), world.admin, "own")
    bench.drain()
    assert messages(sender) == ["own"]


# A new URL


def move(world: World, path: str, url: str) -> None:
    if "/inboxes/" in path:
        inbox = path.removesuffix("/webhook")
        answer = world.http.patch(inbox, json={"channel": {"webhook_url": url}}, token=world.admin)
    else:
        answer = world.http.patch(path, json={"url": url}, token=world.admin)
    assert answer.status_code == 200


@pytest.mark.parametrize(("code", "state"), [(503, "paused"), (410, "disabled"), (500, "failing")])
def test_a_new_url_ends_rest_and_disablement_and_gets_what_is_owed_at_once(
    world: World, path: str, bench: Bench, sender: FakeSender, code: int, state: str
) -> None:
    number = world.conversation()
    bench.drain()
    world.incoming(number, "one")
    world.incoming(number, "two")
    sender.default = Outcome(code, str(code), error_class="status")
    bench.drain()
    assert shown(world, path)["health"]["state"] == state
    sender.sent.clear()
    sender.default = FakeSender().default

    move(world, path, "https://new.test/hook")
    bench.drain()

    assert {sent.url for sent in sender.sent} == {"https://new.test/hook"}
    assert messages(sender) == ["one", "two"]
    assert shown(world, path)["health"] == {"state": "ok"}


def test_a_new_url_does_not_wait_for_what_failed_at_the_old_one(
    world: World, path: str, bench: Bench, sender: FakeSender
) -> None:
    first, second = world.conversation(), world.conversation()
    bench.drain()
    world.incoming(first, "lost")
    sender.script = [FAILED]
    bench.drain()
    world.incoming(second, "taken")
    bench.drain()
    assert shown(world, path)["health"] == {"state": "ok"}, "a success ended the trouble, and one waits for its retry"

    move(world, path, "https://new.test/hook")
    bench.drain()

    assert (messages(sender)[-1], sender.sent[-1].url) == ("lost", "https://new.test/hook")


def test_the_same_url_again_lifts_nothing(world: World, path: str, bench: Bench, sender: FakeSender) -> None:
    world.incoming(world.conversation())
    sender.default = Outcome(410, "410 Gone", error_class="status")
    bench.drain()
    move(world, path, "https://x.test/hook")
    assert shown(world, path)["health"]["state"] == "disabled"


# Addresses

PRIVATE = [
    "http://127.0.0.1/", "http://127.1:8080/x", "https://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/",
    "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://localhost:3000/", "http://LOCALHOST./", "http://a.localhost/",
    "http://10.0.0.5/", "http://192.168.1.1/", "http://172.16.0.1/", "http://169.254.1.1/", "http://[fe80::1]/",
    "http://[fd00::1]/", "http://0.0.0.0/", "http://100.64.0.1/", "http://user:pw@10.0.0.5/",
    "http://169.254.169.254/latest/meta-data", "http://[64:ff9b::a00:1]/", "http://\uff11\uff10.0.0.1/",
    "http://127。0。0。1/",
]  # fmt: skip
LOOPBACK = ["http://127.0.0.1:9/x", "http://[::1]:9/x", "http://localhost:9/x", "http://127.1:9/x"]


Serve = Callable[..., tuple[App, Http, str]]


@pytest.fixture
def served(tmp_path: Path, clock: Clock) -> Iterator[Serve]:
    """An initialised inboxd with other settings, and its administrator's token."""
    made: list[App] = []

    def serve(listen: str, allow_private: str = "") -> tuple[App, Http, str]:
        config = Config(data_dir=str(tmp_path / "other"), listen=listen, allow_private=allow_private)
        app = App(config, clock)
        made.append(app)
        token: str = app.initialise("admin@acme.test")["admin"]["access_token"]
        app.open_links("http://inboxd.test")
        return app, Http(app), token

    yield serve
    for app in made:
        app.close()


def everywhere(http: Http, token: str, url: str) -> dict[str, Any]:
    """What every place that takes a URL says to this one."""
    account = "/api/v1/accounts/1"
    hook = http.post(f"{account}/webhooks", json={"url": "https://x.test/kept"}, token=token)
    hooks = http.get(f"{account}/webhooks", token=token).json()["payload"]["webhooks"]
    assert hook.status_code in (200, 422)
    channel = {"type": "api", "webhook_url": "https://x.test/kept"}
    inbox = http.post(f"{account}/inboxes", json={"name": "Shop", "channel": channel}, token=token).json()
    bad = {"webhook_url": url}
    return {
        "create webhook": http.post(f"{account}/webhooks", json={"url": url}, token=token),
        "update webhook": http.patch(f"{account}/webhooks/{hooks[0]['id']}", json={"url": url}, token=token),
        "create inbox": http.post(f"{account}/inboxes", json={"name": "B", "channel": bad}, token=token),
        "update inbox": http.patch(f"{account}/inboxes/{inbox['id']}", json={"channel": bad}, token=token),
    }


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"])
def test_private_addresses_are_refused_where_they_are_written_out(served: Serve, listen: str) -> None:
    app, http, token = served(listen=listen)
    for url in PRIVATE:
        for place, answer in everywhere(http, token, url).items():
            assert answer.status_code == 422, (place, url)
            field = "url" if "webhook" in place else "webhook_url"
            assert answer.json()["attributes"] == [field]
            if url == PRIVATE[0]:
                assert "INBOXD_ALLOW_PRIVATE" in answer.json()["message"]
    with app.store.read() as tx:
        assert {webhook.url for webhook in tx.filter(Webhook, account_id=1)} == {"https://x.test/kept"}


def test_addresses_and_names_that_allow_private_lists_are_taken(served: Serve) -> None:
    _, http, token = served(listen="0.0.0.0:0", allow_private="10.0.0.0/24,localhost,192.168.1.1")
    for url in ("http://10.0.0.5/a", "http://localhost:3000/b", "http://192.168.1.1/c"):
        # The update comes second and names the URL that the creation took.
        answers = everywhere(http, token, url)
        assert [one.status_code for place, one in answers.items() if place != "update webhook"] == [200] * 3
    for url in ("http://10.0.1.5/", "http://127.0.0.1/", "http://192.168.1.2/"):
        assert {one.status_code for one in everywhere(http, token, url).values()} == {422}


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "[::1]:0", "localhost:0"])
def test_a_server_on_loopback_delivers_to_loopback_and_no_further(served: Serve, listen: str) -> None:
    _, http, token = served(listen=listen)
    for url in LOOPBACK:
        answer = http.post("/api/v1/accounts/1/webhooks", json={"url": url}, token=token)
        assert answer.status_code == 200, url
    for url in ("http://10.0.0.5/", "http://169.254.169.254/"):
        assert {one.status_code for one in everywhere(http, token, url).values()} == {422}


def test_names_are_taken_for_they_are_judged_when_they_are_connected_to(served: Serve) -> None:
    _, http, token = served(listen="0.0.0.0:0")
    for url in (
        "https://shop.example/hook",
        "https://intranet/hook",
        "https://93.184.216.34/",
        "https://[2606:2800::1]/",
    ):
        answer = http.post("/api/v1/accounts/1/webhooks", json={"url": url}, token=token)
        assert answer.status_code == 200, url
