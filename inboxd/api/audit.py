"""Which handlers the audit log watches: one declaration above each."""

import uuid
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from inboxd.api.web import Call, Handler
from inboxd.services import audit_logs
from inboxd.store import audit_logs as store
from inboxd.store.models import Record


def audited(
    *models: type[Record], rows: Callable[..., Iterable[Record]] | None = None, comment: str | None = None
) -> Callable[[Handler], Handler]:
    """What the handler changes of these tables goes into the account's audit log, in its transaction.

    The rows are compared before and after, so that the log says what happened however it came about.
    Of tables that are not small, `rows(call, record)` looks up those it may be about. Of
    `detached` routes it is for the steps, each a call of its own: their handler changes nothing.
    """

    def look(call: Call, *record: Any) -> audit_logs.Seen:
        if rows is not None:
            return audit_logs.seen(rows(call, *record))
        return audit_logs.seen(row for model in models for row in store.rows(call.tx, call.account_id, model))

    def watched(handler: Handler) -> Handler:
        @wraps(handler)
        def run(call: Call, *record: Any) -> Any:
            before = look(call, *record)
            answer = handler(call, *record)
            author = audit_logs.Author(call.caller.user, call.request.address, str(uuid.uuid4()))
            audit_logs.compare(call.tx, call.account_id, before, look(call, *record), author, comment)
            return answer

        return run

    return watched
