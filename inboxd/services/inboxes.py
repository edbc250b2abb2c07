"""API inboxes and their settings."""

from collections.abc import Callable
from typing import Any
from zoneinfo import available_timezones

from inboxd.domain import working_hours
from inboxd.domain.addresses import Guard
from inboxd.domain.conversations import reply_window
from inboxd.domain.errors import Invalid
from inboxd.domain.text import check_name
from inboxd.services import outbox, tokens, webhooks
from inboxd.store import accounts
from inboxd.store import outbox as queue
from inboxd.store.db import Tx
from inboxd.store.models import Inbox, Webhook


def create(tx: Tx, account_id: int, values: dict[str, Any], webhook_url: str | None, guard: Guard) -> Inbox:
    """Raises Invalid for a name, URL or setting that breaks a rule."""
    values = _checked(values, new=True)
    inbox = tx.insert(
        Inbox,
        account_id=account_id,
        identifier=tokens.new(),
        hmac_token=tokens.new(),
        working_hours=working_hours.default_week(),
        **values,
    )
    webhook = tx.insert(
        Webhook,
        account_id=account_id,
        kind="inbox",
        inbox_id=inbox.id,
        url=webhooks.checked_inbox_url(webhook_url, guard),
        secret=tokens.new(),
        token_id=tx.token_id,
    )
    outbox.inbox_event(tx, "inbox_created", inbox, webhook)
    return inbox


def update(tx: Tx, inbox: Inbox, values: dict[str, Any], channel: dict[str, Any], guard: Guard) -> None:
    """`channel` may hold `webhook_url`; None or blank turns the inbox's webhook off."""
    values = _checked(values, new=False)
    if "working_hours" in values:
        values["working_hours"] = working_hours.updated(inbox.working_hours, values["working_hours"])
    webhook = accounts.inbox_webhook(tx, inbox.id)
    changes = tx.update(inbox, **values)
    if "webhook_url" in channel:
        url = webhooks.checked_inbox_url(channel["webhook_url"], guard)
        changed = webhooks.set_url(tx, webhook, url)
        if "url" in changed:
            # What shows the inbox shows its URL.
            changes |= {"webhook_url": changed["url"]} | tx.update(inbox, updated_at=tx.now)
    if changes:
        outbox.inbox_event(tx, "inbox_updated", inbox, webhook, changes)


_DELETED = "the inbox was deleted"


def ending(tx: Tx, inbox: Inbox) -> list[Callable[[Tx], int]]:
    """Units that cancel what its webhook is owed, before the inbox is deleted."""
    return webhooks.ending(tx, accounts.inbox_webhook(tx, inbox.id), _DELETED)


def delete(tx: Tx, inbox: Inbox) -> bool:
    """One step of deleting the inbox and everything in it; whether it was the last. What its webhook was
    still owed is cancelled then, not forgotten."""
    webhook = accounts.inbox_webhook(tx, inbox.id)
    if queue.cancel(tx, webhook.id, _DELETED) or not accounts.drop_inbox(tx, inbox.id):
        return False
    return webhooks.delete(tx, webhook, _DELETED)


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
    settings = complete | {key: given[key] for key in known if given.get(key) is not None}
    if not isinstance(settings["message"], str) or len(settings["message"]) > 10_000:
        raise Invalid("Message of the survey must be text of at most 10000 characters", "csat_config")
    rules = settings["survey_rules"]
    labels = rules.get("values", []) if isinstance(rules, dict) else None
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise Invalid("Survey rules must be an object whose values are labels", "csat_config")
    return settings


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
    window = reply_window(values.get("additional_attributes", {}))
    if window is not None and not 0 < _number(window) < 100_000:
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
