"""What lists count is kept by triggers: it has to agree with counting, whatever happened."""

import random
from collections import Counter as Tally
from pathlib import Path

import pytest

from inboxd.store import contacts, conversation_lists
from inboxd.store.conversation_lists import Scope
from inboxd.store.db import Store, Tx
from inboxd.store.models import Contact, Conversation, ConversationCount
from inboxd.store.removal import drop_conversations
from tests.cast import Clock


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Store:
    return Store(tmp_path, clock=clock, announce=lambda _: None)


def add(tx: Tx, number: int, inbox_id: int) -> Conversation:
    return tx.insert(
        Conversation,
        account_id=1,
        display_id=number,
        uuid=str(number),
        inbox_id=inbox_id,
        contact_id=1,
        contact_inbox_id=1,
        last_activity_at=tx.now,
    )


def test_kept_counts_agree_with_counting_after_any_changes(store: Store) -> None:
    chance = random.Random(7)

    def step(tx: Tx, number: int) -> None:
        rows = tx.filter(Conversation, account_id=1)
        act = chance.choice(("add", "add", "change", "change", "everyone", "drop"))
        if act == "add" or not rows:
            add(tx, number, chance.randint(1, 3))
        elif act == "change":
            row = chance.choice(rows)
            tx.update(
                row,
                status=chance.choice(("open", "resolved", "pending")),
                assignee_id=chance.choice((None, 1, 2)),
                unread_count=chance.randint(0, 9),
            )
        elif act == "everyone":
            tx.execute(Conversation.update(assignee_id=None).where(Conversation.assignee_id == 2))
        else:
            drop_conversations(tx, [row.id for row in chance.sample(rows, min(2, len(rows)))])

    for number in range(1, 120):
        store.write(lambda tx, number=number: step(tx, number))  # type: ignore[misc]
        with store.read() as tx:
            rows = tx.filter(Conversation, account_id=1)
            kept = {
                (one.inbox_id, one.status, one.assignee_id): one.amount
                for one in tx.filter(ConversationCount, account_id=1)
            }
            assert kept == Tally((row.inbox_id, row.status, row.assignee_id or 0) for row in rows)
            for status in ("open", "all"):
                for inbox_ids in (None, frozenset({1, 2})):
                    scope = Scope(1, inbox_ids, status=status)
                    seen = [
                        row
                        for row in rows
                        if status in ("all", row.status) and (inbox_ids is None or row.inbox_id in inbox_ids)
                    ]
                    assert conversation_lists.counts(tx, scope, 1) == {
                        "mine_count": sum(row.assignee_id == 1 for row in seen),
                        "assigned_count": sum(row.assignee_id is not None for row in seen),
                        "unassigned_count": sum(row.assignee_id is None for row in seen),
                        "all_count": len(seen),
                    }
    store.close()


def test_the_count_of_contacts_is_of_those_that_can_be_reached(store: Store) -> None:
    def count() -> int:
        with store.read() as tx:
            return contacts.page(tx, 1, sort="", page=1, labels=[])[0]

    assert count() == 0
    plain = store.write(lambda tx: tx.insert(Contact, account_id=1, name="nobody"))
    known = store.write(lambda tx: tx.insert(Contact, account_id=1, email="a@b.test"))
    store.write(lambda tx: tx.insert(Contact, account_id=2, email="a@b.test"))
    assert count() == 1
    store.write(lambda tx: tx.update(plain, phone_number="+4930123456"))
    assert count() == 2
    store.write(lambda tx: tx.update(known, email=None, identifier="k"))
    assert count() == 2
    store.write(lambda tx: tx.update(known, identifier=None))
    assert count() == 1
    store.write(lambda tx: contacts.drop(tx, plain.id))
    assert count() == 0
    store.close()
