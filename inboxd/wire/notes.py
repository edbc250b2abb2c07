"""Notes as the application API shows them."""

from typing import Any

from inboxd.domain.links import Links
from inboxd.store.models import AccountUser, Note, User
from inboxd.wire import api
from inboxd.wire.times import seconds


def note(row: Note, author: User | None, membership: AccountUser | None, now: int, links: Links) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "id": row.id,
        "content": row.content,
        "account_id": row.account_id,
        "contact_id": row.contact_id,
    }
    if author is not None:
        shape["user"] = api.agent(author, membership, now, links)
    return shape | {"created_at": seconds(row.created_at), "updated_at": seconds(row.updated_at)}
