"""Answers to satisfaction surveys, for administrators."""

from typing import Any

from inboxd.api.auth import check_role
from inboxd.api.web import Call, Response
from inboxd.domain.errors import Invalid, NotFound
from inboxd.services import csat
from inboxd.store import accounts
from inboxd.store import conversations as conversation_store
from inboxd.store import csat as store
from inboxd.store.models import CsatSurveyResponse
from inboxd.wire import csat as wire


def find(call: Call) -> CsatSurveyResponse:
    check_role(call.caller, "administrator")  # Chatwoot asks for the role before it looks
    response = store.by_id(call.tx, call.account_id, call.args["id"])
    if response is None:
        raise NotFound
    return response


def _scope(call: Call) -> store.Scope:
    values: dict[str, Any] = {key: call.values.get(key) for key in ("since", "until", "inbox_id", "team_id", "rating")}
    return store.Scope(call.account_id, user_ids=tuple(call.values.get("user_ids") or ()), **values)


def _listed(call: Call, found: list[CsatSurveyResponse]) -> list[wire.Response]:
    tx = call.tx
    contacts = store.contacts(tx, found)
    numbers = conversation_store.display_ids(tx, [row.conversation_id for row in found])
    shown = []
    for row in found:
        agent = accounts.user(tx, row.assigned_agent_id or 0)
        member = accounts.membership(tx, row.account_id, agent.id) if agent else None
        reviewer = accounts.user(tx, row.review_notes_updated_by_id or 0)
        shown.append(
            wire.response(
                row,
                numbers[row.conversation_id],
                contacts.get(row.contact_id),
                (agent, member) if agent else None,
                reviewer,
                tx.now,
                tx.links,
            )
        )
    return shown


def index(call: Call) -> list[wire.Response]:
    newest_first = call.values.get("sort") == "-created_at"
    page = max(1, call.values.get("page") or 1)
    return _listed(call, store.page(call.tx, _scope(call), newest_first=newest_first, page=page))


def metrics(call: Call) -> wire.Metrics:
    scope = _scope(call)
    return wire.metrics(store.ratings(call.tx, scope), store.sent_count(call.tx, scope))


def download(call: Call) -> Response:
    scope = _scope(call)
    if scope.since is None or scope.until is None:
        raise Invalid("Since and until can't be blank", "since", "until")
    lines = store.lines(call.tx, scope)
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": 'attachment; filename="csat_report.csv"',
    }
    text = wire.table(lines, call.account_id, scope.since, scope.until, call.tx.links)
    return Response(text=text, headers=headers)


def update(call: Call, response: CsatSurveyResponse) -> wire.Response:
    if "csat_review_notes" in call.values:
        csat.review(call.tx, response, call.caller.known_user, call.values["csat_review_notes"] or None)
    return _listed(call, [response])[0]
