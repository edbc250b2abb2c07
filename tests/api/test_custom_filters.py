from typing import Any

import pytest

from inboxd.app import App
from inboxd.services.custom_filters import LIMIT
from inboxd.store.models import CustomFilter
from tests.cast import Http, World

NOT_FOUND = {"error": "Resource could not be found"}
QUERY = {
    "payload": [
        {"attribute_key": "status", "filter_operator": "equal_to", "values": ["open"], "query_operator": None},
    ],
}


@pytest.fixture
def filters(world: World) -> str:
    return f"{world.account}/custom_filters"


def create(world: World, name: str, token: str | None = None, **values: Any) -> Any:
    body = {"name": name, **values}
    answer = world.http.post(f"{world.account}/custom_filters", json=body, token=token or world.ada)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_view_is_saved_shown_changed_and_deleted(world: World, filters: str) -> None:
    made = create(world, "Mine", filter_type="contact", query=QUERY)
    assert made == {
        "id": made["id"],
        "name": "Mine",
        "filter_type": "contact",
        "query": QUERY,
        "created_at": "2026-06-10T11:14:56.789Z",
        "updated_at": "2026-06-10T11:14:56.789Z",
    }
    path = f"{filters}/{made['id']}"
    assert world.http.get(path, token=world.ada).json() == made

    answer = world.http.patch(path, json={"name": "Ours"}, token=world.ada)
    assert (answer.status_code, answer.json()) == (200, made | {"name": "Ours"})
    changed = world.http.put(path, json={"custom_filter": {"filter_type": "report", "query": {}}}, token=world.ada)
    assert changed.json() == made | {"name": "Ours", "filter_type": "report", "query": {}}

    answer = world.http.delete(path, token=world.ada)
    assert (answer.status_code, answer.content) == (204, b"")
    answer = world.http.get(path, token=world.ada)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_view_is_of_conversations_unless_it_says_so(world: World, filters: str) -> None:
    conversation = create(world, "a")
    assert (conversation["filter_type"], conversation["query"]) == ("conversation", {})
    assert create(world, "b", filter_type=None, query=None) | {"id": 0, "name": "a"} == conversation | {"id": 0}
    contact = create(world, "c", filter_type="contact")
    report = create(world, "d", filter_type="report")
    for given, expected in (("", ["a", "b"]), ("?filter_type=", ["a", "b"]), ("?filter_type=conversation", ["a", "b"])):
        assert [one["name"] for one in world.http.get(filters + given, token=world.ada).json()] == expected
    assert world.http.get(f"{filters}?filter_type=contact", token=world.ada).json() == [contact]
    assert world.http.get(f"{filters}?filter_type=report", token=world.ada).json() == [report]


def test_any_query_is_kept_as_it_came(world: World, filters: str) -> None:
    query = {"payload": [{"nonsense": [1, 1.5, None, True, "ä", {"deep": []}]}], "more": "<&>"}
    made = create(world, "a", query=query)
    assert world.http.get(f"{filters}/{made['id']}", token=world.ada).json()["query"] == query


@pytest.mark.parametrize(
    ("body", "message", "attributes"),
    [
        ({"query": QUERY}, "Name can't be blank", ["name"]),
        ({"name": " "}, "Name can't be blank", ["name"]),
        ({"name": None}, "Name can't be blank", ["name"]),
        ({"name": "x" * 256}, "Name is too long (maximum is 255 characters)", ["name"]),
        (
            {"name": "x", "filter_type": "inbox"},
            "Filter type must be one of conversation, contact, report",
            ["filter_type"],
        ),
        ({"name": "x", "query": [1]}, "Query must be an object", ["query"]),
    ],
)
def test_what_breaks_a_rule_is_422(world: World, filters: str, body: Any, message: str, attributes: list[str]) -> None:
    answer = world.http.post(filters, json=body, token=world.ada)
    assert (answer.status_code, answer.json()) == (422, {"message": message, "attributes": attributes})
    assert world.http.get(filters, token=world.ada).json() == []


def test_a_view_keeps_its_name_when_the_new_one_is_blank(world: World, filters: str) -> None:
    made = create(world, "a")
    answer = world.http.patch(f"{filters}/{made['id']}", json={"name": ""}, token=world.ada)
    assert (answer.status_code, answer.json()) == (422, {"message": "Name can't be blank", "attributes": ["name"]})
    assert world.http.get(filters, token=world.ada).json() == [made]


def test_an_unknown_type_to_list_is_422(world: World, filters: str) -> None:
    for word in ("inbox", "3", "-1"):
        answer = world.http.get(f"{filters}?filter_type={word}", token=world.ada)
        assert (answer.status_code, answer.json()["attributes"]) == (422, ["filter_type"])


def test_a_type_is_named_by_its_number_as_chatwoots_dashboard_does(world: World, filters: str) -> None:
    made = create(world, "a", filter_type=1)
    assert made["filter_type"] == "contact"
    assert world.http.get(f"{filters}?filter_type=1", token=world.ada).json() == [made]
    assert world.http.get(f"{filters}?filter_type=0", token=world.ada).json() == []


def test_nobody_sees_the_views_of_others(world: World, filters: str) -> None:
    path = f"{filters}/{create(world, 'a')['id']}"
    for token in (world.olga, world.admin):
        assert world.http.get(filters, token=token).json() == []
        for method in ("GET", "PATCH", "DELETE"):
            answer = world.http.request(method, path, json={"name": "b"}, token=token)
            assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert world.http.get(filters).status_code == 401


def test_a_user_keeps_other_views_in_another_account(world: World, http: Http, filters: str) -> None:
    made = create(world, "a", token=world.admin)
    other = http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    theirs = f"/api/v1/accounts/{other}/custom_filters"
    assert http.get(theirs, token=world.admin).json() == []
    for method in ("GET", "PATCH", "DELETE"):
        answer = http.request(method, f"{theirs}/{made['id']}", json={"name": "b"}, token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert http.get(theirs, token=world.ada).status_code == 401


def test_a_user_keeps_at_most_a_thousand_views_of_all_types(world: World, app: App, filters: str) -> None:
    last = create(world, "a", filter_type="report")

    def fill(tx: Any) -> None:
        for count in range(LIMIT - 1):
            tx.insert(CustomFilter, account_id=1, user_id=world.ada_id, name=str(count))

    app.store.write(fill)
    answer = world.http.post(filters, json={"name": "one more"}, token=world.ada)
    message = "Account Limit reached. The maximum number of allowed custom filters for a user per account is 1000."
    assert (answer.status_code, answer.json()) == (422, {"message": message, "attributes": ["account_id"]})
    create(world, "of somebody else", token=world.olga)
    assert world.http.patch(f"{filters}/{last['id']}", json={"name": "b"}, token=world.ada).status_code == 200
    world.http.delete(f"{filters}/{last['id']}", token=world.ada)
    create(world, "one more")


def test_a_form_needs_the_wrapper_key(world: World, filters: str) -> None:
    form = {"custom_filter[name]": "a", "custom_filter[query]": '{"payload":[]}'}
    assert world.http.post(filters, data=form, token=world.ada).json()["query"] == {"payload": []}
    answer = world.http.post(filters, data={"name": "a"}, token=world.ada)
    missing = {"error": "param is missing or the value is empty: custom_filter"}
    assert (answer.status_code, answer.json()) == (422, missing)
