"""Requests made out of /openapi.json, sound ones and broken ones: each answer keeps to the description,
and none is a 500. INBOXD_FUZZ_EXAMPLES makes the hunt longer than a suite has time for, and random."""

import base64
import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from inboxd.api.accounts.imports import FIELDS
from inboxd.api.routes import ROUTES
from inboxd.api.web import Route
from inboxd.app import App
from inboxd.config import Config
from inboxd.domain.links import DIRECT
from inboxd.services.history import KINDS
from tests.cast import Http, Receiver, World, build_world
from tests.described import document

EXAMPLES = int(os.environ.get("INBOXD_FUZZ_EXAMPLES", "0"))
LISTS_OF_IDS = ("ids", "conversation_ids", "inbox_ids", "label_ids", "user_ids")
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50
BASE = "http://inboxd.test"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
HUNT = settings(
    max_examples=EXAMPLES or 3,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Town:
    """Acme with one of everything that has an id. `ids` by resource or whole path, where it is not 1."""

    world: World
    app: App
    ids: dict[str, Any]
    url: str
    description: Any


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    app = App(Config(data_dir=str(tmp_path_factory.mktemp("town")), listen="127.0.0.1:0"))
    admin = app.initialise("admin@acme.test")["admin"]["access_token"]
    app.open_links(BASE)
    receiver = Receiver()
    world = build_world(Http(app), admin, receiver.url)
    number = world.conversation()
    world.incoming(number)
    account = world.account
    for where, values in (
        ("agent_bots", {"name": "Bo", "outgoing_url": receiver.url}),
        ("teams", {"name": "support"}),
        ("labels", {"title": "vip"}),
        ("canned_responses", {"short_code": "hi", "content": "Hello"}),
        ("custom_attribute_definitions", {"attribute_display_name": "Plan", "attribute_key": "plan"}),
        ("custom_filters", {"name": "mine", "query": {"payload": []}}),
        (f"contacts/{world.carl['id']}/notes", {"content": "a note"}),
        (f"conversations/{number}/participants", {"user_ids": [world.ada_id]}),
        ("macros", {"name": "Close", "visibility": "global", "actions": [{"action_name": "mute_conversation"}]}),
        ("assignment_policies", {"name": "Fair"}),
        (f"inboxes/{world.inbox['id']}/assignment_policy", {"assignment_policy_id": 1}),
        ("automation_rules", {"name": "r", "event_name": "conversation_resolved", "conditions": [], "actions": []}),
        ("contacts/export", {}),
        ("teams/1/team_members", {"user_ids": [1]}),
        (f"conversations/{number}/labels", {"labels": ["vip"]}),
        (f"conversations/{number}/assignments", {"team_id": 1}),
    ):
        world.http.post(f"{account}/{where}", json=values, token=admin).raise_for_status()
    for owner in (f"contacts/{world.carl['id']}", f"inboxes/{world.inbox['id']}", "agent_bots/1"):
        face = {"avatar": ("a.png", PNG)}
        world.http.patch(f"{account}/{owner}", files=face, token=admin).raise_for_status()
    survey = world.reply(number, content="How was it?", content_type="input_csat")
    given = {"submitted_values": {"csat_survey_response": {"rating": 5}}}
    answered = world.http.patch(f"{world.contact}/conversations/{number}/messages/{survey['id']}", json=given)
    answered.raise_for_status()
    world.http.post(f"{account}/conversations/{number}/assignments", json={"assignee_id": 1}, token=world.ada)
    told = world.http.get(f"{account}/notifications", token=admin).json()["data"]["payload"]
    digest = base64.b64encode(hashlib.md5(b"text").digest()).decode()
    planned = {"blob": {"filename": "b.txt", "byte_size": 4, "checksum": digest, "content_type": "text/plain"}}
    where = f"{account}/conversations/{number}/direct_uploads"
    target = world.http.post(where, json=planned, token=admin).json()["direct_upload"]["url"].rpartition("/")[2]
    webhook = world.http.post(f"{world.account}/webhooks", json={"url": receiver.url}, token=admin).json()
    world.reply(number)
    posted = world.http.post(
        f"{world.account}/conversations/{number}/messages", files={"attachments[]": ("a.txt", b"text")}, token=admin
    )
    *_, signed, filename = posted.json()["attachments"][0]["data_url"].split("/")
    deliveries = world.http.get(f"{world.account}/deliveries", token=admin).json()["payload"]
    ids = {
        "identifier": world.inbox["inbox_identifier"],
        "source_id": world.carl["source_id"],
        "delivery_id": deliveries[0]["id"],
        "uuid": world.http.get(f"{account}/conversations/{number}", token=admin).json()["uuid"],
        "signed": signed,
        "filename": filename,
        DIRECT + "{signed}": target,
        "notifications/{id}": told[0]["id"],
        "agents/{id}": world.ada_id,
        "access_tokens/{id}": 2,
        "webhooks/{id}": webhook["payload"]["webhook"]["id"],
    }
    description = schemathesis.openapi.from_dict(document())
    description.app = whole(app.wsgi)
    yield Town(world, app, ids, receiver.url, description)
    app.close()
    receiver.close()


def arguments(town: Town, route: Route) -> dict[str, Any]:
    """What is really there, for the names in the route's path."""
    named = re.findall(r"((\w*/?)\{(\w+)\})", route.path)
    return {name: town.ids.get(route.path, town.ids.get(step, town.ids.get(name, 1))) for step, _, name in named}


def whole(wsgi: Any) -> Any:
    """The client of these cases leaves open what it reads from."""

    def read(environ: Any, start_response: Any) -> list[bytes]:
        with contextlib.ExitStack() as over:
            chunks = wsgi(environ, start_response)
            if hasattr(chunks, "close"):
                over.callback(chunks.close)
            return [b"".join(chunks)]

    return read


def token_for(world: World, route: Route) -> str:
    """The administrator's, or one that a request may spoil."""
    if not route.path.endswith("/reset_access_token"):
        return world.admin
    made = world.http.post(f"{world.account}/access_tokens", json={}, token=world.admin).json()
    token: str = made["access_token"]
    return token


def settle(values: Any, sound: dict[str, Any]) -> None:
    """Let every other of these parameters be one that gets further than what is made up."""
    if isinstance(values, dict):
        for name, value in values.items():
            if isinstance(value, int) and value % 2 == 0 and name.endswith(("_id", "agent_bot")):
                values[name] = 1
            elif isinstance(value, str) and len(value) % 2 == 0 and name in sound:
                values[name] = sound[name]
            elif isinstance(value, list) and name.removesuffix("[]") in LISTS_OF_IDS:
                values[name] = [1 for _ in value]
            else:
                settle(value, sound)


def takes_away(route: Route) -> bool:
    return route.method == "DELETE" or route.path.endswith("/destroy_all")


# What takes records away comes last, the inner ones first.
ORDER = [route for route in ROUTES if not takes_away(route) and not (route.raw or route.takes_lines)]
ORDER += [route for route in reversed(ROUTES) if takes_away(route)]


def test_there_is_something_of_every_kind(town: Town) -> None:
    for route in ROUTES:
        if route.method == "GET" and "{" in route.path.replace("{account_id}", ""):
            path = route.path.format(**arguments(town, route))
            answer = town.world.http.get(path, token=town.world.admin)
            assert answer.status_code != 404, path


@pytest.mark.parametrize("route", ORDER, ids=lambda route: f"{route.method} {route.path}")
def test_no_request_gets_an_answer_that_is_not_described(route: Route, town: Town) -> None:
    sound = {"email": "eve@acme.test", "title": "urgent", "attribute_key": "size", "source_id": town.ids["source_id"]}
    sound |= dict.fromkeys(("url", "webhook_url", "outgoing_url"), town.url)
    operation = town.description[route.path][route.method]
    query = {"wait": 0} if route.path.endswith("/events") else None
    modes = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if route.params else [])]
    cases = [operation.as_strategy(mode, path_parameters=arguments(town, route), query=query) for mode in modes]

    @HUNT
    @given(case=st.one_of(cases))
    def hunt(case: Any) -> None:
        settle(case.body, sound)
        settle(case.query, sound)
        response = case.call(base_url=BASE, headers={"api_access_token": token_for(town.world, route)})
        case.validate_response(response, checks=CHECKS)

    hunt()


SMALL = st.integers(0, 3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def lines(draw: st.DrawFn, inbox: str) -> bytes:
    """Lines of a history that refer to each other, some with a value that nobody expects, and bytes that are none."""
    found = []
    for number in draw(st.lists(SMALL, max_size=6)):
        kind = draw(st.sampled_from(KINDS))
        line: dict[str, Any] = {"type": kind, "source_id": f"{kind} {number}", "created_at": 1_600_000_000 + number}
        line |= {"contact": f"contact {draw(SMALL)}", "inbox": inbox, "conversation": f"conversation {draw(SMALL)}"}
        line |= {"content": draw(st.text(max_size=8)), "email": draw(st.sampled_from(["", "ann@x.test", "nonsense"]))}
        known = [param.name for param in FIELDS[kind]]
        line |= draw(st.dictionaries(st.sampled_from(known), JSON, max_size=1 + number))
        found.append(json.dumps(line).encode())
    return b"\n".join(draw(st.permutations([*found, *draw(st.lists(st.binary(max_size=20), max_size=1))])))


@pytest.mark.parametrize("route", [route for route in ROUTES if route.takes_lines], ids=lambda route: route.path)
def test_lines_of_any_kind_are_answered_as_described(route: Route, town: Town) -> None:
    path = route.path.format(**arguments(town, route))

    @HUNT
    @given(body=lines(town.ids["identifier"]) | st.binary(max_size=200))
    def hunt(body: bytes) -> None:
        answer = town.world.http.request(route.method, path, data=body, token=town.world.admin)
        assert answer.status_code in (200, 400, 422), answer.text

    hunt()


@pytest.mark.parametrize("route", [route for route in ROUTES if route.raw], ids=lambda route: route.path)
def test_bytes_of_any_kind_are_answered_as_described(route: Route, town: Town) -> None:
    path = route.path.format(**arguments(town, route))

    @HUNT
    @given(
        body=st.just(b"text") | st.binary(max_size=200), kind=st.sampled_from(["", "text/plain", "application/json"])
    )
    def hunt(body: bytes, kind: str) -> None:
        answer = town.world.http.request(route.method, path, data=body, headers={"Content-Type": kind})
        assert answer.status_code == (204 if body == b"text" else 422), answer.text

    hunt()
