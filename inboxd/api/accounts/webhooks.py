"""Account webhooks, the webhook an inbox carries, and what people do about either."""

from dataclasses import replace
from functools import partial
from typing import Any

from inboxd.api import steps
from inboxd.api.accounts import agent_bots, inboxes
from inboxd.api.audit import audited
from inboxd.api.auth import check_role
from inboxd.api.web import Call, Response
from inboxd.domain.errors import Invalid, NotFound, Refused
from inboxd.services import deliveries as work
from inboxd.services import webhooks
from inboxd.store import accounts as store
from inboxd.store import deliveries
from inboxd.store.db import Tx
from inboxd.store.models import Trouble, Webhook
from inboxd.wire import api as wire
from inboxd.wire import deliveries as shapes


def find(call: Call) -> Webhook:
    check_role(call.caller, "administrator")  # Chatwoot asks for the role before it looks
    webhook = call.tx.find(Webhook, id=call.args["id"], account_id=call.account_id, kind="account")
    if webhook is None:
        raise NotFound
    return webhook


def find_of_inbox(call: Call) -> Webhook:
    return store.inbox_webhook(call.tx, inboxes.find(call).id)


def find_of_bot(call: Call) -> Webhook:
    return store.bot_webhook(call.tx, agent_bots.find(call).id)


def _again(call: Call, webhook_id: int) -> Webhook:
    """The webhook that was found on a snapshot."""
    webhook = call.tx.get(Webhook, webhook_id)
    if webhook is None:
        raise NotFound
    return webhook


def _shown(call: Call, webhook: Webhook, secret: str | None = None) -> Any:
    inbox = store.inbox(call.tx, call.account_id, webhook.inbox_id) if webhook.inbox_id else None
    trouble = call.tx.find(Trouble, webhook_id=webhook.id)
    return wire.webhook(webhook, inbox, trouble, call.tx.now, secret)


def _one(call: Call, webhook: Webhook, secret: str | None = None) -> Any:
    return {"payload": {"webhook": _shown(call, webhook, secret)}}


def index(call: Call) -> Any:
    found = store.account_webhooks(call.tx, call.account_id)
    return {"payload": {"webhooks": [_shown(call, webhook) for webhook in found]}}


def show(call: Call, webhook: Webhook) -> Any:
    return _one(call, webhook)


def _values(call: Call) -> dict[str, Any]:
    values = {key: value for key, value in call.values.items() if value is not None or key not in _OPTIONS}
    if "inbox_id" in values:
        values["inbox_id"] = values["inbox_id"] or None
    if values.get("inbox_id") is not None and store.inbox(call.tx, call.account_id, values["inbox_id"]) is None:
        raise NotFound
    return values


_OPTIONS = ("ordering", "exclude_own", "headers")


@audited(Webhook)
def create(call: Call) -> Any:
    webhook = webhooks.create(call.tx, call.account_id, _values(call), call.parts.guard)
    return _one(call, webhook, webhook.secret)


@audited(Webhook)
def _update(call: Call, webhook_id: int) -> Any:
    webhook = _again(call, webhook_id)
    webhooks.update(call.tx, webhook, _values(call), call.parts.guard)
    return _one(call, webhook)


def update(call: Call, webhook: Webhook) -> None:
    """What is owed is put into another order in batches, so that live traffic passes between them."""
    units = webhooks.settling(call.tx, webhook.id) if call.values.get("ordering") is not None else []

    def after() -> Response:
        answer = call.write(lambda tx: _update(replace(call, tx=tx), webhook.id))
        for unit in units:
            call.write(unit)
        return Response(value=answer)

    call.after = after


@audited(Webhook)
def _delete(call: Call) -> bool:
    return webhooks.delete(call.tx, find(call))


def delete(call: Call, webhook: Webhook) -> None:
    steps.later(call, _delete, first=webhooks.ending(call.tx, webhook))


@audited(Webhook)
def rotate_secret(call: Call, webhook: Webhook) -> Any:
    overlap_s = call.values.get("overlap_s")
    overlap_ms = webhooks.OVERLAP_MS if overlap_s is None else overlap_s * 1000
    if overlap_ms > webhooks.OVERLAP_LIMIT_MS:
        raise Invalid(f"Overlap s must be at most {webhooks.OVERLAP_LIMIT_MS // 1000}", "overlap_s")
    return _one(call, webhook, webhooks.rotate_secret(call.tx, webhook, overlap_ms))


def _enabled(call: Call, webhook_id: int, *, skip: bool, skipped: int) -> Any:
    webhook = _again(call, webhook_id)
    owed = skipped + work.enable(call.tx, webhook, skip=skip)
    return {"payload": {"webhook": _shown(call, webhook), "owed": owed}}


def enable(call: Call, webhook: Webhook) -> None:
    """What is skipped is cancelled in batches, so that live traffic passes between them."""
    skip = call.values.get("pending") == "skip"
    units = webhooks.ending(call.tx, webhook, work.SKIPPED) if skip else []

    def after() -> Response:
        skipped = sum(call.write(unit) for unit in units)
        while skip and (found := call.write(lambda tx: work.skip_some(tx, webhook))):
            skipped += found
        return Response(
            value=call.write(lambda tx: _enabled(replace(call, tx=tx), webhook.id, skip=skip, skipped=skipped))
        )

    call.after = after


def recover(call: Call, webhook: Webhook) -> None:
    """In batches, so that live traffic passes between them."""
    since = call.values.get("since") or 0
    began = call.tx.now

    def after() -> Response:
        resent = call.write(lambda tx: work.hurry(tx, webhook, since))
        while found := call.write(lambda tx: work.recover(tx, webhook, since, began)):
            resent += found
        replayed = 0
        after_seq: int | None = 0 if call.values.get("missing") else None
        while after_seq is not None:
            count, after_seq = call.write(
                partial(work.replay, webhook=webhook, since=since, until=began, after_seq=after_seq)
            )
            replayed += count
        return Response(value={"resent": resent, "replayed": replayed})

    call.after = after


def test(call: Call, webhook: Webhook) -> None:
    """The answer waits for the receiver's."""
    account_id = call.account_id

    def after() -> Response:
        if not call.parts.test_seats.acquire(blocking=False):
            raise Refused("Other webhooks are being tested: try again in a moment")
        try:
            claim = call.write(lambda tx: work.test(tx, webhook))
            call.parts.send(claim)
        finally:
            call.parts.test_seats.release()
        return Response(value=call.write(lambda tx: _outcome(tx, account_id, claim.uuid)))

    call.after = after


def _outcome(tx: Tx, account_id: int, uuid: str) -> Any:
    delivery = deliveries.by_uuid(tx, account_id, uuid)
    if delivery is None:
        raise NotFound
    [(_, event)] = deliveries.with_events(tx, [delivery])
    shape = shapes.delivery(delivery, event, store.webhook(tx, delivery.webhook_id), None)
    return shapes.with_attempts(shape, deliveries.attempts(tx, delivery.id), event)
