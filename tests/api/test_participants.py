from typing import Any

import pytest

from inboxd.app import App
from inboxd.store.models import DraftMessage, Participant
from tests.api.test_conversations import act, emitted, ids, listed
from tests.api.test_inboxes import AGENT_KEYS
from tests.cast import World


class Followers:
    """The participants of one conversation of Carl's."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.path = f"{world.account}/conversations/{world.conversation()}/participants"

    def ask(self, method: str, *user_ids: int) -> Any:
        body = {"user_ids": list(user_ids)} if method != "GET" else None
        answer = self.world.http.request(method, self.path, json=body, token=self.world.ada)
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.content else None

    def names(self) -> list[str]:
        return [agent["name"] for agent in self.ask("GET")]


@pytest.fixture
def followers(world: World) -> Followers:
    return Followers(world)


def test_nobody_follows_a_new_conversation(followers: Followers) -> None:
    assert followers.ask("GET") == []


def test_who_is_added_is_answered_and_listed_as_agents(followers: Followers) -> None:
    world = followers.world
    before = len(world.events())
    [ada] = followers.ask("POST", world.ada_id)
    assert set(ada) == AGENT_KEYS
    assert (ada["id"], ada["role"]) == (world.ada_id, "agent")
    added = followers.ask("POST", world.ada_id, 1, 1)
    assert [agent["name"] for agent in added] == ["Administrator"]
    assert followers.names() == ["Ada", "Administrator"]
    assert emitted(world, before) == []


def test_who_cannot_be_assigned_here_is_left_out(followers: Followers) -> None:
    world = followers.world
    assert followers.ask("POST", world.olga_id, 999) == []
    assert [agent["name"] for agent in followers.ask("PATCH", world.olga_id, world.ada_id)] == ["Ada"]


def test_the_set_is_made_exact_with_patch_and_put(followers: Followers) -> None:
    world = followers.world
    followers.ask("POST", world.ada_id)
    assert [agent["name"] for agent in followers.ask("PATCH", 1)] == ["Administrator"]
    assert [agent["name"] for agent in followers.ask("PUT", 1, world.ada_id)] == ["Ada", "Administrator"]
    assert followers.ask("PATCH") == []
    assert followers.names() == []


def test_who_is_removed_follows_no_more_and_strangers_are_ignored(followers: Followers) -> None:
    world = followers.world
    followers.ask("POST", world.ada_id, 1)
    assert followers.ask("DELETE", 1, 999) is None
    assert followers.names() == ["Ada"]


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("body", [{}, {"user_ids": "x"}, {"user_ids": [-1]}])
def test_without_a_list_of_ids_it_is_422(followers: Followers, method: str, body: dict[str, Any]) -> None:
    answer = followers.world.http.request(method, followers.path, json=body, token=followers.world.ada)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["user_ids"])


def test_an_id_as_text_is_an_id(followers: Followers) -> None:
    body = {"user_ids[]": str(followers.world.ada_id)}
    followers.world.http.post(followers.path, data=body, token=followers.world.ada)
    assert followers.names() == ["Ada"]


def test_the_list_of_what_one_takes_part_in_looks_into_every_inbox(world: World) -> None:
    followed, other = world.conversation(), world.conversation()
    act(world, followed, "participants", user_ids=[world.ada_id])
    assert ids(world, world.ada, conversation_type="participating") == [followed]
    assert ids(world, world.admin, conversation_type="participating") == []
    assert ids(world, world.ada) == [other, followed]
    assert listed(world, world.ada, conversation_type="participating")["meta"]["all_count"] == 1
    world.http.delete(
        f"{world.account}/inbox_members", json={"inbox_id": 1, "user_ids": [world.ada_id]}, token=world.admin
    )
    assert ids(world, world.ada) == []
    assert ids(world, world.ada, conversation_type="participating") == [followed]


def test_who_is_assigned_takes_part_and_stays_when_unassigned(followers: Followers) -> None:
    world = followers.world
    number = int(followers.path.split("/")[-2])
    act(world, number, "assignments", assignee_id=world.ada_id)
    act(world, number, "assignments", assignee_id=None)
    act(world, number, "assignments", assignee_id=world.olga_id)
    assert followers.names() == ["Ada"]
    body = {"inbox_id": 1, "contact_id": 1, "assignee_id": world.ada_id}
    made = world.http.post(f"{world.account}/conversations", json=body, token=world.ada).json()["id"]
    assert ids(world, world.ada, conversation_type="participating") == [made, number]


def test_an_inbox_takes_its_participants_and_drafts_with_it(followers: Followers, app: App) -> None:
    world = followers.world
    followers.ask("POST", world.ada_id)
    draft = followers.path.replace("participants", "draft_messages")
    world.http.patch(draft, json={"draft_message": {"message": "x"}}, token=world.ada)
    world.http.delete(f"{world.account}/inboxes/1", token=world.admin)
    with app.store.read() as tx:
        assert (tx.filter(Participant), tx.filter(DraftMessage)) == ([], [])
