"""Searching the account by a text."""

from typing import Any

from inboxd.api.web import Call
from inboxd.domain.retry import DAY_MS
from inboxd.store import accounts, details
from inboxd.store import contacts as contact_store
from inboxd.store import conversation_lists as lists
from inboxd.store import conversations as store
from inboxd.store import search as find
from inboxd.store.conversation_lists import Scope
from inboxd.wire import search as wire
from inboxd.wire.shapes import Payload

PAGE = 15
RECENT_MS = 92 * DAY_MS
"""Messages are searched three months back."""


def _text(call: Call) -> str:
    return (call.values.get("q") or "").strip()


def _page(call: Call) -> int:
    page: int = max(1, call.values.get("page") or 1)
    return page


def of_conversations(call: Call) -> wire.Conversations:
    text, user_id = _text(call), call.caller.known_user.id
    if not text:
        return {"meta": {"mine_count": 0, "unassigned_count": 0, "all_count": 0}, "payload": []}
    scope = lists.holding(call.tx, Scope(call.account_id, call.caller.inbox_ids(call.tx)), text)
    found = lists.page(call.tx, scope, assignee_type="", user_id=user_id, sort_by="", page=_page(call))
    shown = details.messages_details(call.tx, find.messages(call.tx, scope.hits or (), [row.id for row in found]))
    return {
        "meta": wire.counts(lists.counts(call.tx, scope, user_id)),
        "payload": [
            wire.conversation_hit(
                whole.conversation,
                whole.place,
                [one for one in shown if one.message.conversation_id == whole.conversation.id],
            )
            for whole, _ in details.of_conversations(call.tx, found)
        ],
    }


def everything(call: Call) -> Payload[wire.Everything]:
    return {
        "payload": {
            "conversations": _conversations(call),
            "contacts": _contacts(call),
            "messages": _messages(call),
            "articles": [],
        }
    }


def conversations(call: Call) -> Payload[wire.FoundConversations]:
    return {"payload": {"conversations": _conversations(call)}}


def contacts(call: Call) -> Payload[wire.FoundContacts]:
    return {"payload": {"contacts": _contacts(call)}}


def messages(call: Call) -> Payload[wire.FoundMessages]:
    return {"payload": {"messages": _messages(call)}}


def articles(call: Call) -> Payload[wire.FoundArticles]:
    return {"payload": {"articles": []}}


def _conversations(call: Call) -> list[wire.FoundConversation]:
    text = _text(call)
    if not text:
        return []
    allowed = call.caller.inbox_ids(call.tx)
    found = store.named(call.tx, call.account_id, text, allowed, limit=PAGE, page=_page(call))
    return [
        wire.conversation(
            whole.conversation,
            whole.place,
            whole.assignee,
            whole.messages[0] if whole.messages else None,
            call.tx.links,
            call.tx.now,
        )
        for whole, _ in details.of_conversations(call.tx, found)
    ]


def _contacts(call: Call) -> list[wire.FoundContact]:
    text = _text(call)
    found = contact_store.reachable(call.tx, call.account_id, text, limit=PAGE, page=_page(call)) if text else []
    return [wire.contact(one) for one in found]


def _messages(call: Call) -> list[dict[str, Any]]:
    text = _text(call)
    if not text:
        return []
    end, since = _page(call) * PAGE, call.tx.now - RECENT_MS
    allowed = call.caller.inbox_ids(call.tx)
    hits = find.message_ids(call.tx, call.account_id, text, allowed, since=since, limit=end)[end - PAGE :]
    shown = details.messages_details(call.tx, find.messages(call.tx, hits)[::-1])
    numbers = store.display_ids(call.tx, [one.message.conversation_id for one in shown])
    return [
        wire.message(one, numbers[one.message.conversation_id], inbox, call.tx.links, call.tx.now)
        for one in shown
        if (inbox := accounts.inbox(call.tx, call.account_id, one.message.inbox_id)) is not None
    ]
