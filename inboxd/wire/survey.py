"""The survey of a conversation as the client API shows it."""

from typing import TypedDict

from inboxd.domain import csat as rules
from inboxd.domain.links import Links
from inboxd.store.details import Place
from inboxd.store.models import Conversation, CsatSurveyResponse, Message
from inboxd.wire.times import iso


class SurveyAnswer(TypedDict):
    """The stored answer, without what agents note about it."""

    id: int
    account_id: int
    conversation_id: int
    message_id: int
    rating: int
    feedback_message: str | None
    contact_id: int
    assigned_agent_id: int | None
    created_at: str
    updated_at: str


class Survey(TypedDict):
    """`content` is the account's own question, if it has one."""

    id: int
    csat_survey_response: SurveyAnswer | None
    display_type: str
    content: str | None
    inbox_avatar_url: str
    inbox_name: str
    locale: str
    conversation_id: int
    created_at: str


def survey(
    conversation: Conversation, message: Message, where: Place, response: CsatSurveyResponse | None, links: Links
) -> Survey:
    return {
        "id": message.id,
        "csat_survey_response": _answer(response, conversation.display_id) if response else None,
        "display_type": rules.display_type(where.inbox.csat_config),
        "content": rules.custom_question(where.inbox.csat_config),
        "inbox_avatar_url": links.avatar(where.inbox.avatar),
        "inbox_name": where.inbox.name,
        "locale": where.account.locale,
        "conversation_id": conversation.display_id,
        "created_at": iso(message.created_at),
    }


def _answer(row: CsatSurveyResponse, display_id: int) -> SurveyAnswer:
    return {
        "id": row.id,
        "account_id": row.account_id,
        "conversation_id": display_id,
        "message_id": row.message_id,
        "rating": row.rating,
        "feedback_message": row.feedback_message,
        "contact_id": row.contact_id,
        "assigned_agent_id": row.assigned_agent_id,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }
