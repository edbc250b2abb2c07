"""What people do with a whole conversation besides working in it."""

from typing import Any

from inboxd.api import steps
from inboxd.api.accounts import conversations
from inboxd.api.audit import audited
from inboxd.api.web import Call, Response, empty
from inboxd.domain.errors import Refused, TooMany
from inboxd.services import conversation_actions as actions
from inboxd.services import mails
from inboxd.store import conversation_attachments as attachments_store
from inboxd.store.models import Conversation
from inboxd.wire import conversation_attachments as wire

_NO_UNREAD_COUNTS = {"error": "Conversation unread counts feature not enabled for this account"}


def mark_unread(call: Call, conversation: Conversation) -> Any:
    actions.mark_unread(call.tx, conversation)
    return conversations.shown(call, conversation)


def mute(call: Call, conversation: Conversation) -> Any:
    actions.mute(call.tx, conversation, call.caller.actor)
    return empty()


def unmute(call: Call, conversation: Conversation) -> Any:
    actions.unmute(call.tx, conversation, call.caller.actor)
    return empty()


def send_transcript(call: Call, conversation: Conversation) -> Any:
    email = (call.values.get("email") or "").strip()
    if not email:
        raise Refused("email param missing")
    if not call.parts.mail:
        raise Refused(f"The transcript cannot be sent: {mails.NO_SMTP}")
    recipients = mails.addresses(email)
    if mails.without_flooded(call.tx, call.account_id, recipients) != recipients:
        raise TooMany("Too many transcripts to this address within an hour")
    mails.send_transcript(call.tx, conversation, recipients)
    return empty()


def list_attachments(call: Call, conversation: Conversation) -> Any:
    page = max(1, call.values.get("page") or 1)
    found = attachments_store.page(call.tx, conversation.id, page)
    return {
        "meta": {"total_count": attachments_store.count(call.tx, conversation.id)},
        "payload": [wire.attachment(row, shown, call.tx.links, call.tx.now) for row, shown in found],
    }


def _deleted(call: Call) -> list[Conversation]:
    return call.tx.filter(Conversation, account_id=call.account_id, display_id=call.args["id"])


@audited(rows=_deleted)
def _delete(call: Call) -> bool:
    return actions.delete(call.tx, conversations.find(call))


def delete(call: Call, _: Conversation) -> None:
    steps.later(call, _delete)


def unread_counts(call: Call) -> Any:
    """A feature that no account has: clients ask once and go on without."""
    return Response(403, value=_NO_UNREAD_COUNTS)
