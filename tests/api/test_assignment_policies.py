from typing import Any

import pytest

from inboxd.app import App
from inboxd.store.models import InboxAssignmentPolicy
from tests.cast import EPOCH, World

NOW = EPOCH // 1000
NOT_FOUND = {"error": "Resource could not be found"}
NONE = {"error": "Assignment policy not found"}


def create(world: World, **values: Any) -> Any:
    return world.http.post(f"{world.account}/assignment_policies", json=values, token=world.admin)


def link(world: World, method: str, **values: Any) -> Any:
    path = f"{world.account}/inboxes/{world.inbox['id']}/assignment_policy"
    return world.http.request(method, path, json=values or None, token=world.admin)


def test_a_policy_begins_with_the_defaults(world: World) -> None:
    policy = create(world, name="Fair").json()
    assert policy == {
        "id": policy["id"],
        "name": "Fair",
        "description": None,
        "assignment_order": "round_robin",
        "conversation_priority": "earliest_created",
        "fair_distribution_limit": 100,
        "fair_distribution_window": 3600,
        "enabled": True,
        "assigned_inbox_count": 0,
        "created_at": NOW,
        "updated_at": NOW,
    }
    path = f"{world.account}/assignment_policies"
    assert world.http.get(path, token=world.admin).json() == [policy]
    assert world.http.get(f"{path}/{policy['id']}", token=world.admin).json() == policy


def test_a_policy_is_changed_and_deleted(world: World) -> None:
    path = f"{world.account}/assignment_policies/{create(world, name='Fair').json()['id']}"
    values = {"conversation_priority": "longest_waiting", "fair_distribution_limit": 5, "enabled": False}
    changed = world.http.put(path, json={"assignment_policy": values}, token=world.admin).json()
    assert {key: changed[key] for key in values} == values
    assert world.http.patch(path, json={"enabled": None, "name": "Fair"}, token=world.admin).json() == changed
    answer = world.http.delete(path, token=world.admin)
    assert (answer.status_code, answer.text) == (200, "")
    assert world.http.get(path, token=world.admin).json() == NOT_FOUND


@pytest.mark.parametrize(
    ("values", "message", "field"),
    [
        ({"name": " "}, "Name can't be blank", "name"),
        ({"description": "x"}, "Name can't be blank", "name"),
        ({"name": "Taken"}, "Name has already been taken", "name"),
        (
            {"name": "x", "fair_distribution_limit": 0},
            "Fair distribution limit must be greater than 0",
            "fair_distribution_limit",
        ),
        (
            {"name": "x", "fair_distribution_window": -1},
            "Fair distribution window must be greater than 0",
            "fair_distribution_window",
        ),
        (
            {"name": "x", "assignment_order": "balanced"},
            "Assignment order must be one of round_robin",
            "assignment_order",
        ),
    ],
)
def test_values_that_break_a_rule_are_refused(world: World, values: Any, message: str, field: str) -> None:
    create(world, name="Taken")
    answer = create(world, **values)
    assert (answer.status_code, answer.json()) == (422, {"message": message, "attributes": [field]})


def test_no_parameters_are_told_so(world: World) -> None:
    assert create(world).json() == {"error": "param is missing or the value is empty: assignment_policy"}


def test_an_inbox_follows_one_policy(world: World) -> None:
    first, second = (create(world, name=name).json()["id"] for name in ("first", "second"))
    assert (link(world, "GET").status_code, link(world, "GET").json()) == (404, NONE)
    assert link(world, "POST", assignment_policy_id=first).json()["assigned_inbox_count"] == 1
    assert link(world, "POST", assignment_policy_id=second).json()["id"] == second
    assert link(world, "GET").json()["id"] == second
    listed = world.http.get(f"{world.account}/assignment_policies", token=world.admin).json()
    assert [(one["id"], one["assigned_inbox_count"]) for one in listed] == [(first, 0), (second, 1)]
    path = f"{world.account}/assignment_policies/{second}/inboxes"
    inbox = world.http.get(f"{world.account}/inboxes/{world.inbox['id']}", token=world.admin).json()
    assert world.http.get(path, token=world.admin).json() == {"inboxes": [inbox]}

    assert (link(world, "DELETE").status_code, link(world, "DELETE").json()) == (200, NONE)
    assert world.http.get(path, token=world.admin).json() == {"inboxes": []}


def test_a_policy_that_is_not_there_cannot_be_followed(world: World) -> None:
    for given in (None, 99):
        answer = link(world, "POST", assignment_policy_id=given)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_an_inbox_follows_no_policy_that_was_deleted_and_takes_its_own_link_along(world: World, app: App) -> None:
    first, second = (create(world, name=name).json()["id"] for name in ("first", "second"))
    link(world, "POST", assignment_policy_id=first)
    world.http.delete(f"{world.account}/assignment_policies/{first}", token=world.admin)
    assert link(world, "GET").json() == NONE
    link(world, "POST", assignment_policy_id=second)
    world.http.delete(f"{world.account}/inboxes/{world.inbox['id']}", token=world.admin)
    with app.store.read() as tx:
        assert tx.filter(InboxAssignmentPolicy) == []
    path = f"{world.account}/assignment_policies/{second}"
    assert world.http.get(path, token=world.admin).json()["assigned_inbox_count"] == 0


def test_two_accounts_may_use_the_same_name(world: World) -> None:
    create(world, name="Fair")
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    path = f"/api/v1/accounts/{other}/assignment_policies"
    assert world.http.post(path, json={"name": "Fair"}, token=world.admin).status_code == 200


def test_policies_are_for_administrators(world: World) -> None:
    policy = create(world, name="Fair").json()["id"]
    for path in (
        "assignment_policies",
        f"assignment_policies/{policy}",
        f"inboxes/{world.inbox['id']}/assignment_policy",
    ):
        assert world.http.get(f"{world.account}/{path}", token=world.ada).status_code == 401
