import re
from typing import Any

import pytest

from tests.cast import EPOCH, Clock, World

KEYS = {
    "additional_attributes", "availability_status", "email", "id", "name", "phone_number", "blocked", "identifier",
    "thumbnail", "custom_attributes", "created_at",
}  # fmt: skip
NOT_FOUND = {"error": "Resource could not be found"}


@pytest.fixture
def contacts(world: World) -> str:
    return f"{world.account}/contacts"


def create(world: World, **values: Any) -> Any:
    answer = world.http.post(f"{world.account}/contacts", json=values, token=world.ada)
    assert answer.status_code == 200, answer.text
    return answer.json()["payload"]["contact"]


def listed(world: World, **params: Any) -> list[str]:
    answer = world.http.get(f"{world.account}/contacts", params=params, token=world.ada)
    return [contact["name"] for contact in answer.json()["payload"]]


def test_a_contact_without_an_inbox_is_created(world: World, contacts: str) -> None:
    answer = world.http.post(
        contacts,
        json={
            "name": "Dora",
            "email": "DORA@x.test",
            "identifier": "d",
            "phone_number": "+4912",
            "custom_attributes": {"a": {"b": 1}},
            "additional_attributes": {"city": "Bonn"},
        },
        token=world.ada,
    )
    assert answer.status_code == 200
    assert answer.json() == {
        "payload": {
            "contact": {
                "additional_attributes": {"city": "Bonn"}, "availability_status": "offline", "email": "dora@x.test",
                "id": 2, "name": "Dora", "phone_number": "+4912", "blocked": False, "identifier": "d",
                "thumbnail": "", "custom_attributes": {"a": {"b": 1}}, "created_at": EPOCH // 1000,
                "contact_inboxes": [],
            },
            "contact_inbox": {"inbox": None, "source_id": None},
        }
    }  # fmt: skip


def test_a_contact_in_an_inbox_answers_with_the_raw_inbox(world: World, contacts: str) -> None:
    body = {"name": "Dora", "inbox_id": str(world.inbox["id"])}
    payload = world.http.post(contacts, json=body, token=world.ada).json()["payload"]
    source_id = payload["contact_inbox"]["source_id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", source_id)
    assert payload["contact_inbox"]["inbox"] == {
        "id": 1, "channel_id": payload["contact_inbox"]["inbox"]["channel_id"], "account_id": 1, "name": "Acme API",
        "created_at": "2026-06-10T11:14:56.789Z", "updated_at": "2026-06-10T11:14:56.789Z",
        "channel_type": "Channel::Api", "enable_auto_assignment": True, "greeting_enabled": False,
        "greeting_message": None, "email_address": None, "working_hours_enabled": False,
        "out_of_office_message": None, "timezone": "UTC", "enable_email_collect": True, "csat_survey_enabled": False,
        "csat_config": {}, "allow_messages_after_resolved": True, "auto_assignment_config": {},
        "lock_to_single_conversation": False, "portal_id": None, "sender_name_type": "friendly",
        "business_name": None,
    }  # fmt: skip
    (place,) = payload["contact"]["contact_inboxes"]
    assert place == {
        "source_id": source_id,
        "inbox": {
            "id": 1, "avatar_url": "", "channel_id": place["inbox"]["channel_id"], "name": "Acme API",
            "channel_type": "Channel::Api", "provider": None,
        },
    }  # fmt: skip
    assert world.http.get(f"{world.public}/contacts/{source_id}").json()["name"] == "Dora"


def test_a_source_id_is_taken_as_given(world: World, contacts: str) -> None:
    body = {"inbox_id": world.inbox["id"], "source_id": "d@x.test"}
    payload = world.http.post(contacts, json=body, token=world.ada).json()["payload"]
    assert payload["contact_inbox"]["source_id"] == "d@x.test"


def test_a_source_id_of_somebody_else_is_422_and_leaves_no_contact_behind(world: World, contacts: str) -> None:
    before = world.events()
    body = {"name": "X", "inbox_id": world.inbox["id"], "source_id": "carl-1"}
    answer = world.http.post(contacts, json=body, token=world.ada)
    assert (answer.status_code, answer.json()) == (422, {"error": "source_id should be unique"})
    assert world.events() == before


def test_nothing_is_mandatory_and_blanks_mean_not_given(world: World) -> None:
    assert create(world)["name"] == ""
    blank = create(
        world,
        name="",
        email="",
        phone_number="",
        identifier="",
        inbox_id=0,
        source_id="",
        custom_attributes="",
        additional_attributes=None,
        blocked="",
    )
    assert (blank["email"], blank["phone_number"], blank["identifier"]) == (None, None, None)
    assert (blank["custom_attributes"], blank["blocked"], blank["contact_inboxes"]) == ({}, False, [])


def test_an_unknown_inbox_is_404(world: World, contacts: str) -> None:
    answer = world.http.post(contacts, json={"inbox_id": 99}, token=world.ada)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("email", "CARL@example.test", "Email has already been taken"),
        ("phone_number", "+4912", "Phone number has already been taken"),
        ("identifier", "carl", "Identifier has already been taken"),
    ],
)
def test_a_taken_value_is_422_and_names_the_contact_in_the_way(
    world: World, contacts: str, key: str, value: str, message: str
) -> None:
    path = f"{contacts}/{world.carl['id']}"
    world.http.patch(path, json={"phone_number": "+4912", "identifier": "carl"}, token=world.ada)
    other = create(world, name="Other")
    expected = {"message": message, "attributes": [key], "existing_id": world.carl["id"]}
    for answer in (
        world.http.post(contacts, json={key: value}, token=world.ada),
        world.http.patch(f"{contacts}/{other['id']}", json={key: value}, token=world.ada),
    ):
        assert (answer.status_code, answer.json()) == (422, expected)


def test_identifiers_differ_by_case(world: World) -> None:
    create(world, identifier="abc")
    assert create(world, identifier="ABC")["identifier"] == "ABC"


@pytest.mark.parametrize(
    ("values", "message", "attribute"),
    [
        ({"email": "x"}, "Email Invalid email", "email"),
        ({"phone_number": "123"}, "Phone number should be in e164 format", "phone_number"),
        ({"name": "n" * 256}, "Name is too long (maximum is 255 characters)", "name"),
    ],
)
def test_a_value_that_breaks_a_rule_is_422(
    world: World, contacts: str, values: dict[str, str], message: str, attribute: str
) -> None:
    expected = {"message": message, "attributes": [attribute]}
    for method, path in (("POST", contacts), ("PATCH", f"{contacts}/{world.carl['id']}")):
        answer = world.http.request(method, path, json=values, token=world.ada)
        assert (answer.status_code, answer.json()) == (422, expected)


def test_a_contact_is_shown_with_the_time_of_its_last_activity_once_it_has_one(world: World, contacts: str) -> None:
    path = f"{contacts}/{world.carl['id']}"
    shown = world.http.get(path, token=world.olga).json()
    assert set(shown) == {"payload"}
    assert set(shown["payload"]) == KEYS | {"contact_inboxes"}
    world.incoming(world.conversation())
    assert world.http.get(path, token=world.olga).json()["payload"]["last_activity_at"] == EPOCH // 1000


def test_an_unknown_contact_is_404(world: World, contacts: str) -> None:
    for method in ("GET", "PATCH"):
        answer = world.http.request(method, f"{contacts}/99", token=world.ada)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_patch_and_put_change_only_what_is_sent(world: World, contacts: str) -> None:
    path = f"{contacts}/{world.carl['id']}"
    before = world.http.get(path, token=world.ada).json()["payload"]
    answer = world.http.patch(path, json={"name": "Carlo", "blocked": True, "identifier": "c"}, token=world.ada)
    expected = before | {"name": "Carlo", "blocked": True, "identifier": "c"}
    assert (answer.status_code, answer.json()) == (200, {"payload": expected})
    answer = world.http.put(path, json={"blocked": False}, token=world.ada)
    assert answer.json() == {"payload": expected | {"blocked": False}}


def test_attributes_are_merged_at_their_top_level(world: World, contacts: str) -> None:
    path = f"{contacts}/{world.carl['id']}"
    first = {"custom_attributes": {"a": {"x": 1}, "b": 1}, "additional_attributes": {"city": "Bonn", "n": 1}}
    world.http.patch(path, json=first, token=world.ada)
    second = {"custom_attributes": {"a": {"y": 2}}, "additional_attributes": {"city": "Ulm"}}
    shown = world.http.patch(path, json=second, token=world.ada).json()["payload"]
    assert shown["custom_attributes"] == {"a": {"y": 2}, "b": 1}
    assert shown["additional_attributes"] == {"city": "Ulm", "n": 1}


def test_a_blank_email_clears_it(world: World, contacts: str) -> None:
    shown = world.http.patch(f"{contacts}/{world.carl['id']}", json={"email": ""}, token=world.ada).json()["payload"]
    assert shown["email"] is None


def test_changes_are_announced_and_no_change_is_not(world: World, contacts: str) -> None:
    before = len(world.events())
    other = create(world, name="Dora", inbox_id=world.inbox["id"])
    world.http.patch(f"{contacts}/{other['id']}", json={"name": "Dorothea"}, token=world.ada)
    world.http.patch(f"{contacts}/{other['id']}", json={"name": "Dorothea"}, token=world.ada)
    assert [event["event"] for event in world.events()[before:]] == ["contact_created", "contact_updated"]


def test_the_list_holds_contacts_that_can_be_reached_fifteen_a_page(world: World, contacts: str) -> None:
    for count in range(16):
        create(world, name=f"n{count:02}", identifier=f"i{count}")
    create(world, name="only a name")
    first = world.http.get(contacts, params={"sort": "name"}, token=world.olga).json()
    assert first["meta"] == {"count": 17, "current_page": 1}
    assert [contact["name"] for contact in first["payload"]] == ["Carl", *[f"n{count:02}" for count in range(14)]]
    second = world.http.get(contacts, params={"sort": "name", "page": 2}, token=world.olga).json()
    assert second["meta"] == {"count": 17, "current_page": "2"}
    assert [contact["name"] for contact in second["payload"]] == ["n14", "n15"]
    beyond = world.http.get(contacts, params={"page": 9}, token=world.olga).json()
    assert beyond == {"meta": {"count": 17, "current_page": "9"}, "payload": []}


def test_include_contact_inboxes_keeps_the_key_only_for_the_word_true(world: World, contacts: str) -> None:
    for value, there in ((None, True), ("true", True), ("false", False), ("1", False)):
        params = {} if value is None else {"include_contact_inboxes": value}
        (carl,) = world.http.get(contacts, params=params, token=world.ada).json()["payload"]
        assert ("contact_inboxes" in carl) == there
    (carl,) = world.http.get(contacts, token=world.ada).json()["payload"]
    assert [place["source_id"] for place in carl["contact_inboxes"]] == ["carl-1"]


def test_the_list_is_sorted_as_asked_with_nulls_last(world: World, clock: Clock) -> None:
    clock.advance(s=1)
    create(world, name="berta", email="a@x.test", additional_attributes={"city": "Ulm", "company_name": "B"})
    clock.advance(s=1)
    create(world, name="Anna", identifier="x", additional_attributes={"city": "Bonn"})
    assert listed(world, sort="name") == ["Anna", "berta", "Carl"]
    assert listed(world, sort="-name") == ["Carl", "berta", "Anna"]
    assert listed(world, sort="created_at") == ["Carl", "berta", "Anna"]
    assert listed(world, sort="-created_at") == ["Anna", "berta", "Carl"]
    assert listed(world, sort="email") == ["berta", "Carl", "Anna"]
    assert listed(world, sort="city") == ["Anna", "berta", "Carl"]
    assert listed(world, sort="-city") == ["berta", "Anna", "Carl"]
    assert listed(world, sort="-company_name")[0] == "berta"
    assert sorted(listed(world, sort="shoe_size")) == ["Anna", "Carl", "berta"]


def test_searching_finds_substrings_of_name_email_phone_and_identifier(world: World, contacts: str) -> None:
    create(world, name="Dora 100%", phone_number="+49123", identifier="CaseMatters")
    create(world, name="nobody can reach me")

    def found(text: str) -> list[str]:
        answer = world.http.get(f"{contacts}/search/", params={"q": text}, token=world.olga).json()
        return [contact["name"] for contact in answer["payload"]]

    assert found("dORA") == found("49123") == found("CaseM") == found("0%") == ["Dora 100%"]
    assert found("casem") == []
    assert found("EXAMPLE.test") == ["Carl"]
    assert found("reach") == ["nobody can reach me"]
    assert found("_") == []


def test_the_meta_of_a_search_counts_the_page_and_tells_whether_more_follow(world: World, contacts: str) -> None:
    for count in range(16):
        create(world, name=f"Same {count:02}")
    first = world.http.get(f"{contacts}/search", params={"q": "same", "sort": "name"}, token=world.ada).json()
    assert first["meta"] == {"count": 15, "current_page": 1, "has_more": True}
    params = {"q": "same", "page": "2", "sort": "name"}
    second = world.http.get(f"{contacts}/search", params=params, token=world.ada).json()
    assert second["meta"] == {"count": 1, "current_page": "2", "has_more": False}
    assert [contact["name"] for contact in second["payload"]] == ["Same 15"]


@pytest.mark.parametrize("params", [{}, {"q": ""}])
def test_a_search_for_nothing_finds_nothing(world: World, contacts: str, params: dict[str, str]) -> None:
    answer = world.http.get(f"{contacts}/search", params=params, token=world.ada)
    expected = {"meta": {"count": None, "current_page": 1, "has_more": None}, "payload": []}
    assert (answer.status_code, answer.json()) == (200, expected)


def test_a_wrong_type_is_422(world: World, contacts: str) -> None:
    answer = world.http.post(contacts, json={"blocked": "perhaps"}, token=world.ada)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["blocked"])
