"""Every action once: what it is called, which keys it has, where it works and how careful it is.

Bindings, the hint line, the help, the palette and the key table of the README are made from it. Lower case is
safe or can be undone; a capital is stronger, wider or asks first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Kind = Literal["safe", "undo", "confirm", "typed"]


@dataclass(frozen=True)
class Action:
    """`context` is everywhere, list for everything with rows, or the name of a screen. `hint` actions stand in
    the hint line, in the order of the table. `writes`: hidden from who may only read. `admin`: hidden from agents."""

    id: str
    keys: str
    label: str
    context: str
    kind: Kind = "safe"
    hint: bool = False
    writes: bool = False
    admin: bool = False
    about: str = ""

    @cached_property
    def name(self) -> str:
        """The method `action_<name>` that does it."""
        return self.id.replace(".", "_")


SCREENS = {
    "dashboard": ("1", "b", "Dashboard"),
    "inboxes": ("2", "i", "Inboxes"),
    "conversations": ("3", "c", "Conversations"),
    "contacts": ("4", "o", "Contacts"),
    "deliveries": ("5", "d", "Deliveries"),
    "webhooks": ("6", "h", "Webhooks"),
    "agents": ("7", "a", "Agents"),
    "events": ("8", "e", "Events"),
    "settings": ("9", "s", "Settings"),
    "automation": ("0", "u", "Automation"),
    "reports": ("", "r", "Reports"),
}
"""Name → number key, letter behind `g`, title."""
ADMIN_SCREENS = ("reports",)
"""What agents may not even read."""

ACTIONS: tuple[Action, ...] = (
    Action("conv.reply", "r", "Reply", "conversations", hint=True, writes=True),
    Action("conv.private", "p", "Private note", "conversations", hint=True, writes=True),
    Action("conv.quote", "Q", "Reply quoting", "conversations", writes=True, about="the message under the cursor"),
    Action(
        "conv.assign", "a", "Assign…", "conversations", kind="undo", hint=True, writes=True, about="this, or all marked"
    ),
    Action("conv.take", "A", "Assign to me", "conversations", kind="undo", writes=True),
    Action("conv.team", "T", "Team…", "conversations", kind="undo", writes=True),
    Action("conv.resolve", "d", "Resolve", "conversations", kind="undo", hint=True, writes=True, about="or open again"),
    Action("conv.status", "s", "Status…", "conversations", kind="undo", writes=True),
    Action("conv.snooze", "z", "Snooze…", "conversations", kind="undo", writes=True),
    Action("conv.labels", "L", "Labels…", "conversations", kind="undo", writes=True),
    Action("conv.priority", "P", "Priority…", "conversations", kind="undo", writes=True),
    Action(
        "conv.mute", "M", "Mute or unmute", "conversations", kind="confirm", writes=True, about="blocks the contact"
    ),
    Action("conv.unread", "m", "Mark unread", "conversations", writes=True),
    Action("conv.again", "R", "Send again", "conversations", writes=True, about="a message that failed"),
    Action("conv.next", "J", "Next conversation", "conversations"),
    Action("conv.previous", "K", "Previous conversation", "conversations"),
    Action(
        "conv.next.unread", "n", "Next unread", "conversations", about="or the find before, when searching a thread"
    ),
    Action("conv.previous.unread", "N", "Previous unread", "conversations", about="or the find after"),
    Action("conv.sort", "S", "Sort…", "conversations"),
    Action("conv.views", "V", "Saved views…", "conversations", about="open, save, rename, delete"),
    Action("conv.files", "o", "Files…", "conversations", about="open them, save them, or copy their links"),
    Action("conv.attach", "f", "Send files…", "conversations", writes=True),
    Action("conv.contact", "C", "Contact", "conversations"),
    Action(
        "conv.macro", "X", "Run macro…", "conversations", kind="confirm", writes=True, about="on this, or all marked"
    ),
    Action("conv.deliveries", "w", "Its deliveries", "conversations", admin=True),
    Action("inbox.test", "t", "Test message", "inboxes", hint=True, writes=True, admin=True),
    Action("inbox.hook.test", "T", "Test webhook", "inboxes", hint=True, writes=True, admin=True),
    Action("inbox.members", "m", "Members…", "inboxes", kind="undo", hint=True, writes=True, admin=True),
    Action("inbox.bot", "B", "Agent bot…", "inboxes", kind="undo", writes=True, admin=True, about="who answers first"),
    Action(
        "inbox.policy",
        "p",
        "Assignment policy…",
        "inboxes",
        kind="undo",
        writes=True,
        admin=True,
        about="how its conversations are handed out",
    ),
    Action("inbox.options", "o", "Webhook options", "inboxes", writes=True, admin=True),
    Action("inbox.avatar", "v", "Avatar…", "inboxes", writes=True, admin=True, about="a picture from a file, or none"),
    Action("inbox.secret", "R", "New secret", "inboxes", kind="confirm", writes=True, admin=True),
    Action("inbox.enable", "E", "Enable webhook", "inboxes", writes=True, admin=True, about="one that was disabled"),
    Action("hook.test", "T", "Test webhook", "webhooks", hint=True, writes=True, admin=True),
    Action("hook.deliveries", "w", "Its deliveries", "webhooks", hint=True, admin=True),
    Action("hook.events", "s", "Events…", "webhooks", kind="undo", writes=True, admin=True, about="what it hears"),
    Action("hook.options", "o", "Options", "webhooks", writes=True, admin=True, about="order, own messages, headers"),
    Action(
        "hook.recover", "A", "Send again…", "webhooks", kind="confirm", writes=True, admin=True, about="what it missed"
    ),
    Action("hook.secret", "R", "New secret", "webhooks", kind="confirm", writes=True, admin=True),
    Action("hook.token", "K", "New token", "webhooks", kind="confirm", writes=True, admin=True, about="of a bot"),
    Action(
        "hook.inboxes", "m", "Inboxes…", "webhooks", kind="undo", writes=True, admin=True, about="where a bot answers"
    ),
    Action("hook.avatar", "v", "Avatar…", "webhooks", writes=True, admin=True, about="of a bot"),
    Action("hook.enable", "E", "Enable", "webhooks", writes=True, admin=True, about="one that was disabled"),
    Action("contact.write", "r", "Write…", "contacts", hint=True, writes=True, about="opens its conversation"),
    Action("contact.note", "n", "Add note", "contacts", hint=True, writes=True),
    Action("contact.block", "B", "Block or unblock", "contacts", kind="undo", writes=True, about="this, or all marked"),
    Action("contact.labels", "L", "Labels…", "contacts", kind="undo", writes=True),
    Action("contact.avatar", "v", "Avatar…", "contacts", writes=True, about="a picture from a file, or none"),
    Action("contact.merge", "M", "Merge with…", "contacts", kind="typed", writes=True, about="two contacts become one"),
    Action("contact.sort", "S", "Sort…", "contacts"),
    Action("contact.import", "I", "Import CSV…", "contacts", writes=True, admin=True),
    Action("contact.export", "E", "Export CSV…", "contacts", writes=True, admin=True),
    Action(
        "agent.availability", "o", "My availability", "agents", hint=True, writes=True, about="online, busy, offline"
    ),
    Action("agent.avatar", "v", "My avatar…", "agents", writes=True, about="a picture from a file, or none"),
    Action("team.members", "m", "Members…", "agents", hint=True, writes=True, admin=True, about="of a team"),
    Action(
        "delivery.resend",
        "r",
        "Send again now",
        "deliveries",
        hint=True,
        writes=True,
        admin=True,
        about="or all marked",
    ),
    Action("delivery.cancel", "x", "Cancel", "deliveries", kind="confirm", hint=True, writes=True, admin=True),
    Action(
        "delivery.recover",
        "R",
        "Recover all",
        "deliveries",
        kind="confirm",
        writes=True,
        admin=True,
        about="everything exhausted of this webhook, again",
    ),
    Action("delivery.pager", "O", "Open in $PAGER", "deliveries", admin=True),
    Action("rule.try", "t", "Try out", "automation", hint=True, admin=True, about="on a conversation, without effect"),
    Action("rule.switch", "o", "On or off", "automation", kind="undo", hint=True, writes=True, admin=True),
    Action("rule.clone", "C", "Clone", "automation", writes=True, admin=True, about="the copy is switched off"),
    Action("events.save", "ctrl+s", "Save to a file", "events", hint=True, about="what the filter shows"),
    Action(
        "dashboard.test",
        "t",
        "Test message",
        "dashboard",
        hint=True,
        writes=True,
        admin=True,
        about="as if a customer wrote",
    ),
    Action("report.shorter", "comma", "Shorter span", "reports", admin=True),
    Action("report.longer", "full_stop", "Longer span", "reports", hint=True, admin=True),
    Action("report.span", "t", "Span…", "reports", admin=True, about="today, 7, 30 or 90 days"),
    Action("report.metric", "m", "Next metric", "reports", hint=True, admin=True, about="the one that is drawn"),
    Action("report.hours", "b", "Business hours", "reports", hint=True, admin=True, about="times in them, or in all"),
    Action("report.only", "f", "Only…", "reports", hint=True, admin=True, about="an agent, inbox, team or rating"),
    Action("report.note", "n", "Review note", "reports", hint=True, writes=True, admin=True, about="on an answer"),
    Action("report.save", "E", "Export CSV…", "reports", hint=True, admin=True, about="what is shown"),
    Action("open", "enter", "Open", "list", hint=True),
    Action("back", "escape", "Back", "everywhere"),
    Action("filter", "slash", "Filter", "list", hint=True, about="type to find; \\ clears"),
    Action("filter.clear", "backslash", "Clear filter", "list"),
    Action("view.previous", "left_square_bracket", "Previous view", "list"),
    Action("view.next", "right_square_bracket", "Next view", "list"),
    Action("mark", "space", "Mark", "list"),
    Action("mark.all", "asterisk", "Mark all", "list"),
    Action("create", "c", "New", "list", writes=True),
    Action("edit", "e", "Edit", "list", writes=True),
    Action("delete", "D", "Delete", "list", kind="confirm", writes=True),
    Action("copy", "y", "Copy", "list"),
    Action("copy.as", "Y", "Copy as…", "list"),
    Action("undo", "u", "Undo", "everywhere", writes=True, about="the last thing that can be undone, for 30 s"),
    Action("info", "i", "Details", "list"),
    Action("follow", "F", "Pause or follow", "everywhere"),
    Action("refresh", "ctrl+r,f5", "Refresh", "everywhere", about="offline: try now"),
    Action("goto", "g", "Go to…", "everywhere", hint=True),
    Action("previous.place", "minus", "Where I was", "everywhere"),
    Action("palette", "ctrl+p,colon", "Commands", "everywhere", hint=True),
    Action("help", "question_mark,f1", "Help", "everywhere"),
    Action("log", "exclamation_mark", "Messages", "everywhere", about="what was said and what failed in this session"),
    Action("mouse", "f2", "Mouse on or off", "everywhere", about="off: the terminal selects text"),
    Action("redraw", "ctrl+l", "Redraw", "everywhere"),
    Action("suspend", "ctrl+z", "To the shell", "everywhere", about="fg comes back"),
    Action("quit", "q,ctrl+q", "Quit", "everywhere"),
)

TYPING: tuple[Action, ...] = (
    Action("typing.send", "ctrl+s", "Send", "composer", about="while writing"),
    Action("typing.toggle", "ctrl+t", "Private", "composer", about="reply or private note, while writing"),
    Action("typing.canned", "ctrl+g", "Canned…", "composer", about="while writing; /name and tab too"),
    Action("typing.leave", "escape", "Leave", "composer", about="while writing; the draft stays"),
    Action("typing.editor", "ctrl+o", "Editor", "composer", about="while writing: in $EDITOR"),
)
"""What the composer knows by itself, for the hint line and the help. They cannot be bound anew."""


def of(*contexts: str, actions: tuple[Action, ...] = ACTIONS) -> list[Action]:
    """The actions of some contexts, those of the first one first."""
    return [action for context in contexts for action in actions if action.context == context]


BY_NAME = {action.name: action for action in ACTIONS}
"""Asked for every key that there is at every key that is pressed."""


def by_id(action_id: str) -> Action:
    return next(action for action in ACTIONS if action.id == action_id)


def shown(keys: str) -> str:
    """The first key as people write it: `question_mark` is `?`."""
    first = keys.split(",", maxsplit=1)[0]
    return _NAMES.get(first, first)


_NAMES = {
    "slash": "/", "backslash": "\\", "left_square_bracket": "[", "right_square_bracket": "]", "asterisk": "*",
    "question_mark": "?", "exclamation_mark": "!", "minus": "-", "colon": ":", "full_stop": ".", "comma": ",",
    "less_than_sign": "<", "greater_than_sign": ">", "escape": "esc", "f1": "F1", "f2": "F2", "f5": "F5",
}  # fmt: skip


def table(actions: tuple[Action, ...] = ACTIONS) -> list[tuple[str, str, str, str]]:
    """Every action as (keys, what it does, where, id), for the README and `--dump-keys`."""
    return [
        (
            " ".join(shown(key.strip()) for key in action.keys.split(",")),
            f"{action.label}: {action.about}" if action.about else action.label,
            {"list": "every list"}.get(action.context, action.context),
            action.id,
        )
        for action in actions
    ]


def problems(overrides: Mapping[str, str], actions: tuple[Action, ...] = ACTIONS) -> list[str]:
    """What is wrong with the keys of a config file: names nobody knows, and keys that two actions of one
    place would share."""
    known = {action.id: action for action in actions}
    found = [f"keys: there is no action {name!r}" for name in overrides if name not in known]
    taken: dict[tuple[str, str], str] = {}
    for action in actions:
        for key in overrides.get(action.id, action.keys).split(","):
            for context in _shares(action.context):
                other = taken.setdefault((context, key.strip()), action.id)
                if other != action.id and (action.id in overrides or other in overrides):
                    found.append(f"keys: {shown(key)!r} is both {other} and {action.id}")
    return list(dict.fromkeys(found))


def _shares(context: str) -> list[str]:
    if context in ("everywhere", "list"):
        return ["everywhere"]
    return [context]
