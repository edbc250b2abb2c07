from typing import Any

import pytest

from tests.cast import Clock, Http, World

NOT_FOUND = {"error": "Resource could not be found"}


@pytest.fixture
def responses(world: World) -> str:
    return f"{world.account}/canned_responses"


def create(world: World, short_code: str, content: str = "text") -> Any:
    body = {"short_code": short_code, "content": content}
    answer = world.http.post(f"{world.account}/canned_responses", json=body, token=world.ada)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_agent_makes_changes_and_deletes_a_canned_response(world: World, clock: Clock, responses: str) -> None:
    made = create(world, "hi", "Hello, {{contact.name}}!")
    assert made == {
        "id": made["id"],
        "account_id": 1,
        "short_code": "hi",
        "content": "Hello, {{contact.name}}!",
        "created_at": "2026-06-10T11:14:56.789Z",
        "updated_at": "2026-06-10T11:14:56.789Z",
    }
    path = f"{responses}/{made['id']}"

    clock.advance(s=1)
    answer = world.http.patch(path, json={"content": "Good day"}, token=world.olga)
    expected = made | {"content": "Good day", "updated_at": "2026-06-10T11:14:57.789Z"}
    assert (answer.status_code, answer.json()) == (200, expected)
    answer = world.http.put(path, json={"canned_response": {"short_code": "hello"}}, token=world.admin)
    assert answer.json() == expected | {"short_code": "hello"}
    assert world.http.get(responses, token=world.ada).json() == [expected | {"short_code": "hello"}]

    answer = world.http.delete(path, token=world.ada)
    assert (answer.status_code, answer.content) == (200, b"")
    assert world.http.get(responses, token=world.ada).json() == []
    for method in ("PATCH", "DELETE"):
        answer = world.http.request(method, path, json={"content": "x"}, token=world.ada)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_they_are_listed_in_the_order_they_were_made(world: World, responses: str) -> None:
    made = [create(world, code) for code in ("b", "c", "a")]
    assert world.http.get(responses, token=world.ada).json() == made
    assert world.http.get(f"{responses}?search=", token=world.ada).json() == made


def test_a_search_ranks_the_beginning_of_a_code_over_its_inside_over_the_content(world: World, responses: str) -> None:
    create(world, "thanks", "You are welcome to Refunds")
    create(world, "no-refund")
    create(world, "other", "nothing of it")
    create(world, "REFUND")
    create(world, "refund-late", "about a refund")
    found = world.http.get(responses, params={"search": "reFund"}, token=world.ada).json()
    assert [one["short_code"] for one in found] == ["REFUND", "refund-late", "no-refund", "thanks"]


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", "100%_\\"])
def test_a_search_takes_every_character_literally(world: World, responses: str, text: str) -> None:
    create(world, "plain", "nothing special")
    create(world, f"with {text} in it")
    found = world.http.get(responses, params={"search": text}, token=world.ada).json()
    assert [one["short_code"] for one in found] == [f"with {text} in it"]


def test_a_search_longer_than_sqlite_takes_patterns_finds_nothing(world: World, responses: str) -> None:
    create(world, "a")
    answer = world.http.get(responses, params={"search": "a" * 60_000}, token=world.ada)
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize(
    ("body", "message", "attributes"),
    [
        ({"short_code": "x"}, "Content can't be blank", ["content"]),
        ({"content": "x", "short_code": " "}, "Short code can't be blank", ["short_code"]),
        ({"id": 1, "short_code": ""}, "Content can't be blank, Short code can't be blank", ["content", "short_code"]),
        ({"content": "x", "short_code": None}, "Short code can't be blank", ["short_code"]),
        (
            {"content": "x", "short_code": "x" * 256},
            "Short code is too long (maximum is 255 characters)",
            ["short_code"],
        ),
        (
            {"content": "x" * 20_001, "short_code": "x"},
            "Content is too long (maximum is 20000 characters)",
            ["content"],
        ),
        ({"content": ["x"], "short_code": "x"}, "Content must be text", ["content"]),
    ],
)
def test_what_breaks_a_rule_is_422(
    world: World, responses: str, body: Any, message: str, attributes: list[str]
) -> None:
    answer = world.http.post(responses, json=body, token=world.ada)
    assert (answer.status_code, answer.json()) == (422, {"message": message, "attributes": attributes})
    assert world.http.get(responses, token=world.ada).json() == []


def test_a_change_to_nothing_is_422_and_changes_nothing(world: World, responses: str) -> None:
    made = create(world, "hi")
    answer = world.http.patch(f"{responses}/{made['id']}", json={"content": ""}, token=world.ada)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["content"])
    assert world.http.get(responses, token=world.ada).json() == [made]


def test_a_short_code_is_taken_once_an_account_in_each_case(world: World, responses: str) -> None:
    first, other = create(world, "hi"), create(world, "Hi")
    expected = {"message": "Short code has already been taken", "attributes": ["short_code"]}
    for answer in (
        world.http.post(responses, json={"short_code": "hi", "content": "x"}, token=world.ada),
        world.http.patch(f"{responses}/{other['id']}", json={"short_code": "hi"}, token=world.ada),
    ):
        assert (answer.status_code, answer.json()) == (422, expected)
    same = world.http.patch(f"{responses}/{first['id']}", json={"short_code": "hi", "content": "y"}, token=world.ada)
    assert same.json()["content"] == "y"


def test_a_form_needs_the_wrapper_key(world: World, responses: str) -> None:
    form = {"canned_response[short_code]": "hi", "canned_response[content]": "hello"}
    assert world.http.post(responses, data=form, token=world.ada).json()["content"] == "hello"
    requests: list[dict[str, Any]] = [
        {"data": {"short_code": "x", "content": "y"}}, {"json": {}}, {"json": {"canned_response": {}}}, {},
    ]  # fmt: skip
    for given in requests:
        answer = world.http.request("POST", responses, token=world.ada, **given)
        missing = {"error": "param is missing or the value is empty: canned_response"}
        assert (answer.status_code, answer.json()) == (422, missing)


def test_each_account_has_its_own(world: World, http: Http, responses: str) -> None:
    made = create(world, "hi")
    other = http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    theirs = f"/api/v1/accounts/{other}/canned_responses"
    twin = http.post(theirs, json={"short_code": "hi", "content": "x"}, token=world.admin).json()
    assert (twin["account_id"], twin["short_code"]) == (other, "hi")
    assert http.get(theirs, token=world.admin).json() == [twin]
    assert http.get(f"{theirs}?search=hi", token=world.admin).json() == [twin]
    for method in ("PATCH", "DELETE"):
        answer = http.request(method, f"{theirs}/{made['id']}", json={"content": "x"}, token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    refused = {"error": "You are not authorized to access this account"}
    for method, path in (("GET", theirs), ("POST", theirs), ("DELETE", f"{theirs}/{twin['id']}")):
        answer = http.request(method, path, json={"short_code": "a", "content": "b"}, token=world.ada)
        assert (answer.status_code, answer.json()) == (401, refused)
    assert http.get(responses).status_code == 401
    assert http.get(responses, token=world.ada).json() == [made]
