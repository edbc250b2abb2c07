"""Files that are uploaded before the message that takes them."""

import hashlib
from tempfile import SpooledTemporaryFile
from typing import Any

from inboxd.api.files import media_type
from inboxd.api.web import Call, Response, empty
from inboxd.domain import fetching, links
from inboxd.domain.errors import Invalid, NotFound, Refused, TooLarge
from inboxd.domain.fetching import FetchFailed
from inboxd.domain.messages import Upload
from inboxd.services import uploads
from inboxd.store import blobs
from inboxd.store.models import Blob, Conversation
from inboxd.wire import uploads as wire

_IN_MEMORY = 1 << 20


def create(call: Call) -> None:
    url = (call.values.get("external_url") or "").strip()
    if call.uploads:
        call.after = lambda: _kept(call, call.uploads[-1])
    elif url:
        call.after = lambda: _fetched(call, url)
    else:
        raise Refused("No file or URL provided")


def _kept(call: Call, upload: Upload) -> Response:
    blob: Blob = call.write(lambda tx: blobs.add(tx, call.account_id, upload))
    return Response(value=wire.uploaded(blob, call.tx.links))


def _fetched(call: Call, url: str) -> Response:
    if not uploads.may_fetch(url, call.parts.guard):
        raise Refused("Invalid URL provided")
    if not call.parts.fetch_seats.acquire(blocking=False):
        raise Refused("Failed to fetch file from URL: too many are being fetched, try again in a moment")
    try:
        with SpooledTemporaryFile(_IN_MEMORY) as target:
            got = call.parts.fetch(url, target, call.parts.blobs.limit)
            if not got.content_type.lower().startswith(("image/", "video/")):
                raise Refused("File type not supported (only images and videos are allowed)")
            target.seek(0)
            with call.parts.blobs.held(fetching.filename(url), got.content_type, got.size, target) as upload:
                return _kept(call, upload)
    except FetchFailed as failure:
        raise Refused(_words(failure)) from None
    finally:
        call.parts.fetch_seats.release()


def _words(failure: FetchFailed) -> str:
    if failure.error_class in ("blocked", "url"):
        return "Invalid URL provided"
    if failure.error_class == fetching.TOO_LARGE:
        return "File exceeds the maximum allowed size"
    return f"Failed to fetch file from URL: {failure.sentence}"


def announce(call: Call, conversation: Conversation) -> Any:
    """The first half of a direct upload: what the file will be, answered with where its bytes go."""
    name, size, checksum = call.values["filename"], call.values["byte_size"], call.values["checksum"]
    md5 = uploads.md5(checksum)
    if size > call.parts.blobs.limit:
        raise TooLarge(f"{links.safe_filename(name)} is larger than {call.parts.blobs.limit} bytes")
    planned = Upload("", links.safe_filename(name), media_type(call.values.get("content_type") or ""), size)
    blob = blobs.add(call.tx, call.account_id, planned)
    return wire.announced(blob, checksum, call.tx.links.direct(blob.id, md5), call.tx.links)


def find_target(call: Call) -> tuple[Blob, str]:
    """The announced blob and the MD5 that its bytes must have."""
    target = call.tx.links.direct_target(call.args["signed"])
    blob = call.tx.get(Blob, target[0]) if target is not None else None
    if target is None or blob is None:
        raise NotFound
    return blob, target[1]


def put(call: Call, target: tuple[Blob, str]) -> None:
    """The second half: the bytes, which must be the announced ones."""
    (blob, md5), [upload] = target, call.uploads

    def after() -> Response:
        if upload.size != blob.file_size or _md5(call, upload) != md5:
            raise Invalid("The file is not the one that was announced", "checksum")
        call.write(lambda tx: uploads.fill(tx, blob.id, upload))
        return empty(204)

    call.after = after


def _md5(call: Call, upload: Upload) -> str:
    with call.parts.blobs.path(upload.digest).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
