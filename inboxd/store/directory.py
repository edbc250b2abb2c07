"""Whose a data directory is. Light: commands ask this before they load anything of a server."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

_LOCK = "inboxd.lock"


class NotInitialised(Exception):
    """The data directory holds no account yet."""

    def __init__(self) -> None:
        super().__init__("this data directory is empty: run `inboxd.py init` or `inboxd.py serve`")


class StoreInUse(Exception):
    """Another process owns the data directory; `owner` is what it wrote about itself."""

    def __init__(self, directory: Path, owner: dict[str, Any]) -> None:
        where = f" on {owner['url']}" if owner.get("url") else ""
        super().__init__(
            f"{directory} is in use by inboxd with pid {owner.get('pid', '?')}{where}: "
            "stop it or choose another --data-dir"
        )
        self.owner = owner


def own(directory: Path) -> Any:
    """The lock file; whoever has it open has the directory. Raises StoreInUse."""
    handle = (directory / _LOCK).open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        try:
            owner = json.loads(handle.read() or "{}")
        except ValueError:
            owner = {}
        handle.close()
        raise StoreInUse(directory, owner) from None
    write_owner(handle, {})
    return handle


def owner_of(directory: Path) -> dict[str, Any] | None:
    """What the process that has the data directory wrote about itself; None when nobody has it."""
    try:
        with (directory / _LOCK).open("r+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                found = json.loads(handle.read() or "{}")
                return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        pass
    return None


def write_owner(handle: Any, about: dict[str, Any]) -> None:
    handle.seek(0)
    handle.truncate()
    handle.write(json.dumps({"pid": os.getpid(), **about}))
    handle.flush()
