import json
import threading

import pytest

from inboxd.app import App
from inboxd.domain.retry import DAY_MS
from inboxd.services.idempotency import BATCH, RETENTION_MS, keep
from inboxd.store.db import Tx
from inboxd.store.models import Delivery, Event, IdempotencyKey
from inboxd.upkeep.jobs import Jobs
from inboxd.upkeep.keeper import Keeper
from tests.cast import Clock, Http, World, build_world


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


def test_events_go_after_their_retention_and_the_feed_says_where_it_begins(
    app: App, clock: Clock, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    number = world.conversation()
    old = len(world.events())
    clock.advance(ms=30 * DAY_MS)
    world.incoming(number)
    clock.advance(ms=1)
    keeper = Keeper(app.store, app.blobs.let_go, 30)
    assert not keeper.step()

    path = f"{world.account}/events"
    gone = world.http.get(f"{path}?after=0", token=world.admin)
    kept = world.http.get(f"{path}?after={old}", token=world.admin).json()
    assert (gone.status_code, gone.json()["oldest_seq"]) == (410, old + 1)
    assert kept["payload"][0]["seq"] == old + 1
    assert kept["meta"]["oldest_seq"] == old + 1
    assert caplog.text == ""


def test_people_can_read_of_deliveries_that_were_never_finished_and_expire(
    app: App, clock: Clock, http: Http, admin: str
) -> None:
    world = build_world(http, admin, "http://127.0.0.1:1/hook")
    number = world.conversation()
    world.incoming(number)
    with app.store.read() as tx:
        owed = len(tx.filter(Delivery))
    clock.advance(ms=30 * DAY_MS + 1)
    world.incoming(number, "young")

    Keeper(app.store, app.blobs.let_go, 30).step()

    with app.store.read() as tx:
        told = [json.loads(event.payload) for event in tx.filter(Event, name="delivery.exhausted")]
    assert [(event["expired"], event["webhook"]["kind"]) for event in told] == [(owed, "inbox")]
    with app.store.read() as tx:
        left = tx.filter(Delivery)
        assert left
        assert left[0].next_attempt_at is not None


def test_a_reply_that_is_still_owed_when_its_event_expires_is_failed(
    app: App, clock: Clock, http: Http, admin: str
) -> None:
    world = build_world(http, admin, "http://127.0.0.1:1/hook")
    values = {"url": "http://127.0.0.1:2/", "subscriptions": ["message_created", "delivery.exhausted"]}
    other = http.post(f"{world.account}/webhooks", json=values, token=admin).json()["payload"]["webhook"]["id"]
    number = world.conversation()
    replies = [world.reply(number), world.reply(number), world.reply(number, private=True)]
    clock.advance(ms=30 * DAY_MS + 1)

    Keeper(app.store, app.blobs.let_go, 30).step()

    path = f"{world.account}/conversations/{number}/messages"
    shown = {one["id"]: one for one in http.get(path, token=admin).json()["payload"]}
    error = "not delivered within the 30 days that events are kept"
    assert [
        (shown[reply["id"]]["status"], shown[reply["id"]]["content_attributes"].get("external_error"))
        for reply in replies
    ] == [("failed", error), ("failed", error), ("sent", None)]
    with app.store.read() as tx:
        told = tx.filter(Event, name="delivery.exhausted")
        payloads = [json.loads(event.payload) for event in told]
        heard = [one.webhook_id for event in told for one in tx.filter(Delivery, event_id=event.id)]
    assert {event["webhook"]["kind"]: event["expired"] for event in payloads}["account"] == 3
    assert sorted(event["webhook"]["kind"] for event in payloads) == ["account", "inbox"]
    assert heard == [other], "of the inbox's webhook alone: never of itself"


def test_what_goes_wrong_once_does_not_end_upkeep(app: App, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    keep_keys(app, "old", 1)
    clock.advance(ms=RETENTION_MS + 1)
    keeper = Keeper(app.store, app.blobs.let_go, 30)
    steps = [threading.Event(), threading.Event()]
    step, left = keeper.step, iter(steps)

    def stumble() -> bool:
        turn = next(left)
        try:
            if turn is steps[0]:
                raise OSError("once")
            return step()
        finally:
            turn.set()

    keeper.step = stumble  # type: ignore[method-assign]
    keeper.start()
    assert steps[0].wait(10)
    keeper.wake()
    assert steps[1].wait(10)
    keeper.stop()
    assert kept(app) == []
    assert "upkeep stumbled" in caplog.text


def test_jobs_and_the_files_they_made_go_after_their_retention(app: App, clock: Clock, world: World) -> None:
    def export() -> None:
        assert world.http.post(f"{world.account}/contacts/export", json={}, token=world.admin).ok

    def shown() -> list[str]:
        found = world.http.get(f"{world.account}/jobs", token=world.admin).json()["payload"]
        return [job["state"] for job in found]

    keeper = Keeper(app.store, app.blobs.let_go, 30)
    export()
    Jobs(app.store, app.blobs).step()
    export()
    [file] = (app.config.directory / "attachments").glob("??/*")
    clock.advance(ms=30 * DAY_MS)
    keeper.step()
    assert (shown(), file.exists()) == (["pending", "done"], True)
    clock.advance(ms=1)
    keeper.step()
    assert (shown(), file.exists()) == (["pending"], False), "what is not over stays"
