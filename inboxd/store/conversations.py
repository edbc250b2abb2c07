"""Finding and listing conversations."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from peewee import JOIN, OP, SQL, Case, Expression, NodeList, fn

from inboxd.store import mentions, participants, search
from inboxd.store.db import Tx
from inboxd.store.models import ContactInbox, Conversation, ConversationCount, Message, Tagging
from inboxd.store.removal import release, thin
from inboxd.store.rows import Prepared, arg

PAGE = 25
FEW = 1_000
"""Up to so many that a label or a mention narrows a list to are read and sorted."""
_UPDATED_LIMIT = 1000
_PRIORITY = Case(Conversation.priority, (("urgent", 4), ("high", 3), ("medium", 2), ("low", 1)), None)
_NEWEST = (Conversation.last_activity_at.desc(), Conversation.id.desc())
SORTS = {
    "last_activity_at_asc": (Conversation.last_activity_at.asc(), Conversation.id.asc()),
    "last_activity_at_desc": _NEWEST,
    "created_at_asc": (Conversation.created_at.asc(), Conversation.id.asc()),
    "created_at_desc": (Conversation.created_at.desc(), Conversation.id.desc()),
    "priority_asc": (_PRIORITY.asc(nulls="last"), *_NEWEST),
    "priority_desc": (_PRIORITY.desc(nulls="last"), *_NEWEST),
    "priority_desc_created_at_asc": (_PRIORITY.desc(nulls="last"), Conversation.created_at.asc()),
    "waiting_since_asc": (Conversation.waiting_since.asc(nulls="last"), Conversation.created_at.asc()),
    "waiting_since_desc": (Conversation.waiting_since.desc(nulls="last"), Conversation.created_at.asc()),
    "unread": (Conversation.unread_count.desc(), *_NEWEST),
    "latest": _NEWEST,
    "sort_on_created_at": (Conversation.created_at.asc(), Conversation.id.asc()),
    "sort_on_priority": (_PRIORITY.desc(nulls="last"), *_NEWEST),
    "sort_on_waiting_since": (Conversation.waiting_since.asc(nulls="last"), Conversation.created_at.asc()),
}


def by_uuid(tx: Tx, uuid: str) -> Conversation | None:
    return tx.find(Conversation, uuid=uuid)


def by_display_id(tx: Tx, account_id: int, display_id: int) -> Conversation | None:
    return tx.find(Conversation, account_id=account_id, display_id=display_id)


def forget_bot(tx: Tx, bot_id: int) -> bool:
    """Take a bot from a batch of the conversations it is assigned to; whether there may be more."""
    return release(tx, Conversation.assignee_agent_bot_id == bot_id, assignee_agent_bot_id=None)


def drop(tx: Tx, conversation_id: int) -> bool:
    """One step of removing a conversation with all that is in it; whether it was the last."""
    return not thin(tx, Conversation.select(Conversation.id).where(Conversation.id == conversation_id))


def display_ids(tx: Tx, conversation_ids: list[int]) -> dict[int, int]:
    """The numbers that people know conversations by."""
    return dict(
        tx.tuples(
            Conversation.select(Conversation.id, Conversation.display_id).where(Conversation.id.in_(conversation_ids))
        )
    )


def of_contact_inbox(tx: Tx, contact_inbox_id: int) -> list[Conversation]:
    return tx.filter(Conversation, contact_inbox_id=contact_inbox_id)


def of_contact(tx: Tx, contact_id: int, inbox_id: int) -> list[Conversation]:
    return tx.filter(Conversation, contact_id=contact_id, inbox_id=inbox_id)


def latest_unresolved(tx: Tx, contact_id: int, inbox_id: int) -> Conversation | None:
    """The contact's newest conversation in the inbox that is not resolved, under whatever source_id."""
    where = (
        Conversation.contact_id == contact_id,
        Conversation.inbox_id == inbox_id,
        Conversation.status != "resolved",
    )
    rows = tx.all(Conversation.select().where(*where).order_by(Conversation.id.desc()).limit(1))
    return rows[0] if rows else None


@dataclass(frozen=True)
class Scope:
    """What to list. `inbox_ids` is what the caller may see; None for everything in the account."""

    account_id: int
    inbox_ids: frozenset[int] | None
    status: str = "open"
    inbox_id: int | None = None
    team_id: int | None = None
    labels: tuple[str, ...] = ()
    source_id: str | None = None
    also: Any = None
    """One more condition, such as what a filter asks for."""
    within: tuple[Any, ...] = ()
    """Queries of ids that hold all of them, as `also` says in its own words."""
    kinds: tuple[Any, ...] = ()
    """What `also` says of the kept counts."""
    hits: tuple[int, ...] | None = None
    """Messages of which a conversation has to hold one."""
    unattended: bool = False
    mentioned: int | None = None
    """A user who was mentioned in each of them."""
    followed_by: int | None = None
    """A user whose participations alone are listed, in whatever inbox."""

    @property
    def is_counted(self) -> bool:
        """Whether the kept counts know everything this asks for."""
        asked = (self.mentioned, self.team_id, self.source_id, self.also, self.hits, self.followed_by)
        return not self.labels and not self.unattended and all(one is None for one in asked)

    def counted(self) -> list[Any]:
        """The same as `where`, of the kept counts."""
        clauses: list[Any] = [ConversationCount.account_id == self.account_id, *self.kinds]
        if self.inbox_ids is not None and self.followed_by is None:
            clauses.append(ConversationCount.inbox_id.in_(sorted(self.inbox_ids)))
        if self.inbox_id is not None:
            clauses.append(ConversationCount.inbox_id == self.inbox_id)
        if self.status != "all":
            clauses.append(ConversationCount.status == self.status)
        return clauses

    def where(self) -> list[Any]:
        among = (column.in_(values) for column, values in self.elsewhere)
        return [Conversation.account_id == self.account_id, *self._equal(_as_it_is), *among]

    def each(self, lead: tuple[Any, Any] | None) -> list[Any]:
        """The same, asked of one conversation after the other: of those that `lead`, a column and a query of
        values of it, finds, and by no other index; or of all in the order of one."""
        column = _as_it_is if lead is None else _unindexed
        clauses = [column(Conversation.account_id) == self.account_id, *self._equal(column)]
        if lead is not None:
            clauses.append(lead[0].in_(lead[1]))
        for one in self.elsewhere:
            if one is not lead:
                clauses.append(fn.EXISTS(one[1].where(one[1].selected_columns[0] == one[0])))
        return clauses

    def _equal(self, column: Callable[[Any], Any]) -> Iterator[Any]:
        """What a conversation's own columns say."""
        if self.inbox_ids is not None and self.followed_by is None:
            yield column(Conversation.inbox_id).in_(sorted(self.inbox_ids))
        if self.inbox_id is not None:
            yield column(Conversation.inbox_id) == self.inbox_id
        if self.team_id is not None:
            yield column(Conversation.team_id) == self.team_id
        if self.status != "all":
            yield column(Conversation.status) == self.status
        if self.unattended:
            yield Conversation.first_reply_created_at.is_null() | Conversation.waiting_since.is_null(False)
        if self.also is not None:
            yield self.also

    @cached_property
    def elsewhere(self) -> tuple[tuple[Any, Any], ...]:
        """What other tables say: columns, and queries of the values they may have."""
        return tuple(self._elsewhere())

    def _elsewhere(self) -> Iterator[tuple[Any, Any]]:
        if self.hits is not None:
            yield Conversation.id, Message.select(Message.conversation_id).where(search.among(Message.id, self.hits))
        if self.source_id is not None:
            places = ContactInbox.select(ContactInbox.id)
            yield (
                Conversation.contact_inbox_id,
                places.where(ContactInbox.account_id == self.account_id, ContactInbox.source_id == self.source_id),
            )
        if self.followed_by is not None:
            yield Conversation.id, participants.followed(self.account_id, self.followed_by)
        if self.mentioned is not None:
            yield Conversation.id, mentions.of_user(self.account_id, self.mentioned)
        if self.labels:
            tagged = Tagging.select(Tagging.conversation_id)
            yield Conversation.id, tagged.where(Tagging.account_id == self.account_id, Tagging.label.in_(self.labels))


def _as_it_is(column: Any) -> Any:
    return column


def _unindexed(column: Any) -> Any:
    """The column, for no index to be looked up by."""
    return NodeList((SQL("+"), column), glue="")


def _lead(tx: Tx, scope: Scope, kinds: list[Any], page: int) -> tuple[Any, Any] | None:
    """What to look up first where that leaves so few conversations that reading and sorting them is less work
    than a walk to the page through all that others have; None when it is not."""
    if scope.hits is not None:  # as many as a search knows of
        return scope.elsewhere[0]
    for one in (*scope.elsewhere, *((Conversation.id, ids) for ids in scope.within)):
        if _is_short(tx, one[1]):
            return one
    amount = fn.COALESCE(fn.SUM(ConversationCount.amount), 0)
    total = ConversationCount.select(amount).where(ConversationCount.account_id == scope.account_id)
    meant, there = tx.tuples(ConversationCount.select(amount, total).where(*kinds))[0]
    # A walk passes `there / meant` for each that is listed, at most all; entries of an index are quicker than rows.
    is_short = meant * meant <= PAGE * page * there and meant * 10 <= there
    return (Conversation.id, _of_kinds(kinds)) if is_short else None


def _is_short(tx: Tx, ids: Any) -> bool:
    return not tx.tuples(ids.limit(1).offset(FEW))


def _of_kinds(kinds: list[Any]) -> Any:
    """The ids of the conversations that the kept counts count: each kind is a range of an index."""
    one: Any = Conversation.alias()
    # A cross join keeps SQLite from beginning with the conversations, and `IS` finds null by an index too.
    return (
        ConversationCount.select(one.id)
        .join(one, JOIN.CROSS)
        .where(
            *kinds,
            one.account_id == ConversationCount.account_id,
            Expression(one.assignee_id, OP.IS, fn.NULLIF(ConversationCount.assignee_id, 0)),
            one.status == ConversationCount.status,
            one.inbox_id == ConversationCount.inbox_id,
        )
    )


def holding(tx: Tx, scope: Scope, text: str) -> Scope:
    """The same without a status, narrowed to where people wrote the text: to the newest such messages, as
    many as a search knows of."""
    inbox_ids = None if scope.followed_by is not None else scope.inbox_ids
    if scope.inbox_id is not None:
        inbox_ids = frozenset({scope.inbox_id}) & (inbox_ids if inbox_ids is not None else {scope.inbox_id})
    hits = search.message_ids(tx, scope.account_id, text, inbox_ids, spoken=True)
    return replace(scope, status="all", hits=tuple(hits))


def named(
    tx: Tx, account_id: int, text: str, inbox_ids: frozenset[int] | None, *, limit: int, page: int
) -> list[Conversation]:
    """Conversations that have this number, or are with contacts that the text finds; the newest first."""
    matches = search.among(Conversation.contact_id, search.contact_ids(tx, account_id, text))
    if text.isascii() and text.isdigit() and len(text) < 16:
        matches |= Conversation.id.in_(
            Conversation.select(Conversation.id).where(
                Conversation.account_id == account_id, Conversation.display_id == int(text)
            )
        )
    query = Conversation.select().where(matches, Conversation.account_id + 0 == account_id)
    if inbox_ids is not None:
        query = query.where((Conversation.inbox_id + 0).in_(sorted(inbox_ids)))
    return tx.all(query.order_by((Conversation.id + 0).desc()).limit(limit).offset((page - 1) * limit))


def counts(tx: Tx, scope: Scope, user_id: int | None) -> dict[str, int]:
    """mine, assigned, unassigned and all, in one pass: over the kept counts, or over what else is asked for."""
    if scope.is_counted:
        assignee: Any = fn.NULLIF(ConversationCount.assignee_id, 0)
        each: Any = ConversationCount.amount
        query: Any = ConversationCount.select().where(*scope.counted())
    else:
        assignee, each = Conversation.assignee_id, 1
        lead = _lead(tx, scope, scope.counted(), 1)
        query = Conversation.select().where(*(scope.where() if lead is None else scope.each(lead)))

    def total(condition: Any) -> Any:
        return fn.COALESCE(fn.SUM(Case(None, ((condition, each),), 0)), 0)

    row = tx.tuples(query.select(total(SQL("TRUE")), total(assignee.is_null(False)), total(assignee == user_id)))[0]
    return {
        "mine_count": row[2],
        "assigned_count": row[1],
        "unassigned_count": row[0] - row[1],
        "all_count": row[0],
    }


def page(
    tx: Tx,
    scope: Scope,
    *,
    assignee_type: str,
    user_id: int | None,
    sort_by: str,
    page: int,
    updated_after: int | None = None,
) -> list[Conversation]:
    """`page` counts from 1; with `updated_after` there is one page, of up to 1000."""
    assigned: list[Any] = []
    kinds = scope.counted()
    if assignee_type == "me":
        assigned, kinds = [Conversation.assignee_id == user_id], [*kinds, ConversationCount.assignee_id == user_id]
    elif assignee_type == "unassigned":
        assigned, kinds = [Conversation.assignee_id.is_null()], [*kinds, ConversationCount.assignee_id == 0]
    elif assignee_type == "assigned":
        assigned, kinds = [Conversation.assignee_id.is_null(False)], [*kinds, ConversationCount.assignee_id != 0]
    if updated_after is not None:
        assigned.append(Conversation.updated_at > updated_after)
    where = scope.each(_lead(tx, scope, kinds, page))
    query = Conversation.select().where(*where, *assigned).order_by(*SORTS.get(sort_by, _NEWEST))
    if updated_after is not None:
        return tx.all(query.limit(_UPDATED_LIMIT))
    return tx.all(query.limit(PAGE).offset((page - 1) * PAGE))


_INCOMING = Prepared(
    Message,
    lambda: Message.select(fn.COUNT(Message.id)).where(
        Message.conversation_id == arg("conversation_id"), Message.message_type == 0, Message.created_at > arg("after")
    ),
)


def unread_count(tx: Tx, conversation_id: int, after: int) -> int:
    """Incoming messages after a moment."""
    count: int = tx.tuples(_INCOMING, conversation_id=conversation_id, after=after)[0][0]
    return count


_UNREAD_BY_CONTACT = Prepared(
    Message,
    lambda: (
        Message.select()
        .where(
            Message.conversation_id == arg("conversation_id"),
            Message.message_type != 0,
            Message.status.in_(("sent", "delivered")),
        )
        .order_by(Message.id.desc())
        .limit(arg("limit"))
    ),
)


def unread_by_contact(tx: Tx, conversation_id: int, limit: int) -> list[Message]:
    """The newest messages to the contact that it has not read, oldest first."""
    return tx.run(_UNREAD_BY_CONTACT, conversation_id=conversation_id, limit=limit)[::-1]


def idle(tx: Tx, account_id: int, before: int, limit: int, *, also_waiting: bool) -> list[int]:
    """Open conversations that were last active before a moment, the longest ago first."""
    where = [
        Conversation.account_id == account_id, Conversation.last_activity_at < before, Conversation.status == "open"
    ]  # fmt: skip
    if not also_waiting:
        where.append(Conversation.waiting_since.is_null())
    query = Conversation.select(Conversation.id).where(*where)
    order = (Conversation.last_activity_at, Conversation.id)
    return [conversation_id for (conversation_id,) in tx.tuples(query.order_by(*order).limit(limit))]


def retag(tx: Tx, conversation: Conversation, labels: list[str]) -> None:
    tx.delete(Tagging, conversation_id=conversation.id)
    for label in labels:
        tx.insert(Tagging, account_id=conversation.account_id, conversation_id=conversation.id, label=label)
