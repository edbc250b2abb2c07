"""Copying out of a Chatwoot. Our own server speaks the same wire, so it plays the Chatwoot."""

import json
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


class Pages:
    """A Chatwoot of a few lists, as `answers` has them: path → what each further call of it gets."""

    def __init__(self, answers: dict[str, list[Any]]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ["PATH_INFO"].removeprefix("/api/v1").removeprefix("/accounts/1")
        self.asked.append(f"{path}?{environ['QUERY_STRING']}")
        answers = self._answers[path]
        status, value = answers.pop(0) if len(answers) > 1 else answers[0]
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(value).encode()]

    def chatwoot(self) -> Chatwoot:
        return Chatwoot("http://desk.test", "t", 1, sleep=lambda _: None, session=session(self, trusted=False))


def listed(total: int, *ids: int) -> tuple[str, Any]:
    return "200 OK", {"meta": {"count": total}, "payload": [{"id": number} for number in ids]}


def said(*ids: int) -> tuple[str, Any]:
    return "200 OK", {"payload": [{"id": number} for number in ids]}


@pytest.mark.parametrize(
    ("pages", "rounds"),
    [
        ([listed(3, 1, 2), listed(3, 3), listed(3)], 1),
        # 1 is deleted behind the first page, and 3 moves into its place.
        ([listed(4, 1, 2), listed(3, 4), listed(3), listed(3, 2, 3), listed(3, 4), listed(3)], 2),
        # Those of one moment have another order on every page.
        ([listed(3, 1, 2), listed(3, 2), listed(3), listed(3, 3, 1), listed(3, 2), listed(3)], 2),
    ],
)
def test_whom_a_page_left_out_is_looked_for_again(pages: list[Any], rounds: int) -> None:
    everybody = {one["id"] for _, page in pages for one in page["payload"]}
    there = Pages({"/contacts": pages})
    found = [one["id"] for one, _ in there.chatwoot().contacts()]
    assert sorted(found) == sorted(everybody)
    assert len(there.asked) == 3 * rounds


def test_people_are_found_whatever_the_capitals_of_their_address(target: Client) -> None:
    agents = [{"id": 7, "email": "Ada@Acme.test"}, {"id": 8, "email": None}, {"id": 9, "email": "no@acme.test"}]
    copy = Copy(Pages({"/agents": [("200 OK", agents)]}).chatwoot(), target, (), lambda what, done, total: None)
    copy._copy_people()
    assert copy._agents == {7: "Ada@Acme.test"}


def test_who_is_never_shown_is_a_problem(target: Client) -> None:
    there = Pages({"/contacts": [listed(3, 1, 2), listed(3)] * 3})
    copy = Copy(there.chatwoot(), target, (), lambda what, done, total: None)
    found = list(copy._each("contacts", there.chatwoot().contacts()))
    assert (len(found), copy.outcome.problems) == (2, ["contacts: the Chatwoot showed only 2 of 3"])


def test_no_message_is_lost_between_two_pages() -> None:
    """Pages are cut by time: 100 came a moment after 101, and is the first of the second page."""
    first, second = [*range(1, 100), 101], [*range(92, 100), 101, 100, 102]
    there = Pages({"/conversations/7/messages": [said(*first), said(*second)]})
    assert [one["id"] for one in there.chatwoot().messages(7)] == [*first, 100, 102]
    assert there.asked == [f"/conversations/7/messages?after={after}" for after in (0, 91)]


def test_a_chatwoot_that_shows_the_newest_messages_whatever_it_is_asked_is_refused() -> None:
    there = Pages({"/conversations/7/messages": [said(*range(50, 70))]})
    with pytest.raises(Refused, match="it knows no `after`"):
        list(there.chatwoot().messages(7))


def test_a_chatwoot_that_counts_requests_by_the_minute_gets_its_minute() -> None:
    busy = ("429 Too Many Requests", None)
    there, slept = Pages({"/labels": [*[busy] * 40, ("200 OK", [])]}), list[float]()
    source = Chatwoot("http://desk.test", "t", 1, sleep=slept.append, session=session(there, trusted=False))
    assert source.get("/labels") == []
    assert sum(slept) > 60


def test_a_token_that_is_shown_a_part_alone_is_refused(full: World, app: App, target: Client) -> None:
    for token, account_id, error in (
        (full.ada, 1, "the token of the Chatwoot is no administrator's: it would show only a part"),
        (full.admin, 7, "the token does not open account 7 of the Chatwoot; it opens: 1"),
    ):
        source = Chatwoot("http://inboxd.test", token, account_id, session=session(app.wsgi, trusted=False))
        with pytest.raises(Refused, match=error):
            run(source, target)
    assert target.conversations(status="all") == []


def test_the_host_is_the_same_in_capitals() -> None:
    assert Chatwoot("https://Desk.Test/", "t", 1).name == "chatwoot/desk.test/1"


@pytest.mark.parametrize("answer", [{}, {"hello": "world"}, [], {"accounts": {}}])
def test_json_of_something_else_is_no_chatwoot(target: Client, answer: Any) -> None:
    with pytest.raises(Refused, match="is no Chatwoot"):
        run(Pages({"/profile": [("200 OK", answer)]}).chatwoot(), target)


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
