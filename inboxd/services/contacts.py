"""Creating, identifying, changing and merging contacts."""

import random
import uuid
from collections.abc import Mapping
from typing import Any

from inboxd.domain import contacts as rules
from inboxd.domain.errors import Invalid, Refused
from inboxd.domain.messages import SOURCE_ID_LIMIT
from inboxd.domain.text import split_labels
from inboxd.services import avatars, outbox, tokens
from inboxd.store import blobs
from inboxd.store import contacts as store
from inboxd.store.db import Changes, Tx
from inboxd.store.models import Contact, ContactInbox, Inbox

_WORDS = (
    ("amber", "brave", "calm", "dawn", "early", "fresh", "gentle", "honest", "ivory", "jolly", "keen", "lively"),
    ("badger", "comet", "dune", "ember", "falcon", "glade", "harbor", "island", "juniper", "kestrel", "lagoon"),
)
Histories = Mapping[tuple[int, int], store.Sent]
"""What was looked up before, by the ids of the contact that stays and of the one that goes."""
_LABELS = {"email": "Email", "phone_number": "Phone number", "identifier": "Identifier"}


def identify(tx: Tx, inbox: Inbox, source_id: str | None, values: dict[str, Any]) -> tuple[Contact, ContactInbox]:
    """The contact_inbox with this source_id as it is, else one for a matching or new contact.

    A match by identifier, e-mail or phone number is taken unchanged: what the client API sends
    about somebody known never overwrites what agents know.
    """
    if source_id is not None:
        known = store.contact_inbox(tx, inbox.id, source_id)
        if known is not None:
            contact = tx.get(Contact, known.contact_id)
            if contact is not None:
                return contact, known
    _check_source_id(source_id)
    wanted = rules.normalised(values)
    matched = match(tx, inbox.account_id, wanted)
    contact = matched or create(tx, inbox.account_id, wanted | {"name": wanted.get("name") or _random_name()})
    return contact, place(tx, contact, inbox, source_id)


def match(tx: Tx, account_id: int, values: dict[str, Any]) -> Contact | None:
    for key in rules.IDENTITY:
        if values.get(key):
            found = store.by_identity(tx, account_id, key, values[key])
            if found is not None:
                return found
    return None


def create(tx: Tx, account_id: int, values: dict[str, Any]) -> Contact:
    """Raises Invalid for a value that breaks a rule or belongs to somebody else."""
    wanted = rules.normalised(values)
    _check_unique(tx, account_id, None, wanted)
    contact = tx.insert(
        Contact,
        account_id=account_id,
        contact_type=rules.contact_type("visitor", wanted.get("email"), wanted.get("phone_number")),
        **wanted,
    )
    outbox.contact_event(tx, "contact_created", contact)
    return contact


def update(tx: Tx, contact: Contact, values: dict[str, Any]) -> Changes:
    """Apply values as given; attributes are merged key by key at the top level."""
    wanted = rules.normalised(values)
    for key in ("custom_attributes", "additional_attributes"):
        if key in wanted:
            wanted[key] = getattr(contact, key) | wanted[key]
    _check_unique(tx, contact.account_id, contact.id, wanted)
    email, phone = wanted.get("email", contact.email), wanted.get("phone_number", contact.phone_number)
    wanted["contact_type"] = rules.contact_type(contact.contact_type, email, phone)
    return _change(tx, contact, wanted)


def _change(tx: Tx, contact: Contact, values: dict[str, Any]) -> Changes:
    changes = tx.update(contact, **values)
    if "label_list" in changes:
        store.retag(tx, contact)
    if changes:
        outbox.contact_event(tx, "contact_updated", contact, changes)
    return changes


def set_labels(tx: Tx, contact: Contact, labels: list[str]) -> None:
    _change(tx, contact, {"label_list": split_labels(labels)})


def drop_custom_attributes(tx: Tx, contact: Contact, keys: list[str]) -> None:
    kept = {key: value for key, value in contact.custom_attributes.items() if key not in keys}
    _change(tx, contact, {"custom_attributes": kept})


def delete(tx: Tx, contact: Contact) -> bool:
    """One step of deleting the contact and everything in its conversations; whether it was the last.
    Deliveries under way carry on: their payloads are stored."""
    return store.drop(tx, contact.id)


def meant(tx: Tx, contact: Contact, values: dict[str, Any]) -> tuple[list[Contact], dict[str, Any]]:
    """The contact and who else the values of a client mean, and those that can be kept; blanks are not given.
    Raises Invalid."""
    wanted = rules.normalised({key: value for key, value in values.items() if value not in (None, "", {})})
    found = {contact.id: contact}
    for key in ("email", "phone_number"):
        other = store.by_identity(tx, contact.account_id, key, wanted[key]) if wanted.get(key) else None
        if other is None or other.id in found:
            continue
        if key == "phone_number" and wanted.get("email") and other.email and other.email != wanted["email"]:
            del wanted[key]  # that number is somebody else's, by an e-mail of their own
            continue
        found[other.id] = other
    return list(found.values()), wanted


def update_by_contact(tx: Tx, contact: Contact, values: dict[str, Any], histories: Histories) -> Contact:
    """What the client API may do: blanks change nothing, and an e-mail or phone number of
    somebody else makes the two one. Returns the survivor."""
    (survivor, *others), wanted = meant(tx, contact, values)
    for other in others:
        survivor = merge(tx, other, survivor, histories)
    if "custom_attributes" in wanted:
        wanted["custom_attributes"] = rules.deep_merge(survivor.custom_attributes, wanted["custom_attributes"])
    update(tx, survivor, wanted)
    return survivor


def merge(tx: Tx, survivor: Contact, gone: Contact, histories: Histories) -> Contact:
    """Everything of `gone` becomes `survivor`'s; the survivor's own values win."""
    fields = (
        "name", "middle_name", "last_name", "email", "phone_number", "identifier", "additional_attributes",
        "custom_attributes", "last_activity_at", "avatar",
    )  # fmt: skip
    values = rules.merged(
        {name: getattr(survivor, name) for name in fields}, {name: getattr(gone, name) for name in fields}
    )
    values["label_list"] = list(dict.fromkeys([*survivor.label_list, *gone.label_list]))
    email, phone = values.get("email", survivor.email), values.get("phone_number", survivor.phone_number)
    values["contact_type"] = rules.contact_type(survivor.contact_type, email, phone)
    if survivor.identifier and survivor.identifier != gone.identifier:
        # Who proved to be one identifier has not proved to be the other.
        for held in store.contact_inboxes(tx, gone.id):
            tx.update(held, hmac_verified=False)
    found = histories.get((survivor.id, gone.id)) or store.sent(tx, gone.id, survivor.id)
    store.adopt(tx, survivor_id=survivor.id, gone_id=gone.id, found=found)
    tx.delete(Contact, id=gone.id)
    _change(tx, survivor, values)
    if "avatar" in values:
        avatars.adopt(tx, survivor)
    blobs.drop(tx, "Contact", gone.id)
    return survivor


def place(tx: Tx, contact: Contact, inbox: Inbox, source_id: str | None, *, verified: bool = False) -> ContactInbox:
    """The contact's place in an inbox under this source_id, made when it is missing.

    Raises Refused when the source_id belongs to another contact, Invalid when it is too long.
    """
    _check_source_id(source_id)
    if source_id is not None:
        known = store.contact_inbox(tx, inbox.id, source_id)
        if known is not None:
            if known.contact_id != contact.id:
                raise Refused("source_id should be unique")
            if verified:
                tx.update(known, hmac_verified=True)
            return known
    return tx.insert(
        ContactInbox,
        account_id=inbox.account_id,
        contact_id=contact.id,
        inbox_id=inbox.id,
        source_id=source_id or str(uuid.uuid4()),
        pubsub_token=tokens.new(),
        hmac_verified=verified,
    )


def reachable(tx: Tx, contact: Contact, inboxes: list[Inbox]) -> list[tuple[Inbox, str]]:
    """Inboxes with the source_id to write to the contact under: its latest there, else one that could be made."""
    known = {held.inbox_id: held.source_id for held in store.contact_inboxes(tx, contact.id)}
    return [(inbox, known.get(inbox.id) or str(uuid.uuid4())) for inbox in inboxes]


def _check_source_id(source_id: str | None) -> None:
    if source_id is not None and len(source_id) > SOURCE_ID_LIMIT:
        raise Invalid(f"Source is too long (maximum is {SOURCE_ID_LIMIT} characters)", "source_id")


def _check_unique(tx: Tx, account_id: int, own_id: int | None, values: dict[str, Any]) -> None:
    for key in rules.IDENTITY:
        if values.get(key):
            other = store.by_identity(tx, account_id, key, values[key])
            if other is not None and other.id != own_id:
                raise Invalid(f"{_LABELS[key]} has already been taken", key, existing_id=other.id)


def _random_name() -> str:
    adjective, noun = (random.choice(words) for words in _WORDS)  # noqa: S311
    return f"{adjective}-{noun}-{random.randrange(1000)}"  # noqa: S311
