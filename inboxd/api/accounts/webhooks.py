"""Account webhooks."""

from typing import Any

from inboxd.api.auth import check_role
from inboxd.api.web import Call, empty
from inboxd.domain.errors import NotFound
from inboxd.services import inboxes
from inboxd.store import accounts as store
from inboxd.store.models import Webhook
from inboxd.wire import api as wire


def find(call: Call) -> Webhook:
    check_role(call.caller, "administrator")  # Chatwoot asks for the role before it looks
    webhook = call.tx.find(Webhook, id=call.args["id"], account_id=call.account_id, kind="account")
    if webhook is None:
        raise NotFound
    return webhook


def _shown(call: Call, webhook: Webhook) -> Any:
    inbox = store.inbox(call.tx, call.account_id, webhook.inbox_id) if webhook.inbox_id else None
    return wire.webhook(webhook, inbox)


def index(call: Call) -> Any:
    found = store.account_webhooks(call.tx, call.account_id)
    return {"payload": {"webhooks": [_shown(call, webhook) for webhook in found]}}


def _values(call: Call) -> dict[str, Any]:
    values: dict[str, Any] = {
        key: call.values[key] for key in ("url", "name", "subscriptions", "inbox_id") if key in call.values
    }
    if "inbox_id" in values:
        values["inbox_id"] = values["inbox_id"] or None
    if values.get("inbox_id") is not None and store.inbox(call.tx, call.account_id, values["inbox_id"]) is None:
        raise NotFound
    return values


def create(call: Call) -> Any:
    return {"payload": {"webhook": _shown(call, inboxes.create_webhook(call.tx, call.account_id, _values(call)))}}


def update(call: Call, webhook: Webhook) -> Any:
    inboxes.update_webhook(call.tx, webhook, _values(call))
    return {"payload": {"webhook": _shown(call, webhook)}}


def delete(call: Call, webhook: Webhook) -> Any:
    inboxes.delete_webhook(call.tx, webhook)
    return empty()
