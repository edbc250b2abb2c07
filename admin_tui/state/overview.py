"""What wants a person, in words: plain text from answers."""

from typing import Any

from admin_tui.state.inboxes import UNMANNED, is_unmanned
from admin_tui.text import line

Json = dict[str, Any]


def concern(one: Json, inbox: str) -> tuple[str, str]:
    """What wants a person, and why."""
    what = str(one["kind"]).replace("_", " ")
    where = f"{inbox}: " if inbox else ""
    return f"{one['count'] or '':>4} {what}", line(f"{where}{one['text']}")


def webhook_states(concerns: list[Json]) -> dict[int, str]:
    """Inbox → how its webhook is, where that is not well."""
    return {
        one["inbox_id"]: str(one["kind"]).removeprefix("webhook_")
        for one in reversed(concerns)
        if one["kind"].startswith("webhook_") and one.get("inbox_id")
    }


def members(client: Any, inbox_ids: list[int]) -> dict[int, list[Json]]:
    """On a thread of the network: inbox → its members, and whether they are there."""
    return {one: client.call("GET", f"/inbox_members/{one}")["payload"] for one in inbox_ids}


def unmanned(inboxes: list[Json], members: dict[int, list[Json]]) -> list[Json]:
    """The inboxes that hand out conversations while none of their members is there, as what wants a person."""
    found = [one for one in inboxes if is_unmanned(one, members.get(one["id"], []))]
    text = UNMANNED.removeprefix("nobody online: ")
    return [
        {"kind": "nobody_online", "severity": "warn", "count": 0, "inbox_id": one["id"], "text": text} for one in found
    ]
