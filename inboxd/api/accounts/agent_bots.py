"""Agent bots and the inboxes they answer in."""

from typing import Any

from inboxd.api import steps
from inboxd.api.accounts import avatars
from inboxd.api.audit import audited
from inboxd.api.auth import check_role
from inboxd.api.web import Call, empty
from inboxd.domain.errors import NotFound
from inboxd.services import bots, webhooks
from inboxd.store import accounts as store
from inboxd.store.models import AccessToken, AgentBot, AgentBotInbox, Inbox, Webhook
from inboxd.wire import agent_bots as wire


def find(call: Call) -> AgentBot:
    if call.request.method != "GET":
        check_role(call.caller, "administrator")  # Chatwoot asks for the role before it looks
    bot = store.agent_bot(call.tx, call.account_id, call.args["id"])
    if bot is None:
        raise NotFound
    return bot


def _shown(call: Call, bot: AgentBot, secret: str | None = None, token: str | None = None) -> wire.Bot:
    webhook = store.bot_webhook(call.tx, bot.id)
    admin = call.caller.is_administrator
    return wire.agent_bot(bot, webhook, call.tx.links, admin=admin, secret=secret, token=token)


def _values(call: Call) -> dict[str, Any]:
    values = {key: value for key, value in call.values.items() if key not in ("bot_type", "avatar", "avatar_url")}
    if "name" in values:
        values["name"] = values["name"] or ""
    return values | avatars.given(call, call.account_id)


def index(call: Call) -> Any:
    return [_shown(call, bot) for bot in store.agent_bots(call.tx, call.account_id)]


def show(call: Call, bot: AgentBot) -> Any:
    return _shown(call, bot)


@audited(AgentBot, Webhook)
def create(call: Call) -> Any:
    bot, token = bots.create(call.tx, call.account_id, _values(call), call.parts.guard)
    avatars.adopt(call, bot)
    return _shown(call, bot, store.bot_webhook(call.tx, bot.id).secret, token)


@audited(AgentBot, Webhook)
def update(call: Call, bot: AgentBot) -> Any:
    bots.update(call.tx, bot, _values(call), call.parts.guard)
    avatars.adopt(call, bot)
    return _shown(call, bot)


@audited(AgentBot)
def _delete(call: Call) -> bool:
    return bots.delete(call.tx, find(call))


def delete(call: Call, bot: AgentBot) -> None:
    steps.later(call, _delete, first=bots.ending(call.tx, bot))


def delete_avatar(call: Call, bot: AgentBot) -> Any:
    bots.update(call.tx, bot, {"avatar": ""}, call.parts.guard)
    avatars.drop(call, bot)
    return _shown(call, bot)


@audited(Webhook)
def reset_secret(call: Call, bot: AgentBot) -> Any:
    return _shown(call, bot, webhooks.rotate_secret(call.tx, store.bot_webhook(call.tx, bot.id)))


@audited(rows=lambda call, bot: call.tx.filter(AccessToken, owner_type="AgentBot", owner_id=bot.id))
def reset_access_token(call: Call, bot: AgentBot) -> wire.Bot:
    return _shown(call, bot, token=bots.reset_token(call.tx, bot))


def of_inbox(call: Call, inbox: Inbox) -> Any:
    bot = store.agent_bot(call.tx, call.account_id, store.inbox_bot_id(call.tx, inbox.id))
    return {"agent_bot": _shown(call, bot)} if bot is not None else {}


@audited(AgentBotInbox)
def connect(call: Call, inbox: Inbox) -> Any:
    bots.connect(call.tx, inbox, call.values.get("agent_bot") or None)
    return empty()
