from typing import Any

import pytest

from inboxd.app import App
from inboxd.store.models import ContactTagging
from tests.cast import World

NOT_FOUND = {"error": "Resource could not be found"}


@pytest.fixture
def path(world: World) -> str:
    return f"{world.account}/contacts/{world.carl['id']}"


def put(world: World, labels: Any, contact_id: int | None = None) -> Any:
    path = f"{world.account}/contacts/{contact_id or world.carl['id']}/labels"
    answer = world.http.post(path, json={"labels": labels}, token=world.ada)
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(world: World, *labels: str) -> list[str]:
    answer = world.http.get(f"{world.account}/contacts", params={"labels[]": labels}, token=world.olga).json()
    assert answer["meta"]["count"] == len(answer["payload"])
    return [contact["name"] for contact in answer["payload"]]


def test_labels_are_replaced_as_a_whole(world: World, path: str) -> None:
    assert world.http.get(f"{path}/labels", token=world.olga).json() == {"payload": []}
    assert put(world, ["vip", "new"]) == {"payload": ["vip", "new"]}
    assert put(world, ["vip", "old"]) == {"payload": ["vip", "old"]}
    assert world.http.get(f"{path}/labels", token=world.olga).json() == {"payload": ["vip", "old"]}
    assert put(world, []) == {"payload": []}


@pytest.mark.parametrize("labels", [["a, b", " c ", "", "a"], "a,b,c", ["a,,b", "c,"]])
def test_a_comma_splits_a_label_and_blanks_and_repeats_are_dropped(world: World, labels: Any) -> None:
    assert put(world, labels) == {"payload": ["a", "b", "c"]}


def test_no_labels_at_all_clear_them_as_an_empty_list_does(world: World, path: str) -> None:
    put(world, ["vip"])
    answer = world.http.post(f"{path}/labels", json={}, token=world.ada)
    assert (answer.status_code, answer.json()) == (200, {"payload": []})


def test_labels_of_a_wrong_type_are_422(world: World, path: str) -> None:
    answer = world.http.post(f"{path}/labels", json={"labels": [{"a": 1}]}, token=world.ada)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["labels"])


def test_labels_need_a_contact_of_the_account_and_a_token(world: World, path: str) -> None:
    for method in ("GET", "POST"):
        answer = world.http.request(method, f"{world.account}/contacts/99/labels", token=world.ada)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
        assert world.http.request(method, f"{path}/labels").status_code == 401


def test_new_labels_are_announced_and_the_same_again_are_not(world: World) -> None:
    before = len(world.events())
    put(world, ["vip"])
    put(world, ["vip"])
    (event,) = world.events()[before:]
    assert (event["event"], event["id"]) == ("contact_updated", world.carl["id"])
    change = next(one["label_list"] for one in event["changed_attributes"] if "label_list" in one)
    assert change == {"previous_value": [], "current_value": ["vip"]}


def test_the_list_shows_contacts_that_have_any_of_the_labels(world: World, app: App) -> None:
    contacts = f"{world.account}/contacts"
    made = world.http.post(contacts, json={"name": "Dora", "identifier": "d"}, token=world.ada).json()
    dora = made["payload"]["contact"]["id"]
    put(world, ["vip", "new"])
    put(world, ["vip, old"], dora)
    assert listed(world, "vip") == ["Carl", "Dora"]
    assert (listed(world, "new"), listed(world, "old")) == (["Carl"], ["Dora"])
    assert listed(world, "new", "old") == ["Carl", "Dora"]
    assert listed(world, "vi") == []
    put(world, ["old"])
    assert (listed(world, "vip"), listed(world, "old")) == (["Dora"], ["Carl", "Dora"])
    with app.store.read() as tx:
        tagged = {(one.contact_id, one.label) for one in tx.filter(ContactTagging)}
    assert tagged == {(world.carl["id"], "old"), (dora, "vip"), (dora, "old")}
