"""What is owed to webhooks: seen, sent again and called off by administrators."""

import base64
from typing import Any

import pytest

from inboxd.domain.deliveries import PAGE_LIMIT
from inboxd.domain.retry import Outcome
from inboxd.store import outbox
from inboxd.store.models import Delivery
from inboxd.store.outbox import Claim
from tests.cast import Clock, World
from tests.delivery.bench import DELIVERED, FAILED, Bench, FakeSender

NOT_ALLOWED = {"error": "You are not authorized to do this action"}
NOT_FOUND = {"error": "Resource could not be found"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def hook(world: World) -> int:
    """A webhook that hears of messages alone."""
    return subscribe(world, "https://one.test/hook")


def subscribe(world: World, url: str, **values: Any) -> int:
    body = {"url": url, "subscriptions": ["message_created"], **values}
    answer = world.http.post(f"{world.account}/webhooks", json=body, token=world.admin)
    assert answer.status_code == 200, answer.text
    webhook_id: int = answer.json()["payload"]["webhook"]["id"]
    return webhook_id


def page(world: World, query: str = "") -> Any:
    answer = world.http.get(f"{world.account}/deliveries{query}", token=world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(world: World, query: str = "") -> list[Any]:
    found: list[Any] = page(world, query)["payload"]
    return found


def show(world: World, delivery_id: str) -> Any:
    answer = world.http.get(f"{world.account}/deliveries/{delivery_id}", token=world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def act(world: World, delivery_id: str, verb: str) -> Any:
    answer = world.http.post(f"{world.account}/deliveries/{delivery_id}/{verb}", token=world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def taken(bench: Bench, delivery_id: int) -> Claim:
    claim = bench.store.write(lambda tx: outbox.claim(tx, delivery_id))
    assert claim is not None
    return claim


def ids(found: list[Any]) -> list[str]:
    return [one["id"] for one in found]


def names(sender: FakeSender) -> list[str]:
    return [sent.headers["webhook-id"] for sent in sender.sent]


def test_deliveries_are_listed_the_newest_first_with_what_they_are_about(world: World, hook: int) -> None:
    number = world.conversation()
    first, second = world.incoming(number), world.incoming(number)
    newest, oldest = listed(world)
    assert (newest["message_id"], oldest["message_id"]) == (second["id"], first["id"])
    assert oldest == {
        "id": oldest["id"],
        "state": "pending",
        "event": "message_created",
        "event_seq": oldest["event_seq"],
        "webhook_id": hook,
        "webhook": {
            "id": hook,
            "kind": "account",
            "inbox_id": None,
            "agent_bot_id": None,
            "name": None,
            "url": "https://one.test/hook",
        },
        "inbox_id": world.inbox["id"],
        "conversation_id": number,
        "message_id": first["id"],
        "attempt_count": 0,
        "next_attempt_at": "2026-06-10T11:14:56.789Z",
        "last_error": None,
        "redelivery": False,
        "created_at": "2026-06-10T11:14:56.789Z",
        "finished_at": None,
    }
    assert newest["next_attempt_at"] is None, "it waits for the one before it in its conversation"


def test_a_state_filters_the_list(world: World, hook: int, bench: Bench, sender: FakeSender, clock: Clock) -> None:
    for _ in range(5):
        world.incoming(world.conversation())
    delivered, exhausted, failing, cancelled, pending = reversed(ids(listed(world)))
    sender.script = [DELIVERED, FAILED, FAILED]
    bench.attempt()
    for _ in range(2):
        bench.attempt()
    act(world, cancelled, "cancel")
    act(world, exhausted, "cancel")
    act(world, exhausted, "resend")
    sender.default = FAILED
    given_up = bench.deliveries(uuid=exhausted)[0].id
    while show(world, exhausted)["state"] != "exhausted":
        # Its schedule ends while the others wait.
        bench.worker.send(taken(bench, given_up))
        clock.advance(s=3600)
    taken(bench, bench.deliveries(uuid=pending)[0].id)
    assert {
        state: ids(listed(world, f"?state={state}"))
        for state in ("pending", "sending", "delivered", "exhausted", "cancelled", "failing")
    } == {
        "pending": [failing], "sending": [pending], "delivered": [delivered], "exhausted": [exhausted],
        "cancelled": [cancelled], "failing": [failing],
    }  # fmt: skip
    assert [one["last_error"] for one in listed(world, "?state=failing")] == ["500 Internal Server Error"]


def test_an_unknown_state_is_422(world: World) -> None:
    answer = world.http.get(f"{world.account}/deliveries?state=lost", token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["state"])
    assert "failing" in answer.json()["message"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"), ("limit=x", "limit"), ("webhook_id=x", "webhook_id"), ("since=soon", "since"),
        ("conversation_id=x", "conversation_id"), ("message_id=x", "message_id"), ("inbox_id=x", "inbox_id"),
    ],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_422_by_name(world: World, query: str, field: str) -> None:
    answer = world.http.get(f"{world.account}/deliveries?{query}", token=world.admin)
    assert (answer.status_code, answer.json()["attributes"]) == (422, [field])


def test_what_a_delivery_is_about_filters_the_list(world: World, hook: int, clock: Clock) -> None:
    other = subscribe(world, "https://two.test/hook", subscriptions=["conversation_created", "contact_created"])
    first, second = world.conversation(), world.conversation()
    one, two = world.incoming(first), world.incoming(second)
    clock.advance(s=60)
    world.http.post(f"{world.public}/contacts", json={"source_id": "new"})
    everything = listed(world)
    assert len(everything) == 5

    def found(query: str) -> list[tuple[Any, ...]]:
        return [(got["event"], got["conversation_id"], got["message_id"]) for got in listed(world, query)]

    assert found(f"?webhook_id={other}") == [
        ("contact_created", None, None), ("conversation_created", second, None), ("conversation_created", first, None),
    ]  # fmt: skip
    assert found(f"?conversation_id={second}") == [
        ("message_created", second, two["id"]), ("conversation_created", second, None),
    ]  # fmt: skip
    assert found(f"?message_id={one['id']}") == [("message_created", first, one["id"])]
    assert found("?event=contact_created") == [("contact_created", None, None)]
    assert len(found(f"?inbox_id={world.inbox['id']}")) == 4, "a contact is in no inbox"
    since = everything[0]["created_at"]
    assert found(f"?since={since}") == [("contact_created", None, None)]
    assert found(f"?since={since}&event=message_created") == []
    assert found(f"?webhook_id={hook}&conversation_id={first}&event=message_created&state=pending") == [
        ("message_created", first, one["id"])
    ]
    for nothing in ("webhook_id=99", "inbox_id=99", "message_id=99", "event=nonsense"):
        assert found(f"?{nothing}") == []


def test_pages_follow_each_other_without_gap_or_repetition(world: World, hook: int) -> None:
    number = world.conversation()
    for _ in range(7):
        world.incoming(number)
    everything = ids(listed(world))
    walked: list[str] = []
    query = "?limit=3"
    for size in (3, 3, 1):
        got = page(world, query)
        assert len(got["payload"]) == size
        walked += ids(got["payload"])
        query = f"?limit=3&before={got['meta']['next_before']}"
    assert walked == everything
    assert got["meta"] == {"next_before": None}
    last = page(world, f"?limit=7&before={everything[0].upper()}")
    assert ids(last["payload"]) == everything[1:]


def test_a_page_holds_fifty_unless_asked_and_a_bounded_number_at_most(world: World, hook: int, bench: Bench) -> None:
    for _ in range(PAGE_LIMIT + 1):
        bench.owe(hook)
    assert len(listed(world)) == 50
    assert len(listed(world, "?limit=100000")) == PAGE_LIMIT


def test_a_page_before_an_unknown_delivery_and_of_an_unknown_conversation_are_404(world: World) -> None:
    for query in (f"before={UNKNOWN}", "conversation_id=99"):
        answer = world.http.get(f"{world.account}/deliveries?{query}", token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_delivery_is_shown_with_every_attempt_and_the_payload_that_was_sent(
    world: World, hook: int, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    world.incoming(world.conversation(), "where is it?")
    (made,) = listed(world)
    sender.script = [
        Outcome(500, "500 Internal Server Error", "oops", 120, "192.0.2.7", error_class="status"),
        Outcome(None, "connection refused", "", 4, None, error_class="refused"),
        Outcome(200, None, "thanks", 8, "192.0.2.7"),
    ]
    bench.attempt()
    clock.advance(s=5)
    bench.attempt()
    clock.advance(s=300)
    bench.attempt()
    shown = show(world, made["id"])
    assert (shown["state"], shown["attempt_count"], shown["last_error"]) == ("delivered", 3, None)
    assert shown["finished_at"] == "2026-06-10T11:20:01.789Z"
    assert shown["attempts"] == [
        {
            "number": 1, "started_at": "2026-06-10T11:14:56.669Z", "duration_ms": 120, "address": "192.0.2.7",
            "status_code": 500, "error_class": "status", "error": "500 Internal Server Error", "excerpt": "oops",
            "next_attempt_at": "2026-06-10T11:15:01.789Z",
        },
        {
            "number": 2, "started_at": "2026-06-10T11:15:01.785Z", "duration_ms": 4, "address": None,
            "status_code": None, "error_class": "refused", "error": "connection refused", "excerpt": "",
            "next_attempt_at": "2026-06-10T11:20:01.789Z",
        },
        {
            "number": 3, "started_at": "2026-06-10T11:20:01.781Z", "duration_ms": 8, "address": "192.0.2.7",
            "status_code": 200, "error_class": None, "error": None, "excerpt": "thanks", "next_attempt_at": None,
        },
    ]  # fmt: skip
    assert [sent.body for sent in sender.sent] == [sender.sent[0].body] * 3
    with bench.store.read() as tx:
        (delivery,) = tx.filter(Delivery, uuid=made["id"])
    assert sender.sent[0].body == bench.event_of(delivery).payload.encode()
    assert shown["payload"]["content"] == "where is it?"
    assert shown["payload"]["event_seq"] == made["event_seq"]


def test_what_was_sent_again_has_the_same_id_and_bytes_and_counts_its_attempts_on(
    world: World, hook: int, bench: Bench, sender: FakeSender
) -> None:
    world.incoming(world.conversation())
    (made,) = listed(world)
    bench.drain()
    again = act(world, made["id"], "resend")
    assert (again["state"], again["attempt_count"], again["finished_at"]) == ("pending", 1, None)
    bench.drain()
    shown = show(world, made["id"])
    assert (shown["state"], [one["number"] for one in shown["attempts"]]) == ("delivered", [1, 2])
    assert names(sender) == [made["id"]] * 2
    assert sender.sent[0].body == sender.sent[1].body
    assert "X-Inboxd-Redelivery" not in sender.sent[1].headers
    assert len(listed(world)) == 1


@pytest.mark.parametrize("state", ["exhausted", "cancelled", "failing"])
def test_what_was_given_up_or_waits_is_sent_again_from_the_beginning_of_its_schedule(
    world: World, hook: int, bench: Bench, sender: FakeSender, clock: Clock, state: str
) -> None:
    world.incoming(world.conversation())
    (made,) = listed(world)
    sender.default = FAILED
    bench.attempt()
    while state == "exhausted" and show(world, made["id"])["state"] != "exhausted":
        clock.advance(s=3600)
        bench.attempt()
    if state == "cancelled":
        act(world, made["id"], "cancel")
    count = show(world, made["id"])["attempt_count"]
    act(world, made["id"], "resend")
    bench.attempt()
    shown = show(world, made["id"])
    assert (shown["state"], shown["attempt_count"]) == ("pending", count + 1)
    assert shown["attempts"][-1]["next_attempt_at"] == shown["next_attempt_at"]
    clock.advance(s=5)
    assert len(bench.due()) == 1, "5 s is the first step of the schedule"


def test_sending_again_twice_is_once(world: World, hook: int, bench: Bench, sender: FakeSender) -> None:
    world.incoming(world.conversation())
    (made,) = listed(world)
    bench.drain()
    for _ in range(2):
        act(world, made["id"], "resend")
    bench.drain()
    assert names(sender) == [made["id"]] * 2


def test_what_is_under_way_is_not_sent_beside_itself(world: World, hook: int, bench: Bench, sender: FakeSender) -> None:
    world.incoming(world.conversation())
    (made,) = listed(world)
    claim = bench.claim()
    assert act(world, made["id"], "resend")["state"] == "sending"
    assert bench.due() == []
    bench.worker.send(claim)
    assert show(world, made["id"])["state"] == "delivered"
    assert len(sender.sent) == 1


def test_nothing_is_sent_to_a_webhook_that_is_gone_or_has_no_url(world: World, hook: int, bench: Bench) -> None:
    inbox = f"{world.account}/inboxes/{world.inbox['id']}"
    world.http.patch(inbox, json={"channel": {"webhook_url": "https://own.test/"}}, token=world.admin)
    world.incoming(world.conversation())
    bench.drain()
    world.http.patch(inbox, json={"channel": {"webhook_url": ""}}, token=world.admin)
    world.http.delete(f"{world.account}/webhooks/{hook}", token=world.admin)
    found = [one for one in listed(world) if one["event"] == "message_created"]
    assert {one["state"] for one in found} == {"delivered"}
    assert [one["webhook"] and one["webhook"]["kind"] for one in found] == ["inbox", None]
    for one in found:
        answer = world.http.post(f"{world.account}/deliveries/{one['id']}/resend", token=world.admin)
        assert answer.status_code == 422
        assert answer.json() == {"error": "The webhook is gone or has no URL"}
        assert show(world, one["id"])["state"] == "delivered"


def test_nothing_is_sent_again_to_a_disabled_webhook(world: World, hook: int, bench: Bench, sender: FakeSender) -> None:
    world.incoming(world.conversation())
    sender.default = Outcome(410, "410 Gone", error_class="status")
    bench.drain()
    (made,) = listed(world)

    answer = world.http.post(f"{world.account}/deliveries/{made['id']}/resend", token=world.admin)

    assert (answer.status_code, answer.json()) == (422, {"error": "This webhook is disabled: enable it first"})
    assert (show(world, made["id"])["state"], len(sender.sent)) == ("pending", 1)


def test_a_resent_delivery_takes_its_old_place_in_the_line(
    world: World, hook: int, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    number = world.conversation()
    for _ in range(3):
        world.incoming(number)
    first, second, third = reversed(ids(listed(world)))
    sender.script = [DELIVERED, FAILED]
    bench.attempt()
    bench.attempt()
    act(world, first, "resend")
    clock.advance(s=3600)
    bench.drain()
    assert names(sender) == [first, second, first, second, third]


def test_another_conversation_does_not_wait_for_what_is_resent(
    world: World, hook: int, bench: Bench, sender: FakeSender
) -> None:
    world.incoming(world.conversation())
    bench.drain()
    (first,) = ids(listed(world))
    world.incoming(world.conversation())
    sender.script = [FAILED]
    act(world, first, "resend")
    bench.drain()
    assert len(sender.sent) == 3


def test_nothing_under_way_is_overtaken_by_what_is_resent(
    world: World, hook: int, bench: Bench, sender: FakeSender
) -> None:
    number = world.conversation()
    for _ in range(3):
        world.incoming(number)
    first, second, third = reversed(ids(listed(world)))
    bench.attempt()
    claim = bench.claim()
    act(world, first, "resend")
    assert bench.due() == []
    bench.worker.send(claim)
    bench.drain()
    assert names(sender) == [first, second, first, third]


def test_what_was_under_way_and_failed_waits_for_what_was_resent(
    world: World, hook: int, bench: Bench, sender: FakeSender, clock: Clock
) -> None:
    number = world.conversation()
    for _ in range(2):
        world.incoming(number)
    first, second = reversed(ids(listed(world)))
    bench.attempt()
    claim = bench.claim()
    act(world, first, "resend")
    sender.script = [FAILED]
    bench.worker.send(claim)
    bench.drain()
    clock.advance(s=3600)
    bench.drain()
    assert names(sender) == [first, second, first, second]


def test_what_is_cancelled_while_something_is_under_way_lets_nothing_overtake_it(
    world: World, hook: int, bench: Bench, sender: FakeSender
) -> None:
    number = world.conversation()
    for _ in range(3):
        world.incoming(number)
    first, second, third = reversed(ids(listed(world)))
    bench.attempt()
    claim = bench.claim()
    act(world, first, "resend")
    act(world, third, "cancel")
    assert bench.due() == [], "the second one is under way"
    bench.worker.send(claim)
    bench.drain()
    assert names(sender) == [first, second, first]


def test_a_cancelled_delivery_says_who_cancelled_it_and_frees_its_line(
    world: World, hook: int, bench: Bench, sender: FakeSender
) -> None:
    number = world.conversation()
    for _ in range(2):
        world.incoming(number)
    first, second = reversed(ids(listed(world)))
    admin = world.http.get("/api/v1/profile", token=world.admin).json()["name"]
    cancelled = act(world, first, "cancel")
    assert (cancelled["state"], cancelled["last_error"]) == ("cancelled", f"cancelled by {admin}")
    assert (cancelled["next_attempt_at"], cancelled["finished_at"]) == (None, "2026-06-10T11:14:56.789Z")
    bench.drain()
    assert names(sender) == [second]


def test_one_in_the_middle_of_its_line_is_cancelled_alone(
    world: World, hook: int, bench: Bench, sender: FakeSender
) -> None:
    number = world.conversation()
    for _ in range(3):
        world.incoming(number)
    first, second, third = reversed(ids(listed(world)))
    act(world, second, "cancel")
    bench.drain()
    assert names(sender) == [first, third]


@pytest.mark.parametrize("verb", ["cancel", "resend"])
def test_an_attempt_of_a_cancelled_delivery_ends_and_changes_nothing(
    world: World, hook: int, bench: Bench, sender: FakeSender, verb: str
) -> None:
    world.incoming(world.conversation())
    (made,) = ids(listed(world))
    claim = bench.claim()
    act(world, made, "cancel")
    act(world, made, verb)
    bench.worker.send(claim)
    shown = show(world, made)
    assert shown["state"] == {"cancel": "cancelled", "resend": "pending"}[verb]
    assert [(one["number"], one["status_code"]) for one in shown["attempts"]] == [(1, 200)]
    bench.drain()
    assert len(sender.sent) == {"cancel": 1, "resend": 2}[verb]


@pytest.mark.parametrize("outcome", [DELIVERED, FAILED])
def test_a_finished_delivery_cannot_be_cancelled(
    world: World, hook: int, bench: Bench, sender: FakeSender, clock: Clock, outcome: Outcome
) -> None:
    world.incoming(world.conversation())
    sender.default = outcome
    for _ in range(6):
        bench.drain()
        clock.advance(s=3600)
    (before,) = listed(world)
    assert before["state"] in ("delivered", "exhausted")
    assert {key: act(world, before["id"], "cancel")[key] for key in before} == before


def test_an_id_is_found_in_any_case_of_its_letters(world: World, hook: int) -> None:
    world.incoming(world.conversation())
    (made,) = ids(listed(world))
    assert show(world, made.upper())["id"] == made


ACTIONS = [("GET", ""), ("POST", "/resend"), ("POST", "/cancel")]


@pytest.mark.parametrize(("method", "suffix"), ACTIONS)
def test_an_unknown_delivery_is_404(world: World, method: str, suffix: str) -> None:
    for name in (UNKNOWN, "1", "%00", "x" * 300, base64.b64encode(b"\xff").decode(), "%F0%9F%92%A5"):
        answer = world.http.request(method, f"{world.account}/deliveries/{name}{suffix}", token=world.admin)
        assert answer.status_code == (400 if name == "%00" else 404)


@pytest.mark.parametrize(("method", "suffix"), ACTIONS)
def test_a_delivery_of_another_account_is_404(world: World, hook: int, method: str, suffix: str) -> None:
    world.incoming(world.conversation())
    (made,) = ids(listed(world))
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    there = f"/api/v1/accounts/{other}/deliveries"
    answer = world.http.request(method, f"{there}/{made}{suffix}", token=world.admin)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert show(world, made)["state"] == "pending"


def test_the_list_of_another_account_shows_nothing_of_this_one(world: World, hook: int) -> None:
    number = world.conversation()
    message = world.incoming(number)
    (made,) = ids(listed(world))
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    there = f"/api/v1/accounts/{other}/deliveries"
    for query in ("", f"?webhook_id={hook}", f"?message_id={message['id']}", f"?inbox_id={world.inbox['id']}"):
        answer = world.http.get(there + query, token=world.admin)
        assert (answer.status_code, answer.json()["payload"]) == (200, [])
    for query in (f"?conversation_id={number}", f"?before={made}"):
        answer = world.http.get(there + query, token=world.admin)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    for state in ("pending", "cancelled"):
        assert ids(listed(world, f"?state={state}")) == [made]
        assert world.http.get(f"{there}?state={state}", token=world.admin).json()["payload"] == []
        act(world, made, "cancel")


@pytest.mark.parametrize(("method", "suffix"), [("GET", None), *ACTIONS])
def test_agents_strangers_and_nobody_are_401(world: World, hook: int, method: str, suffix: str | None) -> None:
    world.incoming(world.conversation())
    (made,) = ids(listed(world))
    path = f"{world.account}/deliveries" + ("" if suffix is None else f"/{made}{suffix}")
    for token in (world.ada, world.olga):
        answer = world.http.request(method, path, token=token)
        assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)
    for nobody in (None, "wrong"):
        assert world.http.request(method, path, token=nobody).status_code == 401
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    elsewhere = path.replace("/accounts/1/", f"/accounts/{other}/")
    assert world.http.request(method, elsewhere, token=world.ada).status_code == 401
