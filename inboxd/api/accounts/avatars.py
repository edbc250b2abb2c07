"""The picture in requests that make, change or free somebody of one."""

from inboxd.api.web import Call
from inboxd.services import avatar_urls, avatars
from inboxd.store.models import AgentBot, Contact


def given(call: Call, account_id: int | None) -> dict[str, str]:
    """What the file `avatar` changes in its owner's row; `adopt` has to follow."""
    return {"avatar": avatars.stored(call.tx, account_id, call.uploads[-1])} if call.uploads else {}


def adopt(call: Call, owner: avatars.Owner) -> None:
    """After the change of the row. A file wins over a URL."""
    if call.uploads:
        avatars.adopt(call.tx, owner)
    elif isinstance(owner, AgentBot | Contact):
        avatar_urls.ask(call.tx, owner, call.values.get("avatar_url"))


def drop(call: Call, owner: avatars.Owner) -> None:
    """After the row was freed of its picture."""
    avatars.adopt(call.tx, owner)
