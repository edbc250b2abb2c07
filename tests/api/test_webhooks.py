import re
import socket
import threading
from typing import Any

import pytest
import requests
from standardwebhooks.webhooks import Webhook as StandardWebhook
from standardwebhooks.webhooks import WebhookVerificationError

from inboxd.app import App
from inboxd.client import Client, InboxClient
from inboxd.domain.events import EVENT_TYPES
from inboxd.domain.retry import Outcome
from inboxd.domain.signing import chatwoot_signature
from inboxd.store.models import IdempotencyKey, Webhook
from tests.cast import Answer, Clock, Receiver, World, status
from tests.delivery.bench import Bench, FakeSender

NOT_ALLOWED = {"error": "You are not authorized to do this action"}
NOT_FOUND = {"error": "Resource could not be found"}
DEFAULTS = [
    "conversation_status_changed", "conversation_updated", "conversation_created", "contact_created",
    "contact_updated", "message_created", "message_updated", "webwidget_triggered",
]  # fmt: skip
OTHERS = ["inbox_created", "inbox_updated", "conversation_typing_on", "conversation_typing_off"]


@pytest.fixture
def webhooks(world: World) -> str:
    return f"{world.account}/webhooks"


def create(world: World, **values: Any) -> Any:
    answer = world.http.post(f"{world.account}/webhooks", json=values, token=world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()["payload"]["webhook"]


def test_a_webhook_is_created_with_the_first_eight_subscriptions(world: World, webhooks: str) -> None:
    answer = world.http.post(webhooks, json={"url": "https://x.test/hook"}, token=world.admin)
    webhook = answer.json()["payload"]["webhook"]
    assert answer.status_code == 200
    assert answer.json() == {
        "payload": {
            "webhook": {
                "id": webhook["id"],
                "name": None,
                "url": "https://x.test/hook",
                "account_id": 1,
                "subscriptions": DEFAULTS,
                "secret": webhook["secret"],
                "ordering": "conversation",
                "exclude_own": False,
                "headers": {},
                "previous_secret_until": None,
                "health": {"state": "ok"},
            }
        }
    }
    assert re.fullmatch(r"[1-9A-HJ-NP-Za-km-z]{24}", webhook["secret"])


def test_null_subscriptions_are_the_default_and_all_twelve_are_known(world: World) -> None:
    assert create(world, url="https://x.test/1", subscriptions=None)["subscriptions"] == DEFAULTS
    every = create(world, url="https://x.test/2", subscriptions=DEFAULTS + OTHERS)
    assert every["subscriptions"] == DEFAULTS + OTHERS


def test_an_inbox_is_shown_with_the_webhook_and_must_exist(world: World, webhooks: str) -> None:
    made = create(world, url="https://x.test/1", name="n", inbox_id=str(world.inbox["id"]))
    assert (made["name"], made["inbox"]) == ("n", {"id": world.inbox["id"], "name": "Acme API"})
    answer = world.http.post(webhooks, json={"url": "https://x.test/2", "inbox_id": 99}, token=world.admin)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    blanks: tuple[Any, ...] = (0, "", None)
    for count, blank in enumerate(blanks):
        assert "inbox" not in create(world, url=f"https://y.test/{count}", inbox_id=blank)


def test_the_wrapper_key_is_optional_for_json_and_needed_for_forms(world: World, webhooks: str) -> None:
    wrapped = {"webhook": {"url": "https://x.test/1", "subscriptions": ["message_created"]}}
    answer = world.http.post(webhooks, json=wrapped, token=world.admin)
    assert answer.json()["payload"]["webhook"]["subscriptions"] == ["message_created"]
    form = {"webhook[url]": "https://x.test/2", "webhook[subscriptions][]": ["message_updated"]}
    answer = world.http.post(webhooks, data=form, token=world.admin)
    assert answer.json()["payload"]["webhook"]["subscriptions"] == ["message_updated"]
    missing = {"error": "param is missing or the value is empty: webhook"}
    requests: list[dict[str, Any]] = [
        {"data": {"url": "https://x.test/3"}},
        {"json": {}},
        {"json": {"webhook": {}}},
        {},
    ]
    for given in requests:
        answer = world.http.request("POST", webhooks, token=world.admin, **given)
        assert (answer.status_code, answer.json()) == (422, missing)


@pytest.mark.parametrize("url", ["", "x", "ftp://x.test", "javascript:alert(1)", "http://", None])
def test_a_bad_url_is_422(world: World, webhooks: str, url: str | None) -> None:
    answer = world.http.post(webhooks, json={"url": url}, token=world.admin)
    assert (answer.status_code, answer.json()) == (422, {"message": "Url is invalid", "attributes": ["url"]})


def test_a_webhook_without_a_url_is_422(world: World, webhooks: str) -> None:
    answer = world.http.post(webhooks, json={"name": "x"}, token=world.admin)
    assert (answer.status_code, answer.json()) == (422, {"message": "Url is invalid", "attributes": ["url"]})


def test_a_url_is_taken_once_an_account(world: World, webhooks: str) -> None:
    create(world, url="https://x.test/1")
    other = create(world, url="https://x.test/2")
    expected = {"message": "Url has already been taken", "attributes": ["url"]}
    for answer in (
        world.http.post(webhooks, json={"url": "https://x.test/1"}, token=world.admin),
        world.http.patch(f"{webhooks}/{other['id']}", json={"url": "https://x.test/1"}, token=world.admin),
    ):
        assert (answer.status_code, answer.json()) == (422, expected)
    same = world.http.patch(f"{webhooks}/{other['id']}", json={"url": "https://x.test/2"}, token=world.admin)
    assert same.status_code == 200


@pytest.mark.parametrize("subscriptions", [[], ["message_created", "nonsense"], ["conversation_opened"]])
def test_unknown_or_no_events_are_422(world: World, webhooks: str, subscriptions: list[str]) -> None:
    body = {"url": "https://x.test/1", "subscriptions": subscriptions}
    answer = world.http.post(webhooks, json=body, token=world.admin)
    expected = {"message": "Subscriptions Invalid events", "attributes": ["subscriptions"]}
    assert (answer.status_code, answer.json()) == (422, expected)


def test_webhooks_are_listed_without_those_of_inboxes(world: World, webhooks: str) -> None:
    path = f"{world.account}/inboxes/{world.inbox['id']}"
    world.http.patch(path, json={"channel": {"webhook_url": "https://own.test/"}}, token=world.admin)
    made = [create(world, url=f"https://x.test/{count}") | {"secret": None} for count in range(2)]
    assert world.http.get(webhooks, token=world.admin).json() == {"payload": {"webhooks": made}}


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_update_changes_what_is_sent_and_never_the_secret(world: World, webhooks: str, method: str) -> None:
    made = create(world, url="https://x.test/1") | {"secret": None}
    body = {"name": "n", "subscriptions": ["message_created"], "secret": "mine"}
    answer = world.http.request(method, f"{webhooks}/{made['id']}", json=body, token=world.admin)
    expected = {"payload": {"webhook": made | {"name": "n", "subscriptions": ["message_created"]}}}
    assert (answer.status_code, answer.json()) == (200, expected)


def test_a_deleted_webhook_answers_with_nothing_and_is_gone(world: World, webhooks: str) -> None:
    path = f"{webhooks}/{create(world, url='https://x.test/1')['id']}"
    answer = world.http.delete(path, token=world.admin)
    assert (answer.status_code, answer.content) == (200, b"")
    answer = world.http.delete(path, token=world.admin)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_an_inboxs_own_webhook_cannot_be_reached_as_an_account_webhook(world: World, webhooks: str) -> None:
    answer = world.http.delete(f"{webhooks}/1", token=world.admin)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_agents_see_and_change_no_webhooks_and_do_not_learn_which_exist(world: World, webhooks: str) -> None:
    path = f"{webhooks}/{create(world, url='https://x.test/1')['id']}"
    for method, where in (
        ("GET", webhooks), ("POST", webhooks), ("PATCH", path), ("DELETE", path), ("DELETE", f"{webhooks}/99"),
    ):  # fmt: skip
        answer = world.http.request(method, where, json={"url": "https://y.test"}, token=world.ada)
        assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)


# Secrets


@pytest.fixture(params=["account", "inbox"])
def path(request: pytest.FixtureRequest, world: World, receiver: Receiver) -> str:
    """A webhook of either kind, to a real receiver."""
    if request.param == "account":
        return f"{world.account}/webhooks/{create(world, url=receiver.url)['id']}"
    return own_webhook(world, receiver.url)


def own_webhook(world: World, url: str | None) -> str:
    """The webhook of the world's inbox."""
    inbox = f"{world.account}/inboxes/{world.inbox['id']}"
    assert world.http.patch(inbox, json={"channel": {"webhook_url": url}}, token=world.admin).status_code == 200
    return f"{inbox}/webhook"


def shown(world: World, path: str) -> Any:
    return world.http.get(path, token=world.admin).json()["payload"]["webhook"]


def act(world: World, path: str, verb: str, **values: Any) -> Any:
    answer = world.http.post(f"{path}/{verb}", json=values, token=world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def stored(app: App, path: str) -> Webhook:
    kind = "inbox" if "/inboxes/" in path else "account"
    with app.store.read() as tx:
        (found,) = tx.filter(Webhook, kind=kind)
    return found


def rotate(world: World, path: str, **values: Any) -> str:
    secret: str = act(world, path, "rotate_secret", **values)["payload"]["webhook"]["secret"]
    return secret


def is_taken(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Whether the published library of Standard Webhooks accepts a delivery with this secret."""
    got = {name.lower(): value for name, value in headers.items()}
    try:
        StandardWebhook(secret).verify(body, got)
    except WebhookVerificationError:
        return False
    return True


def test_a_secret_is_shown_when_it_is_made_and_nowhere_after(world: World, webhooks: str, receiver: Receiver) -> None:
    made = create(world, url=receiver.url, inbox_id=world.inbox["id"], subscriptions=DEFAULTS + OTHERS)
    account, inbox = f"{webhooks}/{made['id']}", f"{world.account}/inboxes/{world.inbox['id']}"
    own = own_webhook(world, receiver.url)
    secrets = [made["secret"], world.inbox["secret"], rotate(world, account), rotate(world, own)]
    secrets.append(world.http.post(f"{inbox}/reset_secret", token=world.admin).json()["secret"])
    assert len({secret for secret in secrets if len(secret) == 24}) == 5
    world.incoming(world.conversation())
    tests = [act(world, path, "test") for path in (account, own)]
    answers = [
        world.http.patch(account, json={"name": "n"}, token=world.admin),
        world.http.patch(own, json={"ordering": "none"}, token=world.admin),
        world.http.patch(inbox, json={"name": "n"}, token=world.admin),
        world.http.post(f"{account}/enable", token=world.admin),
        world.http.post(f"{own}/enable", token=world.admin),
        *(
            world.http.get(where, token=token)
            for token in (world.admin, world.ada)
            for where in (
                webhooks, account, own, inbox, f"{world.account}/inboxes", f"{inbox}/health",
                f"{world.account}/deliveries", f"{world.account}/deliveries/{tests[0]['id']}",
                f"{world.account}/events?limit=500", "/health",
            )
        ),
    ]  # fmt: skip
    seen = " ".join([*(one.text for one in answers), *(str(one) for one in tests)])
    seen += " ".join(f"{got.path} {got.headers} {got.body!r}" for got in receiver.received)
    assert not [secret for secret in secrets if secret in seen]
    assert all(one.json()["payload"]["webhook"]["secret"] is None for one in answers[:2])
    assert "secret" not in answers[2].json() or answers[2].json()["secret"] is None


def test_the_same_request_again_does_not_show_the_secret_again(
    world: World, webhooks: str, receiver: Receiver, app: App
) -> None:
    own = own_webhook(world, receiver.url)
    account = f"{webhooks}/{create(world, url=receiver.url)['id']}"
    inboxes = f"{world.account}/inboxes"
    for number, (path, body) in enumerate(
        (
            (webhooks, {"url": "https://x.test/1"}),
            (inboxes, {"name": "Shop", "channel": {"type": "api"}}),
            (f"{account}/rotate_secret", {"overlap_s": 60}),
            (f"{own}/rotate_secret", {}),
            (f"{inboxes}/{world.inbox['id']}/reset_secret", {}),
        )
    ):
        first, again = (
            world.http.post(path, json=body, token=world.admin, headers={"Idempotency-Key": f"key-{number}"})
            for _ in range(2)
        )
        assert (first.status_code, again.status_code) == (200, 200)
        secret = secret_of(first.json())
        assert re.fullmatch(r"[1-9A-HJ-NP-Za-km-z]{24}", secret)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert secret_of(again.json()) is None
        assert secret not in again.text
        with app.store.read() as tx:
            kept = [row.body for row in tx.filter(IdempotencyKey, key=f"key-{number}")]
        assert len(kept) == 1
        assert secret not in kept[0]


def secret_of(answer: Any) -> Any:
    return answer["payload"]["webhook"]["secret"] if "payload" in answer else answer["secret"]


def test_both_secrets_verify_until_the_overlap_ends_and_the_new_one_after_it(
    world: World, path: str, bench: Bench, sender: FakeSender, app: App, clock: Clock
) -> None:
    old = stored(app, path).secret
    assert shown(world, path)["previous_secret_until"] is None
    new = rotate(world, path)
    assert shown(world, path)["previous_secret_until"] == "2026-06-11T11:14:56.789Z"
    world.incoming(world.conversation())
    clock.advance(s=86_400 - 1)
    bench.drain()
    during = sender.sent[-1]
    assert during.headers["webhook-signature"].count("v1,") == 2
    assert is_taken(old, during.headers, during.body)
    assert is_taken(new, during.headers, during.body)
    timestamp = int(during.headers["X-Chatwoot-Timestamp"])
    assert during.headers["X-Chatwoot-Signature"] == chatwoot_signature(new, timestamp, during.body)
    clock.advance(s=1)
    world.incoming(world.conversation())
    bench.drain()
    after = sender.sent[-1]
    assert after.headers["webhook-signature"].count("v1,") == 1
    assert not is_taken(old, after.headers, after.body)
    assert is_taken(new, after.headers, after.body)


def test_what_was_pending_when_the_secret_changed_is_signed_with_the_new_one(
    world: World, path: str, bench: Bench, sender: FakeSender, app: App
) -> None:
    old = stored(app, path).secret
    world.incoming(world.conversation())
    new = rotate(world, path, overlap_s=0)
    bench.drain()
    for sent in sender.sent:
        assert (is_taken(old, sent.headers, sent.body), is_taken(new, sent.headers, sent.body)) == (False, True)
    assert shown(world, path)["previous_secret_until"] is None


def test_of_three_secrets_the_oldest_is_worth_nothing(
    world: World, path: str, bench: Bench, sender: FakeSender, app: App
) -> None:
    first = stored(app, path).secret
    second, third = rotate(world, path), rotate(world, path)
    world.incoming(world.conversation())
    bench.drain()
    sent = sender.sent[-1]
    assert [is_taken(one, sent.headers, sent.body) for one in (first, second, third)] == [False, True, True]


def test_reset_secret_of_an_inbox_overlaps_for_a_day(
    world: World, bench: Bench, sender: FakeSender, receiver: Receiver
) -> None:
    path = own_webhook(world, receiver.url)
    reset = f"{world.account}/inboxes/{world.inbox['id']}/reset_secret"
    new = world.http.post(reset, token=world.admin).json()["secret"]
    assert shown(world, path)["previous_secret_until"] == "2026-06-11T11:14:56.789Z"
    world.incoming(world.conversation())
    bench.drain()
    sent = sender.sent[-1]
    assert all(is_taken(one, sent.headers, sent.body) for one in (world.inbox["secret"], new))


@pytest.mark.parametrize("overlap_s", [-1, 30 * 86_400 + 1, "soon", 1.5, 2**63])
def test_an_overlap_is_no_longer_than_thirty_days(world: World, path: str, app: App, overlap_s: Any) -> None:
    before = stored(app, path).secret
    answer = world.http.post(f"{path}/rotate_secret", json={"overlap_s": overlap_s}, token=world.admin)
    assert answer.status_code in (400, 422)
    if answer.status_code == 422:
        assert answer.json()["attributes"] == ["overlap_s"]
    assert stored(app, path).secret == before
    rotate(world, path, overlap_s=30 * 86_400)
    assert shown(world, path)["previous_secret_until"] == "2026-07-10T11:14:56.789Z"


# Tests of a webhook


def test_a_test_delivery_is_answered_with_what_came_of_it(
    world: World, path: str, receiver: Receiver, app: App
) -> None:
    receiver.default = status(201, b"thanks \x1b[31m")
    result = act(world, path, "test")
    (got,) = receiver.received
    assert (result["state"], result["event"], result["attempt_count"]) == ("delivered", "webhook.test", 1)
    assert (result["last_error"], result["next_attempt_at"]) == (None, None)
    (attempt,) = result["attempts"]
    assert (attempt["status_code"], attempt["error"], attempt["excerpt"]) == (201, None, "thanks �[31m")
    assert attempt["address"] == "127.0.0.1"
    assert got.json == result["payload"]
    assert got.json["event"] == "webhook.test"
    assert got.headers["webhook-id"] == result["id"]
    assert is_taken(stored(app, path).secret, got.headers, got.body)
    listed = world.http.get(f"{world.account}/deliveries/{result['id']}", token=world.admin).json()
    assert listed == result


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (status(500), "500 Internal Server Error"), (status(404), "404 Not Found"), (status(410), "410 Gone"),
        (status(429, headers={"Retry-After": "3600"}), "429 Too Many Requests"),
        (status(302, headers={"Location": "/new"}), "302 Found: redirects are not followed, update the URL to /new"),
    ],
    ids=["500", "404", "410", "429", "302"],
)  # fmt: skip
def test_a_failed_test_is_tried_once_and_says_nothing_about_the_webhook(
    world: World, path: str, receiver: Receiver, bench: Bench, sender: FakeSender, clock: Clock,
    answer: Answer, error: str,
) -> None:  # fmt: skip
    receiver.default = answer
    for _ in range(5):
        result = act(world, path, "test")
    assert (result["state"], result["last_error"]) == ("cancelled", error)
    assert (result["attempts"][0]["number"], result["attempts"][0]["next_attempt_at"]) == (1, None)
    for _ in range(5):
        clock.advance(s=86_400)
        bench.drain()
    assert len(receiver.received) == 5
    assert [sent for sent in sender.sent if b"webhook.test" in sent.body] == []
    assert shown(world, path)["health"] == {"state": "ok"}
    told = {event["event"] for event in world.events()} - {*DEFAULTS, *OTHERS}
    assert told == {"webhook.test"}


def test_a_test_of_a_receiver_that_is_not_there_says_so(world: World, webhooks: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    result = act(world, f"{webhooks}/{create(world, url=nobody)['id']}", "test")
    assert (result["state"], result["attempts"][0]["error_class"]) == ("cancelled", "refused")
    assert result["attempts"][0]["status_code"] is None


@pytest.mark.parametrize("place", ["webhook/test", "test_webhook"])
def test_a_test_of_an_inbox_without_a_webhook_url_is_422(world: World, place: str) -> None:
    before = world.events()
    answer = world.http.post(f"{world.account}/inboxes/{world.inbox['id']}/{place}", token=world.admin)
    assert (answer.status_code, answer.json()) == (422, {"error": "This webhook has no URL"})
    assert world.events() == before
    listed = world.http.get(f"{world.account}/deliveries", token=world.admin).json()
    assert listed["payload"] == []


def test_an_inbox_is_tested_under_the_short_name_too(world: World, receiver: Receiver) -> None:
    own_webhook(world, receiver.url)
    result = act(world, f"{world.account}/inboxes/{world.inbox['id']}", "test_webhook")
    assert (result["state"], result["webhook"]["kind"]) == ("delivered", "inbox")
    assert receiver.received[0].json["webhook"]["inbox_id"] == world.inbox["id"]


def test_a_disabled_webhook_is_tested_and_stays_disabled(
    world: World, path: str, receiver: Receiver, bench: Bench, sender: FakeSender
) -> None:
    world.incoming(world.conversation())
    sender.default = Outcome(410, "410 Gone", error_class="status")
    bench.attempt()
    before = shown(world, path)["health"]
    assert before["state"] == "disabled"
    assert act(world, path, "test")["state"] == "delivered"
    assert shown(world, path)["health"] == before
    assert bench.due() == []
    receiver.default = status(500)
    assert act(world, path, "test")["state"] == "cancelled"
    assert shown(world, path)["health"] == before


def test_a_resting_webhook_is_tested_at_once(
    world: World, path: str, receiver: Receiver, bench: Bench, sender: FakeSender
) -> None:
    world.incoming(world.conversation())
    sender.default = Outcome(503, "503 Service Unavailable", error_class="status")
    bench.attempt()
    before = shown(world, path)["health"]
    assert before["state"] == "paused"
    receiver.default = status(503)
    assert act(world, path, "test")["state"] == "cancelled"
    assert shown(world, path)["health"] == before


def test_a_test_does_not_wait_for_what_is_owed_before(world: World, path: str, receiver: Receiver) -> None:
    world.incoming(world.conversation())
    assert act(world, path, "test")["state"] == "delivered"
    assert receiver.events() == ["webhook.test"]


def test_a_test_reaches_the_tested_webhook_alone_and_administrators_on_the_feed(
    world: World, path: str, receiver: Receiver
) -> None:
    others = [kind.name for kind in EVENT_TYPES if kind.named]
    create(world, url=f"{receiver.url}/other", subscriptions=others)
    if "/webhooks/" in path:
        own_webhook(world, f"{receiver.url}/own")
    before = len(world.http.get(f"{world.account}/deliveries?event=webhook.test", token=world.admin).json()["payload"])
    act(world, path, "test")
    owed = world.http.get(f"{world.account}/deliveries?event=webhook.test", token=world.admin).json()["payload"]
    assert len(owed) == before + 1
    assert owed[0]["webhook_id"] == shown(world, path)["id"]
    assert world.events()[-1]["event"] == "webhook.test"
    feed = world.http.get(f"{world.account}/events?limit=500", token=world.ada).json()["payload"]
    assert feed
    assert "webhook.test" not in {entry["payload"]["event"] for entry in feed}


def test_nobody_subscribes_to_tests(world: World, webhooks: str) -> None:
    body = {"url": "https://x.test/1", "subscriptions": ["message_created", "webhook.test"]}
    answer = world.http.post(webhooks, json=body, token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["subscriptions"])


def test_a_live_server_tests_webhooks_beside_its_deliveries(live: tuple[str, str], receiver: Receiver) -> None:
    url, token = live
    desk = Client(url, token)
    inbox = desk.create_inbox("Shop", webhook_url=receiver.url)
    path = f"{url}/api/v1/accounts/1/inboxes/{inbox['id']}"
    results: list[Any] = []
    together = [
        threading.Thread(
            target=lambda: results.append(
                requests.post(f"{path}/test_webhook", headers={"api_access_token": token}, timeout=20).json()
            )
        )
        for _ in range(3)
    ]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert [result["state"] for result in results] == ["delivered"] * 3
    assert len({result["id"] for result in results}) == 3
    shop = InboxClient(url, inbox["inbox_identifier"])
    ann = shop.identify(identifier="user-42", name="Ann")
    shop.open_conversation(ann["source_id"])
    receiver.wait_for(4)
    assert receiver.events() == ["webhook.test"] * 3 + ["conversation_created"]


# Who may


def test_a_deleted_webhooks_deliveries_say_what_became_of_them(world: World, webhooks: str) -> None:
    path = f"{webhooks}/{create(world, url='https://x.test/1', subscriptions=['message_created'])['id']}"
    world.incoming(world.conversation())
    world.http.delete(path, token=world.admin)
    (owed,) = world.http.get(f"{world.account}/deliveries", token=world.admin).json()["payload"]
    assert (owed["state"], owed["last_error"]) == ("cancelled", "the webhook was deleted")
    assert owed["webhook"] is None


VERBS = [
    ("GET", ""), ("PATCH", ""), ("POST", "/test"), ("POST", "/recover"), ("POST", "/enable"),
    ("POST", "/rotate_secret"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "verb"), VERBS)
def test_every_webhook_route_is_for_administrators_of_its_account(
    world: World, path: str, receiver: Receiver, app: App, method: str, verb: str
) -> None:
    secret = stored(app, path).secret
    body = {"ordering": "none"}
    for token in (world.ada, world.olga):
        answer = world.http.request(method, path + verb, json=body, token=token)
        assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)
    for nobody in (None, "wrong"):
        assert world.http.request(method, path + verb, json=body, token=nobody).status_code == 401
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    elsewhere = path.replace("/accounts/1/", f"/accounts/{other}/") + verb
    answer = world.http.request(method, elsewhere, json=body, token=world.admin)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert world.http.request(method, elsewhere, json=body, token=world.ada).status_code == 401
    assert (stored(app, path).secret, stored(app, path).ordering) == (secret, "conversation")
    assert receiver.received == []


@pytest.mark.parametrize(("method", "verb"), VERBS)
def test_every_webhook_route_is_404_for_what_is_not_there(world: World, method: str, verb: str) -> None:
    for path in (f"{world.account}/webhooks/99", f"{world.account}/inboxes/99/webhook", f"{world.account}/webhooks/1"):
        answer = world.http.request(method, path + verb, json={"ordering": "none"}, token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
