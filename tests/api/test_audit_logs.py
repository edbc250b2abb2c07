from typing import Any

import pytest

from inboxd.api.routes import ROUTES
from inboxd.app import App
from inboxd.domain.retry import DAY_MS
from inboxd.store.models import AuditLog
from inboxd.upkeep.keeper import Keeper
from tests.cast import EPOCH, Clock, World

KEYS = [
    "id", "auditable_id", "auditable_type", "auditable", "associated_id", "associated_type", "user_id", "user_type",
    "username", "action", "audited_changes", "version", "comment", "request_uuid", "created_at", "remote_address",
]  # fmt: skip


def logs(world: World, query: str = "") -> list[Any]:
    """The newest first."""
    answer = world.http.get(f"{world.account}/audit_logs{query}", token=world.admin)
    assert answer.status_code == 200, answer.text
    entries: list[Any] = answer.json()["audit_logs"]
    return entries


class Trail:
    """What the log gained by each request."""

    def __init__(self, world: World) -> None:
        self.world = world

    def ask(self, method: str, path: str, **body: Any) -> tuple[Any, list[Any]]:
        before = {one["id"] for one in logs(self.world)}
        answer = self.world.http.request(method, self.world.account + path, json=body, token=self.world.admin)
        assert answer.status_code == 200, answer.text
        new = [one for one in logs(self.world) if one["id"] not in before]
        return answer.json() if answer.content else None, new[::-1]

    def said(self, method: str, path: str, **body: Any) -> list[tuple[str, str]]:
        return [(one["action"], one["auditable_type"]) for one in self.ask(method, path, **body)[1]]


@pytest.fixture
def trail(world: World) -> Trail:
    return Trail(world)


def test_an_entry_says_who_changed_what(world: World, trail: Trail) -> None:
    team, [made] = trail.ask("POST", "/teams", name="Sales")
    assert list(made) == KEYS
    uuid = made.pop("request_uuid")
    assert len(uuid) == 36
    assert made == {
        "id": made["id"], "auditable_id": team["id"], "auditable_type": "Team",
        "auditable": {"id": team["id"], "name": "sales", "description": None, "allow_auto_assign": True},
        "associated_id": 1, "associated_type": "Account", "user_id": 1, "user_type": "User",
        "username": "admin@acme.test", "action": "create",
        "audited_changes": {"name": "sales", "description": None, "allow_auto_assign": True},
        "version": 1, "comment": None, "created_at": EPOCH // 1000, "remote_address": made["remote_address"],
    }  # fmt: skip
    _, [changed] = trail.ask("PATCH", f"/teams/{team['id']}", name="support", description="d")
    assert changed["audited_changes"] == {"name": ["sales", "support"], "description": [None, "d"]}
    assert (changed["action"], changed["version"]) == ("update", 2)
    assert changed["request_uuid"] != uuid
    assert trail.ask("PATCH", f"/teams/{team['id']}", name="support")[1] == []
    _, [gone] = trail.ask("DELETE", f"/teams/{team['id']}")
    assert (gone["action"], gone["version"], gone["auditable"]) == ("destroy", 3, None)
    assert gone["audited_changes"] == {"name": "support", "description": "d", "allow_auto_assign": True}


def test_everything_that_runs_an_account_is_in_it(world: World, trail: Trail) -> None:
    members = {"inbox_id": world.inbox["id"], "user_ids": [world.olga_id]}
    assert trail.said("POST", "/inbox_members", **members) == [("create", "InboxMember")]
    assert trail.said("DELETE", "/inbox_members", **members) == [("destroy", "InboxMember")]
    assert trail.said("PATCH", "", name="Acme Inc") == [("update", "Account")]
    assert trail.said("POST", "/agents", email="new@acme.test") == [("create", "AccountUser")]
    assert trail.said("POST", "/agents/bulk_create", emails=["a@x.test", "b@x.test"]) == [("create", "AccountUser")] * 2
    _, [changed] = trail.ask("PATCH", f"/agents/{world.olga_id}", role="administrator")
    assert changed["audited_changes"] == {"role": ["agent", "administrator"]}
    assert changed["auditable"]["user_id"] == world.olga_id
    assert trail.said("DELETE", f"/agents/{world.olga_id}") == [("destroy", "AccountUser")]
    assert trail.said("POST", "/teams", name="x") == [("create", "Team")]
    people = {"user_ids": [world.ada_id]}
    assert trail.said("POST", "/teams/1/team_members", **people) == [("create", "TeamMember")]
    assert trail.said("PATCH", "/teams/1/team_members", user_ids=[1]) == [
        ("destroy", "TeamMember"),
        ("create", "TeamMember"),
    ]
    assert trail.said("DELETE", "/teams/1/team_members", user_ids=[1]) == [("destroy", "TeamMember")]
    assert trail.said("POST", "/agent_bots", name="Bo") == [("create", "AgentBot"), ("create", "Webhook")]
    path = f"/inboxes/{world.inbox['id']}"
    assert trail.said("POST", f"{path}/set_agent_bot", agent_bot=1) == [("create", "AgentBotInbox")]
    assert trail.said("DELETE", "/agent_bots/1") == [("destroy", "AgentBot")]
    assert trail.said("PATCH", path, channel={"webhook_url": "https://hooks.test/1"}) == [("update", "Webhook")]
    assert trail.said("PATCH", path, name="Renamed") == [("update", "Inbox")]
    assert trail.said("POST", "/assignment_policies", name="Fair") == [("create", "AssignmentPolicy")]
    _, [changed] = trail.ask("PATCH", "/assignment_policies/1", fair_distribution_limit=3)
    assert changed["audited_changes"] == {"fair_distribution_limit": [100, 3]}
    link = f"{path}/assignment_policy"
    assert trail.said("POST", link, assignment_policy_id=1) == [("create", "InboxAssignmentPolicy")]
    assert trail.said("POST", link, assignment_policy_id=1) == []
    assert trail.said("DELETE", link) == [("destroy", "InboxAssignmentPolicy")]
    trail.ask("POST", link, assignment_policy_id=1)
    assert trail.said("DELETE", "/assignment_policies/1") == [
        ("destroy", "AssignmentPolicy"),
        ("destroy", "InboxAssignmentPolicy"),
    ]
    assert trail.said("DELETE", path) == [("destroy", "Inbox")]


def test_no_secret_is_in_it_and_a_new_one_is_seen_to_be_new(world: World, app: App, trail: Trail) -> None:
    secrets = [world.inbox["hmac_token"], world.inbox["secret"], world.ada, world.olga, world.admin]
    hook, made = trail.ask("POST", "/webhooks", url="https://hooks.test/1", headers={"X-Key": "hush-hush"})
    webhook = hook["payload"]["webhook"]
    secrets += [webhook["secret"], "hush-hush"]
    assert made[0]["audited_changes"]["headers"] == {"X-Key": "********"}
    hook, [rotated] = trail.ask("POST", f"/webhooks/{webhook['id']}/rotate_secret")
    secrets.append(hook["payload"]["webhook"]["secret"])
    assert (rotated["action"], rotated["auditable_type"]) == ("update", "Webhook")
    assert rotated["audited_changes"]["secret"] == ["********", "********"]
    inbox, [reset] = trail.ask("POST", f"/inboxes/{world.inbox['id']}/reset_secret")
    secrets.append(inbox["secret"])
    assert reset["audited_changes"]["secret"] == ["********", "********"]
    token, [opened] = trail.ask("POST", "/access_tokens", name="bridge", user_id=world.ada_id)
    secrets.append(token["access_token"])
    assert (opened["action"], opened["auditable_type"]) == ("create", "AccessToken")
    assert (opened["audited_changes"]["name"], opened["audited_changes"]["digest"]) == ("bridge", "********")
    assert trail.said("DELETE", f"/access_tokens/{token['id']}") == [("destroy", "AccessToken")]
    trail.ask("PATCH", f"/inboxes/{world.inbox['id']}", name="Other")
    with app.store.read() as tx:
        written = str([log.__dict__ for log in tx.filter(AuditLog)])
    shown = str(logs(world))
    assert not [one for one in secrets if one in written or one in shown]


def test_who_was_deleted_is_not_remembered_by_the_log(world: World, trail: Trail) -> None:
    number = world.conversation()
    _, [talk] = trail.ask("DELETE", f"/conversations/{number}")
    assert (talk["action"], talk["audited_changes"]["display_id"]) == ("destroy", number)
    other = world.http.post(f"{world.account}/contacts", json={"name": "Dora"}, token=world.admin).json()
    other_id = other["payload"]["contact"]["id"]
    body = {"base_contact_id": world.carl["id"], "mergee_contact_id": other_id}
    _, [merged] = trail.ask("POST", "/actions/contact_merge", **body)
    assert (merged["auditable_id"], merged["action"]) == (other_id, "destroy")
    assert merged["comment"] == "became one with another contact"
    _, [gone] = trail.ask("DELETE", f"/contacts/{world.carl['id']}")
    assert gone["audited_changes"] == {"contact_type": "lead", "blocked": False}
    assert "carl" not in str(logs(world)).lower()


def test_what_fails_leaves_no_entry_and_what_is_answered_again_no_second(world: World) -> None:
    before = len(logs(world))
    path = f"{world.account}/teams"
    assert world.http.post(path, json={"name": ""}, token=world.admin).status_code == 422
    assert world.http.post(path, json={"name": "x"}, token=world.ada).status_code == 401
    for _ in range(2):
        world.http.post(path, json={"name": "x"}, token=world.admin, headers={"Idempotency-Key": "k"})
    assert len(logs(world)) == before + 1


def test_pages_are_of_twenty_five_and_of_this_account_alone(world: World) -> None:
    made = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()
    other = f"/api/v1/accounts/{made['id']}"
    world.http.post(f"{other}/teams", json={"name": "theirs"}, token=world.admin)
    for number in range(30):
        world.http.post(f"{world.account}/teams", json={"name": f"t{number}"}, token=world.admin)
    path = f"{world.account}/audit_logs"
    first = world.http.get(path, token=world.admin).json()
    assert (first["per_page"], first["current_page"], len(first["audit_logs"])) == (25, 1, 25)
    assert first["audit_logs"][0]["audited_changes"]["name"] == "t29"
    second = world.http.get(f"{path}?page=2", token=world.admin).json()
    assert (second["current_page"], second["total_entries"]) == (2, 25 + len(second["audit_logs"]))
    theirs = world.http.get(f"{other}/audit_logs", token=world.admin).json()
    assert [one["audited_changes"]["name"] for one in theirs["audit_logs"]] == ["theirs"]
    assert world.http.get(path, token=world.ada).status_code == 401


def test_entries_are_kept_for_more_than_a_year(world: World, app: App, clock: Clock) -> None:
    before = len(logs(world))
    keeper = Keeper(app.store, app.blobs.let_go, 30)
    clock.advance(ms=366 * DAY_MS)
    world.http.post(f"{world.account}/teams", json={"name": "x"}, token=world.admin)
    keeper.step()
    assert len(logs(world)) == before + 1
    clock.advance(ms=35 * DAY_MS)
    keeper.step()
    assert len(logs(world)) == 1


def test_nothing_detached_is_watched_for_it_changes_nothing_while_its_handler_runs() -> None:
    watched = [route for route in ROUTES if hasattr(route.handler, "__wrapped__")]
    assert len(watched) > 30
    assert [route for route in watched if not route.is_unit] == []
