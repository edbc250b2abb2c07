"""Is it alive, is it ready, how is it."""

from typing import Any

from inboxd.api.web import Call
from inboxd.store import outbox
from inboxd.version import __version__


def livez(call: Call) -> Any:
    return {"status": "ok"}


def readyz(call: Call) -> Any:
    outbox.lines(call.tx)
    return {"status": "ok"}


def health(call: Call) -> Any:
    return {"status": "ok", "version": __version__, **outbox.health(call.tx)}
