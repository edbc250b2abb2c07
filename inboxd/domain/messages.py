"""What a message may be, and how its status moves."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from inboxd.domain.errors import Invalid

CONTENT_LIMIT = 150_000
SOURCE_ID_LIMIT = 20_000
ATTACHMENTS_LIMIT = 15
LINE_LIMIT = 4 << 20
"""Bytes of a record of history."""
PAGE = 20
DELETED_CONTENT = "This message was deleted"


class MessageType(IntEnum):
    INCOMING = 0
    OUTGOING = 1
    ACTIVITY = 2
    TEMPLATE = 3

    @property
    def word(self) -> str:
        return self.name.lower()


MESSAGE_TYPES = tuple(kind.word for kind in MessageType)
TO_CONTACT = (MessageType.OUTGOING, MessageType.TEMPLATE)
"""What goes out, private notes among it apart."""
STATUSES = ("sent", "delivered", "read", "failed")
CONTENT_TYPES = (
    "text", "input_text", "input_textarea", "input_email", "input_select", "cards", "form", "article",
    "incoming_email", "input_csat", "integrations", "sticker", "voice_call",
)  # fmt: skip

_ITEM_KEYS = {
    "input_select": {"title", "value"},
    "cards": {"title", "description", "media_url", "actions"},
    "form": {
        "type", "placeholder", "label", "name", "options", "default", "required", "pattern", "title",
        "pattern_error",
    },
    "article": {"title", "description", "link"},
}  # fmt: skip
_ACTION_KEYS = {"text", "type", "payload", "uri"}
IMAGES = frozenset({"image/jpeg", "image/jpg", "image/png", "image/gif", "image/bmp", "image/webp"})
VIDEOS = frozenset({"video/ogg", "video/mp4", "video/webm", "video/quicktime"})


@dataclass(frozen=True)
class Upload:
    """A file that is already on disk, waiting for the row that owns it. `image` is png, jpg, gif or webp
    when that is what its content is, whatever it is called."""

    digest: str
    filename: str
    content_type: str
    size: int
    image: str = ""


@dataclass(frozen=True)
class Draft:
    """A message before it is stored. Raises `Invalid` when it breaks a rule of its own.

    `echo_id` is the sender's own name for it, repeated in the answer and in its event.
    """

    content: str | None
    message_type: MessageType = MessageType.INCOMING
    private: bool = False
    content_type: str = "text"
    content_attributes: dict[str, Any] = field(default_factory=dict)
    additional_attributes: dict[str, Any] = field(default_factory=dict)
    source_id: str | None = None
    echo_id: str | None = None
    uploads: tuple[Upload, ...] = ()

    def __post_init__(self) -> None:
        if self.content is not None and len(self.content) > CONTENT_LIMIT:
            raise Invalid(f"Content is too long (maximum is {CONTENT_LIMIT} characters)", "content")
        if self.source_id is not None and len(self.source_id) > SOURCE_ID_LIMIT:
            raise Invalid(f"Source is too long (maximum is {SOURCE_ID_LIMIT} characters)", "source_id")
        if len(self.uploads) > ATTACHMENTS_LIMIT:
            raise Invalid("Attachments exceeded maximum allowed", "attachments")
        if self.content_type in _ITEM_KEYS:
            _check_items(self.content_type, self.content_attributes.get("items"))

    @property
    def is_blank(self) -> bool:
        return not (self.content and self.content.strip()) and not self.uploads


def _check_items(content_type: str, items: Any) -> None:
    if not isinstance(items, list) or not items:
        raise Invalid("Content attributes At least one item is required.", "content_attributes")
    unknown: set[str] = set()
    for item in items:
        if not isinstance(item, dict):
            raise Invalid("Content attributes items must be objects", "content_attributes")
        unknown |= item.keys() - _ITEM_KEYS[content_type]
        if content_type == "cards":
            actions = item.get("actions")
            if not isinstance(actions, list) or not actions:
                raise Invalid("Content attributes contains items missing actions", "content_attributes")
            for action in actions:
                unknown |= action.keys() - _ACTION_KEYS if isinstance(action, dict) else {"actions"}
    if unknown:
        listed = ", ".join(sorted(unknown))
        raise Invalid(f"Content attributes contains invalid keys for items : [{listed}]", "content_attributes")


def status_change(current: str, attributes: dict[str, Any], wanted: str, external_error: str | None) -> dict[str, Any]:
    """The values to store when a message is told its new status; empty when nothing moves.

    Only `read` → `delivered` is refused, silently. `external_error` lives in content_attributes
    while the status is `failed`; a message that never failed never gets the key, because
    bridges take its mere presence for a request to send again.
    """
    if wanted not in STATUSES or (current == "read" and wanted == "delivered"):
        return {}
    changed = dict(attributes)
    if wanted == "failed":
        changed["external_error"] = external_error
    elif "external_error" in changed:
        changed["external_error"] = None
    values: dict[str, Any] = {}
    if wanted != current:
        values["status"] = wanted
    if changed != attributes:
        values["content_attributes"] = changed
    return values


def file_type(content_type: str) -> str:
    """Chatwoot's word for an upload, from its media type alone."""
    kind = content_type.split(";", maxsplit=1)[0].strip().lower()
    if kind in IMAGES:
        return "image"
    if kind in VIDEOS:
        return "video"
    return "audio" if kind.startswith("audio/") else "file"
