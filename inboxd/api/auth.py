"""Who is calling, and what they may do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from inboxd.domain.errors import NotFound, Unauthenticated, Unauthorized
from inboxd.domain.events import Actor
from inboxd.services import tokens
from inboxd.store import accounts
from inboxd.store.db import Tx
from inboxd.store.models import AccountUser, AgentBot, Inbox, User

SIGN_IN = "You need to sign in or sign up before continuing."


@dataclass(frozen=True)
class Caller:
    """Nobody in particular on the client API; elsewhere an agent bot, or a user who is a member on
    account routes."""

    user: User | None = None
    membership: AccountUser | None = None
    token: str = ""
    only_account: int | None = None
    """The account that the token is confined to."""
    token_id: int | None = None
    bot: AgentBot | None = None

    @property
    def is_administrator(self) -> bool:
        return self.membership is not None and self.membership.role == "administrator"

    @property
    def known_user(self) -> User:
        if self.user is None:
            raise Unauthenticated(SIGN_IN, given=False)
        return self.user

    @property
    def sender(self) -> User | AgentBot:
        """Who writes what this caller posts."""
        return self.bot or self.known_user

    @property
    def actor(self) -> Actor:
        sender = self.sender
        return Actor("bot" if self.bot else "user", sender.id, sender.name)

    def inbox_ids(self, tx: Tx) -> frozenset[int] | None:
        """The inboxes this caller may look into; None for all of the account, as for bots."""
        if self.is_administrator or self.membership is None:
            return None
        return accounts.inbox_ids_of(tx, self.membership.account_id, self.membership.user_id)

    def check_inbox(self, tx: Tx, inbox: Inbox) -> None:
        """Raises Unauthorized unless the caller may look into the inbox."""
        allowed = self.inbox_ids(tx)
        if allowed is not None and inbox.id not in allowed:
            raise Unauthorized


def given_token(headers: Mapping[str, str]) -> str:
    """`api_access_token` wins over `Authorization: Bearer`; query and body are never looked at."""
    token = headers.get("api-access-token", "").strip()
    if token:
        return token
    scheme, _, value = headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def authenticate(
    tx: Tx,
    headers: Mapping[str, str],
    account_id: int | None,
    *,
    admit: Callable[[int | None], None],
    local: bool,
    hidden: bool,
    bots: bool = False,
) -> Caller:
    """The caller of an application route. Raises in Chatwoot's order: token, route, account, membership.

    `admit` is told the id of a token that is one, wherever it leads. `hidden` accounts are not there for who
    is not in them. `bots`: whether the route is for them too.
    """
    bot: AgentBot | None = None
    if local:
        user: User | None = tx.find(User, kind="SuperAdmin")
        token, only, token_id = "", None, None
    else:
        token = given_token(headers)
        if not token:
            raise Unauthenticated(SIGN_IN, given=False)
        row = accounts.token(tx, tokens.digest(token))
        only = row.account_id if row is not None else None
        token_id = row.id if row is not None else None
        user = accounts.user(tx, row.owner_id) if row is not None and row.owner_type == "User" else None
        bot = accounts.bot_by_id(tx, row.owner_id) if row is not None and row.owner_type == "AgentBot" else None
    if user is None and bot is None:
        raise Unauthenticated("Invalid Access Token")
    admit(token_id)
    if bot is not None and not bots:
        raise Unauthorized("Access to this endpoint is not authorized for bots")
    if account_id is None:
        return Caller(user, token=token, only_account=only, token_id=token_id, bot=bot)
    account = accounts.account(tx, account_id)
    if account is None:
        raise NotFound
    if account.status != "active":
        raise Unauthorized("Account is suspended")
    if bot is not None and bot.account_id != account_id:
        raise Unauthorized("Bot is not authorized to access this account")
    if user is None:
        return Caller(token=token, only_account=only, token_id=token_id, bot=bot)
    membership = accounts.membership(tx, account_id, user.id) if only in (None, account_id) else None
    if membership is None and hidden:
        raise NotFound
    if membership is None:
        raise Unauthorized("You are not authorized to access this account")
    return Caller(user, membership, token, only, token_id)


def check_role(caller: Caller, role: str) -> None:
    """`superadmin` runs the installation, `administrator` an account, `agent` is everybody known."""
    if role == "superadmin" and (caller.known_user.kind != "SuperAdmin" or caller.only_account is not None):
        raise Unauthorized
    if role == "administrator" and not caller.is_administrator:
        raise Unauthorized
