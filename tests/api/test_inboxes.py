import re
from typing import Any

import pytest

from inboxd.app import App
from tests.cast import Clock, World
from tests.delivery.bench import Bench, FakeSender

TOKEN = re.compile(r"[1-9A-HJ-NP-Za-km-z]{24}")
INBOX_KEYS = {
    "id", "avatar_url", "channel_id", "name", "channel_type", "greeting_enabled", "greeting_message",
    "working_hours_enabled", "enable_email_collect", "csat_survey_enabled", "csat_config", "enable_auto_assignment",
    "auto_assignment_config", "out_of_office_message", "working_hours", "timezone", "callback_webhook_url",
    "allow_messages_after_resolved", "lock_to_single_conversation", "sender_name_type", "business_name",
    "allowed_domains", "widget_color", "website_url", "hmac_mandatory", "welcome_title", "welcome_tagline",
    "web_widget_script", "website_token", "selected_feature_flags", "reply_time", "messaging_service_sid",
    "phone_number", "webhook_url", "inbox_identifier", "additional_attributes", "provider",
}  # fmt: skip
SECRETS = {"hmac_token", "secret"}
NOT_ALLOWED = {"error": "You are not authorized to do this action"}
NOT_FOUND = {"error": "Resource could not be found"}
AGENT_KEYS = {
    "id", "account_id", "availability_status", "auto_offline", "confirmed", "email", "provider", "available_name",
    "name", "role", "thumbnail",
}  # fmt: skip


def inboxes(world: World) -> str:
    return f"{world.account}/inboxes"


def own(world: World) -> str:
    return f"{world.account}/inboxes/{world.inbox['id']}"


def patch(world: World, **values: Any) -> Any:
    answer = world.http.patch(own(world), json=values, token=world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_inbox_has_these_keys_and_defaults(world: World) -> None:
    inbox = world.inbox
    assert set(inbox) == INBOX_KEYS | SECRETS
    defaults = {
        "avatar_url": "", "name": "Acme API", "channel_type": "Channel::Api", "greeting_enabled": False,
        "greeting_message": None, "working_hours_enabled": False, "enable_email_collect": True,
        "csat_survey_enabled": False, "csat_config": {}, "enable_auto_assignment": True, "auto_assignment_config": {},
        "out_of_office_message": None, "timezone": "UTC", "callback_webhook_url": None,
        "allow_messages_after_resolved": True, "lock_to_single_conversation": False, "sender_name_type": "friendly",
        "business_name": None, "allowed_domains": None, "hmac_mandatory": False, "webhook_url": None,
        "additional_attributes": {}, "provider": None, "phone_number": None,
    }  # fmt: skip
    assert {key: inbox[key] for key in defaults} == defaults
    assert [row["day_of_week"] for row in inbox["working_hours"]] == [0, 1, 2, 3, 4, 5, 6]
    assert [row["closed_all_day"] for row in inbox["working_hours"]] == [True, *[False] * 5, True]
    for key in ("inbox_identifier", "hmac_token", "secret"):
        assert TOKEN.fullmatch(inbox[key])
    assert len({inbox["inbox_identifier"], inbox["hmac_token"], inbox["secret"]}) == 3


def test_creating_one_answers_200_with_what_was_given(world: World) -> None:
    answer = world.http.post(
        f"{inboxes(world)}/",
        json={
            "name": "Shop",
            "greeting_enabled": True,
            "greeting_message": "Hello",
            "channel": {
                "type": "api",
                "webhook_url": "https://hook.test/x",
                "hmac_mandatory": True,
                "additional_attributes": {"agent_reply_time_window": 24},
            },
        },
        token=world.admin,
    )
    made = answer.json()
    assert answer.status_code == 200
    assert set(made) == INBOX_KEYS | SECRETS
    assert (made["name"], made["greeting_enabled"], made["greeting_message"]) == ("Shop", True, "Hello")
    assert (made["webhook_url"], made["hmac_mandatory"]) == ("https://hook.test/x", True)
    assert made["additional_attributes"] == {"agent_reply_time_window": 24}


def test_multipart_creates_one_too(world: World) -> None:
    parts = {
        "name": (None, "Shop"),
        "channel[type]": (None, "api"),
        "channel[webhook_url]": (None, "https://hook.test/x"),
        "greeting_message": (None, "null"),
        "enable_auto_assignment": (None, "false"),
    }
    made = world.http.post(inboxes(world), files=parts, token=world.admin).json()
    assert (made["name"], made["webhook_url"]) == ("Shop", "https://hook.test/x")
    assert (made["greeting_message"], made["enable_auto_assignment"]) == (None, False)


@pytest.mark.parametrize("key", ["greeting_enabled", "working_hours", "csat_config", "sender_name_type", "channel"])
def test_the_word_null_means_null_wherever_a_setting_is_taken(world: World, key: str) -> None:
    assert (
        patch(world, **{key: "null"})[key if key != "channel" else "name"]
        == world.inbox[key if key != "channel" else "name"]
    )


@pytest.mark.parametrize("name", ["", "  ", None])
def test_a_blank_name_is_422(world: World, name: str | None) -> None:
    expected = {"message": "Name can't be blank", "attributes": ["name"]}
    for answer in (
        world.http.post(inboxes(world), json={"name": name, "channel": {"type": "api"}}, token=world.admin),
        world.http.patch(own(world), json={"name": name}, token=world.admin),
    ):
        assert (answer.status_code, answer.json()) == (422, expected)


@pytest.mark.parametrize(
    ("values", "attribute"),
    [
        ({"name": "n" * 256}, "name"),
        ({"greeting_message": "n" * 10_001}, "greeting_message"),
        ({"out_of_office_message": "n" * 10_001}, "out_of_office_message"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"sender_name_type": "rude"}, "sender_name_type"),
        ({"greeting_enabled": "maybe"}, "greeting_enabled"),
        ({"channel": {"webhook_url": "https://x.test/" + "n" * 2048}}, "webhook_url"),
        ({"channel": {"additional_attributes": {"agent_reply_time_window": 0}}}, "agent_reply_time_window"),
        ({"channel": {"additional_attributes": {"agent_reply_time_window": "-1"}}}, "agent_reply_time_window"),
        ({"auto_assignment_config": {"max_assignment_limit": 0}}, "auto_assignment_config"),
        ({"auto_assignment_config": {"max_assignment_limit": "x"}}, "auto_assignment_config"),
        ({"auto_assignment_config": {"max_assignment_limit": "²"}}, "auto_assignment_config"),
        ({"auto_assignment_config": {"max_assignment_limit": "9" * 5000}}, "auto_assignment_config"),
        ({"channel": {"additional_attributes": {"agent_reply_time_window": "²"}}}, "agent_reply_time_window"),
    ],
)
def test_a_setting_that_breaks_a_rule_is_422_with_its_name(
    world: World, values: dict[str, Any], attribute: str
) -> None:
    answer = world.http.patch(own(world), json=values, token=world.admin)
    assert answer.status_code == 422
    assert set(answer.json()) == {"message", "attributes"}
    assert answer.json()["attributes"] == [attribute]


def test_an_unknown_channel_type_is_422(world: World) -> None:
    answer = world.http.post(inboxes(world), json={"name": "X", "channel": {"type": "fax"}}, token=world.admin)
    assert answer.status_code == 422
    assert answer.json()["message"] == "Channel must exist"


def test_patch_and_put_change_only_what_is_sent(world: World) -> None:
    changed = patch(world, greeting_message="Hi", lock_to_single_conversation=True)
    assert (changed["greeting_message"], changed["lock_to_single_conversation"]) == ("Hi", True)
    answer = world.http.put(own(world), json={"timezone": "Europe/Berlin", "business_name": "Acme"}, token=world.admin)
    expected = changed | {"timezone": "Europe/Berlin", "business_name": "Acme"}
    assert answer.json() == expected
    assert world.http.get(own(world), token=world.admin).json() == expected


def test_the_webhook_url_is_set_kept_and_switched_off(world: World) -> None:
    url = "https://hook.test/x"
    assert patch(world, channel={"webhook_url": url})["webhook_url"] == url
    assert patch(world, name="Other")["webhook_url"] == url
    assert patch(world, channel={"hmac_mandatory": True})["webhook_url"] == url
    assert patch(world, channel={"webhook_url": ""})["webhook_url"] is None


def test_additional_attributes_of_the_channel_are_replaced_as_a_whole(world: World) -> None:
    patch(world, channel={"additional_attributes": {"a": 1}})
    assert patch(world, channel={"additional_attributes": {"b": 2}})["additional_attributes"] == {"b": 2}


def test_working_hours_are_changed_day_by_day_and_invalid_rows_are_ignored(world: World) -> None:
    rows = [
        {"day_of_week": 0, "open_all_day": True, "closed_all_day": False},
        {"day_of_week": 1, "open_hour": 8, "open_minutes": 30, "close_hour": 12, "close_minutes": 0},
        {"day_of_week": 2, "open_hour": 18, "open_minutes": 0, "close_hour": 9, "close_minutes": 0},
        {"day_of_week": 3, "closed_all_day": True},
        {"day_of_week": 4, "open_all_day": True, "closed_all_day": True},
        {"day_of_week": 9, "closed_all_day": True},
    ]
    week = patch(world, working_hours=rows)["working_hours"]
    assert week[0] == {
        "day_of_week": 0, "closed_all_day": False, "open_hour": 0, "open_minutes": 0, "close_hour": 23,
        "close_minutes": 59, "open_all_day": True,
    }  # fmt: skip
    assert (week[1]["open_hour"], week[1]["open_minutes"], week[1]["close_hour"]) == (8, 30, 12)
    assert week[2] == world.inbox["working_hours"][2]
    assert (week[3]["closed_all_day"], week[3]["open_hour"]) == (True, None)
    assert week[4] == world.inbox["working_hours"][4]
    assert len(week) == 7


def test_working_hours_may_come_as_text(world: World) -> None:
    rows = [
        {"day_of_week": "1", "open_hour": "8", "open_minutes": "30", "close_hour": "12", "close_minutes": "00"},
        {"day_of_week": 2, "closed_all_day": "false", "open_hour": "10"},
        {"day_of_week": "3", "closed_all_day": "true"},
        {"day_of_week": "4", "closed_all_day": "perhaps"},
    ]
    week = patch(world, working_hours=rows)["working_hours"]
    assert (week[1]["open_hour"], week[1]["open_minutes"], week[1]["close_hour"]) == (8, 30, 12)
    assert (week[2]["closed_all_day"], week[2]["open_hour"]) == (False, 10)
    assert week[3]["closed_all_day"] is True
    assert week[4] == world.inbox["working_hours"][4]


def test_csat_config_is_completed_by_a_patch_and_a_post(world: World) -> None:
    complete = {
        "display_type": "emoji",
        "message": "How was it?",
        "survey_rules": {"operator": "contains", "values": []},
        "button_text": "Please rate us",
        "language": "en",
    }
    body = {"name": "X", "channel": {"type": "api"}, "csat_config": {"message": "How was it?"}}
    assert patch(world, csat_config=body["csat_config"])["csat_config"] == complete
    assert world.http.post(inboxes(world), json=body, token=world.admin).json()["csat_config"] == complete


def test_inboxes_are_listed_by_name_for_administrators_and_members(world: World) -> None:
    for name in ("beta", "Alpha"):
        world.http.post(inboxes(world), json={"name": name, "channel": {"type": "api"}}, token=world.admin)
    listed = world.http.get(inboxes(world), token=world.admin).json()
    assert set(listed) == {"payload"}
    assert [inbox["name"] for inbox in listed["payload"]] == ["Acme API", "Alpha", "beta"]
    assert [one["name"] for one in world.http.get(inboxes(world), token=world.ada).json()["payload"]] == ["Acme API"]
    assert world.http.get(inboxes(world), token=world.olga).json() == {"payload": []}


def test_an_inbox_is_shown_to_members_without_its_secrets(world: World) -> None:
    # The signing secret was shown once, when the inbox was made.
    assert world.http.get(f"{own(world)}/", token=world.admin).json() == world.inbox | {"secret": None}
    shown = world.http.get(own(world), token=world.ada).json()
    assert shown == {key: value for key, value in world.inbox.items() if key not in SECRETS}
    assert not SECRETS & set(world.http.get(inboxes(world), token=world.ada).json()["payload"][0])
    answer = world.http.get(own(world), token=world.olga)
    assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)


def test_an_unknown_inbox_is_404_for_everybody(world: World) -> None:
    for token in (world.admin, world.ada, world.olga):
        for method in ("GET", "PATCH", "DELETE"):
            answer = world.http.request(method, f"{inboxes(world)}/99", token=token)
            assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_only_administrators_change_inboxes(world: World) -> None:
    for method, path in (
        ("POST", inboxes(world)), ("PATCH", own(world)), ("DELETE", own(world)), ("POST", f"{own(world)}/reset_secret"),
    ):  # fmt: skip
        answer = world.http.request(method, path, json={"name": "X"}, token=world.ada)
        assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)


def test_reset_secret_changes_the_signing_secret_alone(world: World) -> None:
    shown = world.http.post(f"{own(world)}/reset_secret", token=world.admin).json()
    assert TOKEN.fullmatch(shown["secret"])
    assert shown["secret"] != world.inbox["secret"]
    assert shown | {"secret": None} == world.inbox | {"secret": None}


def test_a_deleted_inbox_takes_its_conversations_with_it(world: World) -> None:
    number = world.conversation()
    world.incoming(number)
    answer = world.http.delete(own(world), token=world.admin)
    message = {"message": "Your inbox deletion request will be processed in some time."}
    assert (answer.status_code, answer.json()) == (200, message)
    assert world.http.get(own(world), token=world.admin).status_code == 404
    assert world.http.get(world.public).status_code == 404
    assert world.http.get(f"{world.account}/conversations/{number}", token=world.admin).status_code == 404
    contact = world.http.get(f"{world.account}/contacts/{world.carl['id']}", token=world.admin).json()["payload"]
    assert contact["contact_inboxes"] == []


def test_members_are_listed_as_agents(world: World) -> None:
    shown = world.http.get(f"{world.account}/inbox_members/{world.inbox['id']}", token=world.ada).json()
    assert set(shown) == {"payload"}
    (ada,) = shown["payload"]
    assert set(ada) == AGENT_KEYS
    assert (ada["id"], ada["name"], ada["role"], ada["thumbnail"]) == (world.ada_id, "Ada", "agent", "")
    answer = world.http.get(f"{world.account}/inbox_members/{world.inbox['id']}", token=world.olga)
    assert answer.status_code == 401


def test_members_are_added_replaced_and_removed(world: World) -> None:
    path = f"{world.account}/inbox_members"

    def send(method: str, user_ids: list[Any]) -> Any:
        body = {"inbox_id": world.inbox["id"], "user_ids": user_ids}
        answer = world.http.request(method, path, json=body, token=world.admin)
        assert answer.status_code == 200
        return [agent["id"] for agent in answer.json()["payload"]] if answer.content else None

    assert send("POST", [world.olga_id, world.ada_id]) == [world.ada_id, world.olga_id]
    assert send("PATCH", [world.olga_id]) == [world.olga_id]
    assert send("PUT", [str(world.ada_id), world.olga_id]) == [world.ada_id, world.olga_id]
    assert send("DELETE", [world.olga_id, 999]) is None
    assert send("POST", []) == [world.ada_id]
    assert send("PATCH", []) == []


def test_members_can_be_sent_as_a_form_with_strings(world: World) -> None:
    body = {"inbox_id": str(world.inbox["id"]), "user_ids[]": [str(world.olga_id)]}
    answer = world.http.post(f"{world.account}/inbox_members", data=body, token=world.admin)
    assert [agent["id"] for agent in answer.json()["payload"]] == [world.ada_id, world.olga_id]


def test_a_stranger_cannot_become_a_member(world: World) -> None:
    body = {"inbox_id": world.inbox["id"], "user_ids": [999]}
    answer = world.http.post(f"{world.account}/inbox_members", json=body, token=world.admin)
    assert (answer.status_code, answer.json()) == (422, {"message": "User must exist", "attributes": ["user_ids"]})


def test_members_of_an_unknown_inbox_are_404_and_missing_ids_422(world: World) -> None:
    path = f"{world.account}/inbox_members"
    answer = world.http.post(path, json={"inbox_id": 99, "user_ids": [1]}, token=world.admin)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    for method in ("POST", "PATCH", "DELETE"):
        answer = world.http.request(method, path, json={"inbox_id": world.inbox["id"]}, token=world.admin)
        assert (answer.status_code, answer.json()["attributes"]) == (422, ["user_ids"])


def test_null_takes_nobody_out_of_an_inbox(world: World) -> None:
    body = {"inbox_id": world.inbox["id"], "user_ids": None}
    answer = world.http.patch(f"{world.account}/inbox_members", json=body, token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["user_ids"])
    assert world.http.get(f"{world.account}/inboxes", token=world.ada).json()["payload"] != []


def test_only_administrators_change_members(world: World) -> None:
    body = {"inbox_id": world.inbox["id"], "user_ids": [world.olga_id]}
    for method in ("POST", "PATCH", "DELETE"):
        answer = world.http.request(method, f"{world.account}/inbox_members", json=body, token=world.ada)
        assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)


def test_inbox_events_follow_changes_and_nothing_follows_none(world: World) -> None:
    before = len(world.events())
    patch(world, name="Other")
    patch(world, name="Other")
    patch(world, channel={"webhook_url": "https://x.test/"})
    assert [event["event"] for event in world.events()[before:]] == ["inbox_updated", "inbox_updated"]


def test_an_inbox_carries_a_webhook_with_options_of_its_own(world: World) -> None:
    shown = world.http.get(f"{own(world)}/webhook", token=world.admin).json()["payload"]["webhook"]
    assert shown == {
        "id": shown["id"], "name": None, "url": "", "account_id": 1, "subscriptions": shown["subscriptions"],
        "secret": None, "ordering": "conversation", "exclude_own": False, "headers": {}, "previous_secret_until": None,
        "health": {"state": "off"}, "inbox": {"id": world.inbox["id"], "name": "Acme API"},
    }  # fmt: skip
    body = {"ordering": "none", "url": "https://x.test/", "subscriptions": ["contact_created"], "secret": "mine"}
    changed = world.http.patch(f"{own(world)}/webhook", json=body, token=world.admin).json()["payload"]["webhook"]
    assert changed == shown | {"ordering": "none"}


def test_nobody_but_an_administrator_of_the_account_tests_an_inboxs_webhook(world: World) -> None:
    path = f"{own(world)}/test_webhook"
    for token in (world.ada, world.olga):
        answer = world.http.post(path, token=token)
        assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)
    for nobody in (None, "wrong"):
        assert world.http.post(path, token=nobody).status_code == 401
    answer = world.http.post(f"{inboxes(world)}/99/test_webhook", token=world.admin)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    elsewhere = path.replace("/accounts/1/", f"/accounts/{other}/")
    assert world.http.post(elsewhere, token=world.admin).status_code == 404
    assert world.http.post(elsewhere, token=world.ada).status_code == 401


def test_a_deleted_inbox_leaves_its_deliveries_cancelled(world: World) -> None:
    patch(world, channel={"webhook_url": "https://x.test/"})
    world.conversation()
    world.http.delete(own(world), token=world.admin)
    owed = world.http.get(f"{world.account}/deliveries", token=world.admin).json()["payload"]
    assert {(one["state"], one["last_error"], one["webhook"]) for one in owed} == {
        ("cancelled", "the inbox was deleted", None)
    }


def test_what_an_inbox_was_owed_is_cancelled_in_words_once_its_url_is_gone(
    world: World, app: App, clock: Clock
) -> None:
    patch(world, channel={"webhook_url": "https://x.test/"})
    world.conversation()
    patch(world, channel={"webhook_url": None})
    bench = Bench(app.store, clock, FakeSender())
    bench.drain()
    bench.dispatcher.stop()
    owed = world.http.get(f"{world.account}/deliveries", token=world.admin).json()["payload"]
    assert {(one["state"], one["last_error"], one["attempt_count"]) for one in owed} == {
        ("cancelled", "the webhook is gone or has no URL", 0)
    }
