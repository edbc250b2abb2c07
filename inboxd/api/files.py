"""Attachments on disk: content-addressed, durable before the row that names them commits."""

import hashlib
import os
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from inboxd.api.web import Call, File, Response
from inboxd.domain import images, links
from inboxd.domain.errors import NotFound, TooLarge, disk_full_in_words
from inboxd.domain.messages import Upload
from inboxd.store.models import Attachment, Blob

_CHUNK = 1 << 16


class Blobs:
    """The folder of attachment files, each under the SHA-256 of its content.

    `is_referenced` tells whether a stored attachment has this digest.
    """

    def __init__(self, directory: Path, limit: int, is_referenced: Callable[[str], bool]) -> None:
        self._directory = directory / "attachments"
        self.limit = limit
        self._is_referenced = is_referenced
        self._lock = threading.Lock()
        self._pending: Counter[str] = Counter()
        for leftover in self._directory.glob("incoming-*"):
            leftover.unlink(missing_ok=True)

    def path(self, digest: str) -> Path:
        return self._directory / digest[:2] / digest

    def stage(self, file: File) -> Upload:
        """Store a file, on disk for good when this returns. Raises TooLarge past the limit,
        StorageFull when the disk is full.

        Every staged file must be settled once it is known whether a row refers to it.
        """
        if file.size > self.limit:
            raise TooLarge(f"{links.safe_filename(file.filename)} is larger than {self.limit} bytes")
        return self._store(file)

    def _store(self, file: File) -> Upload:
        with disk_full_in_words():
            self._directory.mkdir(mode=0o700, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._directory, prefix="incoming-", delete=False) as target:
                try:
                    digest, head = self._receive(file, target)
                except BaseException:
                    Path(target.name).unlink(missing_ok=True)
                    raise
        name, kind = links.safe_filename(file.filename), media_type(file.content_type)
        return Upload(digest, name, kind, file.size, images.extension(head))

    def keep(self, filename: str, content_type: str, stream: IO[bytes]) -> Upload:
        """`stage` for a file that inboxd wrote itself, however large."""
        return self._store(File(filename, content_type, os.fstat(stream.fileno()).st_size, stream))

    @contextmanager
    def held(self, filename: str, content_type: str, size: int, stream: IO[bytes]) -> Iterator[Upload]:
        """A staged file for as long as it takes to store a row that refers to it."""
        upload = self.stage(File(filename, content_type, size, stream))
        try:
            yield upload
        finally:
            self.settle(upload)

    def _receive(self, file: File, target: Any) -> tuple[str, bytes]:
        """The digest, and the first bytes."""
        hasher = hashlib.sha256()
        head = b""
        while chunk := file.stream.read(_CHUNK):
            head = head or chunk[: images.HEAD]
            hasher.update(chunk)
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
        digest = hasher.hexdigest()
        final = self.path(digest)
        with self._lock:
            final.parent.mkdir(mode=0o700, exist_ok=True)
            os.replace(target.name, final)
            self._pending[digest] += 1
            _sync(final.parent)
            _sync(self._directory)
        return digest, head

    def settle(self, upload: Upload) -> None:
        """The request that staged a file is over: the file goes unless a row or another request has it.

        Asking the database under the lock closes the gap in which somebody else could commit a
        row for the same content between the question and the removal.
        """
        with self._lock:
            self._pending[upload.digest] -= 1
            if self._pending[upload.digest] <= 0:
                del self._pending[upload.digest]
                self._remove_unless_wanted(upload.digest)

    def let_go(self, digest: str) -> None:
        """A row that referred to this content was deleted."""
        with self._lock:
            self._remove_unless_wanted(digest)

    def _remove_unless_wanted(self, digest: str) -> None:
        if digest not in self._pending and not self._is_referenced(digest):
            self.path(digest).unlink(missing_ok=True)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def media_type(given: str) -> str:
    kind = given.split(";", maxsplit=1)[0].strip().lower()
    is_plain = kind.isascii() and kind.isprintable() and kind.count("/") == 1 and len(kind) < 128
    return kind if is_plain else "application/octet-stream"


def _signed(call: Call) -> Attachment | Blob | None:
    given = call.args["signed"]
    attachment_id, blob_id = call.tx.links.attachment_id(given), call.tx.links.blob_id(given)
    if blob_id is not None:
        return call.tx.get(Blob, blob_id)
    return call.tx.get(Attachment, attachment_id) if attachment_id is not None else None


def download(call: Call) -> Response:
    """The file behind a signed link, with headers that keep a browser from running it."""
    row = _signed(call)
    if row is None or not call.parts.blobs.path(row.digest).is_file():
        raise NotFound
    inline = links.is_inline(row.content_type)
    return Response(
        file=call.parts.blobs.path(row.digest),
        headers={
            "Content-Type": row.content_type if inline else "application/octet-stream",
            "Content-Length": str(row.file_size),
            "Content-Disposition": disposition("inline" if inline else "attachment", row.filename),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, max-age=86400, immutable",
        },
    )


def disposition(kind: str, filename: str) -> str:
    """RFC 6266: a plain name for old clients, the real one for the others."""
    plain = "".join(char if char.isascii() and char not in '\\"%' else "_" for char in filename)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
