"""The words of activity messages: what agents read between the messages of a conversation."""

_STATUS = {
    "resolved": "Conversation was marked resolved by {}",
    "open": "Conversation was reopened by {}",
    "pending": "Conversation was marked as pending by {}",
    "snoozed": "Conversation was snoozed by {}",
}
BOT_FAILED = "Conversation was marked open by system due to an error with the agent bot."
AUTO_RESOLVE_NOT_SENT = "Auto-resolve message not sent due to outgoing message restrictions"
SURVEY_NOT_SENT = "CSAT survey not sent due to outgoing message restrictions"
SYSTEM_REOPENED = "System reopened the conversation due to a new incoming message."


def status_by_agent(status: str, name: str) -> str:
    return _STATUS[status].format(name)


def resolved_by_contact(name: str) -> str:
    return f"Conversation was resolved by {name.capitalize()}"


def resolved_by_system(minutes: int) -> str:
    """The minutes in the largest unit of which they are a whole number."""
    fitting = (one for one in ((1440, "days"), (60, "hours")) if minutes >= one[0] and minutes % one[0] == 0)
    size, unit = next(fitting, (1, "minutes"))
    return f"Conversation was marked resolved by system due to {minutes // size} {unit} of inactivity"


def assignee(assigned: str | None, name: str, *, self_assigned: bool) -> str:
    if assigned is None:
        return f"Conversation unassigned by {name}"
    return f"{name} self-assigned this conversation" if self_assigned else f"Assigned to {assigned} by {name}"


def team(joined: str, name: str, assigned: str | None = None) -> str:
    """`assigned` is who was put in charge with the same change."""
    return f"Assigned to {assigned} via {joined} by {name}" if assigned else f"Assigned to {joined} by {name}"


def team_removed(left: str, name: str) -> str:
    return f"Unassigned from {left} by {name}"


def priority(old: str | None, new: str | None, name: str) -> str:
    if new is None:
        return f"{name} removed the priority"
    if old is None:
        return f"{name} set the priority to {new}"
    return f"{name} changed the priority from {old} to {new}"


def muted(name: str) -> str:
    return f"{name} has muted the conversation"


def unmuted(name: str) -> str:
    return f"{name} has unmuted the conversation"


def labels(old: list[str], new: list[str], name: str) -> list[str]:
    added = [label for label in new if label not in old]
    removed = [label for label in old if label not in new]
    texts = [f"{name} added {', '.join(added)}"] if added else []
    return texts + ([f"{name} removed {', '.join(removed)}"] if removed else [])
