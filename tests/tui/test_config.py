import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from admin_tui import web
from admin_tui.config import Settings, dumped, load
from admin_tui.keys import problems, table
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


def test_without_the_extra_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['textual_serve'] = None\nfrom inboxd.cli import main\nsys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, "tui", "--web", "--url", "http://127.0.0.1:1"],
        cwd=ROOT, capture_output=True, text=True, timeout=30, env={"INBOXD_TOKEN": "t", "PATH": ""}, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "pip install 'inboxd[web]'" in done.stderr
