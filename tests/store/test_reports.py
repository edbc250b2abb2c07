"""Reports against counting by hand, and how SQLite finds their rows."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inboxd.store import conversations, csat, live_reports, reporting_events, reports
from inboxd.store.db import Store, Tx
from inboxd.store.live_reports import Open
from inboxd.store.models import AgentBot, Conversation, Message, ReportingEvent, Tagging
from inboxd.store.reports import METRICS, Subject, Window
from tests.cast import EPOCH, Clock
from tests.store.plans import plans

DAY = 24 * 3_600_000
KINDS = ("agent", "inbox", "team", "label")
SUBJECTS = (None, Subject("agent", 1), Subject("inbox", 2), Subject("team", 1), Subject("label", "vip"))
WINDOW = Window(1, EPOCH + 10 * DAY, EPOCH + 20 * DAY)
TABLES: dict[str, Any] = {"conversations": Conversation, "messages": Message, "events": ReportingEvent}


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    made = Store(tmp_path / "data", clock=clock, announce=lambda _: None)
    yield made
    made.close()


def fill(store: Store, count: int) -> None:
    """Conversations of two accounts over thirty days, with messages, events, labels and teams."""
    chance = random.Random(3)

    def unit(tx: Tx) -> None:
        for number in range(1, count + 1):
            account_id, inbox_id = (2, 9) if number % 7 == 0 else (1, number % 3)
            conversation = tx.insert(
                Conversation, account_id=account_id, display_id=number, uuid=str(number), inbox_id=inbox_id,
                contact_id=1, contact_inbox_id=1, last_activity_at=EPOCH, created_at=EPOCH + chance.randrange(30 * DAY),
                status=chance.choice(("open", "resolved", "resolved", "pending")),
                assignee_id=chance.choice((None, 1, 2)), team_id=chance.choice((None, 1, 2)),
                waiting_since=chance.choice((None, 1)), first_reply_created_at=chance.choice((None, 1)),
            )  # fmt: skip
            where = {"account_id": account_id, "conversation_id": conversation.id}
            for label in chance.sample(("vip", "new", "old"), 2):
                tx.insert(Tagging, **where, label=label)
            for _ in range(8):
                at = EPOCH + chance.randrange(30 * DAY)
                tx.insert(
                    Message, **where, inbox_id=inbox_id, created_at=at, message_type=chance.randrange(3),
                    sender_type=chance.choice(("User", "Contact", "AgentBot", None)), sender_id=chance.choice((1, 2)),
                )  # fmt: skip
                value = chance.randrange(100_000_000)
                tx.insert(
                    ReportingEvent, **where, inbox_id=inbox_id, created_at=at, user_id=chance.choice((None, 1, 2)),
                    name=chance.choice(("first_response", "conversation_resolved", "reply_time")), value=value,
                    value_in_business_hours=value // 3, event_start_time=at,
                )  # fmt: skip
        tx.insert(AgentBot, account_id=1)

    store.write(unit)


def matching(tx: Tx, metric: reports.Metric, window: Window) -> list[tuple[Any, Conversation, set[str]]]:
    """The rows of a metric one by one, each with its conversation and that one's labels."""
    conversations = {row.id: row for row in tx.filter(Conversation)}
    labels: dict[int, set[str]] = {}
    for tagging in tx.filter(Tagging):
        labels.setdefault(tagging.conversation_id, set()).add(tagging.label)
    found = []
    for row in tx.filter(metric.table, account_id=window.account_id):
        talk = row if metric.table is Conversation else conversations[row.conversation_id]
        wanted = all(getattr(row, name) == value for name, value in metric.values)
        if wanted and window.since <= row.created_at < window.until:
            found.append((row, talk, labels[talk.id]))
    return found


def keys(row: Any, talk: Conversation, labels: set[str], kind: str) -> set[Any]:
    if kind == "agent" and isinstance(row, Message):
        return {row.sender_id} if row.sender_type == "User" else set()
    user_id = row.user_id if isinstance(row, ReportingEvent) else talk.assignee_id
    return {"agent": {user_id}, "inbox": {row.inbox_id}, "team": {talk.team_id}, "label": labels}[kind] - {None}


def summed(metric: reports.Metric, window: Window, rows: list[Any]) -> tuple[int, int]:
    column = "value_in_business_hours" if window.business_hours else "value"
    return len(rows), sum(getattr(row, column) for row in rows) if metric.timed else 0


@pytest.mark.parametrize("business_hours", [False, True])
@pytest.mark.parametrize("name", METRICS)
def test_totals_and_comparisons_agree_with_counting(store: Store, name: str, business_hours: bool) -> None:
    fill(store, 60)
    metric, window = METRICS[name], Window(1, WINDOW.since, WINDOW.until, business_hours)
    with store.read() as tx:
        found = matching(tx, metric, window)
        assert reports.total(tx, metric, window) == summed(metric, window, [row for row, *_ in found])
        for kind in KINDS:
            expected: dict[Any, list[Any]] = {}
            for row, talk, labels in found:
                for key in keys(row, talk, labels, kind):
                    expected.setdefault(key, []).append(row)
            sums = {key: summed(metric, window, rows) for key, rows in expected.items()}
            assert reports.by(tx, metric, window, kind) == sums
            for key, one in sums.items():
                assert reports.total(tx, metric, window, Subject(kind, key)) == one


def test_parts_add_up_to_the_total(store: Store) -> None:
    fill(store, 60)
    with store.read() as tx:
        for metric in METRICS.values():
            for subject in SUBJECTS:
                parts = reports.parts(tx, metric, WINDOW, subject, origin=WINDOW.since, step=DAY)
                assert {part for part, *_ in parts} <= set(range(10))
                together = sum(count for _, count, _ in parts), sum(ms for *_, ms in parts)
                assert together == reports.total(tx, metric, WINDOW, subject)


def test_live_numbers_agree_with_counting(store: Store) -> None:
    fill(store, 80)
    with store.read() as tx:
        rows = tx.filter(Conversation, account_id=1)
        for team_id in (None, 1):
            mine = [row for row in rows if team_id in (None, row.team_id)]
            for group in live_reports.GROUPS:
                expected: dict[Any, Open] = {}
                for row in mine:
                    if row.status == "open":
                        key, before = getattr(row, group), expected.get(getattr(row, group), Open())
                        waits = row.first_reply_created_at is None or row.waiting_since is not None
                        expected[key] = Open(
                            before.open + 1, before.unattended + waits, before.unassigned + (row.assignee_id is None)
                        )
                assert live_reports.grouped(tx, 1, group, team_id) == expected
            together, pending = live_reports.now(tx, 1, team_id)
            assert together.open == len([row for row in mine if row.status == "open"])
            assert pending == len([row for row in mine if row.status == "pending"])


def scans(found: list[str]) -> list[str]:
    """But of what a statement has just summed up itself."""
    return [plan for plan in found if plan.startswith("SCAN") and plan != "SCAN found"]


@pytest.mark.parametrize("analysed", [False, True])
def test_reports_find_messages_and_events_by_their_time(store: Store, analysed: bool) -> None:
    fill(store, 300)
    if analysed:
        store._writer.execute("ANALYZE")
    ranges = {
        Message: "messages_account_id_created_at (account_id=? AND created_at>? AND created_at<?)",
        Conversation: "conversation_account_id_created_at (account_id=? AND created_at>? AND created_at<?)",
        ReportingEvent: "reportingevent_account_id_name_created_at (account_id=? AND name=? AND created_at>?",
    }

    def check(what: Any, metric: reports.Metric, run: Any) -> None:
        found = plans(store, run)
        if metric.table in ranges:
            assert any(ranges[metric.table] in plan for plan in found), (what, found)
            assert scans(found) == [], (what, found)

    for name, metric in METRICS.items():
        for subject in SUBJECTS:
            check((name, subject), metric, lambda tx, m=metric, s=subject: reports.total(tx, m, WINDOW, s))
            check(
                (name, subject, "by day"),
                metric,
                lambda tx, m=metric, s=subject: reports.parts(tx, m, WINDOW, s, origin=WINDOW.since, step=DAY),
            )
        for kind in KINDS:
            check((name, kind), metric, lambda tx, m=metric, k=kind: reports.by(tx, m, WINDOW, k))
    check("bots", METRICS["outgoing_messages_count"], lambda tx: reports.in_bot_inboxes(tx, WINDOW, [1, 2]))
    check("first", METRICS["avg_first_response_time"], lambda tx: reports.first_responses(tx, WINDOW, (1, 4)))


@pytest.mark.parametrize("analysed", [False, True])
def test_live_reports_read_open_conversations_alone(store: Store, analysed: bool) -> None:
    fill(store, 300)
    if analysed:
        store._writer.execute("ANALYZE")
    one_kind = "(account_id=? AND assignee_id=? AND status=? AND inbox_id=?)"
    for group in live_reports.GROUPS:
        found = plans(store, lambda tx, g=group: live_reports.grouped(tx, 1, g, None))  # type: ignore[misc]
        assert any(one_kind in plan for plan in found), found
        assert scans(found) == []
    found = plans(store, lambda tx: live_reports.now(tx, 1, 1))
    assert scans(found) == []
    assert all("account_id=?" in plan for plan in found if plan.startswith("SEARCH")), found


def test_what_happened_to_one_conversation_is_found_by_it(store: Store) -> None:
    fill(store, 50)
    for run in (reporting_events.latest, reporting_events.has_human_outgoing):
        found = plans(store, lambda tx, run=run: run(tx, 5))  # type: ignore[misc]
        assert any("conversation_id=?" in plan for plan in found), found
        assert scans(found) == []


@pytest.mark.parametrize("analysed", [False, True])
def test_surveys_and_a_bots_conversations_have_indexes_of_their_own(store: Store, analysed: bool) -> None:
    fill(store, 300)
    store.write(lambda tx: tx.execute(Message.update(content_type="input_csat").where(Message.id % 50 == 0)))
    store.write(lambda tx: tx.execute(Conversation.update(assignee_agent_bot_id=1).where(Conversation.id % 50 == 0)))
    if analysed:
        store._writer.execute("ANALYZE")
    for scope in (csat.Scope(1), csat.Scope(1, WINDOW.since, WINDOW.until), csat.Scope(1, 0, EPOCH * 2, inbox_id=1)):
        found = plans(store, lambda tx, s=scope: csat.sent_count(tx, s))  # type: ignore[misc]
        assert any("messages_surveys (account_id=?" in plan for plan in found), found
        assert scans(found) == []
    for run in (csat.sent_count, csat.ratings):
        found = plans(store, lambda tx, r=run: r(tx, csat.Scope(1)))  # type: ignore[misc]
        assert not any("PRIMARY KEY" in plan for plan in found), "a conversation is asked for nothing"
    found = plans(store, lambda tx: csat.survey_of(tx, 1))
    assert any("messages_survey_of (conversation_id=?" in plan for plan in found), found
    found = plans(store, lambda tx: conversations.forget_bot(tx, 1))
    assert any("conversations_agent_bot" in plan for plan in found), found
