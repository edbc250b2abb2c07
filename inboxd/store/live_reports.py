"""How many conversations there are at this moment: from the kept counts, or over open ones alone."""

from dataclasses import dataclass
from typing import Any

from peewee import JOIN, OP, Case, Expression, fn

from inboxd.store.db import Tx
from inboxd.store.models import Conversation, ConversationCount

_UNATTENDED = Conversation.first_reply_created_at.is_null() | Conversation.waiting_since.is_null(False)
GROUPS = {"assignee_id": Conversation.assignee_id, "team_id": Conversation.team_id}


@dataclass(frozen=True)
class Open:
    """Open conversations. Unattended: never answered by people, or waiting."""

    open: int = 0
    unattended: int = 0
    unassigned: int = 0


def _each(condition: Any) -> Any:
    return fn.COALESCE(fn.SUM(Case(None, ((condition, 1),), 0)), 0)


_SUMS = (fn.COUNT(Conversation.id), _each(_UNATTENDED), _each(Conversation.assignee_id.is_null()))


def _open(account_id: int, team_id: int | None) -> list[Any]:
    wanted = [Conversation.account_id == account_id, Conversation.status == "open"]
    return wanted if team_id is None else [*wanted, Conversation.team_id == team_id]


def grouped(tx: Tx, account_id: int, group: str, team_id: int | None) -> dict[int | None, Open]:
    """Open conversations by `assignee_id` or `team_id`.

    The counts say which kinds have any, and each kind is a range of an index: the resolved, which are
    most, are not read.
    """
    column = GROUPS[group]
    query: Any = ConversationCount.select(column, *_SUMS)
    if team_id is None:
        # A cross join keeps SQLite from beginning with the conversations, and `IS` finds null by an index too.
        query = query.join(Conversation, JOIN.CROSS).where(
            ConversationCount.account_id == account_id,
            ConversationCount.status == "open",
            Expression(Conversation.assignee_id, OP.IS, fn.NULLIF(ConversationCount.assignee_id, 0)),
            Conversation.inbox_id == ConversationCount.inbox_id,
        )
    else:
        query = Conversation.select(column, *_SUMS)
    found = tx.tuples(query.where(*_open(account_id, team_id)).group_by(column))
    return {key: Open(*counts) for key, *counts in found}


def now(tx: Tx, account_id: int, team_id: int | None) -> tuple[Open, int]:
    """The open conversations of the account or of a team, and how many are pending."""
    found = grouped(tx, account_id, "assignee_id", team_id).values()
    together = Open(
        sum(one.open for one in found), sum(one.unattended for one in found), sum(one.unassigned for one in found)
    )
    if team_id is None:
        pending: Any = ConversationCount.select(fn.COALESCE(fn.SUM(ConversationCount.amount), 0)).where(
            ConversationCount.account_id == account_id, ConversationCount.status == "pending"
        )
    else:
        pending = Conversation.select(fn.COUNT(Conversation.id)).where(
            Conversation.account_id == account_id, Conversation.team_id == team_id, Conversation.status == "pending"
        )
    return together, tx.tuples(pending)[0][0]
