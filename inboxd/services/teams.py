"""Teams: groups of people that conversations are given to."""

from typing import Any

from inboxd.domain.errors import Invalid, Unauthorized
from inboxd.domain.text import STRING_LIMIT
from inboxd.store import accounts
from inboxd.store import teams as store
from inboxd.store.db import Tx
from inboxd.store.models import Team, TeamMember


def create(tx: Tx, account_id: int, values: dict[str, Any]) -> Team:
    """Raises Invalid for a name that is missing, too long or taken."""
    return tx.insert(Team, account_id=account_id, **_checked(tx, account_id, None, {"name": None, **values}))


def update(tx: Tx, team: Team, values: dict[str, Any]) -> None:
    tx.update(team, **_checked(tx, team.account_id, team, values))


def _checked(tx: Tx, account_id: int, team: Team | None, values: dict[str, Any]) -> dict[str, Any]:
    if values.get("allow_auto_assign", True) is None:
        values = {key: value for key, value in values.items() if key != "allow_auto_assign"}
    if "name" not in values:
        return values
    name = (values["name"] or "").lower()
    if not name.strip():
        raise Invalid("Name must not be blank", "name")
    if len(name) > STRING_LIMIT:
        raise Invalid(f"Name is too long (maximum is {STRING_LIMIT} characters)", "name")
    other = store.by_name(tx, account_id, name)
    if other is not None and (team is None or other.id != team.id):
        raise Invalid("Name has already been taken", "name")
    return values | {"name": name}


def add_members(tx: Tx, team: Team, user_ids: list[int]) -> list[int]:
    """Returns those who were not in it before. Raises Unauthorized for a stranger."""
    _check_people(tx, team, user_ids)
    present = store.members(tx, team.id)
    new = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in present]
    for user_id in new:
        tx.insert(TeamMember, account_id=team.account_id, team_id=team.id, user_id=user_id)
    return new


def set_members(tx: Tx, team: Team, user_ids: list[int]) -> None:
    """These users and nobody else. Raises Unauthorized for a stranger."""
    add_members(tx, team, user_ids)
    for user_id in store.members(tx, team.id):
        if user_id not in user_ids:
            tx.delete(TeamMember, team_id=team.id, user_id=user_id)


def remove_members(tx: Tx, team: Team, user_ids: list[int]) -> None:
    """Raises Unauthorized for a stranger."""
    _check_people(tx, team, user_ids)
    for user_id in user_ids:
        tx.delete(TeamMember, team_id=team.id, user_id=user_id)


def _check_people(tx: Tx, team: Team, user_ids: list[int]) -> None:
    if any(accounts.membership(tx, team.account_id, user_id) is None for user_id in user_ids):
        raise Unauthorized("Invalid User IDs")
