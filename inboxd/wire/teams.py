"""Teams as the application API shows them."""

from inboxd.store.models import Team
from inboxd.wire import shapes_accounts as shapes
from inboxd.wire.times import iso


def team(row: Team, *, is_member: bool) -> shapes.Team:
    """`is_member`: whether the caller is in it."""
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "allow_auto_assign": row.allow_auto_assign,
        "account_id": row.account_id,
        "is_member": is_member,
    }


def team_row(row: Team) -> shapes.TeamRow:
    """The plain column dump that an assignment answers with."""
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "allow_auto_assign": row.allow_auto_assign,
        "account_id": row.account_id,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }
