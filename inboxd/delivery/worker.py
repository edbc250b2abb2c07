"""One attempt: prepare → send → record. The first try and every retry are this same path."""

import json
import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from inboxd.delivery.sender import Sender
from inboxd.domain import retry, signing
from inboxd.domain.messages import MessageType
from inboxd.domain.retry import Outcome
from inboxd.services import messages
from inboxd.store import outbox
from inboxd.store.db import Store, Tx
from inboxd.store.models import Delivery, Webhook
from inboxd.store.outbox import Claim

_log = logging.getLogger("inboxd.delivery")
QUICK_TRIES_S = (0.2, 1.0)
"""Pauses before trying again when not a byte was sent: a receiver that restarts costs seconds."""


@dataclass(frozen=True)
class Policy:
    schedule_s: tuple[int, ...] = retry.SCHEDULE_S
    chance: Callable[[], float] = random.random


def prepare(claim: Claim, timestamp: int) -> dict[str, str]:
    """The headers of this attempt. The timestamp is new each time, id and body never are."""
    return signing.headers(claim.secret, claim.uuid, timestamp, claim.body)


class Worker:
    def __init__(self, store: Store, sender: Sender, policy: Policy) -> None:
        self._store = store
        self._sender = sender
        self._policy = policy
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Running attempts end as they are; no quick tries any more."""
        self._stopping.set()

    def attempt(self, claim: Claim) -> Outcome:
        """Try a claimed delivery once, quick tries included. Raises nothing: what is wrong on our
        side fails the attempt, or its line would wait for a restart."""
        try:
            outcome = self._send(claim)
            for pause_s in QUICK_TRIES_S if claim.number == 1 else ():
                if not outcome.early or self._stopping.wait(pause_s):
                    break
                outcome = self._send(claim)
        except Exception:
            _log.exception("an attempt of delivery %s failed on our side", claim.uuid)
            return Outcome(None, "inboxd itself failed, see its log")
        return outcome

    def record(self, claim: Claim, outcome: Outcome) -> None:
        """Store what came of an attempt."""
        state, next_at = self._store.write(lambda tx: record(tx, claim, outcome, self._policy))
        _log.info(
            "delivery.attempted %s",
            json.dumps({
                "delivery": claim.uuid, "webhook": claim.webhook_id, "attempt": claim.number, "state": state,
                "status": outcome.status_code, "error": outcome.error, "duration_ms": outcome.duration_ms,
                "next_attempt_at": next_at,
            }),
        )  # fmt: skip

    def _send(self, claim: Claim) -> Outcome:
        return self._sender.send(claim.url, prepare(claim, int(time.time())), claim.body)


def record(tx: Tx, claim: Claim, outcome: Outcome, policy: Policy) -> tuple[str, int | None]:
    """The attempt, the delivery's new state, and what its failure means for the message.

    Returns the state and when the next attempt is due.
    """
    delivery = tx.get(Delivery, claim.delivery_id)
    if delivery is None:
        return "gone", None
    outbox.record(tx, delivery, outcome)
    if delivery.state != "sending":
        return delivery.state, delivery.next_attempt_at  # cancelled while it was under way
    if outcome.delivered:
        outbox.finish(tx, delivery, "delivered", None)
        return delivery.state, None
    delay_ms = retry.next_delay_ms(delivery.attempt_count, policy.schedule_s, policy.chance())
    if delay_ms is not None:
        next_at = tx.now + delay_ms
        tx.update(delivery, state="pending", next_attempt_at=next_at, last_error=outcome.error)
        tx.signals.add("deliveries")
        return delivery.state, next_at
    outbox.finish(tx, delivery, "exhausted", outcome.error)
    _fail_message(tx, delivery, outcome.error or "")
    return delivery.state, None


def _fail_message(tx: Tx, delivery: Delivery, error: str) -> None:
    """An outgoing message that the inbox's own system never got is `failed`; incoming ones stay."""
    webhook = tx.get(Webhook, delivery.webhook_id)
    event, message = outbox.message_of(tx, delivery)
    if (
        webhook is not None
        and webhook.kind == "inbox"
        and event is not None
        and message is not None
        and message.message_type == MessageType.OUTGOING
    ):
        messages.fail(tx, message, error)
