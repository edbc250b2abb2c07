import threading

import pytest

from inboxd.app import App
from inboxd.store import search
from inboxd.store.db import Tx
from inboxd.store.models import Message
from inboxd.upkeep import loop
from inboxd.upkeep.indexer import Indexer


def write(app: App, count: int) -> None:
    def unit(tx: Tx) -> None:
        for _ in range(count):
            tx.insert(Message, account_id=1, inbox_id=1, conversation_id=1, message_type=0, content="some words")

    app.store.write(unit)


def indexed(app: App) -> int:
    with app.store.read() as tx:
        return search.indexed_up_to(tx)


def test_it_goes_on_until_everything_is_indexed_and_then_only_looks(app: App) -> None:
    write(app, search.BATCH + 1)
    one = Indexer(app.store)
    assert [one.step(), one.step(), one.step()] == [True, True, False]
    assert indexed(app) == search.BATCH + 1


def test_it_catches_up_at_start_and_stops_when_told(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    write(app, 3)
    one, done = Indexer(app.store), threading.Event()
    step = one.step

    def watched() -> bool:
        more = step()
        if not more:
            done.set()
        return more

    monkeypatch.setattr(one, "step", watched)
    one.start()
    assert done.wait(10)
    one.stop()
    assert indexed(app) == 3


def test_what_goes_wrong_once_does_not_end_it(
    app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loop, "AGAIN_S", 0.01)
    one, done, turns = Indexer(app.store), threading.Event(), iter((True, False))

    def stumble() -> bool:
        if next(turns, False):
            raise OSError("once")
        done.set()
        return False

    monkeypatch.setattr(one, "step", stumble)
    one.start()
    assert done.wait(10)
    one.stop()
    assert "indexer stumbled" in caplog.text
