import hashlib
from typing import Any

import pytest

from inboxd.app import App
from inboxd.store.models import AccessToken, IdempotencyKey
from tests.api.test_inboxes import AGENT_KEYS, NOT_ALLOWED, NOT_FOUND
from tests.cast import Clock, World

SIGN_IN = {"errors": ["You need to sign in or sign up before continuing."]}
UNKNOWN_TOKEN = {"error": "Invalid Access Token"}
PROFILE_KEYS = {
    "access_token", "account_id", "available_name", "avatar_url", "confirmed", "display_name", "message_signature",
    "email", "id", "inviter_id", "name", "provider", "pubsub_token", "role", "ui_settings", "uid", "type", "accounts",
}  # fmt: skip
PROFILE = "/api/v1/profile"


def test_the_profile_has_these_keys(world: World) -> None:
    answer = world.http.get(PROFILE, token=world.ada)
    shown = answer.json()
    assert answer.status_code == 200
    assert shown == {
        "access_token": world.ada, "account_id": 1, "available_name": "Ada", "avatar_url": "",
        "confirmed": shown["confirmed"], "display_name": None, "message_signature": None, "email": "ada@acme.test",
        "id": world.ada_id, "inviter_id": shown["inviter_id"], "name": "Ada", "provider": "email",
        "pubsub_token": shown["pubsub_token"], "role": "agent", "ui_settings": {}, "uid": "ada@acme.test",
        "type": None, "accounts": shown["accounts"],
    }  # fmt: skip
    assert set(shown) == PROFILE_KEYS
    (account,) = shown["accounts"]
    assert set(account) == {
        "id", "name", "status", "onboarding_step", "active_at", "role", "permissions", "availability",
        "availability_status", "auto_offline",
    }  # fmt: skip
    assert (account["id"], account["name"], account["status"], account["role"]) == (1, "Acme", "active", "agent")
    assert (account["permissions"], account["availability"], account["auto_offline"]) == (["agent"], "online", True)


def test_the_profile_of_an_administrator(world: World) -> None:
    shown = world.http.get(f"{PROFILE}.json", token=world.admin).json()
    assert (shown["role"], shown["type"]) == ("administrator", "SuperAdmin")
    assert shown["accounts"][0]["permissions"] == ["administrator"]


def test_the_profile_shows_the_token_that_asked(world: World) -> None:
    body = {"user_id": world.ada_id, "name": "second"}
    second = world.http.post(f"{world.account}/access_tokens", json=body, token=world.admin).json()["access_token"]
    assert world.http.get(PROFILE, token=second).json()["access_token"] == second
    assert world.http.get(PROFILE, token=world.ada).json()["access_token"] == world.ada


def test_no_token_is_401_with_a_list_and_a_wrong_one_with_a_sentence(world: World) -> None:
    for path in (PROFILE, f"{world.account}/inboxes", "/api/v1/accounts/99/inboxes"):
        answer = world.http.get(path)
        assert (answer.status_code, answer.json()) == (401, SIGN_IN)
        answer = world.http.get(path, token="wrong")
        assert (answer.status_code, answer.json()) == (401, UNKNOWN_TOKEN)


def test_the_token_comes_under_either_name_or_as_a_bearer(world: World) -> None:
    for headers in (
        {"api_access_token": world.ada},
        {"Api_access_token": world.ada},
        {"Api-Access-Token": world.ada},
        {"Authorization": f"Bearer {world.ada}"},
        {"Authorization": f"bearer {world.ada}"},
        {"api_access_token": world.ada, "Authorization": "Bearer wrong"},
    ):
        answer = world.http.get(PROFILE, headers=headers)
        assert (answer.status_code, answer.json()["id"]) == (200, world.ada_id)


def test_a_token_in_query_or_body_is_no_token(world: World) -> None:
    answer = world.http.get(PROFILE, params={"api_access_token": world.ada})
    assert (answer.status_code, answer.json()) == (401, SIGN_IN)
    answer = world.http.post(f"{world.account}/contacts", json={"api_access_token": world.ada})
    assert (answer.status_code, answer.json()) == (401, SIGN_IN)


def test_an_unknown_path_is_404_in_the_envelope_of_this_api(world: World) -> None:
    answer = world.http.get(f"{world.account}/nothing", token=world.ada)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_an_unknown_account_is_404_and_a_foreign_one_401(world: World) -> None:
    answer = world.http.get("/api/v1/accounts/99/inboxes", token=world.ada)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin)
    answer = world.http.get("/api/v1/accounts/2/inboxes", token=world.ada)
    expected = {"error": "You are not authorized to access this account"}
    assert (answer.status_code, answer.json()) == (401, expected)


def test_what_belongs_to_another_account_is_404(world: World) -> None:
    number = world.conversation()
    world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin)
    for path in (f"inboxes/{world.inbox['id']}", f"contacts/{world.carl['id']}", f"conversations/{number}"):
        answer = world.http.get(f"/api/v1/accounts/2/{path}", token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_the_account_is_shown_to_its_people(world: World) -> None:
    answer = world.http.get(world.account, token=world.ada)
    shown = answer.json()
    assert answer.status_code == 200
    assert shown | {"custom_attributes": {}, "features": {}, "latest_chatwoot_version": None} == {
        "settings": {}, "created_at": "2026-06-10T11:14:56.789Z", "custom_attributes": {}, "domain": None,
        "features": {}, "id": 1, "locale": "en", "name": "Acme", "support_email": None, "status": "active",
        "cache_keys": shown["cache_keys"], "latest_chatwoot_version": None,
    }  # fmt: skip
    assert set(shown["cache_keys"]) == {"label", "inbox", "team"}


def test_only_who_runs_the_installation_creates_accounts(world: World) -> None:
    answer = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.ada)
    assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)
    answer = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin)
    assert (answer.status_code, answer.json()["id"]) == (200, 2)
    answer = world.http.post("/api/v1/accounts", json={"name": " "}, token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["name"])
    numbers = [account["id"] for account in world.http.get(PROFILE, token=world.admin).json()["accounts"]]
    assert numbers == [1, 2]


def test_agents_are_a_bare_list_by_name(world: World) -> None:
    answer = world.http.get(f"{world.account}/agents/", token=world.olga)
    assert [agent["name"] for agent in answer.json()] == ["Ada", "Administrator", "Olga"]
    assert all(set(agent) == AGENT_KEYS for agent in answer.json())
    administrator = answer.json()[1]
    assert (administrator["role"], administrator["account_id"], administrator["provider"]) == (
        "administrator",
        1,
        "email",
    )


def test_an_agent_is_added_with_defaults_and_with_or_without_the_wrapper(world: World) -> None:
    agents = f"{world.account}/agents"
    made = world.http.post(agents, json={"email": "Bob@Acme.test"}, token=world.admin)
    assert made.status_code == 200
    assert set(made.json()) == AGENT_KEYS
    bob = made.json()
    assert (bob["email"], bob["name"], bob["role"], bob["auto_offline"]) == ("bob@acme.test", "bob", "agent", True)
    body = {"agent": {"email": "eve@acme.test", "name": "Eve", "role": "administrator"}}
    eve = world.http.post(agents, json=body, token=world.admin).json()
    assert (eve["name"], eve["role"]) == ("Eve", "administrator")
    form = {"agent[email]": "fay@acme.test", "agent[name]": "Fay"}
    assert world.http.post(agents, data=form, token=world.admin).json()["name"] == "Fay"
    answer = world.http.post(agents, data={"email": "x@acme.test"}, token=world.admin)
    expected = {"error": "param is missing or the value is empty: agent"}
    assert (answer.status_code, answer.json()) == (422, expected)


@pytest.mark.parametrize(
    ("body", "attribute"),
    [
        ({"email": "ADA@acme.test"}, "user_id"),
        ({"email": "nobody"}, "email"),
        ({"name": "x"}, "email"),
        ({"email": "x@acme.test", "role": "king"}, "role"),
        ({"email": "x@acme.test", "availability": "asleep"}, "availability"),
    ],
)
def test_an_agent_that_breaks_a_rule_is_422(world: World, body: dict[str, Any], attribute: str) -> None:
    answer = world.http.post(f"{world.account}/agents", json=body, token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, [attribute])


def test_somebody_known_elsewhere_joins_with_the_same_user(world: World) -> None:
    world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin)
    joined = world.http.post("/api/v1/accounts/2/agents", json={"email": "ada@acme.test"}, token=world.admin).json()
    assert (joined["id"], joined["account_id"]) == (world.ada_id, 2)


def test_only_administrators_add_people_and_see_tokens(world: World) -> None:
    for method, path in (
        ("POST", "agents"), ("GET", "access_tokens"), ("POST", "access_tokens"), ("DELETE", "access_tokens/1"),
    ):  # fmt: skip
        answer = world.http.request(method, f"{world.account}/{path}", json={"email": "x@y.z"}, token=world.ada)
        assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)


def test_a_call_makes_its_user_online_for_five_minutes(world: World, clock: Clock) -> None:
    def status(user_id: int) -> str:
        agents = world.http.get(f"{world.account}/agents", token=world.admin).json()
        return str({agent["id"]: agent["availability_status"] for agent in agents}[user_id])

    clock.advance(s=3600)
    assert status(world.ada_id) == "offline"
    world.http.get(f"{world.account}/inboxes", token=world.ada)
    assert status(world.ada_id) == "online"
    clock.advance(s=20)
    world.http.get(f"{world.account}/inboxes", token=world.ada)
    clock.advance(s=300)
    assert status(world.ada_id) == "online"
    clock.advance(s=1)
    assert status(world.ada_id) == "offline"


def test_asking_for_the_profile_makes_one_online_in_the_account_used_last(world: World, clock: Clock) -> None:
    world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin)
    clock.advance(s=3600)
    world.http.get("/api/v1/accounts/2/inboxes", token=world.admin)
    clock.advance(s=3600)
    shown = world.http.get(PROFILE, token=world.admin).json()
    assert shown["account_id"] == 2
    assert [one["availability_status"] for one in shown["accounts"]] == ["offline", "online"]


def test_who_is_set_busy_is_busy_while_there_and_who_never_goes_offline_stays(world: World, clock: Clock) -> None:
    body = {"email": "bob@acme.test", "availability": "busy", "auto_offline": False}
    world.http.post(f"{world.account}/agents", json=body, token=world.admin)
    clock.advance(s=3600)
    agents = world.http.get(f"{world.account}/agents", token=world.admin).json()
    assert {agent["name"]: agent["availability_status"] for agent in agents}["bob"] == "busy"


def test_a_token_is_shown_once_and_stored_as_its_digest(world: World, app: App) -> None:
    tokens = f"{world.account}/access_tokens"
    body = {"name": "laptop", "email": "ADA@acme.test"}
    made = world.http.post(tokens, json=body, token=world.admin).json()
    assert (made["name"], made["user"]) == ("laptop", {"id": world.ada_id, "email": "ada@acme.test"})
    listed = world.http.get(tokens, token=world.admin)
    assert made["access_token"] not in listed.text
    assert {key: made[key] for key in made if key != "access_token"} in listed.json()["payload"]
    with app.store.read() as tx:
        stored = tx.get(AccessToken, made["id"])
    assert stored is not None
    assert stored.digest == hashlib.sha256(made["access_token"].encode()).hexdigest()
    assert made["access_token"] not in str(vars(stored))


def test_a_revoked_token_is_dead_at_once(world: World) -> None:
    tokens = f"{world.account}/access_tokens"
    made = world.http.post(tokens, json={"user_id": world.ada_id}, token=world.admin).json()
    assert world.http.get(PROFILE, token=made["access_token"]).status_code == 200
    answer = world.http.delete(f"{tokens}/{made['id']}", token=world.admin)
    assert (answer.status_code, answer.content) == (200, b"")
    answer = world.http.get(PROFILE, token=made["access_token"])
    assert (answer.status_code, answer.json()) == (401, UNKNOWN_TOKEN)
    assert world.http.get(PROFILE, token=world.ada).status_code == 200
    assert world.http.delete(f"{tokens}/{made['id']}", token=world.admin).status_code == 404


def test_a_token_for_nobody_of_the_account_is_404(world: World) -> None:
    for body in ({"user_id": 999}, {"email": "nobody@acme.test"}):
        answer = world.http.post(f"{world.account}/access_tokens", json=body, token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_an_account_is_not_there_for_who_is_not_in_it(world: World) -> None:
    world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin)
    for path in ("/api/v1/accounts/2", "/api/v1/accounts/999"):
        answer = world.http.get(path, token=world.ada)
        assert (answer.status_code, answer.json()) == (404, {"error": "Resource could not be found"})
    assert world.http.get("/api/v1/accounts/2/agents", token=world.ada).status_code == 401


@pytest.fixture
def both(world: World) -> World:
    """The administrator is in account 2 besides."""
    world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin)
    return world


def test_people_change_their_profile_with_or_without_the_wrapper(world: World) -> None:
    body: dict[str, Any] = {
        "name": "Ada L.", "display_name": "Countess", "message_signature": "-- Ada", "ui_settings": {"theme": "dark"},
        "phone_number": "+4930123",
    }  # fmt: skip
    answer = world.http.patch(PROFILE, json=body, token=world.ada)
    assert answer.status_code == 200
    shown = answer.json()
    assert set(shown) == PROFILE_KEYS | {"custom_attributes"}
    assert shown == world.http.get(PROFILE, token=world.ada).json()
    assert {key: shown[key] for key in body if key != "phone_number"} == {
        key: body[key] for key in body if key != "phone_number"
    }
    assert (shown["available_name"], shown["custom_attributes"]) == ("Countess", {"phone_number": "+4930123"})
    shown = world.http.put(PROFILE, json={"profile": {"display_name": None}}, token=world.ada).json()
    assert (shown["available_name"], shown["ui_settings"]) == ("Ada L.", {"theme": "dark"})
    form = {"profile[name]": "Ada"}
    assert world.http.patch(PROFILE, data=form, token=world.ada).json()["name"] == "Ada"


def test_a_new_email_waits_for_a_confirmation_that_never_comes(world: World) -> None:
    answer = world.http.patch(PROFILE, json={"email": "new@acme.test"}, token=world.ada)
    assert (answer.status_code, answer.json()["email"], answer.json()["uid"]) == (200, "ada@acme.test", "ada@acme.test")


@pytest.mark.parametrize(
    ("body", "attribute"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"display_name": "x" * 256}, "display_name"),
        ({"email": "nobody"}, "email"),
        ({"ui_settings": "dark"}, "ui_settings"),
    ],
)
def test_a_profile_that_breaks_a_rule_is_422(world: World, body: dict[str, Any], attribute: str) -> None:
    answer = world.http.patch(PROFILE, json={"message_signature": "x"} | body, token=world.ada)
    assert (answer.status_code, answer.json()["attributes"]) == (422, [attribute])
    assert world.http.get(PROFILE, token=world.ada).json()["message_signature"] is None


def test_nobody_has_a_password_to_change(world: World) -> None:
    body = {"name": "Eve", "current_password": "a", "password": "b", "password_confirmation": "b"}
    answer = world.http.patch(PROFILE, json=body, token=world.ada)
    assert (answer.status_code, answer.json()) == (422, {"error": "Invalid current password"})
    assert world.http.get(PROFILE, token=world.ada).json()["name"] == "Ada"


def test_a_profile_without_values_is_422(world: World) -> None:
    for method, path in (
        ("PATCH", ""), ("POST", "/availability"), ("POST", "/auto_offline"), ("PATCH", "/set_active_account"),
    ):  # fmt: skip
        answer = world.http.request(method, PROFILE + path, json={}, token=world.ada)
        expected = {"error": "param is missing or the value is empty: profile"}
        assert (answer.status_code, answer.json()) == (422, expected)
        assert world.http.request(method, PROFILE + path, json={"name": "x"}).json() == SIGN_IN


def test_availability_is_set_in_one_account(both: World) -> None:
    body = {"profile": {"account_id": 2, "availability": "busy"}}
    answer = both.http.post(f"{PROFILE}/availability", json=body, token=both.admin)
    assert answer.status_code == 200
    assert set(answer.json()) == PROFILE_KEYS
    assert [one["availability"] for one in answer.json()["accounts"]] == ["online", "busy"]


def test_availability_is_one_of_three_words(world: World) -> None:
    for word in ("asleep", "", None):
        body = {"account_id": 1, "availability": word}
        answer = world.http.post(f"{PROFILE}/availability", json=body, token=world.ada)
        assert (answer.status_code, answer.json()["attributes"]) == (422, ["availability"])


def test_auto_offline_is_switched_and_missing_means_no(world: World, clock: Clock) -> None:
    for body, expected in (
        ({"account_id": 1}, False),
        ({"account_id": 1, "auto_offline": True}, True),
        ({"account_id": 1, "auto_offline": "false"}, False),
    ):
        answer = world.http.post(f"{PROFILE}/auto_offline", json=body, token=world.ada)
        assert (answer.status_code, answer.json()["accounts"][0]["auto_offline"]) == (200, expected)
    clock.advance(s=3600)
    agents = world.http.get(f"{world.account}/agents", token=world.admin).json()
    assert {agent["name"]: agent["availability_status"] for agent in agents}["Ada"] == "online"


def test_the_account_that_is_used_now_is_said_by_put_or_patch(both: World, clock: Clock) -> None:
    for method, account_id in (("PUT", 2), ("PATCH", 1), ("PUT", 2)):
        clock.advance(s=1)
        body = {"profile": {"account_id": account_id}}
        answer = both.http.request(method, f"{PROFILE}/set_active_account", json=body, token=both.admin)
        assert (answer.status_code, answer.content) == (200, b"")
        assert both.http.get(PROFILE, token=both.admin).json()["account_id"] == account_id


def test_an_account_one_is_not_in_is_404(both: World) -> None:
    for method, path in (("POST", "availability"), ("POST", "auto_offline"), ("PUT", "set_active_account")):
        for account_id in (2, 99, None):
            body = {"account_id": account_id, "availability": "busy"}
            answer = both.http.request(method, f"{PROFILE}/{path}", json=body, token=both.ada)
            assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_token_for_one_account_says_nothing_about_another(both: World) -> None:
    body = {"email": "ada@acme.test"}
    both.http.post("/api/v1/accounts/2/agents", json=body, token=both.admin)
    values = {"account_id": 2, "availability": "busy"}
    answer = both.http.post(f"{PROFILE}/availability", json=values, token=both.ada)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_token_that_is_reset_dies_and_its_successor_takes_its_place(world: World) -> None:
    tokens = f"{world.account}/access_tokens"
    before = world.http.get(tokens, token=world.admin).json()["payload"]
    body = {"user_id": world.ada_id}
    second = world.http.post(tokens, json=body, token=world.admin).json()["access_token"]
    answer = world.http.post(f"{PROFILE}/reset_access_token", token=world.ada)
    assert answer.status_code == 200
    shown = answer.json()
    fresh = shown["access_token"]
    assert (set(shown), shown["id"], fresh != world.ada, len(fresh)) == (PROFILE_KEYS, world.ada_id, True, 24)
    dead = world.http.get(PROFILE, token=world.ada)
    assert (dead.status_code, dead.json()) == (401, UNKNOWN_TOKEN)
    assert world.http.get(PROFILE, token=fresh).json()["access_token"] == fresh
    assert world.http.get(PROFILE, token=second).status_code == 200
    after = world.http.get(tokens, token=world.admin).json()["payload"]
    assert after[: len(before)] == before


def test_a_token_confined_to_an_account_stays_so_when_it_is_reset(both: World) -> None:
    made = both.http.post("/api/v1/accounts/2/agents", json={"email": "ada@acme.test"}, token=both.admin)
    assert made.status_code == 200
    fresh = both.http.post(f"{PROFILE}/reset_access_token", token=both.ada).json()["access_token"]
    assert both.http.get(f"{both.account}/agents", token=fresh).status_code == 200
    assert both.http.get("/api/v1/accounts/2/agents", token=fresh).status_code == 401


def test_a_reset_token_is_stored_nowhere_even_with_a_key(world: World, app: App) -> None:
    headers = {"Idempotency-Key": "k"}
    fresh = world.http.post(f"{PROFILE}/reset_access_token", headers=headers, token=world.ada).json()["access_token"]
    with app.store.read() as tx:
        kept = tx.filter(IdempotencyKey, key="k")
    assert [fresh in row.body or world.ada in row.body for row in kept] == [False]
