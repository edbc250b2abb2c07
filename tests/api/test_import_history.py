"""The history of another system, brought in as it was."""

import json
from typing import Any

import pytest
import requests

from inboxd.api.accounts import imports
from inboxd.app import App
from inboxd.services import history as history_service
from inboxd.store.db import Tx
from inboxd.store.models import Event, Message, Notification
from tests.cast import Clock, World

T0 = 1_600_000_000
Line = dict[str, Any]


def contact(source_id: str = "c1", **values: Any) -> Line:
    return {"type": "contact", "source_id": source_id, **values}


def conversation(world: World, source_id: str = "t1", **values: Any) -> Line:
    inbox = world.inbox["inbox_identifier"]
    return {"type": "conversation", "source_id": source_id, "contact": "c1", "inbox": inbox, **values}


def message(source_id: str, at: int, **values: Any) -> Line:
    return {"type": "message", "source_id": source_id, "conversation": "t1", "created_at": T0 + at, **values}


def send(world: World, *lines: Line | str, token: str | None = None, **more: Any) -> Any:
    body = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    headers = {"Content-Type": "application/x-ndjson", **more}
    return world.http.post(f"{world.account}/import", data=body.encode(), headers=headers, token=token or world.admin)


def ok(world: World, *lines: Line | str) -> Any:
    answer = send(world, *lines)
    assert answer.status_code == 200, answer.text
    return answer.json()


def counts(created: int = 0, updated: int = 0, skipped: int = 0) -> dict[str, int]:
    return {"created": created, "updated": updated, "skipped": skipped}


def get(world: World, path: str) -> Any:
    return world.http.get(world.account + path, token=world.admin).json()


def history(world: World) -> list[Line]:
    return [
        message("m3", 30, content="thanks"),
        message("m1", 10, content="hello"),
        message("m2", 20, content="hi", message_type="outgoing", sender="ADA@acme.test", status="read"),
        conversation(world, created_at=T0 + 5, assignee="ada@acme.test", labels=["vip"], priority="high"),
        contact(name="Ann", email="Ann@example.test", labels=["old"], created_at="2020-09-13T12:26:40Z"),
    ]


def test_lines_in_any_order_become_a_conversation_with_its_real_times(world: World) -> None:
    done = ok(world, *history(world))
    assert done == {
        "contacts": counts(1),
        "conversations": counts(1),
        "messages": counts(3),
        "failed": 0,
        "problems": [],
    }
    shown = get(world, "/conversations/1")
    assert shown["meta"]["sender"]["email"] == "ann@example.test"
    assert shown["meta"]["assignee"]["id"] == world.ada_id
    assert (shown["status"], shown["priority"], shown["labels"]) == ("open", "high", ["vip"])
    assert shown["created_at"] == T0 + 5
    assert shown["last_activity_at"] == shown["timestamp"] == T0 + 30
    assert shown["first_reply_created_at"] == T0 + 20
    assert shown["waiting_since"] == T0 + 30
    assert shown["unread_count"] == 0
    thread = get(world, "/conversations/1/messages")["payload"]
    assert [(one["content"], one["created_at"] - T0, one["message_type"]) for one in thread] == [
        ("hello", 10, 0), ("hi", 20, 1), ("thanks", 30, 0),
    ]  # fmt: skip
    assert [one["sender"]["name"] for one in thread] == ["Ann", "Ada", "Ann"]
    assert thread[1]["status"] == "read"
    ann = get(world, "/contacts/search?q=Ann")["payload"][0]
    assert (ann["created_at"], ann["last_activity_at"]) == (T0, T0 + 30)
    assert get(world, f"/contacts/{ann['id']}/labels") == {"payload": ["old"]}


def test_nobody_is_told(world: World, app: App) -> None:
    with app.store.read() as tx:
        before = len(tx.filter(Event))
    ok(world, *history(world))
    with app.store.read() as tx:
        assert len(tx.filter(Event)) == before
        assert tx.filter(Notification) == []


def test_the_same_lines_again_make_nothing_new(world: World) -> None:
    ok(world, *history(world))
    again = ok(world, *history(world), message("m4", 40, content="one more"))
    assert again["contacts"] == again["conversations"] == counts(skipped=1)
    assert again["messages"] == counts(1, skipped=3)
    assert get(world, "/conversations")["data"]["meta"]["all_count"] == 1


def test_what_was_deleted_comes_back_as_something_new(world: World) -> None:
    ok(world, *history(world))
    world.http.delete(f"{world.account}/conversations/1", token=world.admin)
    again = ok(world, *history(world))
    assert (again["contacts"], again["conversations"], again["messages"]) == (counts(skipped=1), counts(1), counts(3))
    assert get(world, "/conversations/2")["id"] == 2


def test_a_known_contact_is_filled_in_and_not_overwritten(world: World) -> None:
    line = contact(email="carl@example.test", name="Somebody", phone_number="+491701", custom_attributes={"plan": "x"})
    assert ok(world, line)["contacts"] == counts(updated=1)
    carl = get(world, f"/contacts/{world.carl['id']}")["payload"]
    assert (carl["name"], carl["phone_number"], carl["custom_attributes"]) == ("Carl", "+491701", {"plan": "x"})
    assert ok(world, line)["contacts"] == counts(skipped=1)


def test_a_merged_contact_is_the_one_that_its_line_was(world: World) -> None:
    ok(world, contact(name="Ann"))
    [ann] = get(world, "/contacts/search?q=Ann")["payload"]
    merge = {"base_contact_id": world.carl["id"], "mergee_contact_id": ann["id"]}
    world.http.post(f"{world.account}/actions/contact_merge", json=merge, token=world.admin)
    found = ok(world, contact(name="Ann"), conversation(world))
    assert (found["contacts"], found["conversations"]) == (counts(skipped=1), counts(created=1))
    assert len(get(world, f"/contacts/{world.carl['id']}/conversations")["payload"]) == 1


def test_heavy_lines_are_stored_a_few_at_once(world: World, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    ok(world, contact(), conversation(world))
    units: list[int] = []
    load = history_service.load

    def counted(tx: Tx, account_id: int, lines: list[history_service.Line]) -> history_service.Tally:
        units.append(len(lines))
        return load(tx, account_id, lines)

    monkeypatch.setattr(history_service, "load", counted)
    heavy = [message(f"h{number}", number, content="x" * 100_000) for number in range(5)]
    light = [message(f"l{number}", 10 + number, content="x") for number in range(60)]
    assert ok(world, *heavy, *light)["messages"] == counts(created=65)
    assert units == [2, 2, 50, 11]


def test_the_public_api_shows_it_under_the_source_id_that_was_named(world: World) -> None:
    place = {"inbox": world.inbox["id"], "source_id": "ann/1"}
    ok(world, contact(contact_inboxes=[place]), conversation(world), message("m1", 1, content="old"))
    [shown] = world.http.get(f"{world.public}/contacts/ann%2F1/conversations").json()
    assert [one["content"] for one in shown["messages"]] == ["old"]


def test_the_identity_of_a_line_opens_nothing_on_the_public_api(world: World) -> None:
    ok(world, contact(), conversation(world))
    assert world.http.get(f"{world.public}/contacts/c1").status_code == 404


def test_older_messages_keep_their_time_and_move_no_later_one(world: World) -> None:
    ok(world, contact(), conversation(world, created_at=T0), message("m1", 50, content="asked"))
    ok(world, message("m0", 10, message_type="outgoing", sender="ada@acme.test", content="before"))
    shown = get(world, "/conversations/1")
    assert (shown["last_activity_at"], shown["waiting_since"]) == (T0 + 50, T0)
    assert shown["first_reply_created_at"] == T0 + 10
    thread = get(world, "/conversations/1/messages")["payload"]
    assert [one["created_at"] - T0 for one in thread] == [10, 50]


def test_a_live_message_goes_on_where_history_ends(world: World) -> None:
    place = {"inbox": world.inbox["id"], "source_id": "ann"}
    lines = [contact(contact_inboxes=[place]), conversation(world), *(message(f"m{n}", n) for n in range(250))]
    assert ok(world, *lines)["messages"] == counts(250)
    sent = world.http.post(f"{world.public}/contacts/ann/conversations/1/messages", json={"content": "new"})
    assert sent.status_code == 200
    assert get(world, "/conversations/1")["unread_count"] == 1


def test_resolved_conversations_stay_resolved_and_nobody_waits_in_them(world: World) -> None:
    ok(world, contact(), conversation(world, status="resolved", created_at=T0), message("m1", 1, content="bye"))
    shown = get(world, "/conversations/1")
    assert (shown["status"], shown["waiting_since"]) == ("resolved", 0)


def test_links_to_files_and_what_a_message_replies_to_are_kept(world: World) -> None:
    files = [{"data_url": "https://old.test/a.png", "file_type": "image"}]
    answer = message("m2", 2, content="re", content_attributes={"in_reply_to_external_id": "m1"})
    ok(world, contact(), conversation(world), message("m1", 1, attachments=files), answer)
    first, second = get(world, "/conversations/1/messages")["payload"]
    assert first["content_attributes"] == {"external_attachments": files}
    assert second["content_attributes"] == {"in_reply_to_external_id": "m1", "in_reply_to": first["id"]}


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("{nonsense", "The line is not JSON: Expecting property name enclosed in double quotes at line 1 column 2"),
        ("[1]", "Type must be one of contact, conversation, message"),
        ({"type": "inbox", "source_id": "x"}, "Type must be one of contact, conversation, message"),
        ({"type": "contact"}, "Source can't be blank"),
        (contact("x", email="nonsense"), "Email Invalid email"),
        (contact("x", created_at="soon"), "Created at must be unix seconds or an ISO 8601 time"),
        (contact("x", contact_inboxes=[{"inbox": 1}]), "Source can't be blank"),
        (contact("x", contact_inboxes=[{"inbox": 1, "source_id": "x"}] * 501), "Contact inboxes are limited to 500"),
        (contact("x", labels=[str(number) for number in range(501)]), "Labels are limited to 500"),
        (
            contact("x", contact_inboxes=[{"inbox": 1, "source_id": "carl-1"}]),
            "The source_id carl-1 in inbox 1 belongs to another contact",
        ),
        ({"type": "conversation", "source_id": "x", "contact": "c1"}, "Inbox can't be blank"),
        ({"type": "conversation", "source_id": "x", "inbox": 1}, "Contact can't be blank"),
        ({"type": "message", "source_id": "x", "created_at": 1, "content": "m"}, "Conversation can't be blank"),
        ({"type": "conversation", "source_id": "x", "contact": "c1", "inbox": 77}, "There is no inbox '77'"),
        (
            {"type": "conversation", "source_id": "x", "contact": "c7", "inbox": 1},
            "No contact with the source_id 'c7' was imported",
        ),
        (
            {"type": "conversation", "source_id": "x", "contact": "c1", "inbox": 1, "assignee": "no@acme.test"},
            "Nobody in the account has the e-mail address 'no@acme.test'",
        ),
        (
            {"type": "conversation", "source_id": "x", "contact": "c1", "inbox": 1, "team": "none"},
            "There is no team 'none'",
        ),
        (
            {"type": "conversation", "source_id": "x", "contact": "c1", "inbox": 1, "status": "closed"},
            "Status must be one of open, resolved, pending, snoozed",
        ),
        (message("x", 1) | {"conversation": "t7"}, "No conversation with the source_id 't7' was imported"),
        (message("x", 1, message_type="outgoing", sender="no@acme.test"), "Nobody in the account has the e-mail"),
        (message("x", 1) | {"created_at": None}, "Created at can't be blank"),
        (message("x", 2**30), "Created at must not be in the future"),
        (message("x", 1, content="a" * 150_001), "Content is too long (maximum is 150000 characters)"),
    ],
)
def test_a_bad_line_stops_no_other_and_stores_nothing(world: World, line: Line | str, error: str, app: App) -> None:
    lines = (contact(), "", line, conversation(world), message("m1", 1, content="fine"))
    done = ok(world, *lines)
    [problem] = done["problems"]
    assert (done["failed"], problem["line"]) == (1, 3)
    assert problem["error"].replace("Source id", "Source").startswith(error)
    assert (done["contacts"], done["conversations"], done["messages"]) == (counts(1), counts(1), counts(1))
    with app.store.read() as tx:
        assert len(tx.filter(Message)) == 1


def test_too_long_a_line_is_a_problem_and_too_many_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "LINE_LIMIT", 200)
    done = ok(world, contact(name="x" * 500), contact("c2"))
    assert done["problems"] == [{"line": 1, "error": "The line is larger than 200 bytes"}]
    assert done["contacts"] == counts(1)
    monkeypatch.setattr(imports, "LINES", 1)
    refused = send(world, contact("c3"), contact("c4"))
    assert (refused.status_code, get(world, "/contacts/search?q=c3")["payload"]) == (413, [])


def test_a_repeated_request_gets_the_first_answer_and_another_body_is_refused(world: World) -> None:
    first = send(world, contact(), **{"Idempotency-Key": "k"})
    again = send(world, contact(), **{"Idempotency-Key": "k"})
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert send(world, contact("c2"), **{"Idempotency-Key": "k"}).status_code == 422


def test_a_body_may_be_as_large_as_an_upload(live: tuple[str, str]) -> None:
    url, token = live
    lines = [contact(f"c{number}", name="Ann", custom_attributes={"note": "x" * 60_000}) for number in range(100)]
    body = "\n".join(json.dumps(line) for line in lines).encode()
    headers = {"api_access_token": token, "Content-Type": "text/plain"}
    for sent in (body, iter([body[:3_000_000], body[3_000_000:]])):  # the second one comes in chunks
        answer = requests.post(f"{url}/api/v1/accounts/1/import", data=sent, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
    assert answer.json()["contacts"] == counts(skipped=100)
    elsewhere = requests.post(f"{url}/api/v1/accounts/1/contacts", data=body, headers=headers, timeout=30)
    assert elsewhere.status_code == 413


def test_only_administrators_import(world: World) -> None:
    assert send(world, contact(), token=world.ada).status_code == 401
    assert send(world, contact(), token="nonsense").status_code == 401
    files = {"file": ("a", b"x")}
    assert world.http.post(f"{world.account}/import", files=files, token=world.admin).status_code == 400


def test_names_of_other_accounts_mean_nothing(world: World) -> None:
    world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin)
    body = json.dumps(conversation(world))
    answer = world.http.post("/api/v1/accounts/2/import", data=body, token=world.admin).json()
    assert answer["problems"] == [{"line": 1, "error": f"There is no inbox {world.inbox['inbox_identifier']!r}"}]


def posted(world: World, number: int, token: str | None = None, **values: Any) -> Any:
    path = f"{world.account}/conversations/{number}/messages"
    return world.http.post(path, json={"import": True, **values}, token=token or world.admin)


def test_a_single_message_is_imported_at_its_time_and_nobody_is_told(world: World, app: App) -> None:
    number = world.conversation()
    world.incoming(number)
    before, shown = world.events(), get(world, f"/conversations/{number}")
    old: Line = {"content": "once {{contact.name}}", "external_created_at": T0}
    made = posted(world, number, **old, source_id="old/1")
    assert made.status_code == 200, made.text
    assert (made.json()["created_at"], made.json()["content"]) == (T0, "once {{contact.name}}")
    assert posted(world, number, content="said", message_type="incoming", external_created_at=T0 + 1).ok
    assert (world.events(), get(world, f"/conversations/{number}")["unread_count"]) == (before, shown["unread_count"])
    assert get(world, f"/conversations/{number}")["last_activity_at"] == shown["last_activity_at"]
    with app.store.read() as tx:
        assert tx.filter(Notification) == []
    thread = get(world, f"/conversations/{number}/messages")["payload"]
    assert [one["content"] for one in thread] == ["once {{contact.name}}", "said", "hello"]
    again = posted(world, number, **old, source_id="old/1")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (made.json(), "true")


def test_an_imported_message_may_have_files(world: World) -> None:
    path = f"{world.account}/conversations/{world.conversation()}/messages"
    fields = {"import": "true", "external_created_at": str(T0), "content": "see"}
    files = {"attachments[]": ("a.txt", b"text")}
    made = world.http.post(path, data=fields, files=files, token=world.admin).json()
    assert (len(made["attachments"]), made["created_at"]) == (1, T0)


def test_only_administrators_import_a_message(world: World, app: App) -> None:
    number = world.conversation()
    answer = world.http.post(f"{world.account}/agent_bots", json={"name": "Bo"}, token=world.admin)
    for token in (world.ada, answer.json()["access_token"]):
        refused = posted(world, number, content="old", external_created_at=T0, token=token)
        assert refused.status_code == 401, refused.text
        assert posted(world, number, content="old", token=token).status_code == 401
    with app.store.read() as tx:
        assert tx.filter(Message) == []


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({}, "External created at can't be blank for an import"),
        ({"external_created_at": "soon"}, "External created at must be unix seconds or an ISO 8601 time"),
        ({"external_created_at": 2**32}, "Created at must not be in the future"),
    ],
)
def test_an_imported_message_needs_a_time_that_was(world: World, values: Line, error: str) -> None:
    refused = posted(world, world.conversation(), content="old", **values)
    assert (refused.status_code, refused.json()) == (422, {"error": f"Validation failed: {error}"})


def test_without_the_flag_it_is_an_ordinary_message(world: World) -> None:
    number = world.conversation()
    before = len(world.events())
    values: Line = {"content": "new", "external_created_at": T0, "import": False}
    made = world.http.post(f"{world.account}/conversations/{number}/messages", json=values, token=world.ada).json()
    assert made["content_attributes"] == {"external_created_at": T0}
    assert (made["created_at"] > T0, len(world.events()) > before) == (True, True)


def test_an_old_message_takes_no_reply_window_away(world: World, clock: Clock) -> None:
    channel = {"channel": {"additional_attributes": {"agent_reply_time_window": 1}}}
    world.http.patch(f"{world.account}/inboxes/1", json=channel, token=world.admin)
    number = world.conversation()
    posted(world, number, content="old", message_type="incoming", external_created_at=T0)

    def told() -> set[bool]:
        listed = get(world, "/conversations")["data"]["payload"]
        return {one["can_reply"] for one in [get(world, f"/conversations/{number}"), *listed]}

    assert told() == {False}
    world.incoming(number)
    posted(world, number, content="older", message_type="incoming", external_created_at=T0 - 1)
    assert told() == {True}
    clock.advance(s=3_600)
    world.reply(number)
    assert told() == {False}
    posted(world, number, content="late", message_type="incoming", external_created_at=clock.now // 1000 - 60)
    assert told() == {True}


def test_what_is_unread_stays_so_when_something_older_comes_in(world: World, clock: Clock) -> None:
    number = world.conversation()
    path = f"{world.account}/conversations/{number}"
    world.incoming(number)
    world.http.post(f"{path}/update_last_seen", token=world.ada)
    clock.advance(s=60)
    world.incoming(number)
    posted(world, number, content="old", message_type="incoming", external_created_at=T0)
    marked = world.http.post(f"{path}/unread", token=world.ada).json()
    assert (marked["agent_last_seen_at"], marked["unread_count"]) == (clock.now // 1000 - 1, 1)
    seen = world.http.post(f"{path}/update_last_seen", token=world.ada).json()
    assert (seen["agent_last_seen_at"], seen["unread_count"]) == (clock.now // 1000, 0)
    assert get(world, "/inboxes/1/health")["last_message_in"]["at"] > "2026"


def test_an_imported_answer_of_a_bot_ends_the_waiting(world: World) -> None:
    bot = world.http.post(f"{world.account}/agent_bots", json={"name": "Bo"}, token=world.admin).json()
    ok(world, contact(), conversation(world, created_at=T0), message("m1", 1, content="asked"))
    said = {"content": "answered", "sender_type": "AgentBot", "sender_id": bot["id"]}
    assert posted(world, 1, **said, external_created_at=T0 + 2).ok
    shown = get(world, "/conversations/1")
    assert (shown["waiting_since"], shown["first_reply_created_at"]) == (0, 0)


def test_who_answered_without_an_account_here_has_answered_all_the_same(world: World) -> None:
    ok(world, contact(), conversation(world, created_at=T0), message("m1", 1, content="asked"))
    note = message("m2", 2, content="who is this?", message_type="outgoing", private=True)
    campaign = message("m3", 3, content="sale!", message_type="outgoing", additional_attributes={"campaign_id": 4})
    ok(world, note, campaign)
    shown = get(world, "/conversations/1")
    assert (shown["waiting_since"], shown["first_reply_created_at"]) == (T0, 0)
    ok(world, message("m4", 4, content="answered", message_type="outgoing"))
    shown = get(world, "/conversations/1")
    assert (shown["waiting_since"], shown["first_reply_created_at"]) == (0, T0 + 4)
