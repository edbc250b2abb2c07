"""How searches find their rows, and that the index is never wrong."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inboxd.store import contacts, conversations, removal, search
from inboxd.store import conversation_lists as lists
from inboxd.store.conversation_lists import Scope
from inboxd.store.db import Store, Tx
from inboxd.store.models import Contact, Conversation, Message
from inboxd.store.removal import drop_conversations
from tests.cast import Clock
from tests.store.plans import plans, statements


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    made = Store(tmp_path / "data", clock=clock, announce=lambda _: None)
    yield made
    made.close()


def write(store: Store, *texts: str | None, account_id: int = 1, inbox_id: int = 1, conversation_id: int = 1) -> None:
    def unit(tx: Tx) -> None:
        for text in texts:
            tx.insert(
                Message, account_id=account_id, inbox_id=inbox_id, conversation_id=conversation_id, message_type=0,
                content=text,
            )  # fmt: skip

    store.write(unit)


def index(store: Store) -> None:
    with store.read() as tx:
        behind = search.is_behind(tx)
    if behind:
        store.write(search.index_batch)
        index(store)


def found(store: Store, text: str, account_id: int = 1, inbox_ids: frozenset[int] | None = None) -> list[int]:
    with store.read() as tx:
        return search.message_ids(tx, account_id, text, inbox_ids)


def candidates(store: Store, match: str) -> list[Any]:
    """What the index alone says."""
    asked = "SELECT rowid FROM message_search WHERE message_search MATCH ?"
    return store._writer.execute(asked, [match]).fetchall()


def test_batches_end_at_a_number_of_messages_and_at_an_amount_of_text(store: Store) -> None:
    write(store, *["word"] * (search.BATCH + 1), "x" * 99_999, "xy", None)
    ends = []
    for _ in range(4):
        store.write(search.index_batch)
        with store.read() as tx:
            ends.append(search.indexed_up_to(tx))
    assert ends == [100, 101, 102, 104]
    with store.read() as tx:
        assert not search.is_behind(tx)


def test_one_message_longer_than_a_batch_is_indexed_alone(store: Store) -> None:
    write(store, "needle " + "x" * 150_000, "after")
    store.write(search.index_batch)
    with store.read() as tx:
        assert search.indexed_up_to(tx) == 1
    index(store)
    assert found(store, "needle") == [1]


def test_accounts_and_inboxes_are_terms_of_their_own(store: Store) -> None:
    write(store, "same text")
    write(store, "same text", account_id=2, inbox_id=6400)
    write(store, "same text", account_id=6400, inbox_id=41_000_000)
    index(store)
    assert [found(store, "same", one) for one in (1, 2, 6400, 3)] == [[1], [2], [3], []]
    assert found(store, "same", 6400, frozenset({1, 41_000_000})) == [3]
    assert found(store, "same", 2, frozenset()) == []
    assert found(store, "same", 2, frozenset(range(6390, 6500))) == [2]


def test_texts_are_compared_as_they_are_and_never_read_as_a_query(store: Store) -> None:
    texts = ['say "hi" AND go', "content : x*", "jürgen", "a\\b%c_d", "naïve \U0001f600 smile", "NEAR(a b)", "' OR 1"]
    write(store, *texts)
    for _ in range(2):
        for place, text in enumerate(texts, 1):
            assert found(store, text) == found(store, text[:6].upper() if text.isascii() else text) == [place], text
        index(store)
    assert found(store, "a\\b%c_d" * 20) == []
    assert found(store, "x" * 60_000) == []


def test_a_long_text_is_compared_to_its_end(store: Store) -> None:
    write(store, "w" * 200 + "end", "w" * 200 + "other")
    index(store)
    assert found(store, "w" * 150 + "end") == [1]


def test_the_index_is_true_after_any_changes(store: Store) -> None:
    chance = random.Random(5)
    words = ["alpha", "beta", "ALPHABET", "gamma ray", "", None]

    def step(tx: Tx) -> None:
        rows = tx.filter(Message)
        act = chance.choice(("add", "add", "edit", "drop", "talk", "index"))
        if act == "add" or not rows:
            tx.insert(
                Message, account_id=1, inbox_id=1, conversation_id=chance.randint(1, 4), message_type=0,
                content=chance.choice(words),
            )  # fmt: skip
        elif act == "edit":
            tx.update(chance.choice(rows), content=chance.choice(words))
        elif act == "drop":
            tx.delete(Message, id=chance.choice(rows).id)
        elif act == "talk":
            drop_conversations(tx, [chance.randint(1, 4)])
        else:
            search.index_batch(tx)
            search.merge(tx)

    for _ in range(150):
        store.write(step)
        with store.read() as tx:
            held = {row.id: row.content or "" for row in tx.filter(Message)}
            end = search.indexed_up_to(tx)
        for word in ("alpha", "beta", "gamma"):
            expected = [number for number, text in held.items() if word in text.lower()][::-1]
            assert found(store, word) == expected
            assert sorted(candidates(store, f"content:{word}")) == [(one,) for one in expected[::-1] if one <= end]


def test_the_index_is_merged_beside_removals_and_never_all_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "_MESSAGES", 2)
    write(store, *(f"alpha {number}" for number in range(60)))
    write(store, "beta", conversation_id=2)
    index(store)
    talks = Message.select(Message.conversation_id).where(Message.conversation_id == 1).distinct()
    with statements(store._writer) as seen:
        while store.write(lambda tx: removal.thin(tx, talks)):
            pass
    assert sum("'merge'" in sql for sql in seen) == sum(sql.startswith("BEGIN") for sql in seen) > 30
    assert found(store, "alpha") == candidates(store, "content:alpha") == []
    assert found(store, "beta") == [61]


def test_long_messages_are_removed_few_at_once(store: Store) -> None:
    write(store, *["alpha " * 1500] * 10)
    index(store)
    units = 1
    while store.write(lambda tx: removal.thin(tx, Message.select(Message.conversation_id).distinct())):
        units += 1
    assert units == 5
    assert found(store, "alpha") == candidates(store, "content:alpha") == []


def test_a_contact_is_found_by_what_it_is_now(store: Store) -> None:
    def named(text: str) -> list[str]:
        with store.read() as tx:
            return [contact.name for contact in contacts.search(tx, 1, text, sort="name", page=1)[0]]

    anna = store.write(lambda tx: tx.insert(Contact, account_id=1, name="Anna Berg", identifier="Crm-77"))
    store.write(lambda tx: tx.insert(Contact, account_id=2, name="Anna Berg"))
    assert named("anna") == named("Crm-7") == ["Anna Berg"]
    assert named("crm-7") == []
    store.write(lambda tx: tx.update(anna, name="Tal", email="tal@x.test"))
    assert named("anna") == []
    assert named("tal@") == ["Tal"]
    store.write(lambda tx: contacts.drop(tx, anna.id))
    assert named("tal@") == named("ta") == []
    gone = store._writer.execute("SELECT count(*) FROM contact_search WHERE contact_search MATCH 'tal'").fetchone()
    assert gone == (0,)


def test_a_search_reads_a_bounded_number_of_rows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    write(store, *[f"{number} common words" for number in range(300)])
    index(store)
    write(store, *[f"{number} common words" for number in range(300)])
    monkeypatch.setattr(search, "TAIL", 20)
    monkeypatch.setattr(search, "FOUND_LIMIT", 30)
    ids = found(store, "common words")
    assert ids == [*range(600, 580, -1), *range(300, 270, -1)], "the newest of the tail, then of the index"
    assert len(found(store, "om")) == 20


@pytest.fixture
def full(store: Store) -> Store:
    def unit(tx: Tx) -> None:
        for number in range(1, 401):
            contact = tx.insert(Contact, account_id=1, name=f"Contact {number}", email=f"{number}@example.test")
            tx.insert(
                Conversation, account_id=1, display_id=number, uuid=str(number), inbox_id=number % 4,
                contact_id=contact.id, contact_inbox_id=number, last_activity_at=tx.now,
            )  # fmt: skip
            tx.insert(
                Message, account_id=1, inbox_id=number % 4, conversation_id=number, message_type=0,
                content=f"message {number}",
            )  # fmt: skip

    store.write(unit)
    index(store)
    return store


WHOLE_ACCOUNT = ("(account_id=?)", "(account_id=? AND created_at>?)")


@pytest.mark.parametrize("analysed", [False, True])
def test_searches_scan_no_table(full: Store, analysed: bool) -> None:
    if analysed:
        full._writer.execute("ANALYZE")

    def listed(tx: Tx) -> None:
        scope = lists.holding(tx, Scope(1, frozenset({1, 2})), "message 12")
        lists.page(tx, scope, assignee_type="", user_id=1, sort_by="", page=1)
        lists.counts(tx, scope, 1)

    for run in (
        listed,
        lambda tx: search.message_ids(tx, 1, "message 12", None),
        lambda tx: search.message_ids(tx, 1, "me", None),
        lambda tx: contacts.search(tx, 1, "contact 12", sort="name", page=1),
        lambda tx: contacts.search(tx, 1, "co", sort="", page=1),
        lambda tx: contacts.reachable(tx, 1, "contact 12", limit=15, page=1),
        lambda tx: conversations.named(tx, 1, "12", None, limit=15, page=1),
    ):
        made = plans(full, run)
        assert not [plan for plan in made if plan.startswith("SCAN t")], made
        # What is found leads, and not all that an account has.
        assert not [plan for plan in made if plan.startswith("SEARCH t1 ") and plan.endswith(WHOLE_ACCOUNT)], made


def test_posting_a_message_asks_the_index_nothing(full: Store) -> None:
    def post(tx: Tx) -> list[str]:
        with statements(tx._connection) as seen:
            tx.insert(Message, account_id=1, inbox_id=1, conversation_id=1, message_type=0, content="new")
        return seen

    assert len(full.write(post)) == 1
    triggers = full._writer.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'messages'")
    assert not [sql for (sql,) in triggers if "AFTER INSERT" in sql]
