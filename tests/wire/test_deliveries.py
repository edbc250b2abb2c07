"""The shapes of deliveries, and what is shown of a webhook's trouble."""

from pathlib import Path
from typing import Any

import pytest

from inboxd.domain.text import MASK
from inboxd.store.db import Store
from inboxd.store.models import Attempt, Event, Trouble, Webhook
from inboxd.wire import deliveries as wire
from tests.cast import EPOCH, Clock

NOW = "2026-06-10T11:14:56.789Z"


@pytest.fixture
def webhook(tmp_path: Path, clock: Clock) -> Webhook:
    store = Store(tmp_path / "data", clock=clock, announce=lambda _: None)
    made = store.write(
        lambda tx: tx.insert(
            Webhook, account_id=1, kind="account", url="https://x.test/p?q=1", secret="s" * 24, subscriptions=[],
            headers={"Authorization": "Bearer s3cret"}, previous_secret="p" * 24, previous_secret_until=EPOCH,
        )
    )  # fmt: skip
    store.close()
    return made


def trouble(**values: Any) -> Trouble:
    row = Trouble(webhook_id=1, account_id=1)
    row.__dict__.update(
        {"failed_count": 0, "reason": None, "failing_since": None, "paused_until": None, "disabled_at": None} | values
    )
    return row


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, "ok"),
        ({"failed_count": 1, "failing_since": EPOCH}, "failing"),
        ({"failed_count": 1, "paused_until": EPOCH + 1}, "paused"),
        ({"failed_count": 1, "paused_until": EPOCH}, "failing"),
        ({"failed_count": 1, "paused_until": EPOCH + 1, "disabled_at": EPOCH}, "disabled"),
    ],
)
def test_the_worst_of_a_webhooks_trouble_is_its_state(webhook: Webhook, values: dict[str, Any], state: str) -> None:
    shown = wire.health(webhook, trouble(**values), EPOCH)
    assert shown["state"] == state
    assert set(shown) == {"state", "reason", "failing_since", "failed_attempts", "paused_until", "disabled_at"}


def test_without_trouble_there_is_nothing_but_the_state(webhook: Webhook) -> None:
    assert wire.health(webhook, None, EPOCH) == {"state": "ok"}
    webhook.__dict__["url"] = ""
    assert (
        wire.health(webhook, None, EPOCH) == wire.health(webhook, trouble(disabled_at=EPOCH), EPOCH) == {"state": "off"}
    )


def test_options_hide_the_values_of_headers_and_both_secrets(webhook: Webhook) -> None:
    assert wire.options(webhook, EPOCH)["previous_secret_until"] is None
    shown = wire.options(webhook, EPOCH - 1)
    assert shown == {
        "ordering": "conversation", "exclude_own": False, "headers": {"Authorization": MASK},
        "previous_secret_until": NOW,
    }  # fmt: skip
    slim = wire.webhook_slim(webhook)
    assert set(slim) == {"id", "kind", "inbox_id", "agent_bot_id", "name", "url"}


def test_attempts_come_with_the_payload_as_it_was_sent() -> None:
    row = Attempt(delivery_id=1, number=2)
    row.__dict__.update({
        "number": 2, "started_at": EPOCH, "duration_ms": None, "address": None, "status_code": None,
        "error_class": "interrupted", "error": "interrupted", "excerpt": "", "next_attempt_at": EPOCH,
    })  # fmt: skip
    event = Event(payload='{"content":"\\u003cb\\u003e"}')
    event.__dict__["payload"] = '{"content":"\\u003cb\\u003e"}'
    shown = wire.with_attempts({"id": "x"}, [row], event)
    assert shown["payload"] == {"content": "<b>"}
    assert shown["attempts"] == [
        {
            "number": 2, "started_at": NOW, "duration_ms": None, "address": None, "status_code": None,
            "error_class": "interrupted", "error": "interrupted", "excerpt": "", "next_attempt_at": NOW,
        }
    ]  # fmt: skip
