"""Requests made out of /openapi.json, sound ones and broken ones: each answer keeps to the description,
and none is a 500. INBOXD_FUZZ_EXAMPLES makes the hunt longer than a suite has time for, and random."""

import contextlib
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
    max_examples=EXAMPLES or 3,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Town:
    """Acme with one of everything that has an id. `ids` by resource, where it is not 1."""

    world: World
    app: App
    ids: dict[str, Any]
    url: str


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    app = App(Config(data_dir=str(tmp_path_factory.mktemp("town")), listen="127.0.0.1:0"))
    admin = app.initialise("admin@acme.test")["admin"]["access_token"]
    app.open_links(BASE)
    receiver = Receiver()
    world = build_world(Http(app), admin, receiver.url)
    number = world.conversation()
    world.incoming(number)
    for where, values in (
        ("agent_bots", {"name": "Bo", "outgoing_url": receiver.url}),
        ("teams", {"name": "support"}),
        ("labels", {"title": "vip"}),
        ("canned_responses", {"short_code": "hi", "content": "Hello"}),
        ("custom_attribute_definitions", {"attribute_display_name": "Plan", "attribute_key": "plan"}),
        ("custom_filters", {"name": "mine", "query": {"payload": []}}),
        (f"contacts/{world.carl['id']}/notes", {"content": "a note"}),
        (f"conversations/{number}/participants", {"user_ids": [world.ada_id]}),
    ):
        world.http.post(f"{world.account}/{where}", json=values, token=admin).raise_for_status()
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
        "signed": signed,
        "filename": filename,
        "agents/{id}": world.ada_id,
        "access_tokens/{id}": 2,
        "webhooks/{id}": webhook["payload"]["webhook"]["id"],
    }
    yield Town(world, app, ids, receiver.url)
    app.close()
    receiver.close()


def arguments(town: Town, route: Route) -> dict[str, Any]:
    """What is really there, for the names in the route's path."""
    named = re.findall(r"((\w*/?)\{(\w+)\})", route.path)
    return {name: town.ids.get(step, town.ids.get(name, 1)) for step, _, name in named}


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
            elif isinstance(value, list) and name.removesuffix("[]") in ("user_ids", "inbox_ids"):
                values[name] = [1 for _ in value]
            else:
                settle(value, sound)


# What takes records away comes last, the inner ones first. Bodies that are no parameters are not made up.
ORDER = [route for route in ROUTES if route.method != "DELETE" and not (route.raw or route.takes_lines)]
ORDER += [route for route in reversed(ROUTES) if route.method == "DELETE"]


@pytest.mark.parametrize("route", ORDER, ids=lambda route: f"{route.method} {route.path}")
def test_no_request_gets_an_answer_that_is_not_described(route: Route, town: Town) -> None:
    sound = {"email": "eve@acme.test", "title": "urgent", "attribute_key": "size", "source_id": town.ids["source_id"]}
    sound |= dict.fromkeys(("url", "webhook_url", "outgoing_url"), town.url)
    description = schemathesis.openapi.from_dict(document())
    description.app = whole(town.app.wsgi)
    operation = description[route.path][route.method]
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
