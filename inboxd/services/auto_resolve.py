"""Resolving what nobody has touched for as long as its account says."""

from contextlib import suppress

from inboxd.domain import activity
from inboxd.domain import conversations as rules
from inboxd.domain.errors import Invalid
from inboxd.domain.events import SYSTEM
from inboxd.domain.messages import Draft, MessageType
from inboxd.services import conversations, effects, messages, rendering
from inboxd.store import accounts, details, history
from inboxd.store import conversations as store
from inboxd.store import messages as message_store
from inboxd.store.db import Tx
from inboxd.store.models import Account, Conversation


def is_used(tx: Tx) -> bool:
    return any(rules.idle_before(account.settings, tx.now) is not None for account in accounts.all_accounts(tx))


def due(tx: Tx, limit: int) -> list[int]:
    """Conversations whose time has come, at most `limit` of each account."""
    found: list[int] = []
    for account in accounts.all_accounts(tx):
        before = rules.idle_before(account.settings, tx.now)
        if before is not None:
            also_waiting = not account.settings.get("auto_resolve_ignore_waiting")
            found += store.idle(tx, account.id, before, limit, also_waiting=also_waiting)
    return found


def resolve(tx: Tx, conversation_id: int) -> None:
    """Nothing if somebody was active meanwhile, or the account wants something else by now."""
    conversation = tx.get(Conversation, conversation_id)
    account = accounts.account(tx, conversation.account_id) if conversation is not None else None
    if conversation is None or account is None or not _is_due(tx, account, conversation):
        return
    text, label = (account.settings.get(f"auto_resolve_{name}") or "" for name in ("message", "label"))
    is_past = _is_past(tx, conversation)
    if text.strip() and not is_past:
        _tell(tx, conversation, text)
    with suppress(Invalid):  # it may carry as many labels as one can
        conversations.set_labels(tx, conversation, SYSTEM, [*conversation.label_list, label])
    conversations.change(tx, conversation, SYSTEM, asks=not is_past, **rules.with_status("resolved"))


def _is_past(tx: Tx, conversation: Conversation) -> bool:
    """Whether it was imported and nothing happened here since: its contact is not written to for that."""
    imported_at = history.imported_at(tx, "conversation", conversation.id)
    return imported_at is not None and conversation.last_activity_at < imported_at


def _is_due(tx: Tx, account: Account, conversation: Conversation) -> bool:
    before = rules.idle_before(account.settings, tx.now)
    if before is None or conversation.status != "open" or conversation.last_activity_at >= before:
        return False
    return conversation.waiting_since is None or not account.settings.get("auto_resolve_ignore_waiting")


def _tell(tx: Tx, conversation: Conversation, text: str) -> None:
    """Not again while the contact was told nothing else since: a rule may open whatever is resolved."""
    place = details.place(tx, conversation)
    draft = Draft(text, MessageType.TEMPLATE)
    last = message_store.last_chat(tx, conversation.id)
    if last is not None and last.content == rendering.content(conversation, place, draft, None):
        return
    if details.of_conversation(tx, conversation, place, []).can_reply:
        messages.tell(tx, conversation, place, draft)
    else:
        effects.add_activity(tx, conversation, activity.AUTO_RESOLVE_NOT_SENT)
