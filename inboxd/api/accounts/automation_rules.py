"""Automation rules: what happens by itself."""

from typing import Any

from inboxd.api.accounts import macros
from inboxd.api.audit import audited
from inboxd.api.auth import check_role
from inboxd.api.web import Call, empty
from inboxd.domain import automation as rules
from inboxd.domain.errors import Invalid, NotFound, Refused
from inboxd.services import actions, automation
from inboxd.store import automation as store
from inboxd.store import blobs
from inboxd.store import conversations as conversation_store
from inboxd.store import custom_attribute_definitions as definitions
from inboxd.store.models import AutomationRule
from inboxd.wire import automation_rules as wire


def find(call: Call) -> AutomationRule:
    check_role(call.caller, "administrator")  # Chatwoot asks for the role before it looks
    rule = store.by_id(call.tx, call.account_id, call.args["id"])
    if rule is None:
        raise NotFound
    return rule


def _shown(call: Call, rule: AutomationRule) -> wire.Rule:
    return wire.rule(rule, blobs.of(call.tx, automation.KIND, rule.id), call.tx.links)


def index(call: Call) -> Any:
    return {"payload": [_shown(call, rule) for rule in store.rules(call.tx, call.account_id)]}


def show(call: Call, rule: AutomationRule) -> Any:
    return {"payload": _shown(call, rule)}


@audited(AutomationRule)
def create(call: Call) -> Any:
    """The only answer of these that is not wrapped, as on Chatwoot's wire."""
    try:
        return _shown(call, automation.create(call.tx, call.account_id, call.values, macros.means(call)))
    except Invalid as invalid:
        return macros.refused(invalid)


@audited(AutomationRule)
def update(call: Call, rule: AutomationRule) -> Any:
    try:
        automation.update(call.tx, rule, call.values, macros.means(call))
    except Invalid as invalid:
        return macros.refused(invalid)
    return show(call, rule)


@audited(AutomationRule)
def clone(call: Call, rule: AutomationRule) -> Any:
    return show(call, automation.clone(call.tx, rule))


@audited(AutomationRule)
def delete(call: Call, rule: AutomationRule) -> Any:
    store.drop(call.tx, rule)
    return empty()


def dry_run(call: Call, rule: AutomationRule) -> wire.DryRun:
    """What the rule would say of a conversation as it is now, without doing it."""
    return _tried(call, rule.event_name, rule.conditions, rule.actions)


def dry_run_draft(call: Call) -> Any:
    """The same of a rule that is not kept yet, nor need be whole."""
    values = {"event_name": rules.CHANGES_OF} | {name: value for name, value in call.values.items() if name != "name"}
    try:
        draft = automation.draft(call.tx, call.account_id, values, macros.means(call))
    except Invalid as invalid:
        return macros.refused(invalid)
    return _tried(call, draft["event_name"], draft["conditions"], draft["actions"])


def _tried(call: Call, event_name: str, conditions: list[Any], steps: list[Any]) -> wire.DryRun:
    talk = conversation_store.by_display_id(call.tx, call.account_id, call.values.get("conversation_id") or 0)
    facts = automation.tried(call.tx, event_name, talk) if talk is not None else None
    if facts is None:
        raise NotFound
    try:
        asked = automation.understood(call.tx, call.account_id, conditions)
    except Refused as refused:
        raise Invalid(refused.message, "conditions") from None
    return wire.dry_run(asked, facts, steps)


def vocabulary(call: Call) -> Any:
    found = definitions.of_account(call.tx, call.account_id)
    return {"payload": wire.vocabulary(found, actions.vocabulary(), mail=call.parts.mail)}
