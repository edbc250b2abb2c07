"""Macros: actions that people keep under a name and run on conversations."""

from typing import Any

from inboxd.domain.text import check_name
from inboxd.services import actions
from inboxd.services.action_params import Means, Owner
from inboxd.store.db import Tx
from inboxd.store.models import Macro

VISIBILITIES = ("personal", "global")


def create(tx: Tx, account_id: int, user_id: int, values: dict[str, Any], means: Means) -> Macro:
    """Raises Invalid for a name or action that breaks a rule, Refused for a file that is not there."""
    values = _checked(tx, Owner(account_id, "Macro", None, means), {"name": None, "actions": [], **values})
    macro = tx.insert(Macro, account_id=account_id, created_by_id=user_id, updated_by_id=user_id, **values)
    actions.take_files(tx, "Macro", macro.id, macro.actions)
    return macro


def update(tx: Tx, macro: Macro, user_id: int, values: dict[str, Any], means: Means) -> None:
    values = _checked(tx, Owner(macro.account_id, "Macro", macro.id, means), values)
    tx.update(macro, updated_by_id=user_id, **values)
    actions.take_files(tx, "Macro", macro.id, macro.actions)


def may_run(macro: Macro, user_id: int) -> bool:
    return macro.visibility == "global" or macro.created_by_id == user_id


def may_change(macro: Macro, user_id: int, *, is_administrator: bool) -> bool:
    return is_administrator if macro.visibility == "global" else macro.created_by_id == user_id


def _checked(tx: Tx, owner: Owner, values: dict[str, Any]) -> dict[str, Any]:
    if "name" in values:
        check_name(values["name"] or "")
    if "actions" in values:
        given = actions.checked(tx, owner, values["actions"], actions.IN_MACROS, "Macro execution actions")
        return values | {"actions": given}
    return values
