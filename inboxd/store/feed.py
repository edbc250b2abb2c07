"""All events of an account in order, for programs that fetch them."""

from peewee import fn

from inboxd.store.db import Tx
from inboxd.store.models import Counter, Event


def page(
    tx: Tx, account_id: int, *, after: int, types: list[str], inbox_id: int | None, limit: int
) -> tuple[list[Event], int]:
    """Events behind `after`, and the seq up to which the search is complete."""
    query = Event.select().where(Event.account_id == account_id, Event.seq > after).order_by(Event.seq)
    if types:
        query = query.where(Event.name.in_(types))
    if inbox_id is not None:
        query = query.where(Event.inbox_id == inbox_id)
    # No inbox has such a number: who asks for one wants to know where the feed ends.
    found = tx.all(query.limit(limit)) if inbox_id is None or inbox_id > 0 else []
    if len(found) == limit:
        return found, found[-1].seq
    return found, max(after, last_seq(tx, account_id))


def seq_before(tx: Tx, account_id: int, moment: int) -> int:
    """The last seq of an account whose event was stored before a moment, in milliseconds."""
    low, high = oldest_seq(tx, account_id) - 1, last_seq(tx, account_id)
    while low < high:
        middle = (low + high + 1) // 2
        event = tx.find(Event, account_id=account_id, seq=middle)
        if event is not None and event.created_at < moment:
            low = middle
        else:
            high = middle - 1
    return low


def last_seq(tx: Tx, account_id: int) -> int:
    """The newest seq that was given out, kept or not."""
    counter = tx.find(Counter, account_id=account_id, name="event")
    return counter.value if counter is not None else 0


def oldest_seq(tx: Tx, account_id: int) -> int:
    """The first seq that is still kept, or the next one to come."""
    oldest: int | None = tx.tuples(Event.select(fn.MIN(Event.seq)).where(Event.account_id == account_id))[0][0]
    return oldest or last_seq(tx, account_id) + 1
