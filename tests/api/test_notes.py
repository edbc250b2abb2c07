from typing import Any

import pytest

from inboxd.app import App
from inboxd.store import notes as store
from inboxd.store.models import AccountUser, Note
from tests.cast import EPOCH, Clock, Http, World

NOT_FOUND = {"error": "Resource could not be found"}


@pytest.fixture
def notes(world: World) -> str:
    """Carl's."""
    return f"{world.account}/contacts/{world.carl['id']}/notes"


def write(world: World, content: str, contact_id: int | None = None, token: str | None = None) -> Any:
    path = f"{world.account}/contacts/{contact_id or world.carl['id']}/notes"
    answer = world.http.post(path, json={"content": content}, token=token or world.ada)
    assert answer.status_code == 200, answer.text
    return answer.json()


def person(world: World, user_id: int) -> Any:
    people = world.http.get(f"{world.account}/agents", token=world.admin).json()
    return next(one for one in people if one["id"] == user_id)


def contact(world: World, name: str, account: str | None = None) -> int:
    answer = world.http.post(f"{account or world.account}/contacts", json={"name": name}, token=world.admin)
    number: int = answer.json()["payload"]["contact"]["id"]
    return number


def test_a_note_is_written_shown_changed_by_another_and_deleted(world: World, clock: Clock, notes: str) -> None:
    made = write(world, "prefers to be called")
    assert made == {
        "id": made["id"],
        "content": "prefers to be called",
        "account_id": 1,
        "contact_id": world.carl["id"],
        "user": person(world, world.ada_id),
        "created_at": EPOCH // 1000,
        "updated_at": EPOCH // 1000,
    }
    path = f"{notes}/{made['id']}"
    assert world.http.get(path, token=world.olga).json() == made

    clock.advance(s=2)
    answer = world.http.patch(path, json={"content": "in the evening"}, token=world.olga)
    olgas = {"content": "in the evening", "user": person(world, world.olga_id), "updated_at": EPOCH // 1000 + 2}
    assert (answer.status_code, answer.json()) == (200, made | olgas)
    assert world.http.put(path, json={"content": "at noon"}, token=world.ada).json()["user"]["id"] == world.ada_id

    answer = world.http.delete(path, token=world.olga)
    assert (answer.status_code, answer.content) == (200, b"")
    for method in ("GET", "PATCH", "DELETE"):
        answer = world.http.request(method, path, json={"content": "x"}, token=world.ada)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_notes_are_listed_the_newest_first(world: World, notes: str) -> None:
    assert world.http.get(notes, token=world.ada).json() == []
    made = [write(world, f"note {count}") for count in range(3)]
    write(world, "about somebody else", contact(world, "Dora"))
    assert world.http.get(notes, token=world.ada).json() == made[::-1]


def test_a_note_tells_no_webhook_and_leaves_the_contact_alone(world: World, clock: Clock, notes: str) -> None:
    path = f"{world.account}/contacts/{world.carl['id']}"
    before, events = world.http.get(path, token=world.ada).json(), world.events()
    clock.advance(s=1)
    made = write(world, "x")
    world.http.patch(f"{notes}/{made['id']}", json={"content": "y"}, token=world.ada)
    world.http.delete(f"{notes}/{made['id']}", token=world.ada)
    assert world.events() == events
    assert world.http.get(path, token=world.ada).json() == before


def test_a_note_outlives_the_membership_of_its_author(world: World, app: App, notes: str) -> None:
    author = write(world, "x")["user"]
    app.store.write(lambda tx: tx.delete(AccountUser, user_id=world.ada_id))
    shown = world.http.get(notes, token=world.admin).json()[0]["user"]
    gone = dict.fromkeys(("account_id", "availability_status", "auto_offline", "role"))
    assert shown == author | gone


def test_a_note_without_an_author_has_no_user(world: World, app: App, notes: str) -> None:
    app.store.write(lambda tx: tx.insert(Note, account_id=1, contact_id=world.carl["id"], content="imported"))
    [shown] = world.http.get(notes, token=world.ada).json()
    assert "user" not in shown


@pytest.mark.parametrize("content", ["", " \n", None])
def test_a_blank_note_is_422(world: World, notes: str, content: str | None) -> None:
    made = write(world, "x")
    expected = {"message": "Content can't be blank", "attributes": ["content"]}
    for method, path in (("POST", notes), ("PATCH", f"{notes}/{made['id']}")):
        answer = world.http.request(method, path, json={"content": content}, token=world.ada)
        assert (answer.status_code, answer.json()) == (422, expected)
    assert world.http.get(notes, token=world.ada).json() == [made]


def test_a_note_is_text_of_bounded_length(world: World, notes: str) -> None:
    write(world, "ä" * 20_000)
    for content, message in (
        ("x" * 20_001, "Content is too long (maximum is 20000 characters)"),
        ({"a": 1}, "Content must be text"),
    ):
        answer = world.http.post(notes, json={"content": content}, token=world.ada)
        assert (answer.status_code, answer.json()) == (422, {"message": message, "attributes": ["content"]})


def test_the_wrapper_key_is_optional_for_json_and_needed_for_forms(world: World, notes: str) -> None:
    answers = (
        world.http.post(notes, json={"note": {"content": "x"}}, token=world.ada),
        world.http.post(notes, data={"note[content]": "x"}, token=world.ada),
    )
    assert [answer.json()["content"] for answer in answers] == ["x", "x"]
    requests: list[dict[str, Any]] = [{"data": {"content": "x"}}, {"json": {}}, {"json": {"note": {}}}, {}]
    for given in requests:
        answer = world.http.request("POST", notes, token=world.ada, **given)
        missing = {"error": "param is missing or the value is empty: note"}
        assert (answer.status_code, answer.json()) == (422, missing)


def test_a_note_is_found_with_its_own_contact_and_account_only(world: World, http: Http) -> None:
    made = write(world, "x")
    other = http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    elsewhere = f"/api/v1/accounts/{other}"
    stranger = contact(world, "Eve", elsewhere)
    for path in (
        f"{world.account}/contacts/{contact(world, 'Dora')}/notes/{made['id']}",
        f"{world.account}/contacts/99/notes/{made['id']}",
        f"{elsewhere}/contacts/{world.carl['id']}/notes/{made['id']}",
        f"{elsewhere}/contacts/{stranger}/notes/{made['id']}",
    ):
        for method in ("GET", "PATCH", "DELETE"):
            answer = http.request(method, path, json={"content": "y"}, token=world.admin)
            assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    for path in (f"{elsewhere}/contacts/{world.carl['id']}/notes", f"{world.account}/contacts/99/notes"):
        for method in ("GET", "POST"):
            answer = http.request(method, path, json={"content": "y"}, token=world.admin)
            assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert http.get(f"{elsewhere}/contacts/{stranger}/notes", token=world.ada).status_code == 401
    assert http.get(f"{world.account}/contacts/{world.carl['id']}/notes").status_code == 401


def test_notes_move_with_a_merged_contact_and_go_with_a_deleted_one(world: World, app: App) -> None:
    dora = contact(world, "Dora")
    write(world, "first")
    write(world, "second", dora)
    write(world, "third")

    app.store.write(lambda tx: store.move(tx, world.carl["id"], dora))
    with app.store.read() as tx:
        assert [note.content for note in store.of_contact(tx, dora)] == ["third", "second", "first"]
        assert store.of_contact(tx, world.carl["id"]) == []

    write(world, "stays")
    app.store.write(lambda tx: store.drop(tx, dora))
    with app.store.read() as tx:
        assert store.of_contact(tx, dora) == []
        assert [note.content for note in store.of_contact(tx, world.carl["id"])] == ["stays"]
