"""What SQLite is asked, and how it finds the rows."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from inboxd.store.db import Store, Tx


@contextmanager
def statements(connection: sqlite3.Connection) -> Iterator[list[str]]:
    """Every statement that the connection executes meanwhile."""
    seen: list[str] = []
    connection.set_trace_callback(seen.append)
    try:
        yield seen
    finally:
        connection.set_trace_callback(None)


def plans(store: Store, run: Callable[[Tx], Any]) -> list[str]:
    """How SQLite finds the rows of every statement that `run` executes in a write transaction."""
    seen: list[str] = []

    def traced(tx: Tx) -> None:
        with statements(tx._connection) as asked:
            run(tx)
        seen.extend(asked)

    store.write(traced)
    return [
        detail
        for sql in seen
        if sql.split()[0] in ("SELECT", "UPDATE", "DELETE", "WITH")
        for *_, detail in store._writer.execute("EXPLAIN QUERY PLAN " + sql)
    ]
