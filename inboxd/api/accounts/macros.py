"""Macros: kept actions, and running them."""

import logging
from typing import Any

from inboxd.api import steps
from inboxd.api.accounts import conversations
from inboxd.api.audit import audited
from inboxd.api.params import label
from inboxd.api.web import Call, Response, empty
from inboxd.domain.errors import Failure, Invalid, NotFound, StorageFull, Unauthorized
from inboxd.services import actions, macros
from inboxd.services.action_params import Means
from inboxd.services.actions import Run
from inboxd.store import accounts, blobs
from inboxd.store import macros as store
from inboxd.store.db import StoreClosed, Tx
from inboxd.store.models import Conversation, Macro
from inboxd.wire import api as people_wire
from inboxd.wire import macros as wire

_log = logging.getLogger("inboxd.actions")


def find(call: Call) -> Macro:
    macro = store.by_id(call.tx, call.account_id, call.args["id"])
    if macro is None:
        raise NotFound
    return macro


def find_to_run(call: Call) -> Macro:
    macro = find(call)
    if not macros.may_run(macro, call.caller.known_user.id):
        raise Unauthorized
    return macro


def find_to_change(call: Call) -> Macro:
    macro = find(call)
    if not macros.may_change(macro, call.caller.known_user.id, is_administrator=call.caller.is_administrator):
        raise Unauthorized
    return macro


def _listed(call: Call, found: list[Macro]) -> list[wire.MacroShape]:
    people: dict[int, Any] = {}
    for user_id in {user_id for macro in found for user_id in (macro.created_by_id, macro.updated_by_id)}:
        user = accounts.user(call.tx, user_id) if user_id else None
        if user is not None:
            membership = accounts.membership(call.tx, call.account_id, user.id)
            people[user.id] = people_wire.agent(user, membership, call.tx.now, call.tx.links)
    return [wire.macro(macro, people, blobs.of(call.tx, "Macro", macro.id), call.tx.links) for macro in found]


def _shown(call: Call, macro: Macro) -> Any:
    return {"payload": _listed(call, [macro])[0]}


def index(call: Call) -> Any:
    return {"payload": _listed(call, store.of_user(call.tx, call.account_id, call.caller.known_user.id))}


def show(call: Call) -> Any:
    """What is not there is told without a word, as on Chatwoot's wire."""
    try:
        return _shown(call, find_to_run(call))
    except NotFound:
        return empty(404)


def _values(call: Call) -> dict[str, Any]:
    """An agent's macros are personal, an administrator's what they were sent as."""
    wanted = call.values.get("visibility") if call.caller.is_administrator else "personal"
    return call.values | {"visibility": wanted}


def means(call: Call) -> Means:
    return Means(call.parts.guard, call.parts.mail)


@audited(Macro)
def create(call: Call) -> Any:
    user_id = call.caller.known_user.id
    try:
        return _shown(call, macros.create(call.tx, call.account_id, user_id, _values(call), means(call)))
    except Invalid as invalid:
        return refused(invalid)


@audited(Macro)
def update(call: Call, macro: Macro) -> Any:
    try:
        macros.update(call.tx, macro, call.caller.known_user.id, _values(call), means(call))
    except Invalid as invalid:
        return refused(invalid)
    return _shown(call, macro)


def refused(invalid: Invalid) -> Response:
    """Here a failure is told by field. Nothing was written before it was found."""
    [name] = invalid.fields
    return Response(422, value={"error": {name: [invalid.message.removeprefix(f"{label(name)} ")]}})


@audited(Macro)
def delete(call: Call, macro: Macro) -> Any:
    store.drop(call.tx, macro)
    return empty()


def execute(call: Call, macro: Macro) -> None:
    """Each action on each conversation is a unit of its own: one that fails is left out alone."""
    wanted = dict.fromkeys(call.values.get("conversation_ids") or [])
    turns = {display_id: turn for turn, display_id in enumerate(wanted)}
    found = [(turns[one.display_id], one.id) for one in conversations.reachable(call, turns)]
    run = Run(call.caller.actor, call.caller.known_user, "macro.executed", call.parts.limits, mail=call.parts.mail)
    macro_id, kept = macro.id, list(enumerate(macro.actions))

    def after() -> Response:
        for turn, conversation_id in found:
            for number, action in kept:
                _do(call, macro_id, (turn, number), conversation_id, run, action)
        return empty()

    call.after = after


def _do(
    call: Call, macro_id: int, place: tuple[int, int], conversation_id: int, run: Run, action: dict[str, Any]
) -> None:
    def unit(tx: Tx) -> None:
        conversation = tx.get(Conversation, conversation_id)
        if conversation is not None:
            actions.perform(tx, conversation, run, action)

    try:
        steps.once(call, place, unit)
    except (StorageFull, StoreClosed):
        raise
    except Exception as error:
        reason = error.message if isinstance(error, Failure) else type(error).__name__
        name = action["action_name"]
        _log.warning("macro %d: %s left out on conversation %d: %s", macro_id, name, conversation_id, reason)
