"""What has to outlive the process: JSON in files that their owner alone reads."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Kept:
    """Values by key in one file. It is read again before each change: two dashboards may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._all = self._read()

    def get(self, key: str) -> Any:
        return self._all.get(key)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._all))

    def set(self, key: str, value: Any) -> None:
        """Keep a value; nothing forgets it. A disk that cannot take it is no reason to stop."""
        if self._all.get(key) == (value or None):
            return
        self._all = self._read(self._all)
        if value:
            self._all[key] = value
        else:
            self._all.pop(key, None)
        with contextlib.suppress(OSError):
            self._write()

    def _read(self, otherwise: dict[str, Any] | None = None) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(self._path.read_text())
            if isinstance(found, dict):
                return found
        return dict(otherwise or {})

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(self._all, file)
        fresh.replace(self._path)
