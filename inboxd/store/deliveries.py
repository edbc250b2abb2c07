"""Deliveries as people see and steer them: lists, resending, recovering."""

from typing import Any

from peewee import SQL, fn

from inboxd.store import outbox
from inboxd.store.db import Tx
from inboxd.store.models import Attempt, Delivery, Event, Webhook
from inboxd.store.outbox import PENDING, UNFINISHED

_RECENT = 20
_LINES = 200
WALK = 5_000
"""Deliveries that one page looks through."""
_GIVEN_UP = SQL("state IN ('exhausted', 'cancelled')")


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
) -> tuple[list[tuple[Delivery, Event]], int | None]:
    """Deliveries with their events, the newest first; `state` may also be `failing`: pending, and failed
    before. Beside them what to give as `before` for the next page, if there may be one: after a walk of
    WALK deliveries a page ends, however few of them were meant."""
    # A column plus nothing keeps SQLite from an index by it: from the one that would sort all that was
    # ever sent, where walking backwards or a small partial index will do.
    order: Any = Delivery.id
    path: list[Any] = [SQL("TRUE")]
    rest: list[Any] = [Delivery.account_id + 0 == account_id]
    if state in ("exhausted", "cancelled"):
        path, rest = [Delivery.account_id == account_id, _GIVEN_UP], [Delivery.state == state]
        rest += [Delivery.webhook_id + 0 == webhook_id] if webhook_id is not None else []
    elif state in ("pending", "sending", "failing"):
        order = Delivery.id + 0
        path = [UNFINISHED, Delivery.failed_count > 0 if state == "failing" else Delivery.state == state]
        path += [Delivery.webhook_id == webhook_id] if webhook_id is not None else []
    else:
        if webhook_id is not None:
            path, rest = [Delivery.account_id == account_id, Delivery.webhook_id == webhook_id], []
        rest += [Delivery.state == state] if state is not None else []
    if before is not None:
        path.append(Delivery.id < before)
    if conversation_id is not None:
        path.append(Delivery.conversation_id == conversation_id)
    if message_id is not None:
        path.append(Delivery.event_id.in_(Event.select(Event.id).where(Event.message_id == message_id)))
    # An index by what events are called would cost every message, and would not even bound the walk: events
    # that were owed to nobody are in it too.
    walked = tx.tuples(Delivery.select(Delivery.id).where(*path).order_by(order.desc()).limit(1).offset(WALK - 1))
    end = walked[0][0] if walked else None
    if end is not None:
        rest.append(order >= end)
    if since is not None:
        rest.append(Delivery.created_at >= since)
    query = Delivery.select().where(*path, *rest).order_by(order.desc()).limit(limit)
    if inbox_id is not None or event is not None:
        query = query.join(Event, on=(Event.id == Delivery.event_id))
        if inbox_id is not None:
            query = query.where(Event.inbox_id == inbox_id)
        if event is not None:
            query = query.where(Event.name == event)
    found = tx.all(query)
    return with_events(tx, found), found[-1].id if len(found) == limit else end


def with_events(tx: Tx, found: list[Delivery]) -> list[tuple[Delivery, Event]]:
    events = {one.id: one for one in tx.all(Event.select().where(Event.id.in_([one.event_id for one in found])))}
    return [(delivery, events[delivery.event_id]) for delivery in found if delivery.event_id in events]


def has_arrived(tx: Tx, delivery_id: int) -> bool:
    """Whether an earlier attempt succeeded, as with one that was sent again."""
    return bool(
        tx.tuples(
            Attempt.select(Attempt.id).where(Attempt.delivery_id == delivery_id, Attempt.error.is_null()).limit(1)
        )
    )


def attempts(tx: Tx, delivery_id: int) -> list[Attempt]:
    return tx.all(Attempt.select().where(Attempt.delivery_id == delivery_id).order_by(Attempt.number))


def newest(tx: Tx, webhook: Webhook, *, failed: bool) -> Delivery | None:
    """The newest delivery of a webhook that arrived, or with `failed` that did not and has an error."""
    states = ("failing", "exhausted") if failed else ("delivered",)
    found = [
        delivery
        for state in states
        for delivery, _ in page(tx, webhook.account_id, state=state, webhook_id=webhook.id, limit=_RECENT)[0]
    ]
    # What was owed last need not be what happened last.
    return max(found, key=lambda delivery: delivery.updated_at, default=None)


def owed(tx: Tx, webhook_id: int) -> tuple[int, int | None]:
    """How many deliveries a webhook is owed, and when the oldest of them was."""
    count, oldest = tx.tuples(
        Delivery.select(fn.COUNT(Delivery.id), fn.MIN(Delivery.created_at)).where(
            UNFINISHED, Delivery.webhook_id == webhook_id
        )
    )[0]
    return count, oldest


def owed_in(tx: Tx, account_id: int) -> tuple[int, int | None]:
    """How many deliveries the webhooks of an account are owed, and when the oldest of them was."""
    hooks = [owed(tx, hook.id) for hook in tx.filter(Webhook, account_id=account_id)]
    return sum(count for count, _ in hooks), min((oldest for _, oldest in hooks if oldest), default=None)


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
    lines = Delivery.select(Delivery.conversation_id).where(Delivery.id.in_(delivery_ids)).distinct()
    outbox.settle(tx, webhook, [row[0] for row in tx.tuples(lines)])


def lines(tx: Tx, webhook_id: int) -> list[list[int | None]]:
    """The conversations that a webhook is owed something of, in batches to settle."""
    query = Delivery.select(Delivery.conversation_id).where(UNFINISHED, Delivery.webhook_id == webhook_id).distinct()
    found = [row[0] for row in tx.tuples(query)]
    return [found[start : start + _LINES] for start in range(0, len(found), _LINES)]


def hurry(tx: Tx, webhook: Webhook, since: int) -> int:
    """Make what waits for its retry due now, from the beginning of its schedule; returns how many."""
    tx.signals.add("deliveries")
    return tx.execute(
        Delivery.update(next_attempt_at=tx.now, failed_count=0, updated_at=tx.now).where(
            PENDING,
            Delivery.webhook_id == webhook.id,
            Delivery.failed_count > 0,
            Delivery.created_at >= since,
        )
    )


def unfinished(tx: Tx, event_id: int, webhook_id: int) -> list[int]:
    """The deliveries of an event that a webhook is still owed."""
    query = Delivery.select(Delivery.id).where(
        UNFINISHED, Delivery.event_id == event_id, Delivery.webhook_id == webhook_id
    )
    return [row[0] for row in tx.tuples(query)]


def never_owed(tx: Tx, webhook_id: int, event_ids: list[int]) -> set[int]:
    """Those of the events that no delivery to the webhook was ever made for."""
    owed: Any = Delivery.select(Delivery.event_id).where(
        Delivery.event_id.in_(event_ids), Delivery.webhook_id == webhook_id
    )
    return set(event_ids) - {row[0] for row in tx.tuples(owed)}
