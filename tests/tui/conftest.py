import asyncio
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


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind each key the pilot waits until the process is idle, which one with a server in it seldom is. Our keys
    are done in their order, and tests wait for what they want to see."""

    async def go_on(*_: float) -> None:
        await asyncio.sleep(0)

    for module in ("app", "pilot"):
        monkeypatch.setattr(f"textual.{module}.wait_for_idle", go_on)


@pytest.fixture
def desk(live: tuple[str, str]) -> Iterator[Desk]:
    """A running server with an inbox `shop`."""
    url, token = live
    made = Desk(url, token)
    made.open_inbox()
    yield made
    made.client.close()
