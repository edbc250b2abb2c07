"""Reports of this moment: what is open, what waits, who has how much of it."""

from typing import Any

from inboxd.api.accounts import agents
from inboxd.api.web import Call, empty
from inboxd.domain.errors import NotFound, Refused
from inboxd.store import accounts, live_reports, teams
from inboxd.store.live_reports import Open
from inboxd.store.models import AccountUser
from inboxd.wire import reports as wire

_PAGE = 25


def _team_id(call: Call) -> int | None:
    """Raises NotFound for a team of another account."""
    team_id: int | None = call.values.get("team_id")
    if team_id is not None and teams.team(call.tx, call.account_id, team_id) is None:
        raise NotFound
    return team_id


def metrics(call: Call) -> wire.Live:
    return wire.live(*live_reports.now(call.tx, call.account_id, _team_id(call)))


def grouped(call: Call) -> list[wire.Group]:
    group = call.values.get("group_by")
    if group not in live_reports.GROUPS:
        raise Refused("invalid group_by")
    found = live_reports.grouped(call.tx, call.account_id, group, _team_id(call))
    shape = wire.by_team if group == "team_id" else wire.by_assignee
    return [shape(counts, key) for key, counts in found.items()]


def conversations(call: Call) -> Any:
    """Of the account, or of its people, the busiest first."""
    kind = call.values.get("type")
    if kind == "account":
        return metrics(call)
    return _of_agents(call) if kind == "agent" else empty(422)


def _of_agents(call: Call) -> list[wire.AgentLoad]:
    found = live_reports.grouped(call.tx, call.account_id, "assignee_id", None)
    people = agents.listed(call, _people(call))
    loads = [wire.agent_load(agent, found.get(agent["id"], Open())) for agent in people]
    loads.sort(key=lambda load: -load["metric"]["open"])
    begin = (max(call.values.get("page") or 1, 1) - 1) * _PAGE
    return loads[begin : begin + _PAGE]


def _people(call: Call) -> list[int]:
    """Raises NotFound for a user of another account."""
    user_id = call.values.get("user_id")
    if user_id is None:
        return [one.user_id for one in call.tx.filter(AccountUser, account_id=call.account_id)]
    if accounts.membership(call.tx, call.account_id, user_id) is None:
        raise NotFound
    return [user_id]
