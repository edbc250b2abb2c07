"""The numbers of a dashboard, beside however much was ever sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from inboxd.store import overview
from inboxd.store.db import Store, Tx
from inboxd.store.models import Attempt, Delivery
from tests.cast import EPOCH, Clock
from tests.store.plans import plans


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    made = Store(tmp_path / "data", clock=clock, announce=lambda _: None)
    yield made
    made.close()


def fill(tx: Tx) -> None:
    """Two hundred deliveries of two accounts, every tenth of them given up, half of those long ago."""
    for number in range(200):
        failed = number % 10 == 0
        moment = EPOCH - (0 if number % 20 else 2 * 86_400_000)
        row = tx.insert(
            Delivery, account_id=1 + number % 4 // 2, webhook_id=1 + number % 3, event_id=number, uuid=str(number),
            state="exhausted" if failed else "delivered", finished_at=moment,
        )  # fmt: skip
        tx.insert(Attempt, delivery_id=row.id, number=1, started_at=moment, error="refused" if failed else None)


def test_failures_are_found_and_not_looked_for_among_all_that_was_sent(store: Store) -> None:
    store.write(fill)
    with store.read() as tx:
        assert overview.exhausted(tx, 1, EPOCH - 86_400_000) == []
        assert sum(count for _, count in overview.exhausted(tx, 2, EPOCH - 86_400_000)) == 10
        assert [sum(overview.failures_by_minute(tx, account_id)) for account_id in (1, 2)] == [0, 10]
    for prepare in ("SELECT 1", "ANALYZE"):
        store._writer.execute(prepare)
        given_up = plans(store, lambda tx: overview.exhausted(tx, 1, EPOCH - 86_400_000))
        assert "SEARCH t1 USING INDEX deliveries_exhausted (finished_at>?)" in given_up
        failures = plans(store, lambda tx: overview.failures_by_minute(tx, 1))
        assert failures[0] == "SEARCH t1 USING INDEX attempts_failed (started_at>?)", failures
        assert failures[1] == "SEARCH t2 USING INTEGER PRIMARY KEY (rowid=?)", failures
