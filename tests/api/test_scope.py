"""Every route of an account against everybody who may not be there. The cases are made from the table
of routes, so that a new one is in them by itself."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from inboxd.api.params import Integers, Nested, Param
from inboxd.api.routes import ROUTES
from inboxd.api.web import Route
from inboxd.app import App
from tests.cast import Http, World

OWN = [route for route in ROUTES if "{account_id}" in route.path]
NAMED = [route for route in OWN if re.search(r"\{(?!account_id)\w+\}", route.path)]
GUARDED = [route for route in ROUTES if route.role != "public"]
FOR_ADMINISTRATORS = [route for route in OWN if route.role == "administrator"]
REFUSED = {401, 404}
NOT_FOR_BOTS = {"error": "Access to this endpoint is not authorized for bots"}
BOT_ELSEWHERE = {"error": "Bot is not authorized to access this account"}


def label(route: Route) -> str:
    return f"{route.method} {route.path.removeprefix('/api/v1/accounts/{account_id}') or '/'}"


def short(route: Route) -> str:
    """The same with a number in it, as the tables below name routes."""
    return re.sub(r"\{\w+\}", "1", label(route))


def path(route: Route, account_id: int, delivery_id: str = "0" * 8) -> str:
    """The route's path with the first record of every table in it; the first webhook is the inbox's own."""
    filled = (
        route.path.replace("/webhooks/{id}", "/webhooks/2")
        .replace("{account_id}", str(account_id))
        .replace("{delivery_id}", delivery_id)
    )
    return re.sub(r"\{\w+\}", "1", filled)


def call(http: Http, route: Route, where: str, token: str | None) -> Any:
    return http.request(route.method, where, json={} if route.method != "GET" else None, token=token)


def furnish(world: World, mark: str = "") -> None:
    """Let Acme have one more of everything that has an id."""
    number = world.conversation()
    world.incoming(number)
    account, post = world.account, world.http.post
    for where, values in (
        ("webhooks", {"url": f"https://hooks.test/1{mark}"}),
        ("agent_bots", {"name": f"Bo{mark}"}),
        ("teams", {"name": f"support{mark}"}),
        ("labels", {"title": f"vip{mark}"}),
        ("canned_responses", {"short_code": f"hi{mark}", "content": "Hello"}),
        ("custom_attribute_definitions", {"attribute_display_name": "Plan", "attribute_key": f"plan{mark}"}),
        ("custom_filters", {"name": "mine", "query": {"payload": []}}),
        (f"contacts/{world.carl['id']}/notes", {"content": "a note"}),
        ("macros", {"name": "Close", "visibility": "global", "actions": [{"action_name": "resolve_conversation"}]}),
        ("automation_rules", {"name": "r", "event_name": "conversation_resolved", "conditions": [], "actions": []}),
        ("assignment_policies", {"name": f"Fair{mark}"}),
        ("inboxes/1/assignment_policy", {"assignment_policy_id": 1}),
    ):
        answer = post(f"{account}/{where}", json=values, token=world.admin)
        assert answer.status_code == 200, (where, answer.text)
    assert post(f"{account}/contacts/export", json={}, token=world.admin).status_code == 200  # job 1
    for whose in ({"team_id": 1}, {"assignee_id": world.ada_id}, {"assignee_id": 1}):
        post(f"{account}/conversations/{number}/assignments", json=whose, token=world.admin)
    survey = {"content": "How was it?", "content_type": "input_csat"}
    survey["id"] = post(f"{account}/conversations/{number}/messages", json=survey, token=world.admin).json()["id"]
    given = {"submitted_values": {"csat_survey_response": {"rating": 5}}}
    world.http.patch(f"{world.contact}/conversations/{number}/messages/{survey['id']}", json=given)


@pytest.fixture
def furnished(world: World) -> World:
    """Acme with one of everything that has an id."""
    furnish(world)
    account = world.account
    told = world.http.get(f"{account}/notifications", token=world.ada).json()["data"]["payload"]
    answered = world.http.get(f"{account}/csat_survey_responses", token=world.admin).json()
    messages = world.http.get(f"{world.contact}/conversations/1/messages").json()
    assert [one["id"] for one in (*told, *answered, messages[0])] == [1, 1, 1]
    return world


@pytest.fixture
def stranger(furnished: World) -> str:
    """The administrator of another account, in which there is nothing."""
    made = furnished.http.post("/api/v1/accounts", json={"name": "Other"}, token=furnished.admin).json()
    other = f"/api/v1/accounts/{made['id']}"
    person = {"email": "eve@other.test", "name": "Eve", "role": "administrator"}
    eve = furnished.http.post(f"{other}/agents", json=person, token=furnished.admin).json()
    token = furnished.http.post(f"{other}/access_tokens", json={"user_id": eve["id"]}, token=furnished.admin)
    assert made["id"] == 2
    secret: str = token.json()["access_token"]
    return secret


def test_nobody_gets_in_without_a_token_of_the_account(furnished: World, stranger: str) -> None:
    held = furnished.http.post(f"{furnished.account}/access_tokens", json={}, token=furnished.admin).json()
    furnished.http.delete(f"{furnished.account}/access_tokens/{held['id']}", token=furnished.admin)
    for route in GUARDED:
        for token in (None, "nonsense", held["access_token"], *([stranger] if route in OWN else [])):
            answer = call(furnished.http, route, path(route, 1), token)
            expected = {404} if route.hidden and token == stranger else {401}
            assert answer.status_code in expected, (label(route), token == stranger, answer.text)


def test_agents_may_change_these_and_read_all_but_those() -> None:
    """Besides what is their own. A role that slips in the table of routes is seen here."""
    changed = {short(route).split("/")[1] for route in OWN if route.role == "agent" and route.method != "GET"}
    assert changed == {
        "actions", "bulk_actions", "canned_responses", "contact_inboxes", "contacts", "conversations", "custom_filters",
        "macros", "notification_settings", "notifications", "update_active_at", "upload",
    }  # fmt: skip
    assert [short(route) for route in FOR_ADMINISTRATORS if short(route).split("/")[1] in changed] == [
        "POST /contacts/import", "POST /contacts/export", "DELETE /contacts/1", "DELETE /conversations/1",
    ]  # fmt: skip
    hidden = [short(route).removeprefix("GET /") for route in FOR_ADMINISTRATORS if route.method == "GET"]
    reports = [short(route) for route in OWN if route.path.startswith("/api/v2/")]
    assert len(reports) == sum(where.startswith("api/v2/") for where in hidden)
    assert [where for where in hidden if not where.startswith("api/v2/")] == [
        "audit_logs", "jobs", "jobs/1", "access_tokens", "inboxes/1/health", "assignment_policies",
        "assignment_policies/1", "assignment_policies/1/inboxes", "inboxes/1/assignment_policy", "labels/1",
        "automation_rules", "automation_rules/1", "csat_survey_responses", "csat_survey_responses/metrics",
        "csat_survey_responses/download", "webhooks", "webhooks/1", "inboxes/1/webhook", "agent_bots/1/webhook",
        "deliveries", "deliveries/1",
    ]  # fmt: skip
    assert [short(route) for route in ROUTES if route.role == "superadmin"] == ["POST /api/v1/accounts"]


READS: dict[str, dict[str, Any]] = {
    "GET /api/v2/accounts/1/reports": {"metric": "conversations_count", "type": "account"},
    "GET /api/v2/accounts/1/reports/summary": {"type": "account"},
    "GET /api/v2/accounts/1/reports/conversations": {"type": "agent"},
    "GET /api/v2/accounts/1/reports/outgoing_messages_count": {"group_by": "agent"},
    "GET /api/v2/accounts/1/live_reports/grouped_conversation_metrics": {"group_by": "assignee_id"},
    "GET /events": {},
    "GET /notifications": {"includes": ["read", "snoozed"]},
    "POST /contacts/filter": {"payload": []},
    "POST /conversations/filter": {"payload": []},
}
"""What the routes that only read need."""


ASKED: dict[str, tuple[Any, ...]] = {
    "q": ("h", "carl"), "search": ("h",), "attribute_model": ("conversation_attribute",), "labels": (["vip"],),
    "status": ("all",), "conversation_type": ("unattended", "participating"), "rating": (5,),
    "types": (["message_created"],),
}  # fmt: skip
"""Values that much of what there is meets, each asked for by itself."""


def seen_by(world: World, token: str, account_id: int) -> dict[str, Any]:
    """The answers of all routes that only read, by what was asked."""
    found = {}
    for route in OWN:
        named = short(route)
        if route.method != "GET" and named not in READS:
            continue
        names = [param.name for param in route.params]
        always = READS.get(named, {}) | ({"since": 0, "until": 4_000_000_000} if "until" in names else {})
        for also in ({}, *({name: value} for name in names for value in ASKED.get(name, ()))):
            values = {"params" if route.method == "GET" else "json": always | also}
            answer = world.http.request(route.method, path(route, account_id), token=token, **values)
            # How far the account's events are is no secret: who waits for the next one has to say it.
            text = re.sub(r'"(newest_seq|next_after)":\d+', "", answer.text)
            found[f"{named} {also}"] = (answer.status_code, text)
    return found


def change_in_inbox(world: World) -> None:
    """What happens in a conversation, and to the inbox of all."""
    number = world.conversation()
    world.incoming(number, "hello @carl")
    world.reply(number, "hi carl", private=True)
    chat = f"{world.account}/conversations/{number}"
    file = {"attachments[]": ("hello.txt", b"hello")}
    for where, given in (
        ("messages", {"files": file}),
        ("labels", {"json": {"labels": ["vip"]}}),
        ("assignments", {"json": {"assignee_id": 1}}),
        ("assignments", {"json": {"assignee_id": world.ada_id}}),
        ("participants", {"json": {"user_ids": [1]}}),
        ("toggle_priority", {"json": {"priority": "urgent"}}),
        ("toggle_status", {"json": {"status": "snoozed"}}),
    ):
        assert world.http.post(f"{chat}/{where}", token=world.ada, **given).status_code == 200, where
    waiting = f"{world.account}/conversations/{world.conversation()}/toggle_status"
    world.http.post(waiting, json={"status": "pending"}, token=world.ada)
    box = f"{world.account}/inboxes/{world.inbox['id']}"
    world.http.patch(box, json={"greeting_message": "hello"}, token=world.admin)


def test_another_account_sees_nothing_of_what_there_is(
    furnished: World, foreign: dict[str, Any], stranger: str
) -> None:
    """All that it can ask is answered the same, whatever Acme has, also to who is in both."""
    who = (stranger, furnished.admin)
    before = [seen_by(furnished, token, 2) for token in who]
    assert len(before[0]) > 80
    for where, values in (
        ("agents", {"email": "new@acme.test", "name": "Carla"}),
        ("inboxes", {"name": "Carl's"}),
        ("contacts", {"name": "Carlo", "email": "h@carl.test"}),
        ("access_tokens", {"user_id": furnished.ada_id}),
        ("teams/1/team_members", {"user_ids": [furnished.ada_id]}),
        ("inbox_members", {"inbox_id": 1, "user_ids": [1]}),
    ):
        assert (
            furnished.http.post(f"{furnished.account}/{where}", json=values, token=furnished.admin).status_code == 200
        )
    furnish(furnished, "2")
    change_in_inbox(furnished)
    for token, told in zip(who, before, strict=True):
        after = seen_by(furnished, token, 2)
        assert {named for named in told if told[named] != after[named]} == set()
    own = seen_by(furnished, furnished.admin, 1)
    assert sum("arl" in text and status == 200 for status, text in own.values()) > 20, "there was something to see"


def test_an_agent_outside_an_inbox_sees_nothing_of_what_happens_in_it(furnished: World) -> None:
    before, inside = seen_by(furnished, furnished.olga, 1), seen_by(furnished, furnished.ada, 1)
    change_in_inbox(furnished)
    after, told = seen_by(furnished, furnished.olga, 1), seen_by(furnished, furnished.ada, 1)
    assert {named for named in before if before[named] != after[named]} == set()
    assert len({named for named in inside if inside[named] != told[named]}) > 15, "there was something to see"


def test_a_contact_is_there_in_its_own_inbox_alone(furnished: World, foreign: dict[str, Any], stranger: str) -> None:
    furnished.http.post(f"{furnished.account}/inboxes", json={"name": "Next door"}, token=furnished.admin)
    boxes = [(furnished.account, 3, furnished.admin), ("/api/v1/accounts/2", foreign["inbox"], stranger)]
    for account, inbox_id, token in boxes:
        inbox = furnished.http.get(f"{account}/inboxes/{inbox_id}", token=token).json()
        for route in ROUTES:
            if "{source_id}" in route.path:
                where = route.path.replace("{identifier}", inbox["inbox_identifier"]).replace("{source_id}", "carl-1")
                answer = call(furnished.http, route, re.sub(r"\{\w+\}", "1", where), None)
                assert (answer.status_code, answer.json()) == (404, {"status": 404, "error": "Not Found"}), route.path


def test_another_account_changes_nothing_by_any_call(
    furnished: World, foreign: dict[str, Any], stranger: str, app: App
) -> None:
    """Neither with the ids of what Acme has nor without any, as when all of a kind is deleted; who is in both
    changes nothing in the one by calls to the other."""
    change_in_inbox(furnished)
    before = everything(app, of=1)
    assert len(before) > 40
    for token, somebody in ((furnished.admin, furnished.ada_id), (stranger, 1)):
        for route in OWN:
            if route.method != "GET":
                where = path(route, 2).replace("/agents/1", f"/agents/{somebody}")
                call(furnished.http, route, where, token)
    after = everything(app, of=1)
    assert {table for table in before if before[table] != after[table]} == set()


def test_what_another_account_has_is_not_there_by_any_id(furnished: World, stranger: str) -> None:
    furnished.reply(1)
    listed = furnished.http.get(f"{furnished.account}/deliveries", token=furnished.admin).json()["payload"]
    delivery_id = listed[0]["id"] if listed else "0" * 8
    for route in NAMED:
        where = path(route, 2, delivery_id)
        # The founder of both accounts is in both: somebody who is not.
        where = where.replace("/agents/1", f"/agents/{furnished.ada_id}")
        answer = call(furnished.http, route, where, stranger)
        assert answer.status_code == 404, (label(route), answer.status_code, answer.text)
        if route.method == "GET" and route.path.endswith("/macros/{id}"):
            assert answer.text == "", "as on Chatwoot's wire"
        else:
            assert answer.json() == {"error": "Resource could not be found"}, label(route)


def test_agents_do_nothing_that_is_for_administrators(furnished: World) -> None:
    before = furnished.http.get(f"{furnished.account}/inboxes", token=furnished.admin).json()
    for route in FOR_ADMINISTRATORS:
        answer = call(furnished.http, route, path(route, 1), furnished.ada)
        assert answer.status_code in REFUSED, (label(route), answer.status_code, answer.text)
    assert furnished.http.get(f"{furnished.account}/inboxes", token=furnished.admin).json() == before


def test_an_agent_outside_the_inbox_reaches_nothing_in_it(furnished: World) -> None:
    inside = [
        route
        for route in NAMED
        if re.search(r"/(conversations|inboxes|inbox_members)/\{", route.path) and "/contacts/" not in route.path
    ]
    assert len(inside) > 20
    for route in inside:
        answer = call(furnished.http, route, path(route, 1), furnished.olga)
        assert answer.status_code in REFUSED, (label(route), answer.status_code, answer.text)


def test_no_route_is_there_twice() -> None:
    named = [(route.method, route.path) for route in ROUTES]
    assert len(named) == len(set(named)), [one for one in set(named) if named.count(one) > 1]


def bots_token(world: World, account_id: int) -> str:
    """A new token of the first bot of an account that has one, or of a new one."""
    bots = f"/api/v1/accounts/{account_id}/agent_bots"
    known = world.http.get(bots, token=world.admin).json()
    made = known[0] if known else world.http.post(bots, json={"name": "B"}, token=world.admin).json()
    reset = world.http.post(f"{bots}/{made['id']}/reset_access_token", token=world.admin).json()
    token: str = reset["access_token"]
    return token


def test_a_bot_gets_into_its_account_by_the_routes_for_bots_alone(furnished: World) -> None:
    token = bots_token(furnished, 1)
    guarded = [route for route in ROUTES if route.role != "public"]
    for route in guarded:
        answer = call(furnished.http, route, path(route, 1), token)
        if route.bots:
            refused = REFUSED if route in NAMED else {401}
            assert answer.status_code not in refused, (label(route), answer.status_code, answer.text)
        else:
            assert (answer.status_code, answer.json()) == (401, NOT_FOR_BOTS), label(route)
    assert [short(route) for route in guarded if route.bots] == [
        "POST /conversations", "GET /conversations/1", "PATCH /conversations/1", "POST /conversations/1/toggle_status",
        "POST /conversations/1/toggle_priority", "POST /conversations/1/toggle_typing_status",
        "POST /conversations/1/assignments", "GET /conversations/1/labels", "POST /conversations/1/labels",
        "POST /conversations/1/custom_attributes", "POST /conversations/1/messages",
    ]  # fmt: skip


def test_a_bot_of_another_account_gets_in_nowhere(furnished: World, stranger: str) -> None:
    token = bots_token(furnished, 2)
    for route in OWN:
        answer = call(furnished.http, route, path(route, 1), token)
        expected = BOT_ELSEWHERE if route.bots else NOT_FOR_BOTS
        assert (answer.status_code, answer.json()) == (401, expected), label(route)


def test_a_bot_finds_nothing_of_another_account_in_its_own(furnished: World, stranger: str) -> None:
    token = bots_token(furnished, 2)
    for route in NAMED:
        if route.bots:
            answer = call(furnished.http, route, path(route, 2), token)
            assert answer.status_code == 404, (label(route), answer.status_code, answer.text)


# Ids inside bodies and queries. `OURS` says whose record a parameter names, `NAMES` which parameters only look so.
OURS = {
    "account_id": "account", "inbox_id": "inbox", "inbox_ids": "inbox", "contact_id": "contact",
    "base_contact_id": "contact", "mergee_contact_id": "contact", "source_id": "place", "assignee_id": "person",
    "user_id": "person", "user_ids": "people", "team_id": "team", "agent_bot": "bot", "sender_id": "bot",
    "webhook_id": "webhook", "conversation_id": "conversation", "message_id": "message",
    "primary_actor_id": "conversation", "conversation_ids": "conversation", "assignment_policy_id": "policy",
    "label_ids": "label", "ids": "conversation", "id": "inbox",
}  # fmt: skip
NAMES = {
    "echo_id": "the client's word, echoed",
    "campaign_id": "kept as it is: there are no campaigns",
    "message.source_id": "a new message's name in the client's system",
    "POST /conversations/1/messages source_id": "the same",
    "POST /contacts source_id": "a new name, unique within its inbox alone",
    "POST /contacts/1/contact_inboxes source_id": "the same",
}
BESIDES: dict[str, dict[str, Any]] = {
    "POST /inbox_members": {"inbox_id": 1, "user_ids": []},
    "PATCH /inbox_members": {"inbox_id": 1, "user_ids": []},
    "DELETE /inbox_members": {"inbox_id": 1, "user_ids": []},
    "POST /contacts/1/contact_inboxes": {"source_id": "new"},
    "POST /contact_inboxes/filter": {"inbox_id": 1, "source_id": "carl-1"},
    "POST /actions/contact_merge": {"base_contact_id": 1, "mergee_contact_id": 1},
    "POST /conversations": {"inbox_id": 1, "contact_id": 1},
    "POST /conversations source_id": {},
    "POST /conversations message.sender_id": {
        "inbox_id": 1, "contact_id": 1, "message": {"content": "hi", "sender_type": "AgentBot"}
    },
    "POST /conversations/1/messages": {"content": "hi", "sender_type": "AgentBot"},
    "POST /webhooks": {"url": "https://hooks.test/2"},
    "POST /api/v1/profile/availability": {"availability": "busy"},
    "GET /csat_survey_responses/download": {"since": 0, "until": 4_000_000_000},
    "POST /macros/1/execute": {},
    "POST /bulk_actions": {"type": "Conversation", "labels": {"add": ["tried"]}},
    "POST /bulk_actions fields.assignee_id": {"type": "Conversation", "ids": [1], "fields": {}},
    "POST /bulk_actions fields.team_id": {"type": "Conversation", "ids": [1], "fields": {}},
    "POST /notifications/read_all": {"primary_actor_type": "Conversation"},
    "GET /api/v2/accounts/1/reports/conversations": {"type": "agent"},
    "GET /api/v2/accounts/1/live_reports/grouped_conversation_metrics": {"group_by": "assignee_id"},
    "GET /api/v2/accounts/1/reports": {"metric": "conversations_count", "type": "inbox"},
    "GET /api/v2/accounts/1/reports/summary": {"type": "inbox"},
    "GET /api/v2/accounts/1/reports/bot_summary": {"type": "inbox"},
}  # fmt: skip
"""What a request needs besides the id that is tried; a key with the parameter goes before one without."""
SILENT = {
    "DELETE /inbox_members user_ids": "who is not there need not leave",
    "DELETE /conversations/1/participants user_ids": "the same",
    "POST /macros/1/execute conversation_ids": "nothing is said of what was done to which",
    "POST /bulk_actions ids": "the same",
    "POST /bulk_actions fields.assignee_id": "the same",
    "POST /bulk_actions fields.team_id": "the same",
    "POST /notifications/read_all primary_actor_id": "the same",
    "GET /api/v2/accounts/1/reports/inbox_label_matrix inbox_ids": "the same",
    "GET /api/v2/accounts/1/reports/inbox_label_matrix label_ids": "the same",
}
"""Whose answer is the same whether or not there is such a record."""
EVERYBODYS = {"POST /contacts inbox_id": "contacts are made in any inbox: they are the account's"}
MISSING = {"place": "nowhere"}


def leaves(params: Iterable[Param], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Param]]:
    for param in params:
        if isinstance(param, Nested):
            yield from leaves(param.params, (*above, param.name))
        else:
            yield (*above, param.name), param


def spoken_of() -> Iterator[tuple[Route, tuple[str, ...], bool]]:
    """Every route with a parameter that names a record, and whether it names several."""
    for route in ROUTES:
        for keys, param in leaves(route.params):
            name = ".".join(keys)
            tries = {name, keys[-1], f"{short(route)} {name}"}
            if re.search(r"(^|_)ids?$|^agent_bot$", param.name) and route.role != "public" and not tries & NAMES.keys():
                yield route, keys, isinstance(param, Integers)


def everything(app: App, of: int | None = None) -> dict[str, list[Any]]:
    """All rows by table, or those `of` one account."""
    database = sqlite3.connect(app.store.directory / "inboxd.sqlite3")
    found = {}
    for (table,) in database.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%_search%'"
    ):
        columns = [column[1] for column in database.execute(f"PRAGMA table_info({table})")]
        if of is None or "account_id" in columns:
            rows = database.execute(f"SELECT * FROM {table}")
            found[table] = [row for row in rows if of is None or row[columns.index("account_id")] == of]
    database.close()
    return found


@pytest.fixture
def foreign(furnished: World, stranger: str) -> dict[str, Any]:
    """Ids of what another account has, none of which Acme has too."""
    other = "/api/v1/accounts/2"

    def make(where: str, values: dict[str, Any]) -> Any:
        answer = furnished.http.post(f"{other}/{where}", json=values, token=stranger)
        assert answer.status_code == 200, (where, answer.text)
        return answer.json()

    inbox = make("inboxes", {"name": "Theirs", "channel": {"type": "api"}})["id"]
    contact = make("contacts", {"name": "Zoe"})["payload"]["contact"]["id"]
    place = make(f"contacts/{contact}/contact_inboxes", {"inbox_id": inbox, "source_id": "zoe-1"})["source_id"]
    make("conversations", {"source_id": place})
    conversation = make("conversations", {"source_id": place, "message": {"content": "hi"}})
    eve = furnished.http.get(f"{other}/agents", token=stranger).json()[-1]["id"]
    return {
        "account": 2,
        "inbox": inbox,
        "contact": contact,
        "place": place,
        "conversation": conversation["id"],
        "message": conversation["messages"][0]["id"],
        "person": eve,
        "people": eve,
        "team": make("teams", {"name": "theirs"})["id"],
        "bot": make("agent_bots", {"name": "Theirs"})["id"],
        "webhook": make("webhooks", {"url": "https://hooks.test/theirs"})["payload"]["webhook"]["id"],
        "policy": make("assignment_policies", {"name": "theirs"})["id"],
        "label": make("labels", {"title": "theirs"})["id"],
    }


def ask(world: World, route: Route, keys: tuple[str, ...], value: Any, token: str | None = None) -> Any:
    """The route called with this value of one parameter, and with what it needs besides."""
    body: dict[str, Any] = dict(BESIDES.get(f"{short(route)} {'.'.join(keys)}", BESIDES.get(short(route), {})))
    inner = body
    for key in keys[:-1]:
        inner[key] = inner = dict(inner.get(key, {}))
    inner[keys[-1]] = value
    given = {"params": body} if route.method == "GET" else {"json": body}
    # The founder is in both accounts: who asks about oneself is somebody who is not.
    token = token or (world.admin if "{account_id}" in route.path else world.ada)
    return world.http.request(route.method, path(route, 1), token=token, **given)


@pytest.mark.parametrize("asks", [True, False], ids=["that only asks", "that changes"])
def test_an_id_of_another_account_in_a_body_is_as_one_that_nobody_has(
    furnished: World, foreign: dict[str, Any], app: App, asks: bool
) -> None:
    answered = furnished.reply(1)["id"]
    own = dict.fromkeys(foreign, 1) | {"place": "carl-1", "person": furnished.ada_id, "webhook": 2, "message": answered}
    furnished.http.post(f"{furnished.account}/conversations/1/assignments", json={"team_id": 1}, token=furnished.admin)
    told: dict[str, str] = {}
    tried = [one for one in spoken_of() if (one[0].method == "GET") == asks]
    assert len(tried) > 15
    for route, keys, several in tried:
        named = f"{short(route)} {'.'.join(keys)}"
        assert keys[-1] in OURS, f"{named}: say in OURS or NAMES what it names"
        kind = OURS[keys[-1]]
        missing, theirs = MISSING.get(kind, 999_999), foreign[kind]

        unknown = ask(furnished, route, keys, [missing] if several else missing)
        before = everything(app)
        answer = ask(furnished, route, keys, [theirs] if several else theirs)
        assert (answer.status_code, answer.text) == (unknown.status_code, unknown.text), named
        assert answer.status_code in (200, *REFUSED, 422), (named, answer.status_code, answer.text)
        assert everything(app) == before, named
        told[named] = unknown.text

    # An id of one's own is taken: what was refused above was refused for the id.
    for route, keys, several in tried:
        named, ours = f"{short(route)} {'.'.join(keys)}", own[OURS[keys[-1]]]
        answer = ask(furnished, route, keys, [ours] if several else ours)
        assert answer.status_code == 200, (named, answer.text)
        assert answer.text != told[named] or named in SILENT, named


@pytest.mark.parametrize("where", ["conversations/1/messages", "conversations"])
def test_a_reply_to_a_message_of_another_conversation_replies_to_nothing(
    furnished: World, foreign: dict[str, Any], where: str
) -> None:
    elsewhere = furnished.incoming(furnished.conversation())["id"]
    for message_id in (elsewhere, foreign["message"], 999_999):
        message = {"content": "hi", "content_attributes": {"in_reply_to": message_id}}
        body = {"inbox_id": 1, "contact_id": 1, "message": message} if where == "conversations" else message
        shown = furnished.http.post(f"{furnished.account}/{where}", json=body, token=furnished.admin).json()
        stored = shown["messages"][0] if where == "conversations" else shown
        assert stored["content_attributes"] == {"in_reply_to": None, "in_reply_to_external_id": None}


def test_an_agent_gets_nothing_from_an_inbox_by_an_id_in_a_body(
    furnished: World, foreign: dict[str, Any], app: App
) -> None:
    """Of an inbox that the agent is not in, with the contacts of the account, who are everybody's."""
    ids = {"inbox": (1, foreign["inbox"]), "place": ("carl-1", "nowhere"), "conversation": (1, 999_999)}
    for route, keys, several in spoken_of():
        named = f"{short(route)} {'.'.join(keys)}"
        if OURS[keys[-1]] not in ids or route.role != "agent" or named in EVERYBODYS:
            continue
        value, other = ids[OURS[keys[-1]]]
        nothing = ask(furnished, route, keys, [other] if several else other, furnished.olga)
        before = everything(app)
        told = ask(furnished, route, keys, [value] if several else value, furnished.olga)
        assert told.status_code in REFUSED or told.text == nothing.text, (named, told.text)
        assert everything(app) == before, named


REFERS = {"assignee_id": "person", "inbox_id": "inbox", "team_id": "team"}


def test_conditions_find_nothing_by_what_another_account_or_inbox_has(
    furnished: World, foreign: dict[str, Any]
) -> None:
    filtered, dry_run = f"{furnished.account}/conversations/filter", f"{furnished.account}/automation_rules/dry_run"

    def asked(key: str, value: Any, token: str) -> tuple[str, ...]:
        one = {"attribute_key": key, "filter_operator": "equal_to", "values": [value], "query_operator": None}
        rule = {"name": "r", "event_name": "conversation_updated", "conditions": [one], "actions": []}
        return tuple(
            furnished.http.post(where, json=values, token=token).text.replace(str(value), "")
            for where, values in ((filtered, {"payload": [one]}), (dry_run, {**rule, "conversation_id": 1}))
        )

    for key, kind in REFERS.items():
        missing = asked(key, 999_999, furnished.admin)
        assert asked(key, foreign[kind], furnished.admin) == missing, key
        assert asked(key, 1, furnished.admin) != missing, "there was something to find"
        assert asked(key, 1, furnished.olga) == asked(key, 999_999, furnished.olga), key


def test_actions_do_nothing_with_what_another_account_has(furnished: World, foreign: dict[str, Any]) -> None:
    shown = f"{furnished.account}/conversations/1"
    for action, kind in (("assign_agent", "person"), ("assign_team", "team")):
        left = []
        for value in (999_999, foreign[kind]):
            actions = [{"action_name": action, "action_params": [value]}]
            furnished.http.patch(f"{furnished.account}/macros/1", json={"actions": actions}, token=furnished.admin)
            done = furnished.http.post(
                f"{furnished.account}/macros/1/execute", json={"conversation_ids": [1]}, token=furnished.admin
            )
            assert done.status_code == 200
            left.append(furnished.http.get(shown, token=furnished.admin).json()["meta"])
        assert left[0] == left[1], action


def test_a_source_id_that_two_accounts_have_is_to_each_its_own(
    furnished: World, foreign: dict[str, Any], stranger: str
) -> None:
    other = "/api/v1/accounts/2"
    place = {"inbox_id": foreign["inbox"], "source_id": "carl-1"}
    made = furnished.http.post(f"{other}/contacts/{foreign['contact']}/contact_inboxes", json=place, token=stranger)
    assert made.status_code == 200
    opened = furnished.http.post(f"{other}/conversations", json={"source_id": "carl-1"}, token=stranger).json()
    assert (opened["account_id"], opened["meta"]["sender"]["name"]) == (2, "Zoe")
