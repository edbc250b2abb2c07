"""Copying out of a Chatwoot. Our own server speaks the same wire, so it plays the Chatwoot."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from inboxd.app import App
from inboxd.chatwoot import Chatwoot, Copy, Outcome, Refused
from inboxd.client import Client
from inboxd.config import Config
from inboxd.local import session
from tests.cast import Clock, World


class Moody:
    """The application behind an overloaded proxy: every so often it answers 429 or 500 first."""

    def __init__(self, wsgi: Any) -> None:
        self._wsgi = wsgi
        self.calls = 0
        self.methods: set[str] = set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        self.calls += 1
        self.methods.add(environ["REQUEST_METHOD"])
        if self.calls % 5 == 2:
            start_response("429 Too Many Requests", [("Retry-After", "7")])
            return [b"Retry later\n"]
        if self.calls % 5 == 4:
            start_response("500 Internal Server Error", [])
            return [b""]
        return self._wsgi(environ, start_response)


@pytest.fixture
def target(tmp_path: Path, clock: Clock) -> Iterator[Client]:
    """Another inboxd, in which Ada is too."""
    app = App(Config(data_dir=str(tmp_path / "target"), listen="127.0.0.1:0"), clock)
    token = app.initialise("boss@other.test")["admin"]["access_token"]
    app.open_links("http://target.test")
    desk = Client("http://target.test", token, session=session(app.wsgi, trusted=False))
    desk.create_agent("ada@acme.test", name="Ada")
    yield desk
    app.close()


@pytest.fixture
def full(world: World, clock: Clock) -> World:
    """Acme with something of everything that is copied."""

    def post(path: str, **values: Any) -> Any:
        answer = world.http.post(world.account + path, json=values, token=world.admin)
        assert answer.status_code == 200, answer.text
        return answer.json()

    post("/teams", name="sales", description="They sell")
    post("/labels", title="vip", color="#ff0000")
    post("/canned_responses", short_code="hi", content="Hello!")
    post(f"/contacts/{world.carl['id']}/labels", labels=["vip"])
    number = world.conversation()
    for minute in range(130):
        clock.advance(s=60)
        world.incoming(number, f"message {minute}")
    world.reply(number, "answer")
    clock.advance(s=60)
    world.http.post(f"{world.account}/conversations/{number}/messages", json={"content": "mine"}, token=world.olga)
    world.http.post(
        f"{world.account}/conversations/{number}/messages",
        data={"content": "see"},
        files=[("attachments[]", ("a.png", b"x", "image/png"))],
        token=world.ada,
    )
    post(f"/conversations/{number}/assignments", team_id=1)
    post(f"/conversations/{number}/assignments", assignee_id=world.ada_id)
    post(f"/conversations/{number}/labels", labels=["vip", "free"])
    post("/inboxes", name="Second", channel={"type": "api"})
    nameless = post("/contacts", name="Nora", inbox_id=2, source_id="nora")["payload"]["contact"]
    post("/conversations", inbox_id=2, contact_id=nameless["id"], source_id="nora", status="pending")
    return world


def chatwoot(world: World, app: App, moody: Moody | None = None, slept: list[float] | None = None) -> Chatwoot:
    waits = slept if slept is not None else []
    return Chatwoot(
        "http://inboxd.test",
        world.admin,
        1,
        sleep=waits.append,
        session=session(moody or app.wsgi, trusted=False),
    )


def run(source: Chatwoot, desk: Client, inbox_ids: tuple[int, ...] = ()) -> Outcome:
    return Copy(source, desk, inbox_ids, lambda what, done, total: None).run()


def test_everything_comes_over_once(full: World, app: App, target: Client) -> None:
    first = run(chatwoot(full, app), target)
    assert first.problems == []
    made = {kind: number for (kind, what), number in first.counts.items() if what == "created" and number}
    messages = made.pop("messages")
    assert made == {
        "teams": 1, "labels": 1, "canned responses": 1, "inboxes": 2, "contacts": 2, "conversations": 2,
    }  # fmt: skip
    assert messages > 133  # activity lines too

    again = run(chatwoot(full, app), target)
    assert again.problems == []
    assert not any(number for (_, what), number in again.counts.items() if what != "skipped")
    assert again.counts["messages", "skipped"] == messages


def test_a_copied_conversation_reads_as_the_original(full: World, app: App, target: Client) -> None:
    run(chatwoot(full, app), target)
    there = full.http.get(f"{full.account}/conversations/1", token=full.admin).json()
    [here] = target.call("GET", "/conversations", status="all", labels="free")["data"]["payload"]
    for key in ("created_at", "last_activity_at", "status", "labels", "waiting_since", "first_reply_created_at"):
        assert here[key] == there[key], key
    assert here["unread_count"] == 0
    assert here["meta"]["assignee"]["email"] == "ada@acme.test"
    assert here["meta"]["team"]["name"] == "sales"
    assert here["meta"]["sender"]["email"] == "carl@example.test"
    assert target.call("GET", f"/contacts/{here['meta']['sender']['id']}/labels")["payload"] == ["vip"]

    thread = target.messages(here["id"], after=0)
    assert [one["content"] for one in thread[:3]] == ["message 0", "message 1", "message 2"]
    newest = {one["content"]: one for one in target.messages(here["id"])}
    assert newest["answer"]["sender"]["name"] == "Ada"
    [link] = newest["see"]["content_attributes"]["external_attachments"]
    assert link["data_url"].startswith("http://inboxd.test/rails/")
    assert link["file_type"] == "image"

    [shop] = [one for one in target.inboxes() if one["name"] == "Acme API"]
    assert shop["additional_attributes"] == {"imported_from": "chatwoot/inboxd.test/1/inbox-1"}
    found = target.call("POST", "/contact_inboxes/filter", inbox_id=shop["id"], source_id="carl-1")
    assert found["name"] == "Carl"


def test_only_the_inboxes_that_were_asked_for(full: World, app: App, target: Client) -> None:
    outcome = run(chatwoot(full, app), target, (2, 9))
    assert outcome.problems == ["inboxes: there is no inbox 9"]
    assert (outcome.counts["contacts", "created"], outcome.counts["conversations", "created"]) == (1, 1)
    [here] = target.conversations(status="all")
    assert (here["meta"]["sender"]["name"], here["status"]) == ("Nora", "pending")


def test_what_came_meanwhile_is_added(full: World, app: App, target: Client) -> None:
    run(chatwoot(full, app), target)
    full.incoming(1, "later")
    outcome = run(chatwoot(full, app), target)
    assert outcome.counts["messages", "created"] == 1
    [here] = target.call("GET", "/conversations", status="all", labels="free")["data"]["payload"]
    assert target.messages(here["id"])[-1]["content"] == "later"


def test_a_busy_chatwoot_is_asked_again_and_never_written_to(full: World, app: App, target: Client) -> None:
    moody, slept = Moody(app.wsgi), list[float]()
    outcome = run(chatwoot(full, app, moody, slept), target)
    assert outcome.problems == []
    assert outcome.counts["conversations", "created"] == 2
    assert 7.0 in slept
    assert 1.0 in slept
    assert moody.methods == {"GET"}


def test_a_wrong_token_is_said_so(full: World, app: App, target: Client) -> None:
    source = Chatwoot("http://inboxd.test", "wrong", 1, session=session(app.wsgi, trusted=False))
    with pytest.raises(Refused, match="the Chatwoot answered 401: Invalid Access Token"):
        run(source, target)


def test_something_else_at_that_address_is_no_chatwoot(world: World, target: Client) -> None:
    def page(environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<html>Welcome"]

    with pytest.raises(Refused, match="is no Chatwoot"):
        run(Chatwoot("http://other.test", "t", 1, session=session(page, trusted=False)), target)
