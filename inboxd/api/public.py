"""The client API: what a contact's own system does, by inbox identifier and source_id."""

from typing import Any

from inboxd.api.web import Call, empty
from inboxd.domain import signing
from inboxd.domain.conversations import with_status
from inboxd.domain.errors import Invalid, NotFound, Refused, Unauthenticated
from inboxd.domain.events import Actor
from inboxd.domain.messages import Draft
from inboxd.services import contacts, conversations, messages
from inboxd.store import accounts, details
from inboxd.store import contacts as contact_store
from inboxd.store import conversations as conversation_store
from inboxd.store import messages as message_store
from inboxd.store.details import Place
from inboxd.store.models import Contact, Conversation, Inbox
from inboxd.wire import api as wire

_UNVERIFIED = "HMAC failed: Invalid Identifier Hash Provided"
_CSAT_DAYS = 14
_SUBMITTED = ("name", "title", "value", "csat_survey_response")


def find_inbox(call: Call) -> Inbox:
    inbox = accounts.inbox_by_identifier(call.tx, call.args["identifier"])
    if inbox is None:
        raise NotFound
    return inbox


def find_place(call: Call) -> Place:
    inbox = find_inbox(call)
    contact_inbox = contact_store.contact_inbox(call.tx, inbox.id, call.args["source_id"])
    account = accounts.account(call.tx, inbox.account_id)
    contact = contact_store.by_id(call.tx, inbox.account_id, contact_inbox.contact_id) if contact_inbox else None
    if contact_inbox is None or contact is None or account is None:
        raise NotFound
    return Place(account, inbox, contact, contact_inbox)


def find_verified_place(call: Call) -> Place:
    """The place, where the inbox demands identity only when the contact has proved it."""
    place = find_place(call)
    if place.inbox.hmac_mandatory and not place.contact_inbox.hmac_verified:
        raise Unauthenticated(_UNVERIFIED)
    return place


def find_conversation(call: Call) -> tuple[Place, Conversation]:
    place = find_verified_place(call)
    conversation = conversation_store.by_display_id(call.tx, place.account.id, call.args["id"])
    if conversation is None or not _may_see(place, conversation):
        raise NotFound
    return place, conversation


def _may_see(place: Place, conversation: Conversation) -> bool:
    """A proved identity reaches all conversations of the contact in this inbox, others their own."""
    if place.contact_inbox.hmac_verified:
        return conversation.contact_id == place.contact.id and conversation.inbox_id == place.inbox.id
    return conversation.contact_inbox_id == place.contact_inbox.id


def _proves_identity(inbox: Inbox, values: dict[str, Any], own_identifier: str | None) -> bool:
    """Whether the request carries a valid identity hash. Raises Unauthenticated for a wrong one,
    or for none where the inbox demands it."""
    given = values.get("identifier_hash") or ""
    if not given:
        if inbox.hmac_mandatory:
            raise Unauthenticated(_UNVERIFIED)
        return False
    identifier = values.get("identifier") or ""
    genuine = signing.is_identity(inbox.hmac_token, identifier, given)
    if not genuine or (own_identifier is not None and own_identifier != identifier):
        raise Unauthenticated(_UNVERIFIED)
    return True


def show_inbox(call: Call, inbox: Inbox) -> Any:
    return wire.public_inbox(inbox)


def create_contact(call: Call, inbox: Inbox) -> Any:
    values = dict(call.values)
    known = contact_store.contact_inbox(call.tx, inbox.id, values["source_id"]) if values.get("source_id") else None
    owner = call.tx.get(Contact, known.contact_id) if known else None
    verified = _proves_identity(inbox, values, owner.identifier if owner else None)
    source_id = values.pop("source_id", None)
    for key in ("identifier_hash", "avatar_url"):
        values.pop(key, None)
    contact, contact_inbox = contacts.identify(call.tx, inbox, source_id, values)
    if verified and contact.identifier == values.get("identifier"):
        call.tx.update(contact_inbox, hmac_verified=True)
    return wire.public_contact(contact, contact_inbox)


def show_contact(call: Call, place: Place) -> Any:
    if _proves_identity(place.inbox, call.values, place.contact.identifier):
        call.tx.update(place.contact_inbox, hmac_verified=True)
    return wire.public_contact(place.contact, place.contact_inbox)


def update_contact(call: Call, place: Place) -> Any:
    if _proves_identity(place.inbox, call.values, place.contact.identifier):
        call.tx.update(place.contact_inbox, hmac_verified=True)
    given: dict[str, Any] = {
        key: call.values[key] for key in ("name", "email", "phone_number", "custom_attributes") if key in call.values
    }
    return wire.contact_record(contacts.update_by_contact(call.tx, place.contact, given))


def _conversation(call: Call, place: Place, conversation: Conversation) -> Any:
    newest = message_store.latest(call.tx, conversation.id, chat_only=True)
    shown = details.messages_details(call.tx, newest)
    return wire.public_conversation(conversation, place.contact, shown, call.tx.links)


def list_conversations(call: Call, place: Place) -> Any:
    if place.contact_inbox.hmac_verified:
        found = conversation_store.of_contact(call.tx, place.contact.id, place.inbox.id)
    else:
        found = conversation_store.of_contact_inbox(call.tx, place.contact_inbox.id)
    return [_conversation(call, place, conversation) for conversation in found]


def create_conversation(call: Call, place: Place) -> Any:
    conversation, _ = conversations.open_conversation(
        call.tx, place, custom_attributes=call.values.get("custom_attributes")
    )
    return _conversation(call, place, conversation)


def show_conversation(call: Call, found: tuple[Place, Conversation]) -> Any:
    return _conversation(call, *found)


def resolve_conversation(call: Call, found: tuple[Place, Conversation]) -> Any:
    place, conversation = found
    if conversation.status != "resolved":
        actor = Actor("contact", place.contact.id, place.contact.name)
        conversations.change(call.tx, conversation, actor, **with_status("resolved"))
    return _conversation(call, place, conversation)


def toggle_typing(call: Call, found: tuple[Place, Conversation]) -> Any:
    place, conversation = found
    conversations.typing(call.tx, conversation, place.contact, call.values.get("typing_status"), private=False)
    return empty()


def update_last_seen(call: Call, found: tuple[Place, Conversation]) -> Any:
    conversations.seen_by_contact(call.tx, found[1])
    return empty()


def list_messages(call: Call, found: tuple[Place, Conversation]) -> Any:
    conversation = found[1]
    window: dict[str, int] = {}
    if "before" in call.values and call.values["before"] != "":
        text = call.values["before"] or ""
        window["before"] = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    rows = message_store.latest(call.tx, conversation.id, chat_only=True, **window)
    return [
        wire.public_message(shown, conversation.display_id, call.tx.links)
        for shown in details.messages_details(call.tx, rows)
    ]


def create_message(call: Call, found: tuple[Place, Conversation]) -> Any:
    place, conversation = found
    draft = Draft(call.values.get("content"), echo_id=call.values.get("echo_id"), uploads=tuple(call.uploads))
    if draft.is_blank:
        raise Invalid("Content can't be blank", "content")
    posted = messages.post(call.tx, conversation, place, draft, place.contact, call.limits)
    return wire.public_message(posted.shown, conversation.display_id, call.tx.links)


def update_message(call: Call, found: tuple[Place, Conversation]) -> Any:
    conversation = found[1]
    message = message_store.by_id(call.tx, conversation.id, call.args["message_id"])
    if message is None or message.private:
        raise NotFound
    if message.content_type == "input_csat" and (call.tx.now - message.created_at) > _CSAT_DAYS * 86_400_000:
        raise Refused("You cannot update the CSAT survey after 14 days")
    if "submitted_values" not in call.values:
        shown = details.messages_details(call.tx, [message])[0]
    else:
        shown = messages.submit(call.tx, conversation, message, _submitted(call.values["submitted_values"]))
    return wire.public_message(shown, conversation.display_id, call.tx.links)


def _submitted(given: Any) -> Any:
    """An object or a list of objects, of each only the keys a form answer has."""
    if isinstance(given, list):
        return [_submitted(one) for one in given]
    if not isinstance(given, dict):
        raise Invalid("Submitted values must be an object or a list of objects", "submitted_values")
    return {key: given[key] for key in _SUBMITTED if key in given}
