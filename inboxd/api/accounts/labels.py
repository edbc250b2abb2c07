"""Labels people choose from."""

from typing import Any

from inboxd.api import steps
from inboxd.api.web import Call, Response
from inboxd.domain.errors import NotFound
from inboxd.services import labels
from inboxd.store import labels as store
from inboxd.store.models import Label
from inboxd.wire import labels as wire


def find(call: Call) -> Label:
    label = store.label(call.tx, call.account_id, call.args["id"])
    if label is None:
        raise NotFound
    return label


def index(call: Call) -> Any:
    return {"payload": [wire.label(label) for label in store.labels(call.tx, call.account_id)]}


def show(_: Call, label: Label) -> Any:
    return wire.label(label)


def create(call: Call) -> Any:
    return wire.label(labels.create(call.tx, call.account_id, call.values))


def update(call: Call, label: Label) -> None:
    """A new title goes to what carries the old one, in batches, so that live traffic passes between them."""
    account_id, label_id, values = call.account_id, label.id, call.values

    def after() -> Response:
        changed: Label | None = None
        while changed is None:
            changed = call.write(lambda tx: labels.update(tx, account_id, label_id, values))
        return Response(value=wire.label(changed))

    call.after = after


def delete(call: Call, label: Label) -> None:
    """What carries it loses it."""
    steps.later(call, lambda inside: labels.delete(inside.tx, call.account_id, label.id))
