"""One conversation: its title, its messages, and the answer."""

import time
from typing import TYPE_CHECKING, Any, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from admin_tui.glyphs import Glyphs
from admin_tui.net.outcome import Outcome
from admin_tui.screens.answering import Answering
from admin_tui.state import conversations as model
from admin_tui.state.conversations import Note, Talk
from admin_tui.state.presence import Presence
from admin_tui.state.reload import Reload
from admin_tui.text import clock, line, span
from admin_tui.theme import paint_of
from admin_tui.widgets.fields import AskField
from admin_tui.widgets.thread_view import Post, ThreadView

if TYPE_CHECKING:
    from admin_tui.app import InboxdTui


class TalkThread(Vertical):
    """At most one fetch is under way; what happens meanwhile is fetched behind it. The messages of the conversation
    before stay in sight until those of the next one have come."""

    def __init__(self, glyphs: Glyphs, presence: Presence, *, enter_sends: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._top = Static(id="title", markup=False, classes="title")
        self.view = ThreadView(cursor=glyphs("cursor"), id="thread")
        self._find = AskField(self._search, "find in this conversation: n older, N newer, esc ends", id="find")
        self.answering = Answering(presence, self._left, enter_sends=enter_sends, id="answering")
        self.talk: Talk | None = None
        self.notes: list[Note] = []
        self._presence = presence
        self._shown = 0
        self._reload = Reload()
        self._loading_older = False
        self._unread = 0
        self._title: Any = None

    @property
    def tui(self) -> "InboxdTui":
        return cast("InboxdTui", self.app)

    def compose(self) -> ComposeResult:
        yield self._top
        yield self.view
        yield self._find
        yield self.answering

    @property
    def current(self) -> Note | None:
        """The message under the cursor, if it is one of this conversation's."""
        post = self.view.current
        is_ours = self.talk is not None and self._shown == self.talk.id
        return post.data if post is not None and is_ours else None

    # Which conversation.

    def look_at(self, talk: Talk) -> None:
        if self.talk is not None and self.talk.id == talk.id:
            return
        self.answering.close()
        self.end_search()
        self.talk, self.notes, self._unread = talk, [], 0
        self.show_title()
        self.load()

    def update(self, talk: Talk) -> None:
        """The same conversation, as it is now."""
        if self.talk is not None and self.talk.id == talk.id and self.talk != talk:
            self.talk = talk
            self.answering.renew(talk)
            self.show_title()
            # The messages may have come before the number that says how many of them are unread.
            self.seen()

    def load(self) -> None:
        talk = self.talk
        if talk is None or not self._reload.begin():
            return
        heard = set(self.answering.heard)

        def come(outcome: Outcome) -> None:
            self._reload.end()
            if not self.is_attached or self.talk is None:
                return
            if self.talk.id != talk.id:
                self.load()
            elif outcome.problem is not None:
                self.tui.tell_problem(f"conversation {talk.id}", outcome.problem)
            else:
                for key in heard:
                    self.tui.unsent.arrived(talk.id, key)
                self._take(talk, outcome.value)

        self.tui.call(lambda client: client.messages(talk.id), come)

    def _take(self, talk: Talk, found: list[Any]) -> None:
        stored = [model.note(one, self.tui.directory.me) for one in found]
        oldest = stored[0].key if stored else 0
        # More than a page of new ones leaves a hole behind what was known: then that is read again when wanted.
        known = {one.key for one in self.notes}
        joins = not known or any(one.key in known for one in stored)
        self.notes = [*([one for one in self.notes if one.key < oldest] if joins else []), *stored]
        is_fresh, self._shown = self._shown != talk.id, talk.id
        self.show_notes(fresh=is_fresh)
        self.seen()

    def on_thread_view_near_start(self) -> None:
        talk = self.talk
        if talk is None or not self.notes or self._loading_older or self._shown != talk.id:
            return
        self._loading_older = True
        first = self.notes[0].key

        def come(outcome: Outcome) -> None:
            self._loading_older = False
            if not self.is_attached or self.talk is None or self.talk.id != talk.id or not outcome.value:
                return
            known = {one.key for one in self.notes}
            older = [model.note(one, self.tui.directory.me) for one in outcome.value]
            self.notes = [one for one in older if one.key not in known] + self.notes
            self.show_notes()

        self.tui.call(lambda client: client.messages(talk.id, before=first), come)

    def on_answering_sent(self, event: Answering.Sent) -> None:
        if self.talk is None or self.talk.id != event.talk_id or not self.is_attached:
            return
        if event.stored is not None:
            stored = model.note(event.stored, self.tui.directory.me)
            if all(one.key != stored.key for one in self.notes):
                self.notes.append(stored)
        if self._shown == event.talk_id:
            self.show_notes()
            if event.begun:
                self.view.move_to(len(self.view.posts))

    def _left(self) -> None:
        if self.screen.focused is self.answering.composer:
            self.screen.set_focus(self.view)

    # Read and unread.

    def seen(self) -> None:
        """Read up to here, when somebody is reading: not by passing with the cursor of the list."""
        talk = self.talk
        is_read = self.screen.focused in (self.view, self.answering.composer) and self.screen.is_current
        if talk is None or not is_read or not talk.unread or self._unread == talk.id or self.tui.read_only:
            return
        self.tui.call(
            lambda client: client.call("POST", f"/conversations/{talk.id}/update_last_seen"), lambda outcome: None
        )

    def keep_unread(self, talk_id: int) -> None:
        """It was marked unread on purpose, and stays so while it is looked at."""
        self._unread = talk_id

    # Search.

    def ask(self) -> None:
        self._find.open()

    def _search(self, key: str) -> None:
        text = self._find.value.strip()
        self.screen.set_focus(self.view)
        if key == "escape" or not text:
            self.end_search()
        elif not self.view.find(text, -1):
            self.tui.say(f"no loaded message holds {text!r}: gg loads older ones")

    def end_search(self) -> bool:
        """Whether there was one."""
        was_on = self._find.has_class("-on")
        self._find.hold()
        self.view.searched = ""
        self.view.refresh()
        return was_on

    def find_again(self, step: int) -> bool:
        """Whether a search is on."""
        searched = self.view.searched
        if searched:
            self.view.find(searched, step)
        return bool(searched)

    # Drawing.

    def tick(self, now: float) -> None:
        self.answering.tick(now)
        if self._reload.due():
            self.load()
        self.show_title()

    def show_notes(self, *, fresh: bool = False) -> None:
        talk = self.talk
        if talk is None:
            return
        notes = [*self.notes, *self.tui.unsent.of(talk.id)]
        # A long thread is mostly as it was; what is on its way changes in its place.
        known = {post.key: post for post in self.view.posts if isinstance(post.key, int)}
        posts = []
        for one, day in zip(notes, model.days(notes), strict=True):
            before = known.get(one.key)
            if before is None or before.data is not one or before.day != day:
                before = self._post(one, day)
            posts.append(before)
        self.view.show(posts, empty="no messages yet", fresh=fresh)
        self.show_title()

    def _post(self, one: Note, day: str) -> Post:
        glyphs = self.tui.glyphs
        sign = glyphs("private" if one.private else one.kind)
        tone = "private" if one.private else one.kind
        status = ""
        if one.status == "failed":
            again = "" if self.tui.read_only else f" - {self.tui.key_of_id('conv.again')} sends it again"
            status, tone = f"{glyphs('failed')} not sent: {one.error or 'failed'}{again}", "bad"
        elif one.status == "sending":
            status = "sending…"
        elif one.kind == "outgoing" and not one.private:
            status = f"{glyphs(one.status)} {one.status}"
        text = "\n".join([one.text, *(f"[{file}]  o opens" for file in one.files), one.rated]).strip("\n")
        if one.kind == "activity":
            return Post(one.key, "", f"{sign} {text}  {clock(one.at)}", "dim", day, one)
        return Post(one.key, model.head(one, sign, status), text, tone, day, one)

    @property
    def rated(self) -> str:
        """The newest answer to a survey among the messages that are loaded."""
        return next((one.rated for one in reversed(self.notes) if one.rated), "")

    def show_title(self) -> None:
        title, paint = self._title_text(), paint_of(self.app)
        if (title, paint) != self._title:
            self._title = (title, paint)
            text = paint.signs(paint.head(title))
            text.highlight_regex(r"@\S+", paint.info)
            text.highlight_regex(r"\[[^]]*\]", paint.calm)
            text.highlight_regex(r"waiting \S+$", paint.warn)
            self._top.update(text, layout=False)

    def _title_text(self) -> str:
        talk, glyphs = self.talk, self.tui.glyphs
        if talk is None:
            return ""
        typing = self._presence.about(talk.id)
        waiting = time.time() - talk.waiting_since if talk.waiting_since else 0
        parts = [
            f"#{talk.id} {talk.name}" + ("" if self._shown == talk.id else " …"),
            f"{glyphs('down')} {self.view.newer} new" if self.view.newer else "",
            f"{glyphs('private')} {typing}" if typing else "",
            glyphs.with_word(talk.status),
            self.tui.directory.inbox_name(talk.inbox_id),
            f"@{talk.assignee}" if talk.assignee else "",
            *(f"[{label}]" for label in talk.labels),
            "muted" if talk.muted else "",
            f"waiting {span(waiting)}" if waiting >= 60 else "",
        ]
        return line("  ".join(part for part in parts if part))
