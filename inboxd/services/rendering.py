"""What the variables of a message stand for."""

from typing import Any

from inboxd.domain import liquid
from inboxd.domain.messages import CONTENT_LIMIT, TO_CONTACT, Draft
from inboxd.store.details import Place
from inboxd.store.messages import Sender
from inboxd.store.models import Conversation, User


def content(conversation: Conversation, place: Place, draft: Draft, sender: Sender | None) -> str | None:
    """The draft's content as it is stored. What comes from the contact is never a template."""
    text = draft.content
    if text is None or "{{" not in text or draft.message_type not in TO_CONTACT:
        return text
    return filled(text, conversation, place, sender, CONTENT_LIMIT)


def filled(template: str, conversation: Conversation, place: Place, sender: Sender | None, limit: int) -> str:
    """Unchanged when it cannot be read, or would have more than `limit` characters."""
    return liquid.render(template, _variables(conversation, place, sender), limit)


def _variables(conversation: Conversation, place: Place, sender: Sender | None) -> dict[str, Any]:
    contact = place.contact
    return {
        "contact": liquid.person(contact.name) | {
            "id": contact.id,
            "email": contact.email,
            "phone_number": contact.phone_number,
            "custom_attribute": contact.custom_attributes,
        },
        "agent": _agent(sender) if isinstance(sender, User) else {},
        "conversation": {
            "id": conversation.display_id,
            "display_id": conversation.display_id,
            "contact_name": liquid.person(contact.name)["name"],
            "custom_attribute": conversation.custom_attributes,
        },
        "inbox": {"id": place.inbox.id, "name": place.inbox.name},
        "account": {"id": place.account.id, "name": place.account.name},
    }  # fmt: skip


def _agent(user: User) -> dict[str, Any]:
    return liquid.person(user.name) | {
        "id": user.id,
        "email": user.email,
        "available_name": user.display_name or user.name,
    }
