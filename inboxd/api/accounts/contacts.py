"""Contacts of an account."""

from typing import Any

from inboxd.api.web import Call
from inboxd.domain.errors import NotFound
from inboxd.services import contacts
from inboxd.store import accounts
from inboxd.store import contacts as store
from inboxd.store.models import Contact
from inboxd.wire import api as wire

_OWN = ("name", "identifier", "email", "phone_number", "blocked", "additional_attributes", "custom_attributes")


def find(call: Call) -> Contact:
    contact = store.by_id(call.tx, call.account_id, call.args["id"])
    if contact is None:
        raise NotFound
    return contact


def _shown(call: Call, found: list[Contact], *, with_inboxes: bool = True) -> list[Any]:
    if not with_inboxes:
        return [wire.contact(contact) for contact in found]
    places = store.contact_inboxes_of(call.tx, [contact.id for contact in found])
    inboxes = {inbox.id: inbox for inbox in accounts.inboxes(call.tx, call.account_id)}
    return [
        wire.contact(
            contact,
            [
                (one, inboxes[one.inbox_id])
                for one in places
                if one.contact_id == contact.id and one.inbox_id in inboxes
            ],
        )
        for contact in found
    ]


def _page(call: Call) -> int:
    return max(1, call.values.get("page") or 1)


def _as_given(call: Call) -> Any:
    """`current_page` echoes the query as it came: text when it was text."""
    return call.request.values.get("page") or 1


def index(call: Call) -> Any:
    total, found = store.page(
        call.tx,
        call.account_id,
        sort=call.values.get("sort") or "",
        page=_page(call),
        labels=call.values.get("labels") or [],
    )
    with_inboxes = call.values.get("include_contact_inboxes", "true") == "true"
    return {
        "meta": {"count": total, "current_page": _as_given(call)},
        "payload": _shown(call, found, with_inboxes=with_inboxes),
    }


def search(call: Call) -> Any:
    text = (call.values.get("q") or "").strip()
    if not text:
        return {"meta": {"count": None, "current_page": 1, "has_more": None}, "payload": []}
    found, more = store.search(call.tx, call.account_id, text, sort=call.values.get("sort") or "", page=_page(call))
    with_inboxes = call.values.get("include_contact_inboxes", "true") == "true"
    return {
        "meta": {"count": len(found), "current_page": _as_given(call), "has_more": more},
        "payload": _shown(call, found, with_inboxes=with_inboxes),
    }


def create(call: Call) -> Any:
    inbox = None
    if call.values.get("inbox_id"):
        inbox = accounts.inbox(call.tx, call.account_id, call.values["inbox_id"])
        if inbox is None:
            raise NotFound
    contact = contacts.create(call.tx, call.account_id, _values(call))
    place = contacts.place(call.tx, contact, inbox, call.values.get("source_id") or None) if inbox else None
    return {
        "payload": {
            "contact": _shown(call, [contact])[0],
            "contact_inbox": {
                "inbox": wire.inbox_row(inbox) if inbox else None,
                "source_id": place.source_id if place else None,
            },
        }
    }


def _values(call: Call) -> dict[str, Any]:
    given = {key: call.values[key] for key in _OWN if key in call.values}
    nothing = {"name": "", "blocked": False, "additional_attributes": {}, "custom_attributes": {}}
    return {key: nothing[key] if value is None and key in nothing else value for key, value in given.items()}


def show(call: Call, contact: Contact) -> Any:
    return {"payload": _shown(call, [contact])[0]}


def update(call: Call, contact: Contact) -> Any:
    contacts.update(call.tx, contact, _values(call))
    return {"payload": _shown(call, [contact])[0]}
