"""The feed relayed to a local program: in order, none left out, signed, from where it was."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from inboxd.cli import main
from inboxd.client import ApiError, Client
from inboxd.delivery.sender import Sender
from inboxd.domain import signing
from inboxd.listen import EVERYWHERE, BadStart, Cursor, Relay, Relayed, Source, check_url, state_folder
from tests.cast import Receiver, status

ROOT = Path(__file__).parent.parent
SECRET = "3mJr7AoUXx2Wqd9VtKe5pYbQ"


class Feed:
    """A server's feed as scripted: each answer is a page or a refusal."""

    def __init__(self, newest: int = 0, *pages: Any) -> None:
        self.newest = newest
        self.pages = list(pages)
        self.asked: list[int] = []

    def newest_seq(self) -> int:
        return self.newest

    def events(self, *, after: int, **_: Any) -> Any:
        self.asked.append(after)
        page = self.pages.pop(0)
        if isinstance(page, Exception):
            raise page
        return page


def entry(seq: int) -> dict[str, Any]:
    return {"seq": seq, "created_at": "2026-06-10T11:14:56.789Z", "payload": {"event": "x_y", "event_seq": seq}}


def gone(oldest: int) -> ApiError:
    return ApiError(410, "These events are no longer kept", {"oldest_seq": oldest})


class Stage:
    def __init__(self, tmp_path: Path, forward: str, client: Any, server: str, **kwargs: Any) -> None:
        self.shown: list[Relayed] = []
        self.told: list[str] = []
        self.pauses: list[float] = []
        self.source = Source(server, 1, forward, **{k: kwargs.pop(k) for k in ("types", "inbox_id") if k in kwargs})
        self.sender = Sender(EVERYWHERE)
        self.cursor = Cursor(tmp_path / "state" / "cursor.json", self.source)
        self.relay = Relay(
            client,
            self.sender,
            self.source,
            self.cursor,
            secret=SECRET,
            show=self.shown.append,
            tell=self.told.append,
            wait_s=0,
            sleep=self.pauses.append,
            **kwargs,
        )

    def close(self) -> None:
        self.sender.close()
        self.cursor.close()


Make = Callable[..., Stage]


@pytest.fixture
def stage(tmp_path: Path, receiver: Receiver) -> Iterator[Make]:
    with ExitStack() as opened:

        def made(client: Any, server: str = "http://inboxd.test", **kwargs: Any) -> Stage:
            one = Stage(tmp_path, kwargs.pop("forward", receiver.url), client, server, **kwargs)
            opened.callback(one.close)
            return one

        yield made


@pytest.fixture
def desk(live: tuple[str, str]) -> Iterator[Client]:
    made = Client(*live, retries=0)
    yield made
    made.close()


def test_what_happens_from_now_on_is_relayed_as_a_webhook_would_be(
    live: tuple[str, str], desk: Client, receiver: Receiver, stage: Make
) -> None:
    desk.create_inbox("Before")
    it = stage(desk, live[0])
    it.relay.step()
    assert receiver.received == []
    desk.create_webhook(f"{receiver.url}/webhook", subscriptions=["inbox_created"])
    desk.create_inbox("<After> & é")
    (webhook,) = receiver.wait_for(1)
    it.relay.step()
    relayed = receiver.wait_for(2)[1]
    assert relayed.body == webhook.body
    assert signing.verify(SECRET, relayed.headers, relayed.body, int(time.time())) is None
    assert it.shown[0].seq == it.cursor.seq == desk.newest_seq()


def test_the_cursor_goes_on_where_it_was_and_ids_stay(
    live: tuple[str, str], desk: Client, receiver: Receiver, stage: Make
) -> None:
    for name in ("one", "two"):
        desk.create_inbox(name)
    first = stage(desk, live[0], after=0)
    first.relay.step()
    first.cursor.close()
    desk.create_inbox("three")
    again = stage(desk, live[0])
    again.relay.step()
    assert [got.json["name"] for got in receiver.received] == ["one", "two", "three"]
    repeat = Source(live[0], 1, "elsewhere")
    assert [repeat.delivery_id(one) for one in desk.events()[0]] == [
        got.headers["webhook-id"] for got in receiver.received
    ]
    assert stat.S_IMODE(again.cursor.path.stat().st_mode) == 0o600


def test_types_and_inbox_narrow_what_is_relayed_and_the_cursor_moves_on(
    live: tuple[str, str], desk: Client, receiver: Receiver, stage: Make
) -> None:
    desk.create_inbox("one")
    two = desk.create_inbox("two")["id"]
    it = stage(desk, live[0], after=0, inbox_id=two, types=["inbox_created"])
    it.relay.step()
    assert [got.json["name"] for got in receiver.received] == ["two"]
    desk.create_inbox("three")
    it.relay.step()
    assert it.cursor.seq == desk.newest_seq()


def test_operational_events_are_relayed_only_by_name(
    live: tuple[str, str], desk: Client, receiver: Receiver, stage: Make
) -> None:
    shop = desk.create_inbox("Shop", webhook_url=f"{receiver.url}/hook")["id"]
    desk.test_webhook(inbox_id=shop)
    receiver.received.clear()
    it = stage(desk, live[0], after=0)
    it.relay.step()
    assert receiver.events() == ["inbox_created"]
    it.cursor.close()
    named = stage(desk, live[0], after=0, types=["webhook.test"])
    named.relay.step()
    assert receiver.events() == ["inbox_created", "webhook.test"]


def test_a_receiver_that_fails_gets_the_event_again_with_longer_pauses_before_the_next_one(
    receiver: Receiver, stage: Make
) -> None:
    receiver.script = [status(503)] * 9 + [status(302, headers={"Location": "/"}), status(204)]
    it = stage(Feed(2, ([entry(1), entry(2)], 2)), after=0)
    it.relay.step()
    assert [got.json["event_seq"] for got in receiver.received] == [1] * 11 + [2]
    assert len({got.headers["webhook-id"] for got in receiver.received}) == 2
    assert it.pauses == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert [line.partition(": ")[2][:3] or line for line in it.told] == ["503", "302", "event 1 is taken now"]


def test_a_crash_before_the_answer_costs_a_repeat_with_the_same_id(receiver: Receiver, stage: Make) -> None:
    receiver.script = [status(200), status(500)]
    it = stage(Feed(2, ([entry(1), entry(2)], 2)), after=0)

    def crash(_: float) -> None:
        raise KeyboardInterrupt

    it.relay._receiver._sleep = crash
    with pytest.raises(KeyboardInterrupt):
        it.relay.step()
    it.cursor.close()
    again = stage(Feed(2, ([entry(2)], 2)))
    again.relay.step()
    assert [got.json["event_seq"] for got in receiver.received] == [1, 2, 2]
    assert receiver.received[1].headers["webhook-id"] == receiver.received[2].headers["webhook-id"]


def test_a_server_that_is_away_is_waited_for_and_said_once(
    live: tuple[str, str], receiver: Receiver, stage: Make
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nowhere = f"http://127.0.0.1:{listener.getsockname()[1]}"
    away = Client(nowhere, "token", retries=0)
    it = stage(away, nowhere)
    for _ in range(3):
        it.relay.step()
    assert it.pauses == [0.5, 1, 2]
    assert len(it.told) == 1
    away.close()
    it.relay._client = Client(*live, retries=0)
    it.relay.step()
    assert it.told[1] == "the server is reached again"
    assert len(it.told) == 3
    it.relay._client.close()


def test_events_that_are_no_longer_kept_are_named_loudly(receiver: Receiver, stage: Make) -> None:
    it = stage(Feed(9, ([entry(3)], 3), gone(8), ([entry(8), entry(9)], 9)), after=2)
    for _ in range(3):
        it.relay.step()
    assert [got.json["event_seq"] for got in receiver.received] == [3, 8, 9]
    (line,) = it.told
    assert line.startswith("LOST: events 4 to 7 are no longer kept")


def test_after_0_is_the_oldest_kept_without_alarm(receiver: Receiver, stage: Make) -> None:
    it = stage(Feed(9, gone(9), ([entry(9)], 9)), after=0)
    it.relay.step()
    it.relay.step()
    assert it.told == []
    assert it.cursor.seq == 9


@pytest.mark.parametrize("code", [401, 403, 404, 422, 200])
def test_a_refusal_for_good_ends_it(stage: Make, code: int) -> None:
    it = stage(Feed(0, ApiError(code, "no", None)))
    with pytest.raises(ApiError):
        it.relay.step()


def test_a_server_that_was_set_up_anew_is_not_taken_for_the_old_one(stage: Make) -> None:
    it = stage(Feed(3), after=12)
    with pytest.raises(BadStart, match="newest event is 3"):
        it.relay.step()
    one, other = entry(1), {**entry(1), "created_at": "2027-01-01T00:00:00.000Z"}
    assert it.source.delivery_id(one) != it.source.delivery_id(other)


def test_a_server_without_a_seat_for_a_waiting_poll_is_not_asked_all_the_time(stage: Make) -> None:
    it = stage(Feed(0, ([], 0)))
    it.relay._wait_s = 30
    it.relay.step()
    assert it.pauses == [1.0]


def test_two_listeners_do_not_share_a_cursor_and_a_cursor_serves_one_feed(tmp_path: Path) -> None:
    source, path = Source("http://a.test", 1, "http://b.test"), tmp_path / "cursor"
    cursor = Cursor(path, source)
    with pytest.raises(BadStart, match="another `listen`"):
        Cursor(path, source)
    secret = cursor.new_secret()
    cursor.store(5)
    cursor.close()
    again = Cursor(path, source)
    assert (again.seq, again.secret) == (5, secret)
    again.close()
    with pytest.raises(BadStart, match="is the cursor of http://a"):
        Cursor(path, Source("http://other.test", 1, "http://b.test"))
    path.write_text("[]")
    with pytest.raises(BadStart, match="is no cursor"):
        Cursor(path, source)


def test_the_default_cursor_is_named_after_what_is_relayed() -> None:
    names = {
        Source("https://a.test", 1, "http://x").name,
        Source("https://a.test", 2, "http://x").name,
        Source("https://a.test", 1, "http://y").name,
        Source("https://a.test", 1, "http://x", 3).name,
        Source("https://a.test", 1, "http://x", None, ["message_created"]).name,
    }
    assert len(names) == 5
    assert Source("https://a.test/", 1, "http://x").name in names
    assert state_folder({"XDG_STATE_HOME": "/s"}) == Path("/s/inboxd")
    assert state_folder({"XDG_STATE_HOME": "s"}) == Path.home() / ".local/state/inboxd"


@pytest.mark.parametrize("url", ["ftp://x", "shop.test/hook", "http://", "http://[", "http://a:b@c", "http://x:99999"])
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(BadStart):
        check_url(url)


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_relays_and_ends_at_once(
    tmp_path: Path, live: tuple[str, str], desk: Client, receiver: Receiver, number: signal.Signals
) -> None:
    command = [sys.executable, str(ROOT / "inboxd.py"), "listen", "--url", live[0], "--forward", receiver.url]
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("INBOXD_")},
        "INBOXD_NO_BOOTSTRAP": "1",
        "INBOXD_TOKEN": live[1],
        "XDG_STATE_HOME": str(tmp_path),
    }
    process = subprocess.Popen(
        [*command, "--after", "0", "--json"],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    desk.create_inbox("Shop")
    secret = json.loads(process.stdout.readline())["secret"]
    line = json.loads(process.stdout.readline())
    assert (line["seq"], line["event"], line["status"]) == (1, "inbox_created", 200)
    (got,) = receiver.received
    assert signing.verify(secret, got.headers, got.body, int(time.time())) is None
    began = time.monotonic()
    process.send_signal(number)
    said, _ = process.communicate(timeout=10)
    assert time.monotonic() - began < 9
    assert json.loads(said) == {"relayed": 1, "seq": 1}
    assert process.returncode == 0
    (cursor,) = (tmp_path / "inboxd").glob("*.json")
    assert cursor.name.startswith("listen-127.0.0.1_")


@pytest.mark.parametrize(
    ("token", "flags", "code", "said"),
    [
        ("", ["--inbox", "9"], 1, "no inbox 9"),
        ("", ["--account", "9"], 1, "no account 9"),
        ("wrong", [], 1, "revoked"),
        ("", ["--types", "message_made"], 2, "no such event: message_made"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_made(
    tmp_path: Path,
    live: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    token: str,
    flags: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INBOXD_TOKEN", token or live[1])
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    try:
        ended = main(["listen", "--url", live[0], "--forward", "http://127.0.0.1:9", *flags])
    except SystemExit as stopped:
        ended = int(stopped.code or 0)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.default_int_handler)
    assert ended == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert not (tmp_path / "inboxd").exists()
