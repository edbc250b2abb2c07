"""Who follows a conversation."""

from typing import Any

from inboxd.api.accounts import agents
from inboxd.api.web import Call, empty
from inboxd.services import participants
from inboxd.store import participants as store
from inboxd.store.models import Conversation


def index(call: Call, conversation: Conversation) -> Any:
    return agents.listed(call, store.of_conversation(call.tx, conversation.id))


def add(call: Call, conversation: Conversation) -> Any:
    """Answers with the new ones alone."""
    return agents.listed(call, participants.add(call.tx, conversation, agents.user_ids(call)))


def replace(call: Call, conversation: Conversation) -> Any:
    participants.replace(call.tx, conversation, agents.user_ids(call))
    return index(call, conversation)


def remove(call: Call, conversation: Conversation) -> Any:
    participants.remove(call.tx, conversation, agents.user_ids(call))
    return empty()
