import ipaddress
import re
from pathlib import Path

import pytest

from inboxd import config
from inboxd.config import BadConfig


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    (tmp_path / "inboxd.toml").write_text('threads = 4\nwebhook_threads = 4\nlisten = "127.0.0.1:1"\n')
    environ = {"INBOXD_THREADS": "5", "INBOXD_LISTEN": "127.0.0.1:2", "PATH": "/bin"}
    made, origins = config.load({"listen": "127.0.0.1:3", "data_dir": None}, environ)
    assert (made.webhook_threads, made.threads, made.listen, made.data_dir) == (4, 5, "127.0.0.1:3", "data")
    assert origins["webhook_threads"] == "inboxd.toml"
    assert (origins["threads"], origins["listen"], origins["data_dir"]) == ("environment", "flag", "default")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"INBOXD_THREDS": "4"}, "INBOXD_THREDS: unknown setting"),
        ({"INBOXD_THREADS": "many"}, "threads: 'many' is no whole number"),
        ({"INBOXD_THREADS": "1"}, "threads: must be from 2 to 128"),
        ({"INBOXD_LISTEN": "8080"}, "listen: '8080' is not HOST:PORT"),
        ({"INBOXD_LISTEN": "localhost:99999"}, "listen: 'localhost:99999' is not HOST:PORT"),
        ({"INBOXD_WEBHOOK_SCHEDULE": "5s,soon"}, "webhook_schedule: 'soon' is no duration"),
        ({"INBOXD_ALLOW_PRIVATE": "10.0.0.0/99"}, "allow_private: '10.0.0.0/99' is neither"),
        ({"INBOXD_LOG_LEVEL": "loud"}, "log_level: must be"),
        ({"INBOXD_PUBLIC_URL": "desk.example"}, "public_url: must begin with"),
        ({"INBOXD_LISTEN_FILE": "/x"}, "INBOXD_LISTEN_FILE: only secrets are read from files"),
        ({"INBOXD_SMTP_URL": "smtp://u:s3cret@mx.test"}, "mail_from: smtp_url needs an address that mail is from"),
        (
            {"INBOXD_SMTP_URL": "smtp://u:s3/cret@mx.test"},
            "smtp_url: is not smtp[s]://[user:password@]host[:port] (special",
        ),
        ({"INBOXD_MAIL_FROM": "desk"}, "mail_from: 'desk' is neither an address nor Name <address>"),
        ({"INBOXD_TOKEN_FILE": "/does/not/exist"}, "INBOXD_TOKEN_FILE: /does/not/exist"),
    ],
)
def test_a_bad_setting_is_one_clear_line(environ: dict[str, str], said: str) -> None:
    with pytest.raises(BadConfig, match="^" + re.escape(said)):
        config.load({}, environ)


def test_an_unknown_key_or_broken_toml_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "inboxd.toml").write_text("port = 1\n")
    with pytest.raises(BadConfig, match="unknown key 'port'"):
        config.load({}, {})
    (tmp_path / "inboxd.toml").write_text("port = \n")
    with pytest.raises(BadConfig, match=r"^inboxd\.toml: "):
        config.load({}, {})


def test_a_named_settings_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="no such file"):
        config.load({}, {}, tmp_path / "missing.toml")


def test_a_secret_is_read_from_the_file_that_its_variable_names(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    made, origins = config.load({}, {"INBOXD_TOKEN_FILE": str(tmp_path / "token")})
    assert (made.token, origins["token"]) == ("s3cret", "environment")


def test_only_a_server_on_loopback_may_deliver_to_loopback() -> None:
    local, _ = config.load({}, {})
    public, _ = config.load({}, {"INBOXD_LISTEN": "0.0.0.0:8080"})
    assert local.guard.allows("localhost", "127.0.0.1")
    assert not public.guard.allows("localhost", "127.0.0.1")


def test_allow_private_takes_networks_and_hosts() -> None:
    made, _ = config.load({}, {"INBOXD_LISTEN": "0.0.0.0:80", "INBOXD_ALLOW_PRIVATE": "10.1.0.0/16, Hook.internal"})
    assert made.guard.allows("any", "10.1.2.3")
    assert not made.guard.allows("any", "10.2.2.3")
    assert made.guard.allows("hook.internal", "192.168.0.9")
    assert ipaddress.ip_network("10.1.0.0/16") in made.guard.networks


@pytest.mark.parametrize("value", ["2.9", "2.0", "true", "[2]", "inf"])
def test_a_whole_number_is_not_made_of_something_else(tmp_path: Path, value: str) -> None:
    (tmp_path / "inboxd.toml").write_text(f"webhook_threads = {value}\n")
    with pytest.raises(BadConfig, match=r"^webhook_threads: .* is no whole number \(inboxd\.toml\)"):
        config.load({}, {})
