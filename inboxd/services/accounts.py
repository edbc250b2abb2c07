"""Accounts, the people in them, and their access tokens."""

import secrets
from typing import Any

from inboxd.domain import accounts as rules
from inboxd.domain.contacts import normalised
from inboxd.domain.errors import Invalid, Refused
from inboxd.domain.text import check_name
from inboxd.services import tokens
from inboxd.store import accounts as store
from inboxd.store.db import Tx
from inboxd.store.models import AccessToken, Account, AccountUser, Departure, InboxMember, Setting, User

LINK_KEY = "attachment_link_key"
ACTIVE_EVERY_MS = 10_000
_OWN = ("name", "display_name", "message_signature", "ui_settings", "avatar")


def initialise(tx: Tx, email: str) -> tuple[Account, User, str]:
    """Account 1 with its administrator and that one's token, in an empty database."""
    tx.insert(Setting, name=LINK_KEY, value=secrets.token_hex(32))
    account = create_account(tx, "Acme")
    user, _ = add_user(tx, account.id, {"email": email, "name": "Administrator", "role": "administrator"})
    tx.update(user, kind="SuperAdmin")
    return account, user, create_token(tx, user, "first administrator")[1]


def is_initialised(tx: Tx) -> bool:
    return store.setting(tx, LINK_KEY) is not None


def link_key(tx: Tx) -> bytes:
    return (store.setting(tx, LINK_KEY) or "").encode()


def create_account(tx: Tx, name: str) -> Account:
    check_name(name)
    return tx.insert(Account, name=name)


def update_account(tx: Tx, account: Account, values: dict[str, Any]) -> None:
    """Settings and attributes that are not given stay. Raises Invalid for a value that breaks a rule."""
    rules.check(values)
    columns = {key: values[key] for key in rules.COLUMNS if key in values}
    settings = {key: values[key] for key in rules.SETTINGS if key in values}
    attributes = {key: values[key] for key in rules.ATTRIBUTES if key in values}
    changes = tx.update(
        account,
        **columns,
        settings=account.settings | settings,
        custom_attributes=account.custom_attributes | attributes,
    )
    if "settings" in changes:
        tx.signals.add("settings")


def add_user(tx: Tx, account_id: int, values: dict[str, Any]) -> tuple[User, AccountUser]:
    """Make somebody a member, and a user first when the e-mail is new.

    Raises Invalid for a bad e-mail or a second membership.
    """
    email = normalised({"email": values.get("email"), "name": values.get("name")})["email"]
    if email is None:
        raise Invalid("Email can't be blank", "email")
    name = values.get("name") or email.partition("@")[0]
    user = tx.find(User, email=email) or tx.insert(
        User, email=email, uid=email, name=name, pubsub_token=tokens.new(), confirmed=True
    )
    if store.membership(tx, account_id, user.id) is not None:
        raise Invalid("User has already been taken", "user_id")
    given = {key: values[key] for key in ("role", "availability", "auto_offline") if values.get(key) is not None}
    return user, tx.insert(AccountUser, account_id=account_id, user_id=user.id, **given)


def create_token(tx: Tx, user: User, name: str, account_id: int | None = None) -> tuple[AccessToken, str]:
    """A new access token of a user: the row, and the token itself for the only time.

    With `account_id` it opens that account alone.
    """
    token = tokens.new()
    row = tx.insert(AccessToken, owner_id=user.id, account_id=account_id, name=name, digest=tokens.digest(token))
    return row, token


def reset_token(tx: Tx, token_id: int | None) -> str | None:
    """A new token in place of this one: name, account and webhooks stay those of the old."""
    row = tx.get(AccessToken, token_id) if token_id is not None else None
    if row is None:
        return None
    token = tokens.new()
    tx.update(row, digest=tokens.digest(token))
    return token


def update_profile(tx: Tx, user: User, values: dict[str, Any]) -> None:
    """What people may change about themselves. A new e-mail address would have to be confirmed by mail,
    so it is checked and nothing more. Raises Invalid, and Refused for a password: there are none."""
    if values.get("password"):
        raise Refused("Invalid current password")
    wanted: dict[str, Any] = {key: values[key] for key in _OWN if key in values}
    if "name" in wanted:
        check_name(wanted["name"] or "")
    normalised({"email": values.get("email")})
    if "phone_number" in values:
        wanted["custom_attributes"] = user.custom_attributes | {"phone_number": values["phone_number"]}
    tx.update(user, **wanted)


def mark_active(tx: Tx, account_id: int, user_id: int) -> None:
    membership = store.membership(tx, account_id, user_id)
    if membership is not None:
        tx.update(membership, active_at=tx.now)


def is_stale(membership: AccountUser, now: int) -> bool:
    """Whether the member's last sign of life is old enough to be worth a write."""
    return now - (membership.active_at or 0) > ACTIVE_EVERY_MS


def set_members(tx: Tx, account_id: int, inbox_id: int, user_ids: list[int], *, exact: bool) -> None:
    """Add these users to an inbox; with `exact` the others leave. Who comes back keeps what was not handed over yet.
    Raises Invalid for a stranger."""
    for user_id in user_ids:
        if store.membership(tx, account_id, user_id) is None:
            raise Invalid("User must exist", "user_ids")
    present = store.members(tx, inbox_id)
    for user_id in dict.fromkeys(user_ids):
        if user_id not in present:
            tx.insert(InboxMember, account_id=account_id, inbox_id=inbox_id, user_id=user_id)
            tx.delete(Departure, inbox_id=inbox_id, user_id=user_id)
    if exact:
        remove_members(tx, account_id, inbox_id, [user_id for user_id in present if user_id not in user_ids])


def remove_members(tx: Tx, account_id: int, inbox_id: int, user_ids: list[int]) -> None:
    """What they have open there is handed to those who stay."""
    for user_id in user_ids:
        if tx.delete(InboxMember, inbox_id=inbox_id, user_id=user_id):
            tx.insert(Departure, account_id=account_id, inbox_id=inbox_id, user_id=user_id)
            tx.signals.add("assignments")
