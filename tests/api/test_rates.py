"""How often somebody may call, and what they are told. A proxy on this machine says where requests come from."""

import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import requests

from inboxd.api.rates import Rates
from inboxd.api.web import Request
from inboxd.app import App
from inboxd.config import Config
from inboxd.domain.errors import NotFound, Throttled, Unauthenticated
from tests.cast import Clock, Http, World

HERE, THERE = "203.0.113.7", "203.0.113.8"


@pytest.fixture
def app_config(tmp_path: Path) -> Config:
    return Config(data_dir=str(tmp_path / "data"), listen="127.0.0.1:0", requests_per_minute=20)


def call(http: Http, path: str, address: str = HERE, method: str = "GET", **kwargs: Any) -> requests.Response:
    return http.request(method, path, headers={"X-Forwarded-For": address}, **kwargs)


def told(response: requests.Response) -> tuple[str | None, str | None, str | None]:
    names = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
    return (response.headers.get(names[0]), response.headers.get(names[1]), response.headers.get(names[2]))


def test_each_answer_says_what_is_left_and_beyond_it_nothing_is_done_until_the_minute_is_over(
    world: World, clock: Clock
) -> None:
    clock.now = 1_800_000_000_000
    path = f"{world.account}/labels"
    first = call(world.http, path, token=world.admin)
    assert (first.status_code, told(first)) == (200, ("20", "19", "60"))
    clock.advance(s=18.5)
    refused = call(world.http, path, method="POST", json={"title": ""}, token=world.admin)
    assert (refused.status_code, told(refused)) == (422, ("20", "18", "42"))
    for _ in range(18):
        last = call(world.http, path, token=world.admin)
    assert (last.status_code, told(last)) == (200, ("20", "0", "42"))

    beyond = call(world.http, path, method="POST", json={"title": "late"}, token=world.admin)
    assert (beyond.status_code, beyond.text, beyond.headers["Retry-After"]) == (429, "Retry later", "42")
    assert beyond.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert told(beyond) == ("20", "0", "42")
    assert world.http.get(path, token=world.admin).json() == {"payload": []}
    clock.advance(s=41.5)
    assert call(world.http, path, token=world.admin).status_code == 200


def test_tokens_of_one_address_and_one_token_at_two_addresses(world: World) -> None:
    path = f"{world.account}/labels"
    assert [told(call(world.http, path, address, token=world.admin))[1] for address in (HERE, THERE)] == ["19", "18"]
    assert told(call(world.http, path, token=world.ada))[1] == "19"


def test_what_a_token_asks_for_in_vain_counts_too(world: World) -> None:
    assert told(call(world.http, f"{world.account}/contacts/999999", token=world.ada))[1] == "19"
    assert told(call(world.http, f"{world.account}/webhooks", token=world.ada))[1] == "18"


def test_a_token_is_counted_where_it_may_not_go(world: World) -> None:
    path = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    assert told(call(world.http, f"/api/v1/accounts/{path}/labels", token=world.ada))[1] == "19"
    assert told(call(world.http, "/api/v1/accounts/999/labels", token=world.ada))[1] == "18"
    for _ in range(18):
        call(world.http, "/api/v1/accounts/999/labels", token=world.ada)
    assert call(world.http, "/api/v1/accounts/999/labels", token=world.ada).status_code == 429


def test_a_contact_of_the_client_api_is_counted_alone(world: World) -> None:
    other = world.http.post(f"{world.public}/contacts", json={"name": "Cleo"}).json()["source_id"]
    for _ in range(20):
        assert call(world.http, world.contact).status_code == 200
    assert call(world.http, world.contact, THERE).status_code == 429
    assert call(world.http, f"{world.public}/contacts/{other}").status_code == 200


def test_a_repeated_message_of_a_contact_is_counted(world: World) -> None:
    path = f"{world.contact}/conversations/{world.conversation()}/messages"
    headers = {"X-Forwarded-For": HERE, "Idempotency-Key": "k"}
    sent = [world.http.post(path, json={"content": "hi"}, headers=headers) for _ in range(21)]
    assert [told(answer)[1] for answer in sent[:3]] == ["19", "18", "17"]
    assert (sent[19].headers["Idempotent-Replayed"], sent[20].status_code) == ("true", 429)


def test_who_makes_contacts_is_counted_by_inbox_and_address(world: World) -> None:
    made = [call(world.http, f"{world.public}/contacts", method="POST", json={"name": "C"}) for _ in range(21)]
    assert [answer.status_code for answer in made] == [200] * 20 + [429]
    assert call(world.http, f"{world.public}/contacts", THERE, method="POST", json={"name": "C"}).status_code == 200


def test_who_makes_contacts_from_one_network_of_version_6_is_one(world: World) -> None:
    path = f"{world.public}/contacts"
    made = [call(world.http, path, f"2001:db8::{n}", method="POST", json={"name": "C"}) for n in range(1, 3)]
    assert [told(answer)[1] for answer in made] == ["19", "18"]


def test_beyond_the_limit_no_message_and_no_file_is_stored(world: World, app: App, clock: Clock) -> None:
    number = world.conversation()
    for _ in range(20):
        call(world.http, world.contact)
    path = f"{world.contact}/conversations/{number}/messages"
    sent = call(world.http, path, method="POST", files={"attachments[]": ("a.txt", b"kept by nobody")})
    assert sent.status_code == 429
    assert world.http.get(path).json() == []
    kept = app.config.directory / "attachments"
    assert [found for found in kept.rglob("*") if found.is_file()] == []
    clock.advance(s=60)
    assert call(world.http, path, method="POST", files={"attachments[]": ("a.txt", b"kept")}).status_code == 200
    assert len([found for found in kept.rglob("*") if found.is_file()]) == 1


def test_a_request_with_a_file_is_counted_once(world: World) -> None:
    path = f"{world.contact}/conversations/{world.conversation()}/messages"
    sent = call(world.http, path, method="POST", files={"attachments[]": ("a.txt", b"hello")})
    assert (sent.status_code, told(sent)[1]) == (200, "19")


def test_guesses_are_counted_by_address_and_hold_up_nobody_who_is_known(world: World) -> None:
    guesses = [
        call(world.http, f"{world.account}/labels", token="nonsense"),
        call(world.http, f"{world.public}/contacts/nobody"),
        call(world.http, f"{world.account}/labels"),
    ]
    assert [answer.status_code for answer in guesses] == [401, 404, 429]
    assert call(world.http, "/public/api/v1/inboxes/unknown").status_code == 429
    assert call(world.http, f"{world.account}/labels", token=world.ada).status_code == 200
    assert call(world.http, world.contact).status_code == 200
    assert call(world.http, f"{world.public}/contacts/nobody", THERE).status_code == 404


def test_wrong_identity_hashes_are_guesses(world: World) -> None:
    path = f"{world.account}/inboxes/{world.inbox['id']}"
    world.http.patch(path, json={"channel": {"hmac_mandatory": True}}, token=world.admin)
    statuses = [call(world.http, f"{world.contact}?identifier_hash={n}").status_code for n in range(22)]
    assert set(statuses[:20]) == {401}
    assert statuses[20:] == [429, 429]


def test_this_machine_is_not_counted_and_told_nothing(world: World) -> None:
    path = f"{world.account}/labels"
    answers = [world.http.get(path, token=world.ada) for _ in range(30)]
    assert {(answer.status_code, told(answer)) for answer in answers} == {(200, (None, None, None))}


def test_health_and_the_description_are_for_everybody(world: World) -> None:
    for path in ("/livez", "/openapi.json"):
        assert {call(world.http, path).status_code for _ in range(22)} == {200}


def test_the_audit_log_knows_who_called_through_a_proxy(world: World) -> None:
    call(world.http, f"{world.account}/webhooks", method="POST", json={"url": "https://a.test"}, token=world.admin)
    entries = world.http.get(f"{world.account}/audit_logs", token=world.admin).json()["audit_logs"]
    assert (entries[0]["auditable_type"], entries[0]["remote_address"]) == ("Webhook", HERE)


def test_a_dashboard_is_told_the_limit(world: World) -> None:
    shown = world.http.get(f"{world.account}/meta", token=world.ada).json()
    assert shown["limits"]["requests_per_minute"] == 20


def counted(rates: Rates, request: Request, caller: str) -> int:
    rates.admit(request, caller)
    assert request.allowance is not None
    return request.allowance.remaining


def far(address: str = HERE, path: str = "/api/v1/profile") -> Request:
    return Request("GET", path, {}, address=address)


def test_counting_is_exact_among_threads(clock: Clock) -> None:
    rates = Rates(10_000, clock)

    def work() -> None:
        for _ in range(500):
            rates.admit(far(), "one")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted(rates, far(), "one") == 10_000 - 4_001


def test_a_request_that_is_run_twice_is_counted_once(clock: Clock) -> None:
    rates, request = Rates(20, clock), far()
    assert [counted(rates, request, "one") for _ in range(3)] == [19, 19, 19]


def test_what_is_beyond_the_limit_stays_so_when_it_is_run_twice(clock: Clock) -> None:
    rates, request = Rates(10, clock), far()
    for _ in range(10):
        rates.admit(far(), "one")
    for _ in range(2):
        with pytest.raises(Throttled):
            rates.admit(request, "one")


def test_long_names_are_not_remembered(clock: Clock) -> None:
    rates = Rates(10, clock)
    tracemalloc.start()
    for number in range(100):
        rates.admit(far(), f"{number} {'x' * 20_000}")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 100_000


def test_guessers_of_one_network_of_version_6_are_one(clock: Clock) -> None:
    rates, wrong = Rates(20, clock), Unauthenticated("Invalid Access Token")
    for last in range(2):
        assert rates.hold_back(far(f"2001:db8:1:2::{last}"), wrong) is wrong
    assert isinstance(rates.hold_back(far("2001:db8:1:2:ffff::9"), wrong), Throttled)
    assert rates.hold_back(far("2001:db8:1:3::1"), wrong) is wrong


def test_other_failures_are_no_guesses(clock: Clock) -> None:
    rates, missing = Rates(10, clock), NotFound()
    assert {rates.hold_back(far(), missing) for _ in range(5)} == {missing}


def test_more_callers_than_are_remembered_are_let_in(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inboxd.api.rates._CALLERS", 3)
    rates = Rates(10, clock)
    assert [counted(rates, far(), name) for name in "abcdab"] == [9, 9, 9, 9, 9, 9]
