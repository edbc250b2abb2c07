"""Messages that were sent and are not known to have arrived."""

import contextlib
import time
import uuid
from pathlib import Path
from typing import Any

from admin_tui.state.conversations import Note
from admin_tui.state.kept import Kept

_ENDED = "the dashboard ended before the answer came"


class Unsent:
    """By conversation, on disk under their echo_id: it is the Idempotency-Key too, so that sent again, even by another
    process, each is still one message."""

    def __init__(self, path: Path, server: str) -> None:
        self._kept = Kept(path)
        self._server = server
        self._notes: dict[int, list[Note]] = {}
        for key in self._kept:
            host, number, *_ = [*key.split(" "), ""]
            if host == server and number.isdecimal():
                with contextlib.suppress(LookupError, TypeError):
                    self._notes.setdefault(int(number), []).append(_note(self._kept.get(key)))

    def of(self, conversation_id: int) -> list[Note]:
        return self._notes.get(conversation_id, [])

    def waits_for(self, key: str) -> bool:
        return any(one.key == key for notes in self._notes.values() for one in notes)

    def add(self, conversation_id: int, text: str, *, private: bool, key: str = "") -> Note:
        note = Note(key or f"echo-{uuid.uuid4()}", "outgoing", "", text, time.time(), private, "sending", mine=True)
        self._notes.setdefault(conversation_id, []).append(note)
        found = {"key": note.key, "text": text, "private": private, "at": note.at}
        self._kept.set(self._place(conversation_id, note.key), found)
        return note

    def arrived(self, conversation_id: int, key: str) -> bool:
        """Whether one with this echo_id was waited for."""
        before = self.of(conversation_id)
        after = [one for one in before if one.key != key]
        self._notes[conversation_id] = after
        self._kept.set(self._place(conversation_id, key), None)
        return len(after) != len(before)

    def take_failed(self, conversation_id: int) -> Note | None:
        """The last one that failed, to write it anew."""
        failed = [one for one in self.of(conversation_id) if one.status == "failed"]
        if not failed:
            return None
        self.arrived(conversation_id, failed[-1].key)
        return failed[-1]

    def _place(self, conversation_id: int, key: str) -> str:
        """Each message has its own: another dashboard may keep some of the same conversation."""
        return f"{self._server} {conversation_id} {key}"


def _note(found: dict[str, Any]) -> Note:
    return Note(found["key"], "outgoing", "", found["text"], found["at"], found["private"], "failed", _ENDED, mine=True)
