import json
import logging
from typing import Any

import pytest

from inboxd.app import App
from inboxd.domain.messages import Upload
from inboxd.services import actions
from inboxd.services.actions import ACTIONS, IN_MACROS, IN_RULES
from inboxd.store import blobs
from inboxd.store.db import StoreClosed, Tx
from inboxd.store.models import Delivery, Trouble, Webhook
from tests.cast import World
from tests.delivery.bench import Bench, FakeSender, answered

RESOLVE = {"action_name": "resolve_conversation"}


def act(name: str, *params: Any) -> dict[str, Any]:
    return {"action_name": name, "action_params": list(params)}


def create(world: World, *actions: dict[str, Any], token: str | None = None, **values: Any) -> Any:
    body = {"name": "Mine", "visibility": "global", "actions": list(actions), **values}
    return world.http.post(f"{world.account}/macros", json=body, token=token or world.admin)


def made(world: World, *actions: dict[str, Any], token: str | None = None, **values: Any) -> Any:
    answer = create(world, *actions, token=token, **values)
    assert answer.status_code == 200, answer.text
    return answer.json()["payload"]


def execute(world: World, macro: int, *conversations: int, token: str | None = None) -> Any:
    path = f"{world.account}/macros/{macro}/execute"
    return world.http.post(path, json={"conversation_ids": list(conversations)}, token=token or world.ada)


def run(world: World, *actions: dict[str, Any], conversation: int | None = None, token: str | None = None) -> Any:
    """The conversation after a macro of these actions."""
    number = conversation or world.conversation()
    assert execute(world, made(world, *actions)["id"], number, token=token).status_code == 200
    return world.http.get(f"{world.account}/conversations/{number}", token=world.admin).json()


def messages(world: World, number: int) -> list[Any]:
    path = f"{world.account}/conversations/{number}/messages"
    found: list[Any] = world.http.get(path, token=world.admin).json()["payload"]
    return found


def uploaded(app: App, name: str = "a.png") -> tuple[int, str]:
    """An upload that nobody used yet, and its signed id."""
    blob = app.store.write(lambda tx: blobs.add(tx, 1, Upload("d" * 64, name, "image/png", 3)))
    return blob.id, app.store.links.signed_blob(blob.id)


def test_a_macro_is_shown_with_who_made_and_changed_it(world: World) -> None:
    macro = made(world, act("add_label", "vip"), RESOLVE, name="Close")
    agents = {one["id"]: one for one in world.http.get(f"{world.account}/agents", token=world.admin).json()}
    assert macro == {
        "id": macro["id"],
        "name": "Close",
        "visibility": "global",
        "created_by": agents[1],
        "updated_by": agents[1],
        "account_id": 1,
        "actions": [act("add_label", "vip"), RESOLVE],
    }
    assert world.http.get(f"{world.account}/macros/{macro['id']}", token=world.ada).json() == {"payload": macro}


def test_agents_see_global_macros_and_their_own(world: World) -> None:
    shared = made(world, RESOLVE)
    made(world, RESOLVE, visibility="personal")
    own = made(world, RESOLVE, token=world.ada)
    listed = world.http.get(f"{world.account}/macros", token=world.ada).json()["payload"]
    assert listed == [shared, own]
    assert world.http.get(f"{world.account}/macros", token=world.olga).json()["payload"] == [shared]


def test_what_an_agent_makes_is_personal_and_an_administrators_is_what_was_sent(world: World) -> None:
    assert made(world, RESOLVE, token=world.ada)["visibility"] == "personal"
    assert made(world, RESOLVE, visibility=None)["visibility"] is None
    macro = made(world, RESOLVE)
    path = f"{world.account}/macros/{macro['id']}"
    changed = world.http.put(path, json={"name": "New"}, token=world.admin).json()["payload"]
    assert (changed["name"], changed["visibility"], changed["actions"]) == ("New", None, [RESOLVE])


def test_a_personal_macro_is_its_authors_alone(world: World) -> None:
    path = f"{world.account}/macros/{made(world, RESOLVE, token=world.ada)['id']}"
    number = world.conversation()
    for token in (world.olga, world.admin):
        for method, where in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/execute")):
            answer = world.http.request(method, path + where, json={"conversation_ids": [number]}, token=token)
            assert (answer.status_code, answer.json()["error"]) == (401, "You are not authorized to do this action")
    assert world.http.delete(path, token=world.ada).text == ""
    assert world.http.get(path, token=world.ada).status_code == 404


def test_a_global_macro_is_changed_by_administrators_alone(world: World) -> None:
    path = f"{world.account}/macros/{made(world, RESOLVE)['id']}"
    assert world.http.patch(path, json={"name": "x"}, token=world.ada).status_code == 401
    assert world.http.delete(path, token=world.ada).status_code == 401
    assert world.http.delete(path, token=world.admin).status_code == 200


def test_a_macro_that_is_not_there_is_told_without_a_word_when_it_is_read(world: World) -> None:
    path = f"{world.account}/macros/99"
    answer = world.http.get(path, token=world.ada)
    assert (answer.status_code, answer.text) == (404, "")
    for method, where in (("PATCH", ""), ("DELETE", ""), ("POST", "/execute")):
        answer = world.http.request(method, path + where, json={}, token=world.admin)
        assert (answer.status_code, answer.json()) == (404, {"error": "Resource could not be found"})


@pytest.mark.parametrize(
    ("actions", "told"),
    [
        ([act("update_last_seen")], "Macro execution actions update_last_seen not supported."),
        ([{}], "Macro execution actions None not supported."),
        ([act("resolve_conversation")] * 51, "are limited to 50"),
        ([act("open_conversation"), act("nap")], "Macro execution actions open_conversation, nap not supported."),
        ([act("send_message")], "send_message needs a text"),
        ([act("send_message", " ")], "send_message needs a text"),
        ([act("add_label", 1)], "add_label needs labels as texts"),
        ([act("assign_agent", "7")], "assign_agent needs the id of a user, self, last_responding_agent or nil"),
        ([act("assign_agent")], "assign_agent needs the id of a user, self, last_responding_agent or nil"),
        ([act("assign_team", "sales")], "assign_team needs the id of a team or nil"),
        ([act("change_status", "closed")], "change_status needs one of open, resolved, pending, snoozed"),
        ([act("change_priority", "huge")], "change_priority needs one of low, medium, high, urgent, or nil"),
        ([{"action_name": "add_label", "action_params": "vip"}], "add_label must have a list of parameters"),
        ([act("send_webhook_event", "nowhere")], "send_webhook_event: Url is invalid"),
        (
            [act("send_email_transcript", "a@b.test")],
            "send_email_transcript cannot be used: this server has no SMTP configured (smtp_url, mail_from)",
        ),
    ],
)
def test_actions_that_cannot_be_done_are_refused_when_they_are_kept(
    world: World, actions: list[dict[str, Any]], told: str
) -> None:
    answer = create(world, *actions)
    assert (answer.status_code, answer.json()) == (422, {"error": {"actions": [told]}})
    macro = made(world, RESOLVE)
    path = f"{world.account}/macros/{macro['id']}"
    assert world.http.patch(path, json={"actions": actions}, token=world.admin).status_code == 422
    assert world.http.get(path, token=world.admin).json()["payload"] == macro


def test_a_webhook_event_to_an_address_that_is_not_public_is_refused(world: World) -> None:
    answer = create(world, act("send_webhook_event", "http://169.254.169.254/latest"))
    assert answer.status_code == 422
    assert "its address is private or reserved" in answer.json()["error"]["actions"][0]


def test_a_macro_needs_a_name(world: World) -> None:
    assert create(world, name=" ").json() == {"error": {"name": ["can't be blank"]}}
    assert create(world, name=None).status_code == 422


def test_every_action_of_the_contract_is_there_and_documented() -> None:
    assert len(IN_RULES) == 19
    assert sorted(IN_RULES - IN_MACROS) == ["open_conversation", "pending_conversation", "send_email_to_team"]
    assert all(action.about.endswith(".") for action in ACTIONS.values())


def test_a_macro_acts_as_who_runs_it(world: World) -> None:
    number = world.conversation()
    talk = run(
        world, act("send_message", "Hi {{ contact.name }}"), act("add_private_note", "psst"), act("add_label", "vip"),
        act("assign_agent", "self"), act("change_priority", "high"), RESOLVE, conversation=number,
    )  # fmt: skip
    said, noted = (one for one in messages(world, number) if one["message_type"] == 1)
    assert (said["content"], said["private"], said["sender"]["id"]) == ("Hi Carl", False, world.ada_id)
    assert (noted["content"], noted["private"], noted["sender"]["id"]) == ("psst", True, world.ada_id)
    assert (talk["labels"], talk["priority"], talk["status"]) == (["vip"], "high", "resolved")
    assert talk["meta"]["assignee"]["id"] == world.ada_id
    assert [one["content"] for one in messages(world, number) if one["message_type"] == 2] == [
        "Ada added vip",
        "Ada self-assigned this conversation",
        "Ada set the priority to high",
        "Conversation was marked resolved by Ada",
    ]
    resolved = [event for event in world.events() if event["event"] == "conversation_status_changed"]
    assert [(event["id"], event["status"], event["origin"]) for event in resolved] == [(number, "resolved", "agent")]


def test_labels_are_added_to_others_and_removed(world: World) -> None:
    talk = run(world, act("add_label", "a", "b,c"), act("add_label", "d"), act("remove_label", "b,x", "d"))
    assert talk["labels"] == ["a", "c"]


def test_an_agent_who_is_not_in_the_inbox_is_not_assigned(world: World) -> None:
    world.by_hand()
    assert run(world, act("assign_agent", world.olga_id))["meta"].get("assignee") is None
    assert run(world, act("assign_agent", 999))["meta"].get("assignee") is None
    assert run(world, act("assign_agent", world.ada_id))["meta"]["assignee"]["id"] == world.ada_id
    assert run(world, act("assign_agent", 1))["meta"]["assignee"]["id"] == 1, "administrators always may"
    assert run(world, act("assign_agent", 1), act("assign_agent", "nil"))["meta"].get("assignee") is None
    assert run(world, act("assign_agent", 1), act("remove_assigned_agent"))["meta"].get("assignee") is None


def test_the_agent_who_replied_last_is_assigned(world: World) -> None:
    number = world.conversation()
    assert run(world, act("assign_agent", "last_responding_agent"), conversation=number)["meta"].get("assignee") is None
    world.reply(number)
    path = f"{world.account}/conversations/{number}/messages"
    world.http.post(path, json={"content": "x", "private": True}, token=world.admin)
    talk = run(world, act("assign_agent", "last_responding_agent"), conversation=number, token=world.admin)
    assert talk["meta"]["assignee"]["id"] == world.ada_id


def test_teams_are_assigned_and_removed(world: World) -> None:
    team = world.http.post(f"{world.account}/teams", json={"name": "sales"}, token=world.admin).json()["id"]
    assert run(world, act("assign_team", team))["meta"]["team"]["id"] == team
    assert run(world, act("assign_team", team), act("assign_team", 999))["meta"]["team"]["id"] == team
    for clear in (act("assign_team"), act("assign_team", "nil"), act("assign_team", 0), act("remove_assigned_team")):
        assert run(world, act("assign_team", team), clear)["meta"].get("team") is None


def test_status_priority_and_mute(world: World) -> None:
    assert run(world, act("change_status", "pending"))["status"] == "pending"
    snoozed = run(world, act("snooze_conversation"))
    assert (snoozed["status"], snoozed["snoozed_until"]) == ("snoozed", None)
    assert run(world, act("change_priority", "low"), act("change_priority", "nil"))["priority"] is None
    muted = run(world, act("mute_conversation"))
    assert (muted["status"], muted["meta"]["sender"]["blocked"]) == ("resolved", True)


def test_a_file_belongs_to_the_macro_and_is_sent_from_it(world: World, app: App) -> None:
    blob_id, signed = uploaded(app)
    macro = made(world, act("send_attachment", signed))
    assert macro["actions"] == [act("send_attachment", blob_id)]
    assert macro["files"] == [
        {
            "id": blob_id,
            "macro_id": macro["id"],
            "file_type": "image/png",
            "account_id": 1,
            "file_url": app.store.links.blob(blob_id, "a.png"),
            "blob_id": blob_id,
            "filename": "a.png",
        }
    ]
    number = world.conversation()
    execute(world, macro["id"], number)
    [message] = messages(world, number)
    assert (message["content"], message["sender"]["id"]) == (None, world.ada_id)
    assert message["attachments"][0]["file_size"] == 3

    path = f"{world.account}/macros/{macro['id']}"
    kept = world.http.patch(path, json={"actions": macro["actions"], "visibility": "global"}, token=world.admin)
    assert kept.json()["payload"]["files"] == macro["files"]
    dropped = world.http.patch(path, json={"actions": [RESOLVE], "visibility": "global"}, token=world.admin)
    assert "files" not in dropped.json()["payload"]
    with app.store.read() as tx:
        assert blobs.by_id(tx, 1, blob_id) is None


def test_a_file_that_is_not_there_or_somebody_elses_is_refused(world: World, app: App) -> None:
    blob_id, signed = uploaded(app)
    foreign = app.store.write(lambda tx: blobs.add(tx, 2, Upload("e" * 64, "b.png", "image/png", 3)))
    announced = app.store.write(lambda tx: blobs.add(tx, 1, Upload("", "c.png", "image/png", 3)))
    strange = [app.store.links.signed_blob(one.id) for one in (foreign, announced)]
    many = [signed] * 16
    for params in (["nonsense"], [blob_id], [], [None], strange[:1], strange[1:], many):
        answer = create(world, act("send_attachment", *params))
        assert (answer.status_code, answer.json()) == (422, {"error": "Invalid attachment"}), params
    made(world, act("send_attachment", signed))
    assert create(world, act("send_attachment", signed)).status_code == 422, "another macro has it"


def test_a_deleted_macro_takes_its_files_along(world: World, app: App) -> None:
    macro = made(world, act("send_attachment", uploaded(app)[1]))
    world.http.delete(f"{world.account}/macros/{macro['id']}", token=world.admin)
    with app.store.read() as tx:
        assert blobs.of(tx, "Macro", macro["id"]) == []


def test_conversations_that_the_caller_cannot_reach_are_left_out(world: World) -> None:
    number = world.conversation()
    macro = made(world, RESOLVE)
    assert execute(world, macro["id"], 999, number, token=world.olga).text == ""
    assert world.http.get(f"{world.account}/conversations/{number}", token=world.admin).json()["status"] == "open"
    assert execute(world, macro["id"], 999, number, number).status_code == 200
    assert world.http.get(f"{world.account}/conversations/{number}", token=world.admin).json()["status"] == "resolved"


def test_who_reaches_a_conversation_by_its_team_finishes_the_macro(world: World) -> None:
    team = world.http.post(f"{world.account}/teams", json={"name": "sales"}, token=world.admin).json()["id"]
    world.http.post(f"{world.account}/teams/{team}/team_members", json={"user_ids": [world.olga_id]}, token=world.admin)
    number = world.conversation()
    run(world, act("assign_team", team), conversation=number)
    talk = run(world, act("remove_assigned_team"), act("add_label", "x"), conversation=number, token=world.olga)
    assert (talk["meta"].get("team"), talk["labels"]) == (None, ["x"])


def test_an_action_that_fails_is_left_out_alone_and_told_in_the_log(
    world: World, app: App, caplog: pytest.LogCaptureFixture
) -> None:
    macro = made(world, act("add_label", "a"), act("send_attachment", uploaded(app)[1]), act("add_label", "b"))
    app.store.write(lambda tx: blobs.drop(tx, "Macro", macro["id"]))
    number = world.conversation()
    with caplog.at_level(logging.WARNING):
        assert execute(world, macro["id"], number).status_code == 200
    talk = world.http.get(f"{world.account}/conversations/{number}", token=world.admin).json()
    assert talk["labels"] == ["a", "b"]
    assert [record.getMessage() for record in caplog.records] == [
        f"macro {macro['id']}: send_attachment left out on conversation {number}: Invalid attachment"
    ]


def test_a_macro_that_a_stop_interrupts_goes_on_there_under_its_key(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    macro = made(world, act("send_message", "one"), act("add_private_note", "two"))
    numbers = [world.conversation() for _ in range(3)]
    path, body = f"{world.account}/macros/{macro['id']}/execute", {"conversation_ids": [*reversed(numbers), numbers[0]]}
    perform, left = actions.perform, [3, 0, 99]

    def stop(*given: Any) -> None:
        """After so many, and before the commit of the last of them."""
        perform(*given)
        left[0] -= 1
        if left[0] < 0:
            raise StoreClosed

    monkeypatch.setattr(actions, "perform", stop)

    def ask(**values: Any) -> Any:
        return world.http.post(path, json=body | values, headers={"Idempotency-Key": "k"}, token=world.ada)

    assert ask().status_code == 503
    assert [len(messages(world, number)) for number in numbers] == [0, 1, 2]
    assert ask(conversation_ids=[numbers[0]]).status_code == 422, "another request"
    left.pop(0)
    assert ask().status_code == 503
    assert [len(messages(world, number)) for number in numbers] == [0, 1, 2]
    left.pop(0)
    assert [ask().status_code for _ in range(2)] == [200, 200]
    assert [[one["content"] for one in messages(world, number)] for number in numbers] == [["one", "two"]] * 3
    assert left == [96]
    assert execute(world, macro["id"], *numbers).status_code == 200
    assert [len(messages(world, number)) for number in numbers] == [4] * 3


def test_a_conversation_is_posted_to_the_url_of_an_action(world: World, bench: Bench, sender: FakeSender) -> None:
    number = world.conversation()
    macro = made(world, act("send_webhook_event", "https://hooks.test/in"))
    sender.script = [answered(500)]
    execute(world, macro["id"], number)
    bench.drain()
    bench.clock.advance(s=5)
    bench.drain()
    assert [one.url for one in sender.sent] == ["https://hooks.test/in"] * 2
    told = json.loads(sender.sent[-1].body)
    assert (told["event"], told["id"], told["status"]) == ("macro.executed", number, "open")
    [delivery] = bench.deliveries()
    assert (delivery.state, delivery.attempt_count) == ("delivered", 2)


def test_the_url_of_an_action_is_no_webhook_that_people_see(world: World, bench: Bench) -> None:
    execute(world, made(world, act("send_webhook_event", "https://hooks.test/in"))["id"], world.conversation())
    [delivery] = bench.deliveries()
    assert bench.webhook(delivery.webhook_id).kind == "action"
    path = f"{world.account}/webhooks"
    assert world.http.get(path, token=world.admin).json()["payload"]["webhooks"] == []
    assert world.http.get(f"{path}/{delivery.webhook_id}", token=world.admin).status_code == 404
    subscription = {"url": "https://hooks.test/other", "subscriptions": ["macro.executed"]}
    assert world.http.post(path, json=subscription, token=world.admin).status_code == 422


def test_an_address_that_never_answers_is_told_of(world: World, bench: Bench, sender: FakeSender) -> None:
    sender.default = answered(500)
    execute(world, made(world, act("send_webhook_event", "https://hooks.test/in"))["id"], world.conversation())
    for _ in range(5):
        bench.drain()
        bench.clock.advance(s=3_600)
    assert bench.deliveries()[0].state == "exhausted"
    assert bench.told() == ["webhook.failing", "delivery.exhausted"]


def test_a_url_that_was_given_up_is_tried_again_when_the_macro_runs(world: World, app: App) -> None:
    macro = made(world, act("send_webhook_event", "https://hooks.test/in"))
    number = world.conversation()
    execute(world, macro["id"], number)

    def disable(tx: Tx) -> None:
        [hook] = tx.filter(Webhook, kind="action")
        tx.insert(Trouble, webhook_id=hook.id, account_id=1, disabled_at=tx.now)

    app.store.write(disable)
    execute(world, macro["id"], number)
    with app.store.read() as tx:
        assert len(tx.filter(Webhook, kind="action")) == 1
        assert tx.filter(Trouble)[0].disabled_at is None
        assert len(tx.filter(Delivery)) == 2


def test_a_macro_does_no_conversation_twice_and_none_is_left_out_where_one_is_named_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    macro = made(world, act("send_message", "one"), act("add_private_note", "two"))
    numbers = [world.conversation() for _ in range(2)]
    path, body = f"{world.account}/macros/{macro['id']}/execute", {"conversation_ids": [*numbers, numbers[0]]}
    perform, left = actions.perform, [3]

    def stop(*given: Any) -> None:
        left[0] -= 1
        if left[0] == -1:
            raise StoreClosed
        perform(*given)

    monkeypatch.setattr(actions, "perform", stop)
    for expected in (503, 200):
        answer = world.http.post(path, json=body, headers={"Idempotency-Key": "k"}, token=world.ada)
        assert answer.status_code == expected
    assert [[one["content"] for one in messages(world, number)] for number in numbers] == [["one", "two"]] * 2


def test_a_macro_that_is_gone_is_answered_again_under_its_key(world: World) -> None:
    macro = made(world, RESOLVE)
    path, number = f"{world.account}/macros/{macro['id']}", world.conversation()

    def ask() -> int:
        headers, body = {"Idempotency-Key": "k"}, {"conversation_ids": [number]}
        return world.http.post(f"{path}/execute", json=body, headers=headers, token=world.ada).status_code

    first = ask()
    world.http.delete(path, token=world.admin)
    assert (first, ask()) == (200, 200)
