import re
import sqlite3
from collections.abc import Iterator
from uuid import UUID

import peewee
import pytest

from inboxd.store import migrations
from inboxd.store.migrations import MIGRATIONS, SchemaTooNew, migrate
from inboxd.store.models import TABLES

NO_INDEX_OF_TEXT = "name NOT LIKE 'message_search%' AND name NOT LIKE 'contact_search%'"
"""The full-text indexes are tables, and no models."""


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:", isolation_level=None)
    yield made
    made.close()


def schema(connection: sqlite3.Connection) -> dict[str, str]:
    """Every table and index by name, in words that do not depend on who wrote them down."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND name NOT LIKE 'sqlite_%'"
        f" AND {NO_INDEX_OF_TEXT}"
    )
    return {name: _plain(sql) for name, sql in found}


def _plain(sql: str) -> str:
    words = re.sub(r'["`]', "", sql).upper().replace("IF NOT EXISTS ", "").replace("AUTOINCREMENT ", "")
    # Peewee writes NOT NULL before PRIMARY KEY and BIGINT where SQLite has one integer.
    words = words.replace("BIGINT", "INTEGER").replace("INTEGER NOT NULL PRIMARY KEY", "INTEGER PRIMARY KEY NOT NULL")
    words = re.sub(r"\s+", " ", words)
    # A column that a later step added stands last and has a default; neither makes a difference.
    words = re.sub(r" DEFAULT ('[^']*'|\d+)", "", re.sub(r" ?([(),]) ?", r"\1", words))
    if words.startswith("CREATE TABLE"):
        return "".join([*words.split("(", 1)[:1], "(", ",".join(sorted(words.split("(", 1)[1][:-1].split(","))), ")"])
    return re.sub(r"WHERE\((.*)\)$", r"WHERE \1", words.replace(")WHERE", ") WHERE").replace("WHERE (", "WHERE("))


def test_a_migrated_database_has_the_schema_of_the_models(connection: sqlite3.Connection) -> None:
    migrate(connection)
    database = peewee.SqliteDatabase(":memory:")
    with database.bind_ctx(TABLES):
        for table in TABLES:
            manager = peewee.SchemaManager(table, database)
            manager.create_all(safe=False)
        ours, theirs = schema(connection), schema(database.connection())  # type: ignore[no-untyped-call]
    database.close()

    assert ours.keys() == theirs.keys()
    for name, sql in ours.items():
        assert sql == theirs[name], name


def test_an_id_that_clients_see_is_never_given_out_twice(connection: sqlite3.Connection) -> None:
    migrate(connection)

    tables = connection.execute(
        f"SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND {NO_INDEX_OF_TEXT}"
    )
    inner = {"settings", "counters", "inbox_members", "taggings", "orphans", "events", "attempts", "idempotency_keys"}
    inner |= {
        "troubles", "agent_bot_inboxes", "team_members", "contact_taggings", "participants", "draft_messages",
        "imported_records", "notification_settings", "mentions", "reporting_events", "inbox_assignment_policies",
        "conversation_counts", "automation_runs", "assignment_queues", "assignments", "departures",
    }  # fmt: skip
    assert {name for name, sql in tables if "AUTOINCREMENT" not in sql} == inner


def test_the_version_is_the_number_of_steps_and_a_second_run_takes_none(connection: sqlite3.Connection) -> None:
    migrate(connection)
    before = schema(connection)
    migrate(connection)

    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert schema(connection) == before


def test_a_failing_step_leaves_neither_schema_nor_version(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE half (id INTEGER)")
        connection.execute("INSERT INTO settings (created_at, name, value) VALUES (0, 'half', '')")
        connection.execute("this is no SQL")

    migrate(connection)
    before = schema(connection)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, fails))

    with pytest.raises(sqlite3.OperationalError):
        migrate(connection)

    assert not connection.in_transaction
    assert schema(connection) == before
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert connection.execute("SELECT count(*) FROM settings").fetchone() == (0,)


def test_steps_before_the_failing_one_stay(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(connection: sqlite3.Connection) -> None:
        raise RuntimeError

    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, fails))

    with pytest.raises(RuntimeError):
        migrate(connection)

    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert "messages" in schema(connection)


def test_a_newer_database_is_refused_and_left_alone(connection: sqlite3.Connection) -> None:
    migrate(connection)
    connection.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    before = schema(connection)

    with pytest.raises(SchemaTooNew, match=f"schema {len(MIGRATIONS) + 1}, this inboxd knows {len(MIGRATIONS)}"):
        migrate(connection)

    assert schema(connection) == before


def test_a_database_of_before_conversations_were_found_by_their_uuid(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "MIGRATIONS", MIGRATIONS[:6])
    migrate(connection)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(conversations)")]
    for number, uuid in enumerate(("a", "a", "b", "a"), 1):
        values = dict.fromkeys(columns, 0) | {"id": number, "display_id": number, "status": "open", "uuid": uuid}
        marks = ", ".join("?" * len(values))
        connection.execute(f"INSERT INTO conversations ({', '.join(values)}) VALUES ({marks})", [*values.values()])
    monkeypatch.undo()

    migrate(connection)

    first, second, third, fourth = (
        uuid for (uuid,) in connection.execute("SELECT uuid FROM conversations ORDER BY id")
    )
    assert (first, third) == ("a", "b")
    assert {UUID(second).version, UUID(fourth).version} == {4}
    assert second == str(UUID(second)) != fourth
