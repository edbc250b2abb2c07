"""The file `avatar` of requests that make or change somebody."""

from inboxd.api.web import Call
from inboxd.services import avatars


def given(call: Call, account_id: int | None) -> dict[str, str]:
    """What the request changes in the row by its picture; `adopt` has to follow."""
    return {"avatar": avatars.stored(call.tx, account_id, call.uploads[-1])} if call.uploads else {}


def adopt(call: Call, owner: avatars.Owner) -> None:
    if call.uploads:
        avatars.adopt(call.tx, owner)
