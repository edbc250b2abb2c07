"""A screen of several lists, one at a time: `[` and `]` go from one to the next."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from admin_tui.keys import Action, by_id
from admin_tui.net.outcome import Outcome
from admin_tui.screens.base import BaseScreen
from admin_tui.text import cut, line
from admin_tui.theme import paint_of
from admin_tui.widgets.fields import FilterField
from admin_tui.widgets.row_list import Row, RowList

Json = dict[str, Any]
HINTS = ("open", "create", "edit", "delete", "view.next", "filter", "goto", "palette")
"""What the hint line shows, in this order, as far as it can be done."""


@dataclass(frozen=True)
class View:
    """`load(client)` gives what is listed, each with an `id`; `draw` and `about` show one, in a line and in several.
    What cannot be done there has no function; `admin` are the names of those only for administrators. `creates` is
    what that key does where nothing is listed."""

    title: str
    load: Callable[[Any], Any]
    draw: Callable[[Json, int], str | Text]
    about: Callable[[Json], list[str]]
    empty: str
    create: Callable[[], None] | None = None
    edit: Callable[[Json], None] | None = None
    delete: Callable[[Json], None] | None = None
    open: Callable[[Json], None] | None = None
    copied: Callable[[Json], str] | None = None
    admin: tuple[str, ...] = ("create", "edit", "delete")
    is_counted: bool = True
    creates: str = "makes one"


class ViewsScreen(BaseScreen):
    """A screen gives its `views`, those that its reader may see."""

    # CSS of a screen is for its own class alone; this is for those that are made from it.
    DEFAULT_CSS = """
    ViewsScreen #list { width: 1fr; }
    ViewsScreen #about { width: 44; border-left: vkey $border-blurred; padding: 0 1; scrollbar-size-vertical: 1; }
    ViewsScreen #about Static { width: 1fr; }
    ViewsScreen.-narrow #about, ViewsScreen.-tiny #about { display: none; }
    ViewsScreen.-narrow.-info #list, ViewsScreen.-tiny.-info #list { display: none; }
    ViewsScreen.-narrow.-info #about, ViewsScreen.-tiny.-info #about {
        display: block; width: 1fr; border-left: none;
    }
    """
    HINTS: ClassVar[tuple[str, ...]] = HINTS

    def __init__(self) -> None:
        super().__init__()
        self.view = ""
        self.records: dict[str, list[Json]] = {}
        self._is_dirty = False
        self._loading = ""

    def views(self) -> list[View]:
        raise NotImplementedError

    def body(self) -> Iterable[Widget]:
        glyphs = self.tui.glyphs
        yield Static(id="views", markup=False, classes="views")
        yield FilterField("type to find, Enter keeps, esc clears", id="filter")
        with Horizontal(classes="split"):
            yield RowList(self._draw, empty="…", cursor=glyphs("cursor"), marked=" ", id="list")
            with VerticalScroll(id="about", can_focus=False):
                yield Static(id="facts", markup=False)

    @property
    def listed(self) -> RowList:
        return self.query_one("#list", RowList)

    @property
    def filter(self) -> FilterField:
        return self.query_one(FilterField)

    @property
    def seen(self) -> View:
        """The view that is looked at."""
        found = self.views()
        return next((one for one in found if one.title == self.view), found[0])

    @property
    def current(self) -> Json | None:
        row = self.listed.current
        return row.data if row is not None else None

    def on_mount(self) -> None:
        self.set_focus(self.listed)

    # What may be done depends on the view.

    def may(self, action: Action) -> bool:
        if action.id in ("mark", "mark.all"):
            return False
        if action.id in ("create", "edit", "delete", "open"):
            view = self.seen
            if getattr(view, action.id) is None or (action.id in view.admin and not self.tui.is_administrator):
                return False
        return super().may(action)

    def action_create(self) -> None:
        if self.seen.create is not None:
            self.seen.create()

    def action_edit(self) -> None:
        self._with_current(self.seen.edit)

    def action_delete(self) -> None:
        self._with_current(self.seen.delete)

    def action_open(self) -> None:
        # A click and `l` come here too, past what is offered.
        if self.may(by_id("open")):
            self._with_current(self.seen.open)

    def action_copy(self) -> None:
        view, one = self.seen, self.current
        if one is not None:
            self.tui.copy(view.copied(one) if view.copied else "\n".join(view.about(one)), view.title.lower())

    def _with_current(self, do: Callable[[Json], None] | None) -> None:
        if do is not None and self.current is not None:
            do(self.current)

    def on_row_list_opened(self) -> None:
        self.action_open()

    # The list.

    def wanted(self) -> None:
        view = self.seen
        self.view = view.title
        self._is_dirty = False
        if self._loading == view.title:
            self._is_dirty = True
            return
        self._loading = view.title

        def come(outcome: Outcome) -> None:
            self._loading = "" if self._loading == view.title else self._loading
            if not self.is_attached:
                return
            if outcome.problem is None:
                self.take(view, outcome.value)
            else:
                self.tui.tell_problem(view.title.lower(), outcome.problem)
            if self.view == view.title:
                self._show(problem=outcome.problem is not None)

        self.tui.call(view.load, come)

    def take(self, view: View, found: Any) -> None:
        """What a view's `load` has brought."""
        self.records[view.title] = found

    def news(self, events: list[dict[str, Any]]) -> None:
        """None of what is listed here is in the feed: it is read when it is looked at."""

    def tick(self) -> None:
        if self._is_dirty:
            self.wanted()

    def _show(self, *, problem: bool = False) -> None:
        view, needle = self.seen, self.filter.value.strip().lower()
        known = self.records.get(view.title)
        found = [one for one in known or [] if needle in line(" ".join(map(str, one.values()))).lower()]
        empty = (
            view.empty + self.tip("create", view.creates, "\n")
            if known is not None
            else "not loaded\nctrl+r tries again"
            if problem
            else "…"
        )
        if needle and known and not found:
            empty = f"nothing like {line(needle)!r}\n{self.tui.key_of_id('filter.clear')} clears the filter"
        self.listed.show([Row((view.title, one["id"]), one) for one in found], empty=empty)
        tabs = line("  ".join(map(self._tab, self.views())))
        self.query_one("#views", Static).update(paint_of(self.app).tabs(tabs), layout=False)
        self._show_about()

    def _tab(self, view: View) -> str:
        known = self.records.get(view.title) if view.is_counted else None
        word = view.title if known is None else f"{view.title} {len(known)}"
        return f"[{word}]" if view.title == self.view else word

    def _draw(self, one: Json, width: int) -> list[Text]:
        drawn = self.seen.draw(one, width)
        if isinstance(drawn, Text):
            return [drawn]
        return [paint_of(self.app).signs(Text(cut(drawn, width), no_wrap=True))]

    def _show_about(self) -> None:
        one = self.current
        facts = self.seen.about(one) if one is not None else []
        paint = paint_of(self.app)
        text = Text("\n".join(facts))
        text.stylize(paint.key, 0, len(facts[0]) if facts else 0)
        text.highlight_regex(r"(?m)^[ a-z][a-z -]{1,14}:", paint.dim)
        self.query_one("#facts", Static).update(paint.signs(text))

    def on_row_list_highlighted(self) -> None:
        self._show_about()

    # From view to view.

    def action_view_next(self) -> None:
        self._step(1)

    def action_view_previous(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        titles = [view.title for view in self.views()]
        place = titles.index(self.view) if self.view in titles else 0
        self.look_at(titles[(place + by) % len(titles)])

    def look_at(self, title: str) -> None:
        self.view = title
        self.filter.value = ""
        self._show()
        self.listed.move_to(0)
        self.update_hints()
        self.wanted()

    def action_filter(self) -> None:
        self.filter.open()

    def action_filter_clear(self) -> None:
        self.filter.hold()
        self.set_focus(self.listed)

    def on_input_changed(self) -> None:
        self._show()

    def on_input_submitted(self) -> None:
        self.set_focus(self.listed)

    def action_info(self) -> None:
        """Where there is no room beside the list: what is known of one instead of it."""
        self.toggle_class("-info")
        if not self.has_class("-info"):
            self.set_focus(self.listed)

    def action_back(self) -> None:
        if self.focused is self.filter or self.filter.value:
            self.action_filter_clear()
        elif self.has_class("-info"):
            self.action_info()
