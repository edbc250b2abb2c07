"""Answers to satisfaction surveys."""

from dataclasses import dataclass
from typing import Any

from peewee import JOIN, SQL, ModelSelect, NodeList, fn

from inboxd.store.db import Tx
from inboxd.store.models import Contact, Conversation, CsatSurveyResponse, Message, User

PAGE = 25
# In the words of the partial indexes, which bound values could not use.
_IS_SURVEY = NodeList((Message.content_type, SQL("= 'input_csat'")))


@dataclass(frozen=True)
class Scope:
    """What to look at. `since` and `until` work together alone; `until` is no part of it."""

    account_id: int
    since: int | None = None
    until: int | None = None
    user_ids: tuple[int, ...] = ()
    inbox_id: int | None = None
    team_id: int | None = None
    rating: int | None = None

    @property
    def narrows(self) -> bool:
        """Whether the conversations have to be asked: they go together with their surveys."""
        return bool(self._of_conversation())

    def _between(self, moment: Any) -> list[Any]:
        if self.since is None or self.until is None:
            return []
        return [moment >= self.since, moment < self.until]

    def _of_conversation(self) -> list[Any]:
        clauses: list[Any] = []
        if self.inbox_id is not None:
            clauses.append(Conversation.inbox_id == self.inbox_id)
        if self.team_id is not None:
            clauses.append(Conversation.team_id == self.team_id)
        return clauses

    def where(self) -> list[Any]:
        clauses: list[Any] = [CsatSurveyResponse.account_id == self.account_id, *self._of_conversation()]
        clauses += self._between(CsatSurveyResponse.created_at)
        if self.user_ids:
            clauses.append(CsatSurveyResponse.assigned_agent_id.in_(self.user_ids))
        if self.rating is not None:
            clauses.append(CsatSurveyResponse.rating == self.rating)
        return clauses

    def sent(self) -> list[Any]:
        """The surveys that may have been answered; a rating and who it is for come only with the answer."""
        return [
            Message.account_id == self.account_id,
            _IS_SURVEY,
            *self._between(Message.created_at),
            *self._of_conversation(),
        ]


def by_id(tx: Tx, account_id: int, response_id: int) -> CsatSurveyResponse | None:
    return tx.find(CsatSurveyResponse, id=response_id, account_id=account_id)


def of_message(tx: Tx, message_id: int) -> CsatSurveyResponse | None:
    return tx.find(CsatSurveyResponse, message_id=message_id)


def survey_of(tx: Tx, conversation_id: int) -> Message | None:
    """The newest survey that the contact of a conversation was sent."""
    sent = Message.select().where(Message.conversation_id == conversation_id, _IS_SURVEY, ~Message.private)
    return next(iter(tx.all(sent.order_by(Message.id.desc()).limit(1))), None)


def _in(scope: Scope, *columns: Any, with_talks: bool = False) -> Any:
    query = CsatSurveyResponse.select(*columns)
    if with_talks or scope.narrows:
        query = query.join(Conversation, on=(Conversation.id == CsatSurveyResponse.conversation_id))
    return query.where(*scope.where())


def page(tx: Tx, scope: Scope, *, newest_first: bool, page: int) -> list[CsatSurveyResponse]:
    columns: Any = (CsatSurveyResponse.created_at, CsatSurveyResponse.id)
    order = [column.desc() if newest_first else column.asc() for column in columns]
    query: ModelSelect[CsatSurveyResponse] = _in(scope, CsatSurveyResponse).order_by(*order)
    return tx.all(query.limit(PAGE).offset((page - 1) * PAGE))


def contacts(tx: Tx, found: list[CsatSurveyResponse]) -> dict[int, Contact]:
    """Who gave these responses, by id."""
    rows = tx.all(Contact.select().where(Contact.id.in_({row.contact_id for row in found})))
    return {row.id: row for row in rows}


def ratings(tx: Tx, scope: Scope) -> dict[int, int]:
    """How often each rating was given."""
    query = _in(scope, CsatSurveyResponse.rating, fn.COUNT(CsatSurveyResponse.id))
    return dict(tx.tuples(query.group_by(CsatSurveyResponse.rating).order_by(CsatSurveyResponse.rating)))


def sent_count(tx: Tx, scope: Scope) -> int:
    query = Message.select(fn.COUNT(Message.id))
    if scope.narrows:
        query = query.join(Conversation, on=(Conversation.id == Message.conversation_id))
    count: int = tx.tuples(query.where(*scope.sent()))[0][0]
    return count


@dataclass(frozen=True)
class Line:
    """A response as a line of a table."""

    rating: int
    feedback: str | None
    review_notes: str | None
    created_at: int
    display_id: int
    agent: str | None
    contact: str | None
    email: str | None
    phone_number: str | None


def lines(tx: Tx, scope: Scope) -> list[Line]:
    """All of them, the oldest first."""
    query = _in(
        scope,
        CsatSurveyResponse.rating,
        CsatSurveyResponse.feedback_message,
        CsatSurveyResponse.csat_review_notes,
        CsatSurveyResponse.created_at,
        Conversation.display_id,
        User.name,
        Contact.name,
        Contact.email,
        Contact.phone_number,
        with_talks=True,
    )
    query = query.join_from(
        CsatSurveyResponse, User, JOIN.LEFT_OUTER, on=(User.id == CsatSurveyResponse.assigned_agent_id)
    )
    query = query.join_from(
        CsatSurveyResponse, Contact, JOIN.LEFT_OUTER, on=(Contact.id == CsatSurveyResponse.contact_id)
    )
    return [Line(*found) for found in tx.tuples(query.order_by(CsatSurveyResponse.created_at, CsatSurveyResponse.id))]
