"""Contacts as rows, and everything about one of them."""

from dataclasses import dataclass
from typing import Any

from admin_tui.text import line

Json = dict[str, Any]
PAGE = 15
SORTS = {
    "": "as they came",
    "name": "name, A to Z",
    "-name": "name, Z to A",
    "email": "e-mail",
    "phone_number": "phone number",
    "-last_activity_at": "active lately",
    "last_activity_at": "silent for long",
    "-created_at": "newest first",
    "created_at": "oldest first",
}
FIELDS = {"name": "name", "email": "e-mail", "phone_number": "phone", "identifier": "identifier"}


@dataclass(frozen=True)
class Contact:
    """A contact as a row of the list."""

    id: int
    name: str
    reach: str
    blocked: bool
    inboxes: tuple[str, ...]
    raw: Json

    @property
    def called(self) -> str:
        return f"{self.name} ({self.reach})" if self.reach else self.name


def contact(found: Json) -> Contact:
    reach = found.get("email") or found.get("phone_number") or found.get("identifier") or ""
    inboxes = dict.fromkeys(line(one["inbox"]["name"]) for one in found.get("contact_inboxes") or ())
    return Contact(
        id=found["id"],
        name=line(found.get("name") or reach or f"contact {found['id']}"),
        reach=line(reach),
        blocked=bool(found.get("blocked")),
        inboxes=tuple(inboxes),
        raw=found,
    )


def page(client: Any, needle: str, sort: str, number: int) -> Json:
    """A page of the list: `contacts`, whether there are `more`, and how many there are in all, None when unknown."""
    values: Json = {"page": number} | ({"sort": sort} if sort else {})
    if needle:
        found = client.call("GET", "/contacts/search", q=needle, **values)
        more, count = bool(found["meta"]["has_more"]), None
    else:
        found = client.call("GET", "/contacts", **values)
        count = found["meta"]["count"]
        more = number * PAGE < count
    return {"contacts": found["payload"], "more": more, "count": count}


@dataclass(frozen=True)
class Detail:
    """Everything about one contact."""

    contact: Contact
    labels: tuple[str, ...]
    notes: tuple[Json, ...]
    conversations: tuple[Json, ...]


def detail(client: Any, contact_id: int) -> Json:
    """On a thread of the network: what a Detail is made of."""
    path = f"/contacts/{contact_id}"
    return {
        "contact": client.call("GET", path)["payload"],
        "labels": client.call("GET", f"{path}/labels")["payload"],
        "notes": client.call("GET", f"{path}/notes"),
        "conversations": client.call("GET", f"{path}/conversations")["payload"],
    }


def learned(found: Json) -> Detail:
    return Detail(
        contact(found["contact"]), tuple(found["labels"]), tuple(found["notes"]), tuple(found["conversations"])
    )


@dataclass(frozen=True)
class Part:
    """A line about a contact. `kind` is fact, head, note or conversation; `value` is what Enter shows and y copies."""

    kind: str
    label: str
    value: str
    raw: Any = None


def parts(known: Detail, note: str = "", talk: str = "") -> list[Part]:
    """What is shown of a contact, line by line; `note` and `talk` say how to make one where there is none."""
    raw = known.contact.raw
    found = [Part("fact", word, str(raw.get(name) or "")) for name, word in FIELDS.items()]
    found.append(Part("fact", "blocked", "yes" if known.contact.blocked else "no"))
    found.append(Part("fact", "labels", ", ".join(known.labels)))
    found += [Part("fact", "avatar", raw["thumbnail"])] if raw.get("thumbnail") else []
    found += [Part("fact", key, _plain(value)) for key, value in (raw.get("additional_attributes") or {}).items()]
    custom = raw.get("custom_attributes") or {}
    found += [Part("head", "custom attributes", "")] if custom else []
    found += [Part("fact", key, _plain(value)) for key, value in custom.items()]
    places = raw.get("contact_inboxes") or []
    found += [Part("head", "inboxes and source ids", "")] if places else []
    found += [Part("fact", str(one["inbox"]["name"]), str(one["source_id"])) for one in places]
    found.append(Part("head", f"notes ({len(known.notes)})", "" if known.notes else note))
    found += [
        Part("note", str((one.get("user") or {}).get("name") or "somebody"), str(one["content"]), one)
        for one in known.notes
    ]
    count = len(known.conversations)
    found.append(Part("head", f"conversations ({count})", "Enter opens one" if count else talk))
    found += [Part("conversation", f"#{one['id']}", one.get("status", ""), one) for one in known.conversations]
    return found


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def merged(base: Contact, other: Contact) -> list[str]:
    """What becomes of two contacts, line by line: which of two values stays."""
    lines = []
    for name, word in FIELDS.items():
        lines += _winner(word, base.raw.get(name), other.raw.get(name))
    ours, theirs = base.raw.get("custom_attributes") or {}, other.raw.get("custom_attributes") or {}
    for key in {**ours, **theirs}:
        lines += _winner(str(key), ours.get(key), theirs.get(key))
    return lines


def _winner(word: str, ours: Any, theirs: Any) -> list[str]:
    kept = ours if ours not in (None, "") else theirs
    if kept in (None, ""):
        return []
    lost = f"  (not {line(theirs)})" if theirs not in (None, "", kept) else ""
    return [f"  {word}: {line(kept)}{lost}"]


def relabelled(current: list[str], before: list[str], after: list[str]) -> list[str]:
    """What somebody changed from `before` to `after`, done to what is there now: labels are replaced as a whole."""
    kept = [label for label in current if label in after or label not in before]
    return kept + [label for label in after if label not in before and label not in kept]


def attributes_text(custom: Json) -> str:
    """Custom attributes for a form: a line `key = value` each."""
    return "\n".join(f"{key} = {_plain(value)}" for key, value in custom.items())


def attributes_wrong(text: str) -> str | None:
    """What is wrong with such lines."""
    wrong = next((one for one in text.splitlines() if one.strip() and not one.partition("=")[0].strip()), None)
    wrong = wrong or next((one for one in text.splitlines() if one.strip() and "=" not in one), None)
    return f"not of the form key = value: {wrong}" if wrong else None


def attributes_changes(custom: Json, text: str) -> tuple[Json, list[str]]:
    """What lines of a form set, and the keys they no longer have. What looks as before keeps its type."""
    given: Json = {}
    for one in text.splitlines():
        key, _, value = (part.strip() for part in one.partition("="))
        if key:
            given[key] = value
    kept = {key: value for key, value in given.items() if key not in custom or _plain(custom[key]) != value}
    typed = {key: _like(custom.get(key), value) for key, value in kept.items()}
    return typed, [key for key in custom if key not in given]


def _like(before: Any, text: str) -> Any:
    """A text as the kind of value that it replaces."""
    if isinstance(before, bool) and text.lower() in ("yes", "no", "true", "false"):
        return text.lower() in ("yes", "true")
    if isinstance(before, int | float) and not isinstance(before, bool):
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            return text
    return text
