"""Requests made out of /openapi.json, sound ones and broken ones: each answer keeps to the description,
and none is a 500. INBOXD_FUZZ_EXAMPLES makes the hunt longer than a suite has time for, and random."""

import os
import re
from collections.abc import Iterator
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

from inboxd.api.routes import ROUTES
from inboxd.api.web import Route
from inboxd.app import App
from inboxd.config import Config
from tests.cast import Http, Receiver, World, build_world
from tests.described import document

EXAMPLES = int(os.environ.get("INBOXD_FUZZ_EXAMPLES", "0"))
BASE = "http://inboxd.test"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
HUNT = settings(
    max_examples=EXAMPLES or 4,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, App]]:
    """The world with one of everything that has an id, for all tests of this file."""
    app = App(Config(data_dir=str(tmp_path_factory.mktemp("town")), listen="127.0.0.1:0"))
    admin = app.initialise("admin@acme.test")["admin"]["access_token"]
    app.open_links(BASE)
    receiver = Receiver()
    world = build_world(Http(app), admin, receiver.url)
    number = world.conversation()
    world.incoming(number)
    for where, values in (
        ("webhooks", {"url": receiver.url}),
        ("agent_bots", {"name": "Bo", "outgoing_url": receiver.url}),
        ("teams", {"name": "support"}),
        ("labels", {"title": "vip"}),
        ("canned_responses", {"short_code": "hi", "content": "Hello"}),
        ("custom_attribute_definitions", {"attribute_display_name": "Plan", "attribute_key": "plan"}),
        ("custom_filters", {"name": "mine", "query": {"payload": []}}),
        (f"contacts/{world.carl['id']}/notes", {"content": "a note"}),
        (f"conversations/{number}/participants", {"user_ids": [world.ada_id]}),
    ):
        world.http.post(f"{world.account}/{where}", json=values, token=admin)
    world.reply(number)
    yield world, app
    app.close()
    receiver.close()


def arguments(world: World, route: Route) -> dict[str, Any]:
    """What is really there, for the names in the route's path."""
    known: dict[str, Any] = {"identifier": world.inbox["inbox_identifier"], "source_id": world.carl["source_id"]}
    if "{delivery_id}" in route.path:
        path = f"{world.account}/deliveries"
        known["delivery_id"] = world.http.get(path, token=world.admin).json()["payload"][0]["id"]
    if route.path.endswith("/agents/{id}"):
        known["id"] = world.ada_id
    if route.path.endswith("/access_tokens/{id}"):
        known["id"] = 2
    return {name: known.get(name, 1) for name in re.findall(r"\{(\w+)\}", route.path)}


def token_for(world: World, route: Route) -> str:
    """The administrator's, or one that a request may spoil."""
    if not route.path.endswith("/reset_access_token"):
        return world.admin
    made = world.http.post(f"{world.account}/access_tokens", json={}, token=world.admin).json()
    token: str = made["access_token"]
    return token


def settle(values: Any) -> None:
    """Let every other of the ids among these parameters be one that is there, which made-up ones hardly are."""
    if isinstance(values, dict):
        for name, value in values.items():
            if isinstance(value, int) and value % 2 == 0 and name.endswith(("_id", "agent_bot")):
                values[name] = 1
            elif name in ("user_ids", "inbox_ids", "user_ids[]", "inbox_ids[]") and isinstance(value, list):
                values[name] = [1 for _ in value]
            else:
                settle(value)


# What takes records away comes last, the inner ones first.
ORDER = [route for route in ROUTES if route.method != "DELETE"]
ORDER += [route for route in reversed(ROUTES) if route.method == "DELETE"]


@pytest.mark.parametrize("route", ORDER, ids=lambda route: f"{route.method} {route.path}")
def test_no_request_gets_an_answer_that_is_not_described(route: Route, town: tuple[World, App]) -> None:
    world, app = town
    description = schemathesis.openapi.from_dict(document())
    description.app = app.wsgi
    operation = description[route.path][route.method]
    query = {"wait": 0} if route.path.endswith("/events") else None
    modes = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if route.params else [])]
    cases = [operation.as_strategy(mode, path_parameters=arguments(world, route), query=query) for mode in modes]

    @HUNT
    @given(case=st.one_of(cases))
    def hunt(case: Any) -> None:
        settle(case.body)
        settle(case.query)
        # Plain text, for the client of these cases leaves files open that it is given.
        headers = {"api_access_token": token_for(world, route), "Accept-Encoding": "identity"}
        response = case.call(base_url=BASE, headers=headers)
        case.validate_response(response, checks=CHECKS)

    hunt()
