"""Teams and their members."""

from typing import Any

from inboxd.api import steps
from inboxd.api.accounts import agents
from inboxd.api.audit import audited
from inboxd.api.web import Call, empty
from inboxd.domain.errors import NotFound
from inboxd.services import teams
from inboxd.store import teams as store
from inboxd.store.models import Team, TeamMember
from inboxd.wire import teams as wire


def find(call: Call) -> Team:
    team = store.team(call.tx, call.account_id, call.args["id"])
    if team is None:
        raise NotFound
    return team


def of_caller(call: Call) -> frozenset[int]:
    """The teams that the caller is in."""
    user = call.caller.user
    return store.ids_of(call.tx, call.account_id, user.id) if user is not None else frozenset()


def _listed(call: Call, found: list[Team]) -> list[Any]:
    own = of_caller(call)
    return [wire.team(team, is_member=team.id in own) for team in found]


def index(call: Call) -> Any:
    return _listed(call, store.teams(call.tx, call.account_id))


def show(call: Call, team: Team) -> Any:
    return _listed(call, [team])[0]


@audited(Team)
def create(call: Call) -> Any:
    return show(call, teams.create(call.tx, call.account_id, call.values))


@audited(Team)
def update(call: Call, team: Team) -> Any:
    teams.update(call.tx, team, call.values)
    return show(call, team)


@audited(Team)
def _delete(call: Call) -> bool:
    return store.drop(call.tx, find(call))


def delete(call: Call, _: Team) -> None:
    steps.later(call, _delete)


def show_members(call: Call, team: Team) -> Any:
    return agents.listed(call, store.members(call.tx, team.id))


@audited(TeamMember)
def add_members(call: Call, team: Team) -> Any:
    return agents.listed(call, teams.add_members(call.tx, team, agents.user_ids(call)))


@audited(TeamMember)
def set_members(call: Call, team: Team) -> Any:
    teams.set_members(call.tx, team, agents.user_ids(call))
    return show_members(call, team)


@audited(TeamMember)
def remove_members(call: Call, team: Team) -> Any:
    teams.remove_members(call.tx, team, agents.user_ids(call))
    return empty()
