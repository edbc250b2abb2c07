from pathlib import Path

import pytest

from inboxd.cli import main
from inboxd.commands.common import client
from inboxd.config import Config
from tests.cast import Receiver
from tests.test_cli import data, initialised

__all__ = ["data", "initialised"]


@pytest.fixture(autouse=True)
def _hundred_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def shop(initialised: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> Path:
    """Inbox 1 with its webhook, conversation 1, and three deliveries that nobody sent yet."""
    assert main(["inbox", "create", "--name", "Shop", "--webhook-url", receiver.url]) == 0
    with client(Config(data_dir=str(initialised)), 1) as desk:
        desk.call("POST", "/contacts", name="Ann", inbox_id=1, source_id="ann")
        desk.call("POST", "/conversations", source_id="ann")
        for content in ("one", "two"):
            desk.call("POST", "/conversations/1/messages", content=content, message_type="incoming")
    capsys.readouterr()
    return initialised
