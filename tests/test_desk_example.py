"""The lines of "The desk over HTTP" in the README, run as they are written there against a real server."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from inboxd.client import Client
from tests import docs


def block() -> str:
    page = docs.README.read_text().split("\n## The desk over HTTP\n")[1].split("\n### ")[0]
    [found] = re.findall(r"^```sh\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    return str(found)


@pytest.mark.e2e
def test_the_lines_of_the_desk_do_what_they_say(live: tuple[str, str], tmp_path: Path) -> None:
    url, token = live
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "admin.token").write_text(token)
    desk = Client(url, token)
    inbox = desk.create_inbox("Shop")
    contacts = f"{url}/public/api/v1/inboxes/{inbox['inbox_identifier']}/contacts"
    with requests.Session() as session:
        session.post(contacts, json={"source_id": "ann", "name": "Ann Lee"}, timeout=30)
        session.post(f"{contacts}/ann/conversations", timeout=30)
        session.post(f"{contacts}/ann/conversations/1/messages", json={"content": "My order?"}, timeout=30)
    desk.call("POST", "/conversations/1/messages", content="It left today.")

    said = lines(tmp_path, url)
    settings = said[0]
    assert (settings["greeting_enabled"], settings["csat_survey_enabled"]) == (True, True)
    friday = settings["working_hours"][5]
    assert (friday["open_hour"], friday["close_hour"], friday["close_minutes"]) == (9, 14, 30)
    assert settings["auto_assignment_config"] == {"max_assignment_limit": 5}
    assert said[1]["settings"]["auto_resolve_after"] == 1440
    assert (said[3]["name"], said[3]["assigned_inbox_count"]) == ("Calm", 1)
    assert said[5] == {
        "applies": True,
        "conditions": [
            [{"attribute_key": "content", "filter_operator": "contains", "holds": True, "saw": ["It left today."]}]
        ],
        "actions": [{"action_name": "add_label", "action_params": ["shipped"]}],
    }
    assert said[6]["payload"]["name"] == "Done"
    assert desk.call("GET", "/conversations/1")["status"] == "resolved"
    written = [one["content"] for one in desk.call("GET", "/conversations/1/messages")["payload"]]
    assert "Good-bye Ann." in written
    assert "Please rate the conversation" in written


def lines(folder: Path, url: str) -> list[Any]:
    """Every answer that has a body, in their order."""
    script = block().replace("http://127.0.0.1:8080", url)
    environment = {**os.environ, "no_proxy": "127.0.0.1"}
    run = ["bash", "-eu", "-c", script]
    done = subprocess.run(run, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=True)
    decoder, rest, found = json.JSONDecoder(), done.stdout.strip(), []
    while rest:
        one, end = decoder.raw_decode(rest)
        found.append(one)
        rest = rest[end:].strip()
    return found
