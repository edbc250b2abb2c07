"""What needs somebody now: the first screen of a dashboard, in calls that cost little."""

from collections.abc import Iterator

from inboxd.api.web import Call
from inboxd.domain import mailing
from inboxd.domain.errors import NotFound
from inboxd.domain.messages import ATTACHMENTS_LIMIT, CONTENT_LIMIT, Draft
from inboxd.domain.retry import DAY_MS
from inboxd.services import contacts, conversations, messages
from inboxd.store import accounts, deliveries, feed
from inboxd.store import conversation_lists as lists
from inboxd.store import conversations as conversation_store
from inboxd.store import overview as store
from inboxd.store.conversation_lists import Scope
from inboxd.store.details import Place
from inboxd.store.models import Conversation, Inbox
from inboxd.version import __version__
from inboxd.wire import api
from inboxd.wire import deliveries as delivery_wire
from inboxd.wire import overview as wire
from inboxd.wire.shapes import Payload
from inboxd.wire.times import iso

TEST_SOURCE = "inboxd-test"
"""The source_id under which test messages come in."""
_HOUR_MS = 3_600_000
_FEATURES = ("events", "deliveries", "test_message", "test_webhook", "idempotency_keys")


def meta(call: Call) -> wire.Meta:
    account = accounts.account(call.tx, call.account_id)
    membership = call.caller.membership
    if account is None or membership is None:
        raise NotFound
    return wire.meta(
        account,
        call.caller.known_user,
        membership.role,
        version=__version__,
        now=call.tx.now,
        features=dict.fromkeys(_FEATURES, True) | {"mail": call.parts.mail},
        limits={
            "content": CONTENT_LIMIT,
            "attachments": ATTACHMENTS_LIMIT,
            "messages_per_minute": call.parts.limits.per_minute,
            "requests_per_minute": call.parts.rates.limit,
            "mails_per_hour": mailing.PER_HOUR if call.parts.mail else 0,
        },
    )


def counts(call: Call) -> wire.Counts:
    tx, inbox_ids = call.tx, call.caller.inbox_ids(call.tx)
    statuses = store.by_status(tx, call.account_id, inbox_ids)
    opened = lists.counts(tx, Scope(call.account_id, inbox_ids), call.caller.known_user.id)
    shape: wire.Counts = {
        "server_time": iso(tx.now),
        "newest_seq": feed.last_seq(tx, call.account_id),
        "conversations": {
            "open": statuses.get("open", 0),
            "pending": statuses.get("pending", 0),
            "snoozed": statuses.get("snoozed", 0),
            "resolved": statuses.get("resolved", 0),
            "mine": opened["mine_count"],
            "unassigned": opened["unassigned_count"],
            "waiting": len(_waiting(call)),
        },
        "messages_per_minute": store.messages_by_minute(tx, call.account_id, inbox_ids),
    }
    if call.caller.is_administrator:
        shape["deliveries"] = _queue(call)
    return shape


def _waiting(call: Call) -> list[Conversation]:
    return store.waiting(call.tx, call.account_id, call.caller.inbox_ids(call.tx), call.tx.now - _HOUR_MS)


def _queue(call: Call) -> wire.QueueCounts:
    pending, oldest = deliveries.owed_in(call.tx, call.account_id)
    return {
        "pending": pending,
        "oldest_pending_s": (call.tx.now - oldest) // 1000 if oldest else 0,
        "exhausted_24h": sum(count for _, count in _exhausted(call)),
        "failing_webhooks": len(store.troubled(call.tx, call.account_id)),
        "failures_per_minute": store.failures_by_minute(call.tx, call.account_id),
    }


def _exhausted(call: Call) -> list[tuple[int, int]]:
    return store.exhausted(call.tx, call.account_id, call.tx.now - DAY_MS)


def attention(call: Call) -> Payload[list[wire.Concern]]:
    """The worst first; webhooks only for administrators, who alone can mend them."""
    found = [*_webhook_concerns(call), *_conversation_concerns(call)]
    return {"payload": sorted(found, key=lambda one: ("bad", "warn", "info").index(one["severity"]))}


def _webhook_concerns(call: Call) -> Iterator[wire.Concern]:
    if not call.caller.is_administrator:
        return
    for webhook, trouble in store.troubled(call.tx, call.account_id):
        health = delivery_wire.health(webhook, trouble, call.tx.now)
        owed, _ = deliveries.owed(call.tx, webhook.id)
        if health["state"] in ("disabled", "paused", "failing"):
            yield {
                "kind": f"webhook_{health['state']}",
                "severity": "bad" if health["state"] == "disabled" else "warn",
                "count": owed,
                "text": trouble.reason or f"{trouble.failed_count} attempts failed",
                "webhook_id": webhook.id,
                "inbox_id": webhook.inbox_id,
            }
    for webhook_id, count in _exhausted(call):
        hook = accounts.webhook(call.tx, webhook_id)
        if hook is not None:
            yield {
                "kind": "deliveries_exhausted",
                "severity": "bad",
                "count": count,
                "text": f"given up since yesterday: {hook.name or hook.url}",
                "webhook_id": hook.id,
                "inbox_id": hook.inbox_id,
            }


def _conversation_concerns(call: Call) -> Iterator[wire.Concern]:
    waiting = _waiting(call)
    if waiting:
        yield {
            "kind": "conversations_waiting",
            "severity": "warn",
            "count": len(waiting),
            "text": "a contact waits for more than an hour",
            "conversation_id": waiting[0].display_id,
        }
    scope = Scope(call.account_id, call.caller.inbox_ids(call.tx))
    unassigned = lists.counts(call.tx, scope, None)["unassigned_count"]
    if unassigned:
        yield {
            "kind": "conversations_unassigned",
            "severity": "info",
            "count": unassigned,
            "text": "open, and nobody's",
        }


def send_test_message(call: Call, inbox: Inbox) -> wire.TestMessage:
    """A message as a customer's system would send it, with everything that follows from one. The
    contact and its conversation are the same every time, until that is resolved."""
    name = (call.values.get("name") or "").strip() or "Test Customer"
    contact, contact_inbox = contacts.identify(call.tx, inbox, TEST_SOURCE, {"name": name})
    known = conversation_store.latest_unresolved(call.tx, contact.id, inbox.id)
    account = accounts.account(call.tx, inbox.account_id)
    if account is None:
        raise NotFound
    place = Place(account, inbox, contact, contact_inbox)
    conversation = known or conversations.open_conversation(call.tx, place)
    content = (call.values.get("content") or "").strip() or "Hello, is anybody there?"
    posted = messages.post(call.tx, conversation, place, Draft(content), contact, call.parts.limits)
    return {
        "conversation_id": conversation.display_id,
        "message": api.message(posted.shown, conversation.display_id, call.tx.links, call.tx.now),
    }
