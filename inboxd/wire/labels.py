"""Labels as the application API shows them."""

from inboxd.store.models import Label
from inboxd.wire import shapes_accounts as shapes


def label(row: Label) -> shapes.Label:
    return {
        "id": row.id,
        "title": row.title,
        "description": row.description,
        "color": row.color,
        "show_on_sidebar": row.show_on_sidebar,
    }
