"""Webhooks: what they may be."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from inboxd.domain.addresses import Guard
from inboxd.domain.errors import Invalid
from inboxd.domain.events import DEFAULT_SUBSCRIPTIONS, EVENTS
from inboxd.domain.retry import DAY_MS
from inboxd.domain.webhooks import URL_LIMIT, checked_headers, is_url
from inboxd.services import deliveries, tokens
from inboxd.store import accounts, outbox
from inboxd.store import deliveries as queue
from inboxd.store.db import Changes, Tx
from inboxd.store.models import Trouble, Webhook

OVERLAP_MS = DAY_MS
OVERLAP_LIMIT_MS = 30 * DAY_MS


def create(tx: Tx, account_id: int, values: dict[str, Any], guard: Guard) -> Webhook:
    """An account webhook. Raises Invalid for a URL, subscription or option that breaks a rule."""
    values = {"url": "", "subscriptions": None, **values}
    return tx.insert(
        Webhook,
        account_id=account_id,
        kind="account",
        secret=tokens.new(),
        **_checked(tx, account_id, None, values, guard),
    )


def update(tx: Tx, webhook: Webhook, values: dict[str, Any], guard: Guard) -> None:
    values = _checked(tx, webhook.account_id, webhook, values, guard)
    if "url" in values:
        set_url(tx, webhook, values.pop("url"))
    tx.update(webhook, **values)


def settling(tx: Tx, webhook_id: int) -> list[Callable[[Tx], None]]:
    """Units that put what a webhook is owed into another order, once it has that."""
    return [partial(_settle, webhook_id=webhook_id, lines=lines) for lines in queue.lines(tx, webhook_id)]


def _settle(tx: Tx, webhook_id: int, lines: list[int | None]) -> None:
    webhook = tx.get(Webhook, webhook_id)
    if webhook is not None:
        outbox.settle(tx, webhook, lines)


def set_url(tx: Tx, webhook: Webhook, url: str) -> Changes:
    """What was wrong with the old address is not held against the new one: what is owed goes there now."""
    changes = tx.update(webhook, url=url)
    if changes:
        deliveries.enable(tx, webhook, skip=False)
    return changes


_DELETED = "the webhook was deleted"


def ending(tx: Tx, webhook: Webhook, reason: str = _DELETED) -> list[Callable[[Tx], int]]:
    """Units that cancel what the webhook is owed, before it is deleted."""
    return [
        partial(outbox.cancel, webhook_id=webhook.id, reason=reason, batch=batch)
        for batch in outbox.backlog(tx, webhook.id)
    ]


def delete(tx: Tx, webhook: Webhook, reason: str = _DELETED) -> bool:
    """One step; whether it was the last. What the webhook was still owed is cancelled for this reason, not
    forgotten."""
    if outbox.cancel(tx, webhook.id, reason):
        return False
    tx.delete(Trouble, webhook_id=webhook.id)
    tx.delete(Webhook, id=webhook.id)
    return True


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
    if values.get("exclude_own") and not (webhook and webhook.exclude_own):
        # A bot's webhook is the bot's, whoever sets its options.
        values["token_id"] = (webhook.token_id if webhook and webhook.kind == "bot" else None) or tx.token_id
        if values["token_id"] is None:
            raise Invalid("Exclude own needs the access token whose messages are left out", "exclude_own")
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


def for_actions(tx: Tx, account_id: int, url: str) -> Webhook:
    """The webhook behind a URL that actions post to: nobody subscribes it and no list shows it. If it was
    disabled it is tried again, because nobody else could enable it."""
    known = tx.find(Webhook, account_id=account_id, kind="action", url=url)
    if known is None:
        return tx.insert(Webhook, account_id=account_id, kind="action", url=url, secret=tokens.new())
    trouble = tx.find(Trouble, webhook_id=known.id)
    if trouble is not None and trouble.disabled_at is not None:
        deliveries.enable(tx, known, skip=False)
    return known


def checked_action_url(url: str, guard: Guard) -> str:
    """Where an action posts to."""
    if not is_url(url):
        raise Invalid("Url is invalid", "url")
    _check_address(url, guard, "Url", "url")
    return url


def _check_address(url: str, guard: Guard, label: str, field: str) -> None:
    """An address that is written out can be judged now; what a name stands for is judged at every connect."""
    if guard.refuses_literal(urlsplit(url).hostname or ""):
        raise Invalid(f"{label} is invalid: its address is private or reserved (see INBOXD_ALLOW_PRIVATE)", field)
