"""Work that is too much for one transaction."""

from collections.abc import Callable
from dataclasses import replace

from inboxd.api.web import Call, Response, empty


def take(call: Call, step: Callable[[Call], bool]) -> None:
    """Take a step again and again until it says that it was the last. Each is a unit of its own, so that
    live traffic passes between them."""
    while not call.write(lambda tx: step(replace(call, tx=tx))):
        pass


def later(call: Call, step: Callable[[Call], bool], answer: Callable[[], Response] = empty) -> None:
    """The same for the handler of a `detached` route."""

    def after() -> Response:
        take(call, step)
        return answer()

    call.after = after
