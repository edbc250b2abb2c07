"""From the parameters of a message to the message, for both endpoints that take one."""

from typing import Any

from inboxd.api.web import Call
from inboxd.domain.errors import Invalid, Refused
from inboxd.domain.messages import MESSAGE_TYPES, Draft, MessageType, Upload
from inboxd.services import messages, uploads
from inboxd.store.details import Place
from inboxd.store.models import Conversation


def post(call: Call, conversation: Conversation, place: Place, values: dict[str, Any]) -> messages.Posted:
    """Raises Refused, as every failure of a message reads on this API."""
    word = values.get("message_type") or "outgoing"
    kind = MessageType(MESSAGE_TYPES.index(word))
    attributes = dict(values.get("content_attributes") or {})
    if values.get("external_created_at") not in (None, ""):
        attributes["external_created_at"] = values["external_created_at"]
    additional = {key: values[key] for key in ("campaign_id", "template_params") if values.get(key)}
    try:
        draft = Draft(
            values.get("content"),
            kind,
            private=bool(values.get("private")),
            content_type=values.get("content_type") or "text",
            content_attributes=attributes,
            additional_attributes=additional,
            source_id=values.get("source_id") or None,
            echo_id=values.get("echo_id") or None,
            uploads=_uploads(call, values),
        )
        # Everything that is not from our side is from the contact, even an activity line.
        sender = call.caller.known_user if kind == MessageType.OUTGOING else place.contact
        return messages.post(call.tx, conversation, place, draft, sender, call.parts.limits)
    except Invalid as invalid:
        raise Refused(f"Validation failed: {invalid.message}") from invalid


def _uploads(call: Call, values: dict[str, Any]) -> tuple[Upload, ...]:
    """Files and earlier uploads, in the order they were given. Raises NotFound."""
    staged = iter(call.uploads)
    return tuple(
        next(staged) if signed_id is None else uploads.used(call.tx, call.account_id, signed_id)
        for signed_id in values.get("attachments") or []
    )
