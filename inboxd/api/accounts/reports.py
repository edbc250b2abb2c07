"""Reports over a time: metrics by period, summaries, and comparisons of agents, inboxes, teams and labels."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inboxd.api.params import Param
from inboxd.api.web import Call, Handler, empty
from inboxd.domain import periods
from inboxd.domain.errors import NotFound, Refused
from inboxd.store import accounts, labels, teams
from inboxd.store import reports as store
from inboxd.store.db import Tx
from inboxd.store.models import AccountUser
from inboxd.store.reports import METRICS, Subject, Window
from inboxd.wire import reports as wire

KINDS = ("agent", "inbox", "label", "team")
TYPES = ("account", *KINDS)
_WEEK_MS = 7 * periods.DAY_MS
_ALWAYS_MS = 2**53
SUMMED = (
    "conversations_count", "incoming_messages_count", "outgoing_messages_count", "avg_first_response_time",
    "avg_resolution_time", "reply_time",
)  # fmt: skip
_BOTS = ("bot_resolutions_count", "bot_handoffs_count")
_COMPARED = ("conversations_count", "avg_resolution_time", "avg_first_response_time", "reply_time")
_FINDERS: dict[str, Callable[[Tx, int, int], Any]] = {
    "agent": accounts.membership,
    "inbox": accounts.inbox,
    "label": labels.label,
    "team": teams.team,
}


@dataclass(frozen=True)
class Offset(Param):
    """Hours from UTC, such as 5.5 or -3; becomes milliseconds."""

    def read(self, raw: Any) -> int:
        if raw is None or raw in ("", {}):
            return 0
        try:
            hours = float(raw) if isinstance(raw, str | int | float) and not isinstance(raw, bool) else math.nan
        except (ValueError, OverflowError):
            hours = math.nan
        if not -14 <= hours <= 14:
            raise self.refuse("must be hours from -14 to 14")
        return round(hours * periods.HOUR_MS)


def window(call: Call, back_ms: int = _WEEK_MS) -> Window:
    """The time that is asked for: up to and with now, and `back_ms` long, where it is not said."""
    until = call.values.get("until")
    until = call.tx.now + 1 if until is None else until
    since = call.values.get("since")
    since = max(until - back_ms, 0) if since is None else since
    return Window(call.account_id, since, until, bool(call.values.get("business_hours")))


def _subject(call: Call) -> Subject | None:
    """Raises NotFound for one that the account does not have."""
    kind = call.values.get("type") or "account"
    if kind == "account":
        return None
    row = _FINDERS[kind](call.tx, call.account_id, call.values.get("id") or 0)
    if row is None:
        raise NotFound
    return Subject(kind, row.title if kind == "label" else call.values["id"])


def by_period(call: Call, metric: store.Metric, asked: Window, unit: str) -> list[tuple[int, int, int]]:
    """(start, count, milliseconds) of every period, also of empty ones."""
    subject = _subject(call)
    grid = periods.grid(unit, asked.since, asked.until, call.values.get("timezone_offset", 0))
    if not grid.starts:
        return []
    return grid.folded(store.parts(call.tx, metric, asked, subject, origin=grid.starts[0], step=grid.step))


def index(call: Call) -> Any:
    metric = METRICS.get(call.values.get("metric") or "")
    if metric is None:
        return {}
    rows = by_period(call, metric, window(call), call.values.get("group_by") or "day")
    return [wire.point(*row, timed=metric.timed) for row in rows]


def totals(tx: Tx, names: tuple[str, ...], asked: Window, subject: Subject | None = None) -> dict[str, wire.Sums]:
    return {name: store.total(tx, METRICS[name], asked, subject) for name in names}


def summary(call: Call) -> wire.Summary:
    asked, subject = window(call), _subject(call)
    return wire.summary(totals(call.tx, SUMMED, asked, subject), totals(call.tx, SUMMED, asked.previous, subject))


def bot_summary(call: Call) -> wire.BotSummary:
    asked, subject = window(call), _subject(call)
    return wire.bot_summary(totals(call.tx, _BOTS, asked, subject), totals(call.tx, _BOTS, asked.previous, subject))


def bot_metrics(call: Call) -> wire.BotMetrics:
    asked = window(call)
    inboxes = accounts.inboxes(call.tx, call.account_id)
    with_bot = [inbox.id for inbox in inboxes if accounts.inbox_bot_id(call.tx, inbox.id)]
    return wire.bot_metrics(*store.in_bot_inboxes(call.tx, asked, with_bot), totals(call.tx, _BOTS, asked))


def inbox_label_matrix(call: Call) -> wire.Matrix:
    """Of all inboxes and labels where none are named; of all time where none is."""

    def chosen(rows: list[Any], name: str) -> list[Any]:
        ids = call.values.get(name)
        return [row for row in rows if not ids or row.id in ids]

    return wire.matrix(
        chosen(accounts.inboxes(call.tx, call.account_id), "inbox_ids"),
        chosen(labels.labels(call.tx, call.account_id), "label_ids"),
        store.inboxes_and_labels(call.tx, window(call, _ALWAYS_MS)),
    )


def first_response_times(call: Call) -> dict[str, wire.Distribution]:
    return wire.distribution(store.first_responses(call.tx, window(call, _ALWAYS_MS), wire.HOURS))


def channels(call: Call) -> dict[str, wire.Statuses]:
    asked = window(call)
    if asked.until - asked.since > periods.SIX_MONTHS_MS:
        raise Refused("Date range cannot exceed 6 months")
    return wire.statuses(store.statuses(call.tx, asked))


def entities(call: Call, kind: str) -> list[tuple[int, int | str, str]]:
    """(id, what counts are kept under, name) of every one that the account has."""
    tx, account_id = call.tx, call.account_id
    if kind == "agent":
        users = (accounts.user(tx, one.user_id) for one in tx.filter(AccountUser, account_id=account_id))
        return [(user.id, user.id, user.name) for user in users if user is not None]
    if kind == "inbox":
        return [(inbox.id, inbox.id, inbox.name) for inbox in accounts.inboxes(tx, account_id)]
    if kind == "team":
        return [(team.id, team.id, team.name) for team in teams.teams(tx, account_id)]
    return [(label.id, label.title, label.title) for label in labels.labels(tx, account_id)]


def outgoing_messages_count(call: Call) -> Any:
    """Those that wrote nothing are left out."""
    kind = call.values.get("group_by")
    if kind not in KINDS:
        return empty(422)
    counts = store.by(call.tx, METRICS["outgoing_messages_count"], window(call), kind)
    return [wire.outgoing(row_id, name, counts[key][0]) for row_id, key, name in entities(call, kind) if key in counts]


def compared(call: Call, kind: str) -> list[tuple[int, str, dict[str, wire.Sums]]]:
    """(id, name, sums) of every agent, inbox, team or label."""
    asked = window(call)
    found = {name: store.by(call.tx, METRICS[name], asked, kind) for name in _COMPARED}
    return [
        (row_id, name, {metric: sums.get(key, (0, 0)) for metric, sums in found.items()})
        for row_id, key, name in entities(call, kind)
    ]


def comparison(kind: str) -> Handler:
    def compare(call: Call) -> list[wire.Performance]:
        return [wire.performance(row_id, sums) for row_id, _, sums in compared(call, kind)]

    return compare


def label_comparison(call: Call) -> list[wire.Performance]:
    return [wire.label_performance(row_id, name, sums) for row_id, name, sums in compared(call, "label")]
