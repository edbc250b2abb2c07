from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from inboxd.domain import conditions as ask
from inboxd.domain.conditions import Attribute, Condition
from inboxd.store import contacts, conversation_attachments, details, filters, messages
from inboxd.store import conversation_lists as lists
from inboxd.store.conversation_lists import Scope
from inboxd.store.db import Store, Tx
from inboxd.store.models import (
    Attachment,
    Contact,
    Conversation,
    ConversationCount,
    Mention,
    Message,
    Participant,
    Tagging,
)
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
    return lambda tx: lists.page(
        tx,
        Scope(1, scope.pop("inbox_ids", None), **scope),
        assignee_type="",
        user_id=1,
        sort_by="",
        page=1,
        updated_after=updated_after,
    )


def listed_as(scope: Scope) -> Callable[[Tx], list[Conversation]]:
    return lambda tx: lists.page(tx, scope, assignee_type="", user_id=1, sort_by="", page=1)


IN_ORDER = "conversation_account_id_last_activity_at_id_status_inbox_id"
OF_A_KIND = (
    "conversation_account_id_assignee_id_status_inbox_id (account_id=? AND assignee_id=? AND status=? AND inbox_id=?)"
)
COUNTED = "SEARCH t1 USING INDEX conversationcount_account_id_inbox_id_status_assignee_id"


@pytest.mark.parametrize("analysed", [False, True])
def test_lists_are_read_in_the_order_of_an_index(store: Store, analysed: bool) -> None:
    fill(store, 400, lines=1)
    if analysed:
        store._writer.execute("ANALYZE")
    uses = {
        "everything": (listed(status="all"), IN_ORDER),
        "resolved": (listed(status="resolved"), IN_ORDER),
        "what an agent sees": (listed(inbox_ids=frozenset({1, 2}), status="resolved"), IN_ORDER),
        "everything an agent sees": (listed(inbox_ids=frozenset({1, 2}), status="all"), IN_ORDER),
        "contacts": (lambda tx: contacts.page(tx, 1, sort="", page=1, labels=[]), "contact_account_id_id"),
    }
    for name, (run, index) in uses.items():
        found = plans(store, run)
        assert index in found[-1], (name, found)
        assert not any("TEMP B-TREE" in plan for plan in found), (name, found)


@pytest.mark.parametrize(
    ("sort", "index"),
    [
        ("name", "contacts_by_name"),
        ("last_activity_at", "contact_account_id_last_activity_at_id"),
        ("created_at", "contact_account_id_created_at_id"),
        ("email", "contact_account_id_email"),
        ("phone_number", "contact_account_id_phone_number"),
    ],
)
@pytest.mark.parametrize("direction", ["", "-"])
def test_contacts_are_read_in_the_order_of_an_index(store: Store, sort: str, index: str, direction: str) -> None:
    fill(store, 40)
    [*_, found] = plans(store, lambda tx: contacts.page(tx, 1, sort=direction + sort, page=1, labels=[]))
    assert found.startswith(f"SEARCH t1 USING INDEX {index} "), found


def tag(store: Store, label: str, *, every: int) -> None:
    def unit(tx: Tx) -> None:
        for row in tx.filter(Conversation):
            if row.id % every == 0:
                tx.insert(Tagging, account_id=1, conversation_id=row.id, label=label)
                tx.insert(Mention, account_id=1, conversation_id=row.id, user_id=every)
                tx.insert(Participant, account_id=1, conversation_id=row.id, user_id=every)

    store.write(unit)


FEW_OF_MANY: dict[str, dict[str, Any]] = {
    "open": {},
    "what an agent sees": {"inbox_ids": frozenset({1, 2})},
    "what nobody sees": {"inbox_ids": frozenset({9})},
    "of a team": {"team_id": 3},
    "labelled often": {"labels": ("often",)},
    "unattended": {"unattended": True},
    "mentioned often": {"mentioned": 3},
    "a filter of a status": {"status": "all", "kinds": (ConversationCount.status == "open",)},
}
FOUND_ELSEWHERE: dict[str, dict[str, Any]] = {
    "labelled rarely": {"labels": ("rare",)},
    "mentioned rarely": {"mentioned": 50},
    "followed rarely": {"followed_by": 50},
    "from a source": {"source_id": "s"},
    "a filter of a contact": {"within": (Conversation.select(Conversation.id).where(Conversation.contact_id == 7),)},
}


@pytest.mark.parametrize("asked", [*FEW_OF_MANY.items(), *FOUND_ELSEWHERE.items()], ids=lambda one: one[0])
def test_few_of_many_are_looked_up_instead_of_walked_to(
    store: Store, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, dict[str, Any]]
) -> None:
    fill(store, 400)
    tag(store, "often", every=3)
    tag(store, "rare", every=50)
    monkeypatch.setattr(lists, "FEW", 10)
    scope = Scope(**{"account_id": 1, "inbox_ids": None, **asked[1]})

    def run(tx: Tx) -> None:
        lists.page(tx, scope, assignee_type="", user_id=1, sort_by="", page=1)
        lists.counts(tx, scope, 1)

    assert not any(plan.startswith("SCAN") for plan in plans(store, run))
    for prepare in ("SELECT 1", "ANALYZE"):
        store._writer.execute(prepare)
        found = plans(store, run)
        assert all(OF_A_KIND in plan for plan in found if "INDEX conversation_account" in plan), found


@pytest.mark.parametrize(
    "condition",
    [
        Condition("status", ask.IS, ("open", "pending"), Attribute("word", ask.EQUALITY)),
        Condition("inbox_id", ask.IS, (2,), Attribute("id", ask.OPTIONAL)),
        Condition("assignee_id", ask.IS, (1, 2), Attribute("id", ask.OPTIONAL)),
        Condition("assignee_id", ask.IS_NOT, (1,), Attribute("id", ask.OPTIONAL)),
        Condition("labels", ask.IS, ("rare",), Attribute("text", ask.OPTIONAL)),
        Condition("contact_id", ask.IS, (7, 8), Attribute("id", ask.EQUALITY)),
        Condition("display_id", ask.IS, (7, 9), Attribute("id", ask.TEXT)),
    ],
    ids=lambda one: f"{one.key} {one.operator}",
)
def test_what_a_filter_finds_is_the_same_however_it_is_found(
    store: Store, monkeypatch: pytest.MonkeyPatch, condition: Condition
) -> None:
    fill(store, 400)
    tag(store, "rare", every=50)
    later = Condition("display_id", ask.AFTER, (4,), Attribute("id", ask.TEXT))
    for asked in ([[condition]], [[condition, later]], [[condition], [later]]):
        within, kinds = filters.lookups(asked, 1)
        scope = Scope(1, None, "all", also=filters.of_conversations(asked, EPOCH), within=within, kinds=kinds)
        with store.read() as tx:
            found = [row.id for row in listed_as(scope)(tx)], lists.counts(tx, scope, 1)
            with monkeypatch.context() as patch:
                patch.setattr(lists, "_lead", lambda *_: None)
                assert found == ([row.id for row in listed_as(scope)(tx)], lists.counts(tx, scope, 1))
            assert found[0]


@pytest.mark.parametrize("status", ["open", "resolved", "all"])
@pytest.mark.parametrize("sort_by", ["latest", "created_at_asc"])
def test_a_page_is_the_same_however_it_is_found(
    store: Store, monkeypatch: pytest.MonkeyPatch, status: str, sort_by: str
) -> None:
    fill(store, 400)
    tag(store, "often", every=3)
    tag(store, "rare", every=50)
    scopes = [
        Scope(1, None, status), Scope(1, frozenset({1, 2}), status), Scope(1, frozenset(), status),
        Scope(1, None, status, inbox_id=2, labels=("often",)), Scope(1, None, status, labels=("often", "rare")),
        Scope(1, frozenset({0, 2}), status, mentioned=50), Scope(1, frozenset(), status, followed_by=50),
        Scope(1, None, status, source_id="nobody"), Scope(1, None, status, unattended=True),
    ]  # fmt: skip

    def found(tx: Tx) -> list[Any]:
        pages = [
            [row.id for row in lists.page(tx, one, assignee_type=kind, user_id=1, sort_by=sort_by, page=number)]
            for one in scopes
            for kind in ("", "me", "assigned", "unassigned")
            for number in (1, 2, 9)
        ]
        return [pages, [lists.counts(tx, one, 1) for one in scopes]]

    with store.read() as tx:
        as_it_is = found(tx)
        monkeypatch.setattr(lists, "_lead", lambda *_: None)
        assert found(tx) == as_it_is
        assert any(as_it_is[0])


@pytest.mark.parametrize("inbox_ids", [None, frozenset({1}), frozenset({1, 2})])
@pytest.mark.parametrize("status", ["open", "all"])
def test_counts_read_no_conversation(store: Store, inbox_ids: frozenset[int] | None, status: str) -> None:
    fill(store, 400)
    found = plans(store, lambda tx: lists.counts(tx, Scope(1, inbox_ids, status), 1))
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


@pytest.mark.parametrize("analysed", [False, True])
def test_files_of_a_conversation_are_read_no_further_than_the_page(store: Store, analysed: bool) -> None:
    fill(store, 30, lines=12)
    if analysed:
        store._writer.execute("ANALYZE")
    found = plans(store, lambda tx: conversation_attachments.page(tx, 3, 1))
    assert "messages_conversation_id_id (conversation_id=?)" in found[0], found
    assert "attachment_message_id (message_id=?)" in found[1], found
    assert "TEMP B-TREE" not in found[2], found
    with store.read() as tx:
        files = [file.id for file, _ in conversation_attachments.page(tx, 3, 1)]
        of_talk = {row.id for row in tx.filter(Message, conversation_id=3)}
        assert files == [row.id for row in tx.filter(Attachment) if row.message_id in of_talk][::-1]
    assert len(files) == 4


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
