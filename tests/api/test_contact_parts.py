import re
from typing import Any

import pytest

from inboxd.app import App
from inboxd.store.models import Attachment, Message
from tests.cast import EPOCH, Clock, World

NOT_FOUND = {"error": "Resource could not be found"}
REFUSED = {"error": "You are not authorized to do this action"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def path(world: World) -> str:
    return f"{world.account}/contacts/{world.carl['id']}"


def inbox(world: World, name: str, *members: int) -> Any:
    made = world.http.post(f"{world.account}/inboxes", json={"name": name}, token=world.admin).json()
    body = {"inbox_id": made["id"], "user_ids": list(members)}
    world.http.post(f"{world.account}/inbox_members", json=body, token=world.admin)
    return made


def slim(of: Any) -> dict[str, Any]:
    return {
        "id": of["id"], "avatar_url": "", "channel_id": of["channel_id"], "name": of["name"],
        "channel_type": "Channel::Api", "provider": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "part"),
    [
        ("GET", "conversations"),
        ("GET", "attachments"),
        ("GET", "contactable_inboxes"),
        ("POST", "contact_inboxes"),
        ("POST", "destroy_custom_attributes"),
    ],
)
def test_the_parts_of_a_contact_need_one_of_the_account_and_a_token(
    world: World, path: str, method: str, part: str
) -> None:
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    for unknown in (f"{world.account}/contacts/99", f"/api/v1/accounts/{other}/contacts/{world.carl['id']}"):
        answer = world.http.request(method, f"{unknown}/{part}", token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert world.http.request(method, f"{path}/{part}").status_code == 401


def test_conversations_come_with_the_newest_activity_first_twenty_at_most(
    world: World, clock: Clock, path: str
) -> None:
    numbers = []
    for _ in range(21):
        clock.advance(s=1)
        numbers.append(world.conversation())
    clock.advance(s=1)
    world.incoming(numbers[0])
    shown = world.http.get(f"{path}/conversations", token=world.ada).json()
    assert set(shown) == {"payload"}
    assert [one["id"] for one in shown["payload"]] == [numbers[0], *numbers[:1:-1]]
    for one in shown["payload"][:2]:
        assert one == world.http.get(f"{world.account}/conversations/{one['id']}", token=world.ada).json()


def test_resolved_conversations_are_shown_and_those_of_others_are_not(world: World, path: str) -> None:
    number = world.conversation()
    world.http.post(f"{world.contact}/conversations/{number}/toggle_status")
    dora = world.http.post(f"{world.public}/contacts", json={"source_id": "dora"}).json()
    (shown,) = world.http.get(f"{path}/conversations", token=world.ada).json()["payload"]
    assert (shown["id"], shown["status"]) == (number, "resolved")
    others = f"{world.account}/contacts/{dora['id']}/conversations"
    assert world.http.get(others, token=world.ada).json() == {"payload": []}


def test_agents_see_what_is_in_their_inboxes(world: World, path: str) -> None:
    second = inbox(world, "Second", world.olga_id)
    number = world.conversation()
    file = {"attachments[]": ("a.txt", b"hello", "text/plain")}
    world.http.post(f"{world.contact}/conversations/{number}/messages", data={"content": "x"}, files=file)
    body = {"inbox_id": second["id"], "contact_id": world.carl["id"]}
    made = world.http.post(f"{world.account}/conversations", json=body, token=world.olga).json()["id"]
    for token, numbers, files in ((world.admin, {number, made}, 1), (world.ada, {number}, 1), (world.olga, {made}, 0)):
        shown = world.http.get(f"{path}/conversations", token=token).json()["payload"]
        assert {one["id"] for one in shown} == numbers
        attached = world.http.get(f"{path}/attachments", token=token).json()
        assert (attached["meta"]["total_count"], len(attached["payload"])) == (files, files)


def test_the_team_of_a_conversation_is_shown_as_the_caller_sees_it(world: World, path: str) -> None:
    teams = f"{world.account}/teams"
    team = world.http.post(teams, json={"name": "sales"}, token=world.admin).json()["id"]
    world.http.post(f"{teams}/{team}/team_members", json={"user_ids": [world.ada_id]}, token=world.admin)
    number = world.conversation()
    assignments = f"{world.account}/conversations/{number}/assignments"
    world.http.post(assignments, json={"team_id": team}, token=world.admin)
    for token, is_member in ((world.ada, True), (world.admin, False)):
        (shown,) = world.http.get(f"{path}/conversations", token=token).json()["payload"]
        assert (shown["meta"]["team"]["id"], shown["meta"]["team"]["is_member"]) == (team, is_member)


def test_somebody_in_no_inbox_sees_a_contact_without_its_conversations(world: World, path: str) -> None:
    world.conversation()
    assert world.http.get(f"{path}/conversations", token=world.olga).json() == {"payload": []}
    nothing = {"meta": {"total_count": 0}, "payload": []}
    assert world.http.get(f"{path}/attachments", token=world.olga).json() == nothing
    assert world.http.get(f"{path}/contactable_inboxes", token=world.olga).json() == {"payload": []}


def test_an_attachment_is_shown_with_its_sender_time_and_conversation(world: World, clock: Clock, path: str) -> None:
    clock.advance(s=5)
    world.conversation()
    number = world.conversation()
    files = {"attachments[]": ("A.PNG", b"\x89PNG\r\n\x1a\n", "image/png")}
    messages = f"{world.contact}/conversations/{number}/messages"
    sent = world.http.post(messages, data={"content": "x"}, files=files).json()
    (attached,) = sent["attachments"]
    clock.advance(s=5)
    replies = f"{world.account}/conversations/{number}/messages"
    private = {"content": "see", "private": "true"}
    note = {"attachments[]": ("b.txt", b"hello", "text/plain")}
    world.http.post(replies, data=private, files=note, token=world.ada)

    shown = world.http.get(f"{path}/attachments", token=world.ada).json()
    assert shown["meta"] == {"total_count": 2}
    newest, oldest = shown["payload"]
    assert oldest == {
        "id": attached["id"], "message_id": sent["id"], "thumb_url": attached["data_url"],
        "data_url": attached["data_url"], "file_size": 8, "file_type": "image", "extension": "png", "width": None,
        "height": None, "created_at": EPOCH // 1000 + 5, "sender": sent["sender"], "conversation_id": number,
    }  # fmt: skip
    assert (newest["sender"]["type"], newest["sender"]["availability_status"]) == ("user", "online")
    assert (newest["thumb_url"], newest["created_at"]) == ("", EPOCH // 1000 + 10)


def test_attachments_come_a_hundred_a_page(world: World, app: App, path: str) -> None:
    world.incoming(world.conversation())

    def attach(tx: Any) -> None:
        message = tx.find(Message)
        tx.update(message, sender_type=None, sender_id=None)
        for number in range(101):
            tx.insert(
                Attachment, account_id=1, message_id=message.id, file_type="file", filename=f"{number}.txt",
                content_type="text/plain", file_size=1, digest="d",
            )  # fmt: skip

    app.store.write(attach)
    pages = [
        world.http.get(f"{path}/attachments", params={"page": page}, token=world.ada).json() for page in (0, 1, 2, 3)
    ]
    assert [one["meta"]["total_count"] for one in pages] == [101] * 4
    assert [len(one["payload"]) for one in pages] == [100, 100, 1, 0]
    assert pages[0] == pages[1]
    assert "sender" not in pages[2]["payload"][0]


def test_contactable_inboxes_carry_the_latest_source_id_or_a_fresh_one(world: World, path: str) -> None:
    second = inbox(world, "Second", world.ada_id)
    body = {"inbox_id": world.inbox["id"], "source_id": "carl-2"}
    world.http.post(f"{path}/contact_inboxes", json=body, token=world.ada)
    shown = world.http.get(f"{path}/contactable_inboxes", token=world.ada).json()
    assert shown["payload"][0] == {"inbox": slim(world.inbox), "source_id": "carl-2"}
    assert shown["payload"][1]["inbox"] == slim(second)
    fresh = shown["payload"][1]["source_id"]
    assert UUID.fullmatch(fresh)
    again = world.http.get(f"{path}/contactable_inboxes", token=world.ada).json()["payload"][1]["source_id"]
    assert again != fresh


def test_contactable_inboxes_are_those_the_caller_may_see(world: World, path: str) -> None:
    inbox(world, "Second", world.olga_id)

    def names(token: str) -> list[str]:
        shown = world.http.get(f"{path}/contactable_inboxes", token=token).json()["payload"]
        return [one["inbox"]["name"] for one in shown]

    assert (names(world.admin), names(world.ada), names(world.olga)) == (
        ["Acme API", "Second"], ["Acme API"], ["Second"],
    )  # fmt: skip


def test_a_contact_inbox_without_a_source_id_is_a_new_one_each_time(world: World, path: str) -> None:
    made = []
    for source_id in (None, ""):
        body = {"inbox_id": str(world.inbox["id"]), "source_id": source_id}
        answer = world.http.post(f"{path}/contact_inboxes", json=body, token=world.ada)
        assert answer.status_code == 200
        assert answer.json() == {"source_id": answer.json()["source_id"], "inbox": slim(world.inbox)}
        made.append(answer.json()["source_id"])
    assert all(UUID.fullmatch(one) for one in made)
    places = world.http.get(path, token=world.ada).json()["payload"]["contact_inboxes"]
    assert [place["source_id"] for place in places] == ["carl-1", *made]
    assert world.http.get(f"{world.public}/contacts/{made[0]}").json()["id"] == world.carl["id"]


def test_a_contact_inbox_that_is_there_is_returned_and_one_of_somebody_else_is_422(world: World, path: str) -> None:
    body = {"inbox_id": world.inbox["id"], "source_id": "carl-1"}
    answer = world.http.post(f"{path}/contact_inboxes", json=body, token=world.ada)
    assert (answer.status_code, answer.json()) == (200, {"source_id": "carl-1", "inbox": slim(world.inbox)})
    assert len(world.http.get(path, token=world.ada).json()["payload"]["contact_inboxes"]) == 1
    world.http.post(f"{world.public}/contacts", json={"source_id": "dora"})
    answer = world.http.post(f"{path}/contact_inboxes", json=body | {"source_id": "dora"}, token=world.ada)
    assert (answer.status_code, answer.json()) == (422, {"error": "source_id should be unique"})


def test_a_contact_inbox_can_be_born_verified(world: World, path: str) -> None:
    body = {"inbox_id": world.inbox["id"], "source_id": "v", "hmac_verified": True}
    assert world.http.post(f"{path}/contact_inboxes", json=body, token=world.ada).status_code == 200
    number = world.http.post(f"{world.public}/contacts/v/conversations").json()["id"]
    shown = world.http.get(f"{world.account}/conversations/{number}", token=world.ada).json()
    assert shown["meta"]["hmac_verified"] is True


def test_a_contact_inbox_needs_an_inbox_that_the_caller_may_see(world: World, path: str) -> None:
    unknown: tuple[dict[str, Any], ...] = ({}, {"inbox_id": 99})
    for body in unknown:
        answer = world.http.post(f"{path}/contact_inboxes", json=body, token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    answer = world.http.post(f"{path}/contact_inboxes", json={"inbox_id": world.inbox["id"]}, token=world.olga)
    assert (answer.status_code, answer.json()) == (401, REFUSED)


def test_a_contact_is_found_by_its_source_id(world: World, path: str) -> None:
    filtered = f"{world.account}/contact_inboxes/filter"
    body = {"inbox_id": world.inbox["id"], "source_id": "carl-1"}
    answer = world.http.post(filtered, json=body, token=world.ada)
    assert (answer.status_code, answer.json()) == (200, world.http.get(path, token=world.ada).json()["payload"])
    unknown: tuple[dict[str, Any], ...] = (
        body | {"source_id": "nobody"},
        {"inbox_id": world.inbox["id"]},
        {"source_id": "carl-1"},
        body | {"inbox_id": 99},
        body | {"inbox_id": inbox(world, "Second")["id"]},
    )
    for one in unknown:
        answer = world.http.post(filtered, json=one, token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    answer = world.http.post(filtered, json=body, token=world.olga)
    assert (answer.status_code, answer.json()) == (401, REFUSED)
    assert world.http.post(filtered, json=body).status_code == 401


def test_custom_attributes_are_removed_by_their_keys(world: World, path: str) -> None:
    attributes = {"custom_attributes": {"a": 1, "b": {"c": 2}, "d": None}}
    world.http.patch(path, json=attributes, token=world.ada)
    before = len(world.events())
    gone = {"custom_attributes": ["a", "d", "never"]}
    answer = world.http.post(f"{path}/destroy_custom_attributes", json=gone, token=world.olga)
    assert (answer.status_code, answer.json()) == (200, world.http.get(path, token=world.ada).json())
    assert answer.json()["payload"]["custom_attributes"] == {"b": {"c": 2}}
    nothing: tuple[dict[str, Any], ...] = (gone, {}, {"custom_attributes": []})
    for body in nothing:
        again = world.http.post(f"{path}/destroy_custom_attributes", json=body, token=world.ada)
        assert again.json() == answer.json()
    (event,) = world.events()[before:]
    assert (event["event"], event["custom_attributes"]) == ("contact_updated", {"b": {"c": 2}})


def test_keys_of_a_wrong_type_are_422(world: World, path: str) -> None:
    body = {"custom_attributes": [["a"]]}
    answer = world.http.post(f"{path}/destroy_custom_attributes", json=body, token=world.ada)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["custom_attributes"])


def test_no_contact_of_an_api_inbox_is_ever_online(world: World) -> None:
    world.incoming(world.conversation())
    active = f"{world.account}/contacts/active"
    assert world.http.get(active, token=world.olga).json() == {"meta": {"count": 0, "current_page": 1}, "payload": []}
    second = world.http.get(active, params={"page": 2}, token=world.olga).json()
    assert second["meta"] == {"count": 0, "current_page": "2"}
    assert world.http.get(active).status_code == 401
