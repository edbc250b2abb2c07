"""The caller's own user, the installation's accounts, and one account."""

from typing import Any

from inboxd.api.web import Call
from inboxd.services import accounts
from inboxd.store import accounts as store
from inboxd.wire import api as wire


def show(call: Call) -> Any:
    """Names no account, so the caller is present in the one used last."""
    user = call.caller.known_user
    memberships = store.memberships(call.tx, user.id)
    latest = max(memberships, key=lambda one: one.active_at or 0, default=None)
    if latest is not None and accounts.is_stale(latest, call.tx.now):
        call.tx.update(latest, active_at=call.tx.now)
    pairs = [(one, store.account(call.tx, one.account_id)) for one in memberships]
    return wire.profile(user, [(one, account) for one, account in pairs if account], call.caller.token, call.tx.now)


def show_account(call: Call) -> Any:
    account = store.account(call.tx, call.account_id)
    return wire.account(account) if account else None


def create_account(call: Call) -> Any:
    """A new account with the caller as its administrator."""
    account = accounts.create_account(call.tx, call.values["name"])
    email = call.caller.known_user.email
    accounts.add_user(call.tx, account.id, {"email": email, "role": "administrator"})
    return wire.account(account)
