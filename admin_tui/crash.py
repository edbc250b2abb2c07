"""What is left of a crash: a report for whoever mends it, without values, tokens or anybody's words."""

import os
import time
import traceback
from pathlib import Path

from admin_tui.config import state_dir
from admin_tui.text import line
from inboxd.domain.text import clean


def report(error: BaseException, secret: str = "") -> list[str]:
    """Write where it happened into a file that only its owner reads; the lines to leave on the terminal."""
    text = "".join(traceback.format_exception(error))
    path = state_dir() / time.strftime("crash-%Y%m%d-%H%M%S.txt")
    where = str(path)
    try:
        _write(path, clean(text.replace(secret, "********") if secret else text))
    except OSError as refused:
        where = f"could not be written: {refused.strerror}"
    return [
        f"inboxd: the dashboard stopped, by a defect of its own: {type(error).__name__}",
        f"report: {line(where)}",
        "Drafts are kept and the server is not touched: start it again.",
    ]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
