import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from inboxd.cli import main
from inboxd.client import Client
from inboxd.commands.common import client
from inboxd.commands.imports import TOKEN, Progress
from inboxd.config import Config
from tests.commands.cast import Capsys
from tests.test_cli import Served, answer

T0 = 1_600_000_000


def lines(messages: int) -> list[dict[str, Any]]:
    talk = {"type": "conversation", "source_id": "t", "contact": "c", "inbox": 1, "created_at": T0}
    said = [
        {"type": "message", "source_id": f"m{n}", "conversation": "t", "content": str(n), "created_at": T0 + n}
        for n in range(messages)
    ]
    return [{"type": "contact", "source_id": "c", "name": "Ann"}, talk, *said]


def write(path: Path, rows: list[Any]) -> str:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return str(path)


def test_a_file_is_imported_in_chunks_and_again_without_effect(shop: Path, tmp_path: Path, capsys: Capsys) -> None:
    file = write(tmp_path / "old.ndjson", lines(1_200))
    assert main(["import", file]) == 0
    assert capsys.readouterr().out == "contacts: 1 new\nconversations: 1 new\nmessages: 1200 new\n"
    assert main(["import", file, "--json"]) == 0
    assert answer(capsys)["messages"] == {"created": 0, "updated": 0, "skipped": 1_200}


def test_problems_have_the_line_numbers_of_the_file(shop: Path, tmp_path: Path, capsys: Capsys) -> None:
    file = write(tmp_path / "old.ndjson", [*lines(600), "{nonsense", {"type": "contact", "source_id": "d"}])
    assert main(["import", file]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "contacts: 2 new"
    assert said[3].startswith("line 603: The line is not JSON")
    assert said[4] == "1 could not be imported; repair them and run this again"


def test_what_others_need_may_stand_below_them(shop: Path, tmp_path: Path, capsys: Capsys) -> None:
    file = write(tmp_path / "old.ndjson", ["", *reversed(lines(600)), '{"type": "message", "source_id": ["nonsense"]}'])
    assert main(["import", file]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[:3] == ["contacts: 1 new", "conversations: 1 new", "messages: 600 new"]
    assert [line.partition(":")[0] for line in said[3:-1]] == ["line 604"]


def test_a_line_beyond_all_measure_is_a_problem_like_another(shop: Path, tmp_path: Path, capsys: Capsys) -> None:
    file = tmp_path / "old.ndjson"
    file.write_bytes(b"x" * 50_000_000 + b'\n{"type": "contact", "source_id": "c"}\n' + b"y" * 9_000_000)
    assert main(["import", str(file)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "contacts: 1 new"
    assert said[3:5] == [f"line {number}: The line is larger than 4194304 bytes" for number in (1, 3)]


def test_a_pipe_cannot_be_read_twice(shop: Path, capsys: Capsys) -> None:
    read, write_end = os.pipe()
    os.close(write_end)
    assert main(["import", f"/dev/fd/{read}"]) == 2
    os.close(read)
    assert "can be read only once: make a file of it first" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_one_line(shop: Path, capsys: Capsys) -> None:
    assert main(["import", "nowhere.ndjson"]) == 1
    assert capsys.readouterr().err == "inboxd: nowhere.ndjson: No such file or directory\n"


class Terminal:
    def __init__(self, *, is_terminal: bool) -> None:
        self.text = ""
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def test_progress_rewrites_a_line_on_a_terminal_alone() -> None:
    screen, log = Terminal(is_terminal=True), Terminal(is_terminal=False)
    for out in (screen, log):
        progress = Progress(out)  # type: ignore[arg-type]
        progress.show("contacts", 1, 2)
        progress.show("contacts", 2, 2)
        progress.end()
    assert screen.text == (f"\r[{'#' * 15}{'.' * 15}] contacts: 1 of 2\x1b[K\r[{'#' * 30}] contacts: 2 of 2\x1b[K\n")
    assert log.text == ""


@pytest.mark.parametrize("wide", [40, 50, 60])
def test_progress_fits_into_its_line(monkeypatch: pytest.MonkeyPatch, wide: int) -> None:
    monkeypatch.setenv("COLUMNS", str(wide))
    screen = Terminal(is_terminal=True)
    Progress(screen).show("conversations of inbox 1", 32, 64)  # type: ignore[arg-type]
    shown = screen.text.removeprefix("\r").removesuffix("\x1b[K")
    assert len(shown) < wide
    assert shown.endswith("conversations of inbox 1: 32 of 64")


def test_what_is_missing_for_a_chatwoot_is_said(shop: Path, capsys: Capsys) -> None:
    assert main(["import", "chatwoot", "--url", "https://desk.test"]) == 2
    assert TOKEN in capsys.readouterr().err
    assert main(["import", "chatwoot", "--token", "secret-1", "--url", "desk.test"]) == 2
    said = capsys.readouterr().err
    assert "--url" in said
    assert "secret-1" not in said
    assert main(["import", "old.ndjson", "--url", "https://desk.test"]) == 2


@pytest.mark.parametrize("token", ["secret 1", "secret\n1", "tök€n-secret", "\x1b[31msecret"])
def test_a_token_that_no_header_can_carry_is_not_shown(
    shop: Path, tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    (tmp_path / "token").write_text(token)
    asked = ["import", "chatwoot", "--url", "https://desk.test"]
    assert main([*asked, "--token-file", str(tmp_path / "token")]) == 2
    assert main([*asked, "--token", token]) == 2
    monkeypatch.setenv(TOKEN, token)
    assert main(asked) == 2
    said = capsys.readouterr().err
    assert said.count("the token of the Chatwoot is none") == 3
    assert "secret" not in said


@pytest.mark.parametrize("url", ["desk.test", "ftp://desk.test", "http://", "http://[::1", "http://a b", "https://a\n"])
def test_what_is_no_address_of_a_chatwoot_is_said(shop: Path, capsys: Capsys, url: str) -> None:
    assert main(["import", "chatwoot", "--token", "t", "--url", url]) == 2
    assert "--url must be where the Chatwoot is" in capsys.readouterr().err


@pytest.mark.e2e
def test_a_running_server_is_copied_into_another_over_sockets_twice(
    live: tuple[str, str], data: Path, tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, token = live
    desk = Client(url, token)
    inbox = desk.create_inbox("Shop")
    desk.call("POST", "/contacts", name="Ann", email="ann@example.test", inbox_id=inbox["id"], source_id="ann")
    number = desk.call("POST", "/conversations", source_id="ann")["id"]
    for n in range(3):
        desk.call("POST", f"/conversations/{number}/messages", content=str(n), message_type="incoming")
    served = Served(data)
    (tmp_path / "token").write_text(token + "\n")
    try:
        assert main(["import", "chatwoot", "--url", url, "--token-file", str(tmp_path / "token"), "--json"]) == 0
        first = answer(capsys)
        monkeypatch.setenv(TOKEN, token)
        assert main(["import", "chatwoot", "--url", url]) == 0
        second = capsys.readouterr().out
        with client(Config(data_dir=str(data)), 1) as here:
            [talk] = here.conversations()
            thread = here.messages(talk["id"])
    finally:
        code, said = served.stop(signal.SIGTERM)
    assert code == 0
    assert (first["inboxes"]["created"], first["messages"]["created"], first["problems"]) == (1, 3, [])
    assert second.splitlines()[-3:] == [
        "contacts: 1 here already", "conversations: 1 here already", "messages: 3 here already",
    ]  # fmt: skip
    assert [one["content"] for one in thread] == ["0", "1", "2"]
    assert token not in said
    desk.close()
