"""The event catalogue: adding an event is one entry here and the emit where it happens."""

from dataclasses import dataclass

from inboxd.domain.automation import EVENT_NAMES


@dataclass(frozen=True)
class EventType:
    """`default`: part of a webhook that names no subscriptions. `inbox`: goes to an inbox's own
    webhook too. `changes`: its payload carries `changed_attributes`. `bot`: goes to agent bots too.
    `named`: subscriptions may name it. `operational`: it tells of inboxd's own work, to
    administrators and to webhooks that name it."""

    name: str
    about: str
    default: bool
    inbox: bool
    changes: bool
    when: str
    bot: bool = False
    named: bool = True
    operational: bool = False


def _operational(name: str, about: str, when: str, *, named: bool = True) -> EventType:
    return EventType(name, about, default=False, inbox=False, changes=False, when=when, named=named, operational=True)


TEST = "webhook.test"
EVENT_TYPES = (
    EventType(
        "conversation_status_changed", "conversation", True, True, True,
        "open, pending, snoozed or resolved changed", bot=True,
    ),
    EventType(
        "conversation_updated", "conversation", True, True, True,
        "status, assignee, team, labels, priority, snooze, custom attributes, waiting or first reply changed",
        bot=True,
    ),
    EventType("conversation_created", "conversation", True, True, False, "a conversation was opened"),
    EventType("contact_created", "contact", True, False, False, "a contact was created"),
    EventType("contact_updated", "contact", True, False, True, "a contact changed, its last activity included"),
    EventType(
        "message_created", "message", True, True, False,
        "an incoming, outgoing or template message was stored, private notes included", bot=True,
    ),
    EventType(
        "message_updated", "message", True, True, True,
        "such a message changed: status, submitted values, deletion, error", bot=True,
    ),
    EventType("webwidget_triggered", "conversation", True, False, False, "never for API inboxes; accepted as a name"),
    EventType("inbox_created", "inbox", False, False, False, "an inbox was created"),
    EventType("inbox_updated", "inbox", False, False, True, "an inbox changed"),
    EventType("conversation_typing_on", "typing", False, True, False, "somebody started typing"),
    EventType("conversation_typing_off", "typing", False, True, False, "somebody stopped typing"),
    EventType(
        "conversation_opened", "conversation", False, False, False, "a conversation became open; for agent bots alone",
        bot=True, named=False,
    ),
    EventType(
        "conversation_resolved", "conversation", False, False, False,
        "a conversation became resolved; for agent bots alone", bot=True, named=False,
    ),
    EventType(
        "macro.executed", "conversation", False, False, False, "a macro posts a conversation; to its own URL alone",
        named=False,
    ),
    *(
        EventType(
            f"automation_event.{name}", "conversation", False, False, False,
            "an automation rule posts a conversation; to its own URL alone", named=False,
        )
        for name in EVENT_NAMES
    ),
    _operational("webhook.failing", "webhook", "a delivery failed for the 4th time, or an answer was 401 or 404"),
    _operational("webhook.disabled", "webhook", "an answer was 410, or there were nothing but failures for 5 days"),
    _operational("webhook.recovered", "webhook", "a failing webhook took a delivery"),
    _operational("delivery.exhausted", "webhook", "the last attempt of a delivery failed"),
    _operational("conversation.braked", "conversation", "a conversation made more than 200 events in a minute"),
    _operational(TEST, "webhook", "a test was asked for; that webhook alone gets it", named=False),
)  # fmt: skip

EVENTS = {kind.name: kind for kind in EVENT_TYPES}
DEFAULT_SUBSCRIPTIONS = tuple(kind.name for kind in EVENT_TYPES if kind.default)


@dataclass(frozen=True)
class Actor:
    """Who is doing it: `kind` is contact, user, bot, rule or system."""

    kind: str
    id: int | None = None
    name: str = ""

    @property
    def is_named(self) -> bool:
        """Whether activity lines tell people who it was."""
        return self.kind in ("user", "bot", "rule")


SYSTEM = Actor("system")
AUTOMATION = Actor("rule", name="Automation System")
