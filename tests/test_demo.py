import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from inboxd import demo
from inboxd.client import Client
from tests.cast import Receiver

ROOT = Path(__file__).parent.parent


def test_the_demo_walks_the_main_job_and_shows_curl_lines() -> None:
    out = io.StringIO()
    assert demo.walk(out) == 0
    said = out.getvalue()
    assert said.count("   $ curl ") == 8
    assert said.count("both signatures verified") == 3
    assert "All of it worked" in said


def test_a_step_that_fails_says_which_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    real = requests.Session.request

    def breaks_at_the_message(session: requests.Session, method: str, url: str, **kwargs: object) -> requests.Response:
        if url.endswith("/messages"):
            kwargs["json"] = {"content": ""}
        return real(session, method, url, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(requests.Session, "request", breaks_at_the_message)
    out = io.StringIO()
    assert demo.walk(out) == 1
    assert "FAILED in step 4, … sends a message: expected 200, got 422" in out.getvalue()


def test_a_server_stays_with_a_history_until_it_is_interrupted() -> None:
    seen: dict[str, Any] = {}

    class Out(io.StringIO):
        def write(self, text: str) -> int:
            if "Look at them" in text:
                found = re.search(r"INBOXD_TOKEN=(\S+) .* --url (\S+)", text)
                assert found is not None
                client = Client(found[2], found[1], retries=0)
                seen["meta"] = client.call("GET", "/conversations", status="all")["data"]["meta"]
                seen["rated"] = client.call("GET", "/csat_survey_responses/metrics")["total_count"]
                seen["week"] = client.report("/reports/summary", type="account", since=0)
                client.close()
                raise KeyboardInterrupt
            return super().write(text)

    assert demo.stay(Out(), days=8) == 0
    assert seen["meta"]["all_count"] == seen["week"]["conversations_count"] > 15
    assert seen["rated"] > 0
    assert seen["week"]["avg_first_response_time"] > 60


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_of_a_server_that_is_told_to_end(tmp_path: Path, number: int) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "INBOXD_NO_BOOTSTRAP": "1"}
    run = [sys.executable, "-c", "from inboxd.cli import main; main(['demo', '--stay'])"]
    with subprocess.Popen(run, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "are being played" in process.stdout.readline()
        assert list(tmp_path.glob("inboxd-demo-*"))
        process.send_signal(number)
        process.communicate(timeout=30)
    assert not list(tmp_path.iterdir())


def test_a_proxy_of_the_environment_has_no_part_in_the_demo(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", receiver.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    out = io.StringIO()
    assert demo.walk(out) == 0, out.getvalue()
    assert receiver.received == []
