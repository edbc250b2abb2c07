"""From the parameters of a message to the message, for both endpoints that take one."""

from typing import Any

from inboxd.api.auth import check_role
from inboxd.api.params import Moment
from inboxd.api.web import Call
from inboxd.domain.errors import Invalid, NotFound, Refused
from inboxd.domain.messages import MESSAGE_TYPES, Draft, MessageType, Upload
from inboxd.services import history, messages, uploads
from inboxd.store import accounts
from inboxd.store.details import Place
from inboxd.store.models import AgentBot, Conversation, User

_WRITTEN = Moment("external_created_at")


def post(call: Call, conversation: Conversation, place: Place, values: dict[str, Any]) -> messages.Posted:
    """Raises Refused, as every failure of a message reads on this API."""
    word = values.get("message_type") or "outgoing"
    kind = MessageType(MESSAGE_TYPES.index(word))
    attributes = dict(values.get("content_attributes") or {})
    if values.get("external_created_at") not in (None, ""):
        attributes["external_created_at"] = values["external_created_at"]
    try:
        draft = Draft(
            values.get("content"),
            kind,
            private=bool(values.get("private")),
            content_type=values.get("content_type") or "text",
            content_attributes=attributes,
            additional_attributes=_additional(values),
            source_id=values.get("source_id") or None,
            echo_id=values.get("echo_id") or None,
            uploads=_uploads(call, values),
        )
        # Everything that is not from our side is from the contact, even an activity line.
        sender = _author(call, values) if kind == MessageType.OUTGOING else place.contact
        if values.get("import"):
            return history.post(call.tx, conversation, draft, sender, _past(call, values))
        return messages.post(call.tx, conversation, place, draft, sender, call.parts.limits)
    except Invalid as invalid:
        raise Refused(f"Validation failed: {invalid.message}") from invalid


def _past(call: Call, values: dict[str, Any]) -> int:
    """When an imported message was written. Raises Unauthorized: who may not import has to hear of it, for
    without the flag old messages would go out as new ones."""
    check_role(call.caller, "administrator")
    written = _WRITTEN.read(values.get("external_created_at"))
    if written is None:
        raise _WRITTEN.refuse("can't be blank for an import")
    return written


def _author(call: Call, values: dict[str, Any]) -> User | AgentBot:
    """The caller, or the bot that a user lets speak. Raises NotFound when there is no such bot."""
    if call.caller.bot is not None or values.get("sender_type") != "AgentBot":
        return call.caller.sender
    bot = accounts.agent_bot(call.tx, call.account_id, values.get("sender_id") or 0)
    if bot is None:
        raise NotFound
    return bot


def _additional(values: dict[str, Any]) -> dict[str, Any]:
    """A template takes the place of a campaign."""
    template = values.get("template_params")
    if template and not template.get("name"):
        raise Invalid("Template params must have a name", "template_params")
    return next(({key: values[key]} for key in ("template_params", "campaign_id") if values.get(key)), {})


def _uploads(call: Call, values: dict[str, Any]) -> tuple[Upload, ...]:
    """Files and earlier uploads, in the order they were given. Raises NotFound."""
    staged = iter(call.uploads)
    return tuple(
        next(staged) if signed_id is None else uploads.used(call.tx, call.account_id, signed_id)
        for signed_id in values.get("attachments") or []
    )
