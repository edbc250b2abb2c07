"""Deliveries as people see and steer them: lists, resending, recovering."""

from typing import Any

from peewee import SQL, fn

from inboxd.store.db import Tx
from inboxd.store.models import Attempt, Delivery, Event, Webhook
from inboxd.store.rows import Arg, Prepared

STATES = ("pending", "sending", "delivered", "exhausted", "cancelled")
_GIVEN_UP = SQL("state IN ('exhausted', 'cancelled')")
_UNFINISHED = SQL("state IN ('pending', 'sending')")


def by_uuid(tx: Tx, account_id: int, uuid: str) -> Delivery | None:
    return tx.find(Delivery, uuid=uuid, account_id=account_id)


def page(
    tx: Tx,
    account_id: int,
    *,
    state: str | None = None,
    webhook_id: int | None = None,
    inbox_id: int | None = None,
    conversation_id: int | None = None,
    message_id: int | None = None,
    event: str | None = None,
    since: int | None = None,
    before: int | None = None,
    limit: int,
) -> list[tuple[Delivery, Event]]:
    """Deliveries with their events, the newest first; `state` may also be `failing`: pending, and failed
    before. `before` is the id of the last delivery of the page before this one."""
    # A column plus nothing keeps SQLite from an index by it: from the one that would sort all that was
    # ever sent, where walking backwards or a small partial index will do.
    account: Any = Delivery.account_id + 0
    webhook: Any = Delivery.webhook_id
    order: Any = Delivery.id
    wanted: list[Any] = [] if state is None else [Delivery.state == state]
    if state in ("exhausted", "cancelled"):
        account, webhook = Delivery.account_id, Delivery.webhook_id + 0
        wanted.append(_GIVEN_UP)
    elif state in ("pending", "sending", "failing"):
        order = Delivery.id + 0
        wanted = [_UNFINISHED, Delivery.failed_count > 0 if state == "failing" else Delivery.state == state]
    elif webhook_id is not None:
        account = Delivery.account_id
    query = Delivery.select().where(account == account_id, *wanted).order_by(order.desc()).limit(limit)
    if webhook_id is not None:
        query = query.where(webhook == webhook_id)
    if conversation_id is not None:
        query = query.where(Delivery.conversation_id == conversation_id)
    if message_id is not None:
        query = query.where(Delivery.event_id.in_(Event.select(Event.id).where(Event.message_id == message_id)))
    if inbox_id is not None or event is not None:
        query = query.join(Event, on=(Event.id == Delivery.event_id))
        if inbox_id is not None:
            query = query.where(Event.inbox_id == inbox_id)
        if event is not None:
            query = query.where(Event.name == event)
    if since is not None:
        query = query.where(Delivery.created_at >= since)
    if before is not None:
        query = query.where(Delivery.id < before)
    return with_events(tx, tx.all(query))


def with_events(tx: Tx, found: list[Delivery]) -> list[tuple[Delivery, Event]]:
    events = {one.id: one for one in tx.all(Event.select().where(Event.id.in_([one.event_id for one in found])))}
    return [(delivery, events[delivery.event_id]) for delivery in found if delivery.event_id in events]


def attempts(tx: Tx, delivery_id: int) -> list[Attempt]:
    return tx.all(Attempt.select().where(Attempt.delivery_id == delivery_id).order_by(Attempt.number))


def newest(tx: Tx, webhook: Webhook, *, failed: bool) -> Delivery | None:
    """The newest delivery of a webhook that arrived, or with `failed` that did not and has an error."""
    states = ("failing", "exhausted") if failed else ("delivered",)
    found = [
        delivery
        for state in states
        for delivery, _ in page(tx, webhook.account_id, state=state, webhook_id=webhook.id, limit=1)
    ]
    return max(found, key=lambda delivery: delivery.id, default=None)


def owed(tx: Tx, webhook_id: int) -> tuple[int, int | None]:
    """How many deliveries a webhook is owed, and when the oldest of them was."""
    count, oldest = tx.tuples(
        Delivery.select(fn.COUNT(Delivery.id), fn.MIN(Delivery.created_at)).where(
            _UNFINISHED, Delivery.webhook_id == webhook_id
        )
    )[0]
    return count, oldest


def exhausted(tx: Tx, webhook_id: int, since: int, given_up_by: int, limit: int) -> list[int]:
    """Ids of what was owed since then and given up until then, the oldest first."""
    query = (
        Delivery.select(Delivery.id)
        .where(
            SQL("state = 'exhausted'"),
            Delivery.webhook_id == webhook_id,
            Delivery.created_at >= since,
            Delivery.finished_at <= given_up_by,
        )
        .order_by(Delivery.id + 0)  # by the index of the exhausted, not through all that was ever sent
        .limit(limit)
    )
    return [row[0] for row in tx.tuples(query)]


def revive(tx: Tx, webhook: Webhook, delivery_ids: list[int]) -> None:
    """Make deliveries pending again, at the beginning of their schedule, under their old ids."""
    tx.execute(
        Delivery.update(
            state="pending",
            failed_count=0,
            finished_at=None,
            next_attempt_at=None,
            updated_at=tx.now,
        ).where(Delivery.id.in_(delivery_ids), Delivery.state != "sending")
    )
    settle(tx, webhook)


# Who stands before a delivery in its line: an earlier event, or the same one owed earlier.
_BEFORE = """EXISTS (SELECT 1 FROM deliveries AS other WHERE other.webhook_id = deliveries.webhook_id
    AND other.conversation_id = deliveries.conversation_id AND other.state IN ('pending', 'sending')
    AND (other.event_id, other.id) < (deliveries.event_id, deliveries.id))"""
_UNDER_WAY = """EXISTS (SELECT 1 FROM deliveries AS other WHERE other.webhook_id = deliveries.webhook_id
    AND other.conversation_id = deliveries.conversation_id AND other.state IN ('pending', 'sending')
    AND other.state = 'sending')"""
_BLOCK = Prepared(
    Delivery,
    lambda: SQL(
        f"""UPDATE deliveries SET next_attempt_at = NULL WHERE webhook_id = ? AND state = 'pending'
    AND next_attempt_at IS NOT NULL AND conversation_id IS NOT NULL AND ({_BEFORE} OR {_UNDER_WAY})""",  # noqa: S608
        [Arg("webhook_id")],
    ),
)
_LET_GO = Prepared(
    Delivery,
    lambda: SQL(
        f"""UPDATE deliveries SET next_attempt_at = ? WHERE webhook_id = ? AND state IN ('pending', 'sending')
    AND state = 'pending' AND next_attempt_at IS NULL AND NOT {_BEFORE} AND NOT {_UNDER_WAY}""",  # noqa: S608
        [Arg("now"), Arg("webhook_id")],
    ),
)
_LET_ALL_GO = Prepared(
    Delivery,
    lambda: SQL(
        """UPDATE deliveries SET next_attempt_at = ? WHERE webhook_id = ? AND state IN ('pending', 'sending')
    AND state = 'pending' AND next_attempt_at IS NULL""",
        [Arg("now"), Arg("webhook_id")],
    ),
)


def settle(tx: Tx, webhook: Webhook) -> None:
    """Make the head of every line of a webhook due, and nothing behind a head, whatever was put
    into the lines or taken out of them."""
    if webhook.ordering == "none":
        tx.execute(_LET_ALL_GO, webhook_id=webhook.id, now=tx.now)
    else:
        tx.execute(_BLOCK, webhook_id=webhook.id)
        tx.execute(_LET_GO, webhook_id=webhook.id, now=tx.now)
    tx.signals.add("deliveries")


def hurry(tx: Tx, webhook: Webhook, since: int) -> int:
    """Make what waits for its retry due now, from the beginning of its schedule; returns how many."""
    tx.signals.add("deliveries")
    return tx.execute(
        Delivery.update(next_attempt_at=tx.now, failed_count=0, updated_at=tx.now).where(
            SQL("state = 'pending' AND next_attempt_at IS NOT NULL"),
            Delivery.webhook_id == webhook.id,
            Delivery.failed_count > 0,
            Delivery.created_at >= since,
        )
    )


def never_owed(tx: Tx, webhook_id: int, event_ids: list[int]) -> set[int]:
    """Those of the events that no delivery to the webhook was ever made for."""
    owed: Any = Delivery.select(Delivery.event_id).where(
        Delivery.event_id.in_(event_ids), Delivery.webhook_id == webhook_id
    )
    return set(event_ids) - {row[0] for row in tx.tuples(owed)}
