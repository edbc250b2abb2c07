"""What an inbox's health answers to "nothing comes in" and "nothing arrives", and the server's own."""

from collections import Counter
from typing import Any

import pytest

from inboxd.api import refusals as module
from inboxd.api.refusals import KEPT, Refusals
from inboxd.api.web import Request
from inboxd.app import App
from inboxd.domain.errors import NotFound
from inboxd.domain.retry import Outcome
from tests.cast import Clock, World
from tests.delivery.bench import DELIVERED, FAILED, Bench, FakeSender

NOT_ALLOWED = {"error": "You are not authorized to do this action"}
NOT_FOUND = {"error": "Resource could not be found"}
NOW = "2026-06-10T11:14:56.789Z"


def own(world: World) -> str:
    return f"{world.account}/inboxes/{world.inbox['id']}"


def point(world: World, url: str = "https://own.test/hook") -> None:
    answer = world.http.patch(own(world), json={"channel": {"webhook_url": url}}, token=world.admin)
    assert answer.status_code == 200


def health(world: World, path: str | None = None) -> Any:
    answer = world.http.get(f"{path or own(world)}/health", token=world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(world: World, path: str | None = None) -> list[tuple[str, str]]:
    """Method and reason of each refused request, the newest first."""
    return [(one["method"], one["reason"]) for one in health(world, path)["refused"]]


def test_a_new_inbox_has_nothing_to_tell(world: World) -> None:
    assert health(world) == {
        "inbox": {"id": world.inbox["id"], "name": "Acme API", "identifier": world.inbox["inbox_identifier"]},
        "webhook": {
            "id": 1, "kind": "inbox", "inbox_id": world.inbox["id"], "agent_bot_id": None, "name": None,
            "url": "", "state": "off",
        },
        "last_message_in": None,
        "last_delivery": None,
        "last_error": None,
        "pending_deliveries": 0,
        "oldest_pending_s": 0,
        "refused": [],
    }  # fmt: skip


def test_it_tells_of_the_last_message_that_came_in(world: World, clock: Clock) -> None:
    number = world.conversation()
    world.incoming(number)
    clock.advance(s=1)
    latest = world.incoming(world.conversation())
    clock.advance(s=1)
    world.reply(number)
    assert health(world)["last_message_in"] == {"id": latest["id"], "at": "2026-06-10T11:14:57.789Z"}


def test_it_tells_of_the_last_delivery_the_last_error_and_what_is_pending(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    point(world)
    number = world.conversation()
    bench.drain()
    arrived = health(world)["last_delivery"]
    assert arrived == {"id": sender.sent[-1].headers["webhook-id"], "event": "conversation_created", "at": NOW}
    world.incoming(number)
    world.incoming(number)
    sender.default = FAILED
    clock.advance(s=7)
    bench.drain()
    shown = health(world)
    assert shown["last_delivery"] == arrived
    assert shown["last_error"] == {
        "id": sender.sent[-1].headers["webhook-id"], "event": "message_created", "state": "pending",
        "error": "500 Internal Server Error", "at": "2026-06-10T11:15:03.789Z",
    }  # fmt: skip
    assert (shown["pending_deliveries"], shown["oldest_pending_s"]) == (2, 7)
    assert (shown["webhook"]["state"], shown["webhook"]["reason"]) == ("failing", "500 Internal Server Error")


def test_what_was_called_off_is_no_error(world: World, bench: Bench) -> None:
    point(world)
    world.conversation()
    path = f"{world.account}/deliveries"
    (made,) = world.http.get(path, token=world.admin).json()["payload"]
    world.http.post(f"{path}/{made['id']}/cancel", token=world.admin)
    assert health(world)["last_error"] is None


def test_an_error_that_was_got_over_is_no_longer_told(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    point(world)
    world.conversation()
    sender.script = [FAILED]
    bench.drain()
    clock.advance(s=5)
    bench.drain()
    shown = health(world)
    assert (shown["last_error"], shown["webhook"]["state"]) == (None, "ok")
    assert shown["last_delivery"]["at"] == "2026-06-10T11:15:01.789Z"


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome(503, "503 Service Unavailable", error_class="status"), "paused"),
        (Outcome(410, "410 Gone", error_class="status"), "disabled"),
    ],
    ids=["paused", "disabled"],
)
def test_the_servers_health_counts_webhooks_that_rest_or_are_disabled(
    world: World, bench: Bench, sender: FakeSender, outcome: Outcome, state: str
) -> None:
    point(world)
    world.conversation()
    nothing = {"paused_webhooks": 0, "disabled_webhooks": 0}
    before = world.http.get("/health").json()
    assert {key: before[key] for key in nothing} == nothing
    sender.default = outcome
    bench.drain()
    assert health(world)["webhook"]["state"] == state
    after = world.http.get("/health").json()
    assert {key: after[key] for key in nothing} == nothing | {f"{state}_webhooks": 1}
    world.http.post(f"{own(world)}/webhook/enable", token=world.admin)
    sender.default = DELIVERED
    bench.drain()
    again = world.http.get("/health").json()
    assert {key: again[key] for key in nothing} == nothing


def test_a_rest_that_is_over_is_no_longer_counted(world: World, bench: Bench, sender: FakeSender, clock: Clock) -> None:
    point(world)
    world.conversation()
    sender.default = Outcome(503, "503 Service Unavailable", error_class="status")
    bench.drain()
    clock.advance(s=3600)
    assert world.http.get("/health").json()["paused_webhooks"] == 0
    assert health(world)["webhook"]["state"] == "failing"


def test_the_servers_health_tells_how_long_the_oldest_waits(
    world: World, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    def waits() -> tuple[int, int]:
        shown = world.http.get("/health").json()
        return shown["pending_deliveries"], shown["oldest_pending_s"]

    point(world)
    assert waits() == (0, 0)
    number = world.conversation()
    clock.advance(s=90)
    world.incoming(number)
    sender.default = FAILED
    bench.drain()
    assert waits() == (2, 90), "a retry makes nothing younger, and what is blocked waits too"
    sender.default = DELIVERED
    clock.advance(s=10)
    bench.attempt()
    assert waits() == (1, 10)
    bench.drain()
    assert waits() == (0, 0)


# Refused requests


def test_an_unknown_identifier_is_told_by_its_beginning(world: World) -> None:
    identifier = "Qx7" + "z" * 21
    world.http.post(f"/public/api/v1/inboxes/{identifier}/contacts", json={"source_id": "s3cret-contact"})
    (shown,) = health(world)["refused"]
    assert shown["reason"] == "unknown inbox identifier Qx7…"
    assert shown["route"] == "/public/api/v1/inboxes/{identifier}/contacts"
    assert "s3cret" not in str(health(world))


def test_a_wrong_token_and_none_are_told_apart(world: World) -> None:
    path = f"{world.account}/conversations"
    world.http.get(path, token="w" * 24)
    world.http.get(path)
    world.http.get(f"{world.account}/webhooks", token=world.ada)
    assert refused(world) == [
        ("GET", "You are not authorized to do this action"),
        ("GET", "no access token"),
        ("GET", "unknown access token"),
    ]
    assert "w" * 24 not in str(health(world))


def test_a_failed_identity_hash_and_an_unknown_contact_are_told(world: World) -> None:
    body = {"identifier": "user-42", "identifier_hash": "0" * 64}
    assert world.http.post(f"{world.public}/contacts", json=body).status_code == 401
    assert world.http.post(f"{world.public}/contacts/s3cret-contact/conversations").status_code == 404
    assert refused(world) == [
        ("POST", "no such contact, conversation or message in this inbox"),
        ("POST", "the identity hash is missing or wrong"),
    ]
    assert not [word for word in ("user-42", "0" * 64, "s3cret-contact") if word in str(health(world)["refused"])]


def test_a_message_that_breaks_a_rule_is_told_with_the_rule(world: World) -> None:
    number = world.conversation()
    assert world.http.post(f"{world.contact}/conversations/{number}/messages", json={}).status_code == 422
    assert refused(world) == [("POST", "Content can't be blank")]


def test_no_credential_is_in_any_of_it(world: World) -> None:
    number = world.conversation()
    for token in (None, "s3cret-token", world.admin):
        for path in (
            f"{world.contact}/conversations/99", f"{world.public}/contacts/s3cret-source",
            "/public/api/v1/inboxes/s3cret", f"{world.contact}?identifier=s3cret-id&identifier_hash=s3cret-hash",
            f"{world.account}/webhooks",
            f"{world.account}/inboxes/99", f"{world.account}/conversations/{number}/messages/1",
        ):  # fmt: skip
            world.http.get(path, token=token)
            world.http.post(path, token=token, json={"identifier": "s3cret-id", "identifier_hash": "s3cret-hash"})
    text = world.http.get(f"{own(world)}/health", token=world.admin).text
    refusals = str(health(world)["refused"])
    assert len(health(world)["refused"]) > 10
    for secret in ("s3cret", world.admin, world.inbox["hmac_token"], world.inbox["secret"], world.ada):
        assert secret not in text
    assert world.inbox["inbox_identifier"] not in refusals
    assert world.carl["source_id"] not in refusals


def test_an_unknown_identifier_cannot_paint_a_terminal(world: World) -> None:
    world.http.get("/public/api/v1/inboxes/%1B%5B2J%0A")
    ((_, reason),) = refused(world)
    assert reason == "unknown inbox identifier �[2…"


def test_the_newest_twenty_are_kept_of_each_inbox(world: World) -> None:
    for number in range(KEPT + 5):
        world.http.get(f"{world.contact}/conversations/{number + 50}")
        world.http.get(f"{world.public}/contacts/nobody")
    assert len(refused(world)) == KEPT
    at = [one["at"] for one in health(world)["refused"]]
    assert at == sorted(at, reverse=True)


def test_unknown_identifiers_do_not_push_an_inboxs_own_refusals_out(world: World) -> None:
    world.http.get(f"{world.public}/contacts/nobody")
    world.http.get(f"{world.account}/webhooks", token="wrong")
    for number in range(3 * KEPT):
        world.http.get(f"/public/api/v1/inboxes/door{number}")
    told = Counter(reason for _, reason in refused(world))
    strangers = told.pop("unknown inbox identifier doo…")
    assert told == {"unknown access token": 1, "no such contact, conversation or message in this inbox": 1}
    assert 0 < strangers < KEPT


def test_the_refusals_of_another_inbox_or_account_do_not_show(world: World) -> None:
    second = world.http.post(
        f"{world.account}/inboxes", json={"name": "B", "channel": {"type": "api"}}, token=world.admin
    )
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    there = f"/api/v1/accounts/{other}"
    body = {"name": "C", "channel": {"type": "api"}}
    third = world.http.post(f"{there}/inboxes", json=body, token=world.admin).json()
    paths = [own(world), f"{world.account}/inboxes/{second.json()['id']}", f"{there}/inboxes/{third['id']}"]
    world.http.get(f"{world.public}/contacts/nobody")
    assert [len(refused(world, path)) for path in paths] == [1, 0, 0]
    world.http.get(f"/public/api/v1/inboxes/{third['inbox_identifier']}/contacts/nobody")
    assert [len(refused(world, path)) for path in paths] == [1, 0, 1]
    world.http.get(f"{world.account}/webhooks", token="wrong")
    assert [len(refused(world, path)) for path in paths] == [2, 1, 1]
    world.http.get(f"{there}/webhooks", token=world.ada)
    assert [len(refused(world, path)) for path in paths] == [2, 1, 2]


def test_accounts_that_do_not_exist_take_no_room(world: World) -> None:
    for account in (2, 99, 999_999_999_999_999_999):
        for path in ("webhooks", "inboxes/1/health", "conversations"):
            world.http.get(f"/api/v1/accounts/{account}/{path}", token="wrong")
    assert refused(world) == []


def test_the_inboxes_refused_first_are_forgotten_first(world: World, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_INBOXES", 2)
    refusals = Refusals()
    request = Request("GET", "/public/api/v1/inboxes/x", {}, route="/public/api/v1/inboxes/{identifier}")
    body = {"name": "B", "channel": {"type": "api"}}
    made = [
        world.inbox,
        *(world.http.post(f"{world.account}/inboxes", json=body, token=world.admin).json() for _ in range(3)),
    ]
    for inbox in made:
        refusals.note(app.store, request, {"identifier": inbox["inbox_identifier"]}, NotFound())
    assert [len(refusals.of_inbox(1, inbox["id"])) for inbox in made] == [0, 0, 1, 1]


def test_only_administrators_of_the_account_see_the_health_of_its_inboxes(world: World) -> None:
    path = f"{own(world)}/health"
    for token in (world.ada, world.olga):
        answer = world.http.get(path, token=token)
        assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)
    for nobody in (None, "wrong"):
        assert world.http.get(path, token=nobody).status_code == 401
    unknown = world.http.get(f"{world.account}/inboxes/99/health", token=world.admin)
    assert (unknown.status_code, unknown.json()) == (404, NOT_FOUND)
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    elsewhere = f"/api/v1/accounts/{other}/inboxes/{world.inbox['id']}/health"
    assert world.http.get(elsewhere, token=world.admin).status_code == 404
    assert world.http.get(elsewhere, token=world.ada).status_code == 401


def test_the_health_of_a_deleted_inbox_is_gone(world: World) -> None:
    world.http.delete(own(world), token=world.admin)
    assert world.http.get(f"{own(world)}/health", token=world.admin).status_code == 404
