"""Who is calling: how a token may arrive, and in which order a request is refused."""

from typing import Any

import pytest

from inboxd.app import App
from inboxd.store.models import Account
from tests.cast import World

SIGN_IN = {"errors": ["You need to sign in or sign up before continuing."]}
INVALID = {"error": "Invalid Access Token"}
NOWHERE = {"error": "Resource could not be found"}


def profile(world: World, headers: dict[str, str] | None = None, query: str = "", **kwargs: Any) -> Any:
    return world.http.get(f"/api/v1/profile{query}", headers=headers, **kwargs)


@pytest.mark.parametrize(
    "name", ["api_access_token", "Api_access_token", "API_ACCESS_TOKEN", "api-access-token", "Api-Access-Token"]
)
def test_the_token_is_known_under_every_spelling_of_its_header(world: World, name: str) -> None:
    assert profile(world, {name: world.ada}).json()["name"] == "Ada"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_is_accepted_too(world: World, scheme: str) -> None:
    assert profile(world, {"Authorization": f"{scheme} {world.ada}"}).json()["name"] == "Ada"


def test_of_two_tokens_the_access_token_header_counts(world: World) -> None:
    both = {"api_access_token": world.ada, "Authorization": f"Bearer {world.olga}"}
    assert profile(world, both).json()["name"] == "Ada"
    wrong_first = {"api_access_token": "wrong", "Authorization": f"Bearer {world.ada}"}
    assert profile(world, wrong_first).json() == INVALID
    blank_first = {"api_access_token": "", "Authorization": f"Bearer {world.ada}"}
    assert profile(world, blank_first).json()["name"] == "Ada"


@pytest.mark.parametrize(
    "headers", [{}, {"api_access_token": ""}, {"Authorization": "Bearer"}, {"Authorization": "Basic YTpi"}]
)
def test_without_a_token_errors_is_a_list(world: World, headers: dict[str, str]) -> None:
    response = profile(world, headers)
    assert (response.status_code, response.json()) == (401, SIGN_IN)


@pytest.mark.parametrize("token", ["wrong", "töken", "\xff\xfe", "' OR 1=1 --", "x" * 10_000, "%00", "null", "0"])
def test_with_a_wrong_token_error_is_a_word(world: World, token: str) -> None:
    for headers in ({"api_access_token": token}, {"Authorization": f"Bearer {token}"}):
        response = profile(world, headers)
        assert (response.status_code, response.json()) == (401, INVALID)


def test_a_token_in_query_or_body_is_never_looked_at(world: World) -> None:
    for key in ("api_access_token", "access_token", "token"):
        assert profile(world, query=f"?{key}={world.ada}").json() == SIGN_IN
        path = f"{world.account}/conversations"
        assert world.http.post(path, json={key: world.ada}).json() == SIGN_IN
        assert world.http.post(path, data={key: world.ada}).json() == SIGN_IN


def test_the_client_api_ignores_tokens(world: World) -> None:
    for token in ("wrong", world.ada, world.admin, "\xff"):
        assert world.http.get(world.contact, token=token).json()["source_id"] == "carl-1"
        missing = world.http.get(f"{world.public}/contacts/nobody", token=token)
        assert (missing.status_code, missing.json()) == (404, {"status": 404, "error": "Not Found"})


def test_a_digest_is_no_token(world: World, app: App) -> None:
    from inboxd.services import tokens

    assert profile(world, {"api_access_token": tokens.digest(world.ada)}).json() == INVALID


def test_a_revoked_token_is_unknown_at_once(world: World) -> None:
    path = f"{world.account}/access_tokens"
    made = world.http.post(path, json={"user_id": world.ada_id}, token=world.admin).json()
    assert profile(world, {"api_access_token": made["access_token"]}).status_code == 200
    assert world.http.delete(f"{path}/{made['id']}", token=world.admin).status_code == 200
    assert profile(world, {"api_access_token": made["access_token"]}).json() == INVALID
    assert profile(world, {"api_access_token": world.ada}).status_code == 200


def second_account(world: World) -> int:
    number: int = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    return number


def test_requests_are_refused_in_chatwoots_order(world: World) -> None:
    """Unknown token, then unknown account, then no member of it, then no such record, then the role."""
    other = second_account(world)
    get = world.http.get
    cases = [
        (get("/api/v1/accounts/999/inboxes/999", token="wrong"), 401, INVALID),
        (get("/api/v1/accounts/999/inboxes/999"), 401, SIGN_IN),
        (get("/api/v1/accounts/999/inboxes/999", token=world.ada), 404, NOWHERE),
        (
            get(f"/api/v1/accounts/{other}/inboxes/999", token=world.ada),
            401,
            {"error": "You are not authorized to access this account"},
        ),
        (world.http.delete(f"{world.account}/inboxes/999", token=world.ada), 404, NOWHERE),
        (get(f"{world.account}/conversations/999/messages", token=world.ada), 404, NOWHERE),
        (
            world.http.delete(f"{world.account}/inboxes/{world.inbox['id']}", token=world.ada),
            401,
            {"error": "You are not authorized to do this action"},
        ),
    ]
    for response, status, body in cases:
        assert (response.status_code, response.json()) == (status, body)


def test_uploads_are_refused_in_the_same_order(world: World) -> None:
    files = [("attachments[]", (f"{number}.txt", b"x")) for number in range(16)]
    path = f"{world.account}/conversations/999/messages"
    assert world.http.post(path, files=files).json() == SIGN_IN
    assert world.http.post(path, files=files, token="wrong").json() == INVALID
    assert world.http.post(path, files=files, token=world.ada).json() == NOWHERE


def test_what_is_not_allowed_changes_nothing(world: World) -> None:
    before = len(world.events())
    denied = [
        world.http.post(f"{world.account}/agents", json={"email": "x@acme.test"}, token=world.ada),
        world.http.post(f"{world.account}/inboxes", json={"name": "x"}, token=world.ada),
        world.http.get(f"{world.account}/access_tokens", token=world.ada),
        world.http.post(f"{world.account}/access_tokens", json={}, token=world.ada),
        world.http.get(f"{world.account}/webhooks", token=world.ada),
        world.http.post("/api/v1/accounts", json={"name": "x"}, token=world.ada),
    ]
    for response in denied:
        assert (response.status_code, response.json()) == (401, {"error": "You are not authorized to do this action"})
    assert len(world.events()) == before


def test_an_agent_outside_an_inbox_may_not_see_its_conversations(world: World) -> None:
    number = world.conversation()
    path = f"{world.account}/conversations/{number}"
    assert world.http.get(path, token=world.ada).status_code == 200
    assert world.http.get(path, token=world.olga).status_code == 401
    assert world.http.post(f"{path}/messages", json={"content": "x"}, token=world.olga).status_code == 401


def test_a_suspended_account_is_closed_to_its_members(world: World, app: App) -> None:
    def suspend(tx: Any) -> None:
        account = tx.get(Account, 1)
        tx.update(account, status="suspended")

    app.store.write(suspend)
    response = world.http.get(world.account, token=world.ada)
    assert (response.status_code, response.json()) == (401, {"error": "Account is suspended"})


def test_an_administrator_of_one_account_is_nobody_in_another(world: World) -> None:
    other = second_account(world)
    made = world.http.post(
        f"{world.account}/agents",
        json={"name": "Al", "email": "al@acme.test", "role": "administrator"},
        token=world.admin,
    ).json()
    token = world.http.post(f"{world.account}/access_tokens", json={"user_id": made["id"]}, token=world.admin).json()
    al = token["access_token"]
    assert world.http.get(f"{world.account}/webhooks", token=al).status_code == 200
    assert world.http.get(f"/api/v1/accounts/{other}/webhooks", token=al).status_code == 401
    number = world.conversation()
    assert world.http.get(f"/api/v1/accounts/{other}/conversations/{number}", token=world.admin).status_code == 404
