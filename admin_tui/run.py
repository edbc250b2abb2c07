"""Starts the dashboard."""

import gc

from admin_tui import fixes
from admin_tui.app import InboxdTui
from admin_tui.config import Settings


def run(
    url: str, token: str, settings: Settings, *, account_id: int = 1, start_at: str = "", no_color: bool = False
) -> int:
    """Until somebody quits; returns the exit code."""
    from inboxd.client import Client

    fixes.tolerate_bytes()
    fixes.outlive_the_terminal()
    app = InboxdTui(
        lambda: Client(url, token, account_id=account_id, timeout_s=10, retries=0),
        settings,
        server=url.rsplit("://", maxsplit=1)[-1],
        start_at=start_at,
        no_color=no_color,
        secret=token,
    )
    # What is imported never becomes garbage: looking through it every now and then would be a pause between two keys.
    gc.freeze()
    gc.set_threshold(5_000, 20, 10)
    app.run(mouse=settings.mouse)
    # Nor does the end look for garbage in everything that was fetched.
    gc.freeze()
    return app.return_code or 0
