from typing import Any

import pytest

from inboxd.app import App
from inboxd.store import overview
from inboxd.store.models import Trouble
from tests.cast import Clock, World

HOUR_MS = 3_600_000


def counts(world: World, token: str) -> Any:
    return world.http.get(f"{world.account}/counts", token=token).json()


def attention(world: World, token: str) -> Any:
    return world.http.get(f"{world.account}/attention", token=token).json()["payload"]


def test_meta_tells_who_is_calling_and_what_this_server_can(world: World) -> None:
    meta = world.http.get(f"{world.account}/meta", token=world.ada).json()
    assert (meta["role"], meta["user"]["id"], meta["account"]["id"]) == ("agent", world.ada_id, 1)
    assert meta["features"]["test_message"] is True
    assert meta["limits"]["attachments"] == 15
    assert (meta["features"]["mail"], meta["limits"]["mails_per_hour"]) == (False, 0)
    assert world.http.get(f"{world.account}/meta", token=world.admin).json()["role"] == "administrator"


def test_counts_are_those_of_the_inboxes_that_the_caller_sees(world: World) -> None:
    number = world.conversation()
    world.incoming(number)
    world.conversation()
    world.http.post(f"{world.account}/conversations/{number}/assignments", json={"assignee_id": world.ada_id},
                    token=world.ada)  # fmt: skip

    shown = counts(world, world.ada)
    assert shown["conversations"] == {
        "open": 2, "pending": 0, "snoozed": 0, "resolved": 0, "mine": 1, "unassigned": 1, "waiting": 0,
    }  # fmt: skip
    assert "deliveries" not in shown
    assert counts(world, world.olga)["conversations"]["open"] == 0
    assert counts(world, world.admin)["deliveries"]["pending"] >= 0


def test_messages_are_counted_by_the_minute(world: World, clock: Clock) -> None:
    number = world.conversation()
    world.incoming(number)
    world.incoming(number)
    clock.advance(s=300)
    world.incoming(number)

    shown = counts(world, world.admin)["messages_per_minute"]
    assert len(shown) == overview.MINUTES
    assert (shown[-1], shown[-6], sum(shown)) == (1, 2, 3)
    clock.advance(s=3600)
    assert sum(counts(world, world.admin)["messages_per_minute"]) == 0


def test_who_waits_for_an_hour_wants_attention(world: World, clock: Clock) -> None:
    number = world.conversation()
    world.incoming(number)
    assert [one["kind"] for one in attention(world, world.ada)] == ["conversations_unassigned"]
    clock.advance(s=3601)

    worst = attention(world, world.ada)[0]
    assert (worst["kind"], worst["count"], worst["conversation_id"]) == ("conversations_waiting", 1, number)
    assert counts(world, world.ada)["conversations"]["waiting"] == 1
    assert attention(world, world.olga) == []
    world.reply(number)
    assert [one["kind"] for one in attention(world, world.ada)] == ["conversations_unassigned"]


@pytest.mark.parametrize(("wrong", "kind", "severity"), [("disabled_at", "webhook_disabled", "bad"),
                                                         ("paused_until", "webhook_paused", "warn")])  # fmt: skip
def test_a_webhook_in_trouble_wants_an_administrator(
    world: World, app: App, clock: Clock, wrong: str, kind: str, severity: str
) -> None:
    made = world.http.post(f"{world.account}/webhooks", json={"url": "https://a.test/"}, token=world.admin).json()
    hook = made["payload"]["webhook"]["id"]
    values = {wrong: clock() + HOUR_MS}
    app.store.write(lambda tx: tx.insert(Trouble, webhook_id=hook, account_id=1, reason="it is gone", **values))

    shown = attention(world, world.admin)
    assert [(one["kind"], one["severity"], one["webhook_id"], one["text"]) for one in shown] == [
        (kind, severity, hook, "it is gone")
    ]
    assert attention(world, world.ada) == []
    assert counts(world, world.admin)["deliveries"]["failing_webhooks"] == 1


def test_a_test_message_is_a_message_like_any_other(world: World) -> None:
    path = f"{world.account}/inboxes/{world.inbox['id']}/test_message"
    first = world.http.post(path, json={"name": "Tess", "content": "Hi!"}, token=world.admin).json()
    again = world.http.post(path, json={}, token=world.admin).json()

    assert first["message"]["content"] == "Hi!"
    assert first["message"]["message_type"] == 0
    assert first["message"]["sender"]["name"] == "Tess"
    assert again["conversation_id"] == first["conversation_id"]
    listed = world.http.get(f"{world.account}/conversations", token=world.ada).json()["data"]["payload"]
    assert [one["id"] for one in listed] == [first["conversation_id"]]
    assert listed[0]["unread_count"] == 2
    assert world.http.post(path, json={}, token=world.ada).status_code == 401
