from collections.abc import Iterator
from pathlib import Path

import pytest

from admin_tui.app import InboxdTui
from tests.tui.cast import Desk


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Drafts and settings of nobody else."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setattr(InboxdTui, "is_strict", True)
    return tmp_path


@pytest.fixture
def desk(live: tuple[str, str]) -> Iterator[Desk]:
    """A running server with an inbox `shop`."""
    url, token = live
    made = Desk(url, token)
    made.open_inbox()
    yield made
    made.client.close()
