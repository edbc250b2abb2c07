"""Webhooks: what they may be, what becomes of them while their receivers fail, and how people step in."""

from typing import Any
from urllib.parse import urlsplit

from inboxd.domain.addresses import Guard
from inboxd.domain.errors import Invalid, Refused
from inboxd.domain.events import DEFAULT_SUBSCRIPTIONS, EVENTS, TEST
from inboxd.domain.messages import MessageType
from inboxd.domain.retry import DAY_MS, FLAGGED_AT_ONCE, FLAGGED_FAILURES, Outcome, Verdict, is_hopeless
from inboxd.domain.webhooks import URL_LIMIT, checked_headers, is_url
from inboxd.services import conversations, messages, outbox, tokens
from inboxd.store import accounts, deliveries
from inboxd.store import outbox as queue
from inboxd.store.db import Tx
from inboxd.store.models import Delivery, Event, Trouble, Webhook
from inboxd.store.outbox import Claim
from inboxd.wire import webhook as wire

OVERLAP_MS = DAY_MS
OVERLAP_LIMIT_MS = 30 * DAY_MS
BATCH = 1_000


def create(tx: Tx, account_id: int, values: dict[str, Any], guard: Guard) -> Webhook:
    """An account webhook. Raises Invalid for a URL, subscription or option that breaks a rule."""
    values = {"url": "", "subscriptions": None, **values}
    return tx.insert(
        Webhook,
        account_id=account_id,
        kind="account",
        secret=tokens.new(),
        token_id=tx.token_id,
        **_checked(tx, account_id, None, values, guard),
    )


def update(tx: Tx, webhook: Webhook, values: dict[str, Any], guard: Guard) -> None:
    if "exclude_own" in values:
        values["token_id"] = tx.token_id
    tx.update(webhook, **_checked(tx, webhook.account_id, webhook, values, guard))
    if "ordering" in values:
        deliveries.settle(tx, webhook)


def delete(tx: Tx, webhook: Webhook) -> None:
    """What it was still owed is cancelled, not forgotten."""
    queue.cancel(tx, webhook.id, "the webhook was deleted")
    tx.delete(Trouble, webhook_id=webhook.id)
    tx.delete(Webhook, id=webhook.id)


def rotate_secret(tx: Tx, webhook: Webhook, overlap_ms: int = OVERLAP_MS) -> str:
    """A new secret. The one before it signs too until `overlap_ms` have passed."""
    secret = tokens.new()
    until = tx.now + overlap_ms if overlap_ms else None
    previous = webhook.secret if overlap_ms else None
    tx.update(webhook, secret=secret, previous_secret=previous, previous_secret_until=until)
    return secret


def _checked(tx: Tx, account_id: int, webhook: Webhook | None, values: dict[str, Any], guard: Guard) -> dict[str, Any]:
    if "url" in values:
        url = values["url"] or ""
        if not is_url(url):
            raise Invalid("Url is invalid", "url")
        others = (one for one in accounts.account_webhooks(tx, account_id) if webhook is None or one.id != webhook.id)
        if any(one.url == url for one in others):
            raise Invalid("Url has already been taken", "url")
        _check_address(url, guard, "Url", "url")
    if "subscriptions" in values:
        wanted = values["subscriptions"]
        if wanted is None:
            values["subscriptions"] = list(DEFAULT_SUBSCRIPTIONS)
        elif not wanted or any(name not in EVENTS or not EVENTS[name].named for name in wanted):
            raise Invalid("Subscriptions Invalid events", "subscriptions")
        else:
            values["subscriptions"] = list(dict.fromkeys(wanted))
    if "headers" in values:
        values["headers"] = checked_headers(values["headers"], webhook.headers if webhook else {})
    return values


def checked_inbox_url(url: str | None, guard: Guard) -> str:
    """An inbox's webhook_url. Without a scheme it is taken as Chatwoot takes it: https is meant."""
    url = (url or "").strip()
    if not url:
        return ""
    if "://" not in url:
        url = f"https://{url}"
    if len(url) > URL_LIMIT:
        raise Invalid(f"Webhook url is too long (maximum is {URL_LIMIT} characters)", "webhook_url")
    if not is_url(url):
        raise Invalid("Webhook url is invalid", "webhook_url")
    _check_address(url, guard, "Webhook url", "webhook_url")
    return url


def checked_bot_url(url: str | None, guard: Guard) -> str:
    """A bot's outgoing_url: what is no URL fails when something is sent there, as on Chatwoot's wire."""
    url = (url or "").strip()
    if len(url) > URL_LIMIT:
        raise Invalid(f"Outgoing url is too long (maximum is {URL_LIMIT} characters)", "outgoing_url")
    if is_url(url):
        _check_address(url, guard, "Outgoing url", "outgoing_url")
    return url


def _check_address(url: str, guard: Guard, label: str, field: str) -> None:
    """An address that is written out can be judged now; what a name stands for is judged at every connect."""
    if guard.refuses_literal(urlsplit(url).hostname or ""):
        raise Invalid(f"{label} is invalid: its address is private or reserved (see INBOXD_ALLOW_PRIVATE)", field)


def delivered(tx: Tx, webhook: Webhook) -> None:
    """A receiver took something: whatever was wrong with it is over, unless somebody must enable it."""
    trouble = tx.find(Trouble, webhook_id=webhook.id)
    if trouble is None or trouble.disabled_at is not None:
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
    if webhook.kind != "bot":
        _note_trouble(tx, webhook, delivery, outcome, verdict)
    elif verdict.state == "exhausted" and EVENTS[event.name].about == "message":
        conversations.take_over_from_bot(tx, event.conversation_id)
    if verdict.state == "exhausted":
        if not EVENTS[event.name].operational:
            shape = wire.delivery(delivery, event) | {"error": _told(outcome)}
            outbox.webhook_event(tx, "delivery.exhausted", webhook, delivery=shape)
        _fail_message(tx, webhook, event, outcome.error or "")


def _told(outcome: Outcome) -> str:
    """The error as operational events carry it: the address that a redirect names holds a path and a
    query, as the webhook's own does."""
    error = outcome.error or ""
    return error.partition(" to ")[0] if outcome.error_class == "redirect" else error


def _note_trouble(tx: Tx, webhook: Webhook, delivery: Delivery, outcome: Outcome, verdict: Verdict) -> None:
    trouble = tx.find(Trouble, webhook_id=webhook.id) or tx.insert(
        Trouble, webhook_id=webhook.id, account_id=webhook.account_id
    )
    values: dict[str, Any] = {"failed_count": trouble.failed_count + 1, "reason": outcome.error or ""}
    if trouble.failing_since is None:
        values["failing_since"] = tx.now
    if verdict.pause_ms is not None:
        values["paused_until"] = max(trouble.paused_until or 0, tx.now + verdict.pause_ms)
    # The failure that ends a delivery uses up no place in its schedule.
    failures = delivery.failed_count + (verdict.delay_ms is None)
    flags = outcome.status_code in FLAGGED_AT_ONCE or failures >= FLAGGED_FAILURES
    if trouble.flagged_at is None and flags:
        values["flagged_at"] = tx.now
        outbox.webhook_event(tx, "webhook.failing", webhook, reason=_told(outcome))
    if trouble.disabled_at is None and (
        verdict.disables or is_hopeless(trouble.failing_since or tx.now, trouble.failed_count + 1, tx.now)
    ):
        # Flagged too, so that its recovery will be told.
        values |= {"disabled_at": tx.now, "flagged_at": trouble.flagged_at or tx.now}
        outbox.webhook_event(tx, "webhook.disabled", webhook, reason=_told(outcome))
    tx.update(trouble, **values)


def _fail_message(tx: Tx, webhook: Webhook, event: Event, error: str) -> None:
    """An outgoing message that the inbox's own system never got is `failed`; incoming ones stay."""
    message = queue.message_of(tx, event)
    if webhook.kind == "inbox" and message is not None and message.message_type == MessageType.OUTGOING:
        messages.fail(tx, message, error)


def enable(tx: Tx, webhook: Webhook, *, skip: bool) -> None:
    """Deliver to a disabled or resting webhook again: what it is owed goes out now, from the beginning
    of its schedule, or with `skip` is cancelled."""
    trouble = tx.find(Trouble, webhook_id=webhook.id)
    if trouble is not None:
        tx.update(trouble, disabled_at=None, paused_until=None, failing_since=None, failed_count=0, reason=None)
    if skip:
        queue.cancel(tx, webhook.id, "skipped when the webhook was enabled again")
    else:
        deliveries.hurry(tx, webhook, since=0)


def resend(tx: Tx, delivery: Delivery) -> None:
    """Send it out again under the same id, at its place in the order of its conversation. Raises Refused
    when there is nobody to send it to."""
    webhook = tx.get(Webhook, delivery.webhook_id)
    if webhook is None or not webhook.url:
        raise Refused("The webhook of this delivery is gone or has no URL")
    if delivery.state != "sending":
        deliveries.revive(tx, webhook, [delivery.id])


def cancel(tx: Tx, delivery: Delivery, reason: str) -> None:
    """End an unfinished delivery; a finished one stays as it is."""
    if delivery.state in ("pending", "sending"):
        queue.finish(tx, delivery, "cancelled", reason)
        webhook = accounts.webhook(tx, delivery.webhook_id)
        if webhook is not None:
            # Out of the middle of a line, while another one of it is under way, this frees nobody.
            deliveries.settle(tx, webhook)


def hurry(tx: Tx, webhook: Webhook, since: int) -> int:
    """Send what waits for a retry at once; returns how many heads of lines that are. A webhook that
    rests is woken. Raises Refused for a disabled one, and for one that has no URL."""
    if not webhook.url:
        raise Refused("This webhook has no URL")
    trouble = tx.find(Trouble, webhook_id=webhook.id)
    if trouble is not None and trouble.disabled_at is not None:
        raise Refused("This webhook is disabled: enable it first")
    if trouble is not None:
        tx.update(trouble, paused_until=None)
    return deliveries.hurry(tx, webhook, since)


def recover(tx: Tx, webhook: Webhook, since: int, given_up_by: int) -> int:
    """Send a batch of the events of that time that were given up until `given_up_by` out again, under
    their old ids. Returns how many; none means that no more are left."""
    found = deliveries.exhausted(tx, webhook.id, since, given_up_by, BATCH)
    deliveries.revive(tx, webhook, found)
    return len(found)


def replay(tx: Tx, webhook: Webhook, since: int, until: int, after_seq: int) -> tuple[int, int | None]:
    """Owe a webhook a batch of the events of that time, behind `after_seq`, that it would get today and
    never was owed. Returns how many, and the seq to go on from; None at the end."""
    after = max(after_seq, queue.seq_before(tx, webhook.account_id, since))
    events = queue.feed(tx, webhook.account_id, after=after, types=[], inbox_id=None, limit=BATCH)[0]
    wanted = [event for event in events if event.created_at <= until and _is_owed(tx, webhook, event)]
    missing = deliveries.never_owed(tx, webhook.id, [event.id for event in wanted])
    for event in wanted:
        if event.id in missing:
            queue.add(tx, event, webhook)
    if missing:
        deliveries.settle(tx, webhook)
    goes_on = len(events) == BATCH and events[-1].created_at <= until
    return len(missing), events[-1].seq if goes_on else None


def _is_owed(tx: Tx, webhook: Webhook, event: Event) -> bool:
    """Whether the webhook would be owed such an event now."""
    return not EVENTS[event.name].operational and any(one.id == webhook.id for one in outbox.subscribers(tx, event))


def test(tx: Tx, webhook: Webhook) -> Claim:
    """A delivery of an event made up for this webhook alone, claimed, so that it goes out once and now,
    whatever rests or is disabled. Raises Refused when there is nowhere to send it."""
    event = outbox.webhook_event(tx, TEST, webhook)
    claim = queue.claim(tx, queue.add(tx, event, webhook).id)
    if claim is None:
        raise Refused("This webhook has no URL")
    return claim
