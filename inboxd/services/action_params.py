"""The parameters of actions: what each kind may be, and how they are checked before they are kept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inboxd.domain import mailing
from inboxd.domain.addresses import Guard
from inboxd.domain.conversations import PRIORITIES, STATUSES
from inboxd.domain.errors import Invalid, Refused
from inboxd.domain.messages import ATTACHMENTS_LIMIT, CONTENT_LIMIT
from inboxd.services import mails, webhooks
from inboxd.store import blobs
from inboxd.store.db import Tx

Params = list[Any]
NIL = "nil"
LONGEST_LIST = 5_000
"""Characters of a list of addresses."""
_TEAMS = 50


@dataclass(frozen=True)
class Means:
    """What this server can do: where webhooks may go, and whether it sends e-mail."""

    guard: Guard
    mail: bool


@dataclass(frozen=True)
class Owner:
    """What keeps actions and their files: a Macro or AutomationRule. `id` is None while it is new."""

    account_id: int
    kind: str
    id: int | None
    means: Means


Read = Callable[[Tx, Owner, Params, str], Params]
"""As `Takes.checked`."""


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


@dataclass(frozen=True)
class Takes:
    """An action's parameters: of which kind, one or `several`, and the `words` beside or instead of values of
    that kind, some of them in macros alone. `clears`: nil, too. How they are checked follows from it. `mails`:
    the action is for servers that send e-mail."""

    kind: str = "nothing"
    words: tuple[str, ...] = ()
    macro_words: tuple[str, ...] = ()
    several: bool = False
    clears: bool = False
    required: bool = True
    mails: bool = False
    read: Read | None = None

    def checked(self, tx: Tx, owner: Owner, params: Params, name: str) -> Params:
        """The parameters of the named action as they are kept. Raises Invalid with what it needs."""
        if self.mails and not owner.means.mail:
            raise Invalid(f"{name} cannot be used: {mails.NO_SMTP}", "actions")
        if self.read is not None:
            return self.read(tx, owner, params, name)
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


def _url(_: Tx, owner: Owner, params: Params, name: str) -> Params:
    if not params or not isinstance(params[0], str):
        raise Invalid(f"{name} needs a URL", "actions")
    try:
        return [webhooks.checked_action_url(params[0], owner.means.guard)]
    except Invalid as invalid:
        raise Invalid(f"{name}: {invalid.message}", "actions") from None


def _files(tx: Tx, owner: Owner, params: Params, _: str) -> Params:
    """Signed ids of uploaded files, or plain ids of files that the owner has already; plain ids are kept."""
    found = [_file(tx, owner, given) for given in params]
    if not found or len(found) > ATTACHMENTS_LIMIT:
        raise Refused("Invalid attachment")
    return found


def _file(tx: Tx, owner: Owner, given: Any) -> int:
    blob_id = tx.links.blob_id(given) if isinstance(given, str) else given if _is_id(given) else None
    blob = blobs.by_id(tx, owner.account_id, blob_id) if blob_id is not None else None
    if blob is None or not blob.digest:
        raise Refused("Invalid attachment")
    is_free = blob.owner_type is None and isinstance(given, str)
    if is_free or (blob.owner_type, blob.owner_id) == (owner.kind, owner.id):
        return blob.id
    raise Refused("Invalid attachment")


def _addresses(_: Tx, __: Owner, params: Params, name: str) -> Params:
    if not _are_addresses(params):
        raise Invalid(f"{name} needs at most {mailing.ADDRESSES} addresses", "actions")
    return params


def _to_teams(_: Tx, __: Owner, params: Params, name: str) -> Params:
    if not _is_to_teams(params):
        raise Invalid(f"{name} needs team_ids and a message", "actions")
    return params


def _are_addresses(params: Params) -> bool:
    """Templates are looked at when they are filled in."""
    if not all(isinstance(text, str) for text in params) or sum(map(len, params)) > LONGEST_LIST:
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


NOTHING = Takes()
TEXT = Takes("text")
LABELS = Takes("label", several=True)
AGENT = Takes("agent", ("last_responding_agent",), macro_words=("self",), clears=True)
TEAM = Takes("team", clears=True, required=False)
STATUS = Takes("choice", STATUSES)
PRIORITY = Takes("choice", PRIORITIES, clears=True, required=False)
FILES = Takes("file", several=True, read=_files)
URL = Takes("url", read=_url)
TEAM_MAIL = Takes("team_mail", mails=True, read=_to_teams)
ADDRESSES = Takes("email", mails=True, read=_addresses)
