"""One attempt: prepare → send → record. The first try and every retry are this same path."""

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from inboxd.delivery.sender import Sender
from inboxd.domain import retry, signing
from inboxd.domain.retry import Outcome, Verdict
from inboxd.services import deliveries
from inboxd.store import accounts, outbox
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

    def decide(self, claim: Claim, webhook: Webhook | None, outcome: Outcome, failed_count: int) -> Verdict:
        if claim.once:
            return Verdict("delivered" if outcome.delivered else "cancelled")
        if webhook is not None and webhook.kind == "bot":
            return retry.decide_for_bot(outcome, failed_count)
        return retry.decide(outcome, failed_count, self.schedule_s, self.chance())


def prepare(claim: Claim, timestamp: int) -> dict[str, str]:
    """The headers of this attempt. The timestamp is new each time, id and body never are."""
    headers = claim.headers | signing.headers(claim.secrets, claim.uuid, timestamp, claim.body)
    if claim.redelivery:
        headers["X-Inboxd-Redelivery"] = "true"
    return headers


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
            return Outcome(None, "inboxd itself failed, see its log", error_class="internal")
        return outcome

    def send(self, claim: Claim) -> None:
        """One attempt in the caller's thread, recorded."""
        self.record([(claim, self.attempt(claim))], [], 0)

    def record(self, done: Sequence[tuple[Claim, Outcome]], untried: Sequence[Claim], wanted: int) -> list[Claim]:
        """Store what came of some attempts of one webhook and give back what was not tried.

        Up to `wanted` further deliveries of that webhook are claimed in the same transaction: a
        receiver that keeps up costs one commit for many deliveries.
        """

        def unit(tx: Tx) -> tuple[list[tuple[str, int | None]], list[Claim]]:
            states = [record(tx, claim, outcome, self._policy) for claim, outcome in done]
            for claim in untried:
                outbox.give_back(tx, claim)
            due = outbox.due(tx, done[0][0].webhook_id, wanted) if wanted else []
            claims = (outbox.claim(tx, delivery_id) for delivery_id in due)
            return states, [claim for claim in claims if claim is not None]

        # After a power cut a delivery may go out once more, with the same id: at least once is the promise.
        states, claims = self._store.write(unit, durable=any(not outcome.delivered for _, outcome in done))
        for (claim, outcome), (state, next_at) in zip(done, states, strict=True):
            level = logging.INFO if outcome.delivered else logging.WARNING
            if _log.isEnabledFor(level):
                _log.log(level, "delivery.attempted %s", _line(claim, outcome, state, next_at))
        return claims

    def _send(self, claim: Claim) -> Outcome:
        return self._sender.send(claim.url, prepare(claim, int(time.time())), claim.body)


def _line(claim: Claim, outcome: Outcome, state: str, next_at: int | None) -> str:
    return json.dumps({
        "delivery": claim.uuid,
        "webhook": claim.webhook_id,
        "host": urlsplit(claim.url).hostname,
        "attempt": claim.number,
        "state": state,
        "status": outcome.status_code,
        "error": retry.told(outcome.error or "") or None,
        "duration_ms": outcome.duration_ms,
        "next_attempt_at": next_at,
    })  # fmt: skip


def record(tx: Tx, claim: Claim, outcome: Outcome, policy: Policy) -> tuple[str, int | None]:
    """The attempt, the delivery's new state, and what came of it for the webhook and the message.

    Returns the state and when the next attempt is due.
    """
    delivery = tx.get(Delivery, claim.delivery_id)
    if delivery is None:
        return "gone", None
    if delivery.state != "sending" or delivery.attempt_count != claim.number:
        outbox.record_late(tx, delivery.id, claim.number, outcome)
        return delivery.state, delivery.next_attempt_at
    error_before = delivery.last_error
    webhook = accounts.webhook(tx, claim.webhook_id)
    verdict = policy.decide(claim, webhook, outcome, delivery.failed_count)
    next_at = None if verdict.delay_ms is None else tx.now + verdict.delay_ms
    outbox.record(tx, delivery.id, claim.number, outcome, next_at)
    if next_at is not None:
        tx.update(delivery, failed_count=delivery.failed_count + 1, last_error=outcome.error)
        outbox.put_back(tx, delivery, next_at)
    else:
        outbox.finish(tx, delivery, verdict.state, outcome.error)
    if webhook is not None and outcome.delivered and not claim.once:
        deliveries.delivered(tx, webhook, delivery, outcome, error_before)
    elif webhook is not None:
        deliveries.failed(tx, webhook, delivery, outcome, verdict)
    return delivery.state, next_at
