"""Messages that an inbox sends of itself: when one is due."""

from typing import Any

from inboxd.domain.messages import MessageType
from inboxd.domain.retry import DAY_MS

QUIET_MS = 5 * 60_000
"""Whoever was answered so lately is not told that nobody is there."""


def is_addressed(message_type: int, *, blocked: bool, conversation_attributes: dict[str, Any]) -> bool:
    """Whether a new message may get an answer of the inbox itself: it is the contact's, and no machine's
    that would answer in turn."""
    return message_type == MessageType.INCOMING and not blocked and not conversation_attributes.get("auto_reply")


def keeps_quiet(message_type: int, said_at: int, now: int) -> bool:
    """Whether an earlier message to the contact makes an out-of-office message too much: a reply of just now,
    or a template message of the same day of UTC."""
    if message_type == MessageType.TEMPLATE:
        return said_at >= now - now % DAY_MS
    return now - said_at < QUIET_MS
