"""What people are told of, in which words, and what their settings say about it."""

from collections.abc import Iterable

CREATION = "conversation_creation"
ASSIGNMENT = "conversation_assignment"
ASSIGNED_MESSAGE = "assigned_conversation_new_message"
MENTION = "conversation_mention"
FOLLOWED_MESSAGE = "participating_conversation_new_message"
SETTINGS = (
    CREATION, ASSIGNMENT, ASSIGNED_MESSAGE, MENTION, FOLLOWED_MESSAGE,
    # Clients send these words back as they got them; there are no SLAs that could be missed.
    "sla_missed_first_response", "sla_missed_next_response", "sla_missed_resolution",
)  # fmt: skip
DEFAULT = frozenset({ASSIGNMENT, MENTION})
"""What people are told of who chose nothing."""
_BODY_LIMIT = 200


def flags(channel: str, kinds: Iterable[str] = SETTINGS) -> list[str]:
    """The words of settings: `email_conversation_creation`, …"""
    return [f"{channel}_{kind}" for kind in SETTINGS if kind in kinds]


def chosen(selected: Iterable[str]) -> frozenset[str]:
    """The kinds behind some flags of either channel."""
    return frozenset(flag.partition("_")[2] for flag in selected)


def title(kind: str, number: int, inbox_name: str) -> str:
    titles = {
        CREATION: f"New conversation #{number} in {inbox_name}",
        ASSIGNMENT: f"Conversation #{number} was given to you",
        MENTION: f"Somebody mentioned you in conversation #{number}",
    }
    return titles.get(kind, f"New message in conversation #{number}")


def body(sender: str | None, content: str | None) -> str:
    """The beginning of a message, after the name of who wrote it."""
    text = f"{sender}: {content or ''}" if sender else content or ""
    return text if len(text) <= _BODY_LIMIT else text[: _BODY_LIMIT - 1] + "…"
