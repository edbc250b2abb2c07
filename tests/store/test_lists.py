from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from inboxd.store import contacts, conversations, details, messages
from inboxd.store.conversations import Scope
from inboxd.store.db import Store, Tx
from inboxd.store.models import Attachment, Contact, Conversation, Message
from tests.cast import EPOCH, Clock
from tests.store.plans import plans, statements


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    made = Store(tmp_path / "data", clock=clock, announce=lambda _: None)
    yield made
    made.close()


def fill(store: Store, count: int, *, lines: int = 0) -> None:
    """Conversations in four inboxes, a tenth of them open, each with some messages of every kind."""

    def unit(tx: Tx) -> None:
        for number in range(1, count + 1):
            contact = tx.insert(Contact, account_id=1, name=f"Contact {number}", email=f"{number}@example.test")
            conversation = tx.insert(
                Conversation, account_id=1, display_id=number, uuid=str(number), inbox_id=number % 4,
                contact_id=contact.id, contact_inbox_id=number, last_activity_at=EPOCH + number * 7 % 1000,
                status="resolved" if number % 10 else "open", assignee_id=number % 3 or None,
            )  # fmt: skip
            for line in range(lines if number % 5 else 0):
                message = tx.insert(
                    Message, account_id=1, inbox_id=number % 4, conversation_id=conversation.id,
                    message_type=line % 4, private=line % 7 == 1, content=f"{number}/{line}",
                    sender_type="Contact" if line % 4 == 0 else None, sender_id=contact.id if line % 4 == 0 else None,
                )  # fmt: skip
                if line % 3 == 0:
                    tx.insert(
                        Attachment, account_id=1, message_id=message.id, file_type="file", filename=f"{line}.txt",
                        content_type="text/plain", file_size=1, digest="d",
                    )  # fmt: skip

    store.write(unit)


def listed(updated_after: int | None = None, **scope: Any) -> Callable[[Tx], Any]:
    return lambda tx: conversations.page(
        tx,
        Scope(1, scope.pop("inbox_ids", None), **scope),
        assignee_type="",
        user_id=1,
        sort_by="",
        page=1,
        updated_after=updated_after,
    )


IN_ORDER = "conversation_account_id_last_activity_at_id_status_inbox_id"
COUNTED = "SEARCH t1 USING INDEX conversationcount_account_id_inbox_id_status_assignee_id"


@pytest.mark.parametrize("analysed", [False, True])
def test_lists_are_read_in_the_order_of_an_index(store: Store, analysed: bool) -> None:
    fill(store, 400, lines=1)
    if analysed:
        store._writer.execute("ANALYZE")
    uses = {
        "everything": (listed(status="all"), IN_ORDER),
        "open": (listed(), IN_ORDER),
        "what an agent sees": (listed(inbox_ids=frozenset({1, 2})), IN_ORDER),
        "everything an agent sees": (listed(inbox_ids=frozenset({1, 2}), status="all"), IN_ORDER),
        "contacts": (lambda tx: contacts.page(tx, 1, sort="", page=1, labels=[]), "contact_account_id_id"),
    }
    for name, (run, index) in uses.items():
        found = plans(store, run)
        assert index in found[-1], (name, found)
        assert not any("TEMP B-TREE" in plan for plan in found), (name, found)


@pytest.mark.parametrize("inbox_ids", [None, frozenset({1}), frozenset({1, 2})])
@pytest.mark.parametrize("status", ["open", "all"])
def test_counts_read_no_conversation(store: Store, inbox_ids: frozenset[int] | None, status: str) -> None:
    fill(store, 400)
    found = plans(store, lambda tx: conversations.counts(tx, Scope(1, inbox_ids, status), 1))
    assert any(plan.startswith(COUNTED) for plan in found), found


def test_the_newest_messages_of_many_are_ranges_of_one_index(store: Store) -> None:
    fill(store, 40, lines=10)
    with store.read() as tx:
        rows = tx.filter(Conversation)
    for run in (
        lambda tx: details._newest(tx, details._LAST_NON_ACTIVITY, [row.id for row in rows], 1),
        lambda tx: details.messages_of_conversations(tx, rows, 20),
    ):
        found = [plan for plan in plans(store, run) if "VIRTUAL TABLE" not in plan]
        assert not any(plan.startswith("SCAN") for plan in found), found
        assert "SEARCH t2 USING INTEGER PRIMARY KEY (rowid=?)" in found, found
        assert "SEARCH t1 USING INDEX messages_conversation_id_id (conversation_id=? AND id>?)" in found, found


@pytest.mark.parametrize("limit", [1, 3, 20])
def test_messages_of_many_conversations_are_those_of_each(store: Store, limit: int) -> None:
    fill(store, 12, lines=30)
    with store.read() as tx:
        rows = tx.filter(Conversation)
        found = details.messages_of_conversations(tx, rows, limit)

        assert list(found) == [row.id for row in rows]
        for row in rows:
            each = messages.latest(tx, row.id, chat_only=True, limit=limit)
            assert _plain(found[row.id]) == _plain(details.messages_details(tx, each))


def _plain(shown: list[details.MessageDetails]) -> list[Any]:
    return [
        (one.message.content, one.sender.id if one.sender else None, [file.id for file in one.attachments])
        for one in shown
    ]


def test_messages_of_many_conversations_take_as_many_statements_as_those_of_few(store: Store) -> None:
    fill(store, 45, lines=22)
    with store.read() as tx:
        rows = tx.filter(Conversation)
        asked = []
        for count in (5, 45):
            with statements(tx._connection) as seen:
                details.messages_of_conversations(tx, rows[:count], 20)
            asked.append(len(seen))
        assert asked == [3, 3]


def test_more_conversations_than_one_query_takes_are_all_shown(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, 9, lines=4)
    with store.read() as tx:
        rows = tx.filter(Conversation)
        at_once = details.messages_of_conversations(tx, rows, 2)
        monkeypatch.setattr(details, "_AT_ONCE", 4)
        in_parts = details.messages_of_conversations(tx, rows, 2)
        assert [_plain(shown) for shown in in_parts.values()] == [_plain(shown) for shown in at_once.values()]
        assert in_parts.keys() == at_once.keys()
        assert details.messages_of_conversations(tx, [], 2) == {}


def test_updated_within_lists_at_most_a_thousand(store: Store) -> None:
    fill(store, 1001)
    with store.read() as tx:
        assert len(listed(status="all", updated_after=EPOCH - 1)(tx)) == 1000
        assert len(listed(status="all")(tx)) == 25


@pytest.mark.parametrize("text", ["50%", "5_%", "a\\b", "%"])
def test_a_search_takes_every_sign_literally(store: Store, text: str) -> None:
    def unit(tx: Tx) -> None:
        tx.insert(Contact, account_id=1, name=f"<{text}>")
        tx.insert(Contact, account_id=1, name="50 5xy ab")

    store.write(unit)
    with store.read() as tx:
        found, _ = contacts.search(tx, 1, text, sort="", page=1)
    assert [contact.name for contact in found] == [f"<{text}>"]
