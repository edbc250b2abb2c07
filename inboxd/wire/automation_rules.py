"""Automation rules as the application API shows them."""

from typing import Any, NotRequired, TypedDict

from inboxd.domain import automation as rules
from inboxd.domain.automation import Known
from inboxd.domain.conditions import CHANGED, CUSTOM, OPERATORS
from inboxd.domain.facts import Facts
from inboxd.domain.links import Links
from inboxd.domain.matching import Asked, Conditions
from inboxd.store.models import AutomationRule, Blob, CustomAttributeDefinition
from inboxd.wire.times import seconds

_SAW = 20
_SHORT = 200


class RuleFile(TypedDict):
    id: int
    automation_rule_id: int
    file_type: str
    account_id: int
    file_url: str
    blob_id: int
    filename: str


class Rule(TypedDict):
    id: int
    account_id: int
    name: str
    description: str | None
    event_name: str
    conditions: list[dict[str, Any]]
    actions: list[dict[str, Any]]
    created_on: int
    active: bool
    files: NotRequired[list[RuleFile]]


class Verdict(TypedDict):
    """One condition by itself. `saw`: what it looked at now, the value or that of each message, the newest first,
    long texts cut short; what changed is not known, so a change never holds."""

    attribute_key: str
    filter_operator: str
    holds: bool
    saw: list[Any]


class DryRun(TypedDict):
    """`conditions` in groups: one of them has to hold whole, those about messages for the same message. `actions`
    are what would be done."""

    applies: bool
    conditions: list[list[Verdict]]
    actions: list[dict[str, Any]]


class EventWord(TypedDict):
    event_name: str
    about: str


class OperatorWord(TypedDict):
    """`kind` of its values: as the attribute's, or nothing, days (a number of them), change (`{from: […], to: […]}`
    of the attribute's kind, in rules for `conversation_updated` alone)."""

    filter_operator: str
    about: str
    kind: str
    several: bool


class ConditionWord(TypedDict):
    """`kind` of its values: choice (of `choices`), agent, team or inbox (their ids), label (its title), text, number,
    date or boolean. `custom_attribute_type` goes into the condition when it is not null."""

    attribute_key: str
    name: str
    about: str
    of: str
    custom_attribute_type: str | None
    kind: str
    choices: list[Any]
    operators: list[OperatorWord]


class ParameterWord(TypedDict):
    """`kind`: as of conditions, or nothing, url, file (signed ids from an upload), team_mail (an object of `team_ids`
    and `message`) or email (addresses in one text). `choices` are words that may be sent, beside values of that kind
    unless it is choice, `macro_choices` in macros alone."""

    kind: str
    choices: list[str]
    macro_choices: list[str]
    several: bool
    required: bool


class ActionWord(TypedDict):
    action_name: str
    about: str
    in_macros: bool
    params: ParameterWord


class Means(TypedDict):
    """`mail`: whether this server sends e-mail, without which the actions that do are refused."""

    mail: bool


class Vocabulary(TypedDict):
    events: list[EventWord]
    conditions: list[ConditionWord]
    actions: list[ActionWord]
    means: Means


def rule(row: AutomationRule, files: list[Blob], links: Links) -> Rule:
    shape: Rule = {
        "id": row.id,
        "account_id": row.account_id,
        "name": row.name,
        "description": row.description,
        "event_name": row.event_name,
        "conditions": row.conditions,
        "actions": row.actions,
        "created_on": seconds(row.created_at),
        "active": row.active,
    }
    if files:
        shape["files"] = [
            {
                "id": blob.id,
                "automation_rule_id": row.id,
                "file_type": blob.content_type,
                "account_id": row.account_id,
                "file_url": links.blob(blob.id, blob.filename),
                "blob_id": blob.id,
                "filename": blob.filename,
            }
            for blob in files
        ]
    return shape


def dry_run(asked: Conditions, facts: Facts, actions: list[dict[str, Any]]) -> DryRun:
    applies = facts.holds(asked)
    return {
        "applies": applies,
        "conditions": [[_verdict(one, facts) for one in group.whole] for group in asked.groups],
        "actions": actions if applies else [],
    }


def _verdict(one: Asked, facts: Facts) -> Verdict:
    return {
        "attribute_key": one.condition.key,
        "filter_operator": one.condition.operator,
        "holds": facts.outcome(one),
        "saw": [_short(value) for value in facts.values(one)[:_SAW]],
    }


def _short(value: Any) -> Any:
    return f"{value[:_SHORT]}…" if isinstance(value, str) and len(value) > _SHORT else value


def vocabulary(definitions: list[CustomAttributeDefinition], actions: list[ActionWord], *, mail: bool) -> Vocabulary:
    return {
        "events": [{"event_name": name, "about": about} for name, about in rules.EVENTS.items()],
        "conditions": [
            *(_standard(key, known) for key, known in rules.STANDARD.items()),
            *(_custom(one) for one in definitions if one.attribute_model != "company_attribute"),
        ],
        "actions": actions,
        "means": {"mail": mail},
    }


def _standard(key: str, known: Known) -> ConditionWord:
    name = key.removesuffix("_id").replace("_", " ").capitalize()
    operators = (*known.operators, *((CHANGED,) if known.changes else ()))
    return {
        "attribute_key": key,
        "name": name,
        "about": known.about,
        "of": known.of,
        "custom_attribute_type": None,
        "kind": known.value_kind,
        "choices": list(known.words),
        "operators": [_operator(one, known.value_kind, several=known.several) for one in operators],
    }


def _custom(one: CustomAttributeDefinition) -> ConditionWord:
    attribute = CUSTOM[one.attribute_display_type]
    kind = "choice" if one.attribute_values else attribute.value_kind
    return {
        "attribute_key": one.attribute_key,
        "name": one.attribute_display_name,
        "about": one.attribute_description or "",
        "of": one.attribute_model.removesuffix("_attribute"),
        "custom_attribute_type": one.attribute_model,
        "kind": kind,
        "choices": one.attribute_values,
        "operators": [_operator(name, kind, several=True) for name in attribute.operators],
    }


def _operator(name: str, kind: str, *, several: bool) -> OperatorWord:
    one = OPERATORS[name]
    return {
        "filter_operator": name,
        "about": one.about,
        "kind": one.takes or kind,
        "several": several and one.several,
    }
