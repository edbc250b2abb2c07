"""Works jobs off, one at a time and in batches small enough for live traffic to pass between."""

import logging
import os
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Protocol

from inboxd.domain.errors import Failure, Invalid, StorageFull, disk_full_in_words
from inboxd.domain.messages import Upload
from inboxd.domain.portions import portions
from inboxd.services import exports, imports, jobs
from inboxd.store import blobs
from inboxd.store import jobs as store
from inboxd.store.db import Store, StoreClosed
from inboxd.store.models import Job
from inboxd.upkeep.loop import Loop

PAGE = 500
_log = logging.getLogger("inboxd.jobs")

Batches = Generator[None, None, None]
"""Goes on with a job from where it was left; what it yields after each batch is the chance to stop."""


class Files(Protocol):
    """The folder where files lie, each under its digest."""

    def path(self, digest: str) -> Path: ...

    def keep(self, filename: str, content_type: str, stream: IO[bytes]) -> Upload: ...

    def settle(self, upload: Upload) -> None: ...


class Jobs(Loop):
    """A thread that works off what is unfinished, the oldest first."""

    name = "jobs"

    def __init__(self, database: Store, files: Files) -> None:
        super().__init__()
        self._store = database
        self._files = files
        self._kinds: dict[str, Callable[[Job], Batches]] = {imports.KIND: self._import, exports.KIND: self._export}

    def turn(self) -> float | None:
        return 0 if self.step() else None

    def step(self) -> bool:
        """Work on the oldest job until it is over or `stop` was called. Returns whether there was one."""
        with self._store.read() as tx:
            job = store.next_unfinished(tx, tuple(self._kinds))
        if job is None:
            return False
        try:
            self._work(job)
        except (StoreClosed, StorageFull):
            raise
        except Failure as failure:
            self._fail(job, failure.message)
        except Exception:
            _log.exception("job %d failed", job.id)
            self._fail(job, "Something is wrong in inboxd: its log says what")
        self._sweep()
        return True

    def _work(self, job: Job) -> None:
        with closing(self._kinds[job.kind](job)) as batches:
            for _ in batches:
                if self._stopping:
                    return

    def _fail(self, job: Job, error: str) -> None:
        self._store.write(partial(jobs.fail, job_id=job.id, error=error))

    def _import(self, job: Job) -> Batches:
        with self._store.read() as tx:
            given = blobs.of(tx, jobs.OWNER, job.id)
        if not given:
            raise Invalid("The file is gone", "import_file")
        path = self._files.path(given[0].digest)
        try:
            if job.total is None:
                with path.open(encoding="utf-8-sig", newline="") as lines:
                    total = sum(1 for _ in imports.rows(lines))
                self._store.write(partial(imports.measured, job_id=job.id, total=total))
            with path.open(encoding="utf-8-sig", newline="") as lines:
                rows = islice(imports.rows(lines), job.position, None)
                for batch in portions(rows, imports.weight):
                    if not self._store.write(partial(imports.load, job_id=job.id, batch=batch)):
                        return
                    yield
        except UnicodeDecodeError:
            raise Invalid("The file is not UTF-8", "import_file") from None
        self._store.write(partial(imports.finish, job_id=job.id))

    def _export(self, job: Job) -> Batches:
        """Each page is on disk before the job says so; what a crash left behind it is cut off."""
        path = self._store.directory / f"export-{job.id}.csv"
        path.touch(mode=0o600)
        with path.open("r+b") as file:
            size = job.params.get("size", 0)
            whole = file.seek(0, os.SEEK_END) >= size > 0
            file.truncate(file.seek(size if whole else 0))
            if not whole:
                size = _append(file, exports.head(job))
                self._store.write(partial(exports.restart, job_id=job.id, size=size))
            while True:
                with self._store.read() as tx:
                    current = jobs.current(tx, job.id)
                    text, count, last = exports.page(tx, current, PAGE) if current is not None else ("", 0, 0)
                if current is None:
                    return
                if not count:
                    break
                size = _append(file, text)
                self._store.write(partial(exports.advance, job_id=job.id, position=last, count=count, size=size))
                yield
            file.seek(0)
            upload = self._files.keep("contacts.csv", "text/csv", file)
        try:
            self._store.write(partial(exports.finish, job_id=job.id, upload=upload))
        finally:
            self._files.settle(upload)

    def _sweep(self) -> None:
        """Files of exports that are over."""
        for path in self._store.directory.glob("export-*.csv"):
            with self._store.read() as tx:
                over = jobs.current(tx, int(path.stem.removeprefix("export-"))) is None
            if over:
                path.unlink(missing_ok=True)


def _append(file: IO[bytes], text: str) -> int:
    """On disk when it returns; how long the file is then."""
    with disk_full_in_words():
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    return file.tell()
