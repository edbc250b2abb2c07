"""Conversations as a list and as a thread: rows from answers, and what an event touches."""

import json
from dataclasses import dataclass, field
from sys import intern
from typing import Any

from admin_tui.text import clock, day, line, seconds_of
from inboxd.domain import csat
from inboxd.domain.errors import Invalid

Json = dict[str, Any]
KINDS = ("incoming", "outgoing", "activity", "template")
TYPING = ("conversation_typing_on", "conversation_typing_off")
SORTS = {
    "last_activity_at_desc": "newest activity",
    "waiting_since_asc": "waiting longest",
    "priority_desc": "priority",
    "unread": "most unread",
    "created_at_desc": "newest",
    "created_at_asc": "oldest",
}
VIEWS: dict[str, Json] = {
    "Mine": {"assignee_type": "me"},
    "Unassigned": {"assignee_type": "unassigned"},
    "All": {"assignee_type": "all"},
    "Pending": {"assignee_type": "all", "status": "pending"},
    "Snoozed": {"assignee_type": "all", "status": "snoozed"},
    "Resolved": {"assignee_type": "all", "status": "resolved"},
}


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as a row of the list. What only a few are asked for stays text: as objects ten thousand of
    them would take three times the memory, and the collector's time with it."""

    id: int
    name: str
    preview: str
    status: str
    inbox_id: int
    assignee: str
    assignee_id: int | None
    team_id: int | None
    labels: tuple[str, ...]
    priority: str
    unread: int
    active_at: float
    waiting_since: float | None
    snoozed_until: Any
    muted: bool
    contact_id: int
    can_reply: bool = True
    sender: str = field(default="{}", compare=False)

    @property
    def contact(self) -> Json:
        """All that the answer said about the contact."""
        return _loaded(self.sender)


def talk(found: Json) -> Talk:
    meta = found.get("meta") or {}
    sender, assignee = meta.get("sender") or {}, meta.get("assignee") or {}
    newest = found.get("last_non_activity_message") or (found.get("messages") or [{}])[-1] or {}
    return Talk(
        id=found["id"],
        name=line(sender.get("name") or sender.get("email") or "nobody"),
        preview=preview(newest),
        status=intern(str(found.get("status", "open"))),
        inbox_id=found.get("inbox_id", 0),
        assignee=intern(line(assignee.get("available_name") or assignee.get("name") or "")),
        assignee_id=assignee.get("id"),
        team_id=(meta.get("team") or {}).get("id"),
        labels=tuple(found.get("labels") or ()),
        priority=found.get("priority") or "",
        unread=found.get("unread_count") or 0,
        active_at=seconds_of(found.get("last_activity_at")) or 0.0,
        waiting_since=seconds_of(found.get("waiting_since")),
        snoozed_until=found.get("snoozed_until"),
        muted=bool(found.get("muted")),
        contact_id=sender.get("id", 0),
        can_reply=found.get("can_reply") is not False,
        sender=_text(sender),
    )


def _text(found: Json) -> str:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _loaded(text: str) -> Json:
    found: Json = json.loads(text)
    return found


def preview(message: Json) -> str:
    """A message in one line."""
    text = line(message.get("content") or "")
    files = message.get("attachments") or []
    if files:
        text = f"[{len(files)} files] {text}" if len(files) > 1 else f"[{files[0].get('file_type', 'file')}] {text}"
    return text.strip()


def rating(message: Json) -> str:
    """What a survey was answered with, `★★★★☆ 4 of 5: thanks`; empty for any other message."""
    if message.get("content_type") != csat.CONTENT_TYPE:
        return ""
    try:
        given = csat.answer(message.get("content_attributes") or {})
    except Invalid:
        return ""
    if given is None:
        return ""
    stars, said = given[0], line(given[1] or "")
    return f"{'★' * stars}{'☆' * (5 - stars)} {stars} of 5{': ' if said else ''}{said}"


@dataclass(slots=True)
class Note:
    """A message of a thread, sent or on its way. `key` is its id, or the echo_id until it has one."""

    key: Any
    kind: str
    sender: str
    text: str
    at: float
    private: bool = False
    status: str = "sent"
    error: str = ""
    files: tuple[str, ...] = ()
    mine: bool = False
    rated: str = ""
    answer: str = "{}"

    @property
    def raw(self) -> Json:
        """The message as the server has it."""
        return _loaded(self.answer)


def note(found: Json, me: int = 0) -> Note:
    """A message of an answer."""
    kind = found.get("message_type", 0)
    sender = found.get("sender") or {}
    attributes = found.get("content_attributes") or {}
    files = tuple(file_line(one) for one in found.get("attachments") or ())
    return Note(
        key=found["id"],
        kind=KINDS[kind] if isinstance(kind, int) and 0 <= kind < len(KINDS) else "activity",
        sender=intern(line(sender.get("available_name") or sender.get("name") or "")),
        text=str(found.get("content") or ""),
        at=seconds_of(found.get("created_at")) or 0.0,
        private=bool(found.get("private")),
        status=intern(str(found.get("status") or "sent")),
        error=line(attributes.get("external_error") or ""),
        files=files,
        rated=rating(found),
        mine=bool(me) and sender.get("type") == "user" and sender.get("id") == me,
        answer=_text(found),
    )


def file_line(found: Json) -> str:
    url = str(found.get("data_url") or "")
    size = found.get("file_size") or 0
    return f"{found.get('file_type', 'file')} {line(url.rpartition('/')[2])} ({size:,} bytes)"


def days(notes: list[Note]) -> list[str]:
    """For each message the day that begins with it, or nothing."""
    shown, before = [], ""
    for one in notes:
        today = day(one.at)
        shown.append(today if today != before else "")
        before = today
    return shown


def head(one: Note, sign: str, status: str) -> str:
    """The line above a message; empty for activity."""
    if one.kind == "activity":
        return ""
    who = "you" if one.mine else one.sender or {"template": "automatic"}.get(one.kind, "contact")
    words = [sign, who, "private" if one.private else "", clock(one.at), status]
    return "  ".join(word for word in words if word)


def typing(events: list[Json], me: int) -> list[tuple[int, str, bool, bool]]:
    """(conversation, who, whether an agent, whether still) for what others than we are typing."""
    found = []
    for event in events:
        payload = event["payload"]
        if payload.get("event") in TYPING:
            who = payload.get("user") or {}
            is_agent = who.get("type") == "user"
            number = (payload.get("conversation") or {}).get("id")
            if isinstance(number, int) and not (is_agent and who.get("id") == me):
                found.append((number, line(who.get("name") or "somebody"), is_agent, payload["event"] == TYPING[0]))
    return found


def answered(events: list[Json], me: int) -> list[tuple[int, str]]:
    """(conversation, who) for what other agents wrote to contacts."""
    found = []
    for event in events:
        payload = event["payload"]
        if payload.get("event") == "message_created" and payload.get("message_type") == "outgoing":
            who = payload.get("sender") or {}
            number = (payload.get("conversation") or {}).get("id")
            if isinstance(number, int) and who.get("id") != me and not payload.get("private"):
                found.append((number, line(who.get("name") or "somebody")))
    return found


def calls_for(events: list[Json], me: int) -> bool:
    """Whether somebody wrote whose conversation is ours or nobody's, or one became ours."""
    for event in events:
        payload = event["payload"]
        talk_of = payload.get("conversation") or payload
        assignee = (talk_of.get("meta") or {}).get("assignee") or {} if isinstance(talk_of, dict) else {}
        if payload.get("event") == "message_created" and payload.get("message_type") == "incoming":
            if assignee.get("id") in (None, me):
                return True
        elif payload.get("event") == "conversation_updated" and assignee.get("id") == me:
            changed = [one["assignee_id"] for one in payload.get("changed_attributes") or () if "assignee_id" in one]
            if changed:
                return True
    return False


def touched(events: list[Json]) -> set[int]:
    """The conversations that some events are about; typing changes nothing in them."""
    found = set()
    for event in events:
        payload = event["payload"]
        if payload.get("event") in TYPING:
            continue
        talk_of = payload.get("conversation") or payload
        if isinstance(talk_of, dict) and (
            "messages" in talk_of or "contact_inbox" in talk_of or talk_of is not payload
        ):
            number = talk_of.get("id")
            if isinstance(number, int):
                found.add(number)
    return found


def raised(shown: list[int], found: list[int]) -> int:
    """How many of those found are not shown, or stand further down than somebody they should stand above."""
    places = {number: place for place, number in enumerate(shown)}
    count, least = 0, len(shown)
    for number in reversed(found):
        place = places.get(number)
        if place is None or place > least:
            count += 1
        else:
            least = place
    return count
