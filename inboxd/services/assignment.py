"""Who is given a conversation: the members of its inbox who are online take turns."""

from inboxd.domain import assignment as rules
from inboxd.store import accounts, teams
from inboxd.store import assignments as store
from inboxd.store.db import Tx
from inboxd.store.models import Assignment, AssignmentPolicy, AssignmentQueue, Conversation, Inbox, Team
from inboxd.wire.push import availability_status


def on_reopening(tx: Tx, conversation: Conversation) -> int | None:
    """Who is in charge of a conversation that opens again."""
    inbox = accounts.inbox(tx, conversation.account_id, conversation.inbox_id)
    if inbox is None:
        return conversation.assignee_id
    return on_opening(tx, inbox, team_of(tx, conversation), conversation.assignee_id)


def team_of(tx: Tx, conversation: Conversation) -> Team | None:
    return tx.get(Team, conversation.team_id) if conversation.team_id else None


def on_opening(tx: Tx, inbox: Inbox, team: Team | None, assignee_id: int | None) -> int | None:
    """Who is in charge of a conversation that opens: who is already, if a member of the inbox, else whose
    turn it is. Where a policy hands out, those that wait longer may come first."""
    if not inbox.enable_auto_assignment or assignee_id in accounts.members(tx, inbox.id):
        return assignee_id
    if store.policy(tx, inbox.id) is not None:
        tx.signals.add("assignments")
        return assignee_id
    return next_in_turn(tx, inbox, team) or assignee_id


def on_joining(tx: Tx, inbox: Inbox, team: Team | None, assignee_id: int | None) -> int | None:
    """Who is in charge of a conversation that a team gets: who is already, if in the team, else whose turn it
    is in it, whatever the inbox says of handing out."""
    if team is None or (assignee_id is not None and teams.is_member(tx, team.id, assignee_id)):
        return assignee_id
    return next_in_turn(tx, inbox, team)


def next_in_turn(tx: Tx, inbox: Inbox, team: Team | None) -> int | None:
    """Takes the turn; None when nobody is online who may have another conversation."""
    able = candidates(tx, inbox, team)
    known = store.queue(tx, inbox.id) if able else None
    queue = rules.in_turn(known.user_ids if known else (), accounts.members(tx, inbox.id))
    user_id = rules.next_of(queue, able)
    if user_id is None:
        return None
    served = rules.served(queue, user_id)
    if known is not None:
        tx.update(known, user_ids=served)
    else:
        tx.insert(AssignmentQueue, account_id=inbox.account_id, inbox_id=inbox.id, user_ids=served)
    policy = store.policy(tx, inbox.id)
    if policy is not None:
        store.forget(tx, inbox.id, _window(tx, policy))
        tx.insert(Assignment, account_id=inbox.account_id, inbox_id=inbox.id, user_id=user_id)
    return user_id


def candidates(tx: Tx, inbox: Inbox, team: Team | None) -> set[int]:
    """The members who are online and under every limit."""
    if team is not None and not team.allow_auto_assign:
        return set()
    able = {user_id for user_id in accounts.members(tx, inbox.id) if _is_online(tx, inbox.account_id, user_id)}
    if team is not None:
        able &= set(teams.members(tx, team.id))
    most = rules.limit(inbox.auto_assignment_config)
    if able and most is not None:
        able -= _with(store.open_counts(tx, inbox.account_id, inbox.id), most)
    policy = store.policy(tx, inbox.id)
    if able and policy is not None:
        able -= _with(store.handed_out(tx, inbox.id, _window(tx, policy)), policy.fair_distribution_limit)
    return able


def is_served(tx: Tx, inbox: Inbox, team_id: int) -> bool:
    """Whether somebody can take a conversation of a team, 0 for none."""
    team = tx.get(Team, team_id) if team_id else None
    return bool(candidates(tx, inbox, team))


def _with(counts: dict[int, int], most: int) -> set[int]:
    return {user_id for user_id, count in counts.items() if count >= most}


def _window(tx: Tx, policy: AssignmentPolicy) -> int:
    return tx.now - policy.fair_distribution_window * 1000


def _is_online(tx: Tx, account_id: int, user_id: int) -> bool:
    return availability_status(accounts.membership(tx, account_id, user_id), tx.now) == "online"
