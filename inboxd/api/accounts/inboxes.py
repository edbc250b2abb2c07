"""API inboxes and their members."""

from dataclasses import dataclass
from typing import Any

from inboxd.api import steps
from inboxd.api.accounts import agents, avatars
from inboxd.api.audit import audited
from inboxd.api.params import Integer, Param
from inboxd.api.web import Call, Response, empty
from inboxd.domain.errors import Invalid, NotFound
from inboxd.services import accounts as people
from inboxd.services import inboxes, webhooks
from inboxd.store import accounts as store
from inboxd.store.models import Inbox, InboxMember, Webhook
from inboxd.wire import api as wire

_CHANNEL = ("hmac_mandatory", "additional_attributes")
_NULLABLE = ("greeting_message", "out_of_office_message", "business_name")


@dataclass(frozen=True)
class OrNull(Param):
    """A setting of an inbox: the text "null" means null, for clients that can only send text."""

    inner: Param | None = None

    def schema(self) -> dict[str, Any]:
        return {} if self.inner is None else self.inner.schema()

    def read(self, raw: Any) -> Any:
        return None if raw == "null" or self.inner is None else self.inner.read(raw)


def find(call: Call) -> Inbox:
    return _allowed(call, call.args["id"])


def find_in_body(call: Call) -> Inbox:
    """The inbox that `inbox_id` names, in the path or in the body."""
    return _allowed(
        call, call.args.get("inbox_id") or Integer("inbox_id").read(call.request.values.get("inbox_id")) or 0
    )


def _allowed(call: Call, inbox_id: int) -> Inbox:
    inbox = store.inbox(call.tx, call.account_id, inbox_id)
    if inbox is None:
        raise NotFound
    call.caller.check_inbox(call.tx, inbox)
    return inbox


def _shown(call: Call, inbox: Inbox, secret: str | None = None) -> Any:
    webhook = store.inbox_webhook(call.tx, inbox.id)
    return wire.inbox(inbox, webhook, call.tx.links, admin=call.caller.is_administrator, secret=secret)


def index(call: Call) -> Any:
    allowed = call.caller.inbox_ids(call.tx)
    found = store.inboxes(call.tx, call.account_id)
    return {"payload": [_shown(call, inbox) for inbox in found if allowed is None or inbox.id in allowed]}


def show(call: Call, inbox: Inbox) -> Any:
    return _shown(call, inbox)


def _settings(call: Call) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inbox's own columns, and its channel."""
    given = dict(call.values)
    channel: dict[str, Any] = given.pop("channel", None) or {}
    for key in ("portal_id", "avatar"):
        given.pop(key, None)
    # A null name goes on to be refused; any other setting that cannot be null is left as it is.
    values = {key: value for key, value in given.items() if value is not None or key in ("name", *_NULLABLE)}
    values |= {key: channel[key] for key in _CHANNEL if channel.get(key) is not None}
    return values | avatars.given(call, call.account_id), channel


@audited(Inbox, Webhook)
def create(call: Call) -> Any:
    values, channel = _settings(call)
    values.pop("working_hours", None)
    if channel.get("type") not in (None, "api"):
        raise Invalid("Channel must exist", "channel")
    inbox = inboxes.create(call.tx, call.account_id, values, channel.get("webhook_url"), call.parts.guard)
    avatars.adopt(call, inbox)
    return _shown(call, inbox, store.inbox_webhook(call.tx, inbox.id).secret)


@audited(Inbox, Webhook)
def update(call: Call, inbox: Inbox) -> Any:
    values, channel = _settings(call)
    inboxes.update(call.tx, inbox, values, channel, call.parts.guard)
    avatars.adopt(call, inbox)
    return _shown(call, inbox)


@audited(Inbox)
def _delete(call: Call) -> bool:
    return inboxes.delete(call.tx, find(call))


def delete(call: Call, inbox: Inbox) -> None:
    told = {"message": "Your inbox deletion request will be processed in some time."}
    steps.later(call, _delete, lambda: Response(value=told), first=inboxes.ending(call.tx, inbox))


def delete_avatar(call: Call, inbox: Inbox) -> Any:
    inboxes.update(call.tx, inbox, {"avatar": ""}, {}, call.parts.guard)
    avatars.drop(call, inbox)
    return empty()


@audited(Webhook)
def reset_secret(call: Call, inbox: Inbox) -> Any:
    return _shown(call, inbox, webhooks.rotate_secret(call.tx, store.inbox_webhook(call.tx, inbox.id)))


def _members(call: Call, inbox: Inbox) -> Any:
    return {"payload": agents.listed(call, store.members(call.tx, inbox.id))}


def show_members(call: Call, inbox: Inbox) -> Any:
    return _members(call, inbox)


@audited(InboxMember)
def add_members(call: Call, inbox: Inbox) -> Any:
    people.set_members(call.tx, call.account_id, inbox.id, agents.user_ids(call), exact=False)
    return _members(call, inbox)


@audited(InboxMember)
def set_members(call: Call, inbox: Inbox) -> Any:
    people.set_members(call.tx, call.account_id, inbox.id, agents.user_ids(call), exact=True)
    return _members(call, inbox)


@audited(InboxMember)
def remove_members(call: Call, inbox: Inbox) -> Any:
    people.remove_members(call.tx, call.account_id, inbox.id, agents.user_ids(call))
    return empty()
