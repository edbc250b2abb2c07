"""API inboxes, their own webhooks, and account webhooks."""

from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from inboxd.domain import hours
from inboxd.domain.errors import Invalid
from inboxd.domain.events import DEFAULT_SUBSCRIPTIONS, EVENTS
from inboxd.domain.text import check_name
from inboxd.services import outbox, tokens
from inboxd.store import accounts
from inboxd.store import outbox as queue
from inboxd.store.db import Tx
from inboxd.store.models import Inbox, Webhook

URL_LIMIT = 2048


def create(tx: Tx, account_id: int, values: dict[str, Any], webhook_url: str | None) -> Inbox:
    """Raises Invalid for a name, URL or setting that breaks a rule."""
    values = _checked(values, new=True)
    inbox = tx.insert(
        Inbox,
        account_id=account_id,
        identifier=tokens.new(),
        hmac_token=tokens.new(),
        working_hours=hours.default_week(),
        **values,
    )
    webhook = tx.insert(
        Webhook,
        account_id=account_id,
        kind="inbox",
        inbox_id=inbox.id,
        url=_checked_inbox_url(webhook_url),
        secret=tokens.new(),
    )
    outbox.inbox_event(tx, "inbox_created", inbox, webhook)
    return inbox


def update(tx: Tx, inbox: Inbox, values: dict[str, Any], channel: dict[str, Any]) -> None:
    """`channel` may hold `webhook_url`; None or blank turns the inbox's webhook off."""
    values = _checked(values, new=False)
    if "working_hours" in values:
        values["working_hours"] = hours.updated(inbox.working_hours, values["working_hours"])
    webhook = accounts.inbox_webhook(tx, inbox.id)
    changes = tx.update(inbox, **values)
    if "webhook_url" in channel:
        changes |= {
            f"webhook_{name}": change
            for name, change in tx.update(webhook, url=_checked_inbox_url(channel["webhook_url"])).items()
            if name == "url"
        }
    if changes:
        outbox.inbox_event(tx, "inbox_updated", inbox, webhook, changes)


def reset_secret(tx: Tx, inbox: Inbox) -> None:
    tx.update(accounts.inbox_webhook(tx, inbox.id), secret=tokens.new())


def delete(tx: Tx, inbox: Inbox) -> None:
    """The inbox and everything in it. What its webhook was still owed is cancelled, not forgotten."""
    queue.cancel(tx, accounts.inbox_webhook(tx, inbox.id).id, "the inbox was deleted")
    accounts.drop_inbox(tx, inbox.id)


def create_webhook(tx: Tx, account_id: int, values: dict[str, Any]) -> Webhook:
    return tx.insert(
        Webhook,
        account_id=account_id,
        kind="account",
        secret=tokens.new(),
        **_checked_webhook(tx, account_id, None, {"url": "", "subscriptions": None, **values}),
    )


def update_webhook(tx: Tx, webhook: Webhook, values: dict[str, Any]) -> None:
    tx.update(webhook, **_checked_webhook(tx, webhook.account_id, webhook.id, values))


def delete_webhook(tx: Tx, webhook: Webhook) -> None:
    queue.cancel(tx, webhook.id, "the webhook was deleted")
    tx.delete(Webhook, id=webhook.id)


def _checked_webhook(tx: Tx, account_id: int, own_id: int | None, values: dict[str, Any]) -> dict[str, Any]:
    if "url" in values:
        url = values["url"] or ""
        if not is_url(url) or len(url) > URL_LIMIT:
            raise Invalid("Url is invalid", "url")
        if any(hook.url == url and hook.id != own_id for hook in accounts.account_webhooks(tx, account_id)):
            raise Invalid("Url has already been taken", "url")
    if "subscriptions" in values:
        wanted = values["subscriptions"]
        if wanted is None:
            values["subscriptions"] = list(DEFAULT_SUBSCRIPTIONS)
        elif not wanted or any(name not in EVENTS for name in wanted):
            raise Invalid("Subscriptions Invalid events", "subscriptions")
        else:
            values["subscriptions"] = list(dict.fromkeys(wanted))
    return values


def is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and url.isprintable()
    except ValueError:
        return False


def _checked_inbox_url(url: str | None) -> str:
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
    return url


def _survey(given: dict[str, Any]) -> dict[str, Any]:
    """The settings of a survey, completed; a `template` stays only when it is sent."""
    complete: dict[str, Any] = {
        "display_type": "emoji",
        "message": "",
        "survey_rules": {"operator": "contains", "values": []},
        "button_text": "Please rate us",
        "language": "en",
    }
    known = (*complete, "template")
    return complete | {key: given[key] for key in known if given.get(key) is not None}


def _checked(values: dict[str, Any], *, new: bool) -> dict[str, Any]:
    """The settings as they are stored."""
    if "name" in values or new:
        check_name(values.get("name") or "")
    for key, label in (("greeting_message", "Greeting message"), ("out_of_office_message", "Out of office message")):
        if len(values.get(key) or "") > 10_000:
            raise Invalid(f"{label} is too long (maximum is 10000 characters)", key)
    if "timezone" in values and values["timezone"] not in available_timezones():
        raise Invalid("Timezone is not a valid timezone", "timezone")
    limit = values.get("auto_assignment_config", {}).get("max_assignment_limit")
    if limit is not None and not _number(limit):
        raise Invalid("Max assignment limit must be greater than 0", "auto_assignment_config")
    window = values.get("additional_attributes", {}).get("agent_reply_time_window")
    if window not in (None, "") and not 0 < _number(window) < 100_000:
        raise Invalid(
            "Agent reply time window agent_reply_time_window must be greater than 0", "agent_reply_time_window"
        )
    if values.get("csat_config"):
        return values | {"csat_config": _survey(values["csat_config"])}
    return values


def _number(given: Any) -> int:
    """A number that may have come as text; 0 for what is none."""
    text = str(given)
    return int(text) if text.isdecimal() and len(text) < 19 else 0
