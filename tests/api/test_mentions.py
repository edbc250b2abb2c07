from typing import Any

import pytest

from tests.api.test_conversations import ids, listed
from tests.api.test_notifications import told
from tests.cast import World


@pytest.fixture
def number(world: World) -> int:
    return world.conversation()


def write(world: World, number: int, content: str, token: str | None = None, **values: Any) -> None:
    path = f"{world.account}/conversations/{number}/messages"
    body = {"content": content, "private": True, **values}
    assert world.http.post(path, json=body, token=token or world.admin).status_code == 200


def followers(world: World, number: int) -> list[str]:
    path = f"{world.account}/conversations/{number}/participants"
    return [one["name"] for one in world.http.get(path, token=world.admin).json()]


def test_a_mention_tells_its_user_who_follows_from_then_on(world: World, number: int) -> None:
    other = world.conversation()
    write(world, number, f"see [@Ada](mention://user/{world.ada_id}/Ada)")
    assert told(world, world.ada) == [("conversation_mention", number)]
    assert followers(world, number) == ["Ada"]
    assert ids(world, world.ada, conversation_type="mention") == [number]
    assert ids(world, world.admin, conversation_type="mention") == []
    assert sorted(ids(world, world.ada)) == [number, other]
    assert listed(world, world.ada, conversation_type="mention")["meta"] == {
        "mine_count": 0, "assigned_count": 0, "unassigned_count": 1, "all_count": 1,
    }  # fmt: skip
    [one] = world.http.get(f"{world.account}/notifications", token=world.ada).json()["data"]["payload"]
    assert one["push_message_title"] == f"Somebody mentioned you in conversation #{number}"
    assert one["secondary_actor"]["private"] is True
    # Webhooks and contacts never see it there.
    assert one["primary_actor"]["messages"] == []


def test_a_team_is_mentioned_with_everybody_in_it_who_can_be_assigned(world: World, number: int) -> None:
    team = world.http.post(f"{world.account}/teams", json={"name": "sales"}, token=world.admin).json()["id"]
    path = f"{world.account}/teams/{team}/team_members"
    world.http.post(path, json={"user_ids": [world.ada_id, world.olga_id]}, token=world.admin)
    write(world, number, f"[@sales](mention://team/{team}/sales) [@Ada](mention://user/{world.ada_id}/Ada)")
    assert told(world, world.ada) == [("conversation_mention", number)]
    assert told(world, world.olga) == []
    assert followers(world, number) == ["Ada"]


def test_who_leaves_the_inbox_finds_no_mention_in_it(world: World, number: int) -> None:
    write(world, number, f"[@Ada](mention://user/{world.ada_id}/Ada)")
    body = {"inbox_id": world.inbox["id"], "user_ids": [world.ada_id]}
    world.http.delete(f"{world.account}/inbox_members", json=body, token=world.admin)
    assert ids(world, world.ada, conversation_type="mention") == []


def test_strangers_public_messages_and_contacts_mention_nobody(world: World, number: int) -> None:
    text = f"[@Ada](mention://user/{world.ada_id}/Ada)"
    write(world, number, text, private=False)
    world.incoming(number, text)
    write(world, number, "[@X](mention://user/999/X) [@T](mention://team/999/T)")
    write(world, number, f"[@Olga](mention://user/{world.olga_id}/Olga)")
    assert told(world, world.ada) == told(world, world.olga) == []
    assert followers(world, number) == []


def test_who_mentions_themselves_is_not_told_and_a_second_mention_is_the_same_one(world: World, number: int) -> None:
    text = f"[@Ada](mention://user/{world.ada_id}/Ada)"
    write(world, number, text, world.ada)
    assert told(world, world.ada) == []
    assert ids(world, world.ada, conversation_type="mention") == [number]
    write(world, number, text)
    write(world, number, text)
    assert told(world, world.ada) == [("conversation_mention", number)]
