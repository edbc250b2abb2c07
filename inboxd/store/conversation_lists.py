"""Lists of conversations, how many there are of each kind, and the quickest way to them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from peewee import JOIN, OP, SQL, Case, Expression, NodeList, fn

from inboxd.store import mentions, participants, search
from inboxd.store.db import Tx
from inboxd.store.models import ContactInbox, Conversation, ConversationCount, Message, Tagging

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
