"""Accounts, users, tokens, inboxes and webhooks: the small tables, remembered between writes."""

from inboxd.store import blobs
from inboxd.store.db import Tx
from inboxd.store.models import (
    AccessToken,
    Account,
    AccountUser,
    AgentBot,
    AgentBotInbox,
    Assignment,
    AssignmentQueue,
    Conversation,
    Departure,
    Inbox,
    InboxAssignmentPolicy,
    InboxMember,
    Setting,
    User,
    Webhook,
)
from inboxd.store.removal import thin, thin_places


def setting(tx: Tx, name: str) -> str | None:
    found = tx.find(Setting, name=name)
    return found.value if found else None


def token(tx: Tx, digest: str) -> AccessToken | None:
    return tx.remember(("token", digest), lambda: tx.find(AccessToken, digest=digest))


def account(tx: Tx, account_id: int) -> Account | None:
    return tx.remember(("account", account_id), lambda: tx.get(Account, account_id))


def all_accounts(tx: Tx) -> list[Account]:
    return tx.filter(Account)


def user(tx: Tx, user_id: int) -> User | None:
    return tx.remember(("user", user_id), lambda: tx.get(User, user_id))


def membership(tx: Tx, account_id: int, user_id: int) -> AccountUser | None:
    return tx.remember(
        ("membership", account_id, user_id), lambda: tx.find(AccountUser, account_id=account_id, user_id=user_id)
    )


def memberships(tx: Tx, user_id: int) -> list[AccountUser]:
    return tx.filter(AccountUser, user_id=user_id)


def inbox(tx: Tx, account_id: int, inbox_id: int) -> Inbox | None:
    return tx.remember(("inbox", account_id, inbox_id), lambda: tx.find(Inbox, id=inbox_id, account_id=account_id))


def inbox_by_identifier(tx: Tx, identifier: str) -> Inbox | None:
    return tx.remember(("identifier", identifier), lambda: tx.find(Inbox, identifier=identifier))


def inboxes(tx: Tx, account_id: int) -> list[Inbox]:
    """By name, as people sort."""
    return sorted(tx.filter(Inbox, account_id=account_id), key=lambda inbox: (inbox.name.lower(), inbox.id))


def inbox_ids_of(tx: Tx, account_id: int, user_id: int) -> frozenset[int]:
    """The inboxes a user is a member of."""
    return tx.remember(
        ("inbox_ids", account_id, user_id),
        lambda: frozenset(
            member.inbox_id for member in tx.filter(InboxMember, user_id=user_id) if member.account_id == account_id
        ),
    )


def members(tx: Tx, inbox_id: int) -> list[int]:
    return tx.remember(
        ("members", inbox_id), lambda: [member.user_id for member in tx.filter(InboxMember, inbox_id=inbox_id)]
    )


def inbox_webhook(tx: Tx, inbox_id: int) -> Webhook:
    """The webhook an API inbox carries; it exists as long as the inbox, with or without a URL."""
    found = tx.remember(("inbox_webhook", inbox_id), lambda: tx.find(Webhook, inbox_id=inbox_id, kind="inbox"))
    if found is None:
        raise LookupError(f"inbox {inbox_id} has lost its webhook")
    return found


def account_webhooks(tx: Tx, account_id: int) -> list[Webhook]:
    return tx.filter(Webhook, account_id=account_id, kind="account")


def webhook(tx: Tx, webhook_id: int) -> Webhook | None:
    return tx.remember(("webhook", webhook_id), lambda: tx.get(Webhook, webhook_id))


def subscribers(tx: Tx, account_id: int, inbox_id: int | None, event: str, *, inbox_event: bool) -> list[Webhook]:
    """The webhooks that an event of this name is owed to."""

    def load() -> list[Webhook]:
        found = [hook for hook in account_webhooks(tx, account_id) if event in hook.subscriptions]
        if inbox_event and inbox_id is not None:
            own = tx.find(Webhook, inbox_id=inbox_id, kind="inbox")
            found += [own] if own and own.url else []
        return found

    return tx.remember(("subscribers", account_id, inbox_id, event), load)


def agent_bots(tx: Tx, account_id: int) -> list[AgentBot]:
    return tx.filter(AgentBot, account_id=account_id)


def agent_bot(tx: Tx, account_id: int, bot_id: int) -> AgentBot | None:
    bot = bot_by_id(tx, bot_id)
    return bot if bot is not None and bot.account_id == account_id else None


def bot_by_id(tx: Tx, bot_id: int) -> AgentBot | None:
    return tx.remember(("agent_bot", bot_id), lambda: tx.get(AgentBot, bot_id))


def inbox_bot_id(tx: Tx, inbox_id: int) -> int:
    """The bot that answers first in an inbox; 0 for none."""

    def load() -> int:
        found = tx.find(AgentBotInbox, inbox_id=inbox_id)
        return found.agent_bot_id if found else 0

    return tx.remember(("inbox_bot", inbox_id), load)


def bot_webhooks(tx: Tx, inbox_id: int, assigned_bot_id: int | None) -> list[Webhook]:
    """The webhooks of the bots of a conversation: the one assigned to it and its inbox's."""
    found = []
    for bot_id in {assigned_bot_id or 0, inbox_bot_id(tx, inbox_id)} - {0}:
        webhook = bot_webhook(tx, bot_id)
        found += [webhook] if webhook.url else []
    return found


def bot_webhook(tx: Tx, bot_id: int) -> Webhook:
    """The webhook of a bot; it exists as long as the bot, with or without a URL."""
    found = tx.remember(("bot_webhook", bot_id), lambda: tx.find(Webhook, agent_bot_id=bot_id, kind="bot"))
    if found is None:
        raise LookupError(f"agent bot {bot_id} has lost its webhook")
    return found


def drop_inbox(tx: Tx, inbox_id: int) -> bool:
    """One step of removing an inbox with all that is in it, but its webhook; whether it was the last."""
    talks = Conversation.select(Conversation.id).where(Conversation.inbox_id == inbox_id)
    if thin(tx, talks) or thin_places(tx, inbox_id):
        return False
    tx.delete(InboxMember, inbox_id=inbox_id)
    tx.delete(AgentBotInbox, inbox_id=inbox_id)
    for model in (InboxAssignmentPolicy, AssignmentQueue, Assignment, Departure):
        tx.delete(model, inbox_id=inbox_id)
    blobs.drop(tx, "Inbox", inbox_id)
    tx.delete(Inbox, id=inbox_id)
    return True
