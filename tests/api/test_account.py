from typing import Any

import pytest

from inboxd.app import App
from inboxd.store.models import Label, Team
from tests.api.test_inboxes import NOT_ALLOWED, NOT_FOUND
from tests.api.test_tokens import other_account
from tests.cast import Clock, World

SETTINGS = {
    "auto_resolve_after": 1440, "auto_resolve_message": "Bye", "auto_resolve_ignore_waiting": True,
    "auto_resolve_label": "idle", "audio_transcriptions": False, "keep_pending_on_bot_failure": True,
}  # fmt: skip
ATTRIBUTES = {
    "industry": "tea", "company_size": "1-10", "timezone": "Europe/Berlin", "referral_source": "friend",
    "user_role": "owner", "website": "https://acme.test",
}  # fmt: skip


def change(world: World, **values: Any) -> Any:
    answer = world.http.patch(world.account, json=values, token=world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def cache_keys(world: World) -> dict[str, str]:
    answer = world.http.get(f"{world.account}/cache_keys", token=world.ada)
    assert (answer.status_code, list(answer.json())) == (200, ["cache_keys"])
    keys: dict[str, str] = answer.json()["cache_keys"]
    return keys


def test_an_account_is_changed_and_shown(world: World) -> None:
    columns = {"name": "Acme Ltd", "locale": "pt_BR", "domain": "acme.test", "support_email": "help@acme.test"}
    shown = change(world, **columns, **SETTINGS, **ATTRIBUTES)
    assert {key: shown[key] for key in columns} == columns
    assert shown["settings"] == SETTINGS
    assert shown["custom_attributes"] == ATTRIBUTES
    assert shown == world.http.get(world.account, token=world.ada).json()
    assert world.http.put(world.account, json={"name": "Acme"}, token=world.admin).json()["name"] == "Acme"


def test_what_is_not_given_stays_and_nulls_clear(world: World) -> None:
    change(world, **SETTINGS, **ATTRIBUTES, domain="acme.test")
    shown = change(world, auto_resolve_after=None, website="https://acme.example", domain=None, unknown=1)
    assert shown["settings"] == SETTINGS | {"auto_resolve_after": None}
    assert shown["custom_attributes"] == ATTRIBUTES | {"website": "https://acme.example"}
    assert (shown["name"], shown["domain"]) == ("Acme", None)


@pytest.mark.parametrize("minutes", [10, 1_439_856, "60", None])
def test_conversations_resolve_after_ten_minutes_to_a_thousand_days(world: World, minutes: Any) -> None:
    expected = None if minutes is None else int(minutes)
    assert change(world, auto_resolve_after=minutes)["settings"] == {"auto_resolve_after": expected}


@pytest.mark.parametrize(
    ("body", "attribute", "message"),
    [
        ({"auto_resolve_after": 9}, "auto_resolve_after", "Auto resolve after must be greater than or equal to 10"),
        (
            {"auto_resolve_after": 1_439_857},
            "auto_resolve_after",
            "Auto resolve after must be less than or equal to 1439856",
        ),
        ({"auto_resolve_after": "soon"}, "auto_resolve_after", "Auto resolve after must be a whole number"),
        ({"auto_resolve_after": 10.5}, "auto_resolve_after", "Auto resolve after must be a whole number"),
        ({"name": " "}, "name", "Name can't be blank"),
        ({"name": None}, "name", "Name can't be blank"),
        ({"name": "x" * 256}, "name", "Name is too long (maximum is 255 characters)"),
        ({"locale": "klingon!"}, "locale", "Locale is not a locale"),
        ({"website": "x" * 256}, "website", "Website is too long (maximum is 255 characters)"),
        (
            {"auto_resolve_ignore_waiting": "maybe"},
            "auto_resolve_ignore_waiting",
            "Auto resolve ignore waiting must be true or false",
        ),
    ],
)
def test_a_value_that_breaks_a_rule_is_422(world: World, body: dict[str, Any], attribute: str, message: str) -> None:
    before = world.http.get(world.account, token=world.ada).json()
    answer = world.http.patch(world.account, json={"domain": "acme.test"} | body, token=world.admin)
    assert (answer.status_code, answer.json()) == (422, {"message": message, "attributes": [attribute]})
    assert world.http.get(world.account, token=world.ada).json() == before


def test_agents_change_no_account_and_strangers_do_not_see_it(world: World) -> None:
    beta, _ = other_account(world)
    answer = world.http.patch(world.account, json={"name": "x"}, token=world.ada)
    assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)
    for method, path in (("PATCH", ""), ("GET", "/cache_keys"), ("POST", "/update_active_at")):
        answer = world.http.request(method, beta + path, json={"name": "x"}, token=world.ada)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
        assert world.http.request(method, world.account + path, json={"name": "x"}).status_code == 401


def test_cache_keys_change_with_the_lists_they_are_for(world: World, app: App, clock: Clock) -> None:
    first = cache_keys(world)
    assert set(first) == {"label", "inbox", "team"}
    assert cache_keys(world) == first == world.http.get(world.account, token=world.ada).json()["cache_keys"]
    clock.advance(s=1)
    label = app.store.write(lambda tx: tx.insert(Label, account_id=1, title="vip"))
    second = cache_keys(world)
    assert {key for key in first if first[key] != second[key]} == {"label"}
    app.store.write(lambda tx: tx.insert(Team, account_id=1, name="sales"))
    path = f"{world.account}/inboxes/{world.inbox['id']}"
    world.http.patch(path, json={"name": "Renamed"}, token=world.admin)
    third = cache_keys(world)
    assert {key for key in second if second[key] != third[key]} == {"inbox", "team"}
    app.store.write(lambda tx: tx.delete(Label, id=label.id))
    assert cache_keys(world)["label"] != third["label"]
    clock.advance(s=1)
    world.http.patch(path, json={"channel": {"webhook_url": "https://crm.test/hook"}}, token=world.admin)
    assert cache_keys(world)["inbox"] != third["inbox"]


def test_update_active_at_says_that_the_caller_is_here(world: World, clock: Clock) -> None:
    world.http.get(world.account, token=world.ada)
    clock.advance(s=30)
    answer = world.http.post(f"{world.account}/update_active_at", token=world.ada)
    assert (answer.status_code, answer.content) == (200, b"")
    [account] = world.http.get("/api/v1/profile", token=world.ada).json()["accounts"]
    assert account["active_at"] == "2026-06-10T11:15:26.789Z"
