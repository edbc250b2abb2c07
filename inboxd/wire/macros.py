"""Macros as the application API shows them."""

from typing import Any, NotRequired, TypedDict

from inboxd.domain.links import Links
from inboxd.store.models import Blob, Macro


class MacroFile(TypedDict):
    id: int
    macro_id: int
    file_type: str
    account_id: int
    file_url: str
    blob_id: int
    filename: str


class MacroShape(TypedDict):
    id: int
    name: str
    visibility: str | None
    created_by: NotRequired[dict[str, Any]]
    updated_by: NotRequired[dict[str, Any]]
    account_id: int
    actions: list[dict[str, Any]]
    files: NotRequired[list[MacroFile]]


def macro(row: Macro, people: dict[int, Any], files: list[Blob], links: Links) -> MacroShape:
    """`people` are the agents that it may name, by id."""
    shape: MacroShape = {
        "id": row.id,
        "name": row.name,
        "visibility": row.visibility,
        "account_id": row.account_id,
        "actions": row.actions,
    }
    if row.created_by_id in people:
        shape["created_by"] = people[row.created_by_id]
    if row.updated_by_id in people:
        shape["updated_by"] = people[row.updated_by_id]
    if files:
        shape["files"] = [_file(row, blob, links) for blob in files]
    return shape


def _file(row: Macro, blob: Blob, links: Links) -> MacroFile:
    return {
        "id": blob.id,
        "macro_id": row.id,
        "file_type": blob.content_type,
        "account_id": row.account_id,
        "file_url": links.blob(blob.id, blob.filename),
        "blob_id": blob.id,
        "filename": blob.filename,
    }
