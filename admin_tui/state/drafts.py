"""Unsent words, kept on disk: they survive escape, a crash and a lost connection."""

import contextlib
import json
import os
from pathlib import Path


class Drafts:
    """One file, readable by its owner alone; each draft under the server, the conversation and its mode."""

    def __init__(self, path: Path, server: str) -> None:
        self._path = path
        self._server = server
        self._all: dict[str, str] = {}
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(path.read_text())
            self._all = {str(key): str(text) for key, text in found.items()} if isinstance(found, dict) else {}

    def get(self, conversation_id: int, *, private: bool) -> str:
        return self._all.get(self._key(conversation_id, private), "")

    def set(self, conversation_id: int, text: str, *, private: bool) -> None:
        """Keep a draft; blank forgets it. A disk that cannot take it is no reason to stop typing."""
        key = self._key(conversation_id, private)
        if self._all.get(key, "") == text:
            return
        if text.strip():
            self._all[key] = text
        else:
            self._all.pop(key, None)
        with contextlib.suppress(OSError):
            self._write()

    def has(self, conversation_id: int) -> bool:
        return any(self._key(conversation_id, private) in self._all for private in (False, True))

    def _key(self, conversation_id: int, private: bool) -> str:
        return f"{self._server} {conversation_id} {'private' if private else 'reply'}"

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(self._all, file)
        fresh.replace(self._path)
