"""What becomes of webhooks and messages as deliveries arrive or fail, and how people step in."""

from collections import Counter
from typing import Any

from inboxd.domain.errors import Refused
from inboxd.domain.events import EVENTS, TEST
from inboxd.domain.messages import TO_CONTACT
from inboxd.domain.retry import FLAGGED_AT_ONCE, FLAGGED_FAILURES, Outcome, Verdict, is_hopeless, told
from inboxd.services import conversations, messages, outbox
from inboxd.store import accounts, feed, retention
from inboxd.store import deliveries as store
from inboxd.store import outbox as queue
from inboxd.store.db import Tx
from inboxd.store.models import Conversation, Delivery, Event, Message, Trouble, Webhook
from inboxd.store.outbox import Claim
from inboxd.wire import webhook as wire

BATCH = 1_000


def delivered(tx: Tx, webhook: Webhook, delivery: Delivery, outcome: Outcome, error_before: str | None) -> None:
    """A receiver took a delivery, which had failed with `error_before` if it had."""
    _end_trouble(tx, webhook, tx.now - outcome.duration_ms)
    message = _outgoing_of(tx, webhook, tx.get(Event, delivery.event_id)) if error_before else None
    failure = message.content_attributes.get("external_error") if message and message.status == "failed" else None
    if message is not None and failure is not None and failure == told(error_before or ""):
        messages.mend(tx, message)


def _end_trouble(tx: Tx, webhook: Webhook, began: int) -> None:
    """Whatever was wrong is over, unless somebody must enable the webhook. A rest that was asked for after
    the attempt began goes on: its answer is older."""
    trouble = tx.find(Trouble, webhook_id=webhook.id)
    if trouble is None or trouble.disabled_at is not None:
        return
    if (trouble.paused_until or 0) > tx.now and trouble.updated_at > began:
        tx.update(trouble, failing_since=None, failed_count=0)
        return
    tx.delete(Trouble, webhook_id=webhook.id)
    if trouble.paused_until is not None:
        tx.signals.add("deliveries")
    if trouble.flagged_at is not None:
        outbox.webhook_event(tx, "webhook.recovered", webhook)


def failed(tx: Tx, webhook: Webhook, delivery: Delivery, outcome: Outcome, verdict: Verdict) -> None:
    """What a failed attempt means for the webhook, and its end for the message."""
    event = tx.get(Event, delivery.event_id)
    if event is None or event.name == TEST:
        return
    _note_trouble(tx, webhook, delivery, outcome, verdict)
    if verdict.state == "exhausted":
        _give_up(tx, webhook, delivery, event)


def expire(tx: Tx, before: int, days: int) -> int:
    """Remove a batch of events stored before a moment. What is still owed of them is given up: the webhook
    is told of once, with how many. Returns the number of events."""
    old = retention.oldest(tx, before)
    left: Counter[int] = Counter()
    for delivery, event in retention.unfinished(tx, old):
        queue.finish(tx, delivery, "exhausted", f"not delivered within the {days} days that events are kept")
        webhook = accounts.webhook(tx, delivery.webhook_id)
        if webhook is not None:
            left[webhook.id] += not EVENTS[event.name].operational
            _feel(tx, webhook, event, delivery.last_error or "")
    for webhook_id, count in left.items():
        webhook = accounts.webhook(tx, webhook_id)
        if webhook is not None and count:
            outbox.webhook_event(tx, "delivery.exhausted", webhook, expired=count)
    retention.remove(tx, old)
    return len(old)


def _give_up(tx: Tx, webhook: Webhook, delivery: Delivery, event: Event) -> None:
    error = told(delivery.last_error or "")
    if not EVENTS[event.name].operational:
        shape = wire.delivery(delivery, event) | {"error": error}
        outbox.webhook_event(tx, "delivery.exhausted", webhook, delivery=shape)
    _feel(tx, webhook, event, error)


def _feel(tx: Tx, webhook: Webhook, event: Event, error: str) -> None:
    """An exhausted delivery is felt where somebody waited for it."""
    if webhook.kind == "bot" and EVENTS[event.name].about == "message":
        conversations.take_over_from_bot(tx, event.conversation_id)
    message = _outgoing_of(tx, webhook, event)
    if message is not None:
        messages.fail(tx, message, error)


def _note_trouble(tx: Tx, webhook: Webhook, delivery: Delivery, outcome: Outcome, verdict: Verdict) -> None:
    trouble = tx.find(Trouble, webhook_id=webhook.id) or tx.insert(
        Trouble, webhook_id=webhook.id, account_id=webhook.account_id
    )
    reason = told(outcome.error or "")
    since = tx.now if trouble.failing_since is None else trouble.failing_since
    values: dict[str, Any] = {"failed_count": trouble.failed_count + 1, "failing_since": since, "reason": outcome.error}
    if verdict.pause_ms is not None:
        values["paused_until"] = max(trouble.paused_until or 0, tx.now + verdict.pause_ms)
    is_bot = webhook.kind == "bot"
    # The failure that ends a delivery uses up no place in its schedule.
    failures = delivery.failed_count + (verdict.delay_ms is None)
    given_up = is_bot and verdict.state == "exhausted"
    flags = outcome.status_code in FLAGGED_AT_ONCE or failures >= FLAGGED_FAILURES or given_up
    if flags and (trouble.flagged_at is None or trouble.flagged_at < since):
        values["flagged_at"] = tx.now
        outbox.webhook_event(tx, "webhook.failing", webhook, reason=reason)
    hopeless = verdict.disables or is_hopeless(since, trouble.failed_count + 1, tx.now)
    # A bot's webhook is told less and less often by itself: people take its conversations over.
    if trouble.disabled_at is None and hopeless and not is_bot:
        values |= {"disabled_at": tx.now, "flagged_at": values.get("flagged_at", trouble.flagged_at) or tx.now}
        outbox.webhook_event(tx, "webhook.disabled", webhook, reason=reason)
    tx.update(trouble, **values)


def _outgoing_of(tx: Tx, webhook: Webhook, event: Event | None) -> Message | None:
    """What the webhook of an inbox takes to the contact, a public reply or a message of the inbox itself, if that
    is what the event brings. What changes about it later is no reason to call it failed."""
    if webhook.kind != "inbox" or event is None or event.name != "message_created":
        return None
    message = queue.message_of(tx, event)
    goes_out = message is not None and message.message_type in TO_CONTACT and not message.private
    return message if goes_out else None


SKIPPED = "skipped when the webhook was enabled again"


def skip_some(tx: Tx, webhook: Webhook) -> int:
    """Cancel a batch of what a webhook is owed; returns how much that is."""
    return queue.cancel(tx, webhook.id, SKIPPED)


def enable(tx: Tx, webhook: Webhook, *, skip: bool) -> int:
    """Deliver to a disabled or resting webhook again: what it is owed goes out now, from the beginning
    of its schedule, or with `skip` is cancelled. Returns how much that is."""
    owed, _ = store.owed(tx, webhook.id)
    trouble = tx.find(Trouble, webhook_id=webhook.id)
    if trouble is not None:
        # That it was flagged stays, for its recovery will be told.
        tx.update(trouble, disabled_at=None, paused_until=None, failing_since=None, failed_count=0, reason=None)
    if skip:
        while skip_some(tx, webhook):
            pass
    else:
        store.hurry(tx, webhook, since=0)
    return owed


def resend(tx: Tx, delivery: Delivery) -> None:
    """Send it out again under the same id, at its place in the order of its conversation. Raises Refused
    when there is nobody to send it to."""
    webhook = _able(tx, tx.get(Webhook, delivery.webhook_id))
    if delivery.state != "sending":
        store.revive(tx, webhook, [delivery.id])


def cancel(tx: Tx, delivery: Delivery, reason: str) -> None:
    """End an unfinished delivery; a finished one stays as it is. What is under way may still arrive. One
    that arrived before and was to be sent again is delivered, as it was."""
    if delivery.state in ("pending", "sending"):
        arrived = store.has_arrived(tx, delivery.id)
        if delivery.state == "sending":
            queue.interrupt(tx, delivery, None)
        queue.finish(tx, delivery, "delivered" if arrived else "cancelled", None if arrived else reason)


def hurry(tx: Tx, webhook: Webhook, since: int) -> int:
    """Send what waits for a retry at once; returns how many heads of lines that are. A webhook that
    rests is woken. Raises Refused for a disabled one, and for one that has no URL."""
    _able(tx, webhook)
    trouble = tx.find(Trouble, webhook_id=webhook.id)
    if trouble is not None:
        tx.update(trouble, paused_until=None)
    return store.hurry(tx, webhook, since)


def _able(tx: Tx, webhook: Webhook | None) -> Webhook:
    """The webhook, if something can be sent to it now. Raises Refused."""
    if webhook is None or not webhook.url:
        raise Refused("The webhook is gone or has no URL")
    trouble = tx.find(Trouble, webhook_id=webhook.id)
    if trouble is not None and trouble.disabled_at is not None:
        raise Refused("This webhook is disabled: enable it first")
    return webhook


def recover(tx: Tx, webhook: Webhook, since: int, given_up_by: int) -> int:
    """Send a batch of the events of that time that were given up until `given_up_by` out again, under
    their old ids. Returns how many; none means that no more are left."""
    found = store.exhausted(tx, webhook.id, since, given_up_by, BATCH)
    store.revive(tx, webhook, found)
    return len(found)


def replay(tx: Tx, webhook: Webhook, since: int, until: int, after_seq: int) -> tuple[int, int | None]:
    """Owe a webhook a batch of the events of that time, behind `after_seq`, that it would get today and
    never was owed. Returns how many, and the seq to go on from; None at the end."""
    after = max(after_seq, feed.seq_before(tx, webhook.account_id, since))
    events = feed.page(tx, webhook.account_id, after=after, types=[], inbox_id=None, limit=BATCH)[0]
    wanted = [event for event in events if event.created_at <= until and _is_owed(tx, webhook, event)]
    missing = store.never_owed(tx, webhook.id, [event.id for event in wanted])
    for event in wanted:
        if event.id in missing:
            queue.add(tx, event, webhook)
    queue.settle(tx, webhook, [event.conversation_id for event in wanted if event.id in missing])
    goes_on = len(events) == BATCH and events[-1].created_at <= until
    return len(missing), events[-1].seq if goes_on else None


def _is_owed(tx: Tx, webhook: Webhook, event: Event) -> bool:
    """Whether the webhook would be owed such an event now."""
    kind = EVENTS[event.name]
    if webhook.kind == "bot":
        return kind.bot and not outbox.is_own(webhook, event) and _is_for_bot(tx, webhook, event)
    return not kind.operational and any(one.id == webhook.id for one in outbox.subscribers(tx, event))


def _is_for_bot(tx: Tx, webhook: Webhook, event: Event) -> bool:
    """Whether the webhook's bot answers first in the event's inbox, or has its conversation."""
    if accounts.inbox_bot_id(tx, event.inbox_id or 0) == webhook.agent_bot_id:
        return True
    conversation = tx.get(Conversation, event.conversation_id) if event.conversation_id else None
    return conversation is not None and conversation.assignee_agent_bot_id == webhook.agent_bot_id


def test(tx: Tx, webhook: Webhook) -> Claim:
    """A delivery of an event made up for this webhook alone, claimed, so that it goes out once and now,
    whatever rests or is disabled. Raises Refused when there is nowhere to send it."""
    event = outbox.webhook_event(tx, TEST, webhook)
    claim = queue.claim(tx, queue.add(tx, event, webhook).id)
    if claim is None:
        raise Refused("This webhook has no URL")
    return claim
