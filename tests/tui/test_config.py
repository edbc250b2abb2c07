import argparse
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from admin_tui import web
from admin_tui.config import Settings, dumped, load
from admin_tui.keys import problems, table
from inboxd.commands.common import Stop
from inboxd.commands.dashboard import _in_the_clear, _server
from inboxd.config import Config
from tests.tui.cast import Desk, run, seated
from tests.tui.pty import ROOT


def test_each_mistake_in_the_file_is_one_warning_and_its_default_holds(tmp_path: Path) -> None:
    path = tmp_path / "tui.toml"
    path.write_text(
        'theme = 3\nenter_sends = "yes"\nclipboard = "pigeon"\nascii = true\nnonsense = 1\npath = "x"\n'
        '[keys]\n"conv.resolve" = "E"\n"conv.reply" = 7\n'
    )
    found = load(path)
    assert (found.theme, found.enter_sends, found.clipboard, found.ascii) == ("inboxd-dark", False, "auto", "true")
    assert found.keys == {"conv.resolve": "E"}
    for word in ("theme", "enter_sends", "clipboard", "nonsense", "path", "conv.reply"):
        assert sum(word in problem.partition(": ")[2] for problem in found.problems) == 1, word
    assert len(found.problems) == 6


@pytest.mark.parametrize("text", ["x = [", "\x00", "\udcff"])
def test_a_file_that_cannot_be_read_is_one_warning(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tui.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert len(load(path).problems) == 1


def test_unknown_actions_and_clashes_are_told() -> None:
    assert problems({}) == []
    assert problems({"nothing": "x"}) == ["keys: there is no action 'nothing'"]
    assert problems({"conv.resolve": "r"}) == ["keys: 'r' is both conv.reply and conv.resolve"]


def test_what_is_dumped_is_read_back(tmp_path: Path) -> None:
    wanted = Settings(theme="nord", mouse=False, keys={"conv.resolve": "E"})
    path = tmp_path / "tui.toml"
    path.write_text(dumped(wanted))
    again = load(path)
    assert (again.theme, again.mouse, again.keys, again.problems) == ("nord", False, {"conv.resolve": "E"}, ())
    assert tomllib.loads(dumped(Settings()))["theme"] == "inboxd-dark"


def test_the_key_table_has_every_action_once() -> None:
    rows = table()
    assert len({row[3] for row in rows}) == len(rows)
    assert ("ctrl+r F5", "Refresh: offline: try now", "everywhere", "refresh") in rows


def test_a_rebound_key_works_and_mistakes_are_said(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        keys = {"conv.resolve": "E", "no.such": "x"}
        async with seated(desk, keys=keys, problems=("tui.toml: nonsense",)) as seat:
            await seat.sees("there is no action 'no.such'")
            await seat.sees("nonsense")
            await seat.until(lambda: seat.screen.talks.rows)
            await seat.press("E")
            await seat.until(lambda: desk.client.conversation(number)["status"] == "resolved")

    run(story())


@pytest.mark.parametrize(
    "where", ["0.0.0.0:80", "192.168.1.5:8765", "example.com:80", "127.0.0.1:0", "127.0.0.1", "[::]:9"]
)
def test_the_web_is_served_to_this_machine_only(where: str) -> None:
    with pytest.raises(web.Refused):
        web.address(where)


def test_the_child_of_the_web_has_no_token_in_its_command_line() -> None:
    assert web.address("localhost:9000") == ("localhost", 9000)
    assert web.address("[::1]:9000") == ("::1", 9000)
    flags = web.passed_on({"open": "deliveries", "read_only": True, "theme": "", "account": 2, "token_file": "secret"})
    assert flags == ["--open=deliveries", "--read-only", "--account=2"]
    assert "secret" not in web.command("http://127.0.0.1:1", flags)


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"Host": "127.0.0.1:8765"}, True),
        ({"Host": "localhost:9000", "Origin": "http://localhost:9000"}, True),
        ({"Host": "[::1]:8765", "Origin": "http://[::1]:8765"}, True),
        ({"Host": "127.0.0.1:8765", "Origin": "http://evil.example"}, False),
        ({"Host": "127.0.0.1:8765", "Origin": "null"}, False),
        ({"Host": "evil.example:8765", "Origin": "http://evil.example:8765"}, False),
        ({"Host": "127.0.0.1:8765", "Origin": "http://127.0.0.1:3000"}, False),
        ({"Host": "[", "Origin": "http://["}, False),
        ({}, False),
    ],
)
def test_the_web_answers_its_own_page_only(headers: dict[str, str], is_ours: bool) -> None:
    assert web.is_from_here(headers) is is_ours


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8080", "ftp://x", "https://", "http://x:port", "http://x?a=1", "http://x/#a", "https://me:secret@x",
     "http://a b", "http://:80"],
)  # fmt: skip
def test_a_url_that_is_none_is_refused_before_anything_is_drawn(url: str) -> None:
    given = argparse.Namespace(url=url, token_file="")
    with pytest.raises(Stop, match="--url takes http://HOST"):
        _server(Config(token="t"), given)


@pytest.mark.parametrize("url", ["https://desk.example/support/", "http://[::1]:8080", "http://desk.example:80"])
def test_a_url_may_have_a_port_and_a_path(url: str) -> None:
    assert _server(Config(token="t"), argparse.Namespace(url=url, token_file="")) == (url, "t")


@pytest.mark.parametrize(
    ("url", "warns"),
    [("http://desk.example:80/x", True), ("http://10.0.0.7", True), ("https://desk.example", False),
     ("http://127.0.0.1:8080", False), ("http://localhost", False), ("http://[::1]:1", False)],
)  # fmt: skip
def test_a_token_that_travels_in_the_clear_is_warned_of(url: str, warns: bool) -> None:
    assert bool(_in_the_clear(url)) is warns


def test_a_token_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("secret\n")
    path.chmod(0o644)
    given = argparse.Namespace(url="http://127.0.0.1:1", token_file=str(path))
    with pytest.raises(Stop, match="chmod 600"):
        _server(Config(), given)
    path.chmod(0o600)
    assert _server(Config(), given) == ("http://127.0.0.1:1", "secret")


def test_without_a_server_it_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(Stop, match=r"inboxd\.py serve"):
        _server(Config(data_dir=str(tmp_path)), argparse.Namespace(url="", token_file=""))


def test_without_the_extra_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['textual_serve'] = None\nfrom inboxd.cli import main\nsys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, "tui", "--web", "--url", "http://127.0.0.1:1"],
        cwd=ROOT, capture_output=True, text=True, timeout=30, env={"INBOXD_TOKEN": "t", "PATH": ""}, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "pip install 'textual-serve>=1.1,<2'" in done.stderr
