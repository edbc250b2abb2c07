"""What macros and automation rules do to conversations: one function an action, under its name on the wire.

`ACTIONS` has them all; the docstring of each says what it does. `checked` judges a list of actions before
it is kept, `perform` does one of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from inboxd.domain import conversations as rules
from inboxd.domain import mailing
from inboxd.domain.addresses import Guard
from inboxd.domain.errors import Invalid, Refused
from inboxd.domain.events import Actor
from inboxd.domain.messages import ATTACHMENTS_LIMIT, CONTENT_LIMIT, Draft, MessageType, Upload
from inboxd.domain.text import split_labels
from inboxd.services import conversation_actions, conversations, mails, messages, outbox, people, rendering, webhooks
from inboxd.services.messages import Limits
from inboxd.store import accounts, blobs, details, teams
from inboxd.store import messages as message_store
from inboxd.store.db import Tx
from inboxd.store.models import Blob, Conversation, User
from inboxd.wire.automation_rules import ActionWord

LIMIT = 50
Params = list[Any]
_NO_SMTP = "this server has no SMTP configured"
_TEAMS = 50
_LONGEST_LIST = 5_000
"""Characters of a list of addresses."""


@dataclass(frozen=True)
class Run:
    """On whose behalf actions are done. `user` writes the messages; without one nobody does, and
    `attributes` say who made them. `event` is what `send_webhook_event` tells. `mail`: whether this server
    sends e-mail."""

    actor: Actor
    user: User | None
    event: str
    limits: Limits
    attributes: dict[str, Any] = field(default_factory=dict)
    mail: bool = False


@dataclass(frozen=True)
class Means:
    """What this server can do: where webhooks may go, and whether it sends e-mail."""

    guard: Guard
    mail: bool


@dataclass(frozen=True)
class Keeper:
    """What keeps actions and their files: a Macro or AutomationRule. `id` is None while it is new."""

    account_id: int
    kind: str
    id: int | None
    means: Means


Read = Callable[[Tx, Keeper, Params, str], Params]
"""Parameters of the named action as they are kept. Raises Invalid with what it needs."""
Perform = Callable[[Tx, Conversation, Run, Params], None]


@dataclass(frozen=True)
class Kind:
    """What a parameter may be: how a sentence names it, and which values fit."""

    needed: str
    fits: Callable[[Any], bool]


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


KINDS = {
    "text": Kind("a text", _is_text),
    "label": Kind("labels as texts", _is_text),
    "agent": Kind("the id of a user", _is_id),
    "team": Kind("the id of a team", _is_id),
    "choice": Kind("one of", lambda _: False),
}
"""Other kinds have a `read` of their own: url, file, team_mail, email. The kind of no parameter is nothing."""
NIL = "nil"


@dataclass(frozen=True)
class Takes:
    """An action's parameters: of which kind, one or `several`, and the `words` beside or instead of values of
    that kind, some of them in macros alone. `clears`: nil, too. How they are checked follows from it."""

    kind: str = "nothing"
    words: tuple[str, ...] = ()
    macro_words: tuple[str, ...] = ()
    several: bool = False
    clears: bool = False
    required: bool = True
    read: Read | None = None

    def checked(self, tx: Tx, keeper: Keeper, params: Params, name: str) -> Params:
        if self.read is not None:
            return self.read(tx, keeper, params, name)
        if self.kind == "nothing":
            return params
        if (self.required and not params) or not all(map(self._fits, params if self.several else params[:1])):
            raise Invalid(f"{name} needs {self._needed()}", "actions")
        if any(isinstance(value, str) and len(value) > CONTENT_LIMIT for value in params):
            raise Invalid(f"The text of an action is too long (maximum is {CONTENT_LIMIT} characters)", "actions")
        return params

    def _fits(self, value: Any) -> bool:
        if value is None or value == NIL:
            return self.clears or (value is not None and KINDS[self.kind].fits(value))
        return value in (*self.macro_words, *self.words) or KINDS[self.kind].fits(value)

    def _needed(self) -> str:
        if self.kind == "choice":
            return f"one of {', '.join(self.words)}{', or nil' if self.clears else ''}"
        *first, last = KINDS[self.kind].needed, *self.macro_words, *self.words, *([NIL] if self.clears else [])
        return f"{', '.join(first)} or {last}" if first else last


@dataclass(frozen=True)
class Action:
    name: str
    about: str
    takes: Takes
    perform: Perform
    in_macros: bool


ACTIONS: dict[str, Action] = {}


def _action(takes: Takes, *, in_macros: bool = True) -> Callable[[Perform], Perform]:
    def register(perform: Perform) -> Perform:
        name, about = perform.__name__, " ".join((perform.__doc__ or "").split())
        ACTIONS[name] = Action(name, about, takes, perform, in_macros)
        return perform

    return register


def checked(
    tx: Tx, keeper: Keeper, given: Sequence[dict[str, Any]], allowed: frozenset[str], what: str
) -> list[dict[str, Any]]:
    """The actions as they are kept. Raises Invalid for one that is not `allowed` or has unfit parameters,
    Refused for a file that is not there; `what` begins the sentence, as in "Macro execution actions"."""
    if len(given) > LIMIT:
        raise Invalid(f"Actions are limited to {LIMIT}", "actions")
    names = [str(one.get("action_name")) for one in given]
    unknown = [name for name in names if name not in allowed]
    if unknown:
        raise Invalid(f"{what} {', '.join(unknown)[:500]} not supported.", "actions")
    return [_checked(tx, keeper, ACTIONS[name], one) for name, one in zip(names, given, strict=True)]


def _checked(tx: Tx, keeper: Keeper, action: Action, given: dict[str, Any]) -> dict[str, Any]:
    params = given.get("action_params")
    if params in (None, "", {}):
        params = []
    if not isinstance(params, list):
        raise Invalid(f"{action.name} must have a list of parameters", "actions")
    read = action.takes.checked(tx, keeper, params, action.name)
    return {"action_name": action.name} | ({"action_params": read} if "action_params" in given else {})


def take_files(tx: Tx, kind: str, owner_id: int, actions: Sequence[dict[str, Any]]) -> None:
    """Make the files that actions name the owner's, and let go of those that none names any more."""
    named = {blob_id for one in actions if one["action_name"] == "send_attachment" for blob_id in one["action_params"]}
    for blob_id in named:
        blob = tx.get(Blob, blob_id)
        if blob is not None:
            tx.update(blob, owner_type=kind, owner_id=owner_id)
    for blob in blobs.of(tx, kind, owner_id):
        if blob.id not in named:
            blobs.discard(tx, blob)


def perform(tx: Tx, conversation: Conversation, run: Run, action: dict[str, Any]) -> None:
    """Do one action that was `checked`. Raises what the same thing raises when a person does it."""
    ACTIONS[action["action_name"]].perform(tx, conversation, run, action.get("action_params") or [])


def _url(_: Tx, keeper: Keeper, params: Params, name: str) -> Params:
    if not params or not isinstance(params[0], str):
        raise Invalid(f"{name} needs a URL", "actions")
    try:
        return [webhooks.checked_action_url(params[0], keeper.means.guard)]
    except Invalid as invalid:
        raise Invalid(f"{name}: {invalid.message}", "actions") from None


def _files(tx: Tx, keeper: Keeper, params: Params, _: str) -> Params:
    """Signed ids of uploaded files, or plain ids of files that the keeper has already; plain ids are kept."""
    found = [_file(tx, keeper, given) for given in params]
    if not found or len(found) > ATTACHMENTS_LIMIT:
        raise Refused("Invalid attachment")
    return found


def _file(tx: Tx, keeper: Keeper, given: Any) -> int:
    blob_id = tx.links.blob_id(given) if isinstance(given, str) else given if _is_id(given) else None
    blob = blobs.by_id(tx, keeper.account_id, blob_id) if blob_id is not None else None
    if blob is None or not blob.digest:
        raise Refused("Invalid attachment")
    is_free = blob.owner_type is None and isinstance(given, str)
    if is_free or (blob.owner_type, blob.owner_id) == (keeper.kind, keeper.id):
        return blob.id
    raise Refused("Invalid attachment")


def _mail(needed: str, fits: Callable[[Params], bool]) -> Read:
    def read(_: Tx, keeper: Keeper, params: Params, name: str) -> Params:
        if not keeper.means.mail:
            raise Invalid(f"{name} cannot be used: {_NO_SMTP}", "actions")
        if not fits(params):
            raise Invalid(f"{name} needs {needed}", "actions")
        return params

    return read


def _are_addresses(params: Params) -> bool:
    """Templates are looked at when they are filled in."""
    if not all(isinstance(text, str) for text in params) or sum(map(len, params)) > _LONGEST_LIST:
        return False
    found = mailing.split_addresses(",".join(params))
    plain = [one for one in found if "{{" not in one and "}}" not in one]
    return 0 < len(found) <= mailing.ADDRESSES and all(map(mailing.is_address, plain))


def _is_to_teams(params: Params) -> bool:
    told = params[0] if len(params) == 1 and isinstance(params[0], dict) else {}
    ids, text = told.get("team_ids"), told.get("message")
    return (
        isinstance(ids, list)
        and 0 < len(ids) <= _TEAMS
        and all(map(_is_id, ids))
        and isinstance(text, str)
        and 0 < len(text.strip()) <= CONTENT_LIMIT
    )


_NOTHING = Takes()
_TEXT = Takes("text")
_LABELS = Takes("label", several=True)
_NO_TEAM = (None, NIL, 0)


@_action(_TEXT)
def send_message(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Send a text to the contact."""
    _post(tx, conversation, run, content=params[0])


@_action(_TEXT)
def add_private_note(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Write a text that the contact does not see."""
    _post(tx, conversation, run, content=params[0], private=True)


@_action(Takes("file", several=True, read=_files))
def send_attachment(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Send uploaded files to the contact, in one message."""
    held = [blobs.by_id(tx, conversation.account_id, blob_id) for blob_id in params]
    uploads = tuple(Upload(one.digest, one.filename, one.content_type, one.file_size) for one in held if one)
    if not uploads:
        raise Refused("Invalid attachment")
    _post(tx, conversation, run, content=None, uploads=uploads)


@_action(_LABELS)
def add_label(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Add labels to those that are there."""
    conversations.set_labels(tx, conversation, run.actor, [*conversation.label_list, *params])


@_action(_LABELS)
def remove_label(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Remove labels."""
    gone = split_labels(params)
    kept = [label for label in conversation.label_list if label not in gone]
    conversations.set_labels(tx, conversation, run.actor, kept)


@_action(Takes("agent", ("last_responding_agent",), macro_words=("self",), clears=True))
def assign_agent(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Assign a user by id, `self` for who runs the macro, `last_responding_agent`, or nobody with `nil`.
    Who is not in the inbox is not assigned."""
    wanted = params[0]
    if wanted in (None, NIL):
        conversations.assign(tx, conversation, run.actor, None)
        return
    if wanted == "self":
        wanted = run.user.id if run.user else None
    elif wanted == "last_responding_agent":
        wanted = message_store.last_responder(tx, conversation.id)
    user = accounts.user(tx, wanted) if wanted else None
    able = people.assignable(tx, conversation.account_id, [conversation.inbox_id])
    if user is not None and user.confirmed and user.id in able:
        conversations.assign(tx, conversation, run.actor, user)


@_action(_NOTHING)
def remove_assigned_agent(tx: Tx, conversation: Conversation, run: Run, _: Params) -> None:
    """Assign nobody."""
    conversations.assign(tx, conversation, run.actor, None)


@_action(Takes("team", clears=True, required=False))
def assign_team(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Assign a team by id, or none with `nil`, 0 or no parameter."""
    wanted = params[0] if params else None
    team = teams.team(tx, conversation.account_id, wanted) if wanted not in _NO_TEAM else None
    if team is not None or wanted in _NO_TEAM:
        conversations.assign_team(tx, conversation, run.actor, team)


@_action(_NOTHING)
def remove_assigned_team(tx: Tx, conversation: Conversation, run: Run, _: Params) -> None:
    """Assign no team."""
    conversations.assign_team(tx, conversation, run.actor, None)


@_action(Takes("choice", rules.STATUSES))
def change_status(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Set the status: open, resolved, pending or snoozed."""
    conversations.change(tx, conversation, run.actor, **rules.with_status(params[0]))


@_action(_NOTHING)
def resolve_conversation(tx: Tx, conversation: Conversation, run: Run, _: Params) -> None:
    """Resolve."""
    change_status(tx, conversation, run, ["resolved"])


@_action(_NOTHING, in_macros=False)
def open_conversation(tx: Tx, conversation: Conversation, run: Run, _: Params) -> None:
    """Open."""
    change_status(tx, conversation, run, ["open"])


@_action(_NOTHING, in_macros=False)
def pending_conversation(tx: Tx, conversation: Conversation, run: Run, _: Params) -> None:
    """Make it pending."""
    change_status(tx, conversation, run, ["pending"])


@_action(_NOTHING)
def snooze_conversation(tx: Tx, conversation: Conversation, run: Run, _: Params) -> None:
    """Snooze until the contact writes again."""
    change_status(tx, conversation, run, ["snoozed"])


@_action(Takes("choice", rules.PRIORITIES, clears=True, required=False))
def change_priority(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Set the priority, or clear it with `nil`."""
    wanted = params[0] if params else None
    conversations.change(tx, conversation, run.actor, priority=None if wanted == NIL else wanted)


@_action(_NOTHING)
def mute_conversation(tx: Tx, conversation: Conversation, run: Run, _: Params) -> None:
    """Resolve it and block its contact."""
    conversation_actions.mute(tx, conversation, run.actor)


@_action(Takes("url", read=_url))
def send_webhook_event(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Post the conversation to a URL, with the same retries as every webhook."""
    webhook = webhooks.for_actions(tx, conversation.account_id, params[0])
    outbox.conversation_event_to(tx, run.event, details.of_conversation(tx, conversation), webhook)


@_action(Takes("team_mail", read=_mail("team_ids and a message", _is_to_teams)), in_macros=False)
def send_email_to_team(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Mail a text to the members of teams. Needs `smtp_url`."""
    if not run.mail:
        raise Refused(f"send_email_to_team cannot be done: {_NO_SMTP}")
    if not mails.send_to_teams(tx, conversation, params[0]["team_ids"], params[0]["message"]):
        raise Refused("send_email_to_team has nobody to send to")


@_action(Takes("email", read=_mail(f"at most {mailing.ADDRESSES} addresses", _are_addresses)))
def send_email_transcript(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Mail the conversation to addresses, separated by commas; `{{contact.email}}` is the contact's. Needs
    `smtp_url`."""
    if not run.mail:
        raise Refused(f"send_email_transcript cannot be done: {_NO_SMTP}")
    place = details.place(tx, conversation)
    text = rendering.filled(",".join(params), conversation, place, run.user, _LONGEST_LIST)
    found = [one for one in mailing.split_addresses(text) if mailing.is_address(one)][: mailing.ADDRESSES]
    # An address that came out of a template is whatever a contact gave, and need not be theirs.
    able = {*mailing.split_addresses(",".join(params)), *mails.without_flooded(tx, conversation.account_id, found)}
    recipients = [one for one in found if one in able]
    if not recipients:
        raise Refused("send_email_transcript has nobody to send to")
    mails.send_transcript(tx, conversation, recipients)


def _post(tx: Tx, conversation: Conversation, run: Run, **values: Any) -> None:
    draft = Draft(message_type=MessageType.OUTGOING, content_attributes=dict(run.attributes), **values)
    messages.post(tx, conversation, details.place(tx, conversation), draft, run.user, run.limits)


IN_MACROS = frozenset(name for name, one in ACTIONS.items() if one.in_macros)
IN_RULES = frozenset(ACTIONS)


def vocabulary() -> list[ActionWord]:
    return [
        {
            "action_name": one.name,
            "about": one.about,
            "in_macros": one.in_macros,
            "params": {
                "kind": one.takes.kind,
                "choices": [*one.takes.words, *([NIL] if one.takes.clears else [])],
                "macro_choices": list(one.takes.macro_words),
                "several": one.takes.several,
                "required": one.takes.required and one.takes.kind != "nothing",
            },
        }
        for one in ACTIONS.values()
    ]
