"""Automation rules: keeping them, and seeing whether they apply."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from inboxd.domain import automation as rules
from inboxd.domain import conditions as ask
from inboxd.domain.conditions import Alternatives, Condition
from inboxd.domain.errors import Invalid, Refused, TooMany
from inboxd.domain.messages import MESSAGE_TYPES
from inboxd.domain.text import check_name
from inboxd.services import actions, audit_logs, mails
from inboxd.services.actions import Keeper, Means
from inboxd.services.audit_logs import Author
from inboxd.store import automation as store
from inboxd.store import custom_attribute_definitions as definitions
from inboxd.store.db import Tx
from inboxd.store.models import AutomationRule, Contact, Conversation, Event, Message

KIND = "AutomationRule"
_COLUMNS = ("status", "priority", "assignee_id", "inbox_id", "team_id")
_ABOUT = ("browser_language", "conversation_language", "referer", "mail_subject")
_MESSAGES = 500
"""The newest ones of a conversation that a rule about messages looks at."""


def create(tx: Tx, account_id: int, values: dict[str, Any], means: Means) -> AutomationRule:
    """Raises Invalid for what a rule cannot have, Refused for a file that is not there."""
    wanted = {"name": None, "event_name": None, "conditions": [], "actions": [], **values}
    wanted = _checked(tx, Keeper(account_id, KIND, None, means), wanted)
    _begin_here(tx)
    rule = tx.insert(AutomationRule, account_id=account_id, **wanted)
    actions.take_files(tx, KIND, rule.id, rule.actions)
    return rule


def update(tx: Tx, rule: AutomationRule, values: dict[str, Any], means: Means) -> None:
    """Other conditions are judged afresh."""
    wanted = _checked(tx, Keeper(rule.account_id, KIND, rule.id, means), values)
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


def _checked(tx: Tx, keeper: Keeper, values: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: value for name, value in values.items() if value is not None or name in ("name", "description")}
    if "name" in values:
        check_name(values["name"] or "")
    if "event_name" in values and values["event_name"] not in rules.EVENT_NAMES:
        raise Invalid(f"Event name must be one of {', '.join(rules.EVENT_NAMES)}", "event_name")
    if "conditions" in wanted:
        _check_conditions(tx, keeper.account_id, wanted["conditions"])
    if "actions" in wanted:
        wanted["actions"] = actions.checked(tx, keeper, wanted["actions"], actions.IN_RULES, "Automation actions")
    return wanted


def _check_conditions(tx: Tx, account_id: int, given: Sequence[dict[str, Any]]) -> None:
    custom = {one.attribute_key for one in definitions.of_account(tx, account_id)}
    keys = [str(one.get("attribute_key")) for one in given]
    unknown = [key for key in keys if key not in rules.STANDARD and key not in custom]
    if unknown:
        raise Invalid(f"Automation conditions {', '.join(unknown)[:500]} not supported.", "conditions")
    if sum(one.get("query_operator") in (None, "") for one in given) > 1:
        raise Invalid("Automation conditions should have query operator.", "conditions")
    try:
        understood(tx, account_id, given)
    except Refused as refused:
        raise Invalid(refused.message, "conditions") from None


def understood(tx: Tx, account_id: int, given: Sequence[dict[str, Any]]) -> Alternatives:
    """Raises Refused for conditions that cannot be understood, such as of an attribute that is gone."""
    found = definitions.of_account(tx, account_id)
    custom = {(one.attribute_model, one.attribute_key): ask.CUSTOM[one.attribute_display_type] for one in found}
    models = {one.attribute_key: one.attribute_model for one in found}
    # A key that only the other model has is meant there, as the check at save takes it.
    named = [
        one | {"custom_attribute_type": one.get("custom_attribute_type") or models.get(str(one.get("attribute_key")))}
        for one in given
    ]
    return ask.parse(named, rules.catalogue(custom))


@dataclass(frozen=True)
class Cause:
    """What a rule looks at: the conversation as it is now, the message that an event is about, and what changed."""

    conversation: Conversation
    contact: Contact
    message: Message | None
    changed: dict[str, tuple[Any, Any]]


def causes(tx: Tx, event: Event) -> list[tuple[str, Cause]]:
    """The rule events that one event of the feed stands for. None of what a rule did itself."""
    names = _names(event)
    if not names or event.rule_id is not None or event.conversation_id is None:
        return []
    cause = cause_of(tx, event.conversation_id, event)
    return [(name, cause) for name in names] if cause is not None else []


def cause_of(tx: Tx, conversation_id: int, event: Event | None = None) -> Cause | None:
    """None when the conversation or its contact is gone by now."""
    conversation = tx.get(Conversation, conversation_id)
    contact = tx.get(Contact, conversation.contact_id) if conversation is not None else None
    if conversation is None or contact is None:
        return None
    message = tx.get(Message, event.message_id) if event is not None and event.message_id else None
    changed = _changed(event) if event is not None and event.name == "conversation_updated" else {}
    return Cause(conversation, contact, message, changed)


def _names(event: Event) -> list[str]:
    if event.name in ("message_created", "conversation_created", "conversation_updated"):
        return [event.name]
    if event.name == "conversation_status_changed":
        status = _changed(event).get("status", (None, None))[1]
        became = {"open": "conversation_opened", "resolved": "conversation_resolved"}.get(str(status))
        return [became] if became else []
    return []


def _changed(event: Event) -> dict[str, tuple[Any, Any]]:
    found = json.loads(event.payload).get("changed_attributes") or []
    changed = {name: (one["previous_value"], one["current_value"]) for each in found for name, one in each.items()}
    return {("labels" if name == "label_list" else name): pair for name, pair in changed.items()}


def applies(tx: Tx, rule: AutomationRule, cause: Cause) -> bool:
    """Raises Refused when the rule cannot be understood any more."""
    asked = understood(tx, rule.account_id, rule.conditions)
    return rules.holds(asked, lambda one: values(tx, cause, one), cause.changed)


def values(tx: Tx, cause: Cause, asked: Condition) -> Sequence[Any]:
    """What an attribute is now; of messages one for each, unless the event is about one of them."""
    talk, contact = cause.conversation, cause.contact
    if asked.model is not None:
        holder = contact if asked.model == "contact_attribute" else talk
        return [holder.custom_attributes.get(asked.key)]
    if asked.key in rules.OF_MESSAGES:
        found = [cause.message] if cause.message is not None else store.messages(tx, talk.id, _MESSAGES)
        return [_of_message(message, asked.key) for message in found]
    if asked.key == "labels":
        return talk.label_list
    for holder, keys in ((talk, _COLUMNS), (contact, ("email", "phone_number"))):
        if asked.key in keys:
            return [getattr(holder, asked.key)]
    return [(talk if asked.key in _ABOUT else contact).additional_attributes.get(asked.key)]


def _of_message(message: Message, key: str) -> Any:
    if key == "message_type":
        return MESSAGE_TYPES[message.message_type]
    return message.private if key == "private_note" else message.content or ""


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
