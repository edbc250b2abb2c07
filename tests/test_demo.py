import io

import pytest
import requests

from inboxd import demo


def test_the_demo_walks_the_main_job_and_shows_curl_lines() -> None:
    out = io.StringIO()
    assert demo.walk(out) == 0
    said = out.getvalue()
    assert said.count("   $ curl ") == 8
    assert said.count("both signatures verified") == 3
    assert "All of it worked" in said


def test_a_step_that_fails_says_which_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    real = requests.request

    def breaks_at_the_message(method: str, url: str, **kwargs: object) -> requests.Response:
        if url.endswith("/messages"):
            kwargs["json"] = {"content": ""}
        return real(method, url, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(requests, "request", breaks_at_the_message)
    out = io.StringIO()
    assert demo.walk(out) == 1
    assert "FAILED in step 4, … sends a message: expected 200, got 422" in out.getvalue()
