"""Conversations as agents and bridges work with them."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from inboxd.api.accounts import teams
from inboxd.api.accounts.posting import post
from inboxd.api.web import Call, empty
from inboxd.domain.conversations import toggled
from inboxd.domain.errors import NotFound, Refused, Unauthorized
from inboxd.services import contacts, conversations
from inboxd.store import accounts, details
from inboxd.store import contacts as contact_store
from inboxd.store import conversation_lists as lists
from inboxd.store import conversations as store
from inboxd.store import teams as team_store
from inboxd.store.conversation_lists import Scope
from inboxd.store.details import Place
from inboxd.store.models import ContactInbox, Conversation, Team
from inboxd.wire import agent_bots as bot_wire
from inboxd.wire import api as wire
from inboxd.wire import teams as team_wire
from inboxd.wire.times import iso_or_none


def find(call: Call) -> Conversation:
    conversation = store.by_display_id(call.tx, call.account_id, call.args["id"])
    inbox = accounts.inbox(call.tx, call.account_id, conversation.inbox_id) if conversation else None
    if conversation is None or inbox is None:
        raise NotFound
    if not conversation.team_id or conversation.team_id not in teams.of_caller(call):
        call.caller.check_inbox(call.tx, inbox)
    return conversation


def reachable(call: Call, display_ids: Iterable[int]) -> list[Conversation]:
    """Those of these that are there for the caller; the others are left out."""
    found = []
    for display_id in dict.fromkeys(display_ids):
        with suppress(NotFound, Unauthorized):
            found.append(find(replace(call, args=call.args | {"id": display_id})))
    return found


def listed(call: Call, found: list[Conversation]) -> list[Any]:
    """Conversations as every list shows them to the caller."""
    own_teams = teams.of_caller(call)
    return [
        wire.conversation(whole, chat, call.tx.links, call.tx.now, own_teams)
        for whole, chat in details.of_conversations(call.tx, found)
    ]


def shown(call: Call, conversation: Conversation) -> Any:
    return listed(call, [conversation])[0]


def _scope(call: Call) -> Scope:
    values = call.values
    team = _team(call)
    scope = Scope(
        call.account_id,
        call.caller.inbox_ids(call.tx),
        status=values.get("status") or "open",
        inbox_id=values.get("inbox_id"),
        team_id=team.id if team else None,
        labels=tuple(values.get("labels") or ()),
        source_id=values.get("source_id") or None,
        unattended=values.get("conversation_type") == "unattended",
        mentioned=call.caller.known_user.id if values.get("conversation_type") == "mention" else None,
        followed_by=call.caller.known_user.id if values.get("conversation_type") == "participating" else None,
    )
    return lists.holding(call.tx, scope, values["q"]) if values.get("q") else scope


def _team(call: Call) -> Team | None:
    """The team that `team_id` names, if it is given. Raises NotFound for one that is not there."""
    team_id = call.values.get("team_id") or None
    team = team_store.team(call.tx, call.account_id, team_id) if team_id else None
    if team_id and team is None:
        raise NotFound
    return team


def index(call: Call) -> Any:
    scope, user_id = _scope(call), call.caller.known_user.id
    within = call.values.get("updated_within")
    found = lists.page(
        call.tx,
        scope,
        assignee_type=call.values.get("assignee_type") or "",
        user_id=user_id,
        sort_by=call.values.get("sort_by") or "",
        page=max(1, call.values.get("page") or 1),
        updated_after=None if within is None else call.tx.now - within * 1000,
    )
    return {"data": {"meta": lists.counts(call.tx, scope, user_id), "payload": listed(call, found)}}


def meta(call: Call) -> Any:
    return {"meta": lists.counts(call.tx, _scope(call), call.caller.known_user.id)}


def create(call: Call) -> Any:
    values = call.values
    account = accounts.account(call.tx, call.account_id)
    place = _place(call)
    contact = contact_store.by_id(call.tx, call.account_id, place.contact_id)
    inbox = accounts.inbox(call.tx, call.account_id, place.inbox_id)
    if account is None or contact is None or inbox is None:
        raise NotFound
    assignee_id = values.get("assignee_id") or None
    if assignee_id is not None and accounts.membership(call.tx, call.account_id, assignee_id) is None:
        raise NotFound
    team = _team(call)
    where = Place(account, inbox, contact, place)
    only = store.latest_unresolved(call.tx, contact.id, inbox.id) if inbox.lock_to_single_conversation else None
    conversation = only or conversations.open_conversation(
        call.tx,
        where,
        status=values.get("status"),
        custom_attributes=values.get("custom_attributes"),
        additional_attributes=values.get("additional_attributes"),
        assignee_id=assignee_id,
        team=team,
        snoozed_until=values.get("snoozed_until"),
        actor=call.caller.actor,
    )
    if values.get("message"):
        if conversation.contact_inbox_id != place.id:  # the one this inbox allows, begun under another source_id
            where = details.place(call.tx, conversation)
        post(call, conversation, where, values["message"])
    return shown(call, conversation)


def _place(call: Call) -> ContactInbox:
    """The contact_inbox that the body names: by inbox and contact, or by source_id alone."""
    values = call.values
    source_id = values.get("source_id") or None
    if values.get("inbox_id") and values.get("contact_id"):
        inbox = accounts.inbox(call.tx, call.account_id, values["inbox_id"])
        contact = contact_store.by_id(call.tx, call.account_id, values["contact_id"])
        if inbox is None or contact is None:
            raise NotFound
        call.caller.check_inbox(call.tx, inbox)
        verified = bool(values.get("hmac_verified"))
        if source_id is None and inbox.lock_to_single_conversation:
            known = store.latest_unresolved(call.tx, contact.id, inbox.id)
            current = call.tx.get(ContactInbox, known.contact_inbox_id) if known else None
            if current is not None:
                return current
        return contacts.place(call.tx, contact, inbox, source_id, verified=verified)
    found = _by_source(call, source_id) if source_id else None
    if found is None:
        raise NotFound
    inbox = accounts.inbox(call.tx, call.account_id, found.inbox_id)
    if inbox is None:
        raise NotFound
    call.caller.check_inbox(call.tx, inbox)
    return found


def _by_source(call: Call, source_id: str) -> ContactInbox | None:
    """A source_id is unique in its inbox only, so the inbox is honoured when it is named."""
    inbox_id = call.values.get("inbox_id")
    if not inbox_id:
        return contact_store.contact_inbox_by_source(call.tx, call.account_id, source_id)
    inbox = accounts.inbox(call.tx, call.account_id, inbox_id)
    return contact_store.contact_inbox(call.tx, inbox.id, source_id) if inbox else None


def show(call: Call, conversation: Conversation) -> Any:
    return shown(call, conversation)


def update(call: Call, conversation: Conversation) -> Any:
    if "priority" in call.values:
        conversations.change(call.tx, conversation, call.caller.actor, priority=call.values["priority"])
    return shown(call, conversation)


def toggle_priority(call: Call, conversation: Conversation) -> Any:
    conversations.change(call.tx, conversation, call.caller.actor, priority=call.values.get("priority"))
    return empty()


def toggle_status(call: Call, conversation: Conversation) -> Any:
    status = call.values.get("status") or toggled(conversation.status)
    is_handoff = call.caller.bot is not None and (conversation.status, call.values.get("status")) == ("pending", "open")
    if is_handoff:
        conversations.hand_off(call.tx, conversation, call.caller.actor)
    else:
        conversations.set_status(call.tx, conversation, call.caller.actor, status, call.values.get("snoozed_until"))
    return {
        "payload": {
            "success": None if is_handoff else True,
            "conversation_id": conversation.display_id,
            "current_status": conversation.status,
            "snoozed_until": iso_or_none(conversation.snoozed_until),
        }
    }


def toggle_typing(call: Call, conversation: Conversation) -> Any:
    conversations.typing(
        call.tx,
        conversation,
        call.caller.sender,
        call.values.get("typing_status"),
        private=bool(call.values.get("is_private")),
    )
    return empty()


def assign(call: Call, conversation: Conversation) -> Any:
    """An unknown or null assignee or team unassigns, as Chatwoot does; the answer is the agent, the team
    or null. The assignee goes before the team."""
    if call.values.get("assignee_type") == "AgentBot":
        return _assign_bot(call, conversation)
    if "assignee_id" not in call.values:
        return _assign_team(call, conversation) if "team_id" in call.values else None
    assignee_id = call.values["assignee_id"] or 0
    membership = accounts.membership(call.tx, call.account_id, assignee_id)
    user = accounts.user(call.tx, assignee_id) if membership else None
    conversations.assign(call.tx, conversation, call.caller.actor, user)
    return wire.agent(user, membership, call.tx.now, call.tx.links) if user else None


def _assign_bot(call: Call, conversation: Conversation) -> bot_wire.Slim | None:
    """An unknown bot changes nothing."""
    bot = accounts.agent_bot(call.tx, call.account_id, call.values.get("assignee_id") or 0)
    if bot is None:
        return None
    conversations.assign(call.tx, conversation, call.caller.actor, bot)
    return bot_wire.slim(bot, accounts.bot_webhook(call.tx, bot.id), call.tx.links)


def _assign_team(call: Call, conversation: Conversation) -> Any:
    team = team_store.team(call.tx, call.account_id, call.values["team_id"] or 0)
    conversations.assign_team(call.tx, conversation, call.caller.actor, team)
    return team_wire.team_row(team) if team else None


def list_labels(call: Call, conversation: Conversation) -> Any:
    return {"payload": conversation.label_list}


def set_labels(call: Call, conversation: Conversation) -> Any:
    conversations.set_labels(call.tx, conversation, call.caller.actor, call.values.get("labels") or [])
    return {"payload": conversation.label_list}


def set_custom_attributes(call: Call, conversation: Conversation) -> Any:
    if "custom_attributes" not in call.values:
        raise Refused("param is missing or the value is empty: custom_attributes")
    conversations.set_custom_attributes(call.tx, conversation, call.caller.actor, call.values["custom_attributes"])
    return {"custom_attributes": conversation.custom_attributes}


def update_last_seen(call: Call, conversation: Conversation) -> Any:
    conversations.seen_by_agent(call.tx, conversation, call.caller.known_user.id)
    return shown(call, conversation)
