from typing import Any

import pytest

from inboxd.app import App
from inboxd.services import labels as work
from inboxd.store.db import Tx
from inboxd.store.models import Contact, ContactTagging, Tagging
from tests.api.test_conversations import act, emitted, ids, lines, show
from tests.api.test_inboxes import NOT_ALLOWED, NOT_FOUND
from tests.api.test_teams import elsewhere, refused
from tests.cast import World


@pytest.fixture
def labels(world: World) -> str:
    return f"{world.account}/labels"


@pytest.fixture
def number(world: World) -> int:
    return world.conversation()


def made(world: World, title: str = "vip", **values: Any) -> Any:
    answer = world.http.post(f"{world.account}/labels", json={"title": title, **values}, token=world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def tag_carl(app: App, *words: str) -> None:
    def unit(tx: Tx) -> None:
        [carl] = tx.filter(Contact)
        tx.update(carl, label_list=list(words))
        for word in words:
            tx.insert(ContactTagging, account_id=1, contact_id=carl.id, label=word)

    app.store.write(unit)


def words_of_carl(app: App) -> tuple[list[str], list[str]]:
    """His own, and those of the index."""
    with app.store.read() as tx:
        [carl] = tx.filter(Contact)
        return carl.label_list, sorted(row.label for row in tx.filter(ContactTagging))


def test_a_label_is_shown_like_this(world: World, labels: str) -> None:
    label = made(world)
    assert label == {
        "id": label["id"], "title": "vip", "description": None, "color": "#1f93ff", "show_on_sidebar": None,
    }  # fmt: skip
    assert world.http.get(f"{labels}/{label['id']}", token=world.admin).json() == label
    late = made(world, "Late", description="was late", color="#ff0000", show_on_sidebar=True)
    assert late == {
        "id": late["id"], "title": "late", "description": "was late", "color": "#ff0000", "show_on_sidebar": True,
    }  # fmt: skip
    assert world.http.get(labels, token=world.ada).json() == {"payload": [late, label]}


def test_a_label_is_made_with_its_wrapper_key_as_well(world: World, labels: str) -> None:
    assert world.http.post(labels, json={"label": {"title": "aa"}}, token=world.admin).json()["title"] == "aa"
    assert world.http.post(labels, data={"label[title]": "bb"}, token=world.admin).json()["title"] == "bb"
    missing = (422, {"error": "param is missing or the value is empty: label"})
    assert refused(world, "POST", labels, world.admin, json={}) == missing
    assert refused(world, "POST", labels, world.admin, data={"title": "cc"}) == missing
    assert refused(world, "PATCH", f"{labels}/1", world.admin, json={}) == missing


def test_a_label_is_changed_by_patch_and_put(world: World, labels: str) -> None:
    path = f"{labels}/{made(world)['id']}"
    shown = world.http.patch(path, json={"description": "d", "show_on_sidebar": "true"}, token=world.admin).json()
    assert (shown["title"], shown["description"], shown["show_on_sidebar"]) == ("vip", "d", True)
    shown = world.http.put(path, json={"title": "VIP", "color": "#000000"}, token=world.admin).json()
    assert (shown["title"], shown["color"]) == ("vip", "#000000")
    shown = world.http.patch(path, json={"color": None, "show_on_sidebar": None}, token=world.admin).json()
    assert (shown["color"], shown["show_on_sidebar"]) == ("#000000", None)
    assert world.http.get(path, token=world.admin).json() == shown


@pytest.mark.parametrize("title", ["a1", "1a", "größe", "a-b_c", "2-", "日本", "x" * 255, "\u00bd\u00bd"])
def test_a_title_may_be_words_of_any_script(world: World, title: str) -> None:
    assert made(world, title)["title"] == title


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"color": "#000000"}, "Title must not be blank"),
        ({"title": None}, "Title must not be blank"),
        ({"title": "  "}, "Title must not be blank"),
        ({"title": "TAKEN"}, "Title has already been taken"),
        ({"title": "x" * 256}, "Title is too long (maximum is 255 characters)"),
        *[
            ({"title": title}, "Title is invalid")
            for title in ("x", "_a", "-a", "two words", "a,b", "a.b", "a\n", "a!", "\u0301a", "#vip")
        ],
    ],
)
def test_a_title_that_breaks_a_rule_is_refused(world: World, labels: str, body: dict[str, Any], message: str) -> None:
    made(world, "taken")
    refusal = (422, {"message": message, "attributes": ["title"]})
    assert refused(world, "POST", labels, world.admin, json=body) == refusal
    if "title" in body:
        path = f"{labels}/{made(world, 'other')['id']}"
        assert refused(world, "PATCH", path, world.admin, json=body) == refusal
        assert world.http.get(path, token=world.admin).json()["title"] == "other"


def test_agents_list_labels_and_administrators_do_the_rest(world: World, labels: str) -> None:
    label = f"{labels}/{made(world)['id']}"
    assert world.http.get(labels, token=world.olga).status_code == 200
    for method, path in (("POST", labels), ("GET", label), ("PATCH", label), ("PUT", label), ("DELETE", label)):
        assert refused(world, method, path, world.ada, json={"title": "late"}) == (401, NOT_ALLOWED)
        assert refused(world, method, path, None)[0] == 401
    for method in ("GET", "PATCH", "DELETE"):
        for token in (world.ada, world.admin):
            assert refused(world, method, f"{labels}/99", token, json={"title": "late"}) == (404, NOT_FOUND)


def test_a_label_of_another_account_is_not_there(world: World, labels: str) -> None:
    label = made(world)
    other = elsewhere(world)
    for method in ("GET", "PATCH", "DELETE"):
        path = f"{other}/labels/{label['id']}"
        assert refused(world, method, path, world.admin, json={"title": "late"}) == (404, NOT_FOUND)
    assert world.http.get(f"{other}/labels", token=world.admin).json() == {"payload": []}
    answer = world.http.post(f"{other}/labels", json={"title": "vip"}, token=world.admin)
    assert answer.json()["title"] == "vip"


def test_a_new_title_goes_to_what_carries_the_old_one(world: World, app: App, labels: str, number: int) -> None:
    label, idle, resolved = made(world), world.conversation(), world.conversation()
    act(world, number, "labels", labels=["big", "vip", "new"])
    act(world, idle, "labels", labels=["big"])
    act(world, resolved, "labels", labels=["vip"])
    act(world, resolved, "toggle_status", status="resolved")
    tag_carl(app, "vip", "big")
    before, said = len(world.events()), lines(world, number)

    shown = world.http.patch(f"{labels}/{label['id']}", json={"title": "Gold"}, token=world.admin).json()
    assert shown == label | {"title": "gold"}

    assert show(world, number)["labels"] == ["big", "gold", "new"]
    assert show(world, idle)["labels"] == ["big"]
    assert show(world, resolved)["labels"] == ["gold"]
    assert ids(world, status="all", **{"labels[]": "gold"}) == [resolved, number]
    assert ids(world, status="all", **{"labels[]": "vip"}) == []
    assert words_of_carl(app) == (["gold", "big"], ["big", "gold"])
    assert emitted(world, before) == ["conversation_updated", "conversation_updated", "contact_updated"]
    first = world.events()[before]
    assert (first["id"], first["labels"]) == (number, ["big", "gold", "new"])
    assert {"label_list": {"previous_value": ["big", "vip", "new"], "current_value": ["big", "gold", "new"]}} in first[
        "changed_attributes"
    ]
    assert lines(world, number) == said


def test_who_carries_both_words_carries_the_new_one_once(world: World, app: App, labels: str, number: int) -> None:
    label = made(world)
    act(world, number, "labels", labels=["vip", "gold"])
    tag_carl(app, "gold", "vip")
    world.http.patch(f"{labels}/{label['id']}", json={"title": "gold"}, token=world.admin)
    assert show(world, number)["labels"] == ["gold"]
    assert words_of_carl(app) == (["gold"], ["gold"])
    assert ids(world, **{"labels[]": "gold"}) == [number]


def test_other_changes_of_a_label_touch_no_record(world: World, labels: str, number: int) -> None:
    label = made(world)
    act(world, number, "labels", labels=["vip"])
    before = len(world.events())
    for body in ({"description": "d"}, {"title": "VIP"}):
        assert world.http.patch(f"{labels}/{label['id']}", json=body, token=world.admin).status_code == 200
    assert len(world.events()) == before
    assert show(world, number)["labels"] == ["vip"]


def test_a_deleted_label_is_taken_away_and_nobody_is_told(world: World, app: App, labels: str, number: int) -> None:
    label = made(world)
    act(world, number, "labels", labels=["big", "vip"])
    tag_carl(app, "vip", "big")
    before, said = len(world.events()), lines(world, number)
    answer = world.http.delete(f"{labels}/{label['id']}", token=world.admin)
    assert (answer.status_code, answer.content) == (200, b"")
    assert show(world, number)["labels"] == ["big"]
    assert words_of_carl(app) == (["big"], ["big"])
    assert ids(world, **{"labels[]": "vip"}) == []
    assert (len(world.events()), lines(world, number)) == (before, said)
    assert refused(world, "DELETE", f"{labels}/{label['id']}", world.admin) == (404, NOT_FOUND)
    # The word is free again, for a label and for records.
    made(world)
    assert act(world, number, "labels", labels=["vip"]) == {"payload": ["vip"]}


@pytest.mark.parametrize("batch", [1, 2, 4, 5])
def test_many_records_are_changed_in_batches_and_all_of_them(
    world: World, app: App, labels: str, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(work, "BATCH", batch)
    label = made(world)
    numbers = [world.conversation() for _ in range(4)]
    for number in numbers:
        act(world, number, "labels", labels=["vip"])
    tag_carl(app, "vip")
    before = len(world.events())
    world.http.patch(f"{labels}/{label['id']}", json={"title": "gold"}, token=world.admin)
    assert [show(world, number)["labels"] for number in numbers] == [["gold"]] * 4
    assert words_of_carl(app) == (["gold"], ["gold"])
    assert emitted(world, before) == ["conversation_updated"] * 4 + ["contact_updated"]
    assert world.http.delete(f"{labels}/{label['id']}", token=world.admin).status_code == 200
    assert [show(world, number)["labels"] for number in numbers] == [[]] * 4
    assert words_of_carl(app) == ([], [])
    with app.store.read() as tx:
        assert tx.filter(Tagging) == []


def test_what_was_interrupted_is_finished_by_asking_again(
    world: World, app: App, labels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "BATCH", 1)
    label = made(world)
    numbers = [world.conversation() for _ in range(2)]
    for number in numbers:
        act(world, number, "labels", labels=["vip"])
    assert app.store.write(lambda tx: work.update(tx, 1, label["id"], {"title": "gold"})) is None
    assert [show(world, number)["labels"] for number in numbers] == [["gold"], ["vip"]]
    path = f"{labels}/{label['id']}"
    assert world.http.get(path, token=world.admin).json()["title"] == "vip"
    assert world.http.patch(path, json={"title": "gold"}, token=world.admin).json()["title"] == "gold"
    assert [show(world, number)["labels"] for number in numbers] == [["gold"], ["gold"]]


def test_the_same_word_in_another_account_is_left_alone(world: World, app: App, labels: str, number: int) -> None:
    label = made(world)
    act(world, number, "labels", labels=["vip"])
    other = elsewhere(world)
    foreign = world.http.post(f"{other}/labels", json={"title": "vip"}, token=world.admin).json()
    assert world.http.delete(f"{other}/labels/{foreign['id']}", token=world.admin).status_code == 200
    assert show(world, number)["labels"] == ["vip"]
    assert world.http.get(f"{labels}/{label['id']}", token=world.admin).status_code == 200
