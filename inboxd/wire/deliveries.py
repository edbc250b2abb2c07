"""Deliveries, and what is wrong with webhooks: shapes of our own, Chatwoot has none."""

import json
from collections.abc import Mapping
from typing import Any

from inboxd.domain.text import MASK
from inboxd.store.models import Attempt, Delivery, Event, Trouble, Webhook
from inboxd.wire import shapes_operations as shapes
from inboxd.wire.times import iso, iso_or_none

Json = dict[str, Any]


def delivery(row: Delivery, event: Event, webhook: Webhook | None, display_id: int | None) -> shapes.Delivery:
    return {
        "id": row.uuid,
        "state": row.state,
        "event": event.name,
        "event_seq": event.seq,
        "webhook_id": row.webhook_id,
        "webhook": webhook_slim(webhook) if webhook else None,
        "inbox_id": event.inbox_id,
        "conversation_id": display_id,
        "message_id": event.message_id,
        "attempt_count": row.attempt_count,
        "next_attempt_at": iso_or_none(row.next_attempt_at),
        "last_error": row.last_error,
        "redelivery": row.redelivery,
        "created_at": iso(row.created_at),
        "finished_at": iso_or_none(row.finished_at),
    }


def with_attempts(shape: Mapping[str, object], attempts: list[Attempt], event: Event) -> Json:
    return {**shape, "attempts": [attempt(one) for one in attempts], "payload": json.loads(event.payload)}


def attempt(row: Attempt) -> shapes.Attempt:
    return {
        "number": row.number,
        "started_at": iso(row.started_at),
        "duration_ms": row.duration_ms,
        "address": row.address,
        "status_code": row.status_code,
        "error_class": row.error_class,
        "error": row.error,
        "excerpt": row.excerpt,
        "next_attempt_at": iso_or_none(row.next_attempt_at),
    }


def webhook_slim(row: Webhook) -> shapes.WebhookSlim:
    return {
        "id": row.id,
        "kind": row.kind,
        "inbox_id": row.inbox_id,
        "agent_bot_id": row.agent_bot_id,
        "name": row.name,
        "url": row.url,
    }


def options(row: Webhook, now: int) -> shapes.Options:
    """What every kind of webhook can be told. The values of its headers may be secrets."""
    until = row.previous_secret_until or 0
    return {
        "ordering": row.ordering,
        "exclude_own": row.exclude_own,
        "headers": dict.fromkeys(row.headers, MASK),
        "previous_secret_until": iso(until) if until > now else None,
    }


def health(row: Webhook, trouble: Trouble | None, now: int) -> Json:
    """`state`: off (no URL), ok, failing, paused or disabled."""
    shape: Json = {"state": "ok" if row.url else "off"}
    if trouble is None or not row.url:
        return shape
    if trouble.disabled_at is not None:
        shape["state"] = "disabled"
    elif (trouble.paused_until or 0) > now:
        shape["state"] = "paused"
    elif trouble.failed_count:
        shape["state"] = "failing"
    return shape | {
        "reason": trouble.reason,
        "failing_since": iso_or_none(trouble.failing_since),
        "failed_attempts": trouble.failed_count,
        "paused_until": iso_or_none(trouble.paused_until),
        "disabled_at": iso_or_none(trouble.disabled_at),
    }
