"""Messages of a conversation as agents and bridges see them."""

from typing import Any

from inboxd.api.accounts import conversations
from inboxd.api.accounts.posting import post
from inboxd.api.web import Call
from inboxd.domain.errors import NotFound
from inboxd.services import messages
from inboxd.store import details
from inboxd.store import messages as store
from inboxd.store.models import Conversation, Message
from inboxd.wire import api as wire


def find(call: Call) -> tuple[Conversation, Message]:
    conversation = conversations.find(call)
    message = store.by_id(call.tx, conversation.id, call.args["message_id"])
    if message is None:
        raise NotFound
    return conversation, message


def index(call: Call, conversation: Conversation) -> Any:
    values = call.values
    chat_only = bool(values.get("filter_internal_messages"))
    if values.get("after") is not None:
        rows = store.between(
            call.tx, conversation.id, after=values["after"], before=values.get("before"), chat_only=chat_only
        )
    elif values.get("before") is not None:
        rows = store.latest(call.tx, conversation.id, before=values["before"], chat_only=chat_only)
    else:
        rows = store.latest(call.tx, conversation.id, chat_only=chat_only)
    whole = details.of_conversation(call.tx, conversation, shown=[])
    return {
        "meta": wire.messages_meta(whole, call.tx.links, call.tx.now),
        "payload": [
            wire.message(shown, conversation.display_id, call.tx.links, call.tx.now)
            for shown in details.messages_details(call.tx, rows)
        ],
    }


def create(call: Call, conversation: Conversation) -> Any:
    posted = post(call, conversation, details.place(call.tx, conversation), call.values)
    if posted.replayed:
        call.replayed = True
    return wire.message(
        posted.shown, conversation.display_id, call.tx.links, call.tx.now, call.values.get("echo_id") or None
    )


def update(call: Call, found: tuple[Conversation, Message]) -> Any:
    conversation, message = found
    status = call.values.get("status") or ""
    shown = messages.set_status(call.tx, conversation, message, status, call.values.get("external_error"))
    return wire.message(shown, conversation.display_id, call.tx.links, call.tx.now)


def retry(call: Call, found: tuple[Conversation, Message]) -> Any:
    conversation, message = found
    shown = messages.retry(call.tx, conversation, message)
    return wire.message(shown, conversation.display_id, call.tx.links, call.tx.now)


def delete(call: Call, found: tuple[Conversation, Message]) -> Any:
    conversation, message = found
    return wire.message(
        messages.delete(call.tx, conversation, message), conversation.display_id, call.tx.links, call.tx.now
    )
