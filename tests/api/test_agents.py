from typing import Any

import pytest

from inboxd.app import App
from inboxd.store.models import (
    AccessToken,
    AccountUser,
    Conversation,
    CustomFilter,
    InboxMember,
    Note,
    Participant,
    Team,
    TeamMember,
    User,
)
from tests.api.test_conversations import act, emitted, lines, show
from tests.api.test_inboxes import AGENT_KEYS, NOT_ALLOWED, NOT_FOUND
from tests.api.test_tokens import other_account
from tests.cast import World

PROFILE = "/api/v1/profile"


def agent(world: World, user_id: int) -> str:
    return f"{world.account}/agents/{user_id}"


def names(world: World) -> list[str]:
    return [one["name"] for one in world.http.get(f"{world.account}/agents", token=world.admin).json()]


def add_inbox(world: World, *user_ids: int) -> int:
    body = {"name": "Second", "channel": {"type": "api"}}
    inbox: int = world.http.post(f"{world.account}/inboxes", json=body, token=world.admin).json()["id"]
    members = {"inbox_id": inbox, "user_ids": list(user_ids)}
    world.http.post(f"{world.account}/inbox_members", json=members, token=world.admin)
    return inbox


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_agent_is_changed_with_or_without_the_wrapper(world: World, method: str) -> None:
    body: dict[str, Any] = {"name": "Ada L.", "role": "administrator", "availability": "busy", "auto_offline": False}
    answer = world.http.request(method, agent(world, world.ada_id), json=body, token=world.admin)
    assert answer.status_code == 200
    shown = answer.json()
    assert set(shown) == AGENT_KEYS
    assert (shown["name"], shown["role"], shown["auto_offline"]) == ("Ada L.", "administrator", False)
    assert (shown["id"], shown["availability_status"]) == (world.ada_id, "busy")
    body = {"agent": {"role": "agent"}}
    shown = world.http.request(method, agent(world, world.ada_id), json=body, token=world.admin).json()
    assert (shown["name"], shown["role"]) == ("Ada L.", "agent")


def test_nulls_and_the_email_of_an_agent_change_nothing(world: World) -> None:
    before = world.http.get(f"{world.account}/agents", token=world.admin).json()
    nulls = dict.fromkeys(("name", "role", "availability", "auto_offline"))
    for body in (nulls, nulls | {"email": "new@acme.test"}):
        shown = world.http.patch(agent(world, world.ada_id), json=body, token=world.admin)
        assert shown.status_code == 200
        assert shown.json()["email"] == "ada@acme.test"
    assert world.http.get(f"{world.account}/agents", token=world.admin).json() == before


@pytest.mark.parametrize(
    ("body", "attribute"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"role": "king"}, "role"),
        ({"availability": "asleep"}, "availability"),
        ({"auto_offline": "maybe"}, "auto_offline"),
    ],
)
def test_a_change_that_breaks_a_rule_is_422(world: World, body: dict[str, Any], attribute: str) -> None:
    answer = world.http.patch(agent(world, world.ada_id), json=body, token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, [attribute])
    assert "Ada" in names(world)


def test_who_is_no_administrator_changes_nobody(world: World) -> None:
    for method, path in (("PATCH", "/1"), ("DELETE", "/1"), ("POST", "/bulk_create")):
        where = f"{world.account}/agents{path}"
        answer = world.http.request(method, where, json={"name": "x", "emails": ["x@acme.test"]}, token=world.ada)
        assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)
        assert world.http.request(method, where, json={"name": "x"}).status_code == 401


def test_somebody_of_another_account_is_404(world: World) -> None:
    beta, bea = other_account(world)
    for method in ("PATCH", "DELETE"):
        for where in (f"{beta}/agents/{world.ada_id}", f"{beta}/agents/999"):
            answer = world.http.request(method, where, json={"name": "x"}, token=bea)
            assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert "Ada" in names(world)


def test_who_is_removed_leaves_everything_and_no_event_tells(world: World, app: App) -> None:
    number = world.conversation()
    act(world, number, "assignments", assignee_id=world.ada_id)
    act(world, number, "participants", user_ids=[world.ada_id])
    world.reply(number)
    before_lines = lines(world, number)
    app.store.write(lambda tx: tx.insert(Team, account_id=1, name="sales"))
    app.store.write(lambda tx: tx.insert(TeamMember, account_id=1, team_id=1, user_id=world.ada_id))
    app.store.write(lambda tx: tx.insert(Note, account_id=1, contact_id=1, user_id=world.ada_id, content="nice"))
    app.store.write(lambda tx: tx.insert(CustomFilter, account_id=1, user_id=world.ada_id, name="mine"))
    before = len(world.events())
    answer = world.http.delete(agent(world, world.ada_id), token=world.admin)
    assert (answer.status_code, answer.content) == (200, b"")
    assert names(world) == ["Administrator", "Olga"]
    shown = show(world, number)
    assert "assignee" not in shown["meta"]
    assert lines(world, number) == before_lines
    assert emitted(world, before) == []
    assert shown["messages"][0]["content"] == "hi"
    with app.store.read() as tx:
        for model in (AccountUser, InboxMember, TeamMember, Participant, CustomFilter):
            assert tx.filter(model, user_id=world.ada_id) == []
        assert tx.get(User, world.ada_id) is None
        assert tx.filter(AccessToken, owner_id=world.ada_id) == []
        assert [note.user_id for note in tx.filter(Note)] == [None]
        assert [row.assignee_id for row in tx.filter(Conversation)] == [None]
    answer = world.http.get(PROFILE, token=world.ada)
    assert (answer.status_code, answer.json()) == (401, {"error": "Invalid Access Token"})
    assert world.http.delete(agent(world, world.ada_id), token=world.admin).status_code == 404


def test_who_is_still_elsewhere_stays_a_user_there(world: World, app: App) -> None:
    beta, bea = other_account(world)
    values = {"email": "ada@acme.test"}
    world.http.post(f"{beta}/agents", json=values, token=bea)
    there = world.http.post(f"{beta}/access_tokens", json=values, token=bea).json()["access_token"]
    assert world.http.delete(agent(world, world.ada_id), token=world.admin).status_code == 200
    assert world.http.get(f"{beta}/agents", token=there).status_code == 200
    assert world.http.get(PROFILE, token=world.ada).status_code == 401
    world.http.post(f"{world.account}/agents", json=values, token=world.admin)
    assert "Ada" in names(world)
    with app.store.read() as tx:
        assert len(tx.filter(User, email="ada@acme.test")) == 1


def test_who_runs_the_installation_is_never_forgotten(world: World) -> None:
    assert world.http.delete(agent(world, 1), token=world.admin).status_code == 200
    assert world.http.get(f"{world.account}/inboxes", token=world.admin).status_code == 401
    assert world.http.post("/api/v1/accounts", json={"name": "New"}, token=world.admin).status_code == 200


def test_several_are_added_by_email_and_what_cannot_be_is_skipped(world: World) -> None:
    emails = ["Bob@acme.test", "nobody", "", "ada@acme.test", "bob@acme.test", "eve@acme.test"]
    answer = world.http.post(f"{world.account}/agents/bulk_create", json={"emails": emails}, token=world.admin)
    assert (answer.status_code, answer.content) == (200, b"")
    assert names(world) == ["Ada", "Administrator", "bob", "eve", "Olga"]
    agents = world.http.get(f"{world.account}/agents", token=world.admin).json()
    assert {one["role"] for one in agents if one["name"] in ("bob", "eve")} == {"agent"}
    many = {"emails": [f"{number}@x.test" for number in range(101)]}
    answer = world.http.post(f"{world.account}/agents/bulk_create", json=many, token=world.admin)
    assert (answer.status_code, answer.json()["message"]) == (422, "Emails are limited to 100 at once")
    answer = world.http.post(f"{world.account}/agents/bulk_create", json={"emails": []}, token=world.admin)
    assert answer.status_code == 200


@pytest.mark.parametrize("body", [{}, {"emails": None}, {"emails": [{}]}])
def test_a_bulk_without_emails_is_422(world: World, body: dict[str, Any]) -> None:
    answer = world.http.post(f"{world.account}/agents/bulk_create", json=body, token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["emails"])


def test_assignable_are_the_members_and_every_administrator(world: World) -> None:
    for path in (f"inboxes/{world.inbox['id']}/assignable_agents", "assignable_agents?inbox_ids[]=1"):
        answer = world.http.get(f"{world.account}/{path}", token=world.ada)
        assert answer.status_code == 200
        shown = answer.json()
        assert list(shown) == ["payload"]
        assert [one["name"] for one in shown["payload"]] == ["Ada", "Administrator"]
        assert all(set(one) == AGENT_KEYS for one in shown["payload"])


def test_assignable_in_several_inboxes_are_members_of_all(world: World) -> None:
    second = add_inbox(world, world.ada_id, world.olga_id)

    def able(*inbox_ids: int) -> list[str]:
        params = {"inbox_ids[]": list(inbox_ids)}
        shown = world.http.get(f"{world.account}/assignable_agents", params=params, token=world.admin).json()
        return [one["name"] for one in shown["payload"]]

    assert able(1) == able(1, second) == able(second, 1) == ["Ada", "Administrator"]
    assert able(second) == ["Ada", "Administrator", "Olga"]


def test_assignable_asks_for_access_to_every_inbox(world: World) -> None:
    second = add_inbox(world, world.olga_id)
    for path in (
        f"inboxes/{second}/assignable_agents",
        f"assignable_agents?inbox_ids[]=1&inbox_ids[]={second}",
    ):
        answer = world.http.get(f"{world.account}/{path}", token=world.ada)
        assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)
        assert world.http.get(f"{world.account}/{path}").status_code == 401


def test_assignable_in_an_unknown_inbox_is_404(world: World) -> None:
    beta, bea = other_account(world)
    for account, path in (
        (world.account, "inboxes/99/assignable_agents"),
        (world.account, "assignable_agents?inbox_ids[]=1&inbox_ids[]=99"),
        (world.account, "assignable_agents"),
        (beta, "assignable_agents?inbox_ids[]=1"),
    ):
        token = bea if account == beta else world.admin
        answer = world.http.get(f"{account}/{path}", token=token)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
