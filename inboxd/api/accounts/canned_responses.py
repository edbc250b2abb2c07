"""Canned responses of an account."""

from typing import Any

from inboxd.api.web import Call, empty
from inboxd.domain.errors import NotFound
from inboxd.services import canned_responses
from inboxd.store import canned_responses as store
from inboxd.store.models import CannedResponse
from inboxd.wire import canned_responses as wire


def find(call: Call) -> CannedResponse:
    response = store.by_id(call.tx, call.account_id, call.args["id"])
    if response is None:
        raise NotFound
    return response


def index(call: Call) -> Any:
    text = (call.values.get("search") or "").strip()
    found = store.search(call.tx, call.account_id, text) if text else store.of_account(call.tx, call.account_id)
    return [wire.canned_response(response) for response in found]


def create(call: Call) -> Any:
    return wire.canned_response(canned_responses.create(call.tx, call.account_id, call.values))


def update(call: Call, response: CannedResponse) -> Any:
    canned_responses.update(call.tx, response, call.values)
    return wire.canned_response(response)


def delete(call: Call, response: CannedResponse) -> Any:
    canned_responses.delete(call.tx, response)
    return empty()
