"""What things are called: who we are, inboxes, people, teams and labels, fetched once and again when they change."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inboxd.client import Client

Json = dict[str, Any]
_TOUCHING = ("inbox_created", "inbox_updated")


@dataclass
class Directory:
    meta: Json = field(default_factory=dict)
    inboxes: list[Json] = field(default_factory=list)
    agents: list[Json] = field(default_factory=list)
    teams: list[Json] = field(default_factory=list)
    labels: list[Json] = field(default_factory=list)

    @staticmethod
    def fetch(client: "Client") -> Json:
        """On a thread of the network: everything of a directory."""
        return {
            "meta": client.call("GET", "/meta"),
            "inboxes": client.inboxes(),
            "agents": client.agents(),
            "teams": client.call("GET", "/teams"),
            "labels": client.call("GET", "/labels")["payload"],
        }

    def learn(self, found: Json) -> None:
        self.meta, self.inboxes, self.agents = found["meta"], found["inboxes"], found["agents"]
        self.teams, self.labels = found["teams"], found["labels"]

    @property
    def is_known(self) -> bool:
        return bool(self.meta)

    @property
    def role(self) -> str:
        return str(self.meta.get("role", ""))

    @property
    def me(self) -> int:
        return int(self.meta.get("user", {}).get("id", 0))

    def inbox(self, inbox_id: Any) -> Json:
        return next((one for one in self.inboxes if one["id"] == inbox_id), {})

    def inbox_name(self, inbox_id: Any) -> str:
        return str(self.inbox(inbox_id).get("name", f"inbox {inbox_id}"))

    def is_touched_by(self, events: list[Json]) -> bool:
        return any(event["payload"].get("event") in _TOUCHING for event in events)
