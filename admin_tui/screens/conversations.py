"""Conversations: the list, the thread and the details side by side, and what is done to them."""

import time
from collections.abc import Iterable
from typing import Any

from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget

from admin_tui.modals.picker import Choice
from admin_tui.modals.text_view import TextView
from admin_tui.net.outcome import Outcome
from admin_tui.screens.asking import ask_one
from admin_tui.screens.base import bindings
from admin_tui.screens.saved_views import SavedViews
from admin_tui.screens.talk_changes import Changes
from admin_tui.screens.talk_details import TalkDetails
from admin_tui.screens.talk_list import TalkList
from admin_tui.screens.talk_thread import TalkThread
from admin_tui.screens.talk_writing import TalkWriting
from admin_tui.state import conversations as model
from admin_tui.state.conversations import SORTS, Note, Talk
from admin_tui.state.presence import Presence
from admin_tui.state.reload import REST_S, Reload, Rest
from admin_tui.widgets.composer import Composer
from admin_tui.widgets.row_list import RowList
from admin_tui.widgets.thread_view import ThreadView


class ConversationsScreen(TalkWriting, SavedViews):
    """One pane at a time below 100 columns, two below 140, else three."""

    place = "conversations"
    BINDINGS = bindings("conversations", "list", "everywhere")
    CSS = """
    #talks { width: 46; }
    #right { width: 1fr; border-left: vkey $border-blurred; }
    #beside { width: 34; border-left: vkey $border-blurred; padding: 0 1; display: none; scrollbar-size-vertical: 1; }
    ConversationsScreen.-wide #beside { display: block; }
    ConversationsScreen.-wide.-bare #beside { display: none; }
    ConversationsScreen.-mid #talks { width: 42; }
    ConversationsScreen.-narrow #talks, ConversationsScreen.-tiny #talks { width: 1fr; }
    ConversationsScreen.-narrow #right, ConversationsScreen.-tiny #right { display: none; border: none; }
    ConversationsScreen.-narrow.-thread #talks, ConversationsScreen.-tiny.-thread #talks { display: none; }
    ConversationsScreen.-narrow.-thread #right, ConversationsScreen.-tiny.-thread #right { display: block; }
    ConversationsScreen.-writing ToastRack { dock: top; align: right top; margin: 2 0 0 0; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.presence = Presence()
        self._resting = Rest()
        self._renewal = Reload()

    def body(self) -> Iterable[Widget]:
        glyphs = self.tui.glyphs
        self.listing = TalkList(glyphs, id="talks")
        self.pane = TalkThread(glyphs, self.presence, enter_sends=self.tui.settings.enter_sends, id="right")
        self.details = TalkDetails(id="details")
        with Horizontal(classes="split"):
            yield self.listing
            yield self.pane
            with VerticalScroll(id="beside", can_focus=False):
                yield self.details

    @property
    def talks(self) -> RowList:
        return self.listing.rows

    @property
    def thread(self) -> ThreadView:
        return self.pane.view

    @property
    def composer(self) -> Composer:
        return self.pane.answering.composer

    @property
    def talk(self) -> Talk | None:
        """The conversation whose messages are shown."""
        return self.pane.talk

    def on_mount(self) -> None:
        self.changes = Changes(self.tui, self._changing, self._touch)
        self.set_focus(self.talks)

    # What is shown, and what happens.

    def _hear(self, events: Iterable[dict[str, Any]]) -> None:
        """What of ours has arrived, though its answer may have been lost."""
        keys = {str(event["payload"].get("echo_id")) for event in events}
        self.pane.answering.heard |= {key for key in keys if self.tui.unsent.waits_for(key)}

    def leaving(self) -> None:
        self.pane.answering.keep()

    def wanted(self) -> None:
        self._hear(self.tui.happened)
        self.listing.load()
        self.pane.load()

    def news(self, events: list[dict[str, Any]]) -> None:
        self.presence.hear(events, self.tui.directory.me)
        self._hear(events)
        numbers = model.touched(events)
        if numbers:
            self._touch(numbers)

    def _touch(self, numbers: set[int]) -> None:
        self.listing.touch(numbers)
        self.details.forget(numbers)
        if self.talk is not None and self.talk.id in numbers:
            self.pane.load()
            self._renewal.want()

    def tick(self) -> None:
        now = time.monotonic()
        if self._resting.over():
            row = self.talks.current
            if row is not None:
                self.pane.look_at(row.data)
        self.listing.tick(now, hold=self.changes.is_busy)
        self.pane.tick(now)
        self._renew()
        if self.has_class("-wide") and not self.has_class("-bare"):
            if self.talk is not None and not self._resting.is_awaited:
                self.details.learn(self.talk)
            self.details.show(self.talk, self.pane.rated)

    def _renew(self) -> None:
        """The conversation that is open, when it is in no row that would tell."""
        talk = self.talk
        if talk is None or self.changes.is_busy or not self._renewal.due():
            return
        if any(row.key == talk.id for row in self.talks.rows):
            self._renewal.is_wanted = False
            return
        self._renewal.begin()

        def come(outcome: Outcome) -> None:
            self._renewal.end()
            if outcome.value is not None and self.is_attached:
                self.pane.update(model.talk(outcome.value))

        self.tui.call(lambda client: client.conversation(talk.id), come)

    def on_talk_list_loaded(self) -> None:
        talk = self.talk
        if talk is not None:
            again = next((one for one in self.listing.talks if one.id == talk.id), None)
            if again is not None and not self.changes.is_busy:
                self.pane.update(again)
        elif self.talks.current is not None and self._shows_both:
            self.pane.look_at(self.talks.current.data)

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        # A list that changes beneath the cursor does not take away what somebody reads or answers.
        if event.row is not None and self._shows_both and self.focused not in (self.thread, self.composer):
            self._resting.begin()
            self.set_timer(REST_S + 0.01, self.tick)

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        self._open(event.row.data)

    def on_answering_sent(self) -> None:
        self.talks.redraw()

    @property
    def _shows_both(self) -> bool:
        return not (self.has_class("-narrow") or self.has_class("-tiny"))

    def show_thread(self, talk: Talk) -> None:
        self._resting.cancel()
        self.add_class("-thread")
        self.pane.look_at(talk)

    def _open(self, talk: Talk) -> None:
        self.show_thread(talk)
        self.set_focus(self.thread)
        self.pane.seen()

    def show_view(self, where: str) -> None:
        if where == "n":
            self.action_conv_next_unread()
        else:
            self.listing.ask({"m": "Mine", "u": "Unassigned", "U": "Unassigned"}.get(where, "All"))

    def show_number(self, number: int) -> None:
        """Open a conversation wherever it is."""

        def come(found: Any) -> None:
            talk = model.talk(found)
            self.talks.go_to_key(talk.id)
            self._open(talk)

        self.fetch(lambda client: client.conversation(number), come, what=f"conversation #{number}")

    # Moving about.

    def action_back(self) -> None:
        if self.focused is self.thread:
            if not self.pane.end_search():
                self.remove_class("-thread")
                self.set_focus(self.talks)
        elif not self.talks.clear_marks():
            self.listing.clear_filter()

    def action_info(self) -> None:
        talk = self.target()
        if self.has_class("-wide"):
            self.toggle_class("-bare")
        elif talk is not None:
            self.details.learn(talk)
            self.app.push_screen(TextView(f"#{talk.id}", self.details.text(talk, self._rated(talk))))

    def _rated(self, talk: Talk) -> str:
        return self.pane.rated if self.talk is not None and self.talk.id == talk.id else ""

    def action_edge(self, where: int) -> None:
        super().action_edge(where)
        if where < 0 and self.focused is not self.thread:
            self.listing.show_newer()

    def action_follow(self) -> None:
        if not self.listing.show_newer():
            self.tui.action_follow()

    def action_view_next(self) -> None:
        self.listing.step_view(1)

    def action_view_previous(self) -> None:
        self.listing.step_view(-1)

    def action_conv_sort(self) -> None:
        choices = [Choice(key, word) for key, word in SORTS.items()]
        ask_one(self, "Sort by", choices, lambda sort: self.listing.ask(sort=sort))

    def action_filter(self) -> None:
        if self.focused is self.thread:
            self.pane.ask()
        else:
            self.listing.open_filter()

    def action_filter_clear(self) -> None:
        if not self.pane.end_search():
            self.listing.clear_filter()

    def action_conv_next(self) -> None:
        self._step(1)

    def action_conv_previous(self) -> None:
        self._step(-1)

    def _step(self, rows: int) -> None:
        self.talks.move_by(rows)
        if self.talks.current is not None:
            self.pane.look_at(self.talks.current.data)
            self.pane.seen()

    def action_conv_next_unread(self) -> None:
        self._to_unread(1)

    def action_conv_previous_unread(self) -> None:
        self._to_unread(-1)

    def _to_unread(self, step: int) -> None:
        if self.focused is self.thread and self.pane.find_again(-step):
            return
        rows = self.talks.rows
        for ahead in range(1, len(rows) + 1):
            place = (self.talks.cursor + step * ahead) % len(rows)
            if rows[place].data.unread:
                self.talks.move_to(place)
                if self.focused is self.thread:
                    self._open(rows[place].data)
                return
        self.tui.say("nothing unread is loaded")

    def action_conv_deliveries(self) -> None:
        talk = self.target()
        if talk is not None:
            self.tui.go_and("deliveries", "show_conversation", talk.id)

    def action_conv_contact(self) -> None:
        talk = self.target()
        if talk is not None:
            self.tui.go_and("contacts", "show_contact", talk.contact_id)

    # What the keys mean.

    def target(self) -> Talk | None:
        """The conversation that the keys mean: where the cursor is, in the list or in a thread."""
        row = self.talks.current
        if self.focused is self.talks or self.talk is None:
            return row.data if row is not None else None
        return self.talk

    def noted(self) -> Note | None:
        return self.pane.current if self.focused is self.thread else None

    def filed(self) -> list[dict[str, Any]]:
        note = self.pane.current
        notes = [note] if note is not None and note.files else [one for one in self.pane.notes if one.files]
        return [file for one in reversed(notes) for file in one.raw.get("attachments") or ()]

    def chosen(self) -> list[Talk]:
        if self.focused is self.talks or self.talk is None:
            return [row.data for row in self.talks.chosen]
        return [self.talk]

    def action_conv_unread(self) -> None:
        for talk in self.chosen():
            self.pane.keep_unread(talk.id)
        super().action_conv_unread()

    def _changing(self, talk: Talk) -> None:
        self.listing.change(talk)
        self.pane.update(talk)
