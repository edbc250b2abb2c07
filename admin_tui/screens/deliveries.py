"""Deliveries: what webhooks are owed, what became of it, and what can be done about it."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from rich.text import Text
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, Static

from admin_tui.keys import Action
from admin_tui.net.outcome import Outcome
from admin_tui.screens.base import bindings
from admin_tui.screens.delivery_acts import DeliveryActs
from admin_tui.screens.delivery_row import drawn, heads
from admin_tui.state import deliveries as model
from admin_tui.state.deliveries import VIEWS, Owed
from admin_tui.state.reload import Reload, Rest
from admin_tui.state.tokens import Wrong
from admin_tui.text import ago, cut, line, many, until
from admin_tui.theme import paint_of
from admin_tui.widgets.fields import FilterField
from admin_tui.widgets.inspector import Inspector
from admin_tui.widgets.row_list import Row, RowList

Json = dict[str, Any]
_PAUSE_S = 2.0
"""At least this long between two looks at the server by itself."""
_AGES_S = 10.0
_DENIED = "deliveries are shown to administrators only: ask one what became of yours"
_INSPECTING = ("delivery.resend", "delivery.cancel", "delivery.pager", "view.next", "copy", "copy.as", "back")


class DeliveriesScreen(DeliveryActs):
    place = "deliveries"
    BINDINGS = bindings("deliveries", "list", "everywhere")
    CSS = """
    #owed { width: 1fr; }
    #heads { height: 1; color: $text-muted; }
    #list { height: 1fr; }
    #peek { height: 6; border-top: hkey $border-blurred; padding: 0 1; }
    #inspector { width: 1fr; display: none; }
    DeliveriesScreen.-wide #owed { width: 86; }
    DeliveriesScreen.-wide #inspector { display: block; border-left: vkey $border-blurred; }
    DeliveriesScreen.-wide #peek, DeliveriesScreen.-tiny #peek { display: none; }
    DeliveriesScreen.-inspect #inspector { display: block; }
    DeliveriesScreen.-narrow.-inspect #owed, DeliveriesScreen.-tiny.-inspect #owed,
    DeliveriesScreen.-mid.-inspect #owed { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.view = "All"
        self.needle = ""
        self._asked: Json = {}
        self._before: str | None = None
        self._reload = Reload(_PAUSE_S)
        self._resting = Rest()
        self._ages_at = 0.0
        self._peeked: tuple[str, ...] = ()

    def body(self) -> Iterable[Widget]:
        glyphs = self.tui.glyphs
        with Horizontal(classes="split"):
            with Vertical(id="owed"):
                yield Static(id="views", markup=False, classes="views")
                yield FilterField(" ".join(f"{one}:" for one in model.TOKENS), id="filter")
                yield Static(id="heads", markup=False)
                yield RowList(self._draw, empty="…", cursor=glyphs("cursor"), marked=glyphs("marked"), id="list")
                yield Static(id="peek", markup=False)
            yield Inspector(glyphs, self.called, id="inspector")

    def on_mount(self) -> None:
        self.set_focus(self.listed)
        self._show_views()

    def may(self, action: Action) -> bool:
        return super().may(action) and (self.tui.is_administrator or action.context == "everywhere")

    # The list.

    def wanted(self) -> None:
        if not self.is_mounted or not self.tui.directory.is_known:
            return
        if not self.tui.is_administrator:
            self.listed.show([], empty=_DENIED)
            return
        self._show_views()
        self.load()

    def news(self, events: list[Json]) -> None:
        self._reload.want()

    def _query(self) -> Json:
        state = VIEWS[self.view]
        return ({"state": state} if state else {}) | self._asked

    def load(self, before: str | None = None) -> None:
        """The newest again, as many as are shown, or with `before` the next ones."""
        was_wanted = self._reload.is_wanted
        if not self._reload.begin():
            self._reload.is_wanted = was_wanted or before is None
            return
        # More of the old ones tells nothing of the new ones.
        self._reload.is_wanted = was_wanted and before is not None
        query = self._query()
        wanted = model.PAGE if before else max(model.PAGE, min(model.MOST, len(self.listed.rows)))

        def come(outcome: Outcome) -> None:
            self._reload.end()
            if not self.is_attached:
                return
            if query != self._query():
                self.load()
            elif outcome.problem is not None:
                self.tui.tell_problem("deliveries", outcome.problem)
                if not self.listed.rows:
                    self.listed.show([], empty=f"not loaded: {outcome.problem.message}\nctrl+r tries again")
            else:
                found, next_before = outcome.value
                self._take(found, next_before, before)

        self.tui.call(lambda client: model.collect(client, query, wanted, before), come)

    def _take(self, found: list[Json], next_before: str | None, before: str | None) -> None:
        fresh = [model.owed(one) for one in found]
        known = {one.id for one in fresh}
        shown: list[Owed] = [row.data[0] for row in self.listed.rows]
        if before is not None:
            fresh = [*[one for one in shown if one.id not in known], *fresh]
            self._before = next_before
        elif len(shown) > model.MOST and fresh and fresh[-1].id in (ids := [one.id for one in shown]):
            fresh += shown[ids.index(fresh[-1].id) + 1 :]
        else:
            self._before = next_before
        if len(fresh) < model.PAGE and self._before is not None:
            self.load(self._before)
        self._show(fresh)

    def _show(self, found: list[Owed]) -> None:
        now = time.time()
        self._ages_at = time.monotonic() + _AGES_S
        rows = [Row(one.id, (one, ago(one.created_at, now), self._next(one, now))) for one in found]
        empty = self._nothing()
        # What did not change is not drawn.
        if rows != self.listed.rows or empty != self.listed.empty:
            self.listed.show(rows, empty=empty)
        subject, looked_into = self.subject, self.inspector.found
        if subject is None:
            self._see(None)
        elif self._resting.is_awaited:
            pass
        elif looked_into is None or model.owed(looked_into) not in found or looked_into["id"] != subject.id:
            self._resting.skip()

    @staticmethod
    def _next(one: Owed, now: float) -> str:
        return until(one.next_at, now) if one.is_unfinished else ""

    def _nothing(self) -> str:
        if self._reload.is_busy:
            return "searching…"
        if self.needle:
            return f"nothing for {line(self.needle)}\n{self.tui.key_of_id('filter.clear')} clears the filter"
        if self.view != "All":
            return f"nothing is in {self.view}\n{self.tui.key_of_id('view.next')} shows the next view"
        return "nothing was owed to a webhook yet\n6 shows the webhooks, 2 the inboxes, whose own webhooks count too"

    def _show_views(self) -> None:
        words = [f"[{name}]" if name == self.view else name for name in VIEWS]
        text = " ".join(words) + (f"  /{line(self.needle)}" if self.needle else "")
        self.query_one("#views", Static).update(paint_of(self.app).tabs(text), layout=False)
        width = self.listed.size.width - 2
        self.query_one("#heads", Static).update(f"  {heads(width)}", layout=False)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        self._peeked = ()
        self._show_views()
        self._see(self.inspector.found)

    def _draw(self, data: tuple[Owed, str, str], width: int) -> list[Text]:
        one, *ages = data
        return [drawn(one, self.called(one), ages, width, self.tui.glyphs, paint_of(self.app))]

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        if event.rows is self.listed and event.row is not None:
            self._resting.begin()

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        if event.rows is self.listed:
            self.action_open()

    def hinted(self) -> list[Action]:
        return [one for one in self.offered() if one.id in _INSPECTING] if self.inspects else super().hinted()

    def action_open(self) -> None:
        """At once, and not by a message: keys that were typed behind it belong to the inspector."""
        row = self.listed.current
        if row is None or self.inspects:
            return
        if self.inspector.found is not None and self.inspector.found["id"] != row.key:
            self._see(None)
        self._resting.skip()
        self.add_class("-inspect")
        self.set_focus(self.inspector.reading)

    def on_row_list_near_end(self, event: RowList.NearEnd) -> None:
        if event.rows is self.listed and self._before is not None:
            self.load(self._before)

    def tick(self) -> None:
        if not self.is_mounted:
            return
        if self._resting.over():
            self._look()
        if self._reload.is_busy or not self.tui.is_administrator or self.tui.paused:
            return
        shown: list[Owed] = [row.data[0] for row in self.listed.rows]
        if any(one.is_unfinished for one in shown):
            self._reload.want()
        if self._reload.due():
            self.load()
        elif time.monotonic() >= self._ages_at:
            self._show(shown)

    # Views and the filter.

    def show_view(self, where: str) -> None:
        """`f` of "go to": what fails."""
        self._filter("Failing" if where == "f" else "All", "")

    def show_conversation(self, number: int) -> None:
        self._filter("All", f"conversation:{number}")

    def show_webhook(self, webhook_id: int, view: str = "All") -> None:
        self._filter(view, f"webhook:{webhook_id}")

    def _filter(self, view: str, needle: str) -> None:
        try:
            self._asked = model.parse(needle, self.tui.directory.inboxes)
        except Wrong as wrong:
            self.tui.say(str(wrong), bad=True)
            return
        self.view, self.needle, self._before = view, needle, None
        if self.is_mounted:
            self.query_one(FilterField).hold(needle)
            self.remove_class("-inspect")
            self.set_focus(self.listed)
            self.listed.show([], empty="…")
            self.wanted()

    def action_view_next(self) -> None:
        self._turn(1)

    def action_view_previous(self) -> None:
        self._turn(-1)

    def _turn(self, steps: int) -> None:
        if self.inspects:
            self.inspector.turn(steps)
            return
        names = list(VIEWS)
        self._filter(names[(names.index(self.view) + steps) % len(names)], self.needle)

    def action_filter(self) -> None:
        self.remove_class("-inspect")
        field = self.query_one(FilterField)
        field.known = model.values(self.tui.directory.inboxes)
        field.open()

    def action_filter_clear(self) -> None:
        self._filter(self.view, "")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._filter(self.view, event.value.strip())

    def action_back(self) -> None:
        if isinstance(self.focused, Input):
            self._filter(self.view, self.needle)
        elif self.inspects:
            self.remove_class("-inspect")
            self.set_focus(self.listed)
        elif not self.listed.clear_marks() and self.needle:
            self.action_filter_clear()

    # Looking into one.

    def action_enter_pane(self) -> None:
        if self.inspects:
            self.inspector.choose(1)
        else:
            self.action_open()

    def action_leave_pane(self) -> None:
        if self.inspects:
            self.inspector.choose(-1)

    def action_mark(self) -> None:
        if not self.inspects:
            self.listed.toggle_mark()

    def action_mark_all(self) -> None:
        if not self.inspects:
            self.listed.mark_all()

    def _look(self) -> None:
        if self.subject is not None:
            self.look_up(self.subject.id, lambda found: None)

    def look_up(self, delivery_id: str, then: Callable[[Json], None]) -> None:
        """`then(delivery)` with its attempts and payload; it is shown if it is still what is looked at."""

        def come(found: Json) -> None:
            if self.subject is not None and self.subject.id == found["id"]:
                self._see(found)
            then(found)

        self.fetch(lambda client: client.delivery(delivery_id), come, what="delivery")

    def _see(self, found: Json | None) -> None:
        self.inspector.look(found)
        lines: list[str] = []
        if found is not None:
            lines.append(f"{many(len(found['attempts']), 'attempt')} at {(found['webhook'] or {}).get('url')}")
            lines += map(model.attempt_line, reversed(found["attempts"]))
        if tuple(lines) != self._peeked:
            self._peeked = tuple(lines)
            width = max(20, self.size.width - 3)
            text = "\n".join(cut(one, width) for one in lines[:5])
            self.query_one("#peek", Static).update(text, layout=False)
