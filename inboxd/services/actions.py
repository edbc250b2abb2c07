"""What macros and automation rules do to conversations: one function an action, under its name on the wire.

`ACTIONS` has them all; the docstring of each says what it does. `checked` judges a list of actions before
it is kept, `perform` does one of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from inboxd.domain import conversations as rules
from inboxd.domain import mailing
from inboxd.domain.errors import Invalid, Refused
from inboxd.domain.events import Actor
from inboxd.domain.messages import Draft, MessageType, Upload
from inboxd.domain.text import without_labels
from inboxd.services import action_params as takes
from inboxd.services import conversation_actions, conversations, mails, messages, outbox, people, rendering, webhooks
from inboxd.services.action_params import LONGEST_LIST, NIL, Owner, Params, Takes
from inboxd.services.messages import Limits
from inboxd.store import accounts, blobs, details, teams
from inboxd.store import messages as message_store
from inboxd.store.db import Tx
from inboxd.store.models import Blob, Conversation, User
from inboxd.wire.automation_rules import ActionWord

LIMIT = 50


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


Perform = Callable[[Tx, Conversation, Run, Params], None]


@dataclass(frozen=True)
class Action:
    name: str
    about: str
    takes: Takes
    perform: Perform
    in_macros: bool


ACTIONS: dict[str, Action] = {}


def _action(params: Takes, *, in_macros: bool = True) -> Callable[[Perform], Perform]:
    def register(perform: Perform) -> Perform:
        name, about = perform.__name__, " ".join((perform.__doc__ or "").split())
        ACTIONS[name] = Action(name, about, params, perform, in_macros)
        return perform

    return register


def checked(
    tx: Tx, owner: Owner, given: Sequence[dict[str, Any]], allowed: frozenset[str], what: str
) -> list[dict[str, Any]]:
    """The actions as they are kept. Raises Invalid for one that is not `allowed` or has unfit parameters,
    Refused for a file that is not there; `what` begins the sentence, as in "Macro execution actions"."""
    if len(given) > LIMIT:
        raise Invalid(f"Actions are limited to {LIMIT}", "actions")
    names = [str(one.get("action_name")) for one in given]
    unknown = [name for name in names if name not in allowed]
    if unknown:
        raise Invalid(f"{what} {', '.join(unknown)[:500]} not supported.", "actions")
    return [_checked(tx, owner, ACTIONS[name], one) for name, one in zip(names, given, strict=True)]


def _checked(tx: Tx, owner: Owner, action: Action, given: dict[str, Any]) -> dict[str, Any]:
    params = given.get("action_params")
    if params in (None, "", {}):
        params = []
    if not isinstance(params, list):
        raise Invalid(f"{action.name} must have a list of parameters", "actions")
    read = action.takes.checked(tx, owner, params, action.name)
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
    kind = ACTIONS[action["action_name"]]
    if kind.takes.mails and not run.mail:
        raise Refused(f"{kind.name} cannot be done: {mails.NO_SMTP}")
    kind.perform(tx, conversation, run, action.get("action_params") or [])


_NO_TEAM = (None, NIL, 0)


@_action(takes.TEXT)
def send_message(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Send a text to the contact."""
    _post(tx, conversation, run, content=params[0])


@_action(takes.TEXT)
def add_private_note(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Write a text that the contact does not see."""
    _post(tx, conversation, run, content=params[0], private=True)


@_action(takes.FILES)
def send_attachment(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Send uploaded files to the contact, in one message."""
    held = [blobs.by_id(tx, conversation.account_id, blob_id) for blob_id in params]
    uploads = tuple(Upload(one.digest, one.filename, one.content_type, one.file_size) for one in held if one)
    if not uploads:
        raise Refused("Invalid attachment")
    _post(tx, conversation, run, content=None, uploads=uploads)


@_action(takes.LABELS)
def add_label(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Add labels to those that are there."""
    conversations.set_labels(tx, conversation, run.actor, [*conversation.label_list, *params])


@_action(takes.LABELS)
def remove_label(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Remove labels."""
    conversations.set_labels(tx, conversation, run.actor, without_labels(conversation.label_list, params))


@_action(takes.AGENT)
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


@_action(takes.NOTHING)
def remove_assigned_agent(tx: Tx, conversation: Conversation, run: Run, _: Params) -> None:
    """Assign nobody."""
    conversations.assign(tx, conversation, run.actor, None)


@_action(takes.TEAM)
def assign_team(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Assign a team by id, or none with `nil`, 0 or no parameter."""
    wanted = params[0] if params else None
    team = teams.team(tx, conversation.account_id, wanted) if wanted not in _NO_TEAM else None
    if team is not None or wanted in _NO_TEAM:
        conversations.assign_team(tx, conversation, run.actor, team)


@_action(takes.NOTHING)
def remove_assigned_team(tx: Tx, conversation: Conversation, run: Run, _: Params) -> None:
    """Assign no team."""
    conversations.assign_team(tx, conversation, run.actor, None)


@_action(takes.STATUS)
def change_status(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Set the status: open, resolved, pending or snoozed."""
    conversations.change(tx, conversation, run.actor, **rules.with_status(params[0]))


@_action(takes.NOTHING)
def resolve_conversation(tx: Tx, conversation: Conversation, run: Run, _: Params) -> None:
    """Resolve."""
    change_status(tx, conversation, run, ["resolved"])


@_action(takes.NOTHING, in_macros=False)
def open_conversation(tx: Tx, conversation: Conversation, run: Run, _: Params) -> None:
    """Open."""
    change_status(tx, conversation, run, ["open"])


@_action(takes.NOTHING, in_macros=False)
def pending_conversation(tx: Tx, conversation: Conversation, run: Run, _: Params) -> None:
    """Make it pending."""
    change_status(tx, conversation, run, ["pending"])


@_action(takes.NOTHING)
def snooze_conversation(tx: Tx, conversation: Conversation, run: Run, _: Params) -> None:
    """Snooze until the contact writes again."""
    change_status(tx, conversation, run, ["snoozed"])


@_action(takes.PRIORITY)
def change_priority(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Set the priority, or clear it with `nil`."""
    wanted = params[0] if params else None
    conversations.change(tx, conversation, run.actor, priority=None if wanted == NIL else wanted)


@_action(takes.NOTHING)
def mute_conversation(tx: Tx, conversation: Conversation, run: Run, _: Params) -> None:
    """Resolve it and block its contact."""
    conversation_actions.mute(tx, conversation, run.actor)


@_action(takes.URL)
def send_webhook_event(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Post the conversation to a URL, with the same retries as every webhook."""
    webhook = webhooks.for_actions(tx, conversation.account_id, params[0])
    outbox.conversation_event_to(tx, run.event, details.of_conversation(tx, conversation), webhook)


@_action(takes.TEAM_MAIL, in_macros=False)
def send_email_to_team(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Mail a text to the members of teams. Needs `smtp_url`."""
    if not mails.send_to_teams(tx, conversation, params[0]["team_ids"], params[0]["message"]):
        raise Refused("send_email_to_team has nobody to send to")


@_action(takes.ADDRESSES)
def send_email_transcript(tx: Tx, conversation: Conversation, run: Run, params: Params) -> None:
    """Mail the conversation to addresses, separated by commas; `{{contact.email}}` is the contact's. Needs
    `smtp_url`."""
    place = details.place(tx, conversation)
    text = rendering.filled(",".join(params), conversation, place, run.user, LONGEST_LIST)
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
