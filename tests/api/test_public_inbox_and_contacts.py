import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from inboxd.app import App
from inboxd.domain import signing
from inboxd.store.models import ContactInbox, Inbox
from tests.cast import Clock, Http, World

UNVERIFIED = {"error": "HMAC failed: Invalid Identifier Hash Provided"}
NOT_FOUND = {"status": 404, "error": "Not Found"}
RECORD_KEYS = {
    "id", "name", "email", "phone_number", "account_id", "created_at", "updated_at", "additional_attributes",
    "identifier", "custom_attributes", "last_activity_at", "contact_type", "middle_name", "last_name", "location",
    "country_code", "blocked", "company_id", "label_list",
}  # fmt: skip


def inbox_identity(world: World, identifier: str) -> dict[str, str]:
    return {"identifier": identifier, "identifier_hash": signing.identity_hash(world.inbox["hmac_token"], identifier)}


def make_mandatory(world: World) -> None:
    path = f"{world.account}/inboxes/{world.inbox['id']}"
    world.http.patch(path, json={"channel": {"hmac_mandatory": True}}, token=world.admin)


def is_verified(app: App, source_id: str) -> bool:
    with app.store.read() as tx:
        found = tx.find(ContactInbox, source_id=source_id)
    return found is not None and found.hmac_verified


def names(world: World) -> list[str]:
    return [event["event"] for event in world.events()]


def test_the_inbox_is_shown_with_these_eight_keys(world: World) -> None:
    closed = {
        "closed_all_day": True, "open_hour": None, "open_minutes": None, "close_hour": None, "close_minutes": None,
        "open_all_day": False,
    }  # fmt: skip
    day = {
        "closed_all_day": False, "open_hour": 9, "open_minutes": 0, "close_hour": 17, "close_minutes": 0,
        "open_all_day": False,
    }  # fmt: skip
    assert world.http.get(world.public).json() == {
        "identifier": world.inbox["inbox_identifier"],
        "identity_validation_enabled": False,
        "name": "Acme API",
        "timezone": "UTC",
        "working_hours": [{"day_of_week": n, **(closed if n in (0, 6) else day)} for n in range(7)],
        "working_hours_enabled": False,
        "csat_survey_enabled": False,
        "greeting_enabled": False,
    }


def test_identity_validation_enabled_is_the_inbox_demanding_identity(world: World) -> None:
    make_mandatory(world)
    assert world.http.get(world.public).json()["identity_validation_enabled"] is True


@pytest.mark.parametrize(
    "path",
    [
        "/public/api/v1/inboxes/unknown",
        "/public/api/v1/inboxes/unknown/contacts/x",
        "/public/api/v1/inboxes",
        "/public/api/v1/nothing",
    ],
)
def test_what_is_not_there_is_the_public_404(world: World, path: str) -> None:
    answer = world.http.get(path)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_an_unknown_source_id_is_the_public_404(world: World) -> None:
    for method, rest in (
        ("GET", ""), ("PATCH", ""), ("GET", "/conversations"), ("POST", "/conversations"), ("GET", "/conversations/1"),
        ("POST", "/conversations/1/messages"),
    ):  # fmt: skip
        answer = world.http.request(method, f"{world.public}/contacts/nobody{rest}", json={"content": "x"})
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_verb_the_path_does_not_have_is_404(world: World) -> None:
    assert world.http.delete(world.contact).status_code == 404
    assert world.http.patch(world.public, json={"name": "x"}).status_code == 404
    assert world.http.get(f"{world.public}/contacts").status_code == 404


def test_a_token_header_is_ignored_on_the_public_api(world: World) -> None:
    assert world.http.get(world.public, token="wrong").status_code == 200
    assert world.http.get(world.public, headers={"Authorization": "Bearer wrong"}).status_code == 200


def test_every_origin_may_call_and_preflight_is_answered(world: World) -> None:
    assert world.http.get(world.public).headers["Access-Control-Allow-Origin"] == "*"
    assert world.http.get("/public/api/v1/nothing").headers["Access-Control-Allow-Origin"] == "*"
    preflight = world.http.request("OPTIONS", f"{world.public}/contacts")
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"


def test_a_json_suffix_and_a_trailing_slash_change_nothing(world: World) -> None:
    assert world.http.get(f"{world.public}.json").json()["name"] == "Acme API"
    assert world.http.get(f"{world.public}/").json()["name"] == "Acme API"
    made = world.http.post(f"{world.public}/contacts.json", json={"source_id": "s"}).json()
    assert world.http.post(f"{world.public}/contacts/", json={"source_id": "s"}).json() == made
    assert world.http.get(f"{world.contact}/conversations.json").json() == []


def test_a_new_contact_answers_with_exactly_six_keys(world: World) -> None:
    answer = world.http.post(
        f"{world.public}/contacts",
        json={
            "identifier": "user-42",
            "name": "Ann Lee",
            "email": "Ann@Example.com",
            "custom_attributes": {"plan": "pro"},
        },
    )
    made = answer.json()
    assert answer.status_code == 200
    assert made == {
        "source_id": made["source_id"],
        "pubsub_token": made["pubsub_token"],
        "id": 2,
        "name": "Ann Lee",
        "email": "ann@example.com",
        "phone_number": None,
    }
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made["source_id"])
    assert re.fullmatch(r"[1-9A-HJ-NP-Za-km-z]{24}", made["pubsub_token"])


def test_showing_a_contact_repeats_what_creating_it_said(world: World) -> None:
    assert world.http.get(world.contact).json() == world.carl


def test_a_nameless_contact_gets_a_random_name(world: World) -> None:
    for body in ({}, {"name": ""}, {"name": None}):
        made = world.http.post(f"{world.public}/contacts", json=body).json()
        assert re.fullmatch(r"[a-z]+-[a-z]+-\d{1,3}", made["name"])


def test_a_contact_can_be_created_without_a_body_or_with_a_form(world: World) -> None:
    assert world.http.post(f"{world.public}/contacts").status_code == 200
    made = world.http.post(
        f"{world.public}/contacts", data={"name": "Dora", "custom_attributes[plan]": "pro", "source_id": "dora"}
    ).json()
    assert made["name"] == "Dora"
    record = world.http.patch(f"{world.public}/contacts/dora", json={}).json()
    assert record["custom_attributes"] == {"plan": "pro"}


def test_the_same_source_id_returns_the_contact_unchanged_and_without_an_event(world: World) -> None:
    before = world.events()
    again = world.http.post(f"{world.public}/contacts", json={"source_id": "carl-1", "name": "Other", "email": "o@x.y"})
    assert again.json() == world.carl
    assert world.events() == before


def test_a_new_contact_is_one_contact_created(world: World) -> None:
    before = len(world.events())
    world.http.post(f"{world.public}/contacts", json={"name": "Dora"})
    assert names(world)[before:] == ["contact_created"]


def test_a_match_is_by_identifier_then_email_then_phone_number(world: World) -> None:
    contacts = f"{world.public}/contacts"
    by = {
        "identifier": world.http.post(contacts, json={"identifier": "i"}).json()["id"],
        "email": world.http.post(contacts, json={"email": "e@x.test"}).json()["id"],
        "phone_number": world.http.post(contacts, json={"phone_number": "+491234"}).json()["id"],
    }
    everything = {"identifier": "i", "email": "E@X.TEST", "phone_number": "+491234"}
    assert world.http.post(contacts, json=everything).json()["id"] == by["identifier"]
    assert world.http.post(contacts, json=everything | {"identifier": ""}).json()["id"] == by["email"]
    assert world.http.post(contacts, json={"phone_number": "+491234"}).json()["id"] == by["phone_number"]


def test_a_match_is_taken_as_it_is_custom_attributes_too(world: World) -> None:
    before = len(world.events())
    made = world.http.post(
        f"{world.public}/contacts",
        json={"email": "CARL@example.test", "name": "Karl", "identifier": "k", "custom_attributes": {"a": 1}},
    ).json()
    assert (made["id"], made["name"]) == (world.carl["id"], "Carl")
    assert made["source_id"] != "carl-1"
    assert made["pubsub_token"] != world.carl["pubsub_token"]
    record = world.http.patch(f"{world.public}/contacts/{made['source_id']}").json()
    assert (record["identifier"], record["custom_attributes"]) == (None, {})
    assert names(world)[before:] == []


@pytest.mark.parametrize(
    ("body", "message", "attribute"),
    [
        ({"email": "nobody"}, "Email Invalid email", "email"),
        ({"email": "a b@x.y"}, "Email Invalid email", "email"),
        ({"email": "a@b@x.y"}, "Email Invalid email", "email"),
        ({"phone_number": "12345"}, "Phone number should be in e164 format", "phone_number"),
        ({"phone_number": "+0123"}, "Phone number should be in e164 format", "phone_number"),
        ({"phone_number": "+1234567890123456"}, "Phone number should be in e164 format", "phone_number"),
        ({"name": "n" * 256}, "Name is too long (maximum is 255 characters)", "name"),
        ({"identifier": "n" * 256}, "Identifier is too long (maximum is 255 characters)", "identifier"),
        ({"source_id": "n" * 20_001}, "Source is too long (maximum is 20000 characters)", "source_id"),
    ],
)
def test_a_value_that_breaks_a_rule_is_422_and_nothing_is_stored(
    world: World, body: dict[str, str], message: str, attribute: str
) -> None:
    before = world.events()
    answer = world.http.post(f"{world.public}/contacts", json=body)
    assert (answer.status_code, answer.json()) == (422, {"message": message, "attributes": [attribute]})
    assert world.events() == before


def test_a_prefix_before_a_phone_number_passes_as_in_chatwoot(world: World) -> None:
    made = world.http.post(f"{world.public}/contacts", json={"phone_number": "whatsapp:+491234"}).json()
    assert made["phone_number"] == "whatsapp:+491234"


@pytest.mark.parametrize("source_id", ["a@b.com", "49123@s.whatsapp.net", "a/b", "a?b#c", "x.json", "ü ö", "50%25"])
def test_a_source_id_may_hold_anything_when_it_is_percent_encoded(world: World, source_id: str) -> None:
    made = world.http.post(f"{world.public}/contacts", json={"source_id": source_id}).json()
    assert made["source_id"] == source_id
    encoded = "".join(f"%{byte:02X}" for byte in source_id.encode())
    contact = f"{world.public}/contacts/{encoded}"
    assert world.http.get(contact).json() == made
    conversation = world.http.post(f"{contact}/conversations").json()["id"]
    message = world.http.post(f"{contact}/conversations/{conversation}/messages", json={"content": "x"})
    assert message.json()["content"] == "x"


def test_the_avatar_parameters_are_taken_and_dropped(world: World) -> None:
    files = {"avatar": ("a.png", b"png", "image/png")}
    answer = world.http.post(f"{world.public}/contacts", data={"name": "Dora"}, files=files)
    assert answer.json()["name"] == "Dora"
    answer = world.http.post(f"{world.public}/contacts", json={"name": "Emil", "avatar_url": "https://x.test/a.png"})
    assert answer.json()["name"] == "Emil"


def test_unknown_parameters_are_dropped_additional_attributes_among_them(world: World) -> None:
    values = {"source_id": "s", "additional_attributes": {"city": "Bonn"}, "blocked": True, "contact_type": "customer"}
    world.http.post(f"{world.public}/contacts", json=values)
    record = world.http.patch(f"{world.public}/contacts/s", json=values).json()
    assert (record["additional_attributes"], record["blocked"], record["contact_type"]) == ({}, False, "visitor")


def test_an_update_answers_with_the_whole_record(world: World, clock: Clock) -> None:
    clock.advance(ms=1_000)
    answer = world.http.patch(world.contact, json={"name": "Carlo", "phone_number": "+4912"})
    assert answer.status_code == 200
    assert set(answer.json()) == RECORD_KEYS
    assert answer.json() == {
        "id": 1, "name": "Carlo", "email": "carl@example.test", "phone_number": "+4912", "account_id": 1,
        "created_at": "2026-06-10T11:14:56.789Z", "updated_at": "2026-06-10T11:14:57.789Z",
        "additional_attributes": {}, "identifier": None, "custom_attributes": {}, "last_activity_at": None,
        "contact_type": "lead", "middle_name": "", "last_name": "", "location": None, "country_code": None,
        "blocked": False, "company_id": None, "label_list": [],
    }  # fmt: skip


def test_put_is_patch(world: World) -> None:
    assert world.http.put(world.contact, json={"name": "Carlo"}).json()["name"] == "Carlo"


def test_an_update_never_changes_the_identifier(world: World) -> None:
    assert world.http.patch(world.contact, json={"identifier": "me"}).json()["identifier"] is None


def test_an_update_emits_contact_updated_once_and_nothing_when_nothing_changed(world: World) -> None:
    before = len(world.events())
    world.http.patch(world.contact, json={"name": "Carlo"})
    world.http.patch(world.contact, json={"name": "Carlo"})
    world.http.patch(world.contact, json={})
    assert names(world)[before:] == ["contact_updated"]


def test_blanks_in_an_update_change_nothing(world: World) -> None:
    world.http.patch(world.contact, json={"custom_attributes": {"plan": "pro"}, "phone_number": "+4912"})
    before = world.events()
    record = world.http.patch(
        world.contact, json={"name": "", "email": None, "phone_number": "", "custom_attributes": {}}
    ).json()
    assert (record["name"], record["email"], record["phone_number"]) == ("Carl", "carl@example.test", "+4912")
    assert record["custom_attributes"] == {"plan": "pro"}
    assert world.events() == before


def test_custom_attributes_are_merged_deeply_by_an_update(world: World) -> None:
    world.http.patch(world.contact, json={"custom_attributes": {"plan": "pro", "deep": {"a": 1, "b": 2}}})
    record = world.http.patch(world.contact, json={"custom_attributes": {"deep": {"b": 3}, "new": True}}).json()
    assert record["custom_attributes"] == {"plan": "pro", "deep": {"a": 1, "b": 3}, "new": True}


def test_the_owner_of_the_email_survives_a_merge_and_the_source_id_moves_to_it(world: World) -> None:
    other = world.http.post(
        f"{world.public}/contacts",
        json={
            "source_id": "other",
            "email": "other@x.test",
            "name": "Other",
            "custom_attributes": {"a": "other", "d": {"x": 1}},
        },
    ).json()
    ann = world.http.post(
        f"{world.public}/contacts",
        json={
            "source_id": "ann",
            "phone_number": "+4999",
            "name": "Ann",
            "identifier": "ann",
            "custom_attributes": {"a": "ann", "b": 1, "d": {"y": 2}},
        },
    ).json()
    conversation = world.http.post(f"{world.public}/contacts/ann/conversations").json()["id"]
    world.http.post(f"{world.public}/contacts/ann/conversations/{conversation}/messages", json={"content": "mine"})
    before = len(world.events())

    record = world.http.patch(f"{world.public}/contacts/ann", json={"email": "OTHER@x.test", "name": "Anna"}).json()

    assert record["id"] == other["id"]
    assert (record["name"], record["email"]) == ("Anna", "other@x.test")
    assert (record["phone_number"], record["identifier"]) == ("+4999", "ann")
    assert record["custom_attributes"] == {"a": "other", "b": 1, "d": {"x": 1, "y": 2}}
    moved = world.http.get(f"{world.public}/contacts/ann").json()
    assert (moved["id"], moved["pubsub_token"]) == (other["id"], ann["pubsub_token"])
    shown = world.http.get(f"{world.public}/contacts/ann/conversations/{conversation}").json()
    assert shown["contact"]["id"] == other["id"]
    assert shown["messages"][0]["sender"]["id"] == other["id"]
    gone = world.http.get(f"{world.account}/contacts/{ann['id']}", token=world.admin)
    assert gone.status_code == 404
    emitted = world.events()[before:]
    assert {(event["event"], event["id"]) for event in emitted} == {("contact_updated", other["id"])}
    assert emitted[-1]["name"] == "Anna"


def test_the_owner_of_the_phone_number_survives_a_merge(world: World) -> None:
    other = world.http.post(f"{world.public}/contacts", json={"phone_number": "+4911", "name": "Other"}).json()
    record = world.http.patch(world.contact, json={"phone_number": "+4911"}).json()
    assert (record["id"], record["name"], record["email"]) == (other["id"], "Other", "carl@example.test")


def test_a_phone_number_of_somebody_with_another_email_is_dropped_silently(world: World) -> None:
    values = {"phone_number": "+4911", "email": "own@x.test"}
    world.http.post(f"{world.public}/contacts", json=values)
    record = world.http.patch(world.contact, json={"phone_number": "+4911", "email": "new@x.test"}).json()
    assert (record["id"], record["email"], record["phone_number"]) == (world.carl["id"], "new@x.test", None)


def test_an_invalid_update_is_422_and_changes_nothing(world: World) -> None:
    answer = world.http.patch(world.contact, json={"email": "nobody", "name": "X"})
    assert (answer.status_code, answer.json()) == (422, {"message": "Email Invalid email", "attributes": ["email"]})
    assert world.http.get(world.contact).json() == world.carl


def test_the_identity_hash_of_the_contract_is_accepted(world: World, app: App) -> None:
    def known_key(tx: Any) -> None:
        inbox = tx.get(Inbox, world.inbox["id"])
        tx.update(inbox, hmac_token="nTJ8x1Qm3vKc5RzWbY7aLpEd")

    app.store.write(known_key)
    proof = "ad33c38821c5c5abc18c505072fc39c2de7212a7b0b849c5d12c37bba0cff122"
    values = {"source_id": "s", "identifier": "user-42", "identifier_hash": proof}
    assert world.http.post(f"{world.public}/contacts", json=values).status_code == 200
    assert is_verified(app, "s")


def test_a_valid_hash_on_create_verifies_at_once(world: World, app: App) -> None:
    world.http.post(f"{world.public}/contacts", json={"source_id": "s"} | inbox_identity(world, "user-42"))
    assert is_verified(app, "s")
    world.http.post(f"{world.public}/contacts", json={"source_id": "t", "identifier": "user-43"})
    assert not is_verified(app, "t")


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT"])
def test_a_valid_hash_later_verifies_for_good(world: World, app: App, method: str) -> None:
    world.http.post(f"{world.public}/contacts", json={"source_id": "s", "identifier": "u"})
    path = f"{world.public}/contacts/s"
    proof = inbox_identity(world, "u")
    given: dict[str, Any] = {"params": proof} if method == "GET" else {"json": proof}
    answer = world.http.request(method, path, **given)
    assert answer.status_code == 200
    assert is_verified(app, "s")
    world.http.get(path)
    assert is_verified(app, "s")


@pytest.mark.parametrize("wrong", ["0" * 64, "x", "ü"])
def test_a_wrong_hash_is_401_even_where_identity_is_voluntary_and_stores_nothing(world: World, wrong: str) -> None:
    before = world.events()
    body = {"source_id": "s", "identifier": "u", "identifier_hash": wrong}
    for answer in (
        world.http.post(f"{world.public}/contacts", json=body),
        world.http.get(world.contact, params=body),
        world.http.patch(world.contact, json=body | {"name": "X"}),
    ):
        assert (answer.status_code, answer.json()) == (401, UNVERIFIED)
    assert world.events() == before
    assert world.http.get(f"{world.public}/contacts/s").status_code == 404


def test_a_missing_hash_is_401_where_identity_is_mandatory(world: World) -> None:
    make_mandatory(world)
    for answer in (
        world.http.post(f"{world.public}/contacts", json={"identifier": "u"}),
        world.http.post(f"{world.public}/contacts", json={"identifier": "u", "identifier_hash": ""}),
        world.http.get(world.contact),
        world.http.patch(world.contact, json={"name": "X"}),
    ):
        assert (answer.status_code, answer.json()) == (401, UNVERIFIED)
    created = world.http.post(f"{world.public}/contacts", json={"source_id": "s"} | inbox_identity(world, "u"))
    assert created.status_code == 200


def test_an_unknown_contact_is_404_before_its_identity_is_looked_at(world: World) -> None:
    make_mandatory(world)
    assert world.http.get(f"{world.public}/contacts/nobody").status_code == 404


def test_a_hash_for_another_identifier_is_401(world: World, app: App) -> None:
    contacts = f"{world.public}/contacts"
    world.http.post(contacts, json={"source_id": "s", "identifier": "alice"})
    mallory = inbox_identity(world, "mallory")
    for answer in (
        world.http.get(f"{contacts}/s", params=mallory),
        world.http.patch(f"{contacts}/s", json=mallory),
        world.http.post(contacts, json={"source_id": "s"} | mallory),
    ):
        assert (answer.status_code, answer.json()) == (401, UNVERIFIED)
    assert not is_verified(app, "s")


def test_ones_own_hash_with_the_email_of_somebody_else_verifies_nothing(world: World, app: App) -> None:
    contacts = f"{world.public}/contacts"
    world.http.post(contacts, json={"identifier": "alice", "email": "alice@x.test"})
    world.http.post(contacts, json={"source_id": "m", "email": "alice@x.test"} | inbox_identity(world, "mallory"))
    assert not is_verified(app, "m")


def test_a_merge_into_another_identifier_takes_the_proof_away(world: World, app: App) -> None:
    contacts = f"{world.public}/contacts"
    alice = {"source_id": "a", "email": "alice@x.test"} | inbox_identity(world, "alice")
    world.http.post(contacts, json=alice)
    secret = world.http.post(f"{contacts}/a/conversations").json()["id"]
    world.http.post(contacts, json={"source_id": "m"} | inbox_identity(world, "mallory"))

    merged = world.http.patch(f"{contacts}/m", json={"email": "alice@x.test"})

    assert merged.json()["identifier"] == "alice"
    assert not is_verified(app, "m")
    assert is_verified(app, "a")
    assert world.http.get(f"{contacts}/m/conversations/{secret}").status_code == 404


def test_the_hash_of_another_inbox_is_401(world: World) -> None:
    other = world.http.post(
        f"{world.account}/inboxes", json={"name": "B", "channel": {"type": "api"}}, token=world.admin
    )
    proof = {"identifier": "u", "identifier_hash": signing.identity_hash(other.json()["hmac_token"], "u")}
    assert world.http.post(f"{world.public}/contacts", json=proof).status_code == 401


def test_two_first_contacts_at_once_are_one(world: World, http: Http) -> None:
    def create(_: int) -> Any:
        return http.post(f"{world.public}/contacts", json={"source_id": "race", "email": "race@x.test"}).json()

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(create, range(16)))
    assert all(one == made[0] for one in made)
    assert names(world).count("contact_created") == 2


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1]",
        b'{"name":"\\u0000"}',
        b'{"name":"\\ud800"}',
        b'{"custom_attributes":{"a":NaN}}',
        b'{"custom_attributes":{"a":1e400}}',
        b'{"custom_attributes":{"a":9223372036854775808}}',
        b'{"name":"\xff"}',
        b'{"custom_attributes":' + b'{"a":' * 101 + b"1" + b"}" * 102,
    ],
)
def test_a_body_that_cannot_be_read_is_400_and_nothing_is_stored(world: World, body: bytes) -> None:
    before = world.events()
    answer = world.http.post(f"{world.public}/contacts", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    assert world.events() == before


def test_the_place_of_a_bad_value_is_named(world: World) -> None:
    answer = world.http.post(
        f"{world.public}/contacts",
        data=b'{"custom_attributes":{"a":["x","\\u0000"]}}',
        headers={"Content-Type": "application/json"},
    )
    assert "custom_attributes.a[1]" in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "attribute"),
    [({"custom_attributes": "x"}, "custom_attributes"), ({"name": ["x"]}, "name"), ({"email": True}, "email")],
)
def test_a_wrong_type_is_422_and_names_the_parameter(world: World, body: dict[str, Any], attribute: str) -> None:
    answer = world.http.post(f"{world.public}/contacts", json=body)
    assert answer.status_code == 422
    assert set(answer.json()) == {"message", "attributes"}
    assert answer.json()["attributes"] == [attribute]


def test_a_body_beyond_the_limit_is_413(world: World) -> None:
    answer = world.http.post(f"{world.public}/contacts", json={"name": "n" * 4_194_304})
    assert answer.status_code == 413
    assert set(answer.json()) == {"error"}


def test_html_in_a_name_leaves_escaped_as_rails_does(world: World) -> None:
    answer = world.http.post(f"{world.public}/contacts", json={"name": "<b>&\u2028"})
    assert '"name":"\\u003cb\\u003e\\u0026\\u2028"' in answer.text
    assert json.loads(answer.text)["name"] == "<b>&\u2028"


def test_a_create_with_an_idempotency_key_happens_once(world: World) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first = world.http.post(f"{world.public}/contacts", json={"name": "Dora"}, headers=headers)
    again = world.http.post(f"{world.public}/contacts", json={"name": "Dora"}, headers=headers)
    other = world.http.post(f"{world.public}/contacts", json={"name": "Emil"}, headers=headers)
    assert again.json() == first.json()
    assert (first.headers.get("Idempotent-Replayed"), again.headers["Idempotent-Replayed"]) == (None, "true")
    assert other.status_code == 422


def test_a_blank_source_id_means_not_given(world: World) -> None:
    made = world.http.post(f"{world.public}/contacts", json={"source_id": "", "name": "Ann"}).json()
    assert len(made["source_id"]) == 36


def test_the_hash_of_no_identifier_proves_nobody(world: World) -> None:
    values = {"identifier": "", "identifier_hash": signing.identity_hash(world.inbox["hmac_token"], "")}
    assert world.http.get(world.contact, params=values).status_code == 200
    world.conversation()
    assert world.events()[-1]["contact_inbox"]["hmac_verified"] is False
