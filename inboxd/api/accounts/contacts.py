"""Contacts of an account."""

from typing import Any

from inboxd.api import steps
from inboxd.api.accounts import avatars, conversations, inboxes
from inboxd.api.audit import audited
from inboxd.api.web import Call
from inboxd.domain.errors import NotFound
from inboxd.services import contacts
from inboxd.store import accounts, details
from inboxd.store import contacts as store
from inboxd.store import conversations as conversation_store
from inboxd.store.models import Contact, Inbox
from inboxd.wire import api as wire
from inboxd.wire import contact_parts as parts

_OWN = ("name", "identifier", "email", "phone_number", "blocked", "additional_attributes", "custom_attributes")


def find(call: Call) -> Contact:
    return _by_id(call, call.args["id"])


def _by_id(call: Call, contact_id: int | None) -> Contact:
    contact = store.by_id(call.tx, call.account_id, contact_id or 0)
    if contact is None:
        raise NotFound
    return contact


def _shown(call: Call, found: list[Contact], *, with_inboxes: bool = True) -> list[Any]:
    if not with_inboxes:
        return [wire.contact(contact, call.tx.links) for contact in found]
    places = store.contact_inboxes_of(call.tx, [contact.id for contact in found])
    known = {inbox.id: inbox for inbox in accounts.inboxes(call.tx, call.account_id)}
    return [
        wire.contact(
            contact,
            call.tx.links,
            [(one, known[one.inbox_id]) for one in places if one.contact_id == contact.id and one.inbox_id in known],
        )
        for contact in found
    ]


def _page(call: Call) -> int:
    return max(1, call.values.get("page") or 1)


def _as_given(call: Call) -> Any:
    """`current_page` echoes the query as it came: text when it was text."""
    return call.request.values.get("page") or 1


def index(call: Call, also: Any = None) -> Any:
    """Those that also meet a condition, if there is one."""
    total, found = store.page(
        call.tx,
        call.account_id,
        sort=call.values.get("sort") or "",
        page=_page(call),
        labels=call.values.get("labels") or [],
        also=also,
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
    avatars.adopt(call, contact)
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
    values = {key: nothing[key] if value is None and key in nothing else value for key, value in given.items()}
    return values | avatars.given(call, call.account_id)


def show(call: Call, contact: Contact) -> Any:
    return {"payload": _shown(call, [contact])[0]}


def update(call: Call, contact: Contact) -> Any:
    contacts.update(call.tx, contact, _values(call))
    avatars.adopt(call, contact)
    return {"payload": _shown(call, [contact])[0]}


def active(call: Call) -> Any:
    """Contacts are online by way of a websocket. Those of API inboxes have none: nobody ever is."""
    return {"meta": {"count": 0, "current_page": _as_given(call)}, "payload": []}


def _deleted(call: Call) -> list[Contact]:
    return call.tx.filter(Contact, id=call.args["id"], account_id=call.account_id)


@audited(rows=_deleted)
def delete_step(call: Call) -> bool:
    return contacts.delete(call.tx, find(call))


def delete(call: Call, _: Contact) -> None:
    steps.later(call, delete_step)


def delete_avatar(call: Call, contact: Contact) -> Any:
    contacts.update(call.tx, contact, {"avatar": ""})
    avatars.drop(call, contact)
    return {"payload": wire.contact(contact, call.tx.links)}


def destroy_custom_attributes(call: Call, contact: Contact) -> Any:
    contacts.drop_custom_attributes(call.tx, contact, call.values.get("custom_attributes") or [])
    return {"payload": _shown(call, [contact])[0]}


def list_labels(call: Call, contact: Contact) -> Any:
    return {"payload": contact.label_list}


def set_labels(call: Call, contact: Contact) -> Any:
    contacts.set_labels(call.tx, contact, call.values.get("labels") or [])
    return {"payload": contact.label_list}


def list_conversations(call: Call, contact: Contact) -> Any:
    found = store.conversations(call.tx, contact.id, call.caller.inbox_ids(call.tx))
    return {"payload": conversations.listed(call, found)}


def list_attachments(call: Call, contact: Contact) -> Any:
    total, found = store.attachments(call.tx, contact.id, call.caller.inbox_ids(call.tx), _page(call))
    carriers = {message.id: message for _, message in found}
    shown = {one.message.id: one for one in details.messages_details(call.tx, list(carriers.values()))}
    numbers = conversation_store.display_ids(call.tx, [message.conversation_id for message in carriers.values()])
    return {
        "meta": {"total_count": total},
        "payload": [
            parts.attachment(one, shown[message.id], numbers[message.conversation_id], call.tx.links, call.tx.now)
            for one, message in found
        ],
    }


def contactable_inboxes(call: Call, contact: Contact) -> Any:
    allowed = call.caller.inbox_ids(call.tx)
    seen = [one for one in accounts.inboxes(call.tx, call.account_id) if allowed is None or one.id in allowed]
    found = contacts.reachable(call.tx, contact, seen)
    return {"payload": [parts.contactable_inbox(inbox, source_id, call.tx.links) for inbox, source_id in found]}


def create_contact_inbox(call: Call, contact: Contact) -> Any:
    inbox = inboxes.find_in_body(call)
    verified = bool(call.values.get("hmac_verified"))
    place = contacts.place(call.tx, contact, inbox, call.values.get("source_id") or None, verified=verified)
    return wire.contact_inbox(place, inbox, call.tx.links)


def by_source(call: Call, inbox: Inbox) -> Any:
    """The contact that has a source_id in an inbox."""
    place = store.contact_inbox(call.tx, inbox.id, call.values.get("source_id") or "")
    return _shown(call, [_by_id(call, place.contact_id if place else None)])[0]


def _merged(call: Call, *_: Any) -> list[Contact]:
    return call.tx.filter(Contact, id=call.values.get("mergee_contact_id") or 0, account_id=call.account_id)


def _pair(call: Call) -> tuple[Contact, Contact]:
    return _by_id(call, call.values.get("base_contact_id")), _by_id(call, call.values.get("mergee_contact_id"))


@audited(rows=_merged, comment="became one with another contact")
def _merge(call: Call, histories: contacts.Histories) -> Any:
    base, mergee = _pair(call)
    if mergee.id != base.id:
        contacts.merge(call.tx, base, mergee, histories)
    return wire.contact(base, call.tx.links)


def merge(call: Call) -> None:
    base, mergee = _pair(call)
    steps.merging(call, [mergee, base] if mergee.id != base.id else [base], _merge)
