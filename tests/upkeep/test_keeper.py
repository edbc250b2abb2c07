from inboxd.app import App
from inboxd.services.idempotency import BATCH, RETENTION_MS, keep
from inboxd.store.db import Tx
from inboxd.store.models import IdempotencyKey
from inboxd.upkeep.keeper import Keeper
from tests.cast import Clock


def keep_keys(app: App, prefix: str, count: int) -> None:
    def unit(tx: Tx) -> None:
        for number in range(count):
            keep(tx, "scope", f"{prefix}{number}", "fingerprint", 200, "{}")

    app.store.write(unit)


def kept(app: App) -> list[str]:
    with app.store.read() as tx:
        return [row.key for row in tx.filter(IdempotencyKey)]


def test_keys_go_after_their_retention_in_batches_and_younger_ones_stay(app: App, clock: Clock) -> None:
    keep_keys(app, "old", BATCH + 1)
    clock.advance(ms=RETENTION_MS // 2)
    keep_keys(app, "young", 2)
    clock.advance(ms=RETENTION_MS // 2 + 1)
    keeper = Keeper(app.store, app.blobs.let_go, 30)
    assert keeper.step()
    assert len(kept(app)) == 3
    assert not keeper.step()
    assert kept(app) == ["young0", "young1"]


def test_the_keeper_works_at_start_and_stops_when_told(app: App, clock: Clock) -> None:
    keep_keys(app, "old", 1)
    clock.advance(ms=RETENTION_MS + 1)
    keeper = Keeper(app.store, app.blobs.let_go, 30)
    keeper.start()
    keeper.stop()
    assert kept(app) == []
