"""People of an account, and their access tokens."""

from typing import Any

from inboxd.api import steps
from inboxd.api.audit import audited
from inboxd.api.web import Call, empty
from inboxd.domain.errors import Invalid, NotFound
from inboxd.services import accounts, people
from inboxd.store import accounts as store
from inboxd.store.models import AccessToken, AccountUser, Inbox, User
from inboxd.wire import api as wire


def listed(call: Call, user_ids: list[int]) -> list[Any]:
    """These users as agents, by name; who left the account is left out."""
    pairs = [(store.user(call.tx, one), store.membership(call.tx, call.account_id, one)) for one in user_ids]
    agents = [wire.agent(user, member, call.tx.now, call.tx.links) for user, member in pairs if user and member]
    return sorted(agents, key=lambda agent: (agent["name"].lower(), agent["id"]))


def user_ids(call: Call) -> list[int]:
    """The users that a body names. An empty list is a list: it is how the last of a group leaves. Null is none."""
    if call.request.values.get("user_ids") is None:
        raise Invalid("User ids can't be blank", "user_ids")
    given: list[int] = call.values["user_ids"]
    return given


def find(call: Call) -> tuple[User, AccountUser]:
    membership = store.membership(call.tx, call.account_id, call.args["id"])
    user = store.user(call.tx, call.args["id"])
    if membership is None or user is None:
        raise NotFound
    return user, membership


def index(call: Call) -> Any:
    return listed(call, [member.user_id for member in call.tx.filter(AccountUser, account_id=call.account_id)])


@audited(AccountUser)
def create(call: Call) -> Any:
    user, membership = accounts.add_user(call.tx, call.account_id, call.values)
    return wire.agent(user, membership, call.tx.now, call.tx.links)


@audited(AccountUser)
def create_many(call: Call) -> Any:
    if call.values.get("emails") is None:
        raise Invalid("Emails can't be blank", "emails")
    people.add_many(call.tx, call.account_id, call.values["emails"])
    return empty()


@audited(AccountUser)
def update(call: Call, person: tuple[User, AccountUser]) -> Any:
    user, membership = person
    people.update(call.tx, user, membership, call.values)
    return wire.agent(user, membership, call.tx.now, call.tx.links)


@audited(AccountUser)
def _delete(call: Call) -> bool:
    return people.remove(call.tx, call.account_id, find(call)[0])


def delete(call: Call, _: tuple[User, AccountUser]) -> None:
    steps.later(call, _delete)


def _assignable(call: Call, inboxes: list[Inbox]) -> Any:
    able = people.assignable(call.tx, call.account_id, [inbox.id for inbox in inboxes])
    return {"payload": listed(call, list(able))}


def assignable_in_inbox(call: Call, inbox: Inbox) -> Any:
    return _assignable(call, [inbox])


def assignable(call: Call) -> Any:
    """Who may be assigned in every one of the inboxes."""
    found = [store.inbox(call.tx, call.account_id, inbox_id) for inbox_id in call.values.get("inbox_ids") or [0]]
    inboxes = [inbox for inbox in found if inbox is not None]
    if len(inboxes) < len(found):
        raise NotFound
    for inbox in inboxes:
        call.caller.check_inbox(call.tx, inbox)
    return _assignable(call, inboxes)


def _at_hand(call: Call) -> list[tuple[AccessToken, User]]:
    """The tokens that the caller may see and revoke: their own, and those confined to this account.

    Others of its people may open other accounts too, which is none of an administrator's business
    but of who runs the installation.
    """
    caller = call.caller.known_user
    sees_all = caller.kind == "SuperAdmin" and call.caller.only_account is None
    found = []
    for member in call.tx.filter(AccountUser, account_id=call.account_id):
        owner = store.user(call.tx, member.user_id)
        for token in call.tx.filter(AccessToken, owner_type="User", owner_id=member.user_id):
            if owner and (sees_all or owner.id == caller.id or token.account_id == call.account_id):
                found.append((token, owner))
    return sorted(found, key=lambda pair: pair[0].id)


def _tokens(call: Call) -> list[AccessToken]:
    return [token for token, _ in _at_hand(call)]


def list_tokens(call: Call) -> Any:
    return {"payload": [wire.access_token(token, owner) for token, owner in _at_hand(call)]}


@audited(rows=_tokens)
def create_token(call: Call) -> Any:
    """A further token, for the caller or for the member with `user_id` or `email`.

    One for somebody else opens this account only: who administers one account must not get into
    the others of its people.
    """
    wanted = call.values.get("user_id")
    if call.values.get("email"):
        found = call.tx.find(User, email=call.values["email"].lower())
        wanted = found.id if found else 0
    owner = call.caller.known_user if wanted is None else store.user(call.tx, wanted)
    if owner is None or store.membership(call.tx, call.account_id, owner.id) is None:
        raise NotFound
    only = call.caller.only_account if owner.id == call.caller.known_user.id else call.account_id
    row, token = accounts.create_token(call.tx, owner, call.values.get("name") or "", only)
    return wire.access_token(row, owner, token)


@audited(rows=_tokens)
def revoke_token(call: Call) -> Any:
    for token, _ in _at_hand(call):
        if token.id == call.args["id"]:
            call.tx.delete(AccessToken, id=token.id)
            return empty()
    raise NotFound
