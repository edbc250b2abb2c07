"""Automation rules and macros in words, as the server's vocabulary and the names of this account have them."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from admin_tui.net.outcome import Problem
from admin_tui.state.directory import Directory
from admin_tui.text import line

Json = dict[str, Any]
CHANGES_OF = "conversation_updated"
"""The event that conditions about a change are for."""
REFERRING = ("agent", "team", "inbox", "label")
PICKED = ("choice", "boolean", *REFERRING)
TYPED = ("text", "number", "date", "days", "url", "email")
SECTIONS = ("name", "description", "event_name", "visibility", "conditions", "actions")
_OPERATORS = {
    "equal_to": "is",
    "not_equal_to": "is not",
    "is_present": "is set",
    "is_not_present": "is not set",
    "days_before": "lies more days back than",
}
_SPECIAL = {"nil": "nobody", "self": "whoever runs it", "last_responding_agent": "the last who answered"}
_LONGEST = 60
_SEEN = 3


@dataclass(frozen=True)
class Takes:
    """What a value may be: of which kind, one or `several`; `choices` are words that it may be, too."""

    kind: str
    choices: tuple[Any, ...] = ()
    several: bool = False
    required: bool = True


@dataclass
class Words:
    directory: Directory
    vocabulary: Json = field(default_factory=dict)

    def all(self, what: str) -> list[Json]:
        found: list[Json] = self.vocabulary.get(what, [])
        return found

    def condition(self, one: Json) -> Json | None:
        """What the vocabulary has of a condition's attribute, looked up as the server does."""
        key, model = one.get("attribute_key"), one.get("custom_attribute_type") or "contact_attribute"
        same = [word for word in self.all("conditions") if word["attribute_key"] == key]
        return next(
            (word for word in same if word["custom_attribute_type"] in (None, model)), same[0] if same else None
        )

    def operators(self, word: Json, event: str) -> list[Json]:
        return [one for one in word["operators"] if one["kind"] != "change" or event == CHANGES_OF]

    def action(self, name: Any) -> Json | None:
        return next((word for word in self.all("actions") if word["action_name"] == name), None)

    def takes_of(self, one: Json) -> Takes | None:
        """What the values of a condition may be; None for what is not known."""
        word = self.condition(one) or {"operators": [], "choices": []}
        for operator in word["operators"]:
            if operator["filter_operator"] == one.get("filter_operator"):
                return Takes(operator["kind"], tuple(word["choices"]), operator["several"])
        return None

    def takes_by(self, one: Json, *, macro: bool) -> Takes | None:
        """What the parameters of an action may be; None for what is not known."""
        word = self.action(one.get("action_name"))
        if word is None:
            return None
        takes = word["params"]
        choices = (*takes["choices"], *(takes["macro_choices"] if macro else ()))
        return Takes(takes["kind"], choices, takes["several"], takes["required"])

    def known(self, kind: str) -> list[tuple[Any, str]]:
        """Every value of a kind that is listed here, and what it is called."""
        if kind == "boolean":
            return [(True, "yes"), (False, "no")]
        if kind == "label":
            return [(one["title"], line(one["title"])) for one in self.directory.labels]
        found = {"agent": self.directory.agents, "team": self.directory.teams, "inbox": self.directory.inboxes}
        return [(one["id"], line(one["name"])) for one in found.get(kind, [])]

    def called(self, value: Any, kind: str) -> str:
        """A value as people call it."""
        if value is None or value == "nil":
            return "nobody" if kind == "agent" else "none"
        if kind in REFERRING or kind == "boolean":
            same = [name for known, name in self.known(kind) if str(known).lower() == str(value).lower()]
            # A label need not be defined to be set; the number of somebody who is gone is all that is left.
            strange = line(value) if kind == "label" or not str(value).isdecimal() else f"{kind} {value}"
            return same[0] if same else _SPECIAL.get(str(value), strange)
        if kind in ("text", "url", "email"):
            return f"'{_short(value)}'"
        return _short(value) if isinstance(value, str | int | float) else _short(json.dumps(value, ensure_ascii=False))

    def joined(self, values: Any, kind: str, word: str) -> str:
        found = values if isinstance(values, list) else [values]
        return f" {word} ".join(self.called(one, kind) for one in found)

    # Sentences.

    def event(self, name: Any) -> str:
        """`message_created` as `a message is created`."""
        noun, _, done = str(name).rpartition("_")
        noun = line(noun.replace("_", " ")) or "something"
        return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun} is {line(done)}"

    def attribute(self, one: Json) -> str:
        word = self.condition(one)
        if word is None:
            return line(one.get("attribute_key"))
        return line(word["name"] if word["custom_attribute_type"] else word["name"].lower())

    def asked(self, one: Json) -> str:
        """A condition: `content contains 'refund'`."""
        operator, values, takes = one.get("filter_operator"), one.get("values"), self.takes_of(one)
        verb = _OPERATORS.get(str(operator), line(operator).replace("_", " "))
        kind = takes.kind if takes is not None else "json"
        if kind == "nothing":
            return f"{self.attribute(one)} {verb}"
        if kind == "change" and isinstance(values, dict):
            own = (self.condition(one) or {})["kind"]
            before, after = (self.joined(values.get(side) or [], own, "or") or "?" for side in ("from", "to"))
            return f"{self.attribute(one)} changed from {before} to {after}"
        return f"{self.attribute(one)} {verb} {self.joined(values, kind, 'or') if values not in ([], None) else '?'}"

    def done(self, one: Json, *, macro: bool = False, files: Json | None = None) -> str:
        """An action: `add label billing`."""
        name, values, takes = one.get("action_name"), one.get("action_params") or [], self.takes_by(one, macro=macro)
        verb, kind = line(name).replace("_", " "), takes.kind if takes is not None else "json"
        if kind == "nothing":
            return verb
        if kind == "file":
            return (
                f"{verb} {', '.join(line((files or {}).get(str(value), f'file {value}')) for value in values) or '?'}"
            )
        if kind == "team_mail" and values and isinstance(values[0], dict):
            teams = self.joined(values[0].get("team_ids") or [], "team", "and")
            return f"{verb} {teams}: {self.called(values[0].get('message') or '', 'text')}"
        if not values and takes is not None and not takes.required:
            return f"{verb} none"
        return f"{verb} {self.joined(values, kind, 'and') or '?'}"

    def sentence(self, one: Json, *, macro: bool = False) -> str:
        """The whole of a rule or macro."""
        files = {str(file["blob_id"]): file["filename"] for file in one.get("files") or []}
        actions = ", ".join(self.done(action, macro=macro, files=files) for action in one["actions"]) or "do nothing"
        if macro:
            return actions
        groups = [" and ".join(self.asked(one["conditions"][at]) for at in group) for group in own_groups(one)]
        when = f"when {self.event(one['event_name'])}"
        return f"{when}, if {', or '.join(groups)}, then {actions}" if groups else f"{when}, always {actions}"

    def tried(self, rule: Json, found: Json) -> list[str]:
        """What came of trying a rule out: each condition with what it saw, and what would be done."""
        lines, groups = [], verdict_groups(rule)
        if len(found["conditions"]) > 1:
            lines.append("one of these has to hold whole:")
        for place, verdicts in enumerate(found["conditions"]):
            lines += ["or"] if place else []
            at = groups[place] if place < len(groups) and len(groups[place]) == len(verdicts) else []
            for order, verdict in enumerate(verdicts):
                one = rule["conditions"][at[order]] if at else {**verdict, "values": []}
                lines.append(f"{'✓ holds' if verdict['holds'] else '✗ fails'}  {self.asked(one)}")
                lines.append(f"    saw {self._saw(one, verdict['saw'])}")
        return lines or ["✓ holds  there are no conditions"]

    def _saw(self, one: Json, saw: list[Any]) -> str:
        takes = self.takes_of(one)
        if takes is not None and takes.kind == "change":
            return "nothing: what changed is known only when it does"
        kind = str((self.condition(one) or {}).get("kind"))
        flat = [value for each in saw for value in (each if isinstance(each, list) else [each])]
        said = [self.called(value, kind) if value not in (None, "") else "nothing" for value in flat[:_SEEN]]
        return (", ".join(said) or "nothing") + (f" and {len(flat) - _SEEN} more" if len(flat) > _SEEN else "")


def own_groups(rule: Json) -> list[list[int]]:
    """The places of the conditions that AND joins, for each side of an OR."""
    groups: list[list[int]] = []
    begins = True
    for place, one in enumerate(rule["conditions"]):
        if begins:
            groups.append([])
        groups[-1].append(place)
        begins = is_or(one)
    return groups


def verdict_groups(rule: Json) -> list[list[int]]:
    """The same as the server asks them: a change that is joined by AND is needed in the groups behind it, too."""
    groups: list[list[int]] = []
    needed: list[int] = []
    for group in own_groups(rule):
        groups.append([*needed, *group])
        for order, place in enumerate(group):
            one = rule["conditions"][place]
            if one.get("filter_operator") == "attribute_changed" and not is_or(one):
                needed = groups[-1][: len(groups[-1]) - len(group) + order + 1]
    return groups


def is_or(one: Json) -> bool:
    return str(one.get("query_operator") or "").strip().upper() == "OR"


def about_place(problem: Problem, rule: Json) -> tuple[str, int | None, str]:
    """What a refusal is about: a section, a place in it or none, and what to say there."""
    head, _, rest = problem.message.partition(": ")
    section = problem.field or (head if head in SECTIONS else "")
    said = rest if head == section and rest else problem.message
    named = {"conditions": "attribute_key", "actions": "action_name"}.get(section)
    if named is None:
        return (section if section in SECTIONS else ""), None, said
    spots: dict[str, int] = {}
    places: dict[str, list[int]] = {}
    for place, one in enumerate(rule.get(section) or []):
        name = str(one.get(named))
        found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said)
        places.setdefault(name, []).append(place)
        if found is not None:
            spots[name] = found.start()
    nearest = min(spots, key=lambda name: spots[name]) if spots else ""
    # Of several alike none is named.
    alike = places.get(nearest, [])
    return section, alike[0] if len(alike) == 1 else None, said


def _short(value: Any) -> str:
    text = line(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
