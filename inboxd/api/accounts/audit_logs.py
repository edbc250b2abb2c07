"""The audit log of an account."""

from inboxd.api.web import Call
from inboxd.store import audit_logs as store
from inboxd.wire import audit_logs as wire


def index(call: Call) -> wire.Page:
    page = max(1, call.values.get("page") or 1)
    return {
        "per_page": store.PAGE,
        "total_entries": store.count(call.tx, call.account_id),
        "current_page": page,
        "audit_logs": [
            wire.audit_log(log, store.subject(call.tx, log)) for log in store.page(call.tx, call.account_id, page)
        ],
    }
