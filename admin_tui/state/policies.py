"""Assignment policies: how they are said, and who follows them."""

from typing import TYPE_CHECKING, Any

from admin_tui.state import spans
from admin_tui.text import line

if TYPE_CHECKING:
    from inboxd.client import Client

Json = dict[str, Any]
PRIORITIES = {"earliest_created": "oldest first", "longest_waiting": "longest waiting first"}


def fetch(client: "Client") -> list[Json]:
    """On a thread of the network: the policies, each with the inboxes that follow it."""
    found: list[Json] = client.call("GET", "/assignment_policies")
    for one in found:
        of_one = client.call("GET", f"/assignment_policies/{one['id']}/inboxes")["inboxes"]
        one["inboxes"] = [{"id": inbox["id"], "name": inbox["name"]} for inbox in of_one]
    return found


def of_inbox(client: "Client", inbox_id: int) -> Json:
    """The policy that an inbox follows; empty for none."""
    from inboxd.client import ApiError

    try:
        found: Json = client.call("GET", f"/inboxes/{inbox_id}/assignment_policy")
    except ApiError as error:
        if error.status != 404:
            raise
        return {}
    return found


def follow(client: "Client", inbox_id: int, policy_id: int | None) -> None:
    """Let an inbox follow a policy, or none."""
    path = f"/inboxes/{inbox_id}/assignment_policy"
    if policy_id is not None:
        client.call("POST", path, assignment_policy_id=policy_id)
    elif of_inbox(client, inbox_id):
        client.call("DELETE", path)


def followers(client: "Client", policy_id: int) -> list[int]:
    found = client.call("GET", f"/assignment_policies/{policy_id}/inboxes")["inboxes"]
    return [one["id"] for one in found]


def pace(policy: Json) -> str:
    return f"{policy['fair_distribution_limit']} in {spans.words(policy['fair_distribution_window'])} each"


def words(policy: Json) -> str:
    """A policy in a line."""
    return line(f"{policy['name']}: {about(policy)}")


def about(policy: Json) -> str:
    off = "" if policy["enabled"] else "switched off, "
    return f"{off}{order(policy)}, at most {pace(policy)}"


def order(policy: Json) -> str:
    return PRIORITIES.get(policy["conversation_priority"], line(policy["conversation_priority"]))
