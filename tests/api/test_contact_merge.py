from collections.abc import Callable
from typing import Any

import pytest

from inboxd.app import App
from inboxd.domain.errors import StorageFull
from inboxd.store.models import Contact, ContactTagging, Message, Note
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


def test_a_visitor_who_gets_an_address_by_a_merge_is_a_lead(world: World, app: App, merges: str) -> None:
    visitor = world.http.post(f"{world.public}/contacts", json={"source_id": "v"}).json()["id"]
    body = {"base_contact_id": visitor, "mergee_contact_id": world.carl["id"]}
    world.http.post(merges, json=body, token=world.ada)
    with app.store.read() as tx:
        assert [one.contact_type for one in tx.filter(Contact)] == ["lead"]


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


def _meanwhile(app: App, monkeypatch: pytest.MonkeyPatch, then: Callable[[], Any]) -> None:
    """`then` comes after what was sent is looked up, and before it changes hands."""
    write = app.store.write

    def late(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(app.store, "write", write)
        then()
        return write(*args, **kwargs)

    monkeypatch.setattr(app.store, "write", late)


def _say(world: World, source_id: str, *words: str) -> str:
    talks = f"{world.public}/contacts/{source_id}/conversations"
    path = f"{talks}/{world.http.post(talks).json()['id']}/messages"
    for content in words:
        world.http.post(path, json={"content": content})
    return path


def _senders(app: App) -> dict[str | None, int | None]:
    with app.store.read() as tx:
        return {one.content: one.sender_id for one in tx.filter(Message, sender_type="Contact")}


def _merge_into_carl(world: World, merges: str, mergee: Any) -> Any:
    body = {"base_contact_id": world.carl["id"], "mergee_contact_id": mergee["id"]}
    return world.http.post(merges, json=body, token=world.ada)


def test_what_is_said_while_a_history_changes_hands_is_the_bases_too(
    world: World, app: App, merges: str, dora: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _say(world, "dora", "one", "two", "three")
    _meanwhile(app, monkeypatch, lambda: world.http.post(path, json={"content": "four"}))
    assert _merge_into_carl(world, merges, dora).status_code == 200
    assert _senders(app) == dict.fromkeys(("one", "two", "three", "four"), world.carl["id"])


def test_who_becomes_the_mergee_meanwhile_becomes_the_base_with_it(
    world: World, app: App, merges: str, dora: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    erik = world.http.post(f"{world.public}/contacts", json={"source_id": "erik"}).json()["id"]
    _say(world, "erik", "before")
    _say(world, "dora", "one", "two", "three")
    first = {"base_contact_id": dora["id"], "mergee_contact_id": erik}
    _meanwhile(app, monkeypatch, lambda: world.http.post(merges, json=first, token=world.ada))
    assert _merge_into_carl(world, merges, dora).status_code == 200
    assert _senders(app) == dict.fromkeys(("before", "one", "two", "three"), world.carl["id"])


def test_a_base_that_is_deleted_meanwhile_is_404_and_the_mergee_stays(
    world: World, app: App, merges: str, dora: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _say(world, "dora", "one", "two", "three")
    carl = f"{world.account}/contacts/{world.carl['id']}"
    _meanwhile(app, monkeypatch, lambda: world.http.delete(carl, token=world.admin))
    answer = _merge_into_carl(world, merges, dora)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    shown = world.http.get(f"{world.account}/contacts/{dora['id']}/conversations", token=world.ada).json()
    assert len(shown["payload"]) == 1


def test_a_client_that_names_somebody_elses_address_hands_its_history_over_too(
    world: World, app: App, dora: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _say(world, "dora", "one", "two", "three")
    _meanwhile(app, monkeypatch, lambda: world.http.post(path, json={"content": "four"}))
    answer = world.http.patch(f"{world.public}/contacts/dora", json={"email": "carl@example.test"})
    assert (answer.status_code, answer.json()["id"]) == (200, world.carl["id"])
    assert _senders(app) == dict.fromkeys(("one", "two", "three", "four"), world.carl["id"])


def test_a_client_that_proves_nothing_hands_nothing_over(world: World, app: App, dora: Any) -> None:
    _say(world, "dora", "one", "two", "three")
    values = {"email": "carl@example.test", "identifier": "dora", "identifier_hash": "wrong"}
    assert world.http.patch(f"{world.public}/contacts/dora", json=values).status_code == 401
    assert set(_senders(app).values()) == {dora["id"]}


def test_the_same_merge_under_its_key_is_answered_again(world: World, merges: str, dora: Any) -> None:
    body = {"base_contact_id": world.carl["id"], "mergee_contact_id": dora["id"]}
    first, again = (
        world.http.post(merges, json=body, token=world.ada, headers={"Idempotency-Key": "k"}) for _ in range(2)
    )
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_merge_whose_answer_got_lost_is_answered_under_its_key(
    world: World, app: App, merges: str, dora: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, left = app.store.write, [2]

    def stop(*args: Any, **kwargs: Any) -> Any:
        """After the key was looked up, and the merge."""
        left[0] -= 1
        if left[0] < 0:
            raise StorageFull
        return write(*args, **kwargs)

    def ask() -> Any:
        body = {"base_contact_id": world.carl["id"], "mergee_contact_id": dora["id"]}
        return world.http.post(merges, json=body, token=world.ada, headers={"Idempotency-Key": "k"})

    world.http.get(f"{world.account}/contacts", token=world.ada)
    monkeypatch.setattr(app.store, "write", stop)
    assert ask().status_code == 507
    assert left == [-1]
    monkeypatch.setattr(app.store, "write", write)
    assert (ask().status_code, ask().json()["phone_number"]) == (200, "+4911")


def test_a_client_that_says_the_same_twice_at_once_is_answered_both_times(
    world: World, app: App, dora: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def say() -> Any:
        return world.http.patch(f"{world.public}/contacts/dora", json={"email": "carl@example.test"})

    _say(world, "dora", "one", "two", "three")
    _meanwhile(app, monkeypatch, lambda: twins.append(say()))
    twins: list[Any] = []
    assert [answer.json()["id"] for answer in (say(), *twins)] == [world.carl["id"]] * 2


def test_three_become_one_with_all_they_said(world: World, app: App, dora: Any) -> None:
    world.http.post(f"{world.public}/contacts", json={"source_id": "erik"})
    for source_id in ("carl-1", "dora", "erik"):
        _say(world, source_id, f"{source_id} one", f"{source_id} two")
    values = {"email": "carl@example.test", "phone_number": "+4911"}
    answer = world.http.patch(f"{world.public}/contacts/erik", json=values)
    assert answer.json()["id"] == dora["id"]
    senders = _senders(app)
    assert (len(senders), set(senders.values())) == (6, {dora["id"]})


def test_who_becomes_somebody_else_meanwhile_is_404_and_no_message_is_the_bases(
    world: World, app: App, merges: str, dora: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    erik = world.http.post(f"{world.public}/contacts", json={"source_id": "erik"}).json()["id"]
    _say(world, "dora", "one", "two", "three")
    first = {"base_contact_id": erik, "mergee_contact_id": dora["id"]}
    _meanwhile(app, monkeypatch, lambda: world.http.post(merges, json=first, token=world.ada))
    body = {"base_contact_id": world.carl["id"], "mergee_contact_id": dora["id"]}
    assert world.http.post(merges, json=body, token=world.ada).status_code == 404
    assert set(_senders(app).values()) == {erik}
