"""A list costs the same few statements however long it is."""

import uuid

from inboxd.app import App
from inboxd.store.db import Tx
from inboxd.store.models import (
    AccountUser,
    Attachment,
    Contact,
    ContactInbox,
    Conversation,
    Inbox,
    Message,
    User,
)
from tests.cast import World
from tests.store.plans import statements


def add(app: App, count: int) -> None:
    """Conversations that have nothing in common but the account."""

    def unit(tx: Tx) -> None:
        for _ in range(count):
            number = tx.next_number(1, "conversation")
            agent = tx.insert(User, name=f"Agent {number}", email=f"{number}@a.test", uid="u", pubsub_token="p")
            tx.insert(AccountUser, account_id=1, user_id=agent.id)
            inbox = tx.insert(
                Inbox, account_id=1, name=f"Inbox {number}", identifier=f"i{number}", hmac_token="h",
                additional_attributes={"agent_reply_time_window": 1} if number % 3 == 1 else {},
            )  # fmt: skip
            contact = tx.insert(Contact, account_id=1, name=f"Contact {number}")
            place = tx.insert(
                ContactInbox, account_id=1, contact_id=contact.id, inbox_id=inbox.id, source_id="s", pubsub_token="p"
            )
            conversation = tx.insert(
                Conversation, account_id=1, display_id=number, uuid=str(uuid.uuid4()), inbox_id=inbox.id,
                contact_id=contact.id, contact_inbox_id=place.id, assignee_id=agent.id, last_activity_at=tx.now,
            )  # fmt: skip
            spoken = [(0, "Contact", contact.id), (1, "User", agent.id), (2, None, None), (2, None, None)]
            # Some end with what an agent wrote, some with activity, some hold nothing.
            for kind, sender_type, sender_id in spoken[: (0, 2, 3, 4)[number % 4]]:
                message = tx.insert(
                    Message, account_id=1, inbox_id=inbox.id, conversation_id=conversation.id, message_type=kind,
                    sender_type=sender_type, sender_id=sender_id, content=f"{number}",
                )  # fmt: skip
                tx.insert(
                    Attachment, account_id=1, message_id=message.id, file_type="file", filename="a.txt",
                    content_type="text/plain", file_size=1, digest="d",
                )  # fmt: skip

    app.store.write(unit)


def test_a_list_of_conversations_takes_as_many_statements_for_many_as_for_few(world: World, app: App) -> None:
    with app.store.read() as tx:
        connection = tx._connection
    asked = []
    for more in (5, 20):
        add(app, more)
        with statements(connection) as seen:
            answer = world.http.get(f"{world.account}/conversations?status=all", token=world.admin)
        asked.append((len(answer.json()["data"]["payload"]), len(seen)))

    assert [count for count, _ in asked] == [5, 25]
    assert asked[0][1] == asked[1][1] < 30


def test_a_conversation_is_the_same_in_a_list_and_alone(world: World, app: App) -> None:
    add(app, 8)
    path = f"{world.account}/conversations"
    listed = world.http.get(f"{path}?status=all", token=world.admin).json()["data"]["payload"]

    assert len(listed) == 8
    for one in listed:
        assert world.http.get(f"{path}/{one['id']}", token=world.admin).json() == one
    by_id = {one["id"]: one for one in listed}
    assert (by_id[4]["messages"], by_id[4]["last_non_activity_message"]) == ([], None)
    assert by_id[2]["messages"][0]["message_type"] == 2
    for number in (1, 2, 3):
        last = by_id[number]["last_non_activity_message"]
        assert (last["message_type"], last["sender"]["name"]) == (1, f"Agent {number}")
        assert len(last["attachments"]) == 1
    assert by_id[1]["messages"][0]["id"] == by_id[1]["last_non_activity_message"]["id"]
    assert [by_id[number]["can_reply"] for number in (1, 2, 4)] == [True, True, False]


def test_a_text_longer_than_anything_that_is_searched_finds_nothing(world: World) -> None:
    for path in ("contacts/search", "conversations"):
        answer = world.http.get(f"{world.account}/{path}", params={"q": "x" * 60_000}, token=world.admin)
        assert answer.status_code == 200, path
