"""Is it alive, is it ready, how is it."""

from typing import Any

from inboxd.api.web import Call
from inboxd.store import accounts, deliveries, messages, outbox
from inboxd.store.models import Event, Inbox, Trouble
from inboxd.version import CHATWOOT, __version__
from inboxd.wire import deliveries as wire
from inboxd.wire.times import iso, iso_or_none, plain


def livez(call: Call) -> Any:
    return {"status": "ok"}


def readyz(call: Call) -> Any:
    outbox.lines(call.tx)
    return {"status": "ok"}


def api(call: Call) -> Any:
    """What clients ask first: is there a Chatwoot, and which."""
    outbox.lines(call.tx)
    return {"version": CHATWOOT, "timestamp": plain(call.tx.now), "queue_services": "ok", "data_services": "ok"}


def health(call: Call) -> Any:
    return {"status": "ok", "version": __version__, **outbox.health(call.tx)}


def inbox(call: Call, inbox: Inbox) -> Any:
    """What answers "messages don't come in" and "I don't receive events" without a look at the log."""
    tx = call.tx
    webhook = accounts.inbox_webhook(tx, inbox.id)
    message = messages.last_into_inbox(tx, inbox.account_id, inbox.id)
    arrived, failed = (deliveries.newest(tx, webhook, failed=failed) for failed in (False, True))
    owed, oldest = deliveries.owed(tx, webhook.id)

    def event_of(event_id: int) -> str | None:
        event = tx.get(Event, event_id)
        return event.name if event else None

    return {
        "inbox": {"id": inbox.id, "name": inbox.name, "identifier": inbox.identifier},
        "webhook": wire.webhook_slim(webhook) | wire.health(webhook, tx.find(Trouble, webhook_id=webhook.id), tx.now),
        "last_message_in": {"id": message.id, "at": iso(message.created_at)} if message else None,
        "last_delivery": arrived
        and {"id": arrived.uuid, "event": event_of(arrived.event_id), "at": iso_or_none(arrived.finished_at)},
        "last_error": failed
        and {
            "id": failed.uuid,
            "event": event_of(failed.event_id),
            "state": failed.state,
            "error": failed.last_error,
            "at": iso(failed.updated_at),
        },
        "pending_deliveries": owed,
        "oldest_pending_s": (tx.now - oldest) // 1000 if oldest else 0,
        "refused": [
            {"at": iso(one.at), "method": one.method, "route": one.route, "reason": one.reason}
            for one in call.parts.refusals.of_inbox(inbox.account_id, inbox.id)
            if one.at >= inbox.created_at
        ],
    }
