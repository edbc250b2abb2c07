"""The survey after a conversation: when it is sent, and how the contact answers it."""

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import requests

from inboxd.app import App
from inboxd.automation.engine import Engine
from inboxd.client import InboxClient
from inboxd.local import session
from inboxd.services.messages import Limits
from tests.cast import Clock, World

LATE = "CSAT survey not sent due to outgoing message restrictions"
OVER = {"error": "You cannot update the CSAT survey after 14 days"}
DAY_S = 86_400


def configure(world: World, **values: Any) -> None:
    body = {"csat_survey_enabled": True, **values}
    path = f"{world.account}/inboxes/{world.inbox['id']}"
    assert world.http.patch(path, json=body, token=world.admin).status_code == 200


@pytest.fixture
def number(world: World) -> int:
    """A conversation of Ada's, in an inbox that asks afterwards."""
    configure(world)
    made = world.conversation()
    world.incoming(made)
    body = {"assignee_id": world.ada_id}
    world.http.post(f"{world.account}/conversations/{made}/assignments", json=body, token=world.admin)
    return made


def post(world: World, number: int, action: str, **body: Any) -> None:
    path = f"{world.account}/conversations/{number}/{action}"
    assert world.http.post(path, json=body, token=world.ada).status_code == 200


def resolve(world: World, number: int) -> None:
    post(world, number, "toggle_status", status="resolved")


def messages(world: World, number: int) -> list[Any]:
    path = f"{world.account}/conversations/{number}/messages"
    found: list[Any] = world.http.get(path, token=world.admin).json()["payload"]
    return found


def surveys(world: World, number: int) -> list[Any]:
    return [one for one in messages(world, number) if one["content_type"] == "input_csat"]


def uuid_of(world: World, number: int) -> str:
    uuid: str = world.http.get(f"{world.account}/conversations/{number}", token=world.admin).json()["uuid"]
    return uuid


def asked(world: World, number: int) -> str:
    """The page of a conversation that is resolved."""
    resolve(world, number)
    return f"/survey/responses/{uuid_of(world, number)}"


def responses(world: World) -> list[Any]:
    found: list[Any] = world.http.get(f"{world.account}/csat_survey_responses", token=world.admin).json()
    return found


def metrics(world: World) -> Any:
    return world.http.get(f"{world.account}/csat_survey_responses/metrics", token=world.admin).json()


def updates(world: World) -> list[Any]:
    return [one for one in world.events() if one["event"] == "message_updated"]


def text_of(page: requests.Response) -> str:
    """What a reader sees."""
    body = page.text.partition("</head>")[2]
    return html.unescape(re.sub(r"<[^>]+>", " ", body))


def test_a_resolved_conversation_asks_for_a_rating_once(world: World, number: int) -> None:
    uuid = uuid_of(world, number)
    before = len(world.events())
    resolve(world, number)
    resolve(world, number)
    [survey] = surveys(world, number)
    assert (survey["content"], survey["message_type"], survey["content_attributes"]) == (
        "Please rate the conversation", 3, {"display_type": "emoji"}
    )  # fmt: skip
    assert "sender" not in survey
    told = world.events()[before:]
    assert [one["event"] for one in told] == [
        "conversation_status_changed", "conversation_updated", "message_created"
    ]  # fmt: skip
    link = f"/survey/responses/{uuid}"
    said, base, rest = told[2]["content"].partition("http://")
    assert (said, base) == ("Please rate this conversation, ", "http://")
    assert rest.endswith(link)
    assert (told[2]["message_type"], told[2]["sender"]) == ("template", None)
    nested = told[2]["conversation"]["messages"][0]
    assert nested["content"] == "Please rate the conversation", "the link is in the message's own content alone"
    assert world.http.get(f"{world.contact}/conversations/{number}/messages").json()[-1]["content"] == nested["content"]
    post(world, number, "toggle_status", status="open")
    resolve(world, number)
    assert len(surveys(world, number)) == 1
    assert metrics(world)["total_sent_messages_count"] == 1


def by_macro(world: World, number: int) -> None:
    values = {"name": "End", "visibility": "global", "actions": [{"action_name": "resolve_conversation"}]}
    made = world.http.post(f"{world.account}/macros", json=values, token=world.admin).json()["payload"]["id"]
    body = {"conversation_ids": [number]}
    world.http.post(f"{world.account}/macros/{made}/execute", json=body, token=world.admin).raise_for_status()


def by_bulk(world: World, number: int) -> None:
    body = {"type": "Conversation", "ids": [number], "fields": {"status": "resolved"}}
    world.http.post(f"{world.account}/bulk_actions", json=body, token=world.admin).raise_for_status()


def by_muting(world: World, number: int) -> None:
    post(world, number, "mute")


def by_the_contact(world: World, number: int) -> None:
    world.http.post(f"{world.contact}/conversations/{number}/toggle_status").raise_for_status()


@pytest.mark.parametrize("way", [by_macro, by_bulk, by_muting, by_the_contact])
def test_whoever_resolves_it_the_survey_is_sent(world: World, number: int, way: Callable[[World, int], None]) -> None:
    way(world, number)
    assert [one["content_type"] for one in surveys(world, number)] == ["input_csat"]


def test_a_rule_that_resolves_asks_too_and_other_rules_may_follow_the_survey(
    world: World, number: int, app: App
) -> None:
    def rule(event: str, action: dict[str, Any], value: str) -> None:
        key = "labels" if event == "conversation_updated" else "content"
        first = {"attribute_key": key, "filter_operator": "equal_to", "values": [value], "query_operator": None}
        body = {"name": "r", "event_name": event, "conditions": [first], "actions": [action]}
        assert world.http.post(f"{world.account}/automation_rules", json=body, token=world.admin).status_code == 200

    rule("conversation_updated", {"action_name": "resolve_conversation", "action_params": []}, "done")
    rule(
        "message_created", {"action_name": "change_priority", "action_params": ["low"]}, "Please rate the conversation"
    )
    post(world, number, "labels", labels=["done"])
    engine = Engine(app.store, Limits())
    while engine.step():
        pass
    assert len(surveys(world, number)) == 1
    talk = world.http.get(f"{world.account}/conversations/{number}", token=world.admin).json()
    assert (talk["status"], talk["priority"]) == ("resolved", "low")


def test_history_asks_nobody(world: World, number: int) -> None:
    talk = {"source_id": "t", "contact": "c", "inbox": world.inbox["inbox_identifier"], "status": "resolved"}
    lines = [
        {"type": "contact", "source_id": "c", "name": "Old"},
        {"type": "conversation", "created_at": 1_600_000_000, **talk},
        {"type": "message", "source_id": "m", "conversation": "t", "created_at": 1_600_000_000, "content": "hi"},
    ]
    data = "\n".join(json.dumps(line) for line in lines)
    headers = {"Content-Type": "application/x-ndjson"}
    done = world.http.post(f"{world.account}/import", data=data, headers=headers, token=world.admin).json()
    assert done["messages"]["created"] == 1, done
    assert metrics(world)["total_sent_messages_count"] == 0


def test_the_accounts_own_words_go_out_with_the_link_and_may_name_the_contact(world: World, number: int) -> None:
    configure(world, csat_config={"message": "How was it, {{contact.name}}?", "display_type": "star"})
    page = asked(world, number)
    [survey] = surveys(world, number)
    assert (survey["content"], survey["content_attributes"]) == ("How was it, Carl?", {"display_type": "star"})
    content = world.events()[-1]["content"]
    assert content.startswith("How was it, Carl? http://")
    assert content.endswith(page)
    shown = world.http.get(page)
    assert "How was it, Carl?" in text_of(shown)
    assert shown.text.count("★") == 5


def test_labels_decide_who_is_asked(world: World, number: int) -> None:
    configure(world, csat_config={"survey_rules": {"operator": "contains", "values": ["vip"]}})
    resolve(world, number)
    assert surveys(world, number) == []
    post(world, number, "toggle_status", status="open")
    post(world, number, "labels", labels=["vip"])
    resolve(world, number)
    assert len(surveys(world, number)) == 1


@pytest.mark.parametrize(
    "config",
    [{"message": 5}, {"message": "x" * 10_001}, {"survey_rules": ["vip"]}, {"survey_rules": {"values": [1]}}],
)
def test_settings_that_no_survey_can_have_are_refused(world: World, config: dict[str, Any]) -> None:
    path = f"{world.account}/inboxes/{world.inbox['id']}"
    answer = world.http.patch(path, json={"csat_config": config}, token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["csat_config"])


def test_blocked_contacts_are_not_asked_and_nobody_where_it_is_off(world: World, number: int) -> None:
    contact = f"{world.account}/contacts/{world.carl['id']}"
    world.http.patch(contact, json={"blocked": True}, token=world.admin)
    resolve(world, number)
    world.http.patch(contact, json={"blocked": False}, token=world.admin)
    configure(world, csat_survey_enabled=False)
    post(world, number, "toggle_status", status="open")
    resolve(world, number)
    assert surveys(world, number) == []
    assert LATE not in [one["content"] for one in messages(world, number)]


def test_outside_the_reply_window_agents_read_that_it_was_not_sent(world: World, number: int, clock: Clock) -> None:
    configure(world, channel={"additional_attributes": {"agent_reply_time_window": 1}})
    clock.advance(s=3601)
    before = len(world.events())
    resolve(world, number)
    assert surveys(world, number) == []
    assert (messages(world, number)[-1]["content"], messages(world, number)[-1]["message_type"]) == (LATE, 2)
    assert "message_created" not in [one["event"] for one in world.events()[before:]]


def test_a_flooded_conversation_can_be_resolved_and_asks_all_the_same(world: World, number: int) -> None:
    for _ in range(200):
        world.incoming(number)
    assert world.http.post(f"{world.contact}/conversations/{number}/messages", json={"content": "x"}).status_code == 422
    resolve(world, number)
    assert len(surveys(world, number)) == 1


def test_a_bridge_that_leaves_out_its_own_messages_hears_of_the_survey(world: World, number: int) -> None:
    values = {"url": "https://bridge.test/hook", "subscriptions": ["message_created"], "exclude_own": True}
    made = world.http.post(f"{world.account}/webhooks", json=values, token=world.admin).json()
    body = {"status": "resolved"}
    path = f"{world.account}/conversations/{number}/toggle_status"
    world.http.post(path, json=body, token=world.admin)
    owed = world.http.get(f"{world.account}/deliveries", token=world.admin).json()["payload"]
    hook = made["payload"]["webhook"]["id"]
    assert [one["event"] for one in owed if one["webhook_id"] == hook] == ["message_created"]
    assert world.events()[-1]["origin"] == "automation"


def test_a_private_note_that_calls_itself_a_survey_is_on_no_page(world: World, number: int) -> None:
    world.reply(number, "He is difficult", content_type="input_csat", private=True)
    assert world.events()[-1]["content"] == "He is difficult"
    page = f"/survey/responses/{uuid_of(world, number)}"
    assert world.http.get(page).status_code == 404
    assert "difficult" not in world.http.get(asked(world, number)).text


def test_the_page_takes_an_answer_and_changes_it(world: World, number: int) -> None:
    page = asked(world, number)
    first = world.http.get(page)
    assert first.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Acme API" in text_of(first)
    assert "You talked with Ada." in text_of(first)
    assert first.text.count('type="radio"') == 5
    assert " checked" not in first.text
    for secret in (world.carl["name"], world.carl["email"], "ada@acme.test", world.inbox["inbox_identifier"]):
        assert secret not in first.text

    thanks = world.http.post(page, data={"rating": "4", "feedback": "quick\r\n<b>& kind</b>"})
    assert "Thank you" in text_of(thanks)
    assert 'value="4" required checked' in thanks.text
    assert "\nquick\n&lt;b&gt;&amp; kind&lt;/b&gt;</textarea>" in thanks.text
    assert "<b>" not in thanks.text
    [one] = responses(world)
    assert (one["rating"], one["feedback_message"], one["assigned_agent"]["id"]) == (
        4, "quick\n<b>& kind</b>", world.ada_id
    )  # fmt: skip
    told = updates(world)
    assert len(told) == 1
    assert told[0]["content"].endswith(page), "the link stays in the content"
    given = {"csat_survey_response": {"rating": 4, "feedback_message": "quick\n<b>& kind</b>"}}
    assert told[0]["content_attributes"]["submitted_values"] == given

    assert world.http.post(page, data={"rating": "4", "feedback": "quick\n<b>& kind</b>"}).status_code == 200
    assert len(updates(world)) == 1, "the same answer again is no news"
    world.http.post(page, data={"rating": "2", "feedback": " "}, headers={"Idempotency-Key": "k"})
    again = world.http.post(page, data={"rating": "2", "feedback": " "}, headers={"Idempotency-Key": "k"})
    assert again.headers["Content-Type"].startswith("text/html")
    assert [(each["id"], each["rating"], each["feedback_message"]) for each in responses(world)] == [(1, 2, None)]
    assert metrics(world) == {"total_count": 1, "ratings_count": {"2": 1}, "total_sent_messages_count": 1}


def test_the_page_says_what_is_wrong_and_keeps_what_was_written(world: World, number: int) -> None:
    page = asked(world, number)
    for rating in ("", "0", "6", "five"):
        refused = world.http.post(page, data={"rating": rating, "feedback": "my text"})
        assert refused.status_code == 422
        assert "Please choose a rating." in text_of(refused)
        assert "my text</textarea>" in refused.text
    assert world.http.post(page).status_code == 422
    long = world.http.post(page, data={"rating": "3", "feedback": "x" * 20_001})
    assert long.status_code == 422
    assert "at most 20000 characters" in text_of(long)
    assert 'value="3" required checked' in long.text
    # At the limit, with ends of lines as browsers send them.
    assert world.http.post(page, data={"rating": "3", "feedback": "x\r\n" * 9_999 + "xx"}).status_code == 200
    assert len(responses(world)[0]["feedback_message"]) == 20_000
    assert len(updates(world)) == 1


def test_nothing_but_the_page_itself_runs_or_loads_in_it_and_nobody_frames_it(world: World, number: int) -> None:
    configure(world, name="<script>alert(1)</script>", csat_config={"message": "<img src=x onerror=alert(1)>"})
    page = world.http.get(asked(world, number))
    assert "<script" not in page.text
    assert "<img" not in page.text
    policy = page.headers["Content-Security-Policy"]
    [style] = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; style-src 'sha256-{digest}'"
    )
    assert (page.headers["X-Frame-Options"], page.headers["Referrer-Policy"]) == ("DENY", "no-referrer")
    assert (page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    assert "Access-Control-Allow-Origin" not in page.headers
    assert "Set-Cookie" not in page.headers
    assert "style=" not in page.text
    assert "http" not in page.text
    assert 'lang="en"' in page.text
    for name in re.findall(r'<label for="(\w+)"', page.text):
        assert f'id="{name}"' in page.text


def test_the_page_speaks_the_surveys_language_where_it_knows_it(world: World, number: int) -> None:
    page = asked(world, number)
    for language, words in (
        ("de", "Sie haben mit Ada geschrieben."),
        ("pt_BR", "Enviar"),
        ("tlh", "Send"),
        (7, "Send"),
    ):
        configure(world, csat_config={"language": language})
        assert words in text_of(world.http.get(page)), language


def test_an_unknown_survey_is_a_page_that_says_so(world: World, number: int) -> None:
    before = f"/survey/responses/{uuid_of(world, number)}"  # it was not resolved: nobody was asked
    for page in (before, "/survey/responses/nonsense", "/survey/responses/1"):
        for answer in (world.http.get(page), world.http.post(page, data={"rating": "5"})):
            assert answer.status_code == 404
            assert "no such survey" in text_of(answer)
            assert answer.headers["Content-Type"].startswith("text/html")
        missing = world.http.get(page.replace("/survey/responses", "/public/api/v1/csat_survey"))
        assert (missing.status_code, missing.json()) == (404, {"status": 404, "error": "Not Found"})
    health = world.http.get(f"{world.account}/inboxes/{world.inbox['id']}/health", token=world.admin).json()
    assert "unknown inbox identifier" not in str(health)


def test_after_fourteen_days_an_answer_is_final(world: World, number: int, clock: Clock) -> None:
    page = asked(world, number)
    api = page.replace("/survey/responses", "/public/api/v1/csat_survey")
    body = {"message": {"submitted_values": {"csat_survey_response": {"rating": 5}}}}
    clock.advance(s=14 * DAY_S)
    assert world.http.post(page, data={"rating": "5"}).status_code == 200
    clock.advance(s=DAY_S)
    shown = world.http.get(page)
    assert shown.status_code == 200
    assert "This survey is over" in text_of(shown)
    assert "<form" not in shown.text
    late = world.http.post(page, data={"rating": "1"})
    assert late.status_code == 422
    assert "This survey is over" in text_of(late)
    refused = world.http.put(api, json=body)
    assert (refused.status_code, refused.json()) == (422, OVER)
    assert world.http.get(api).json()["csat_survey_response"]["rating"] == 5
    assert [one["rating"] for one in responses(world)] == [5]


def test_the_json_of_a_survey_and_its_answer(world: World, number: int) -> None:
    uuid = uuid_of(world, number)
    configure(world, csat_config={"message": "How was it?", "display_type": "star"})
    resolve(world, number)
    [message] = surveys(world, number)
    api = f"/public/api/v1/csat_survey/{uuid}"
    shown = world.http.get(api.upper().replace("/PUBLIC/API/V1/CSAT_SURVEY", "/public/api/v1/csat_survey"))
    assert shown.json() == {
        "id": message["id"], "csat_survey_response": None, "display_type": "star", "content": "How was it?",
        "inbox_avatar_url": "", "inbox_name": "Acme API", "locale": "en", "conversation_id": number,
        "created_at": "2026-06-10T11:14:56.789Z",
    }  # fmt: skip
    assert shown.headers["Access-Control-Allow-Origin"] == "*"
    values = {"csat_survey_response": {"rating": 3, "feedback_message": "fine", "evil": 1}}
    for send in (world.http.put, world.http.patch):
        answered = send(api, json={"message": {"submitted_values": values}}).json()["csat_survey_response"]
        assert (answered["rating"], answered["feedback_message"], answered["message_id"]) == (3, "fine", message["id"])
        assert "csat_review_notes" not in answered
    assert world.http.patch(api, json={}).json()["csat_survey_response"] == answered
    assert len(updates(world)) == 1
    for bad in ({"rating": 9}, {"rating": 3, "feedback_message": "x" * 20_001}, {"rating": 3, "feedback_message": []}):
        refused = world.http.put(api, json={"message": {"submitted_values": {"csat_survey_response": bad}}})
        assert refused.status_code == 422
        assert refused.json()["attributes"] in (["rating"], ["feedback_message"])
    assert world.http.get(api).json()["csat_survey_response"] == answered


def test_the_client_rates(world: World, number: int, app: App) -> None:
    uuid = asked(world, number).rpartition("/")[2]
    shop = InboxClient("http://inboxd.test", world.inbox["inbox_identifier"], session=session(app.wsgi, trusted=False))
    assert shop.survey(uuid)["csat_survey_response"] is None
    assert shop.rate(uuid, 5, "great")["csat_survey_response"]["rating"] == 5
