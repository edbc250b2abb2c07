"""The people of an account: changing and removing them, and who of them may be given work."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from inboxd.domain.errors import Invalid
from inboxd.domain.text import check_name
from inboxd.services import accounts as members
from inboxd.services import conversations
from inboxd.store import accounts
from inboxd.store import people as store
from inboxd.store.db import Tx
from inboxd.store.models import AccountUser, User

AT_ONCE = 100


def assignable(tx: Tx, account_id: int, inbox_ids: Iterable[int]) -> set[int]:
    """The users that are members of all of these inboxes, and every administrator."""
    present = [set(accounts.members(tx, inbox_id)) for inbox_id in inbox_ids]
    return set.intersection(*present) | store.administrators(tx, account_id)


def add_many(tx: Tx, account_id: int, emails: list[str]) -> None:
    """Make these people members with the defaults; who cannot be one, or is already, is left out. Raises
    Invalid for too many at once: they are made while everybody who writes waits."""
    if len(emails) > AT_ONCE:
        raise Invalid(f"Emails are limited to {AT_ONCE} at once", "emails")
    for email in emails:
        with suppress(Invalid):
            members.add_user(tx, account_id, {"email": email})


def update(tx: Tx, user: User, membership: AccountUser, values: dict[str, Any]) -> None:
    """Nulls change nothing. Raises Invalid for a blank name."""
    given = {key: value for key, value in values.items() if value is not None}
    if "name" in given:
        check_name(given["name"])
        tx.update(user, name=given["name"])
    tx.update(membership, **{key: given[key] for key in ("role", "availability", "auto_offline") if key in given})


def remove(tx: Tx, account_id: int, user: User) -> bool:
    """One step out of the account; whether it was the last. What they have open is handed to others. Who is then
    in no account is forgotten with all tokens, except whoever runs the installation: nobody else could make an
    account again."""
    store.leave_inboxes(tx, account_id, user.id)
    if conversations.hand_over(tx, account_id, user.id, None):
        return False
    if not store.leave(tx, account_id, user.id):
        return False
    if not accounts.memberships(tx, user.id) and user.kind != "SuperAdmin":
        store.forget(tx, user.id)
    return True
