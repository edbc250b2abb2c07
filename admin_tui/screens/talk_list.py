"""The conversations of a view, in an order that does not change under the cursor."""

import time
from typing import TYPE_CHECKING, Any, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from admin_tui.glyphs import Glyphs
from admin_tui.net.outcome import Outcome
from admin_tui.screens.talk_row import drawn
from admin_tui.state import conversations as model
from admin_tui.state.conversations import SORTS, VIEWS, Talk
from admin_tui.state.filters import Filter, parse, values
from admin_tui.state.reload import Reload
from admin_tui.state.tokens import Wrong
from admin_tui.text import cut
from admin_tui.theme import paint_of
from admin_tui.widgets.fields import AskField
from admin_tui.widgets.row_list import Row, RowList

if TYPE_CHECKING:
    from admin_tui.app import InboxdTui

PAGE = 25
_STRAYS = 20
_AGES_S = 60.0
_NEWS_S = 0.5
"""Between two fetches because something happened."""
_COUNTS = {"Mine": "mine_count", "Unassigned": "unassigned_count", "All": "all_count"}


class TalkList(Vertical):
    """New and raised conversations wait until the cursor is on the first row, or somebody asks for them. A row that
    belongs here no longer stays while the cursor is on it: what is done next is done to the row that is seen."""

    class Loaded(Message):
        """The rows are as the server has them."""

    def __init__(self, glyphs: Glyphs, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._views = Static(id="views", markup=False, classes="views")
        self._field = AskField(self._asked, "words, status: assignee: inbox: label: team: priority:", id="filter")
        self.rows = RowList(
            lambda talk, width: drawn(self.tui, talk, width),
            height=2,
            empty="…",
            cursor=glyphs("cursor"),
            marked=glyphs("marked"),
            id="list",
        )
        self.view = "All"
        self.sort = next(iter(SORTS))
        self.filter = Filter()
        self.newer = 0
        self._wrong = ""
        self._counts: dict[str, int] = {}
        self._question = 0
        self._more = False
        # A page that was all known, as when what is further down was raised meanwhile.
        self._passed = 0
        self._reload = Reload(_NEWS_S)
        self._wants_more = self._held = False
        self._touched: set[int] = set()
        self._leftover: set[int] = set()
        self._said: Any = None
        self._aged_at = time.monotonic()

    @property
    def tui(self) -> "InboxdTui":
        return cast("InboxdTui", self.app)

    @property
    def talks(self) -> list[Talk]:
        return [row.data for row in self.rows.rows]

    def compose(self) -> ComposeResult:
        yield self._views
        yield self._field
        yield self.rows

    # Loading.

    def touch(self, numbers: set[int]) -> None:
        """Something happened in these."""
        self._touched |= numbers
        self._reload.want()

    def tick(self, now: float, *, hold: bool) -> None:
        """`hold`: changes are under way, and what the server says now may be from before them."""
        self._held = hold
        if self._reload.is_busy or hold:
            pass
        elif self._reload.due():
            self.load()
        elif self._wants_more:
            self._load_more()
        if now - self._aged_at >= _AGES_S:
            self._aged_at = now
            self.rows.redraw()

    def load(self) -> None:
        self._load(1)

    def _load_more(self) -> None:
        self._wants_more = False
        self._load(max(len(self.rows.rows) // PAGE, self._passed) + 1)

    def _load(self, page: int) -> None:
        if not self._reload.begin():
            return
        question, me = self._question, self.tui.directory.me
        query = self.filter.query(self.view, self.sort, page)
        asked = self.filter.conditions(self.view, me) if self.filter.needs_conditions else None
        shown = {row.key for row in self.rows.rows}
        strays, self._touched = sorted(self._touched & shown)[:_STRAYS], set()

        def work(client: Any) -> Any:
            if asked is None:
                found = client.call("GET", "/conversations", **query)["data"]
            else:
                found = client.call("POST", "/conversations/filter", payload=asked, page=page)
            here = {one["id"] for one in found["payload"]}
            return found, {number: _one(client, number) for number in strays if number not in here}

        def come(outcome: Outcome) -> None:
            self._reload.end()
            if not self.is_attached or question != self._question:
                self._reload.want()
                self._touched |= set(strays)
            elif outcome.problem is not None:
                self._touched |= set(strays)
                self.tui.tell_problem("conversations", outcome.problem)
                self.rows.ask_again()
                if not self.rows.rows:
                    key = self.tui.key_of_id("refresh")
                    self.rows.show([], empty=f"{outcome.problem.message}\n{key} tries again")
            else:
                found, others = outcome.value
                self._counts = found["meta"]
                fresh = [model.talk(one) for one in found["payload"]]
                strangers = {number: model.talk(one) if one else None for number, one in others.items()}
                self._merge(page, fresh, strangers)

        self.tui.call(work, come)

    def _merge(self, page: int, found: list[Talk], others: dict[int, Talk | None]) -> None:
        shown, current = self.talks, self.rows.current
        known = {number: talk for number, talk in others.items() if talk is not None}
        known |= {talk.id: talk for talk in found}
        listed = {talk.id for talk in found}
        gone = {number for number, talk in others.items() if talk is None or not self._fits(talk)}
        is_whole = page == 1 and len(found) < PAGE
        if is_whole:
            gone |= {talk.id for talk in shown} - listed
        self._more = len(found) == PAGE if page > 1 or len(shown) <= PAGE else self._more and not is_whole
        here = current.key if current is not None else None
        self._leftover = {number for number in gone if number == here}
        kept = [known.get(talk.id, talk) for talk in shown if talk.id not in gone or talk.id == here]
        if page > 1:
            there = {talk.id for talk in kept}
            new = [talk for talk in found if talk.id not in there]
            kept += new
            self._passed = 0 if new else page
        elif self.rows.cursor == 0 or not kept:
            first = [talk for talk in kept if talk.id == here and talk.id not in listed]
            kept = [*first, *found, *(talk for talk in kept if talk.id not in listed and talk.id != here)]
        if page == 1:
            self.newer = model.raised([talk.id for talk in kept], [talk.id for talk in found if talk.id != here])
        self._show(kept)
        self._wants_more |= self._more and (len(kept) < self.rows.page or self._passed == page)
        self.post_message(self.Loaded())

    def _show(self, talks: list[Talk]) -> None:
        self.rows.show([Row(talk.id, talk) for talk in talks], empty=self._nothing())
        self.show_views()

    def _fits(self, talk: Talk) -> bool:
        return self.filter.fits(talk, self.view, self.tui.directory.me)

    def on_row_list_near_end(self) -> None:
        self._wants_more = self._more
        if self._more and not (self._reload.is_busy or self._reload.is_wanted or self._held):
            self._load_more()

    def on_row_list_highlighted(self) -> None:
        here = self.rows.current
        left = self._leftover - {here.key if here is not None else None}
        if left:
            self._leftover -= left
            self._show([talk for talk in self.talks if talk.id not in left])

    def change(self, talk: Talk) -> None:
        """Show one as it is about to be; it leaves when the cursor does, if it no longer belongs here."""
        # An answer that is on its way may be from before.
        self._question += 1
        self._held = True
        self.rows.change(talk.id, talk)
        if self._fits(talk):
            self._leftover.discard(talk.id)
        else:
            self._leftover.add(talk.id)

    def show_newer(self) -> bool:
        """Take in what waits at the top, and go there; whether anything waited."""
        waited, self.newer = bool(self.newer), 0
        if waited:
            self.rows.move_to(0)
            self.load()
            self.show_views()
        return waited

    # What is asked for.

    def ask(self, view: str = "", *, sort: str = "", wanted: Filter | None = None) -> None:
        """Another view, order or filter: the rows are fetched anew."""
        self.view, self.sort = view or self.view, sort or self.sort
        self.filter = self.filter if wanted is None else wanted
        self._question += 1
        self._wrong, self.newer, self._more, self._wants_more = "", 0, False, False
        self._leftover, self._passed = set(), 0
        self.rows.clear_marks()
        self.rows.show([], empty="…")
        self.show_views()
        self.load()

    def step_view(self, steps: int) -> None:
        names = list(VIEWS)
        # A saved view is one beside these, and not within them.
        wanted = Filter() if self.filter.payload else None
        self.ask(names[(names.index(self.view) + steps) % len(names)], wanted=wanted)

    def show_saved(self, wanted: Filter) -> None:
        self._field.hold()
        self.screen.set_focus(self.rows)
        self.ask("All", wanted=wanted)

    def open_filter(self) -> None:
        self._field.known = values(self.tui.directory)
        self._field.open()

    def clear_filter(self) -> bool:
        """Whether there was one."""
        had = bool(self.filter.text) or self._field.has_class("-on")
        self._wrong = ""
        self._field.hold()
        self.screen.set_focus(self.rows)
        if self.filter.text:
            self.ask(wanted=Filter())
        self.show_views()
        return had

    def _asked(self, key: str) -> None:
        if key == "escape":
            self.clear_filter()
            return
        try:
            wanted = parse(self._field.value, self.tui.directory)
        except Wrong as wrong:
            self._wrong = str(wrong)
            self.tui.say(self._wrong, bad=True)
            self.show_views()
            return
        self._field.remove_class("-on")
        self.screen.set_focus(self.rows)
        self.ask(wanted=wanted)

    # Drawing.

    def _nothing(self) -> str:
        key = self.tui.key_of_id
        if self.filter.text:
            return f"nothing in {self.view} for {self.filter.text}\n{key('filter.clear')} clears the filter"
        if self.view != "All":
            return f"no conversation is in {self.view}\n{key('view.next')} shows the next view"
        if not self.tui.directory.inboxes and not self.tui.is_administrator:
            return "no inbox is yours yet\nan administrator makes you a member of one"
        if not self.tui.is_administrator or self.tui.read_only:
            return f"no open conversation\n{key('view.next')} shows the next view"
        return f"no open conversation\n2 shows the inboxes: {key('inbox.test')} there sends a test message"

    def show_views(self) -> None:
        text, paint = self._views_text(max(20, self.size.width - 2)), paint_of(self.app)
        if (text, paint) != self._said:
            self._said = (text, paint)
            wrong = Text(text, paint.bad, no_wrap=True)
            self._views.update(wrong if self._wrong else paint.tabs(text), layout=False)

    def _views_text(self, width: int) -> str:
        if self._wrong:
            return cut(f"{self.tui.glyphs('failed')} {self._wrong}", width)
        about = [*self.filter.chips, *([f'"{self.filter.words}"'] if self.filter.words else [])]
        about += [f"by {SORTS[self.sort]}"] if self.sort != next(iter(SORTS)) else []
        count = self._counts.get(_COUNTS.get(self.view, "all_count"), "")
        if self.newer:
            key = self.tui.key_of_id("follow")
            return cut(f"{self.tui.glyphs('up')} {self.newer} newer - {key} or gg shows  [{self.view} {count}]", width)
        if about:
            return cut(f"[{self.view} {count}] {' '.join(about)}", width)
        names = [f"[{self.view} {count}]".replace(" ]", "]") if name == self.view else name for name in VIEWS]
        shorter = [name if name.startswith("[") else name[:4] for name in names]
        shortest = [name if name.startswith("[") else name[:2] for name in names]
        fitting = [words for words in (names, shorter, shortest) if len(" ".join(words)) <= width]
        return cut(" ".join((fitting or [shortest])[0]), width)


def _one(client: Any, number: int) -> Any:
    """A conversation, or None when it is not there for us any more."""
    from inboxd.client import ApiError

    try:
        return client.conversation(number)
    except ApiError as error:
        if error.status in (401, 404):
            return None
        raise
