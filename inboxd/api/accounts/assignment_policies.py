"""Assignment policies and the inboxes that follow them."""

from typing import Any

from inboxd.api.accounts import inboxes
from inboxd.api.audit import audited
from inboxd.api.web import Call, empty
from inboxd.domain.errors import NotFound
from inboxd.services import assignment_policies
from inboxd.store import assignment_policies as store
from inboxd.store.models import AssignmentPolicy, Inbox, InboxAssignmentPolicy
from inboxd.wire import assignment_policies as wire


def find(call: Call) -> AssignmentPolicy:
    return _policy(call, call.args["id"])


def _policy(call: Call, policy_id: int) -> AssignmentPolicy:
    policy = store.by_id(call.tx, call.account_id, policy_id)
    if policy is None:
        raise NotFound
    return policy


def _listed(call: Call, found: list[AssignmentPolicy]) -> list[wire.AssignmentPolicyShape]:
    counts = store.inbox_counts(call.tx, call.account_id)
    return [wire.assignment_policy(policy, counts.get(policy.id, 0)) for policy in found]


def index(call: Call) -> Any:
    return _listed(call, store.of_account(call.tx, call.account_id))


def show(call: Call, policy: AssignmentPolicy) -> Any:
    return _listed(call, [policy])[0]


@audited(AssignmentPolicy)
def create(call: Call) -> Any:
    return show(call, assignment_policies.create(call.tx, call.account_id, call.values))


@audited(AssignmentPolicy)
def update(call: Call, policy: AssignmentPolicy) -> Any:
    assignment_policies.update(call.tx, policy, call.values)
    return show(call, policy)


@audited(AssignmentPolicy, InboxAssignmentPolicy)
def delete(call: Call, policy: AssignmentPolicy) -> Any:
    store.drop(call.tx, policy)
    return empty()


def list_inboxes(call: Call, policy: AssignmentPolicy) -> Any:
    return {"inboxes": [inboxes.show(call, inbox) for inbox in store.inboxes(call.tx, policy.id)]}


def of_inbox(call: Call, inbox: Inbox) -> Any:
    policy = store.of_inbox(call.tx, inbox.id)
    if policy is None:
        raise NotFound("Assignment policy not found")
    return show(call, policy)


@audited(InboxAssignmentPolicy)
def connect(call: Call, inbox: Inbox) -> Any:
    policy = _policy(call, call.values.get("assignment_policy_id") or 0)
    assignment_policies.connect(call.tx, inbox, policy)
    return show(call, policy)


@audited(InboxAssignmentPolicy)
def disconnect(call: Call, inbox: Inbox) -> Any:
    assignment_policies.disconnect(call.tx, inbox)
    return empty()
