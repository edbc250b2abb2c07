"""What the tests of commands share."""

from pathlib import Path
from typing import Any

import pytest

from inboxd.commands.common import client
from inboxd.config import Config

Capsys = pytest.CaptureFixture[str]


def hear(data: Path, name: str) -> Any:
    """The first event of this name, once it is on the feed of the server that runs there."""
    with client(Config(data_dir=str(data)), 1) as desk:
        found, _ = desk.events(types=[name], wait_s=20)
    return found[0]["payload"]


def connect_bot(data: Path, url: str) -> None:
    """Bot 1 in inbox 1, and a message that it is told of."""
    with client(Config(data_dir=str(data)), 1) as desk:
        bot = desk.call("POST", "/agent_bots", name="Bot", outgoing_url=url)
        desk.call("POST", "/inboxes/1/set_agent_bot", agent_bot=bot["id"])
        desk.call("POST", "/conversations/1/messages", content="three", message_type="incoming")
