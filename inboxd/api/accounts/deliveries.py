"""Deliveries: what is owed to webhooks, what was tried, and doing something about it."""

from typing import Any

from inboxd.api.web import Call
from inboxd.domain.deliveries import PAGE_LIMIT
from inboxd.domain.errors import NotFound
from inboxd.services import deliveries as work
from inboxd.store import accounts, conversations
from inboxd.store import deliveries as store
from inboxd.store.models import Delivery, Event
from inboxd.wire import deliveries as wire

Found = tuple[Delivery, Event]


def find(call: Call) -> Delivery:
    delivery = store.by_uuid(call.tx, call.account_id, call.args["delivery_id"].lower())
    if delivery is None:
        raise NotFound
    return delivery


def _shown(call: Call, found: list[Found]) -> list[Any]:
    numbers = conversations.display_ids(call.tx, [event.conversation_id for _, event in found if event.conversation_id])
    return [
        wire.delivery(
            delivery, event, accounts.webhook(call.tx, delivery.webhook_id), numbers.get(event.conversation_id or 0)
        )
        for delivery, event in found
    ]


def _one(call: Call, delivery: Delivery) -> Any:
    found = store.with_events(call.tx, [delivery])
    [shape] = _shown(call, found)
    return wire.with_attempts(shape, store.attempts(call.tx, delivery.id), found[0][1])


def index(call: Call) -> Any:
    values = call.values
    limit = min(values.get("limit") or 50, PAGE_LIMIT)
    conversation_id = None
    if values.get("conversation_id") is not None:
        conversation = conversations.by_display_id(call.tx, call.account_id, values["conversation_id"])
        if conversation is None:
            raise NotFound
        conversation_id = conversation.id
    before = _id_before(call, values["before"].lower()) if values.get("before") else None
    filters = {key: values.get(key) for key in ("state", "webhook_id", "inbox_id", "message_id", "event", "since")}
    found, end = store.page(
        call.tx, call.account_id, **filters, conversation_id=conversation_id, before=before, limit=limit
    )
    return {
        "payload": _shown(call, found),
        "meta": {"next_before": found[-1][0].uuid if len(found) == limit else end and str(end)},
    }


def _id_before(call: Call, given: str) -> int:
    """`next_before` is a delivery's id; a number, where a page ended at none that it shows."""
    if given.isascii() and given.isdigit() and len(given) < 16:
        return int(given)
    last = store.by_uuid(call.tx, call.account_id, given)
    if last is None:
        raise NotFound
    return last.id


def show(call: Call, delivery: Delivery) -> Any:
    return _one(call, delivery)


def resend(call: Call, delivery: Delivery) -> Any:
    work.resend(call.tx, delivery)
    return _one(call, find(call))


def cancel(call: Call, delivery: Delivery) -> Any:
    work.cancel(call.tx, delivery, f"cancelled by {call.caller.known_user.name}")
    return _one(call, delivery)
