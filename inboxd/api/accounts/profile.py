"""The caller's own user, the installation's accounts, and one account."""

from typing import Any

from inboxd.api.accounts import avatars
from inboxd.api.audit import audited
from inboxd.api.web import Call, empty
from inboxd.domain.errors import Invalid, NotFound, Refused
from inboxd.services import accounts
from inboxd.store import accounts as store
from inboxd.store import cache_keys
from inboxd.store.models import Account, AccountUser
from inboxd.wire import api as wire


def show(call: Call) -> Any:
    return _shown(call, call.caller.token)


def _shown(call: Call, token: str) -> Any:
    """Names no account, so the caller is present in the one used last."""
    user = call.caller.known_user
    memberships = store.memberships(call.tx, user.id)
    latest = max(memberships, key=lambda one: one.active_at or 0, default=None)
    if latest is not None and accounts.is_stale(latest, call.tx.now):
        call.tx.update(latest, active_at=call.tx.now)
    pairs = [(one, store.account(call.tx, one.account_id)) for one in memberships]
    return wire.profile(user, [(one, account) for one, account in pairs if account], token, call.tx.now, call.tx.links)


def update(call: Call) -> Any:
    user = call.caller.known_user
    values = {key: value for key, value in call.values.items() if key != "avatar"}
    accounts.update_profile(call.tx, user, values | avatars.given(call, None))
    avatars.adopt(call, user)
    return show(call)


def delete_avatar(call: Call) -> Any:
    user = call.caller.known_user
    accounts.update_profile(call.tx, user, {"avatar": ""})
    avatars.drop(call, user)
    return show(call)


def resend_confirmation(call: Call) -> Any:
    """There is no mail, and nobody who waits to be confirmed."""
    return empty()


def presence(call: Call) -> Any:
    """The caller is here, in the account that the token opens or else in the one used last."""
    user = call.caller.known_user
    latest = max(store.memberships(call.tx, user.id), key=lambda one: one.active_at or 0, default=None)
    account_id = call.caller.only_account or (latest.account_id if latest is not None else None)
    if account_id is not None:
        accounts.mark_active(call.tx, account_id, user.id)
    return empty()


def _membership(call: Call) -> AccountUser:
    """The caller's in the account that the body names, when the token opens it."""
    account_id = call.values.get("account_id") or 0
    if call.caller.only_account not in (None, account_id):
        raise NotFound
    membership = store.membership(call.tx, account_id, call.caller.known_user.id)
    if membership is None:
        raise NotFound
    return membership


def set_availability(call: Call) -> Any:
    membership = _membership(call)
    if call.values.get("availability") is None:
        raise Invalid("Availability can't be blank", "availability")
    call.tx.update(membership, availability=call.values["availability"])
    return show(call)


def set_auto_offline(call: Call) -> Any:
    call.tx.update(_membership(call), auto_offline=bool(call.values.get("auto_offline")))
    return show(call)


def set_active_account(call: Call) -> Any:
    membership = _membership(call)
    accounts.mark_active(call.tx, membership.account_id, membership.user_id)
    return empty()


def reset_access_token(call: Call) -> Any:
    """Only the token that asks is replaced: others of the same user were made for other things."""
    token = accounts.reset_token(call.tx, call.caller.token_id)
    if token is None:
        raise Refused("No access token was used that could be reset")
    return _shown(call, token)


def _account(call: Call) -> Account:
    account = store.account(call.tx, call.account_id)
    if account is None:
        raise NotFound
    return account


def _shown_account(call: Call, account: Account) -> Any:
    return wire.account(account) | {"cache_keys": cache_keys.of_account(call.tx, account.id)}


def show_account(call: Call) -> Any:
    return _shown_account(call, _account(call))


@audited(Account)
def update_account(call: Call) -> Any:
    account = _account(call)
    accounts.update_account(call.tx, account, call.values)
    return _shown_account(call, account)


def show_cache_keys(call: Call) -> Any:
    return {"cache_keys": cache_keys.of_account(call.tx, call.account_id)}


def update_active_at(call: Call) -> Any:
    accounts.mark_active(call.tx, call.account_id, call.caller.known_user.id)
    return empty()


def create_account(call: Call) -> Any:
    """A new account with the caller as its administrator."""
    account = accounts.create_account(call.tx, call.values["name"])
    email = call.caller.known_user.email
    accounts.add_user(call.tx, account.id, {"email": email, "role": "administrator"})
    return _shown_account(call, account)
