"""Files on their way: uploaded now, meant for messages to come."""

import base64
import binascii
from urllib.parse import urlsplit

from inboxd.domain.addresses import Guard
from inboxd.domain.errors import Invalid, NotFound
from inboxd.domain.messages import Upload
from inboxd.domain.webhooks import is_url
from inboxd.store import blobs
from inboxd.store.db import Tx
from inboxd.store.models import Blob


def may_fetch(url: str, guard: Guard) -> bool:
    """Whether a URL is one of the web, as far as it tells by itself."""
    if not is_url(url):
        return False
    host = (urlsplit(url).hostname or "").rstrip(".")
    return not guard.refuses_literal(host) and (not host.endswith(".local") or host in guard.hosts)


def md5(checksum: str | None) -> str:
    """A checksum in base64, as clients announce it, in hexadecimal. Raises Invalid."""
    try:
        digest = base64.b64decode(checksum or "", validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != 16:
        raise Invalid("Checksum must be the MD5 of the file in base64", "checksum")
    return digest.hex()


def fill(tx: Tx, blob_id: int, upload: Upload) -> None:
    """The bytes of an announced upload are here. Raises NotFound when nobody waits for them any more."""
    blob = tx.get(Blob, blob_id)
    if blob is None:
        raise NotFound
    if not blob.digest:
        tx.update(blob, digest=upload.digest)


def used(tx: Tx, account_id: int, signed_id: str) -> Upload:
    """An earlier upload of the account, for another row to refer to its content. Raises NotFound."""
    blob_id = tx.links.blob_id(signed_id)
    blob = blobs.by_id(tx, account_id, blob_id) if blob_id is not None else None
    if blob is None or not blob.digest:
        raise NotFound
    return Upload(blob.digest, blob.filename, blob.content_type, blob.file_size)
