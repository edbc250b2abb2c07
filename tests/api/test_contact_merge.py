from typing import Any

import pytest

from inboxd.app import App
from inboxd.store.models import ContactTagging, Note
from tests.cast import World

NOT_FOUND = {"error": "Resource could not be found"}


@pytest.fixture
def merges(world: World) -> str:
    return f"{world.account}/actions/contact_merge"


@pytest.fixture
def dora(world: World) -> Any:
    values = {
        "source_id": "dora",
        "name": "Dora",
        "phone_number": "+4911",
        "identifier": "dora",
        "custom_attributes": {"plan": "free", "blank": "x", "deep": {"a": 1, "b": 1}, "own": 1},
    }
    return world.http.post(f"{world.public}/contacts", json=values).json()


def test_the_base_wins_where_it_has_a_value_and_the_mergee_fills_its_gaps(world: World, merges: str, dora: Any) -> None:
    path = f"{world.account}/contacts/{world.carl['id']}"
    own = {"custom_attributes": {"plan": "pro", "blank": "", "deep": {"b": 2}}}
    before = world.http.patch(path, json=own, token=world.ada).json()["payload"]
    body = {"base_contact_id": world.carl["id"], "mergee_contact_id": dora["id"]}
    answer = world.http.post(merges, json=body, token=world.olga)
    assert answer.status_code == 200
    expected = before | {
        "phone_number": "+4911",
        "identifier": "dora",
        "custom_attributes": {"plan": "pro", "blank": "", "deep": {"a": 1, "b": 2}, "own": 1},
    }
    del expected["contact_inboxes"]
    assert answer.json() == expected
    assert world.http.get(f"{world.account}/contacts/{dora['id']}", token=world.ada).status_code == 404
    shown = world.http.get(path, token=world.ada).json()["payload"]
    assert [place["source_id"] for place in shown["contact_inboxes"]] == ["carl-1", "dora"]
    assert {key: shown[key] for key in expected} == expected


def test_conversations_messages_notes_and_labels_move_to_the_base(
    world: World, app: App, merges: str, dora: Any
) -> None:
    talks = f"{world.public}/contacts/dora/conversations"
    number = world.http.post(talks).json()["id"]
    world.http.post(f"{talks}/{number}/messages", json={"content": "mine"})
    for contact_id, labels in ((world.carl["id"], ["vip", "old"]), (dora["id"], ["vip", "new"])):
        path = f"{world.account}/contacts/{contact_id}/labels"
        world.http.post(path, json={"labels": labels}, token=world.ada)
    app.store.write(lambda tx: tx.insert(Note, account_id=1, contact_id=dora["id"], content="likes tea"))
    body = {"base_contact_id": world.carl["id"], "mergee_contact_id": dora["id"]}
    world.http.post(merges, json=body, token=world.ada)

    base = f"{world.account}/contacts/{world.carl['id']}"
    (conversation,) = world.http.get(f"{base}/conversations", token=world.ada).json()["payload"]
    assert (conversation["id"], conversation["meta"]["sender"]["id"]) == (number, world.carl["id"])
    assert conversation["messages"][0]["sender"]["id"] == world.carl["id"]
    assert world.http.get(f"{base}/labels", token=world.ada).json() == {"payload": ["vip", "old", "new"]}
    with app.store.read() as tx:
        assert {(one.contact_id, one.label) for one in tx.filter(ContactTagging)} == {
            (world.carl["id"], label) for label in ("vip", "old", "new")
        }
        assert [one.contact_id for one in tx.filter(Note)] == [world.carl["id"]]
    params = {"labels[]": ["new"]}
    (found,) = world.http.get(f"{world.account}/contacts", params=params, token=world.ada).json()["payload"]
    assert found["id"] == world.carl["id"]
    assert world.http.get(f"{world.public}/contacts/dora").json()["id"] == world.carl["id"]


def test_a_merge_is_announced_as_a_change_of_the_base(world: World, merges: str, dora: Any) -> None:
    before = len(world.events())
    body = {"base_contact_id": world.carl["id"], "mergee_contact_id": dora["id"]}
    world.http.post(merges, json=body, token=world.ada)
    (event,) = world.events()[before:]
    assert (event["event"], event["id"], event["phone_number"]) == ("contact_updated", world.carl["id"], "+4911")


def test_a_contact_merged_with_itself_stays_as_it_is(world: World, merges: str) -> None:
    before = world.events()
    body = {"base_contact_id": world.carl["id"], "mergee_contact_id": str(world.carl["id"])}
    answer = world.http.post(merges, json=body, token=world.ada)
    assert (answer.status_code, answer.json()["name"]) == (200, "Carl")
    assert world.events() == before
    assert world.http.get(world.contact).status_code == 200


def test_a_merge_with_somebody_unknown_is_404_and_changes_nothing(world: World, merges: str, dora: Any) -> None:
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    path = f"/api/v1/accounts/{other}/contacts"
    stranger = world.http.post(path, json={"name": "S"}, token=world.admin).json()["payload"]["contact"]["id"]
    before = world.events()
    bodies: tuple[dict[str, Any], ...] = (
        {"base_contact_id": world.carl["id"], "mergee_contact_id": stranger},
        {"base_contact_id": stranger, "mergee_contact_id": world.carl["id"]},
        {"base_contact_id": 99, "mergee_contact_id": 99},
        {"base_contact_id": dora["id"]},
        {"mergee_contact_id": dora["id"]},
        {},
    )
    for body in bodies:
        answer = world.http.post(merges, json=body, token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert world.events() == before


def test_a_merge_needs_ids_and_a_token(world: World, merges: str) -> None:
    answer = world.http.post(merges, json={"base_contact_id": "x", "mergee_contact_id": 1}, token=world.ada)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["base_contact_id"])
    assert world.http.post(merges, json={}).status_code == 401
