"""What happens while somebody looks: a token revoked, events gone, a backup restored, another dashboard beside it."""

import threading
import time
from pathlib import Path
from typing import Any, cast

import pytest

from admin_tui.app import InboxdTui
from admin_tui.net.feed import _OVERDUE_S, Feed, News
from admin_tui.net.outcome import Outcome
from admin_tui.state.unsent import Unsent
from inboxd.client import ApiError, Client
from tests.tui.cast import Desk, run, seated


def test_a_token_revoked_meanwhile_is_told_and_what_was_seen_stays(desk: Desk) -> None:
    number = desk.talk("Ann", "one")
    desk.client.call("POST", "/agents", name="Bo", email="bo@acme.test", role="administrator")
    made = desk.client.create_token(name="lost", email="bo@acme.test")

    async def story() -> None:
        async with seated(desk, token=made["access_token"]) as seat:
            await seat.sees("one")
            desk.client.revoke_token(made["id"])
            desk.says("Ann", number, "two")
            await seat.sees("denied: Invalid Access Token")
            await seat.until(lambda: any("wrong or revoked" in one.text for one in seat.tui.said))
            assert "Ann" in seat.text
            await seat.press("r", "h", "i", "ctrl+s")
            await seat.sees("not sent")

    run(story())


def test_a_server_that_lacks_a_route_is_told_of_on_the_screen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Client.call

    def call(self: Client, method: str, path: str, **values: Any) -> Any:
        if path.startswith("/deliveries"):
            raise ApiError(404, "Resource could not be found", {})
        return asked(self, method, path, **values)

    monkeypatch.setattr(Client, "call", call)

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.press("5")
            await seat.sees("deliveries: Resource could not be found")
            await seat.sees("live")

    run(story())


class Server:
    """Says to each poll what comes next, then nothing until the test is over."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[int] = []
        self.over = threading.Event()

    def newest_seq(self) -> int:
        return 70

    def events(self, *, after: int, wait_s: int) -> tuple[list[dict[str, Any]], int]:
        self.asked.append(after)
        if not self.answers:
            self.over.wait(20)
            return [], after
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return cast(tuple[list[dict[str, Any]], int], answer)


def heard(server: Server, count: int) -> list[News]:
    feed = Feed(lambda: cast(Client, server))
    feed.start()
    try:
        return [feed.news.get(timeout=10) for _ in range(count)]
    finally:
        feed.stop()
        server.over.set()


def test_events_that_are_gone_are_a_gap_and_it_goes_on_with_the_newest() -> None:
    server = Server(ApiError(410, "too old", {"oldest_seq": 60}), ([{"seq": 71}], 71))
    assert [(one.kind, one.seq) for one in heard(server, 3)] == [("live", 70), ("gap", 60), ("events", 71)]
    assert server.asked[:2] == [70, 70]


def test_a_server_restored_from_a_backup_is_followed_from_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("admin_tui.net.feed._BEFORE_S", 0.05)
    server = Server(([], 12), ([{"seq": 13}], 13))
    assert [(one.kind, one.seq) for one in heard(server, 3)] == [("live", 70), ("gap", 12), ("events", 13)]
    assert server.asked[:2] == [70, 12]


def test_an_account_that_is_not_there_is_told() -> None:
    lost = heard(Server(ApiError(404, "Resource could not be found", {})), 2)[1]
    assert lost.problem is not None
    assert lost.problem.message == "no such account, or no inboxd"


def test_asked_to_hurry_it_leaves_a_poll_that_is_overdue_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = Server()
    servers = [silent, Server(([{"seq": 71}], 71))]
    feed = Feed(lambda: cast(Client, servers.pop(0)))
    feed.start()
    try:
        assert feed.news.get(timeout=10).kind == "live"
        feed.hurry()
        assert servers, "a poll that is in time is waited for"
        began = time.monotonic()
        monkeypatch.setattr("admin_tui.net.feed.time.monotonic", lambda: began + 14 + 2 * _OVERDUE_S)
        feed.hurry()
        assert [feed.news.get(timeout=10).kind for _ in range(2)] == ["live", "events"]
    finally:
        feed.stop()
        silent.over.set()


def test_two_dashboards_keep_what_each_has_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "unsent.json"
    one, two = Unsent(path, "desk"), Unsent(path, "desk")
    first = one.add(7, "from one", private=False)
    two.add(7, "from two", private=True)
    assert {note.text for note in Unsent(path, "desk").of(7)} == {"from one", "from two"}
    assert one.arrived(7, first.key)
    assert [(note.text, note.private) for note in Unsent(path, "desk").of(7)] == [("from two", True)]
    assert not Unsent(path, "elsewhere").of(7)


def test_an_answer_that_is_not_inboxds_ends_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere in these tests such an error is raised: it would be a defect of ours."""
    monkeypatch.setattr(InboxdTui, "is_strict", False)

    def stumbles(outcome: Outcome) -> None:
        raise KeyError("payload")

    async def story() -> None:
        async with seated(desk) as seat:
            seat.tui.call(lambda client: {}, stumbles)
            await seat.sees("an answer that is not")

    run(story())
