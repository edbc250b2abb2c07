"""Every route of an account against everybody who may not be there. The cases are made from the table
of routes, so that a new one is in them by itself."""

import re
from typing import Any

import pytest

from inboxd.api.routes import ROUTES
from inboxd.api.web import Route
from tests.cast import Http, World

OWN = [route for route in ROUTES if "{account_id}" in route.path]
NAMED = [route for route in OWN if re.search(r"\{(?!account_id)\w+\}", route.path)]
FOR_ADMINISTRATORS = [route for route in OWN if route.role == "administrator"]
REFUSED = {401, 404}


def label(route: Route) -> str:
    return f"{route.method} {route.path.removeprefix('/api/v1/accounts/{account_id}') or '/'}"


def path(route: Route, account_id: int, delivery_id: str = "0" * 8) -> str:
    """The route's path with the first record of every table in it."""
    filled = route.path.replace("{account_id}", str(account_id)).replace("{delivery_id}", delivery_id)
    return re.sub(r"\{\w+\}", "1", filled)


def call(http: Http, route: Route, where: str, token: str | None) -> Any:
    return http.request(route.method, where, json={} if route.method != "GET" else None, token=token)


@pytest.fixture
def furnished(world: World) -> World:
    """Acme with one of everything that has an id."""
    number = world.conversation()
    message = world.incoming(number)
    account, post = world.account, world.http.post
    for where, values in (
        ("webhooks", {"url": "https://hooks.test/1"}),
        ("agent_bots", {"name": "Bo"}),
        ("teams", {"name": "support"}),
        ("labels", {"title": "vip"}),
        ("canned_responses", {"short_code": "hi", "content": "Hello"}),
        ("custom_attribute_definitions", {"attribute_display_name": "Plan", "attribute_key": "plan"}),
        ("custom_filters", {"name": "mine", "query": {"payload": []}}),
        (f"contacts/{world.carl['id']}/notes", {"content": "a note"}),
    ):
        answer = post(f"{account}/{where}", json=values, token=world.admin)
        assert answer.status_code == 200, (where, answer.text)
    for whose in ({"team_id": 1}, {"assignee_id": world.ada_id}, {"assignee_id": 1}):
        post(f"{account}/conversations/{number}/assignments", json=whose, token=world.admin)
    survey = {"content": "How was it?", "content_type": "input_csat"}
    survey["id"] = post(f"{account}/conversations/{number}/messages", json=survey, token=world.admin).json()["id"]
    given = {"submitted_values": {"csat_survey_response": {"rating": 5}}}
    world.http.patch(f"{world.contact}/conversations/{number}/messages/{survey['id']}", json=given)
    told = world.http.get(f"{account}/notifications", token=world.ada).json()["data"]["payload"]
    answered = world.http.get(f"{account}/csat_survey_responses", token=world.admin).json()
    assert [one["id"] for one in (*told, *answered)] == [1, 1]
    assert (number, message["id"]) == (1, 1)
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
    for route in OWN:
        for token in (None, "nonsense", held["access_token"], stranger):
            answer = call(furnished.http, route, path(route, 1), token)
            expected = {404} if route.hidden and token == stranger else {401}
            assert answer.status_code in expected, (label(route), token == stranger, answer.text)


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
