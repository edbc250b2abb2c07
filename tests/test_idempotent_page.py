"""The page "Handle webhooks idempotently" of the README, run as it is written there."""

import json
import os
import re
import shlex
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from inboxd import cli
from inboxd.domain import signing
from inboxd.verify import Capture
from tests import docs

SECRET = "3mJr7AoUXx2Wqd9VtKe5pYbQ"
BODY = json.dumps({"event": "message_created", "event_seq": 7, "content": "zurück\r\n\r\n"}).encode()


def block(language: str) -> str:
    """The page's only block in this language."""
    page = docs.README.read_text().split("\n### Handle webhooks idempotently\n")[1]
    found = re.findall(rf"^```{language}\n(.*?)^```$", re.split(r"^##", page, flags=re.MULTILINE)[0], re.DOTALL | re.M)
    assert len(found) == 1
    return str(found[0])


def signed(delivery_id: str, *, age_s: int = 0, body: bytes = BODY) -> dict[str, str]:
    return signing.headers([SECRET], delivery_id, int(time.time()) - age_s, body)


def test_the_python_example_is_at_most_20_lines() -> None:
    assert len(block("python").splitlines()) <= 20


def test_the_commands_on_the_page_are_commands() -> None:
    for line in block("sh").splitlines():
        words = shlex.split(line, comments=True)
        assert words[:2] == ["python3", "inboxd.py"]
        assert cli._parser().parse_args(words[2:]).run is not None


@pytest.fixture
def example(tmp_path: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free_port = listener.getsockname()[1]
    # So long an idle connection keeps the others waiting, and this test.
    patience = re.compile(r"^( *timeout = )5\b", re.MULTILINE)
    hasty, replaced = patience.subn(r"\g<1>1.5", block("python"))
    assert replaced == 1
    (tmp_path / "example.py").write_text(hasty)
    process = subprocess.Popen(
        [sys.executable, "example.py"],
        cwd=tmp_path,
        env={**os.environ, "SECRET": SECRET, "PORT": str(free_port)},
        stderr=subprocess.DEVNULL,
    )
    yield f"http://127.0.0.1:{free_port}/"
    process.terminate()
    process.wait(10)


@pytest.mark.e2e
def test_the_python_example_handles_each_genuine_event_once(tmp_path: Path, example: str) -> None:
    with requests.Session() as session:
        # Refused until it listens.
        session.mount("http://", HTTPAdapter(max_retries=Retry(connect=8, backoff_factor=0.05)))

        def post(headers: dict[str, str], body: bytes = BODY) -> int:
            return session.post(example, data=body, headers=headers, timeout=10).status_code

        genuine, old = signed("one"), signing.headers(["a" * 24, SECRET], "two", int(time.time()), BODY)
        assert [post(genuine), post(signed("one")), post(old)] == [200, 200, 200]
        assert post(signed("forged"), BODY + b" ") == 401
        assert post({**signed("forged"), "webhook-id": "other"}) == 401
        assert post(signed("stale", age_s=900)) == 401
        assert post({}) == 401
    with sqlite3.connect(tmp_path / "shop.sqlite3") as connection:
        rows = connection.execute("SELECT id, event, seq FROM handled ORDER BY id").fetchall()
    connection.close()
    assert rows == [("one", "message_created", 7), ("two", "message_created", 7)]


@pytest.mark.e2e
def test_an_idle_connection_holds_up_the_python_example_for_a_while_only(example: str) -> None:
    port = int(example.split(":")[2].strip("/"))
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=Retry(connect=8, backoff_factor=0.05)))
        assert session.post(example, data=BODY, headers=signed("one"), timeout=10).status_code == 200
        with socket.create_connection(("127.0.0.1", port)):
            assert session.post(example, data=BODY, headers=signed("two"), timeout=15).status_code == 200


@pytest.mark.e2e
@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_the_shell_example_says_of_each_signature_whether_it_is_right(tmp_path: Path, ending: str) -> None:
    def run(name: str, headers: dict[str, str], body: bytes = BODY, secret: str = SECRET) -> tuple[int, list[str]]:
        head = Capture("POST /hook HTTP/1.1", tuple(headers.items()), b"").raw()
        (tmp_path / name).write_bytes(head.replace(b"\r\n", ending.encode()) + body)
        done = subprocess.run(
            ["bash", "-c", block("bash"), "verify.sh", name],
            cwd=tmp_path,
            env={**os.environ, "SECRET": secret},
            check=False,
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()

    assert run("genuine", signed("one")) == (0, ["X-Chatwoot-Signature: right", "webhook-signature: right"])
    both = ["X-Chatwoot-Signature: wrong", "webhook-signature: wrong"]
    assert run("changed", signed("one"), BODY + b"\n") == (1, both)
    half = {**signed("one"), "X-Chatwoot-Signature": "sha256=00"}
    assert run("half", half) == (0, ["X-Chatwoot-Signature: wrong", "webhook-signature: right"])
    assert run("genuine", signed("one"), secret=f"whsec_{SECRET}")[0] == 0


@pytest.mark.e2e
@pytest.mark.parametrize(("name", "secret"), [("missing", SECRET), ("there", ""), ("there", "whsec_")])
def test_the_shell_example_wants_a_file_and_a_secret(tmp_path: Path, name: str, secret: str) -> None:
    (tmp_path / "there").write_bytes(BODY)
    done = subprocess.run(
        ["bash", "-c", block("bash"), "verify.sh", name],
        cwd=tmp_path,
        env={**os.environ, "SECRET": secret},
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "usage: SECRET=… bash verify.sh CAPTURE\n"
