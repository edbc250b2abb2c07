import json
import logging
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from inboxd.cli import main

ROOT = Path(__file__).parent.parent


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("INBOXD_"):
            monkeypatch.delenv(name)
    return tmp_path / "data"


@pytest.fixture
def initialised(data: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["init"]) == 0
    capsys.readouterr()
    return data


def answer(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_init_answers_with_the_administrators_token_and_keeps_it_for_the_command_line(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--email", "Boss@Acme.test", "--json"]) == 0
    made = answer(capsys)
    token = made["admin"].pop("access_token")
    assert made == {"account_id": 1, "admin": {"id": 1, "email": "boss@acme.test"}}
    file = data / "admin.token"
    assert file.read_text().strip() == token
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_second_init_is_refused(initialised: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 2
    assert "initialised already" in capsys.readouterr().err


def test_nobody_else_can_read_the_database(initialised: Path) -> None:
    for file in initialised.glob("inboxd.sqlite3*"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def test_commands_on_an_empty_directory_say_what_to_do(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inbox", "list"]) == 2
    assert "inboxd.py init" in capsys.readouterr().err
    assert not (data / "inboxd.sqlite3").exists()


def test_an_inbox_is_created_and_listed_without_a_server(initialised: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inbox", "create", "--name", "Shop", "--webhook-url", "https://shop.test/h", "--json"]) == 0
    made = answer(capsys)
    assert set(made) == {"id", "inbox_identifier", "hmac_token", "secret"}
    assert main(["inbox", "list", "--json"]) == 0
    assert answer(capsys) == [
        {"id": 1, "name": "Shop", "inbox_identifier": made["inbox_identifier"], "webhook_url": "https://shop.test/h"}
    ]


def test_a_refusal_of_the_application_is_exit_1_and_one_line(
    initialised: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inbox", "create", "--name", " "]) == 1
    assert capsys.readouterr().err == "inboxd: 422: Name can't be blank\n"


def test_users_and_tokens_come_and_go(initialised: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["user", "create", "--email", "ada@acme.test", "--role", "agent", "--json"]) == 0
    ada = answer(capsys)
    assert (ada["email"], ada["role"], len(ada["access_token"])) == ("ada@acme.test", "agent", 24)
    assert main(["token", "create", "--email", "ada@acme.test", "--name", "laptop", "--json"]) == 0
    token = answer(capsys)
    assert main(["token", "revoke", str(token["id"])]) == 0
    capsys.readouterr()
    assert main(["token", "list", "--json"]) == 0
    listed = answer(capsys)
    assert [one["user"]["email"] for one in listed] == ["admin@inboxd.local", "ada@acme.test"]
    assert all("access_token" not in one for one in listed)
    assert main(["token", "revoke", str(token["id"])]) == 1


def test_a_further_account_is_administered_by_who_made_it(
    initialised: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["account", "create", "--name", "Beta", "--json"]) == 0
    assert answer(capsys) == {"id": 2, "name": "Beta"}
    assert main(["inbox", "create", "--account", "2", "--name", "Other", "--json"]) == 0
    capsys.readouterr()
    assert main(["inbox", "list", "--json"]) == 0
    assert answer(capsys) == []


def test_config_masks_secrets_and_says_where_values_come_from(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INBOXD_TOKEN", "do-not-show")
    assert main(["config", "--threads", "4", "--json"]) == 0
    shown = answer(capsys)
    assert shown["threads"] == {"value": 4, "from": "flag"}
    assert shown["token"] == {"value": "********", "from": "environment"}
    assert main(["config", "--threads", "none"]) == 2


def test_what_others_wrote_cannot_steer_the_terminal(initialised: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inbox", "create", "--name", "\x1b]52;c;cHduZWQ=\x07evil\u202e"]) == 0
    capsys.readouterr()
    main(["inbox", "list"])
    shown = capsys.readouterr().out
    assert "evil" in shown
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)


class Served:
    """`serve` as a process of its own."""

    def __init__(self, data: Path) -> None:
        command = [sys.executable, str(ROOT / "inboxd.py"), "serve", "--data-dir", str(data)]
        self.process = subprocess.Popen(
            [*command, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.lines: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if " listening on " in line:
                break

    @property
    def url(self) -> str:
        return self.lines[-1].rpartition(" ")[2]

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=15)
        return self.process.returncode, said


@pytest.fixture
def served(data: Path) -> Iterator[Served]:
    made = Served(data)
    yield made
    if made.process.poll() is None:
        made.stop()


@pytest.mark.e2e
def test_serve_initialises_once_and_prints_three_lines_that_lead_to_a_message(data: Path, served: Served) -> None:
    assert re.fullmatch(r"inboxd \d+\.\d+\.\d+ listening on http://127\.0\.0\.1:\d+", served.lines[-1])
    lines = [line.strip() for line in served.lines if line.startswith("  curl ")]
    assert len(lines) == 3
    for line in lines:
        subprocess.run(line + " --silent --fail", shell=True, check=True, capture_output=True, timeout=10)
    token = (data / "admin.token").read_text().strip()
    found = requests.get(
        f"{served.url}/api/v1/accounts/1/conversations/1/messages", headers={"api_access_token": token}, timeout=10
    ).json()
    assert [message["content"] for message in found["payload"]] == ["hello"]
    assert served.stop() == (0, "")

    again = Served(data)
    assert len(again.lines) == 1
    assert again.stop(signal.SIGINT) == (0, "")


@pytest.mark.e2e
def test_commands_go_through_the_running_server(
    data: Path, served: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["inbox", "create", "--name", "Shop", "--json"]) == 0
    identifier = answer(capsys)["inbox_identifier"]
    assert requests.get(f"{served.url}/public/api/v1/inboxes/{identifier}", timeout=10).json()["name"] == "Shop"
    assert main(["serve"]) == 2
    assert "is in use by inboxd with pid" in capsys.readouterr().err

    (data / "admin.token").chmod(0o644)
    assert main(["inbox", "list"]) == 2
    assert "can be read by others" in capsys.readouterr().err
    (data / "admin.token").rename(data / "moved")
    assert main(["inbox", "list"]) == 2
    assert "INBOXD_TOKEN" in capsys.readouterr().err
    monkeypatch.setenv("INBOXD_TOKEN_FILE", str(data / "moved"))
    assert main(["inbox", "list", "--json"]) == 0
    assert [inbox["name"] for inbox in answer(capsys)] == ["Shop"]


def test_a_port_that_is_taken_is_one_line_and_nothing_is_initialised_unseen(
    data: Path, receiver: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    port = receiver.url.split(":")[2].split("/")[0]
    assert main(["serve", "--listen", f"127.0.0.1:{port}"]) == 1
    assert capsys.readouterr().err == (
        f"inboxd: cannot listen on 127.0.0.1:{port}: Address already in use; choose another with --listen\n"
    )
    assert not data.exists()
    assert main(["serve", "--data-dir", "a/b/c", "--listen", f"127.0.0.1:{port}"]) == 1
    assert not (data.parent / "a").exists()
    assert main(["init"]) == 0
    assert main(["serve", "--listen", f"127.0.0.1:{port}"]) == 1
    assert (data / "admin.token").exists()


COMMANDS = (
    "demo", "serve", "init", "config", "inbox create", "inbox list", "inbox health", "token create", "token list",
    "token revoke", "user create", "user list", "account create", "deliveries list", "deliveries show",
    "deliveries resend", "deliveries cancel", "deliveries recover", "webhook list", "webhook create", "webhook test",
    "webhook enable", "webhook rotate-secret", "webhook delete", "receiver", "verify", "listen", "import",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    has_settings = command not in ("demo", "receiver", "verify")
    assert ("--data-dir" in shown, "±20 %" in shown) == (has_settings, has_settings)


def test_help_loads_only_what_every_command_needs() -> None:
    code = (
        "import sys; from inboxd.cli import main\ntry: main(['--help'])\nfinally: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True, timeout=30
    )
    assert "walk the main job" in done.stdout
    own = {name for name in done.stderr.split() if name.startswith("inboxd.")}
    assert "inboxd.commands.webhooks" in own
    assert not own & {
        "inboxd.app",
        "inboxd.demo",
        "inboxd.listen",
        "inboxd.receiver",
        "inboxd.store.db",
        "inboxd.verify",
    }
    heavy = {"bottle", "peewee", "waitress", "requests", "textual", "rich", "multipart", "sqlite3"}
    assert not heavy & set(done.stderr.split())


def test_no_command_shows_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "walk the main job" in capsys.readouterr().out


def test_a_flag_is_not_guessed_from_its_beginning(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["config", "--webhook-thread", "3"])
    (said,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"inboxd: unrecognized arguments: --webhook-thread 3 \(see `.* config --help`\)", said)


@pytest.mark.parametrize("command", [["inbox", "list"], ["deliveries", "list"], ["webhook", "test", "1"]])
def test_an_account_that_is_not_there_is_named(
    initialised: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert main([*command, "--account", "9"]) == 1
    assert capsys.readouterr().err == "inboxd: no account 9\n"


def test_an_agent_is_put_into_inboxes_or_told_that_there_is_need(
    initialised: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["inbox", "create", "--name", "Shop"])
    capsys.readouterr()
    assert main(["user", "create", "--email", "ada@acme.test", "--inbox", "1"]) == 0
    assert "only inboxes" not in capsys.readouterr().out
    assert main(["user", "create", "--email", "bob@acme.test"]) == 0
    assert "only inboxes they are a member of" in capsys.readouterr().out
    assert main(["user", "create", "--email", "eve@acme.test", "--inbox", "1", "--inbox", "99"]) == 1
    assert "no inbox 99" in capsys.readouterr().err
    main(["user", "list"])
    assert "eve@" not in capsys.readouterr().out


def test_what_is_not_there_is_said_in_the_words_of_the_command(
    initialised: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "revoke", "99"]) == 1
    assert "no token 99" in capsys.readouterr().err
    assert main(["token", "create", "--email", "no@x.test"]) == 1
    assert "no@x.test" in capsys.readouterr().err


def test_a_file_that_is_no_database_is_one_line(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data.mkdir()
    (data / "inboxd.sqlite3").write_text("not a database, but long enough to be looked at " * 40)
    assert main(["inbox", "list"]) == 1
    said = capsys.readouterr().err
    assert "not a database" in said
    assert len(said.splitlines()) == 1


def test_a_newer_schema_says_what_to_do(initialised: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(initialised / "inboxd.sqlite3") as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    assert main(["inbox", "list"]) == 1
    assert "update inboxd, or restore a backup" in capsys.readouterr().err


def test_the_variable_names_the_settings_file_unless_the_flag_does(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (data.parent / "one.toml").write_text("threads = 4\n")
    (data.parent / "two.toml").write_text("threads = 5\n")
    monkeypatch.setenv("INBOXD_CONFIG", "one.toml")
    assert main(["config", "--json"]) == 0
    assert answer(capsys)["threads"] == {"value": 4, "from": "one.toml"}
    assert main(["config", "--config", "two.toml", "--json"]) == 0
    assert answer(capsys)["threads"] == {"value": 5, "from": "two.toml"}
    monkeypatch.setenv("INBOXD_CONFIG", "missing.toml")
    assert main(["config"]) == 2
    assert "missing.toml: no such file" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["config", "--help"])
    assert "INBOXD_CONFIG" in capsys.readouterr().out


def test_no_log_line_of_the_server_can_steer_the_terminal(
    data: Path, receiver: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # pytest's own handlers on the root logger would keep `serve` from adding its own.
    monkeypatch.setattr(logging, "root", logging.RootLogger(logging.WARNING))
    assert main(["serve", "--listen", receiver.url.split("/")[2]]) == 1
    capsys.readouterr()
    evil = "\x1b]52;c;cHduZWQ=\x07\x1b[2J\u202eevil"
    logging.root.warning("said %s", evil)
    logging.root.error("broke", exc_info=ValueError(evil))
    shown = capsys.readouterr().err
    assert shown.count("evil") == 2
    assert "ValueError: " in shown
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
