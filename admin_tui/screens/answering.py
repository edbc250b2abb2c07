"""The answer: written, kept as a draft, sent, and sent again."""

import contextlib
import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rich.text import Text
from textual.app import ComposeResult, SuspendNotSupported
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from admin_tui.modals.picker import Choice, Picker
from admin_tui.net.outcome import Outcome
from admin_tui.state.conversations import Note, Talk
from admin_tui.state.inboxes import too_late
from admin_tui.state.presence import Presence
from admin_tui.text import line
from admin_tui.widgets.composer import Composer

if TYPE_CHECKING:
    from admin_tui.app import InboxdTui

_KEEP_S = 1.0
_SILENT_S, _TYPING_AGAIN_S = 5.0, 10.0
_AGAIN_S = 0.5


class Answering(Vertical):
    """What is written belongs to `talk` and is a reply or `private`; both are kept with the draft, and go with the
    message that is made of it."""

    DEFAULT_CSS = """
    Answering { height: auto; display: none; }
    Answering.-on { display: block; }
    Answering #late { height: auto; max-height: 3; padding: 0 1; background: $warning 15%; display: none; }
    Answering #late.-on { display: block; }
    """

    class Sent(Message):
        """What waits for `talk_id` has changed: sending has `begun`, or ended, with the message as `stored`."""

        def __init__(self, talk_id: int, stored: dict[str, Any] | None = None, *, begun: bool = False) -> None:
            super().__init__()
            self.begun = begun
            self.talk_id = talk_id
            self.stored = stored

    def __init__(self, presence: Presence, left: Callable[[], None], *, enter_sends: bool, **kwargs: Any) -> None:
        """`left` is called when the composer is closed, before the next key."""
        super().__init__(**kwargs)
        self.composer = Composer(self.obey, enter_sends=enter_sends, id="composer")
        self._left = left
        self.talk: Talk | None = None
        self.private = False
        self.heard: set[str] = set()
        """The echo_ids that the feed has told of: these have arrived, whatever became of their answers."""
        self._presence = presence
        self._since = 0.0
        self._edited_at = self._kept_at = self._typing_at = 0.0
        self._title = self._told_late = ""
        self._late = Static("", markup=False, id="late")
        self._canned: list[dict[str, Any]] = []
        self._recalled: Note | None = None

    @property
    def tui(self) -> "InboxdTui":
        return cast("InboxdTui", self.app)

    def compose(self) -> ComposeResult:
        yield self._late
        yield self.composer

    @property
    def is_open(self) -> bool:
        return self.has_class("-on")

    # Opening, closing, and the draft.

    def open(self, talk: Talk, *, private: bool, quote: str = "") -> None:
        if self.is_open:
            self.keep()
        elif not self._canned:
            self._learn_canned()
        self.talk, self._since, self._recalled = talk, time.monotonic(), None
        self.add_class("-on")
        self._mode(private)
        if quote:
            draft = self.composer.text.rstrip("\n")
            self._fill(f"{draft}\n\n{quote}" if draft else quote)
        self.screen.set_focus(self.composer)

    def renew(self, talk: Talk) -> None:
        """What is answered, as it is now."""
        if self.talk is not None and self.talk.id == talk.id:
            self.talk = talk

    def close(self) -> None:
        """The draft stays."""
        if self.is_open:
            self.keep()
            self._say_typing(is_on=False)
            self.remove_class("-on")
            self._left()

    def keep(self) -> None:
        self._kept_at = self._edited_at
        if self.talk is not None and self.is_open:
            self.tui.drafts.set(self.talk.id, self.composer.text, private=self.private)

    def _mode(self, private: bool) -> None:
        self.private = private
        if self.talk is not None:
            self.composer.set_class(private, "-private")
            self._fill(self.tui.drafts.get(self.talk.id, private=private))
            self._show_border()

    def _fill(self, text: str) -> None:
        self.composer.text = text
        self.composer.move_cursor(self.composer.document.end)

    def _show_border(self) -> None:
        talk = self.talk
        if talk is None:
            return
        self._show_late(talk)
        who = "PRIVATE, only agents see it" if self.private else f"reply to {talk.name}"
        warning = self._presence.collision(talk.id, self._since)
        about = f"! {warning} · {who}" if warning else f"{who} · {self.tui.directory.inbox_name(talk.inbox_id)}"
        send = "enter" if self.composer.enter_sends else "ctrl+s"
        other = "reply" if self.private else "private"
        title = line(f"{about} · {send} sends, ctrl+t {other}")
        if title != self._title:
            self._title = title
            # A title is markup: what stands in brackets would be taken for a style.
            self.composer.border_title = Text(title)

    def _show_late(self, talk: Talk) -> None:
        """That the reply window of the inbox is over, in its own words; private notes are never too late."""
        inbox = self.tui.directory.inbox(talk.inbox_id)
        told = "" if talk.can_reply or self.private else too_late(inbox)
        if told != self._told_late:
            self._told_late = told
            self._late.update(f"! {told}")
            self._late.set_class(bool(told), "-on")

    def tick(self, now: float) -> None:
        if not self.is_open:
            return
        if self._edited_at > self._kept_at and now - self._edited_at >= _KEEP_S:
            self.keep()
        if self._typing_at and now - self._edited_at >= _SILENT_S:
            self._say_typing(is_on=False)
        self._show_border()

    def on_composer_edited(self) -> None:
        self._edited_at = time.monotonic()
        if self.is_open and self.composer.text and self._edited_at - self._typing_at >= _TYPING_AGAIN_S:
            self._say_typing(is_on=True)

    def _say_typing(self, *, is_on: bool) -> None:
        talk, private = self.talk, self.private
        if talk is None or not (is_on or self._typing_at):
            return
        self._typing_at = self._edited_at if is_on else 0.0
        path, status = f"/conversations/{talk.id}/toggle_typing_status", "on" if is_on else "off"
        self.tui.call(
            lambda client: client.call("POST", path, typing_status=status, is_private=private), lambda outcome: None
        )

    # What the keys of the composer do.

    def obey(self, command: str) -> None:
        getattr(self, f"_do_{command}")()

    def _do_leave(self) -> None:
        self.close()

    def _do_toggle(self) -> None:
        text = self.composer.text
        if self.talk is not None and not self.tui.drafts.get(self.talk.id, private=not self.private):
            # Words written in the wrong mode move over; a draft that is there already is not written over.
            self.tui.drafts.set(self.talk.id, "", private=self.private)
            self.tui.drafts.set(self.talk.id, text, private=not self.private)
        else:
            self.keep()
        self._mode(not self.private)

    def _do_send(self) -> None:
        talk, text = self.talk, self.composer.text.strip("\n")
        if talk is None or not text.strip():
            return
        was = self._recalled
        key = was.key if was is not None and (was.text, was.private) == (text, self.private) else ""
        note = self.tui.unsent.add(talk.id, text, private=self.private, key=key)
        self.composer.text = ""
        self.close()
        self.send(talk.id, talk.name, note)

    def _do_recall(self) -> None:
        note = self.tui.unsent.take_failed(self.talk.id) if self.talk is not None else None
        if self.talk is None or note is None:
            return
        self._mode(note.private)
        # There may be a draft in the mode it was in.
        self._fill(f"{note.text}\n\n{self.composer.text}".rstrip("\n"))
        self._recalled = note
        self.post_message(self.Sent(self.talk.id))

    def _do_editor(self) -> None:
        handle, name = tempfile.mkstemp(prefix="inboxd-", suffix=".md")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(self.composer.text)
            command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
            with self.app.suspend():
                ended = subprocess.run([*shlex.split(command), name], check=False)  # noqa: S603
            if ended.returncode == 0:
                self._fill(Path(name).read_text().rstrip("\n"))
            else:
                self.tui.say(f"{command} ended with {ended.returncode}: nothing was taken over", bad=True)
        except (OSError, ValueError, SuspendNotSupported) as error:
            self.tui.say(f"no editor: {error or 'this terminal cannot give way to one'}", bad=True)
        finally:
            with contextlib.suppress(OSError):
                Path(name).unlink()
        self.app.refresh(layout=True)

    # Canned responses.

    def _learn_canned(self) -> None:
        def come(outcome: Outcome) -> None:
            if outcome.problem is None:
                self._canned = outcome.value

        self.tui.call(lambda client: client.call("GET", "/canned_responses"), come)

    def _do_canned(self) -> None:
        choices = [Choice(one["content"], f"/{one['short_code']}", line(one["content"])) for one in self._canned]
        if not choices:
            self.tui.say("there are no canned responses")
        else:
            self.app.push_screen(Picker("Canned responses", choices), self._take_canned)
        self._learn_canned()

    def _take_canned(self, found: list[Any] | None) -> None:
        if found:
            self.composer.complete(found[0])

    def _do_complete(self) -> None:
        code = self.composer.code.lower()
        exact = [one["content"] for one in self._canned if one["short_code"].lower() == code]
        found = exact or [one["content"] for one in self._canned if one["short_code"].lower().startswith(code)]
        if len(found) == 1:
            self.composer.complete(found[0])
        elif found:
            choices = [Choice(text, line(text)) for text in found]
            self.app.push_screen(Picker(f"/{code}", choices), self._take_canned)
        else:
            self.tui.say(f"no canned response begins with /{code}")

    # Sending.

    def send(self, talk_id: int, name: str, note: Note) -> None:
        """Shown at once. Its key is the echo_id and the Idempotency-Key: sent again it is still one message."""
        note.status, note.error = "sending", ""
        self.tui.sending += 1
        self.post_message(self.Sent(talk_id, begun=True))

        def come(outcome: Outcome) -> None:
            self.tui.sending -= 1
            if outcome.problem is None or note.key in self.heard:
                self.tui.unsent.arrived(talk_id, note.key)
            else:
                note.status, note.error = "failed", outcome.problem.message
                self.tui.say(f"not sent to {name}: {outcome.problem.message}", bad=True)
            self.post_message(self.Sent(talk_id, outcome.value))

        self.tui.call(lambda client: _reply(client, talk_id, note), come)


def _reply(client: Any, talk_id: int, note: Note) -> Any:
    """Once more when there was no answer: the server may have stored it, and then says the same again."""
    from inboxd.client import Unreachable

    try:
        return client.reply(talk_id, note.text, private=note.private, echo_id=note.key, key=note.key)
    except Unreachable:
        time.sleep(_AGAIN_S)
        return client.reply(talk_id, note.text, private=note.private, echo_id=note.key, key=note.key)
