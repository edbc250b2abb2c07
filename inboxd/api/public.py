"""The client API: what a contact's own system does, by inbox identifier and source_id."""

from dataclasses import replace
from typing import Any

from inboxd.api import steps
from inboxd.api.web import Call, empty
from inboxd.domain import csat, signing
from inboxd.domain.conversations import with_status
from inboxd.domain.errors import Invalid, NotFound, Refused, Unauthenticated
from inboxd.domain.events import Actor
from inboxd.domain.messages import PAGE, Draft, MessageType
from inboxd.services import avatar_urls, contacts, conversations, messages
from inboxd.store import accounts, details
from inboxd.store import contacts as contact_store
from inboxd.store import conversations as conversation_store
from inboxd.store import messages as message_store
from inboxd.store.details import Place
from inboxd.store.models import Contact, ContactInbox, Conversation, Inbox
from inboxd.wire import api as wire

_UNVERIFIED = "HMAC failed: Invalid Identifier Hash Provided"
_SUBMITTED = ("name", "title", "value", "csat_survey_response")
_SURVEY = ("rating", "feedback_message")


def find_inbox(call: Call) -> Inbox:
    inbox = accounts.inbox_by_identifier(call.tx, call.args["identifier"])
    if inbox is None:
        raise NotFound
    return inbox


def _named(call: Call) -> tuple[Place, Conversation | None]:
    """The place that the path names, and its account's conversation with the number in the path."""
    inbox = find_inbox(call)
    account = accounts.account(call.tx, inbox.account_id)
    found = contact_store.on_path(call.tx, inbox.id, call.args["source_id"], call.args.get("id", 0))
    if found is None or account is None:
        raise NotFound
    contact_inbox, contact, conversation = found
    return Place(account, inbox, contact, contact_inbox), conversation


def _check_proved(place: Place) -> None:
    """Where the inbox demands identity, only a contact that has proved it gets further."""
    if place.inbox.hmac_mandatory and not place.contact_inbox.hmac_verified:
        raise Unauthenticated(_UNVERIFIED)


def find_place(call: Call) -> Place:
    return _named(call)[0]


def find_verified_place(call: Call) -> Place:
    place = find_place(call)
    _check_proved(place)
    return place


def find_conversation(call: Call) -> tuple[Place, Conversation]:
    """The conversation and its own place, which a verified contact may reach by another source_id."""
    place, conversation = _named(call)
    _check_proved(place)
    if conversation is None:
        raise NotFound
    if conversation.contact_inbox_id == place.contact_inbox.id:
        return place, conversation
    for other in _proved_places(call, place):
        if other.id == conversation.contact_inbox_id:
            return replace(place, contact_inbox=other), conversation
    raise NotFound


def _proved_places(call: Call, place: Place) -> list[ContactInbox]:
    """Where a proved identity reaches conversations: the contact's proved places in this inbox. What
    came in unproved may be somebody else's who gave the same e-mail address."""
    if not place.contact_inbox.hmac_verified:
        return []
    places = contact_store.contact_inboxes(call.tx, place.contact.id)
    return [one for one in places if one.hmac_verified and one.inbox_id == place.inbox.id]


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
    # The hash of nothing is genuine, and proves to be nobody in particular.
    return bool(identifier)


def show_inbox(call: Call, inbox: Inbox) -> Any:
    return wire.public_inbox(inbox)


def create_contact(call: Call, inbox: Inbox) -> Any:
    values = dict(call.values)
    known = contact_store.contact_inbox(call.tx, inbox.id, values["source_id"]) if values.get("source_id") else None
    owner = call.tx.get(Contact, known.contact_id) if known else None
    verified = _proves_identity(inbox, values, owner.identifier if owner else None)
    source_id = values.pop("source_id", None) or None
    for key in ("identifier_hash", "avatar_url"):
        values.pop(key, None)
    contact, contact_inbox = contacts.identify(call.tx, inbox, source_id, values)
    if known is None:
        _ask_for_avatar(call, contact)
    if verified and contact.identifier == values.get("identifier"):
        call.tx.update(contact_inbox, hmac_verified=True)
    return wire.public_contact(contact, contact_inbox)


def _ask_for_avatar(call: Call, contact: Contact) -> None:
    """A contact's own system gives a picture to who has none."""
    if not contact.avatar:
        avatar_urls.ask(call.tx, contact, call.values.get("avatar_url"))


def _verify(call: Call, place: Place) -> None:
    """A hash proves who has its identifier. Of a contact that has none it proves something only
    where nobody else can be meant: in the one place the contact has."""
    if _proves_identity(place.inbox, call.values, place.contact.identifier) and (
        place.contact.identifier is not None or len(contact_store.contact_inboxes(call.tx, place.contact.id)) == 1
    ):
        call.tx.update(place.contact_inbox, hmac_verified=True)


def show_contact(call: Call, place: Place) -> Any:
    _verify(call, place)
    return wire.public_contact(place.contact, place.contact_inbox)


def _update_contact(call: Call, histories: contacts.Histories) -> Any:
    place = find_place(call)
    _verify(call, place)
    contact = contacts.update_by_contact(call.tx, place.contact, _given(call), histories)
    _ask_for_avatar(call, contact)
    return wire.contact_record(contact)


def _given(call: Call) -> dict[str, Any]:
    keys = ("name", "email", "phone_number", "custom_attributes")
    return {key: call.values[key] for key in keys if key in call.values}


def update_contact(call: Call, place: Place) -> None:
    _proves_identity(place.inbox, call.values, place.contact.identifier)
    steps.merging(call, contacts.meant(call.tx, place.contact, _given(call))[0], _update_contact)


def _conversation(call: Call, place: Place, conversation: Conversation) -> Any:
    return _conversations(call, place, [conversation])[0]


def _conversations(call: Call, place: Place, found: list[Conversation]) -> list[Any]:
    """Each with its newest messages, as many as a page of them."""
    shown = details.messages_of_conversations(call.tx, found, PAGE)
    return [wire.public_conversation(one, place.contact, shown[one.id], call.tx.links, call.tx.now) for one in found]


def _visible(call: Call, place: Place) -> list[Conversation]:
    if not place.contact_inbox.hmac_verified:
        return conversation_store.of_contact_inbox(call.tx, place.contact_inbox.id)
    proved = {one.id for one in _proved_places(call, place)}
    found = conversation_store.of_contact(call.tx, place.contact.id, place.inbox.id)
    return [conversation for conversation in found if conversation.contact_inbox_id in proved]


def list_conversations(call: Call, place: Place) -> Any:
    return _conversations(call, place, _visible(call, place))


def create_conversation(call: Call, place: Place) -> Any:
    if place.inbox.lock_to_single_conversation:
        # Of the contact's conversations only one that this caller may see anyway.
        for conversation in reversed(_visible(call, place)):
            if conversation.status != "resolved":
                return _conversation(call, place, conversation)
    attributes = call.values.get("custom_attributes")
    conversation = conversations.open_conversation(call.tx, place, custom_attributes=attributes)
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
        wire.public_message(shown, conversation.display_id, call.tx.links, call.tx.now)
        for shown in details.messages_details(call.tx, rows)
    ]


def create_message(call: Call, found: tuple[Place, Conversation]) -> Any:
    place, conversation = found
    draft = Draft(call.values.get("content"), echo_id=call.values.get("echo_id") or None, uploads=tuple(call.uploads))
    if draft.is_blank:
        raise Invalid("Content can't be blank", "content")
    posted = messages.post(call.tx, conversation, place, draft, place.contact, call.parts.limits)
    return wire.public_message(posted.shown, conversation.display_id, call.tx.links, call.tx.now)


def update_message(call: Call, found: tuple[Place, Conversation]) -> Any:
    conversation = found[1]
    message = message_store.by_id(call.tx, conversation.id, call.args["message_id"])
    if message is None or message.private or message.message_type == MessageType.ACTIVITY:
        raise NotFound
    if message.content_type == csat.CONTENT_TYPE and csat.is_locked(message.created_at, call.tx.now):
        raise Refused(csat.LOCKED)
    if call.values.get("submitted_values") in (None, ""):
        shown = details.messages_details(call.tx, [message])[0]
    else:
        shown = messages.submit(call.tx, conversation, message, submitted(call.values["submitted_values"]))
    return wire.public_message(shown, conversation.display_id, call.tx.links, call.tx.now)


def submitted(given: Any) -> Any:
    """An object or a list of objects, of each only the keys a form answer has."""
    if isinstance(given, list):
        return [submitted(one) for one in given]
    if not isinstance(given, dict):
        raise Invalid("Submitted values must be an object or a list of objects", "submitted_values")
    kept = {key: given[key] for key in _SUBMITTED if key in given}
    survey = kept.get("csat_survey_response")
    if survey is not None:
        if not isinstance(survey, dict):
            raise Invalid("Csat survey response must be an object", "submitted_values")
        kept["csat_survey_response"] = {key: survey[key] for key in _SURVEY if key in survey}
    return kept
