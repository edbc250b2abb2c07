"""Answering the conversation that the keys mean, by key."""

from admin_tui.keys import TYPING, Action, by_id
from admin_tui.screens.talk_acts import TalkActs
from admin_tui.screens.talk_thread import TalkThread
from admin_tui.state.conversations import Talk
from admin_tui.widgets.composer import Composer


class TalkWriting(TalkActs):
    """In the `pane` that shows its messages."""

    pane: TalkThread

    def show_thread(self, talk: Talk) -> None:
        """Have a conversation in the pane, and the pane in sight."""
        raise NotImplementedError

    def update_hints(self) -> None:
        """What letters do is not true while they are written, and toasts would cover what is."""
        is_writing = isinstance(self.focused, Composer)
        self.set_class(is_writing, "-writing")
        if is_writing:
            self.hint_bar.offer(TYPING, helping="F1")
        else:
            super().update_hints()

    def offered(self) -> list[Action]:
        return [*super().offered(), *(TYPING if self.may(by_id("conv.reply")) else ())]

    def action_typing_send(self) -> None:
        self._typing("send")

    def action_typing_toggle(self) -> None:
        self._typing("toggle")

    def action_typing_canned(self) -> None:
        self._typing("canned")

    def action_typing_leave(self) -> None:
        self._typing("leave")

    def action_typing_editor(self) -> None:
        self._typing("editor")

    def _typing(self, command: str) -> None:
        if self.pane.answering.is_open:
            self.pane.answering.obey(command)
        else:
            self.tui.say(f"{self.tui.key_of_id('conv.reply')} begins a reply")

    def action_conv_reply(self) -> None:
        self._write(private=False)

    def action_conv_private(self) -> None:
        self._write(private=True)

    def action_conv_quote(self) -> None:
        note = self.pane.current
        if note is None:
            self.tui.say("no message is under the cursor")
            return
        quote = "\n".join(f"> {text}" for text in note.text.split("\n"))
        self._write(private=note.private, quote=f"{quote}\n\n")

    def _write(self, *, private: bool, quote: str = "") -> None:
        talk = self.target()
        if talk is None:
            return
        self.show_thread(talk)
        self.pane.answering.open(talk, private=private, quote=quote)
        self.pane.seen()

    def action_conv_again(self) -> None:
        talk, note = self.target(), self.pane.current
        if talk is None:
            return
        failed = [one for one in self.tui.unsent.of(talk.id) if one.status == "failed"]
        if (
            note is not None
            and note.status == "failed"
            and isinstance(note.key, int)
            and self.focused is self.pane.view
        ):
            path = f"/conversations/{talk.id}/messages/{note.key}/retry"
            self.fetch(lambda client: client.call("POST", path), lambda found: self.pane.load(), what="send again")
        elif failed:
            self.pane.answering.send(talk.id, talk.name, note if note in failed else failed[-1])
        else:
            self.tui.say("no message failed here")
