"""Automation rules as the application API shows them."""

from typing import Any, NotRequired, TypedDict

from inboxd.domain.automation import Judged
from inboxd.domain.links import Links
from inboxd.store.models import AutomationRule, Blob
from inboxd.wire.times import seconds


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
    attribute_key: str
    filter_operator: str
    holds: bool


class DryRun(TypedDict):
    """`conditions` in groups: one of them has to hold whole. `actions` are what would be done."""

    applies: bool
    conditions: list[list[Verdict]]
    actions: list[dict[str, Any]]


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


def dry_run(row: AutomationRule, judged: list[list[Judged]], *, applies: bool) -> DryRun:
    return {
        "applies": applies,
        "conditions": [
            [
                {"attribute_key": one.condition.key, "filter_operator": one.condition.operator, "holds": one.holds}
                for one in group
            ]
            for group in judged
        ],
        "actions": row.actions if applies else [],
    }
