"""Uploaded files as the application API shows them."""

from typing import Any, TypedDict

from inboxd.domain.links import Links
from inboxd.store.models import Blob
from inboxd.wire.times import iso


class Uploaded(TypedDict):
    file_url: str
    blob_id: str


class Target(TypedDict):
    url: str
    headers: dict[str, str]


class Announced(TypedDict):
    id: int
    key: str
    filename: str
    content_type: str
    metadata: dict[str, Any]
    service_name: str
    byte_size: int
    checksum: str
    created_at: str
    signed_id: str
    direct_upload: Target


def uploaded(row: Blob, links: Links) -> Uploaded:
    return {"file_url": links.blob(row.id, row.filename), "blob_id": links.signed_blob(row.id)}


def announced(row: Blob, checksum: str, url: str, links: Links) -> Announced:
    """`url` is where the bytes go."""
    return {
        "id": row.id,
        "key": links.signed_blob(row.id),
        "filename": row.filename,
        "content_type": row.content_type,
        "metadata": {},
        "service_name": "local",
        "byte_size": row.file_size,
        "checksum": checksum,
        "created_at": iso(row.created_at),
        "signed_id": links.signed_blob(row.id),
        "direct_upload": {"url": url, "headers": {"Content-Type": row.content_type}},
    }
