"""Whatever is deleted, nothing that is shown points to it any more."""

import itertools
import json
from typing import Any

import pytest

from inboxd.app import App
from inboxd.domain.errors import StorageFull
from inboxd.store import conversations, models, outbox, people, removal, teams
from inboxd.store.db import Tx
from inboxd.store.models import TABLES
from tests.api.test_scope import OWN, call, furnished, label, path
from tests.cast import EPOCH, World

__all__ = ["furnished"]

PNG = ("a.png", b"\x89PNG\r\n\x1a\n", "image/png")
DELETIONS = (
    "inboxes/1", "contacts/1", "conversations/1", "agents/{ada}", "teams/1", "agent_bots/1", "labels/1",
    "conversations/1/messages/1", "access_tokens/2",
)  # fmt: skip
OWNERS: dict[str, type[models.Record]] = {
    "account_id": models.Account, "user_id": models.User, "inviter_id": models.User, "inbox_id": models.Inbox,
    "agent_bot_id": models.AgentBot, "team_id": models.Team, "contact_id": models.Contact,
    "conversation_id": models.Conversation, "contact_inbox_id": models.ContactInbox, "assignee_id": models.User,
    "assignee_agent_bot_id": models.AgentBot, "message_id": models.Message, "webhook_id": models.Webhook,
    "event_id": models.Event, "delivery_id": models.Delivery, "assignment_policy_id": models.AssignmentPolicy,
    "primary_actor_id": models.Conversation, "created_by_id": models.User, "updated_by_id": models.User,
    "assigned_agent_id": models.User, "review_notes_updated_by_id": models.User, "token_id": models.AccessToken,
}  # fmt: skip
"""What a column points to."""


@pytest.fixture
def full(furnished: World) -> World:
    """Acme with more of what hangs on other things."""
    world, account = furnished, furnished.account

    def send(method: str, where: str, token: str | None = None, **body: Any) -> Any:
        answer = world.http.request(method, f"{account}/{where}", token=token or world.ada, **body)
        assert answer.status_code == 200, (where, answer.text)
        return answer

    send("PATCH", "contacts/1", files={"avatar": PNG})
    send("PATCH", "inboxes/1", world.admin, files={"avatar": PNG})
    send("PATCH", "agent_bots/1", world.admin, files={"avatar": PNG})
    send("POST", "contacts/1/labels", json={"labels": ["vip"]})
    send("POST", "conversations/1/labels", json={"labels": ["vip"]})
    send("POST", "conversations/1/participants", json={"user_ids": [world.ada_id]})
    send("PATCH", "conversations/1/draft_messages", json={"draft_message": {"message": "soon"}})
    send("PATCH", "notification_settings", json={"notification_settings": {"selected_email_flags": []}})
    send("POST", "teams/1/team_members", world.admin, json={"user_ids": [world.ada_id]})
    send("POST", "inboxes/1/set_agent_bot", world.admin, json={"agent_bot": 1})
    send("POST", "macros", json={"name": "Mine", "actions": [{"action_name": "resolve_conversation"}]})
    mention = f"[@Ada](mention://user/{world.ada_id}/Ada) look"
    send("POST", "conversations/1/messages", world.admin, json={"content": mention, "private": True})
    send("POST", "conversations/1/messages", files=[("attachments[]", PNG)], data={"content": "see"})
    send("PATCH", "csat_survey_responses/1", world.admin, json={"csat_review_notes": "kind"})
    send("POST", "conversations/1/toggle_status", json={"status": "resolved"})
    send("POST", "conversations/1/toggle_status", json={"status": "open"})
    other = world.http.post(f"{world.public}/contacts", json={"source_id": "dora", "name": "Dora"}).json()
    number = world.http.post(f"{world.public}/contacts/dora/conversations").json()["id"]
    world.http.post(f"{world.public}/contacts/dora/conversations/{number}/messages", json={"content": "me too"})
    send("POST", f"conversations/{number}/assignments", json={"assignee_id": 1, "assignee_type": "AgentBot"})
    lines: list[dict[str, Any]] = [{"type": "contact", "source_id": "c", "name": "Ann"}]
    lines.append({"type": "conversation", "source_id": "t", "contact": "c", "inbox": 1, "assignee": "ada@acme.test"})
    send("POST", "import", world.admin, data="\n".join(map(json.dumps, lines)).encode())
    assert other["id"] == 2
    return world


def dangling(app: App) -> set[str]:
    """Columns that name a row that is not there. Events, deliveries and the audit log tell what happened."""
    found: set[str] = set()
    with app.store.read() as tx:
        ids = {model: {row.__dict__["id"] for row in tx.filter(model)} for model in set(OWNERS.values())}
        for model in set(TABLES) - {models.Event, models.Delivery, models.AuditLog, models.ReportingEvent}:
            for row in tx.filter(model):
                for name, value in row.__dict__.items():
                    if value and name in OWNERS and value not in ids[OWNERS[name]]:
                        found.add(f"{model.__name__}.{name}")
    return found


def everything_is_readable(world: World, token: str, number: str) -> None:
    for route in OWN:
        if route.method == "GET" and not route.path.endswith("/events"):
            where = path(route, 1).replace("/conversations/1", f"/conversations/{number}")
            got = call(world.http, route, where.replace("/contacts/1", f"/contacts/{number}"), token)
            assert got.status_code < 500, (label(route), number)


@pytest.mark.parametrize("where", DELETIONS)
def test_what_is_deleted_leaves_nothing_that_points_to_it(full: World, app: App, where: str) -> None:
    target = f"{full.account}/{where.format(ada=full.ada_id)}"
    answer = full.http.delete(target, token=full.admin)
    assert answer.status_code == 200, answer.text
    assert dangling(app) == set()
    everything_is_readable(full, full.admin, "1")
    everything_is_readable(full, full.olga, "2")


def test_a_merged_contact_leaves_nothing_that_points_to_it(full: World, app: App) -> None:
    body = {"base_contact_id": 2, "mergee_contact_id": 1}
    answer = full.http.post(f"{full.account}/actions/contact_merge", json=body, token=full.admin)
    assert answer.status_code == 200, answer.text
    assert dangling(app) == set()
    everything_is_readable(full, full.admin, "2")
    shown = full.http.get(f"{full.account}/contacts/2", token=full.admin).json()["payload"]
    assert full.http.get(shown["thumbnail"].removeprefix("http://inboxd.test")).content == PNG[1]


def test_personal_macros_of_somebody_who_is_gone_are_gone_and_global_ones_stay(full: World, app: App) -> None:
    full.http.delete(f"{full.account}/agents/{full.ada_id}", token=full.admin)
    with app.store.read() as tx:
        assert [macro.name for macro in tx.filter(models.Macro)] == ["Close"]


@pytest.mark.parametrize(
    ("where", "kind", "left"),
    [("inboxes/1", "Inbox", 0), ("contacts/1", "Contact", 2), ("conversations/1", "Conversation", 2)],
)
def test_what_holds_much_is_deleted_in_steps_and_may_be_interrupted(
    full: World, app: App, monkeypatch: pytest.MonkeyPatch, where: str, kind: str, left: int
) -> None:
    monkeypatch.setattr(removal, "_MESSAGES", 3)
    monkeypatch.setattr(removal, "_TALKS", 2)
    write, steps = app.store.write, itertools.count()

    def interrupted(unit: Any, **options: Any) -> Any:
        if next(steps) == 2:
            raise StorageFull
        return write(unit, **options)

    with monkeypatch.context() as patched:
        patched.setattr(app.store, "write", interrupted)
        assert full.http.delete(f"{full.account}/{where}", token=full.admin).status_code == 507
    everything_is_readable(full, full.admin, "1")
    assert full.http.delete(f"{full.account}/{where}", token=full.admin).status_code == 200
    assert full.http.delete(f"{full.account}/{where}", token=full.admin).status_code == 404
    assert next(steps) > 2
    assert dangling(app) == set()
    with app.store.read() as tx:
        assert len(tx.filter(models.Conversation)) == left
        logged = [log.auditable_type for log in tx.filter(models.AuditLog) if log.action == "destroy"]
    assert logged == [kind]


@pytest.mark.parametrize("where", ["teams/1", "agents/{ada}"])
def test_whose_conversations_are_many_goes_in_steps(
    full: World, app: App, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(removal, "_MESSAGES", 2)
    for _ in range(4):
        number = full.conversation()
        for whose in ({"team_id": 1}, {"assignee_id": full.ada_id}):
            full.http.post(f"{full.account}/conversations/{number}/assignments", json=whose, token=full.admin)
    units: list[int] = []
    release = removal.release

    def counted(*args: Any, **values: Any) -> bool:
        units.append(1)
        return release(*args, **values)

    monkeypatch.setattr(teams, "release", counted)
    monkeypatch.setattr(people, "release", counted)
    target = f"{full.account}/{where.format(ada=full.ada_id)}"
    assert full.http.delete(target, token=full.admin).status_code == 200
    assert len(units) > 2
    assert dangling(app) == set()
    assert full.http.delete(target, token=full.admin).status_code == 404


@pytest.mark.parametrize("where", ["webhooks", "agent_bots", "inboxes"])
def test_what_is_owed_much_goes_in_steps_and_an_interruption_leaves_every_line_its_head(
    full: World, app: App, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(outbox, "CANCELLED", 2)
    monkeypatch.setattr(removal, "_MESSAGES", 2)
    with app.store.read() as tx:
        hooks = {hook.kind: hook for hook in tx.filter(models.Webhook)}
        hook = hooks[{"webhooks": "account", "agent_bots": "bot", "inboxes": "inbox"}[where]]
        number = {"webhooks": hook.id, "agent_bots": hook.agent_bot_id, "inboxes": hook.inbox_id}[where]

    def owe(tx: Tx) -> None:
        for place in range(1, 30):
            tx.insert(
                models.Delivery, account_id=1, webhook_id=hook.id, event_id=place, conversation_id=1, uuid=str(place),
                next_attempt_at=None if place > 1 else EPOCH + 10**9,
            )  # fmt: skip
        tx.execute(models.Conversation.update(assignee_agent_bot_id=1))

    app.store.write(owe)
    write, units = app.store.write, itertools.count()

    def interrupted(unit: Any, **options: Any) -> Any:
        if next(units) == 4:
            raise StorageFull
        return write(unit, **options)

    target = f"{full.account}/{where}/{number}"
    with monkeypatch.context() as patched:
        patched.setattr(app.store, "write", interrupted)
        assert full.http.delete(target, token=full.admin).status_code == 507
    with app.store.read() as tx:
        owed = tx.filter(models.Delivery, webhook_id=hook.id, state="pending")
    left = [row.uuid for row in owed if row.uuid.isdigit()]
    assert 0 < len(left) < 29
    assert left == [str(place) for place in range(1, len(left) + 1)]
    assert full.http.delete(target, token=full.admin).status_code == 200
    assert full.http.delete(target, token=full.admin).status_code == 404
    with app.store.read() as tx:
        assert {row.state for row in tx.filter(models.Delivery, webhook_id=hook.id)} == {"cancelled"}
        assert tx.find(models.Webhook, id=hook.id) is None
    assert dangling(app) == set()


def test_the_reporting_events_of_a_long_conversation_go_in_steps(
    full: World, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answered_often(tx: Tx) -> None:
        for _ in range(9):
            tx.insert(
                models.ReportingEvent, account_id=1, name="reply_time", inbox_id=1, conversation_id=1,
                event_start_time=EPOCH,
            )  # fmt: skip

    app.store.write(answered_often)
    monkeypatch.setattr(removal, "_MESSAGES", 4)
    left: list[int] = []
    thin = removal.thin

    def counted(tx: Tx, talks: Any) -> bool:
        left.append(len(tx.filter(models.ReportingEvent, conversation_id=1)))
        return thin(tx, talks)

    monkeypatch.setattr(conversations, "thin", counted)
    assert full.http.delete(f"{full.account}/conversations/1", token=full.admin).status_code == 200
    assert left[0] >= 9
    assert all(before - after <= 4 for before, after in itertools.pairwise([*left, 0]))
    assert dangling(app) == set()
