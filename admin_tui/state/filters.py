"""What is typed to find conversations: words, and `status: assignee: inbox: label: team: priority:`."""

from dataclasses import dataclass, field
from typing import Any

from admin_tui.state.conversations import VIEWS, Talk
from admin_tui.state.directory import Directory
from admin_tui.state.tokens import Wrong, meant, tokens

Json = dict[str, Any]
STATUSES = ("open", "pending", "snoozed", "resolved", "all")
PRIORITIES = ("urgent", "high", "medium", "low")
KEYS = ("status", "assignee", "inbox", "label", "team", "priority")


@dataclass(frozen=True)
class Filter:
    """`assignee` is me, none, or the id of an agent. `payload` are the conditions of a saved view, which stand for
    all else."""

    text: str = ""
    words: str = ""
    status: str = ""
    assignee: Any = ""
    inbox_id: int = 0
    team_id: int = 0
    labels: tuple[str, ...] = ()
    priority: str = ""
    chips: tuple[str, ...] = field(default=(), compare=False)
    payload: tuple[Json, ...] = ()

    @property
    def needs_conditions(self) -> bool:
        """The plain list knows no priorities, and no assignees but oneself and nobody."""
        return bool(self.priority or self.payload) or isinstance(self.assignee, int)

    def query(self, view: str, sort: str, page: int) -> Json:
        """The parameters of the plain list."""
        query = {"status": "open", "sort_by": sort, "page": page, **VIEWS[view]}
        kinds = {"me": "me", "none": "unassigned"}
        given = {
            "q": self.words, "status": self.status, "assignee_type": kinds.get(self.assignee),
            "inbox_id": self.inbox_id, "team_id": self.team_id, "labels[]": list(self.labels),
        }  # fmt: skip
        return query | {key: value for key, value in given.items() if value}

    def conditions(self, view: str, me: int) -> list[Json]:
        """The same for the list by conditions."""
        if self.payload:
            return list(self.payload)
        query = self.query(view, "", 1)
        asked: list[tuple[str, str, list[Any]]] = [("status", "equal_to", [query["status"]])]
        if isinstance(self.assignee, int):
            asked.append(("assignee_id", "equal_to", [self.assignee]))
        elif query["assignee_type"] == "me":
            asked.append(("assignee_id", "equal_to", [me]))
        elif query["assignee_type"] == "unassigned":
            asked.append(("assignee_id", "is_not_present", []))
        asked += [(key, "equal_to", [query[key]]) for key in ("inbox_id", "team_id") if key in query]
        asked += [("labels", "equal_to", [label]) for label in self.labels]
        asked += [("priority", "equal_to", [self.priority])] if self.priority else []
        return [
            {
                "attribute_key": key,
                "filter_operator": operator,
                "values": values,
                "query_operator": "and" if place < len(asked) else None,
            }
            for place, (key, operator, values) in enumerate(asked, 1)
        ]

    def fits(self, talk: Talk, view: str, me: int) -> bool:
        """As far as a conversation shows it: whether it has the words, or meets the conditions of a saved view, is
        known to the server alone."""
        if self.payload:
            return True
        query = self.query(view, "", 1)
        kind = query["assignee_type"]
        return (
            query["status"] in ("all", talk.status)
            and (kind != "me" or talk.assignee_id == me)
            and (kind != "unassigned" or talk.assignee_id is None)
            and (not isinstance(self.assignee, int) or talk.assignee_id == self.assignee)
            and self.inbox_id in (0, talk.inbox_id)
            and self.team_id in (0, talk.team_id)
            and self.priority in ("", talk.priority)
            and set(self.labels) <= set(talk.labels)
        )


def values(directory: Directory) -> dict[str, list[str]]:
    """What can stand behind each key."""
    agents, inboxes, teams = (
        [str(one["name"]) for one in found] for found in (directory.agents, directory.inboxes, directory.teams)
    )
    return {
        "status": list(STATUSES), "assignee": ["me", "none", *agents], "inbox": inboxes,
        "label": [str(one["title"]) for one in directory.labels], "team": teams, "priority": list(PRIORITIES),
    }  # fmt: skip


def parse(text: str, directory: Directory) -> Filter:
    """Raises Wrong."""
    given: dict[str, Any] = {}
    words, labels, chips = [], [], []
    for key, value in tokens(text, KEYS):
        if not key:
            words.append(value)
            continue
        chips.append(f"{key}:{value}")
        if key == "label":
            labels.append(value)
        else:
            name, found = _meant(key, value, directory)
            given[name] = found
    found = Filter(text.strip(), " ".join(words), labels=tuple(labels), chips=tuple(chips), **given)
    if found.words and found.needs_conditions:
        what = "priority:" if found.priority else "assignee: of somebody else"
        raise Wrong(f"{what} cannot be combined with words ({found.words})")
    return found


def _meant(key: str, value: str, directory: Directory) -> tuple[str, Any]:
    if key == "status":
        return key, _one_of(key, value, STATUSES)
    if key == "priority":
        return key, _one_of(key, value, PRIORITIES)
    if key == "assignee":
        if value in ("me", "none"):
            return key, value
        return key, _named(key, value, directory.agents, "me, none")
    return f"{key}_id", _named(key, value, directory.inboxes if key == "inbox" else directory.teams)


def _one_of(key: str, value: str, words: tuple[str, ...]) -> str:
    found: list[str] = meant(value, zip(words, words, strict=True))
    if len(found) != 1:
        raise Wrong(f"{key}:{value} is none of {', '.join(words)}")
    return found[0]


def _named(key: str, value: str, things: list[Json], also: str = "") -> int:
    """By number, by the whole name, or by how the name of one alone begins."""
    found = [one["id"] for one in things if str(one["id"]) == value]
    found = found or meant(value, [(str(one["name"]), one["id"]) for one in things])
    if not found:
        names = [str(one["name"]) for one in things[:8]] + ([also] if also else [])
        raise Wrong(f"{key}:{value} is unknown; there is {', '.join(names) or 'none'}")
    if len(found) > 1:
        raise Wrong(f"{key}:{value} could be {len(found)} of them")
    return int(found[0])
