"""Automation rules: keeping them, and seeing whether they apply."""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from inboxd.domain import automation as rules
from inboxd.domain import conditions as ask
from inboxd.domain import matching
from inboxd.domain.conditions import Condition
from inboxd.domain.errors import Invalid, Refused, TooMany
from inboxd.domain.facts import Changed, Facts
from inboxd.domain.matching import Asked, Conditions
from inboxd.domain.messages import MessageType
from inboxd.domain.text import check_name
from inboxd.services import actions, audit_logs, mails
from inboxd.services.action_params import Means, Owner
from inboxd.services.audit_logs import Author
from inboxd.store import automation as store
from inboxd.store import custom_attribute_definitions as definitions
from inboxd.store.automation import Happened
from inboxd.store.db import Tx
from inboxd.store.models import AutomationRule, Contact, Conversation, Event, Message

KIND = "AutomationRule"
_MESSAGES = 500
"""The newest ones of a conversation that a rule about messages looks at."""


def create(tx: Tx, account_id: int, values: dict[str, Any], means: Means) -> AutomationRule:
    """Raises Invalid for what a rule cannot have, Refused for a file that is not there."""
    wanted = draft(tx, account_id, {"name": None, **values}, means)
    _begin_here(tx)
    rule = tx.insert(AutomationRule, account_id=account_id, **wanted)
    actions.take_files(tx, KIND, rule.id, rule.actions)
    return rule


def draft(tx: Tx, account_id: int, values: dict[str, Any], means: Means) -> dict[str, Any]:
    """A new rule's columns. Raises as `create`; a draft need not have a name."""
    wanted = {"event_name": None, "conditions": [], "actions": [], **values}
    return _checked(tx, Owner(account_id, KIND, None, means), wanted)


def update(tx: Tx, rule: AutomationRule, values: dict[str, Any], means: Means) -> None:
    """Other conditions are judged afresh."""
    wanted = _checked(tx, Owner(rule.account_id, KIND, rule.id, means), values)
    if "conditions" in wanted:
        wanted["failed_checks"] = 0
    _begin_here(tx)
    tx.update(rule, **wanted)
    actions.take_files(tx, KIND, rule.id, rule.actions)


def clone(tx: Tx, rule: AutomationRule) -> AutomationRule:
    """A copy that is switched off; files stay with the original."""
    kept = [one for one in rule.actions if one["action_name"] != "send_attachment"]
    columns = ("account_id", "description", "event_name", "conditions")
    copied = {name: getattr(rule, name) for name in columns}
    return tx.insert(AutomationRule, name=f"Copy of {rule.name}"[:255], actions=kept, active=False, **copied)


def _begin_here(tx: Tx) -> None:
    """Where no rule was active so far, nobody has moved the cursor: what is past is none of the new rule's business."""
    if not store.active(tx):
        store.move_cursor(tx, store.newest_event_id(tx))


def _checked(tx: Tx, owner: Owner, values: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: value for name, value in values.items() if value is not None or name in ("name", "description")}
    if "name" in values:
        check_name(values["name"] or "")
    if "event_name" in values and values["event_name"] not in rules.EVENT_NAMES:
        raise Invalid(f"Event name must be one of {', '.join(rules.EVENT_NAMES)}", "event_name")
    if "conditions" in wanted:
        _check_conditions(tx, owner.account_id, wanted["conditions"])
    if "actions" in wanted:
        wanted["actions"] = actions.checked(tx, owner, wanted["actions"], actions.IN_RULES, "Automation actions")
    return wanted


def _check_conditions(tx: Tx, account_id: int, given: Sequence[dict[str, Any]]) -> None:
    custom = {one.attribute_key for one in definitions.of_account(tx, account_id)}
    keys = [str(one.get("attribute_key")) for one in given]
    unknown = [key for key in keys if key not in rules.STANDARD and key not in custom]
    if unknown:
        raise Invalid(f"Automation conditions {', '.join(unknown)[:500]} not supported.", "conditions")
    if sum(one.get("query_operator") in (None, "") for one in given) > 1:
        raise Invalid("Automation conditions should have query operator.", "conditions")
    for one in given:
        try:
            ask.joiner(one.get("query_operator"))
        except Refused as refused:
            raise Invalid(refused.message.rstrip("."), "conditions") from None
    try:
        understood(tx, account_id, given)
    except Refused as refused:
        raise Invalid(refused.message, "conditions") from None


def understood(tx: Tx, account_id: int, given: Sequence[dict[str, Any]]) -> Conditions:
    """Raises Refused for conditions that cannot be understood, such as of an attribute that is gone."""
    return understood_with(definitions.types(tx, account_id), given)


def understood_with(
    types: Iterable[tuple[str, str, str]],
    given: Sequence[dict[str, Any]],
    known: dict[Condition, Asked] | None = None,
) -> Conditions:
    """`types`: (model, key, display type) of an account's custom attributes."""
    custom = {(model, key): ask.CUSTOM[display_type] for model, key, display_type in types}
    catalogue = rules.catalogue(custom)
    models = {key: model for model, key in custom if (catalogue.model, key) not in custom}
    # A key that only another model has is meant there, as the check at save takes it.
    named = [
        one | {"custom_attribute_type": one.get("custom_attribute_type") or models.get(str(one.get("attribute_key")))}
        for one in given
    ]
    asked = ask.parse(named, catalogue)
    rules.check_effort(asked)
    return matching.compiled(asked, known)


@dataclass(frozen=True)
class Cause:
    """What a rule looks at: the conversation as it is now, the message that an event is about, and what changed."""

    conversation: Conversation
    contact: Contact
    message: Message | None
    changed: Changed


def cause_of(tx: Tx, event: Happened, name: str) -> Cause | None:
    """None when the conversation, its contact or the message is gone by now, and for what a machine's answer opened."""
    conversation = tx.get(Conversation, event.conversation_id or 0)
    contact = tx.get(Contact, conversation.contact_id) if conversation is not None else None
    message = tx.get(Message, event.message_id) if event.message_id else None
    if conversation is None or contact is None or (message is None and event.message_id):
        return None
    if name in rules.OPENINGS and conversation.additional_attributes.get("auto_reply"):
        return None
    return Cause(conversation, contact, message, _changed(tx, event) if name == rules.CHANGES_OF else {})


def name_of(tx: Tx, event: Happened) -> str | None:
    """The rule event that an event of the feed stands for. None for what a rule did itself."""
    if event.rule_id is not None or event.conversation_id is None:
        return None
    if event.name == "conversation_status_changed":
        status = _changed(tx, event).get("status", (None, None))[1]
        return {"open": "conversation_opened", "resolved": "conversation_resolved"}.get(str(status))
    return event.name if event.name in _TOLD else None


_TOLD = ("message_created", "conversation_created", "conversation_updated")


def _changed(tx: Tx, event: Happened) -> Changed:
    row = tx.get(Event, event.id)
    found = json.loads(row.payload).get("changed_attributes") if row is not None else None
    changed = {
        name: (one["previous_value"], one["current_value"]) for each in found or [] for name, one in each.items()
    }
    return {("labels" if name == "label_list" else name): pair for name, pair in changed.items()}


def facts(tx: Tx, cause: Cause) -> Facts:
    talk = cause.conversation
    return Facts(
        {"conversation": talk, "contact": cause.contact},
        lambda: [cause.message] if cause.message is not None else store.messages(tx, talk.id, _MESSAGES),
        cause.changed,
        datetime.fromtimestamp(tx.now // 1000, UTC).date(),
    )


def tried(tx: Tx, event_name: str, conversation: Conversation) -> Facts | None:
    """What a rule would look at if something happened to a conversation now: its newest message, if it waits for
    those, and rather what people wrote than what inboxd said after it. None when the contact is gone."""
    contact = tx.get(Contact, conversation.contact_id)
    if contact is None:
        return None
    message = _newest(tx, conversation) if event_name == "message_created" else None
    return facts(tx, Cause(conversation, contact, message, {}))


def _newest(tx: Tx, conversation: Conversation) -> Message | None:
    said = store.messages(tx, conversation.id, _MESSAGES)
    by_people = next((one for one in said if one.message_type != MessageType.TEMPLATE), None)
    return by_people or next(store.messages(tx, conversation.id, 1), None)


def misunderstood(tx: Tx, rule: AutomationRule, why: str, *, mail: bool) -> None:
    """Switches a rule off whose conditions failed their check too often, and tells the administrators."""
    failed = rule.failed_checks + 1
    tx.update(rule, failed_checks=failed)
    if failed >= rules.CHECKS and rule.active:
        tx.update(rule, active=False)
        audit_logs.note(tx, rule.account_id, (KIND, rule.id), "update", {"active": [True, False]}, Author(), why)
        if mail:
            with suppress(TooMany):
                mails.tell_of_rule_off(tx, rule, why)
