"""Accounts, the people in them and their access tokens."""

import argparse
from collections.abc import Sequence

from inboxd.client import Client
from inboxd.commands.common import Commands, Stop, client, missing, point, say, table, wrapped
from inboxd.config import Config


def add(commands: Commands) -> None:
    """Declare the commands of this module."""
    token = commands.group("token", "access tokens")
    create = token.add("create", _token_create, "make a token; it is shown once", account=True)
    create.add_argument("--email", help="whose token (default: the caller's own)")
    create.add_argument("--name", default="", help="what it is for")
    token.add("list", _token_list, "list tokens, without the tokens", account=True)
    revoke = token.add("revoke", _token_revoke, "revoke a token", account=True)
    revoke.add_argument("id", type=int)

    user = commands.group("user", "agents and administrators")
    create = user.add("create", _user_create, "add somebody to the account, with a token", account=True)
    create.add_argument("--email", required=True)
    create.add_argument("--name")
    create.add_argument("--role", choices=("administrator", "agent"), default="agent")
    create.add_argument(
        "--inbox", type=int, action="append", default=[], metavar="ID", help="an inbox an agent works in; repeatable"
    )
    user.add("list", _user_list, "list the people of the account", account=True)

    account = commands.group("account", "accounts")
    account.add("create", _account_create, "create an account").add_argument("--name", required=True)


def _token_create(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk, missing(f"nobody in the account has the e-mail {given.email}"):
        made = desk.create_token(name=given.name, email=given.email)
    say(
        given,
        made,
        [f"token {made['id']} of {made['user']['email']}: {made['access_token']}", "It is shown this once."],
    )


def _token_list(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk:
        found = desk.tokens()
    rows = [(one["id"], one["user"]["email"], one["name"] or "-", point(one["created_at"])) for one in found]
    say(given, found, table([("id", "user", "name", "created"), *rows]))


def _token_revoke(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk, missing(f"no token {given.id} (see `token list`)"):
        desk.revoke_token(given.id)
    say(given, {"id": given.id, "revoked": True}, [f"token {given.id} is revoked"])


def _user_create(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk:
        _check_inboxes(desk, given.inbox)
        made = desk.create_agent(given.email, name=given.name, role=given.role)
        for inbox_id in given.inbox:
            desk.call("POST", "/inbox_members", inbox_id=inbox_id, user_ids=[made["id"]])
        token = desk.create_token(name="made with the user", email=given.email)["access_token"]
    value = {
        "id": made["id"],
        "name": made["name"],
        "email": made["email"],
        "role": made["role"],
        "access_token": token,
    }
    lines = table(list(value.items()))
    if given.role == "agent" and not given.inbox:
        lines += wrapped(
            "An agent sees only inboxes they are a member of: `user create --inbox ID`, or POST …/inbox_members."
        )
    say(given, value, lines)


def _check_inboxes(desk: Client, inbox_ids: Sequence[int]) -> None:
    """Before anything is made. Raises Stop."""
    known = {one["id"] for one in desk.inboxes()} if inbox_ids else set()
    for inbox_id in inbox_ids:
        if inbox_id not in known:
            raise Stop(f"no inbox {inbox_id} (see `inbox list`); nobody was added", 1)


def _user_list(config: Config, given: argparse.Namespace) -> None:
    with client(config, given.account) as desk:
        found = desk.agents()
    keys = ("id", "name", "email", "role")
    rows = [[agent[key] for key in keys] for agent in found]
    say(given, [{key: agent[key] for key in keys} for agent in found], table([keys, *rows]))


def _account_create(config: Config, given: argparse.Namespace) -> None:
    with client(config, 1) as desk:
        made = desk.create_account(given.name)
    value = {"id": made["id"], "name": made["name"]}
    say(given, value, table(list(value.items())))
