"""The draft of a conversation."""

from typing import Any

from inboxd.api.web import Call, empty
from inboxd.services import drafts
from inboxd.store.models import Conversation


def show(call: Call, conversation: Conversation) -> Any:
    text = drafts.of_conversation(call.tx, conversation)
    return {"has_draft": False} if text is None else {"has_draft": True, "message": text}


def update(call: Call, conversation: Conversation) -> Any:
    drafts.keep(call.tx, conversation, (call.values.get("draft_message") or {}).get("message") or "")
    return empty()


def delete(call: Call, conversation: Conversation) -> Any:
    drafts.discard(call.tx, conversation)
    return empty()
