from typing import Any

import pytest

from inboxd.services.custom_attribute_definitions import DISPLAY_TYPES
from tests.cast import Http, World

NOT_ALLOWED = {"error": "You are not authorized to do this action"}
NOT_FOUND = {"error": "Resource could not be found"}
CONFLICT = "Attribute key The provided key is not allowed as it might conflict with default attributes."


@pytest.fixture
def definitions(world: World) -> str:
    return f"{world.account}/custom_attribute_definitions"


def create(world: World, key: str, **values: Any) -> Any:
    body = {"attribute_display_name": "Plan", "attribute_key": key, **values}
    answer = world.http.post(f"{world.account}/custom_attribute_definitions", json=body, token=world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_definition_needs_a_name_and_a_key_only(world: World) -> None:
    made = create(world, " plan ")
    assert made == {
        "id": made["id"],
        "attribute_display_name": "Plan",
        "attribute_display_type": "text",
        "attribute_description": None,
        "attribute_key": "plan",
        "regex_pattern": None,
        "regex_cue": None,
        "attribute_values": [],
        "attribute_model": "conversation_attribute",
        "default_value": None,
        "created_at": "2026-06-10T11:14:56.789Z",
        "updated_at": "2026-06-10T11:14:56.789Z",
    }


def test_every_value_is_kept_shown_changed_and_deleted(world: World, definitions: str) -> None:
    values = {
        "attribute_display_name": "Order number", "attribute_display_type": "list", "attribute_description": "printed",
        "attribute_key": "order.no-1", "regex_pattern": "^[0-9]+$", "regex_cue": "digits", "attribute_values": ["1"],
        "attribute_model": "contact_attribute",
    }  # fmt: skip
    made = world.http.post(definitions, json={"custom_attribute_definition": values}, token=world.admin).json()
    assert made == made | values
    path = f"{definitions}/{made['id']}"
    assert world.http.get(path, token=world.ada).json() == made

    body = {"attribute_display_name": "Order", "attribute_values": None, "attribute_description": None}
    for method in ("PATCH", "PUT"):
        answer = world.http.request(method, path, json=body, token=world.admin)
        assert (answer.status_code, answer.json()) == (200, made | body | {"attribute_values": []})

    answer = world.http.delete(path, token=world.admin)
    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "PATCH", "DELETE"):
        answer = world.http.request(method, path, json=body, token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("number", range(len(DISPLAY_TYPES)))
def test_types_come_as_words_as_numbers_or_as_text_of_a_number(world: World, number: int) -> None:
    for count, given in enumerate((DISPLAY_TYPES[number], number, str(number))):
        made = create(world, f"key-{count}", attribute_display_type=given, attribute_model=1)
        assert made["attribute_display_type"] == DISPLAY_TYPES[number]
        assert made["attribute_model"] == "contact_attribute"


def test_null_is_no_type_and_no_model(world: World, definitions: str) -> None:
    nothing = {"attribute_display_type": None, "attribute_model": None}
    made = create(world, "a", **nothing)
    assert (made["attribute_display_type"], made["attribute_model"]) == ("text", "conversation_attribute")
    made = create(world, "b", attribute_display_type="date", attribute_model="contact_attribute")
    assert world.http.patch(f"{definitions}/{made['id']}", json=nothing, token=world.admin).json() == made


def test_a_default_value_cannot_be_set(world: World) -> None:
    assert create(world, "a", default_value=5)["default_value"] is None


def test_the_list_is_of_one_model_or_of_all(world: World, definitions: str) -> None:
    models = ("conversation_attribute", "contact_attribute", "company_attribute")
    made = [create(world, "plan", attribute_model=model) for model in models]
    assert world.http.get(definitions, token=world.ada).json() == made
    assert world.http.get(f"{definitions}?attribute_model=", token=world.ada).json() == made
    for number, model in enumerate(models):
        for given in (number, model):
            found = world.http.get(definitions, params={"attribute_model": given}, token=world.ada).json()
            assert found == [made[number]]


@pytest.mark.parametrize("model", ["3", "-1", "conversation", "²"])
def test_an_unknown_model_is_422(world: World, definitions: str, model: str) -> None:
    answer = world.http.get(definitions, params={"attribute_model": model}, token=world.ada)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["attribute_model"])


@pytest.mark.parametrize(
    ("values", "message", "attributes"),
    [
        ({"attribute_display_name": " "}, "Attribute display name can't be blank", ["attribute_display_name"]),
        ({"attribute_key": None}, "Attribute key can't be blank", ["attribute_key"]),
        (
            {"attribute_display_name": None, "attribute_key": ""},
            "Attribute display name can't be blank, Attribute key can't be blank",
            ["attribute_display_name", "attribute_key"],
        ),
        (
            {"attribute_display_name": "x" * 256},
            "Attribute display name is too long (maximum is 255 characters)",
            ["attribute_display_name"],
        ),
        ({"attribute_key": "two words"}, "Attribute key may hold letters, digits, _, - and . only", ["attribute_key"]),
        (
            {"attribute_display_type": "words"},
            f"Attribute display type must be one of {', '.join(DISPLAY_TYPES)}",
            ["attribute_display_type"],
        ),
        ({"attribute_values": {"a": 1}}, "Attribute values must be a list of texts", ["attribute_values"]),
    ],
)
def test_what_breaks_a_rule_is_422(
    world: World, definitions: str, values: Any, message: str, attributes: list[str]
) -> None:
    made = create(world, "here")
    body = {"attribute_display_name": "n", "attribute_key": "k", **values}
    for answer in (
        world.http.post(definitions, json=body, token=world.admin),
        world.http.patch(f"{definitions}/{made['id']}", json=values, token=world.admin),
    ):
        assert (answer.status_code, answer.json()) == (422, {"message": message, "attributes": attributes})
    assert world.http.get(definitions, token=world.admin).json() == [made]


@pytest.mark.parametrize("value", [8, -1, "8", True, 1.5, ["0"], {"a": "0"}])
def test_an_unknown_type_is_422(world: World, definitions: str, value: Any) -> None:
    body = {"attribute_display_name": "n", "attribute_key": "k", "attribute_display_type": value}
    answer = world.http.post(definitions, json=body, token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["attribute_display_type"])


@pytest.mark.parametrize("key", ["a b", "a/b", "a\nb", 'a"b', "a$b", "a[0]", "ä%"])
def test_a_key_with_other_characters_is_422(world: World, definitions: str, key: str) -> None:
    body = {"attribute_display_name": "n", "attribute_key": key}
    answer = world.http.post(definitions, json=body, token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["attribute_key"])


@pytest.mark.parametrize("key", ["Größe", "a.b", "a-b_c", "7", "注文"])
def test_letters_of_every_alphabet_make_a_key(world: World, key: str) -> None:
    assert create(world, key)["attribute_key"] == key


@pytest.mark.parametrize(
    ("model", "keys", "free"),
    [
        (
            "conversation_attribute",
            "status priority assignee_id inbox_id team_id display_id campaign_id labels browser_language country_code"
            " referer created_at last_activity_at",
            "email",
        ),
        (
            "contact_attribute",
            "name email phone_number identifier country_code city company_name created_at last_activity_at referer"
            " blocked",
            "status",
        ),
    ],
)
def test_standard_attributes_cannot_be_defined_again(
    world: World, definitions: str, model: str, keys: str, free: str
) -> None:
    for key in (*keys.split(), " referer "):
        body = {"attribute_display_name": "n", "attribute_key": key, "attribute_model": model}
        answer = world.http.post(definitions, json=body, token=world.admin)
        assert (answer.status_code, answer.json()) == (422, {"message": CONFLICT, "attributes": ["attribute_key"]})
    create(world, free, attribute_model=model)
    create(world, "status", attribute_model="company_attribute")


def test_a_key_is_taken_once_a_model(world: World, definitions: str) -> None:
    first = create(world, "plan")
    other = create(world, "plan", attribute_model="contact_attribute")
    taken = {"message": "Attribute key has already been taken", "attributes": ["attribute_key"]}
    body = {"attribute_display_name": "n", "attribute_key": "plan "}
    for answer in (
        world.http.post(definitions, json=body, token=world.admin),
        world.http.patch(f"{definitions}/{other['id']}", json={"attribute_model": 0}, token=world.admin),
    ):
        assert (answer.status_code, answer.json()) == (422, taken)
    same = world.http.patch(f"{definitions}/{first['id']}", json=body, token=world.admin)
    assert same.json()["attribute_display_name"] == "n"


def test_agents_read_definitions_and_change_none(world: World, definitions: str) -> None:
    path = f"{definitions}/{create(world, 'plan')['id']}"
    body = {"attribute_display_name": "n", "attribute_key": "k"}
    for method, where in (("POST", definitions), ("PATCH", path), ("DELETE", path)):
        answer = world.http.request(method, where, json=body, token=world.ada)
        assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)
    assert world.http.delete(f"{definitions}/99", token=world.ada).status_code == 404
    assert world.http.get(definitions).status_code == 401


def test_each_account_has_its_own(world: World, http: Http, definitions: str) -> None:
    made = create(world, "plan")
    other = http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    theirs = f"/api/v1/accounts/{other}/custom_attribute_definitions"
    body = {"attribute_display_name": "n", "attribute_key": "plan"}
    twin = http.post(theirs, json=body, token=world.admin).json()
    assert http.get(theirs, token=world.admin).json() == [twin]
    for method in ("GET", "PATCH", "DELETE"):
        answer = http.request(method, f"{theirs}/{made['id']}", json=body, token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert http.get(theirs, token=world.ada).status_code == 401
    assert http.get(definitions, token=world.ada).json() == [made]


def test_a_form_needs_the_wrapper_key(world: World, definitions: str) -> None:
    inside = {"attribute_display_name": "n", "attribute_key": "k", "attribute_display_type": "6"}
    form: dict[str, Any] = {f"custom_attribute_definition[{key}]": value for key, value in inside.items()}
    form["custom_attribute_definition[attribute_values][]"] = ["a", "b"]
    made = world.http.post(definitions, data=form, token=world.admin).json()
    assert (made["attribute_display_type"], made["attribute_values"]) == ("list", ["a", "b"])
    answer = world.http.post(definitions, data=inside, token=world.admin)
    missing = {"error": "param is missing or the value is empty: custom_attribute_definition"}
    assert (answer.status_code, answer.json()) == (422, missing)
