"""Jobs and imports: shapes of our own, Chatwoot sends an e-mail."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from inboxd.domain.links import Links
from inboxd.store.models import Blob, Job
from inboxd.wire.times import iso


class Problem(TypedDict):
    line: int
    error: str


class JobShape(TypedDict):
    id: int
    kind: str
    state: str
    total: int | None
    done: int
    failed: int
    problems: list[Problem]
    error: str | None
    file_url: str | None
    created_at: str
    updated_at: str


class Counts(TypedDict):
    created: int
    updated: int
    skipped: int


class Imported(TypedDict):
    contacts: Counts
    conversations: Counts
    messages: Counts
    failed: int
    problems: list[Problem]


def job(row: Job, result: Blob | None, links: Links) -> JobShape:
    """`total` is null until it is known; `file_url` until there is a result."""
    return {
        "id": row.id,
        "kind": row.kind,
        "state": row.state,
        "total": row.total,
        "done": row.done,
        "failed": row.failed,
        "problems": row.problems,
        "error": row.error,
        "file_url": links.blob(result.id, result.filename) if result else None,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }


def imported(counts: Mapping[tuple[str, str], int], failed: int, problems: Sequence[tuple[int, str]]) -> Imported:
    """`counts` by kind of record and what became of it."""

    def of(kind: str) -> Counts:
        return {
            "created": counts.get((kind, "created"), 0),
            "updated": counts.get((kind, "updated"), 0),
            "skipped": counts.get((kind, "skipped"), 0),
        }

    return {
        "contacts": of("contact"),
        "conversations": of("conversation"),
        "messages": of("message"),
        "failed": failed,
        "problems": [{"line": line, "error": error} for line, error in problems],
    }
