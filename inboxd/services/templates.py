"""The messages that an inbox sends of itself: a greeting, and that nobody is in."""

from inboxd.domain import templates as rules
from inboxd.domain.messages import TO_CONTACT, Draft, MessageType
from inboxd.domain.working_hours import is_open
from inboxd.store import messages as store
from inboxd.store.db import Tx
from inboxd.store.details import Place
from inboxd.store.models import Conversation, Inbox, Message


def due(tx: Tx, conversation: Conversation, place: Place, message: Message) -> Draft | None:
    """The template message that is due now that this one is there. It costs nothing where none is switched on."""
    inbox = place.inbox
    if not inbox.greeting_enabled and not inbox.working_hours_enabled:
        return None
    if not rules.is_addressed(
        message.message_type,
        blocked=place.contact.blocked,
        conversation_attributes=conversation.additional_attributes,
    ):
        return None
    text = _out_of_office(tx, conversation, inbox) or _greeting(tx, conversation, inbox)
    return Draft(text, MessageType.TEMPLATE) if text else None


def _out_of_office(tx: Tx, conversation: Conversation, inbox: Inbox) -> str | None:
    text = inbox.out_of_office_message
    if not inbox.working_hours_enabled or not _is_text(text) or is_open(inbox.working_hours, inbox.timezone, tx.now):
        return None
    # The newest of both kinds first: looking for one alone would read a long conversation to its beginning
    # for every message, where the other has spoken long since.
    kinds = [int(kind) for kind in TO_CONTACT]
    while kinds:
        newest = store.last_told(tx, conversation.id, kinds)
        if newest is None:
            break
        if rules.keeps_quiet(newest.message_type, newest.created_at, tx.now):
            return None
        kinds.remove(newest.message_type)
    return text


def _greeting(tx: Tx, conversation: Conversation, inbox: Inbox) -> str | None:
    text = inbox.greeting_message
    if not inbox.greeting_enabled or not _is_text(text) or conversation.first_reply_created_at is not None:
        return None
    return None if store.is_answered(tx, conversation.id) else text


def _is_text(text: str | None) -> bool:
    return bool(text and text.strip())
