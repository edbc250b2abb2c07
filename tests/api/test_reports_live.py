"""Reports of this moment."""

from typing import Any

import pytest

from tests.api.test_conversations import act
from tests.api.test_inboxes import NOT_FOUND
from tests.api.test_reports import ask, refused
from tests.api.test_teams import elsewhere, made
from tests.cast import World


@pytest.fixture
def team(world: World) -> int:
    """Six conversations: Ada's, answered; Ada's, waiting; nobody's in a team; pending in a team; snoozed;
    resolved."""
    sales: int = made(world, "sales")["id"]
    answered, waiting, unassigned, pending, snoozed, resolved = (world.conversation() for _ in range(6))
    for number in (answered, waiting):
        world.reply(number)
        act(world, number, "assignments", assignee_id=world.ada_id)
    world.incoming(waiting)
    for number in (unassigned, pending):
        act(world, number, "assignments", team_id=sales)
    for number, status in ((pending, "pending"), (snoozed, "snoozed"), (resolved, "resolved")):
        act(world, number, "toggle_status", world.admin, status=status)
    return sales


WHOLE = {"open": 3, "unattended": 2, "unassigned": 1, "pending": 1}


def test_what_is_open_is_counted(world: World, team: int) -> None:
    path = "live_reports/conversation_metrics"
    assert ask(world, path) == ask(world, "reports/conversations", type="account") == WHOLE
    assert ask(world, path, team_id=team) == {"open": 1, "unattended": 1, "unassigned": 1, "pending": 1}


def test_what_is_open_is_counted_in_groups(world: World, team: int) -> None:
    def groups(**params: Any) -> list[Any]:
        rows = ask(world, "live_reports/grouped_conversation_metrics", **params)
        return sorted(rows, key=lambda row: row["open"])

    own = {"open": 2, "unattended": 1, "unassigned": 0}
    nobodys = {"open": 1, "unattended": 1, "unassigned": 1}
    assert groups(group_by="assignee_id") == [nobodys | {"assignee_id": None}, own | {"assignee_id": world.ada_id}]
    assert groups(group_by="team_id") == [nobodys | {"team_id": team}, own | {"team_id": None}]
    assert groups(group_by="assignee_id", team_id=team) == [nobodys | {"assignee_id": None}]


def test_there_are_two_ways_to_group(world: World) -> None:
    path = "live_reports/grouped_conversation_metrics"
    for group in ("inbox_id", "", None):
        assert refused(world, path, group_by=group) == (422, {"error": "invalid group_by"})
    assert ask(world, path, group_by="team_id") == []


def test_a_team_of_another_account_is_not_there(world: World) -> None:
    theirs = world.http.post(f"{elsewhere(world)}/teams", json={"name": "x"}, token=world.admin).json()["id"]
    for path in ("conversation_metrics", "grouped_conversation_metrics"):
        params = {"team_id": theirs, "group_by": "team_id"}
        assert refused(world, f"live_reports/{path}", **params) == (404, NOT_FOUND)


@pytest.mark.usefixtures("team")
def test_agents_are_shown_with_what_they_have_open(world: World) -> None:
    loads = ask(world, "reports/conversations", type="agent")
    assert loads[0] == {
        "id": world.ada_id, "name": "Ada", "email": "ada@acme.test", "thumbnail": "", "availability": "online",
        "metric": {"open": 2, "unattended": 1},
    }  # fmt: skip
    assert [load["metric"] for load in loads[1:]] == [{"open": 0, "unattended": 0}] * 2
    assert ask(world, "reports/conversations", type="agent", user_id=world.ada_id) == loads[:1]
    assert refused(world, "reports/conversations", type="agent", user_id=99) == (404, NOT_FOUND)


def test_agents_come_twenty_five_to_a_page(world: World) -> None:
    for number in range(24):
        body = {"name": f"A{number}", "email": f"a{number}@acme.test", "role": "agent"}
        assert world.http.post(f"{world.account}/agents", json=body, token=world.admin).status_code == 200
    pages = [ask(world, "reports/conversations", type="agent", page=page) for page in (1, 2, 3, 0)]
    assert [len(page) for page in pages] == [25, 2, 0, 25]
    assert len({load["id"] for load in pages[0] + pages[1]}) == 27


def test_whose_conversations_are_meant_has_to_be_said(world: World) -> None:
    for kind in (None, "", "inbox"):
        assert refused(world, "reports/conversations", type=kind) == (422, None)
