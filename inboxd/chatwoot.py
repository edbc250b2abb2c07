"""Copies what a running Chatwoot holds into inboxd, through its application API and without changing it.

Every record keeps a name made of the Chatwoot it is from and its id there, so that a second run adds
only what is new.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests

from inboxd.client import ApiError, Client
from inboxd.domain.messages import MESSAGE_TYPES

Json = dict[str, Any]
Report = Callable[[str, int, int | None], None]
"""Told what is copied, how many of it are done, and how many there are, where that is known."""
FROM = "imported_from"
"""The key of an inbox's additional attributes that says which one it is a copy of."""
_TRIES = 6
_ROUNDS = 3
_OVERLAP = 10
_LATEST = 20
"""So many messages a Chatwoot shows where it is asked for no page, and a hundred where it is: fewer are all."""
_LINES = 500
_BYTES = 1_000_000
_CONTACT = (
    "name", "email", "phone_number", "identifier", "blocked", "custom_attributes", "additional_attributes",
    "created_at", "last_activity_at",
)  # fmt: skip
_CONVERSATION = ("status", "priority", "created_at", "labels", "custom_attributes", "additional_attributes")
_MESSAGE = ("content", "private", "content_type", "status", "created_at")
_NO_LINK = ("id", "message_id", "account_id")


class Refused(Exception):
    """The Chatwoot would not say; its text is safe to show."""


class Chatwoot:
    """Reads from one account of a Chatwoot; what is busy there is asked again later.

    `name` is what its records are known by here.
    """

    def __init__(
        self,
        url: str,
        token: str,
        account_id: int,
        *,
        sleep: Callable[[float], None] = time.sleep,
        session: requests.Session | None = None,
    ) -> None:
        parts = urlsplit(url)
        self.name = f"chatwoot/{parts.netloc.rpartition('@')[2].lower()}{parts.path.rstrip('/')}/{account_id}"
        self._account_id = account_id
        self._sleep = sleep
        # Its own pauses for 429 and the 5xx of proxies, with Retry-After.
        self._client = Client(url, token, account_id=account_id, retries=_TRIES, sleep=sleep, session=session)

    def check(self) -> None:
        """That the token is an administrator's: anybody else is shown a part, as if it were all. Raises as `get`."""
        profile = self._asked("/profile", self._client.profile)
        if not isinstance(profile, dict) or not isinstance(profile.get("accounts"), list):
            raise Refused("what answered GET /profile is no Chatwoot")
        roles = {one["id"]: one["role"] for one in profile["accounts"]}
        if self._account_id not in roles:
            known = ", ".join(str(number) for number in roles) or "none"
            raise Refused(f"the token does not open account {self._account_id} of the Chatwoot; it opens: {known}")
        if roles[self._account_id] != "administrator":
            raise Refused("the token of the Chatwoot is no administrator's: it would show only a part of what is there")

    def get(self, path: str, **params: Any) -> Any:
        """Raises Refused and Unreachable."""
        return self._asked(path, partial(self._client.call, "GET", path, **params))

    def _asked(self, path: str, ask: Callable[[], Any]) -> Any:
        # A Chatwoot counts requests by the minute, and need not say with its 429 how long that is still.
        for tried in range(_TRIES):
            try:
                answer = ask()
            except ApiError as error:
                if (error.status < 500 and error.status != 429) or tried + 1 == _TRIES:
                    raise Refused(f"the Chatwoot answered {error} (GET {path})") from None
                self._sleep(2.0**tried)
            else:
                if not isinstance(answer, dict | list):
                    break
                return answer
        raise Refused(f"what answered GET {path} is no Chatwoot")

    def contacts(self, **params: Any) -> Iterator[tuple[Json, int]]:
        """Each with how many there are."""
        return self._paged("/contacts", sort="created_at", **params)

    def conversations(self, inbox_id: int) -> Iterator[tuple[Json, int]]:
        """The oldest first, so that what begins meanwhile moves no page."""
        asked = {"inbox_id": inbox_id, "status": "all", "assignee_type": "all", "sort_by": "created_at_asc"}
        return self._paged("/conversations", **asked)

    def _paged(self, path: str, **params: Any) -> Iterator[tuple[Json, int]]:
        """Each once, with how many there are. What is deleted meanwhile moves the pages, and those of one moment
        have no order: until all were seen, the pages are read again."""
        seen: set[int] = set()
        for _ in range(_ROUNDS):
            page, most = 1, 0
            while True:
                answer = self.get(path, page=page, **params)
                answer = answer.get("data", answer)
                total: int = answer["meta"]["all_count" if path == "/conversations" else "count"]
                most = max(most, total)
                new = [one for one in answer["payload"] if one["id"] not in seen]
                seen.update(one["id"] for one in new)
                yield from ((one, total) for one in new)
                if not answer["payload"]:
                    break
                page += 1
            if total == most and len(seen) >= total:
                return

    def messages(self, conversation_id: int) -> Iterator[Json]:
        """A few are asked for twice: pages are cut by time and named by id, and two of one moment may have the
        other order there."""
        after, seen = 0, set[int]()
        while True:
            found = self.get(f"/conversations/{conversation_id}/messages", after=after)["payload"]
            ids = sorted(one["id"] for one in found)
            if ids and ids[0] <= after:
                raise Refused("the Chatwoot shows the same messages again and again: it knows no `after`")
            new = [one for one in found if one["id"] not in seen]
            yield from new
            if not new or len(found) < _LATEST:
                return
            seen.update(ids)
            after = ids[-_OVERLAP]

    def close(self) -> None:
        self._client.close()


@dataclass
class Outcome:
    """(what, created | updated | skipped) → how many, and what could not be copied."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


class Copy:
    """One run from a Chatwoot into an account of inboxd; `inbox_ids` are the only ones, unless empty."""

    def __init__(self, source: Chatwoot, desk: Client, inbox_ids: Collection[int], report: Report) -> None:
        self._source = source
        self._desk = desk
        self._inbox_ids = inbox_ids
        self._report = report
        self._inboxes: dict[int, int] = {}
        """Inboxes there → inboxes here."""
        self._agents: dict[int, str] = {}
        """People there → their e-mail addresses, of those who are here too."""
        self._seen: set[int] = set()
        self._lines: list[bytes] = []
        self._labels: list[str] = []
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Raises Refused, ApiError and Unreachable; what was copied until then stays."""
        self._source.check()
        self._copy_people()
        self._copy_settings()
        self._copy_inboxes()
        self._copy_contacts()
        self._copy_conversations()
        self._flush()
        return self.outcome

    def _name(self, record_id: Any) -> str:
        return f"{self._source.name}/{record_id}"

    def _copy_people(self) -> None:
        """Nobody is made: who has no account here is no assignee, and their name stays beside what they wrote."""
        here = {agent["email"].lower() for agent in self._desk.agents()}
        for agent in self._source.get("/agents"):
            if (agent.get("email") or "").lower() in here:
                self._agents[agent["id"]] = agent["email"]

    def _copy_settings(self) -> None:
        for path, kind, key, names in (
            ("/teams", "teams", "name", ("description", "allow_auto_assign")),
            ("/labels", "labels", "title", ("description", "color", "show_on_sidebar")),
            ("/canned_responses", "canned responses", "short_code", ("content",)),
        ):
            wanted, present = _listed(self._source.get(path)), _listed(self._desk.call("GET", path))
            known = {one[key] for one in present}
            for number, one in enumerate(wanted, 1):
                self._make(path, kind, {name: one.get(name) for name in (key, *names)}, exists=one[key] in known)
                self._report(kind, number, len(wanted))
            if kind == "labels":
                self._labels = [one[key] for one in wanted]

    def _make(self, path: str, kind: str, values: Json, *, exists: bool) -> Json | None:
        if exists:
            self.outcome.counts[kind, "skipped"] += 1
            return None
        try:
            made: Json = self._desk.call("POST", path, **values)
        except ApiError as error:
            if error.status not in (400, 422):
                raise
            self.outcome.problems.append(f"{kind}: {next(iter(values.values()))}: {error.message}")
            return None
        self.outcome.counts[kind, "created"] += 1
        return made

    def _copy_inboxes(self) -> None:
        copies = {
            inbox["additional_attributes"].get(FROM): inbox["id"]
            for inbox in self._desk.inboxes()
            if inbox.get("additional_attributes")
        }
        wanted = [
            inbox
            for inbox in _listed(self._source.get("/inboxes"))
            if not self._inbox_ids or inbox["id"] in self._inbox_ids
        ]
        for missing in set(self._inbox_ids) - {inbox["id"] for inbox in wanted}:
            self.outcome.problems.append(f"inboxes: there is no inbox {missing}")
        for number, inbox in enumerate(wanted, 1):
            name = self._name(f"inbox-{inbox['id']}")
            attributes = {**(inbox.get("additional_attributes") or {}), FROM: name}
            channel = {"type": "api", "additional_attributes": attributes}
            values = {"name": inbox["name"], "channel": channel}
            made = self._make("/inboxes", "inboxes", values, exists=name in copies)
            if made is not None or name in copies:
                self._inboxes[inbox["id"]] = made["id"] if made is not None else copies[name]
            self._report("inboxes", number, len(wanted))

    def _copy_contacts(self) -> None:
        labels: dict[int, list[str]] = {}
        for title in self._labels:
            for contact, _ in self._source.contacts(**{"labels[]": title}):
                labels.setdefault(contact["id"], []).append(title)
        for contact in self._each("contacts", self._source.contacts()):
            places = self._places(contact)
            if places or not self._inbox_ids:
                self._add_contact(contact, labels=labels.get(contact["id"], []), contact_inboxes=places)

    def _each(self, what: str, found: Iterator[tuple[Json, int]]) -> Iterator[Json]:
        number = total = 0
        for number, (one, total) in enumerate(found, 1):
            yield one
            self._report(what, number, total)
        if number < total:
            self.outcome.problems.append(f"{what}: the Chatwoot showed only {number} of {total}")

    def _places(self, contact: Json) -> list[Json]:
        return [
            {"inbox": self._inboxes[one["inbox"]["id"]], "source_id": one["source_id"]}
            for one in contact.get("contact_inboxes") or []
            if one["inbox"]["id"] in self._inboxes
        ]

    def _add_contact(self, contact: Json, **more: Any) -> None:
        if contact["id"] not in self._seen:
            self._seen.add(contact["id"])
            values = {key: contact.get(key) for key in _CONTACT}
            self._add("contact", contact["id"], **values, **more)

    def _copy_conversations(self) -> None:
        for there, here in self._inboxes.items():
            for conversation in self._each(f"conversations of inbox {there}", self._source.conversations(there)):
                # Who has a name alone is on no list of contacts.
                self._add_contact(conversation["meta"]["sender"])
                self._add_conversation(conversation, here)
                for message in self._source.messages(conversation["id"]):
                    self._add_message(conversation, message)

    def _add_conversation(self, conversation: Json, inbox_id: int) -> None:
        meta = conversation["meta"]
        assignee = (meta.get("assignee") or {}) if meta.get("assignee_type") != "AgentBot" else {}
        self._add(
            "conversation",
            conversation["id"],
            **{key: conversation.get(key) for key in _CONVERSATION},
            inbox=inbox_id,
            contact=self._name(meta["sender"]["id"]),
            contact_source_id=_source_of(conversation),
            snoozed_until=conversation.get("snoozed_until"),
            assignee=self._agents.get(assignee.get("id", 0)),
            team=(meta.get("team") or {}).get("name"),
        )

    def _add_message(self, conversation: Json, message: Json) -> None:
        attributes = dict(message.get("content_attributes") or {})
        if attributes.get("in_reply_to"):
            attributes["in_reply_to_external_id"] = self._name(attributes["in_reply_to"])
        sender = message.get("sender") or {}
        email = self._agents.get(sender.get("id", 0)) if sender.get("type") == "user" else None
        original = {"source_id": message.get("source_id")}
        if sender and not email and sender.get("type") != "contact":
            original["sender"] = sender.get("name")
        self._add(
            "message",
            message["id"],
            **{key: message.get(key) for key in _MESSAGE},
            conversation=self._name(conversation["id"]),
            message_type=MESSAGE_TYPES[message["message_type"]],
            sender=email,
            content_attributes=attributes,
            additional_attributes={key: value for key, value in original.items() if value},
            attachments=[
                {key: value for key, value in one.items() if key not in _NO_LINK and value not in (None, "")}
                for one in message.get("attachments") or []
            ],
        )

    def _add(self, kind: str, record_id: int, **values: Any) -> None:
        line = {"type": kind, "source_id": self._name(record_id), **values}
        self._lines.append(
            json.dumps({key: value for key, value in line.items() if value not in (None, [], {})}).encode()
        )
        if len(self._lines) >= _LINES or sum(map(len, self._lines)) > _BYTES:
            self._flush()

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        if not lines:
            return
        done = self._desk.import_lines(b"\n".join(lines))
        for kind in ("contacts", "conversations", "messages"):
            self.outcome.counts.update({(kind, what): number for what, number in done[kind].items()})
        for problem in done["problems"]:
            line = json.loads(lines[problem["line"] - 1])
            self.outcome.problems.append(f"{line['type']} {line['source_id']}: {problem['error']}")


def _listed(answer: Any) -> list[Json]:
    """Some lists come bare, others in a payload."""
    found: list[Json] = answer if isinstance(answer, list) else answer["payload"]
    return found


def _source_of(conversation: Json) -> str | None:
    """The source_id that the contact has there: its newest message tells."""
    for message in (*conversation.get("messages", ()), conversation.get("last_non_activity_message") or {}):
        place = (message.get("conversation") or {}).get("contact_inbox") or {}
        if place.get("source_id"):
            found: str = place["source_id"]
            return found
    return None
