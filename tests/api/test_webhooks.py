import re
from typing import Any

import pytest

from tests.cast import World

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
