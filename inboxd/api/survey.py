"""The survey of a conversation as its contact answers it: by a page, or by the client API. Whoever knows the
conversation's uuid may."""

from typing import Any

from inboxd.api.public import submitted
from inboxd.api.web import STATUS, Call, Response
from inboxd.domain import csat as rules
from inboxd.domain.errors import Failure, Invalid, NotFound, Refused
from inboxd.services import messages
from inboxd.store import accounts, details
from inboxd.store import conversations as conversation_store
from inboxd.store import csat as store
from inboxd.store.models import Conversation, Message
from inboxd.wire import survey as wire
from inboxd.wire import survey_page as pages

Found = tuple[Conversation, Message]
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": pages.POLICY,
    "X-Frame-Options": "DENY",
    # The address opens the survey: it goes to no other site, into no cache and no search engine.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


def find(call: Call) -> Found:
    conversation = conversation_store.by_uuid(call.tx, call.args["uuid"].lower())
    message = store.survey_of(call.tx, conversation.id) if conversation is not None else None
    if conversation is None or message is None:
        raise NotFound
    return conversation, message


def show(call: Call, found: Found) -> wire.Survey:
    conversation, message = found
    where, response = details.place(call.tx, conversation), store.of_message(call.tx, message.id)
    return wire.survey(conversation, message, where, response, call.tx.links)


def update(call: Call, found: Found) -> wire.Survey:
    conversation, message = found
    if rules.is_locked(message.created_at, call.tx.now):
        raise Refused(rules.LOCKED)
    given = call.values.get("message", {}).get("submitted_values")
    if given not in (None, ""):
        messages.submit(call.tx, conversation, message, submitted(given))
    return show(call, found)


def page(call: Call) -> Response:
    try:
        found = find(call)
    except NotFound as failure:
        return _missing(failure)
    return _page(call, found)


def answer(call: Call) -> Response:
    """The form's answer, refused before anything is written: a page that says why is no failure, and would
    not undo it."""
    try:
        found = find(call)
    except NotFound as failure:
        return _missing(failure)
    conversation, message = found
    # Browsers send a line's end as two characters, which count twice against the limit.
    feedback = (call.values.get("feedback") or "").replace("\r\n", "\n").strip()
    survey = {"rating": call.values.get("rating") or "", "feedback_message": feedback}
    try:
        if rules.is_locked(message.created_at, call.tx.now):
            raise Refused(rules.LOCKED)
        read = rules.answer({"submitted_values": {"csat_survey_response": survey}})
        if read is None:
            raise Invalid("Rating can't be blank", "rating")
    except Failure as failure:
        return _page(call, found, str(survey["rating"]), feedback, failure)
    given = {"csat_survey_response": {"rating": read[0], "feedback_message": feedback or None}}
    messages.submit(call.tx, conversation, message, given)
    return _page(call, found)


def _page(call: Call, found: Found, rating: str = "", feedback: str = "", failure: Failure | None = None) -> Response:
    """With the stored answer; after a failure with what was given instead."""
    conversation, message = found
    tx = call.tx
    agent = accounts.user(tx, conversation.assignee_id) if conversation.assignee_id else None
    response = store.of_message(tx, message.id)
    if response is not None and failure is None:
        rating, feedback = str(response.rating), response.feedback_message or ""
    shown = pages.Shown(
        inbox=details.place(tx, conversation).inbox,
        message=message,
        agent=(agent.display_name or agent.name) if agent else None,
        is_answered=response is not None,
        is_locked=rules.is_locked(message.created_at, tx.now),
        rating=rating,
        feedback=feedback,
        failure=failure,
    )
    return _html(pages.survey(shown), failure)


def _missing(failure: NotFound) -> Response:
    return _html(pages.missing(), failure)


def _html(text: str, failure: Failure | None) -> Response:
    status: Any = STATUS[type(failure)] if failure is not None else 200
    return Response(status, text=text, headers=dict(_HEADERS))
