"""Agent bots as the application API shows them."""

from typing import Any, NotRequired, TypedDict

from inboxd.domain.links import Links
from inboxd.store.models import AgentBot, Webhook


class Slim(TypedDict):
    """A bot as the assignee of a conversation."""

    id: int
    name: str
    description: str | None
    thumbnail: str
    outgoing_url: str | None
    bot_type: str


class Bot(Slim):
    bot_config: dict[str, Any]
    account_id: int
    access_token: str | None
    system_bot: bool
    secret: NotRequired[str | None]


def slim(row: AgentBot, own: Webhook, links: Links) -> Slim:
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "thumbnail": links.avatar(row.avatar),
        "outgoing_url": own.url or None,
        "bot_type": "webhook",
    }


def agent_bot(
    row: AgentBot, own: Webhook, links: Links, *, admin: bool, secret: str | None = None, token: str | None = None
) -> Bot:
    """`secret` and `token` only right after they were made."""
    shape: Bot = {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "thumbnail": links.avatar(row.avatar),
        "outgoing_url": own.url or None,
        "bot_type": "webhook",
        "bot_config": row.bot_config,
        "account_id": row.account_id,
        "access_token": token,
        "system_bot": False,
    }
    if admin:
        shape["secret"] = secret
    return shape
