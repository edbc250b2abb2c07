from typing import Any

import pytest

from inboxd.app import App
from inboxd.domain import activity
from inboxd.domain.events import Actor
from inboxd.services import conversations
from inboxd.store.db import Tx
from inboxd.store.models import Conversation
from tests.api.test_conversations import act, create, emitted, ids, lines, listed, show
from tests.api.test_inboxes import AGENT_KEYS, NOT_ALLOWED, NOT_FOUND
from tests.cast import World

STRANGERS = {"error": "Invalid User IDs"}


@pytest.fixture
def teams(world: World) -> str:
    return f"{world.account}/teams"


@pytest.fixture
def number(world: World) -> int:
    return world.conversation()


def made(world: World, name: str = "Sales", *members: int, **values: Any) -> Any:
    answer = world.http.post(f"{world.account}/teams", json={"name": name, **values}, token=world.admin)
    assert answer.status_code == 200, answer.text
    team = answer.json()
    if members:
        path = f"{world.account}/teams/{team['id']}/team_members"
        assert world.http.post(path, json={"user_ids": list(members)}, token=world.admin).status_code == 200
    return team


def elsewhere(world: World) -> str:
    """The path of another account, which the administrator of this one has made and administers too."""
    number = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    return f"/api/v1/accounts/{number}"


def refused(world: World, method: str, path: str, token: str | None, **kwargs: Any) -> tuple[int, Any]:
    answer = world.http.request(method, path, token=token, **kwargs)
    return answer.status_code, answer.json()


def test_a_team_is_shown_like_this(world: World, teams: str) -> None:
    team = made(world, "Sales", description="they sell")
    assert team == {
        "id": team["id"], "name": "sales", "description": "they sell", "allow_auto_assign": True, "account_id": 1,
        "is_member": False,
    }  # fmt: skip
    assert world.http.get(f"{teams}/{team['id']}", token=world.ada).json() == team
    support = made(world, "ABOUT us", allow_auto_assign="false")
    assert (support["allow_auto_assign"], support["description"]) == (False, None)
    assert world.http.get(teams, token=world.ada).json() == [support, team]


def test_a_team_says_whether_the_caller_is_in_it(world: World, teams: str) -> None:
    team = made(world, "Sales", world.ada_id)
    for token, is_member in ((world.ada, True), (world.olga, False)):
        assert world.http.get(f"{teams}/{team['id']}", token=token).json()["is_member"] is is_member
        assert [one["is_member"] for one in world.http.get(teams, token=token).json()] == [is_member]


def test_a_team_is_made_with_its_wrapper_key_as_well(world: World, teams: str) -> None:
    answer = world.http.post(teams, json={"team": {"name": "a"}}, token=world.admin)
    assert answer.json()["name"] == "a"
    assert world.http.post(teams, data={"team[name]": "b"}, token=world.admin).json()["name"] == "b"
    assert refused(world, "POST", teams, world.admin, json={}) == (
        422, {"error": "param is missing or the value is empty: team"},
    )  # fmt: skip
    assert refused(world, "POST", teams, world.admin, data={"name": "c"})[0] == 422


def test_a_team_is_changed_by_patch_and_put(world: World, teams: str) -> None:
    path = f"{teams}/{made(world)['id']}"
    assert world.http.patch(path, json={"name": "SALES"}, token=world.admin).json()["name"] == "sales"
    assert world.http.put(path, json={"description": "d"}, token=world.admin).json()["description"] == "d"
    assert world.http.patch(path, json={"description": None}, token=world.admin).json()["description"] is None
    shown = world.http.patch(path, json={"allow_auto_assign": False}, token=world.admin).json()
    assert (shown["name"], shown["allow_auto_assign"]) == ("sales", False)
    shown = world.http.patch(path, json={"allow_auto_assign": None}, token=world.admin).json()
    assert shown["allow_auto_assign"] is False


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"description": "d"}, "Name must not be blank"),
        ({"name": None}, "Name must not be blank"),
        ({"name": " "}, "Name must not be blank"),
        ({"name": "x" * 256}, "Name is too long (maximum is 255 characters)"),
        ({"name": "TAKEN"}, "Name has already been taken"),
    ],
)
def test_a_team_needs_a_name_of_its_own(world: World, teams: str, body: dict[str, Any], message: str) -> None:
    made(world, "taken")
    refusal = (422, {"message": message, "attributes": ["name"]})
    assert refused(world, "POST", teams, world.admin, json=body) == refusal
    if "name" in body:
        other = made(world, "other")
        assert refused(world, "PATCH", f"{teams}/{other['id']}", world.admin, json=body) == refusal


def test_a_team_of_another_account_is_not_there(world: World, number: int) -> None:
    other = elsewhere(world)
    foreign = world.http.post(f"{other}/teams", json={"name": "sales"}, token=world.admin).json()
    assert made(world, "sales")["id"] != foreign["id"]
    path = f"{world.account}/teams/{foreign['id']}"
    for method in ("GET", "PATCH", "DELETE"):
        assert refused(world, method, path, world.admin, json={"name": "x"}) == (404, NOT_FOUND)
    assert act(world, number, "assignments", team_id=foreign["id"]) is None
    assert "team" not in show(world, number)["meta"]
    # Ada is nobody there.
    body = {"user_ids": [world.ada_id]}
    path = f"{other}/teams/{foreign['id']}/team_members"
    assert refused(world, "POST", path, world.admin, json=body) == (401, STRANGERS)


def test_agents_read_teams_and_administrators_write_them(world: World, teams: str) -> None:
    team = f"{teams}/{made(world)['id']}"
    members = f"{team}/team_members"
    for path in (teams, team, members):
        assert world.http.get(path, token=world.olga).status_code == 200
        assert refused(world, "GET", path, None)[0] == 401
    for method, path in (
        ("POST", teams), ("PATCH", team), ("PUT", team), ("DELETE", team), ("POST", members), ("PATCH", members),
        ("PUT", members), ("DELETE", members),
    ):  # fmt: skip
        assert refused(world, method, path, world.ada, json={"name": "x", "user_ids": []}) == (401, NOT_ALLOWED)
        assert refused(world, method, path, None)[0] == 401


def test_what_is_no_team_of_the_account_is_404(world: World, teams: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        assert refused(world, method, f"{teams}/99", world.ada, json={"name": "x"}) == (404, NOT_FOUND)
    for method in ("GET", "POST", "PATCH", "DELETE"):
        body = {"user_ids": [world.ada_id]}
        assert refused(world, method, f"{teams}/99/team_members", world.ada, json=body) == (404, NOT_FOUND)


def test_members_come_and_go(world: World, teams: str) -> None:
    path = f"{teams}/{made(world)['id']}/team_members"

    def ask(method: str, *user_ids: Any) -> list[int]:
        answer = world.http.request(method, path, json={"user_ids": list(user_ids)}, token=world.admin)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()]

    def present() -> list[int]:
        return [one["id"] for one in world.http.get(path, token=world.ada).json()]

    assert present() == []
    assert ask("POST", world.ada_id) == [world.ada_id]
    assert set(world.http.get(path, token=world.ada).json()[0]) == AGENT_KEYS
    # Only those who are new; Olga, who is in no inbox, may be in a team.
    assert ask("POST", world.ada_id, str(world.olga_id), world.olga_id) == [world.olga_id]
    assert present() == [world.ada_id, world.olga_id]
    assert ask("PATCH", 1, world.olga_id) == [1, world.olga_id]
    assert ask("PUT", world.olga_id, world.ada_id) == present() == [world.ada_id, world.olga_id]
    answer = world.http.delete(path, json={"user_ids": [world.ada_id, 1]}, token=world.admin)
    assert (answer.status_code, answer.content) == (200, b"")
    assert present() == [world.olga_id]
    assert ask("PATCH") == present() == []


def test_a_stranger_spoils_every_write_of_members(world: World, teams: str) -> None:
    path = f"{teams}/{made(world, 'sales', world.ada_id)['id']}/team_members"
    for method in ("POST", "PATCH", "DELETE"):
        body = {"user_ids": [world.olga_id, 99]}
        assert refused(world, method, path, world.admin, json=body) == (401, STRANGERS)
        assert refused(world, method, path, world.admin, json={})[0] == 422
    assert [one["id"] for one in world.http.get(path, token=world.ada).json()] == [world.ada_id]


def test_an_assigned_team_is_shown_to_everybody(world: World, number: int) -> None:
    team = made(world, "Sales", world.olga_id)
    answer = act(world, number, "assignments", team_id=str(team["id"]))
    moment = "2026-06-10T11:14:56.789Z"
    assert answer == {
        "id": team["id"], "name": "sales", "description": None, "allow_auto_assign": True, "account_id": 1,
        "created_at": moment, "updated_at": moment,
    }  # fmt: skip
    assert show(world, number)["meta"]["team"] == team
    (shown,) = listed(world, world.ada)["payload"]
    assert shown["meta"]["team"] == team
    assert list(shown["meta"]) == ["sender", "channel", "team", "hmac_verified"]
    path = f"{world.account}/conversations/{number}"
    assert world.http.get(path, token=world.olga).json()["meta"]["team"] == team | {"is_member": True}


def test_subscribers_hear_of_a_team(world: World, number: int) -> None:
    team = made(world)
    before = len(world.events())
    act(world, number, "assignments", team_id=team["id"])
    act(world, number, "assignments", team_id=team["id"])
    act(world, number, "assignments", team_id=None)
    given, taken = world.events()[before:]
    assert [event["event"] for event in (given, taken)] == ["conversation_updated"] * 2
    assert given["meta"]["team"] == {"id": team["id"], "name": "sales"}
    assert {"team_id": {"previous_value": None, "current_value": team["id"]}} in given["changed_attributes"]
    assert taken["meta"]["team"] is None
    assert lines(world, number) == ["Assigned to sales by Ada", "Unassigned from sales by Ada"]


@pytest.mark.parametrize("nobody", [None, 0, 999, ""])
def test_no_team_and_an_unknown_one_take_it_from_its_team(world: World, number: int, nobody: Any) -> None:
    act(world, number, "assignments", team_id=made(world, "sales", world.ada_id)["id"])
    act(world, number, "assignments", assignee_id=world.ada_id)
    path = f"{world.account}/conversations/{number}/assignments"
    answer = world.http.post(path, json={"team_id": nobody}, token=world.ada)
    assert (answer.status_code, answer.text) == (200, "null")
    meta = show(world, number)["meta"]
    assert "team" not in meta
    assert meta["assignee"]["id"] == world.ada_id


def test_a_team_takes_it_from_an_assignee_who_is_not_in_it_in_one_line(world: World, number: int) -> None:
    own, other = made(world, "own", world.ada_id), made(world, "other", world.olga_id)
    act(world, number, "assignments", assignee_id=world.ada_id)
    act(world, number, "assignments", team_id=own["id"])
    assert show(world, number)["meta"]["assignee"]["id"] == world.ada_id
    before = len(world.events())
    act(world, number, "assignments", team_id=other["id"])
    assert "assignee" not in show(world, number)["meta"]
    assert emitted(world, before) == ["conversation_updated"]
    assert lines(world, number) == [
        "Ada self-assigned this conversation",
        "Assigned to own by Ada",
        "Assigned to other by Ada",
    ]


def test_who_is_put_in_charge_together_with_the_team_is_in_its_line(world: World, app: App, number: int) -> None:
    team = made(world, "sales", world.olga_id)

    def change(tx: Tx) -> None:
        [talk] = tx.filter(Conversation)
        actor = Actor("user", world.ada_id, "Ada")
        conversations.change(tx, talk, actor, team_id=team["id"], assignee_id=world.olga_id)

    app.store.write(change)
    assert lines(world, number) == ["Assigned to Olga via sales by Ada"]
    assert activity.team_removed("sales", "Ada") == "Unassigned from sales by Ada"


def test_an_assignee_goes_before_a_team(world: World, number: int) -> None:
    team = made(world)
    answer = act(world, number, "assignments", assignee_id=world.olga_id, team_id=team["id"])
    assert set(answer) == AGENT_KEYS
    assert "team" not in show(world, number)["meta"]


def test_a_conversation_is_opened_for_a_team(world: World) -> None:
    team = made(world, "sales", world.ada_id)
    before = len(world.events())
    mine = create(world, team_id=team["id"], assignee_id=world.ada_id)
    assert mine["meta"]["team"] == team | {"is_member": True}
    assert mine["meta"]["assignee"]["id"] == world.ada_id
    other = create(world, team_id=str(team["id"]), assignee_id=world.olga_id)
    assert other["meta"]["assignee"]["id"] == world.ada_id, "Olga is not in it, and it is Ada's turn"
    assert emitted(world, before) == ["conversation_created"] * 2
    assert world.events()[-1]["meta"]["team"] == {"id": team["id"], "name": "sales"}
    assert lines(world, mine["id"]) == []


def test_a_conversation_is_not_opened_for_an_unknown_team(world: World) -> None:
    body = {"inbox_id": world.inbox["id"], "contact_id": world.carl["id"], "team_id": 99}
    assert refused(world, "POST", f"{world.account}/conversations", world.ada, json=body) == (404, NOT_FOUND)
    assert ids(world) == []


def test_a_member_of_the_team_may_do_everything_in_its_conversation_and_finds_it_in_no_list(
    world: World, number: int
) -> None:
    other = world.conversation()
    path = f"{world.account}/conversations"
    team = made(world, "sales", world.olga_id)
    assert refused(world, "GET", f"{path}/{number}", world.olga) == (401, NOT_ALLOWED)
    act(world, number, "assignments", team_id=team["id"])
    assert world.http.get(f"{path}/{number}", token=world.olga).status_code == 200
    posted = world.http.post(f"{path}/{number}/messages", json={"content": "hi"}, token=world.olga)
    assert posted.status_code == 200
    assert refused(world, "GET", f"{path}/{other}", world.olga) == (401, NOT_ALLOWED)
    assert ids(world, world.olga) == []
    act(world, number, "assignments", team_id=0)
    assert refused(world, "GET", f"{path}/{number}", world.olga) == (401, NOT_ALLOWED)


def test_lists_and_counts_are_of_one_team_when_it_is_named(world: World, number: int) -> None:
    team, idle = made(world), made(world, "idle")
    world.conversation()
    act(world, number, "assignments", team_id=team["id"])
    assert ids(world, team_id=team["id"]) == [number]
    assert listed(world, team_id=team["id"])["meta"]["all_count"] == 1
    counts = world.http.get(f"{world.account}/conversations/meta?team_id={team['id']}", token=world.ada).json()
    assert counts["meta"]["all_count"] == 1
    assert ids(world, team_id=idle["id"]) == []
    assert ids(world, team_id=team["id"], updated_within=60) == [number]
    path = f"{world.account}/conversations/meta?team_id=99"
    assert refused(world, "GET", path, world.ada) == (404, NOT_FOUND)


def test_conversations_of_a_deleted_team_have_none_and_nobody_is_told(world: World, teams: str, number: int) -> None:
    team, kept = made(world, "sales", world.olga_id), made(world, "kept")
    other = world.conversation()
    act(world, number, "assignments", team_id=team["id"])
    act(world, other, "assignments", team_id=kept["id"])
    before = len(world.events())
    answer = world.http.delete(f"{teams}/{team['id']}", token=world.admin)
    assert (answer.status_code, answer.content) == (200, b"")
    assert "team" not in show(world, number)["meta"]
    assert show(world, other)["meta"]["team"]["id"] == kept["id"]
    assert len(world.events()) == before
    assert refused(world, "GET", f"{teams}/{team['id']}", world.admin) == (404, NOT_FOUND)
    assert refused(world, "GET", f"{world.account}/conversations/{number}", world.olga) == (401, NOT_ALLOWED)
    # The name is free, and nobody is in the new team yet.
    again = made(world, "sales")
    assert world.http.get(f"{teams}/{again['id']}/team_members", token=world.admin).json() == []
