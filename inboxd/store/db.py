"""The store: one writer with group commit, read-only snapshots for everybody else.

`Store.write(unit)` runs a function inside the open transaction. Whoever finds the writer free
runs every waiting unit in one BEGIN IMMEDIATE, commits once with synchronous=FULL and wakes the
others: what the caller is told happened is on disk, and thirty callers pay for one fsync. Units
that need not be durable, and are alone among themselves, skip that one.

A unit is short, commits nothing and does no I/O but the database's. It may run twice: when one of
a batch fails after it wrote, the batch is rolled back and run again with a SAVEPOINT around each
unit, so that the failure undoes its own work alone. Savepoints for everybody would cost two
statements a message, and it is the number of statements, at each of which sqlite3 lets go of the
interpreter lock, that costs under load.
"""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import peewee

from inboxd.domain.errors import Failure, StorageFull
from inboxd.domain.links import Links
from inboxd.domain.pace import Brake
from inboxd.store.directory import own, write_owner
from inboxd.store.migrations import migrate
from inboxd.store.models import (
    AccessToken,
    Account,
    AccountUser,
    AgentBot,
    AgentBotInbox,
    Counter,
    Inbox,
    InboxMember,
    NotificationSetting,
    Record,
    User,
    Webhook,
)
from inboxd.store.rows import Compiler, Prepared, Row, arg, shape_of

_log = logging.getLogger("inboxd.store")
T = TypeVar("T")
Changes = dict[str, tuple[Any, Any]]
"""What an update really changed: column → (before, after)."""

# Small tables that every request asks: their rows are remembered between write transactions and
# forgotten together whenever one of them is written.
_REMEMBERED: frozenset[type[Record]] = frozenset({
    AccessToken, Account, AccountUser, AgentBot, AgentBotInbox, Inbox, InboxMember, NotificationSetting, User, Webhook,
})  # fmt: skip
_BATCH = 128
_LAST_READS_S = 5.0
_COMPILER = Compiler(peewee.SqliteDatabase(None))
"""Statements are the same for every store of a process: they know tables, no file."""
_SET_BACK_MS = 10_000
_COUNTED = (
    "INSERT INTO counters (created_at, account_id, name, value) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (account_id, name) DO UPDATE SET value = excluded.value"
)


class Tx:
    """One open transaction or snapshot.

    `now` is the same for every row of one unit. `links` makes the URLs that payloads carry.
    `signals` says what a commit would make interesting, such as new deliveries. `origin` and
    `token_id` or `rule_id` say who causes what happens here: inboxd itself until the edge knows better.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        compiler: Compiler,
        now: int,
        links: Links,
        memory: dict[Any, Any],
        numbers: dict[tuple[int, str], int],
        brake: Brake,
    ) -> None:
        self._connection = connection
        self._compiler = compiler
        self._memory = memory
        self._numbers = numbers
        self.counted: dict[tuple[int, str], int] = {}
        """The counters this unit moved, with their values before it."""
        self.now = now
        self.links = links
        self.signals: set[str] = set()
        self.brake = brake
        self.origin = "automation"
        self.token_id: int | None = None
        self.rule_id: int | None = None

    @contextmanager
    def by_itself(self) -> Iterator[None]:
        """What happens inside is inboxd's own doing, whoever gave the occasion."""
        cause = self.origin, self.token_id, self.rule_id
        self.origin, self.token_id, self.rule_id = "automation", None, None
        try:
            yield
        finally:
            self.origin, self.token_id, self.rule_id = cause

    def get(self, model: type[Row], row_id: int) -> Row | None:
        return self.find(model, id=row_id)

    def find(self, model: type[Row], **equal: Any) -> Row | None:
        """The first row (lowest id) whose columns equal these values."""
        query = self._compiler.once(("find", model, *equal), lambda: _equal(model, equal).limit(1))
        found = self._connection.execute(query.sql, query.bind(equal)).fetchone()
        return shape_of(model).read(found) if found else None

    def filter(self, model: type[Row], **equal: Any) -> list[Row]:
        """All rows whose columns equal these values, by id."""
        query = self._compiler.once(("filter", model, *equal), lambda: _equal(model, equal))
        shape = shape_of(model)
        return [shape.read(values) for values in self._connection.execute(query.sql, query.bind(equal))]

    def all(self, query: "peewee.ModelSelect[Row]") -> list[Row]:
        """The rows of a query that selects whole rows of one table."""
        shape = shape_of(query.model)
        sql, values = self._compiler.now(query)
        return [shape.read(found) for found in self._connection.execute(sql, values)]

    def joined(self, query: Prepared[Any], *models: type[Record], **values: Any) -> list[list[Any]]:
        """The rows of a query that selects whole rows of several tables, one of each in a list; None
        for what an outer join did not find."""
        shapes = [shape_of(model) for model in models]
        found = []
        for one in self.tuples(query, **values):
            rows, start = [], 0
            for shape in shapes:
                end = start + len(shape.names)
                rows.append(shape.read(one[start:end]) if one[start] is not None else None)
                start = end
            found.append(rows)
        return found

    def next_number(self, account_id: int, name: str) -> int:
        """The next `conversation` or `event` number of an account: no gaps, no repeats.

        Counted in memory and written once a commit: there is one writer, and what rolls back
        takes its numbers back with it.
        """
        key = (account_id, name)
        value = self._numbers.get(key)
        if value is None:
            row = self.find(Counter, account_id=account_id, name=name)
            value = row.value if row is not None else 0
        self.counted.setdefault(key, value)
        self._numbers[key] = value + 1
        return value + 1

    def run(self, prepared: Prepared[Row], **values: Any) -> list[Row]:
        shape = shape_of(prepared.model)
        return [shape.read(found) for found in self.tuples(prepared, **values)]

    def tuples(self, query: Any, **values: Any) -> list[tuple[Any, ...]]:
        """Raw tuples, for counts and for queries that select single columns."""
        return self._execute(query, values).fetchall()

    def insert(self, model: type[Row], **values: Any) -> Row:
        """Store a new row. Columns left out take their defaults; both times are `now` unless given."""
        shape = shape_of(model)
        data = shape.blank | {name: make() for name, make in shape.factories}
        data["created_at"] = self.now
        if shape.keeps_update:
            data["updated_at"] = self.now
        data.update(values)
        query = self._compiler.once(
            ("insert", model, *data), lambda: model.insert({shape.fields[name]: arg(name) for name in data})
        )
        cursor = self._connection.execute(query.sql, query.bind(shape.to_store(data)))
        self._forget(model)
        data["id"] = cursor.lastrowid
        return shape.row(data)

    def update(self, row: Record, **values: Any) -> Changes:
        """Write what differs, in the table and in `row`; `updated_at` moves when anything did."""
        model = type(row)
        data = row.__dict__
        changes: Changes = {name: (data[name], value) for name, value in values.items() if _differ(data[name], value)}
        if not changes:
            return changes
        shape = shape_of(model)
        if shape.keeps_update:
            changes.setdefault("updated_at", (data["updated_at"], self.now))
        query = self._compiler.once(
            ("update", model, *changes),
            lambda: model.update({shape.fields[name]: arg(name) for name in changes}).where(model.id == arg("id")),
        )
        stored = shape.to_store({name: change[1] for name, change in changes.items()})
        stored["id"] = data["id"]
        self._connection.execute(query.sql, query.bind(stored))
        self._forget(model)
        data.update({name: change[1] for name, change in changes.items()})
        return changes

    def delete(self, model: type[Record], **equal: Any) -> int:
        """Delete the rows whose columns equal these values; returns how many there were."""
        query = self._compiler.once(
            ("delete", model, *equal),
            lambda: model.delete().where(*(getattr(model, name) == arg(name) for name in equal)),
        )
        count = self._connection.execute(query.sql, query.bind(equal)).rowcount
        self._forget(model)
        return count

    def execute(self, query: Any, **values: Any) -> int:
        """Run a writing query; returns the number of rows it touched."""
        count = self._execute(query, values).rowcount
        self._forget(query.model)
        return count

    def _execute(self, query: Any, values: dict[str, Any]) -> sqlite3.Cursor:
        if isinstance(query, Prepared):
            statement = self._compiler.once(query, query.build)
            return self._connection.execute(statement.sql, statement.bind(values))
        return self._connection.execute(*self._compiler.now(query))

    def remember(self, key: Any, load: Callable[[], T]) -> T:
        """`load()`, kept between write transactions until a remembered table is written.

        Only for values read from those tables alone. A snapshot remembers for itself only.
        """
        if key in self._memory:
            kept: T = self._memory[key]
            return kept
        found = load()
        if found is not None:  # what strangers ask for in vain would fill the memory
            self._memory[key] = found
        return found

    def _forget(self, model: type[Record]) -> None:
        if model in _REMEMBERED:
            self._memory.clear()


def _equal(model: type[Row], equal: dict[str, Any]) -> "peewee.ModelSelect[Row]":
    query = model.select().order_by(model.id)
    return query.where(*(getattr(model, name) == arg(name) for name in equal)) if equal else query


def _differ(before: Any, after: Any) -> bool:
    if before != after:
        return True
    # Python takes 1, 1.0 and True for equal, also inside objects and lists; JSON and who reads it do not.
    return (
        isinstance(after, dict | list)
        and before is not after
        and json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True)
    )


class _Job:
    """A unit that waits for its commit. `turn` opens when it is done, or when its thread must lead."""

    __slots__ = ("done", "durable", "error", "result", "turn", "unit")

    def __init__(self, unit: Callable[[Tx], Any], durable: bool) -> None:
        self.unit = unit
        self.durable = durable
        self.turn = threading.Lock()
        self.turn.acquire()
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None


class _Spoiled(Exception):
    """A unit failed after it wrote: what the batch did so far cannot be kept."""


class StoreClosed(Exception):
    """The store was asked after `close`."""


class BadDatabase(Failure):
    """The file is there, and SQLite cannot read it."""


class Store:
    """`clock` gives milliseconds since 1970 and is asked once a transaction.

    `announce` is called after a commit with the signals of its units, outside every lock.
    Raises StoreInUse when another process holds the data directory.
    """

    def __init__(self, directory: Path, *, clock: Callable[[], int], announce: Callable[[set[str]], None]) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.directory = directory
        self.links = Links("", b"")
        self.clock = clock
        self._announce = announce
        self._path = directory / "inboxd.sqlite3"
        self._compiler = _COMPILER
        self._memory: dict[Any, Any] = {}
        self._numbers: dict[tuple[int, str], int] = {}
        self._brake = Brake()
        self._mutex = threading.Lock()
        self._quiet = threading.Condition(self._mutex)
        self._reading = 0
        self._waiting: list[_Job] = []
        self._leading = False
        self._closed = False
        self._last_now = 0
        self._synced = True
        self._telling_time = threading.Lock()
        self._readers: list[sqlite3.Connection] = []
        self._reader = threading.local()
        self._lock_file = own(directory)
        try:
            # Before SQLite opens it: the WAL takes over the mode that the database has then.
            self._path.touch(mode=0o600)
            self._path.chmod(0o600)
            self._writer = self._connect()
            try:
                self._writer.execute("PRAGMA journal_mode=WAL")
                self._writer.execute("PRAGMA synchronous=FULL")
                migrate(self._writer)
            except BaseException as error:
                self._writer.close()
                if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                    raise BadDatabase(f"{self._path}: {error}") from error
                raise
        except BaseException:
            self._lock_file.close()
            raise

    def publish(self, about: dict[str, Any]) -> None:
        """Write into the lock file what other processes may know of this one, such as its URL."""
        write_owner(self._lock_file, about)

    def write(self, unit: Callable[[Tx], T], *, durable: bool = True) -> T:
        """Run `unit` in a transaction and return its result once it is committed and on disk.

        Not `durable`: committed, not synced. A killed process loses nothing of it, a power cut may:
        right for what would then only be done again. Raises what the unit raised, with nothing
        stored; StorageFull when the disk is full.
        """
        result: T = self._submit(_Job(unit, durable), last=False)
        return result

    def _submit(self, job: "_Job", *, last: bool) -> Any:
        with self._mutex:
            if self._closed:
                raise StoreClosed
            self._closed = last
            self._waiting.append(job)
            leads = not self._leading
            self._leading = True
        if not leads:
            job.turn.acquire()
        if not job.done:
            self._lead(job)
        if job.error is not None:
            raise job.error
        return job.result

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A snapshot on a read-only connection of this thread."""
        with self._mutex:
            if self._closed:
                raise StoreClosed
            self._reading += 1
        try:
            yield from self._snapshot()
        finally:
            with self._mutex:
                self._reading -= 1
                self._quiet.notify_all()

    def _snapshot(self) -> Iterator[Tx]:
        connection = getattr(self._reader, "connection", None)
        if connection is None:
            connection = self._reader.connection = self._connect()
            connection.execute("PRAGMA query_only=1")
            connection.execute("PRAGMA wal_autocheckpoint=0")
            with self._mutex:
                self._readers.append(connection)
        connection.execute("BEGIN")
        try:
            yield Tx(connection, self._compiler, self._now(), self.links, {}, {}, self._brake)
        finally:
            connection.execute("COMMIT")

    def close(self) -> None:
        """Refuse new units, wait for those and the reads under way, and let go of the data directory."""
        if self._closed:
            return
        self._submit(_Job(lambda tx: None, durable=True), last=True)
        with self._mutex:
            self._quiet.wait_for(lambda: not self._reading, _LAST_READS_S)
        for connection in [*self._readers, self._writer]:
            connection.close()
        self._lock_file.close()

    def _now(self) -> int:
        # Never backwards by a little: order by time must agree with order by commit. A clock that was set
        # back is another matter: who waits for it to catch up stands still for hours.
        with self._telling_time:
            now = self.clock()
            if self._last_now - _SET_BACK_MS < now < self._last_now:
                now = self._last_now
            self._last_now = now
        return now

    def _lead(self, own: _Job) -> None:
        with self._mutex:
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
        signals: set[str] = set()
        try:
            signals = self._commit(batch)
        finally:
            with self._mutex:
                heir = self._waiting[0] if self._waiting else None
                self._leading = heir is not None
            if heir is not None:
                heir.turn.release()
            for job in batch:
                job.done = True
                if job is not own:
                    job.turn.release()
        if signals:
            try:
                self._announce(signals)
            except Exception:
                # What is committed must never look as if it were not.
                _log.exception("somebody could not be told of a commit")

    def _commit(self, batch: list[_Job]) -> set[str]:
        connection = self._writer
        try:
            self._sync(any(job.durable for job in batch))
            try:
                signals = self._run(batch, savepoints=False)
            except _Spoiled:
                self._forget_all()
                connection.execute("ROLLBACK")
                signals = self._run(batch, savepoints=True)
            connection.execute("COMMIT")
        except BaseException as error:
            self._forget_all()
            # First of all, in case the rollback fails too: nobody may take silence for success.
            for job in batch:
                job.error = _in_words(error)
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return set()
        return signals

    def _run(self, batch: list[_Job], *, savepoints: bool) -> set[str]:
        """Every unit of the batch in one transaction, left open. Raises _Spoiled when one failed
        after it wrote and there is no savepoint to go back to."""
        connection = self._writer
        connection.execute("BEGIN IMMEDIATE")
        now = self._now()
        signals: set[str] = set()
        moved: set[tuple[int, str]] = set()
        for job in batch:
            if savepoints:
                connection.execute("SAVEPOINT unit")
            before = connection.total_changes
            tx = Tx(connection, self._compiler, now, self.links, self._memory, self._numbers, self._brake)
            job.error = None
            try:
                job.result = job.unit(tx)
            except BaseException as error:
                if not connection.in_transaction:  # SQLite gave the whole transaction up
                    raise
                job.error = _in_words(error)
                if connection.total_changes != before:
                    if not savepoints:
                        raise _Spoiled from error
                    self._memory.clear()
                    connection.execute("ROLLBACK TO unit")
                self._numbers.update(tx.counted)
            else:
                signals |= tx.signals
                moved.update(tx.counted)
            if savepoints:
                connection.execute("RELEASE unit")
        for account_id, name in moved:
            connection.execute(_COUNTED, (now, account_id, name, self._numbers[account_id, name]))
        return signals

    def _sync(self, wanted: bool) -> None:
        """Whether the next commit waits for the disk; SQLite takes the order only between transactions."""
        if wanted != self._synced:
            self._writer.execute(f"PRAGMA synchronous={'FULL' if wanted else 'NORMAL'}")
            self._synced = wanted

    def _forget_all(self) -> None:
        self._memory.clear()
        self._numbers.clear()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, cached_statements=512, timeout=10
        )
        connection.execute("PRAGMA foreign_keys=0")
        connection.execute("PRAGMA temp_store=MEMORY")
        return connection


def _in_words(error: BaseException) -> BaseException:
    """A full disk as StorageFull: SQLite hides it behind whatever failed after it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, sqlite3.OperationalError) and "full" in str(cause):
            return StorageFull()
        cause = cause.__context__
    return error
