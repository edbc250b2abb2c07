"""One change for many conversations or contacts."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from inboxd.api import steps
from inboxd.api.accounts import contacts, conversations
from inboxd.api.auth import check_role
from inboxd.api.web import Call, Response, empty
from inboxd.domain.errors import NotFound
from inboxd.domain.text import split_labels
from inboxd.services import bulk_actions
from inboxd.services.bulk_actions import BATCH, Wanted


def create(call: Call) -> Any:
    values = call.values
    labels = values.get("labels") or {}
    wanted = Wanted(
        values.get("fields") or {},
        split_labels(labels.get("add") or []),
        split_labels(labels.get("remove") or []),
        values.get("snoozed_until"),
    )
    ids = list(dict.fromkeys(values.get("ids") or []))
    if values.get("type") == "Conversation":
        found = [one.id for one in conversations.reachable(call, ids)]
        change = partial(bulk_actions.change_conversations, actor=call.caller.actor, wanted=wanted)
        _later(call, found, change)
    elif values.get("type") == "Contact":
        if values.get("action_name") == "delete":
            check_role(call.caller, "administrator")
            _delete(call, ids)
        else:
            _later(call, ids, partial(bulk_actions.change_contacts, account_id=call.account_id, wanted=wanted))
    else:
        return Response(422, value={"success": False})
    return None


def _later(call: Call, ids: list[int], change: Callable[..., None]) -> None:
    """In batches, so that live traffic passes between them."""

    def after() -> Response:
        for start in range(0, len(ids), BATCH):
            call.write(partial(change, ids=ids[start : start + BATCH]))
        return empty()

    call.after = after


def _delete(call: Call, ids: list[int]) -> None:
    def after() -> Response:
        for contact_id in ids:
            with suppress(NotFound):
                steps.take(replace(call, args=call.args | {"id": contact_id}), contacts.delete_step)
        return empty()

    call.after = after
