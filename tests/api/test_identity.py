from typing import Any

import pytest

from inboxd.domain import signing
from tests.cast import World


@pytest.fixture
def victim(world: World) -> int:
    """A conversation of somebody known by e-mail alone; returns its number."""
    world.http.post(f"{world.public}/contacts", json={"source_id": "v", "email": "victim@example.test"})
    number: int = world.http.post(f"{world.public}/contacts/v/conversations").json()["id"]
    world.http.post(f"{world.public}/contacts/v/conversations/{number}/messages", json={"content": "my secret"})
    return number


def proof(world: World, identifier: str) -> dict[str, str]:
    return {
        "identifier": identifier,
        "identifier_hash": signing.identity_hash(world.inbox["hmac_token"], identifier),
    }


def reaches(world: World, source_id: str, number: int) -> bool:
    contact = f"{world.public}/contacts/{source_id}"
    listed: Any = world.http.get(f"{contact}/conversations").json()
    shown = world.http.get(f"{contact}/conversations/{number}").status_code == 200
    assert shown == (number in [one["id"] for one in listed])
    return shown


def test_who_knows_an_email_address_does_not_become_its_owner_by_a_hash_of_their_own(world: World, victim: int) -> None:
    values = {"source_id": "s", "email": "victim@example.test"}
    world.http.post(f"{world.public}/contacts", json=values)
    world.http.get(f"{world.public}/contacts/s", params=proof(world, "mallory"))
    assert not reaches(world, "s", victim)


def test_who_merges_into_an_email_address_does_not_read_what_was_there(world: World, victim: int) -> None:
    world.http.post(f"{world.public}/contacts", json={"source_id": "m", **proof(world, "mallory")})
    contact = f"{world.public}/contacts/m"
    world.http.patch(contact, json={**proof(world, "mallory"), "email": "victim@example.test"})
    world.http.get(contact, params=proof(world, "mallory"))
    assert not reaches(world, "m", victim)
    own = world.http.post(f"{contact}/conversations").json()["id"]
    assert reaches(world, "m", own)


def test_a_locked_inbox_hands_nobody_a_conversation_they_may_not_see(world: World, victim: int) -> None:
    inbox = f"{world.account}/inboxes/{world.inbox['id']}"
    world.http.patch(inbox, json={"lock_to_single_conversation": True}, token=world.admin)
    world.http.post(f"{world.public}/contacts", json={"source_id": "s", "email": "victim@example.test"})
    world.http.get(f"{world.public}/contacts/s", params=proof(world, "mallory"))
    made = world.http.post(f"{world.public}/contacts/s/conversations").json()
    assert made["id"] != victim
    assert made["messages"] == []


def test_both_proved_places_of_one_person_share_their_conversations(world: World) -> None:
    for source_id in ("phone", "laptop"):
        world.http.post(f"{world.public}/contacts", json={"source_id": source_id, **proof(world, "ann")})
    number = world.http.post(f"{world.public}/contacts/phone/conversations").json()["id"]
    assert reaches(world, "laptop", number)
