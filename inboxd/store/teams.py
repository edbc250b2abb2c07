"""Teams and who is in them."""

from inboxd.store.db import Tx
from inboxd.store.models import Conversation, Team, TeamMember
from inboxd.store.removal import release


def team(tx: Tx, account_id: int, team_id: int) -> Team | None:
    return tx.find(Team, id=team_id, account_id=account_id)


def by_name(tx: Tx, account_id: int, name: str) -> Team | None:
    return tx.find(Team, account_id=account_id, name=name)


def teams(tx: Tx, account_id: int) -> list[Team]:
    """By name."""
    return sorted(tx.filter(Team, account_id=account_id), key=lambda team: team.name)


def members(tx: Tx, team_id: int) -> list[int]:
    return [member.user_id for member in tx.filter(TeamMember, team_id=team_id)]


def is_member(tx: Tx, team_id: int, user_id: int) -> bool:
    return tx.find(TeamMember, team_id=team_id, user_id=user_id) is not None


def ids_of(tx: Tx, account_id: int, user_id: int) -> frozenset[int]:
    """The teams a user is in."""
    return frozenset(
        member.team_id for member in tx.filter(TeamMember, user_id=user_id) if member.account_id == account_id
    )


def drop(tx: Tx, team: Team) -> bool:
    """One step of removing a team, whose conversations have none then; whether it was the last."""
    given = (Conversation.account_id == team.account_id) & (Conversation.team_id == team.id)
    if release(tx, given, team_id=None):
        return False
    tx.delete(TeamMember, team_id=team.id)
    tx.delete(Team, id=team.id)
    return True
