from typing import Any

import pytest

from inboxd.api.accounts.search import RECENT_MS
from inboxd.app import App
from inboxd.upkeep.indexer import Indexer
from tests.cast import Clock, World

KINDS = ("conversations", "contacts", "messages", "articles")
NOTHING = {"mine_count": 0, "unassigned_count": 0, "all_count": 0}


def get(world: World, path: str, token: str = "", **params: Any) -> Any:
    answer = world.http.get(f"{world.account}/{path}", params=params, token=token or world.ada)
    assert answer.status_code == 200, answer.text
    return answer.json()


def found(world: World, text: str, **params: Any) -> list[int]:
    """The numbers of the conversations that a list with `q` shows."""
    return [one["id"] for one in get(world, "conversations", q=text, **params)["data"]["payload"]]


@pytest.fixture(params=["at once", "indexed"])
def index(request: pytest.FixtureRequest, app: App) -> Any:
    """Messages are found by reading the newest, and by the index: twice the same."""

    def catch_up() -> None:
        while request.param == "indexed" and Indexer(app.store).step():
            pass

    return catch_up


def test_q_finds_what_people_wrote_in_whatever_status(world: World, index: Any) -> None:
    first, second = world.conversation(), world.conversation()
    world.incoming(first, "Where is my 50% discount_code?")
    world.reply(second, "it is in the mail")
    world.reply(second, "DISCOUNT for nobody", private=True)
    world.http.post(f"{world.account}/conversations/{first}/toggle_status", json={}, token=world.ada)
    index()
    assert found(world, "discount_c") == found(world, "0% dis") == found(world, "WHERE", status="open") == [first]
    assert sorted(found(world, "discount")) == [first, second]
    assert found(world, "%") == found(world, "_") == [first], "texts too short for the index"
    assert found(world, "resolved") == [], "what happened is no message of anybody's"
    assert found(world, "discount", assignee_type="me") == []
    assert found(world, 'no "such" text') == []
    assert get(world, "conversations/meta", q="mail")["meta"]["all_count"] == 1
    assert found(world, "discount", inbox_id=99) == []
    assert get(world, "conversations", world.olga, q="discount")["data"]["payload"] == []


def test_what_is_deleted_is_not_found(world: World, index: Any) -> None:
    first, second = world.conversation(), world.conversation()
    gone = world.reply(first, "a secret word")
    world.incoming(second, "a secret word")
    index()
    path = f"{world.account}/conversations"
    world.http.delete(f"{path}/{first}/messages/{gone['id']}", token=world.ada)
    assert found(world, "secret") == [second]
    assert found(world, "was deleted") == [first]
    world.http.delete(f"{path}/{second}", token=world.admin)
    assert found(world, "secret") == []


def test_searching_conversations_shows_the_matching_messages_alone(world: World, index: Any) -> None:
    number = world.conversation()
    hit = world.incoming(number, "I need a ladder")
    world.incoming(number, "please")
    mine = world.reply(number, "No LADDER left")
    index()
    answer = get(world, "conversations/search", q="ladder")
    shown = get(world, f"conversations/{number}")
    assert answer == {
        "meta": {"mine_count": 0, "unassigned_count": 1, "all_count": 1},
        "payload": [{
            "id": number, "uuid": shown["uuid"], "created_at": shown["created_at"], "account_id": 1,
            "contact": {"id": world.carl["id"], "name": "Carl"},
            "inbox": {"id": world.inbox["id"], "name": "Acme API", "channel_type": "Channel::Api"},
            "messages": [
                {key: one[key] for key in ("id", "content", "message_type", "created_at")} | {"sender_name": name}
                for one, name in ((hit, "Carl"), (mine, "Ada"))
            ],
        }],
    }  # fmt: skip
    assert get(world, "conversations/search", world.olga, q="ladder") == {"meta": NOTHING, "payload": []}
    assert (
        get(world, "conversations/search", q=" ")
        == get(world, "conversations/search")
        == {"meta": NOTHING, "payload": []}
    )


def test_the_account_is_searched_by_kind_and_at_once(world: World, index: Any) -> None:
    number = world.conversation()
    message = world.incoming(number, "Carl was here")
    world.http.post(f"{world.account}/contacts", json={"name": "carla nobody reaches"}, token=world.ada)
    index()
    everything = get(world, "search", q="carl")["payload"]
    assert tuple(everything) == KINDS
    for kind in KINDS:
        assert get(world, f"search/{kind}", q="carl") == {"payload": {kind: everything[kind]}}
    assert everything["articles"] == []
    [contact], [conversation], [hit] = everything["contacts"], everything["conversations"], everything["messages"]
    person = {
        "id": world.carl["id"],
        "name": "Carl",
        "email": "carl@example.test",
        "phone_number": None,
        "identifier": None,
    }
    assert contact.items() >= person.items()
    inbox = {
        "id": world.inbox["id"],
        "channel_id": world.inbox["id"],
        "name": "Acme API",
        "channel_type": "Channel::Api",
    }
    assert (
        hit.items()
        >= {"id": message["id"], "content": "Carl was here", "conversation_id": number, "inbox": inbox}.items()
    )
    assert (conversation["id"], conversation["contact"], conversation["message"]["id"]) == (
        number,
        contact,
        message["id"],
    )
    assert "agent" not in conversation


def test_a_conversation_is_found_by_its_number_and_names_who_has_it(world: World) -> None:
    number = world.conversation()
    path = f"{world.account}/conversations/{number}/assignments"
    world.http.post(path, json={"assignee_id": world.ada_id}, token=world.ada)
    [hit] = get(world, "search/conversations", q=str(number))["payload"]["conversations"]
    assert hit["agent"] == {"id": world.ada_id, "name": "Ada", "available_name": "Ada", "email": "ada@acme.test"}
    assert get(world, "search/conversations", q="9" * 30)["payload"]["conversations"] == []


def test_agents_find_nothing_of_other_inboxes_but_contacts(world: World, index: Any) -> None:
    world.incoming(world.conversation(), "Carl was here")
    index()
    everything = get(world, "search", world.olga, q="carl")["payload"]
    assert [len(everything[kind]) for kind in KINDS] == [0, 1, 0, 0]


def test_nothing_is_found_for_no_text(world: World) -> None:
    world.incoming(world.conversation())
    for params in ({}, {"q": ""}, {"q": "  "}):
        assert get(world, "search", **params) == {"payload": {kind: [] for kind in KINDS}}


def test_results_come_in_pages_of_15_the_newest_first(world: World, index: Any) -> None:
    number = world.conversation()
    ids = [world.incoming(number, "same text")["id"] for _ in range(16)]
    index()

    def page(number: int) -> list[int]:
        return [one["id"] for one in get(world, "search/messages", q="same", page=number)["payload"]["messages"]]

    assert page(1) + page(2) == ids[::-1]
    assert (len(page(1)), page(3)) == (15, [])


def test_messages_are_searched_three_months_back(world: World, clock: Clock, index: Any) -> None:
    number = world.conversation()
    world.incoming(number, "long ago")
    index()
    clock.advance(ms=RECENT_MS)
    assert len(get(world, "search/messages", q="long ago")["payload"]["messages"]) == 1
    clock.advance(ms=1)
    assert get(world, "search/messages", q="long ago")["payload"]["messages"] == []
    assert found(world, "long ago") == [number]


def test_another_account_finds_nothing_of_this_one(world: World, index: Any) -> None:
    world.incoming(world.conversation(), "Carl was here")
    index()
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    answer = world.http.get(f"/api/v1/accounts/{other}/search?q=Carl", token=world.admin).json()
    assert answer == {"payload": {kind: [] for kind in KINDS}}
