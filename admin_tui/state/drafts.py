"""Unsent words, kept on disk: they survive escape, a crash and a lost connection."""

from pathlib import Path

from admin_tui.state.kept import Kept


class Drafts:
    """Each draft under the server, the conversation and its mode."""

    def __init__(self, path: Path, server: str) -> None:
        self._kept = Kept(path)
        self._server = server

    def get(self, conversation_id: int, *, private: bool) -> str:
        return str(self._kept.get(self._key(conversation_id, private)) or "")

    def set(self, conversation_id: int, text: str, *, private: bool) -> None:
        """Keep a draft; blank forgets it."""
        self._kept.set(self._key(conversation_id, private), text if text.strip() else "")

    def has(self, conversation_id: int) -> bool:
        return any(self.get(conversation_id, private=private) for private in (False, True))

    def _key(self, conversation_id: int, private: bool) -> str:
        return f"{self._server} {conversation_id} {'private' if private else 'reply'}"
