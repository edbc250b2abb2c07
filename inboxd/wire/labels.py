"""Labels as the application API shows them."""

from typing import Any

from inboxd.store.models import Label


def label(row: Label) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "description": row.description,
        "color": row.color,
        "show_on_sidebar": row.show_on_sidebar,
    }
