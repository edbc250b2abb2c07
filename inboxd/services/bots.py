"""Agent bots: programs that answer first in an inbox, told of its conversations by webhook."""

from collections.abc import Callable
from typing import Any

from inboxd.domain.addresses import Guard
from inboxd.domain.errors import NotFound
from inboxd.services import tokens, webhooks
from inboxd.store import accounts, blobs, conversations
from inboxd.store.db import Tx
from inboxd.store.models import AccessToken, AgentBot, AgentBotInbox, Inbox, Webhook


def create(tx: Tx, account_id: int, values: dict[str, Any], guard: Guard) -> tuple[AgentBot, str]:
    """The bot, and its access token for the only time. Raises Invalid for an outgoing_url that is too
    long or private."""
    url = webhooks.checked_bot_url(values.pop("outgoing_url", None), guard)
    bot = tx.insert(AgentBot, account_id=account_id, **values)
    tx.insert(Webhook, account_id=account_id, kind="bot", agent_bot_id=bot.id, url=url, secret=tokens.new())
    return bot, reset_token(tx, bot)


def reset_token(tx: Tx, bot: AgentBot) -> str:
    """A new access token in place of the one that the bot has, if it has one."""
    token = tokens.new()
    digest = tokens.digest(token)
    row = tx.find(AccessToken, owner_type="AgentBot", owner_id=bot.id)
    if row is not None:
        tx.update(row, digest=digest)
    else:
        row = tx.insert(AccessToken, owner_type="AgentBot", owner_id=bot.id, account_id=bot.account_id, digest=digest)
        tx.update(accounts.bot_webhook(tx, bot.id), token_id=row.id)
    return token


def update(tx: Tx, bot: AgentBot, values: dict[str, Any], guard: Guard) -> None:
    if "outgoing_url" in values:
        url = webhooks.checked_bot_url(values.pop("outgoing_url"), guard)
        webhooks.set_url(tx, accounts.bot_webhook(tx, bot.id), url)
    tx.update(bot, **values)


def ending(tx: Tx, bot: AgentBot) -> list[Callable[[Tx], int]]:
    """Units that cancel what the bot is owed, before it is deleted."""
    return webhooks.ending(tx, accounts.bot_webhook(tx, bot.id))


def delete(tx: Tx, bot: AgentBot) -> bool:
    """One step; whether it was the last. Its inboxes and conversations go on without it."""
    if conversations.forget_bot(tx, bot.id) or not webhooks.delete(tx, accounts.bot_webhook(tx, bot.id)):
        return False
    tx.delete(AccessToken, owner_type="AgentBot", owner_id=bot.id)
    tx.delete(AgentBotInbox, agent_bot_id=bot.id)
    blobs.drop(tx, "AgentBot", bot.id)
    tx.delete(AgentBot, id=bot.id)
    return True


def connect(tx: Tx, inbox: Inbox, bot_id: int | None) -> None:
    """Make a bot of the account answer first in an inbox; None makes people do. Raises NotFound."""
    if bot_id is not None and accounts.agent_bot(tx, inbox.account_id, bot_id) is None:
        raise NotFound
    tx.delete(AgentBotInbox, inbox_id=inbox.id)
    if bot_id is not None:
        tx.insert(AgentBotInbox, account_id=inbox.account_id, inbox_id=inbox.id, agent_bot_id=bot_id)
