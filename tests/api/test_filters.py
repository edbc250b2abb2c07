from typing import Any

import pytest

from tests.cast import Clock, World


def condition(key: str, operator: str, *values: Any, joiner: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "attribute_key": key, "filter_operator": operator, "values": list(values), "query_operator": joiner, **more,
    }  # fmt: skip


def ask(world: World, kind: str, *conditions: Any, token: str = "", query: str = "") -> Any:
    path = f"{world.account}/{kind}/filter{query}"
    return world.http.post(path, json={"payload": list(conditions)}, token=token or world.ada)


def numbers(world: World, *conditions: Any, **options: Any) -> list[int]:
    answer = ask(world, "conversations", *conditions, **options)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["payload"]]


def names(world: World, *conditions: Any, **options: Any) -> list[str]:
    answer = ask(world, "contacts", *conditions, **options)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["payload"]]


def act(world: World, number: int, what: str, values: dict[str, Any]) -> None:
    path = f"{world.account}/conversations/{number}/{what}"
    assert world.http.post(path, json=values, token=world.ada).status_code == 200


def define(world: World, key: str, kind: str, model: str) -> None:
    values = {
        "attribute_display_name": key, "attribute_key": key, "attribute_display_type": kind, "attribute_model": model,
    }  # fmt: skip
    path = f"{world.account}/custom_attribute_definitions"
    assert world.http.post(path, json=values, token=world.admin).status_code == 200


@pytest.fixture
def three(world: World, clock: Clock) -> World:
    """Three conversations, the third with the newest activity."""
    for number in (1, 2, 3):
        clock.advance(s=1)
        assert world.conversation() == number
    act(world, 1, "toggle_status", {"status": "resolved"})
    act(world, 2, "assignments", {"assignee_id": world.ada_id})
    act(world, 2, "labels", {"labels": ["vip", "late"]})
    act(world, 3, "labels", {"labels": ["vip"]})
    return world


def test_conversations_are_answered_as_other_lists_show_them_with_three_counts(three: World) -> None:
    answer = ask(three, "conversations", condition("status", "equal_to", "open")).json()
    listed = three.http.get(f"{three.account}/conversations", token=three.ada).json()["data"]["payload"]
    assert answer == {"meta": {"mine_count": 1, "unassigned_count": 1, "all_count": 2}, "payload": listed}


def test_an_empty_payload_is_everything_and_no_payload_is_422(three: World) -> None:
    assert sorted(numbers(three)) == [1, 2, 3]
    assert names(three) == ["Carl"]
    for kind in ("conversations", "contacts"):
        for body in ({}, {"payload": None}):
            answer = three.http.post(f"{three.account}/{kind}/filter", json=body, token=three.ada)
            assert answer.status_code == 422
            assert answer.json() == {"message": "Payload can't be blank", "attributes": ["payload"]}


def test_conditions_are_joined_with_and_before_or(three: World) -> None:
    resolved, mine = condition("status", "equal_to", "resolved"), condition("assignee_id", "equal_to", three.ada_id)
    vip = condition("labels", "equal_to", "vip")
    either = {"query_operator": "or"}
    both = {"query_operator": "AND"}
    assert sorted(numbers(three, resolved | either, vip | both, mine)) == [1, 2]
    assert numbers(three, vip | both, condition("labels", "not_equal_to", "late", joiner="AND")) == [3]


def test_a_client_may_leave_out_the_last_operator_and_send_ids_as_text(three: World) -> None:
    one = condition("inbox_id", "equal_to", str(three.inbox["id"]))
    del one["query_operator"]
    assert len(numbers(three, one)) == 3
    bare = {"attribute_key": "display_id", "filter_operator": "contains", "values": "3"}
    assert numbers(three, bare) == [3]


def test_what_is_not_in_the_account_matches_nothing(three: World) -> None:
    for key in ("inbox_id", "assignee_id", "team_id", "contact_id", "campaign_id", "display_id"):
        assert numbers(three, condition(key, "equal_to", 99)) == []
    assert numbers(three, condition("assignee_id", "not_equal_to", 99)) == [2], "null is not unequal to anything"


def test_agents_see_conversations_of_their_inboxes_alone(three: World) -> None:
    answer = ask(three, "conversations", condition("status", "equal_to", "all"), token=three.olga).json()
    assert answer == {"meta": {"mine_count": 0, "unassigned_count": 0, "all_count": 0}, "payload": []}
    assert ask(three, "conversations", token=three.olga).json()["payload"] == []
    assert len(numbers(three, token=three.admin)) == 3


def test_custom_attributes_are_compared_by_their_definitions(three: World) -> None:
    for key, kind in (("size", "number"), ("plan", "list"), ("due", "date"), ("paid", "checkbox"), ("fee", "currency")):
        define(three, key, kind, "conversation_attribute")
    own = {"size": 10, "plan": "Gold", "due": "2026-06-01", "paid": True, "fee": "9.5"}
    act(three, 1, "custom_attributes", {"custom_attributes": own})
    act(three, 2, "custom_attributes", {"custom_attributes": {"size": 9, "plan": "silver", "paid": False}})
    for one in (
        condition("size", "is_greater_than", "9"), condition("plan", "equal_to", "gOLD"),
        condition("paid", "equal_to", "true"),
        condition("due", "is_less_than", "2026-06-02"), condition("due", "days_before", 7),
        condition("fee", "equal_to", 9.5),
    ):  # fmt: skip
        assert numbers(three, one) == [1], one
    unlike = condition("plan", "not_equal_to", "gold", joiner="AND")
    assert sorted(numbers(three, unlike, condition("status", "equal_to", "open"))) == [2, 3], (
        "also lacking, not only last"
    )
    named = condition("plan", "equal_to", "gold", custom_attribute_type="conversation_attribute")
    assert numbers(three, named) == [1]


def test_bad_conditions_are_422_with_the_reason(three: World) -> None:
    allowed = "The allowed operators for status are [equal_to,not_equal_to]."
    ajar = "Invalid value. The values provided for status are invalid"
    for kind, one, reason in (
        ("conversations", condition("status", "contains", "x"), f"Invalid operator. {allowed}"),
        ("conversations", condition("status", "equal_to", "ajar"), ajar),
        ("contacts", condition("name", "equal_to"), "Invalid value. The values provided for name are invalid"),
        ("contacts", condition("name", "equal_to", "x", joiner="XOR"), 'Query operator must be either "AND" or "OR".'),
    ):  # fmt: skip
        answer = ask(three, kind, one)
        assert (answer.status_code, answer.json()) == (422, {"error": reason})
    unknown = ask(three, "contacts", condition("shoe", "equal_to", "x")).json()["error"]
    assert unknown.startswith("Invalid attribute key - [shoe]. The key should be one of [name,email,")
    assert unknown.endswith("] or a custom attribute defined in the account.")
    answer = three.http.post(f"{three.account}/contacts/filter", json={"payload": ["x"]}, token=three.ada)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["payload"])


def test_contacts_are_answered_in_the_shape_of_their_list(world: World) -> None:
    contacts = f"{world.account}/contacts"
    world.http.post(contacts, json={"name": "Anna", "phone_number": "+4912345"}, token=world.ada)
    world.http.post(contacts, json={"name": "nobody can reach me"}, token=world.ada)
    everybody = ask(world, "contacts", query="?sort=-name&page=1").json()
    assert everybody["meta"] == {"count": 2, "current_page": "1"}
    assert everybody["payload"] == world.http.get(f"{contacts}?sort=-name", token=world.ada).json()["payload"]
    assert names(world, condition("name", "contains", "A"), query="?sort=name") == ["Anna", "Carl"]
    assert names(world, condition("email", "equal_to", "CARL@example.test", "ignored")) == ["Carl"]
    for operator in ("equal_to", "starts_with"):
        assert names(world, condition("phone_number", operator, "4912345")) == ["Anna"]
    assert names(world, condition("phone_number", "starts_with", "49")) == []
    assert names(world, condition("name", "contains", "reach")) == []
    slim = ask(world, "contacts", condition("name", "equal_to", "anna"), query="?include_contact_inboxes=false").json()
    assert "contact_inboxes" not in slim["payload"][0]
    assert ask(world, "contacts", query="?page=9").json() == {"meta": {"count": 2, "current_page": "9"}, "payload": []}


def test_contacts_of_another_account_are_in_no_filter(world: World) -> None:
    made = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()
    answer = world.http.post(f"/api/v1/accounts/{made['id']}/contacts/filter", json={"payload": []}, token=world.admin)
    assert answer.json() == {"meta": {"count": 0, "current_page": 1}, "payload": []}


def test_conversations_come_in_pages_of_25(world: World) -> None:
    for _ in range(26):
        world.conversation()
    assert len(numbers(world, condition("status", "equal_to", "open"))) == 25
    assert len(numbers(world, condition("status", "equal_to", "open"), query="?page=2")) == 1
