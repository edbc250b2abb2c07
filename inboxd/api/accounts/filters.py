"""Lists of what meets conditions."""

from typing import Any

from inboxd.api.accounts import contacts as contact_lists
from inboxd.api.accounts import conversations as conversation_lists
from inboxd.api.params import Objects
from inboxd.api.web import Call
from inboxd.domain.conditions import Alternatives, Catalogue, parse
from inboxd.domain.errors import Invalid
from inboxd.store import conversation_lists as lists
from inboxd.store import filters
from inboxd.store.conversation_lists import Scope
from inboxd.wire import search as wire

CONDITIONS = Objects("payload")


def _asked(call: Call, catalogue: Catalogue) -> Alternatives:
    if call.request.values.get("payload") is None:
        raise Invalid("Payload can't be blank", "payload")
    return parse(call.values["payload"], catalogue)


def contacts(call: Call) -> Any:
    asked = _asked(call, filters.contact_catalogue(call.tx, call.account_id))
    return contact_lists.index(call, filters.of_contacts(asked, call.tx.now))


def conversations(call: Call) -> Any:
    asked = _asked(call, filters.conversation_catalogue(call.tx, call.account_id))
    clause = filters.of_conversations(asked, call.tx.now)
    user_id = call.caller.known_user.id
    within, kinds = filters.lookups(asked, call.account_id)
    inbox_ids = call.caller.inbox_ids(call.tx)
    scope = Scope(call.account_id, inbox_ids, status="all", also=clause, within=within, kinds=kinds)
    page = max(1, call.values.get("page") or 1)
    found = lists.page(call.tx, scope, assignee_type="", user_id=user_id, sort_by="", page=page)
    return {
        "meta": wire.counts(lists.counts(call.tx, scope, user_id)),
        "payload": conversation_lists.listed(call, found),
    }
