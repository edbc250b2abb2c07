"""Events: the feed as it comes, and what came before."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rich.text import Text
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Input, Static

from admin_tui.modals.form import Field, Form
from admin_tui.net.outcome import Outcome, Problem
from admin_tui.screens.base import BaseScreen, bindings
from admin_tui.state import events as model
from admin_tui.state.events import Gap
from admin_tui.text import cut, line, many
from admin_tui.theme import paint_of
from admin_tui.widgets.fields import FilterField
from admin_tui.widgets.json_view import JsonView, pretty
from admin_tui.widgets.row_list import Row, RowList
from inboxd.domain.events import EVENTS

Json = dict[str, Any]


class EventsScreen(BaseScreen):
    place = "events"
    BINDINGS = bindings("events", "list", "everywhere")
    CSS = """
    #panes { height: 1fr; layout: vertical; }
    #list { height: 1fr; width: 1fr; }
    #json { height: 9; border-top: hkey $border-blurred; }
    EventsScreen.-tiny #json { display: none; }
    EventsScreen.-mid #panes, EventsScreen.-wide #panes { layout: horizontal; }
    EventsScreen.-mid #json { width: 44; height: 1fr; border-top: none; border-left: vkey $border-blurred; }
    EventsScreen.-wide #json { width: 66; height: 1fr; border-top: none; border-left: vkey $border-blurred; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.tail = model.Tail()
        self.needle = ""
        self._loading = False
        self._asked: tuple[Callable[[Any], int], Gap | None] | None = None
        self._wants_older = False
        self._said: Any = None

    def body(self) -> Iterable[Widget]:
        sign = self.tui.glyphs("cursor")
        yield Static(id="state", markup=False, classes="views")
        field = FilterField("words, and type:message_*; Enter keeps, esc clears", id="filter")
        field.known = {"type": list(EVENTS)}
        yield field
        with Container(id="panes"):
            yield RowList(self._draw, empty="…", cursor=sign, marked=self.tui.glyphs("marked"), id="list")
            yield JsonView(cursor=sign, id="json")

    @property
    def listed(self) -> RowList:
        return self.query_one("#list", RowList)

    @property
    def json(self) -> JsonView:
        return self.query_one(JsonView)

    def on_mount(self) -> None:
        self.set_focus(self.listed)

    # What is there.

    def wanted(self) -> None:
        if not self.is_mounted or not self.tui.directory.is_known:
            return
        self.tail.whole = self.tui.is_administrator
        self.tail.follow(list(self.tui.happened))
        newest = self.tail.newest
        self._show()
        self._fetch(lambda client: max(newest, client.newest_seq() - model.PAGE), None)

    def news(self, events: list[Json]) -> None:
        self.tail.follow(events)
        if self.is_mounted:
            self._show()

    def _fetch(self, after: Callable[[Any], int], gap: Gap | None) -> None:
        """The events behind a seq; for a `gap` no more than it lacks."""
        if self._loading:
            # Somebody asked for what is missing, and gets it next.
            self._asked = (after, gap) if gap is not None else self._asked
            return
        self._loading = True

        def work(client: Any) -> tuple[list[Json], int]:
            from inboxd.client import ApiError

            try:
                return client.events(after=after(client))[0], 0
            except ApiError as error:
                if error.oldest_seq is None:
                    raise
                return [], error.oldest_seq

        def come(outcome: Outcome) -> None:
            self._loading = False
            if not self.is_attached:
                return
            if outcome.problem is not None:
                self.tui.tell_problem("events", outcome.problem)
                return
            found, oldest = outcome.value
            self.tail.gone_before = max(self.tail.gone_before, oldest)
            self.tail.add(found if gap is None else [one for one in found if one["seq"] < gap.before])
            self._show()
            if self._asked is not None:
                asked, self._asked = self._asked, None
                self._fetch(*asked)
            else:
                self._fetch_older()

        self.tui.call(work, come)

    def on_row_list_near_end(self, event: RowList.NearEnd) -> None:
        if event.rows is self.listed:
            self._wants_older = True
            self._fetch_older()

    def _fetch_older(self) -> None:
        oldest = self.tail.oldest
        if self._loading or not self._wants_older:
            return
        self._wants_older = False
        if oldest > max(1, self.tail.gone_before):
            after = max(self.tail.gone_before, oldest - 1 - model.PAGE, 0)
            self._fetch(lambda client: after, Gap(after, oldest))

    def _show(self) -> None:
        rows = [self._row(one) for one in self.tail.shown(self.needle)]
        follows = self.listed.cursor == 0
        empty = (
            f"nothing has {line(self.needle)} in it\n{self.tui.key_of_id('filter.clear')} clears the filter"
            if self.needle
            else "nothing happened yet"
        )
        if rows != self.listed.rows or empty != self.listed.empty:
            self.listed.show(rows, empty=empty)
            if follows:
                self.listed.move_to(0)
                self._read(self.listed.current)
        self._say()

    @staticmethod
    def _row(one: Json | Gap) -> Row:
        return Row(("gap", one.before), one) if isinstance(one, Gap) else Row(one["seq"], one)

    def _say(self) -> None:
        glyphs = self.tui.glyphs
        state = f"{glyphs('paused')} paused" if self.tui.paused else f"{glyphs('on')} following"
        text = f"{state}  seq {self.tail.newest}" + (f"  /{line(self.needle)}" if self.needle else "")
        paint = paint_of(self.app)
        if (text, paint) != self._said:
            self._said = (text, paint)
            self.query_one("#state", Static).update(paint.signs(Text(text)), layout=False)

    def tick(self) -> None:
        if self.is_mounted:
            self._say()

    def _draw(self, one: Json | Gap, width: int) -> list[Text]:
        paint = paint_of(self.app)
        if isinstance(one, Gap):
            words = "no longer kept" if one.gone else "not here: Enter fetches"
            return [Text(cut(f"  … {many(one.count, 'event')} {words}", width), no_wrap=True, style=paint.warn)]
        name = cut(model.name_of(one), min(28, max(12, width // 3)))
        text = Text(no_wrap=True).append(f"{model.at(one)} {one['seq']:>6} ", paint.dim)
        text.append(name, paint.of(model.kind_of(one)))
        return [text.append(cut(f" {model.about(one)}", width - text.cell_len))]

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        if event.rows is self.listed:
            self._read(event.row)

    def _read(self, row: Row | None) -> None:
        event = row.data if row is not None and not isinstance(row.data, Gap) else None
        head = [model.name_of(event), model.about(event)] if event is not None else []
        self.json.read(event, head, empty="no event is under the cursor")

    # What the keys do.

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        if event.rows is not self.listed:
            return
        one = event.row.data
        if isinstance(one, Gap):
            if not one.gone:
                after = max(one.after, one.before - 1 - model.PAGE)
                self._fetch(lambda client: after, one)
            return
        where = model.place_of(one)
        if where is not None and where[0] in self.tui.MODES:
            self.tui.go_and(*where)
        else:
            self.set_focus(self.json)

    def action_filter(self) -> None:
        self.query_one(FilterField).open()

    def action_filter_clear(self) -> None:
        self._filter("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._filter(event.value.strip())

    def _filter(self, needle: str) -> None:
        self.needle = needle
        self.query_one(FilterField).hold(needle)
        self.set_focus(self.listed)
        self._show()

    def action_back(self) -> None:
        if self.focused is self.json:
            self.set_focus(self.listed)
        elif isinstance(self.focused, Input) or not self.listed.clear_marks():
            self._filter("")

    def action_enter_pane(self) -> None:
        self.set_focus(self.json)

    def action_copy(self) -> None:
        row = self.listed.current
        if row is not None and not isinstance(row.data, Gap):
            self.tui.copy(pretty(row.data), f"event {row.key}")

    def action_events_save(self) -> None:
        events = [one for one in self.tail.shown(self.needle) if not isinstance(one, Gap)]
        path = Path.cwd() / f"events-{time.strftime('%Y%m%d-%H%M%S')}.jsonl"

        def save(values: Json, done: Callable[[Problem | None], None]) -> None:
            chosen = Path(values["path"])

            def come(outcome: Outcome) -> None:
                wrong = outcome.problem.message if outcome.problem else outcome.value
                done(Problem(wrong, 599, "path") if wrong else None)
                if not wrong:
                    self.tui.say(f"saved {many(len(events), 'event')}: {chosen}")

            self.tui.call(lambda client: model.save(events, chosen), come)

        field = Field("path", "file", str(path), required=True, hint="one event a line; it must not be there yet")
        self.app.push_screen(Form(f"Save {many(len(events), 'event')}", [field], save))
