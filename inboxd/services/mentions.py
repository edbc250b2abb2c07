"""Calling colleagues by a mention in a private message."""

from inboxd.domain import mentions as words
from inboxd.services import notifications, participants, people
from inboxd.store import mentions, teams
from inboxd.store.db import Tx
from inboxd.store.models import Conversation, Message


def note(tx: Tx, conversation: Conversation, message: Message) -> None:
    """Who a private message mentions, by themselves or with their team, follows the conversation from
    now on and hears of it. Who could not be assigned in it is left out."""
    if not message.private or message.sender_type != "User" or not message.content:
        return
    user_ids, team_ids = words.found(message.content)
    for team_id in team_ids:
        if teams.team(tx, conversation.account_id, team_id) is not None:
            user_ids.update(teams.members(tx, team_id))
    if not user_ids:
        return
    called = sorted(user_ids & people.assignable(tx, conversation.account_id, [conversation.inbox_id]))
    for user_id in called:
        mentions.note(tx, conversation, user_id)
    participants.add(tx, conversation, called)
    notifications.mentioned(tx, conversation, message, called)
