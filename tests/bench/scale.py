"""The same reads and posts over ten thousand stored messages and over a million."""

import sqlite3
import time
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from tests.bench.footprint import answers
from tests.bench.load import Load
from tests.bench.processes import running
from tests.bench.report import Report, at_least, at_most, middle
from tests.bench.wire import Connection
from tests.bench.world import ACCOUNT, CONVERSATIONS, Inboxd, World

_SMALL = (2 * CONVERSATIONS, 10_000)
_READS = {
    "conversations": f"{ACCOUNT}/conversations",
    "resolved conversations": f"{ACCOUNT}/conversations?status=resolved",
    "a thread": f"{ACCOUNT}/conversations/{2 * CONVERSATIONS}/messages",
    "contacts": f"{ACCOUNT}/contacts",
    "a dashboard's numbers": f"{ACCOUNT}/counts",
}
_EACH = 15
# The newest conversations hold at least as many messages as a page of them shows, however many there are
# in all: what is read is as long on both sides.
_PAGE = 20
_SHORT, _LONG = "'message ' || i || ' of the past'", "lower(hex(randomblob(500)))"
_FIRST_MESSAGE = """
INSERT INTO messages (created_at, updated_at, account_id, inbox_id, conversation_id, message_type, content,
    content_type, content_attributes, additional_attributes, private, status)
SELECT created_at - 7776000000, created_at, account_id, inbox_id, id, 0, 'seed', 'text', '{}', '{}', 0, 'sent'
FROM conversations WHERE id = 1
"""


def scale(world: World, report: Report, rounds: int, big: tuple[int, int] = (20_000, 1_000_000)) -> None:
    """`big` is how many conversations and messages the big server holds."""
    with ExitStack() as servers:
        small, large = (servers.enter_context(_grown(world, size)) for size in (_SMALL, big))
        for name, path in _READS.items():
            for inboxd in (small, large):
                _read(inboxd, path)
            pairs = [(_read(small, path), _read(large, path)) for _ in range(rounds)]
            report.add(
                f"{name}: {big[1]:,} messages ÷ {_SMALL[1]:,}",
                [theirs / ours for ours, theirs in pairs],
                at_most(1.5),
                f"{middle([one[1] for one in pairs])} of {middle([one[0] for one in pairs])} ms",
            )
        loads: dict[str, list[Load]] = {"empty": [], "large": []}
        with world.inboxd() as empty:
            for _ in range(rounds):
                loads["empty"].append(world.load.run(empty.process, 32, 1))
                loads["large"].append(world.load.run(large.process, 32, 1))
        report.add(
            f"POST over {big[1]:,} stored ÷ over none",
            [mine.rate / theirs.rate for mine, theirs in zip(loads["large"], loads["empty"], strict=True)],
            at_least(0.85),
        )
        directory = large.directory
    began = time.monotonic()
    with running(world.log, "inboxd", str(directory)) as process:
        answers(process)
        took_s = time.monotonic() - began
    report.add(f"start over {big[1]:,} messages", [took_s], at_most(0.7), unit=" s")


def indexing(world: World, report: Report, rounds: int, size: tuple[int, int] = (20_000, 200_000)) -> None:
    """Posts while long messages are put into the index, beside a server that has none left to put there."""
    with ExitStack() as servers:
        behind, done = (
            servers.enter_context(world.inboxd(partial(grow, size=size, content=_LONG, indexed=indexed)))
            for indexed in (False, True)
        )
        for clients in (1, 32):
            pairs = [
                (world.load.run(done.process, clients, 2), world.load.run(behind.process, clients, 2))
                for _ in range(rounds)
            ]
            report.add(
                f"POST's p99 while {size[1]:,} messages are indexed ÷ before, {clients} clients",
                [theirs.p99_ms / ours.p99_ms for ours, theirs in pairs],
                at_most(2),
                f"{middle([one[1].p99_ms for one in pairs])} of {middle([one[0].p99_ms for one in pairs])} ms,"
                f" p50 {middle([one[1].p50_ms for one in pairs])} of {middle([one[0].p50_ms for one in pairs])}",
            )
            report.add(
                f"POSTs a second meanwhile ÷ before, {clients} clients",
                [theirs.rate / ours.rate for ours, theirs in pairs],
                at_least(0.7),
                f"{middle([one[1].rate for one in pairs])} of {middle([one[0].rate for one in pairs])}",
            )
        reached = behind.ask("SELECT CAST(value AS INTEGER) FROM settings WHERE name = 'messages_indexed'")[0][0]
        report.check(f"{reached:,} messages were indexed meanwhile", holds=reached > 0)


def _read(inboxd: Inboxd, path: str) -> float:
    """Milliseconds of one GET, the median of several."""
    connection: Connection = inboxd.process.connect()
    took = []
    for _ in range(_EACH):
        began = time.perf_counter()
        connection.call("GET", path, None, inboxd.token)
        took.append((time.perf_counter() - began) * 1000)
    connection.close()
    return median(took)


def _grown(world: World, size: tuple[int, int]) -> AbstractContextManager[Inboxd]:
    # Indexed, for `indexing` is measured by itself: a million messages would keep the large one busy meanwhile.
    return world.inboxd(partial(grow, size=size, indexed=True))


def grow(directory: Path, size: tuple[int, int], *, content: str = _SHORT, indexed: bool = False) -> None:
    """More of what is there, written behind the API's back: a million posts would take ten minutes.
    `indexed`: as if upkeep had seen to all of it."""
    conversations, messages = size
    database = sqlite3.connect(directory / "inboxd.sqlite3", isolation_level=None)
    database.execute("BEGIN")
    _repeat(database, "contacts", conversations, id="i", email="'c' || i || '@bench.test'")
    _repeat(database, "contact_inboxes", conversations, id="i", contact_id="i", source_id="'contact-' || i")
    _repeat(
        database,
        "conversations",
        conversations,
        id="i",
        display_id="i",
        uuid="'bench-' || i",
        contact_id="i",
        contact_inbox_id="i",
        status="CASE WHEN i % 20 THEN 'resolved' ELSE 'open' END",
        last_activity_at="last_activity_at + i",
    )
    database.execute("UPDATE counters SET value = ? WHERE name = 'conversation'", [conversations])
    database.execute(_FIRST_MESSAGE)
    _repeat(
        database,
        "messages",
        messages,
        first=2,
        id="i",
        conversation_id=f"{conversations} - i % {min(conversations, messages // _PAGE)}",
        content=content,
        created_at="created_at + i",
    )
    if indexed:
        database.execute("DELETE FROM settings WHERE name = 'messages_indexed'")
        database.execute(
            "INSERT INTO settings (created_at, name, value) VALUES (0, 'messages_indexed', ?)", [str(messages)]
        )
    database.execute("COMMIT")
    database.close()


def _repeat(database: sqlite3.Connection, table: str, count: int, *, first: int | None = None, **values: str) -> None:
    """Rows up to the id `count`, like the first one but for these columns, in SQL over the number `i`."""
    columns = [column[1] for column in database.execute(f"PRAGMA table_info({table})")]
    start = first or database.execute(f"SELECT max(id) + 1 FROM {table}").fetchone()[0]
    chosen = ", ".join(values.get(column, column) for column in columns if column in values or column != "id")
    database.execute(
        f"WITH RECURSIVE numbers (i) AS (SELECT {start} UNION ALL SELECT i + 1 FROM numbers WHERE i < {count})"
        f" INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM numbers,"
        f" (SELECT * FROM {table} ORDER BY id LIMIT 1)"
    )
