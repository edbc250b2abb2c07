"""The caller's own saved views in an account."""

from typing import Any

from inboxd.api.web import Call, empty
from inboxd.domain.errors import NotFound
from inboxd.services import custom_filters
from inboxd.store import custom_filters as store
from inboxd.store.models import CustomFilter
from inboxd.wire import custom_filters as wire


def find(call: Call) -> CustomFilter:
    custom_filter = store.by_id(call.tx, call.account_id, call.caller.known_user.id, call.args["id"])
    if custom_filter is None:
        raise NotFound
    return custom_filter


def _values(call: Call) -> dict[str, Any]:
    """Null is no type: that leaves the one there is, or the default."""
    return {key: value for key, value in call.values.items() if value is not None or key != "filter_type"}


def index(call: Call) -> Any:
    filter_type = call.values.get("filter_type") or "conversation"
    found = store.of_user(call.tx, call.account_id, call.caller.known_user.id, filter_type)
    return [wire.custom_filter(one) for one in found]


def show(call: Call, custom_filter: CustomFilter) -> Any:
    return wire.custom_filter(custom_filter)


def create(call: Call) -> Any:
    return wire.custom_filter(custom_filters.create(call.tx, call.account_id, call.caller.known_user.id, _values(call)))


def update(call: Call, custom_filter: CustomFilter) -> Any:
    custom_filters.update(call.tx, custom_filter, _values(call))
    return wire.custom_filter(custom_filter)


def delete(call: Call, custom_filter: CustomFilter) -> Any:
    custom_filters.delete(call.tx, custom_filter)
    return empty(204)
