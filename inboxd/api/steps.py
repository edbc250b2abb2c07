"""Work that is too much for one transaction."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from inboxd.api.web import Call, Response, empty
from inboxd.services import contacts, idempotency
from inboxd.store import contacts as store
from inboxd.store.db import Tx
from inboxd.store.models import Contact
from inboxd.wire import jsons


def take(call: Call, step: Callable[[Call], bool]) -> None:
    """Take a step again and again until it says that it was the last. Each is a unit of its own, so that
    live traffic passes between them."""
    while not call.write(lambda tx: step(replace(call, tx=tx))):
        pass


def later(
    call: Call,
    step: Callable[[Call], bool],
    answer: Callable[[], Response] = empty,
    first: Iterable[Callable[[Tx], Any]] = (),
) -> None:
    """The same for the handler of a `detached` route, after units that it knows beforehand."""

    def after() -> Response:
        for unit in first:
            call.write(unit)
        take(call, step)
        return answer()

    call.after = after


def once(call: Call, place: tuple[int, ...], unit: Callable[[Tx], Any]) -> None:
    """Take a step of a `detached` request, unless it was taken when the request came before under its
    Idempotency-Key: a server that was stopped in the middle goes on there. Places grow from step to step."""
    mark = call.mark
    if mark is None:
        call.write(unit)
    elif place > call.reached:

        def noted(tx: Tx) -> None:
            unit(tx)
            idempotency.keep_anew(tx, *mark, idempotency.UNANSWERED, json.dumps(place))

        call.write(noted)


def merging(call: Call, chain: list[Contact], unit: Callable[[Call, contacts.Histories], Any]) -> None:
    """For the handler of a `detached` route that makes contacts one, each with the next. It is one unit, for half
    of it would mix two people, but what they have sent is looked up before, which is half of the work. The unit
    keeps the answer too: who is gone cannot be asked for again."""
    found = {(survivor.id, gone.id): store.sent(call.tx, gone.id, survivor.id) for gone, survivor in pairwise(chain)}

    def merged(tx: Tx) -> str:
        text = jsons.dumps(unit(replace(call, tx=tx), found))
        if call.mark is not None:
            idempotency.keep_anew(tx, *call.mark, 200, text)
        return text

    call.after = lambda: Response(text=call.write(merged))
