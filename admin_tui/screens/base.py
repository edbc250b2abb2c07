"""What every screen has: the two bars, movement, one list that the keys work on."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

from admin_tui.keys import BY_NAME, SCREENS, Action, by_id, of
from admin_tui.modals.help import Help
from admin_tui.net.outcome import Outcome
from admin_tui.net.pool import Work
from admin_tui.state.undo import told
from admin_tui.widgets.bars import HintBar, TooSmall, TopBar
from admin_tui.widgets.row_list import RowList
from admin_tui.widgets.thread_view import ThreadView

if TYPE_CHECKING:
    from collections.abc import Callable

    from admin_tui.app import InboxdTui

_MOVES = (
    ("j,down", "move(1)"), ("k,up", "move(-1)"), ("ctrl+d,pagedown", "page(0.5)"), ("ctrl+u,pageup", "page(-0.5)"),
    ("G,end", "edge(1)"), ("home", "edge(-1)"), ("l,right", "enter_pane"), ("h,left", "leave_pane"),
)  # fmt: skip


def bindings(*contexts: str) -> list[Any]:
    """The keys of some contexts, movement and the numbers of the screens."""
    made = [Binding(action.keys, action.name, action.label, id=action.id) for action in of(*contexts)]
    made += [Binding(keys, action, show=False) for keys, action in _MOVES]
    made += [Binding(key, f"go('{name}')", show=False) for name, (key, _, _) in SCREENS.items() if key]
    return made


class BaseScreen(Screen[None]):
    """A screen names its `place`, gives its `body`, loads when it is `wanted`, and hears of events by `news`."""

    place: ClassVar[str] = ""
    HINTS: ClassVar[tuple[str, ...]] = ()
    """What the hint line shows, as far as it can be done, where it is not what the table of actions says."""
    # None would be the application's: any first field, seen or not.
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self._is_stale = True
        self.top_bar = TopBar(self.place)
        self.hint_bar = HintBar()

    @property
    def tui(self) -> "InboxdTui":
        return cast("InboxdTui", self.app)

    def compose(self) -> ComposeResult:
        yield self.top_bar
        yield from self.body()
        yield self.hint_bar
        yield TooSmall()

    def body(self) -> Iterable[Widget]:
        raise NotImplementedError

    def wanted(self) -> None:
        """The screen is looked at and what it shows may be old: fetch it."""

    def learned(self) -> None:
        """Who we are or what things are called is known, maybe anew: what was drawn with it is drawn again."""
        for rows in self.query(RowList):
            rows.redraw()
        self.top_bar.refresh()
        self.update_hints()

    def news(self, events: list[dict[str, Any]]) -> None:
        """Something happened on the server; by default the screen is fetched anew."""
        self.wanted()

    def tick(self) -> None:
        """Four times a second while the screen is looked at: draw only what changed."""

    def leaving(self) -> None:
        """The dashboard ends or sleeps: put away what would be lost."""

    def on_screen_resume(self) -> None:
        self.tui.show_status(self)
        self.update_hints()
        if self._is_stale:
            self._is_stale = False
            self.wanted()

    def missed(self) -> None:
        """Something happened while nobody looked here."""
        self._is_stale = True

    def fetch(self, work: Work, then: "Callable[[Any], None]", *, what: str = "") -> None:
        """`then(answer)` when it has come and the screen is still there; a problem is said once, with `what` failed."""

        def come(outcome: Outcome) -> None:
            if not self.is_attached:
                return
            if outcome.problem is None:
                then(outcome.value)
            else:
                self.tui.tell_problem(what or self.place, outcome.problem)

        self.tui.call(work, come)

    def can_undo(self, what: str, back: Work) -> None:
        """Say that `what` was done, and how to undo it: `back(client)` takes it back, and gives the names of what it
        left as others made it meanwhile."""

        def come(left: list[str]) -> None:
            self.tui.say(told(what, left), bad=bool(left))
            self.wanted()

        self.tui.undoing.remember(what, lambda: self.fetch(back, come, what=f"undo of {what}"))
        self.tui.say(f"{what} ({self.tui.key_of_id('undo')} undoes)")

    @property
    def rows(self) -> RowList | None:
        """The list that the keys work on: the focused one, else the first."""
        if isinstance(self.focused, RowList):
            return self.focused
        found = self.query(RowList)
        return found.first() if found else None

    # What the keys do everywhere.

    def offered(self) -> list[Action]:
        """The actions of this place that its reader may do, in the order of the hints."""
        return [action for action in of(self.place, "list", "everywhere") if self.may(action)]

    def may(self, action: Action) -> bool:
        if action.writes and self.tui.read_only:
            return False
        if action.admin and not self.tui.is_administrator:
            return False
        return hasattr(self, f"action_{action.name}") or hasattr(self.app, f"action_{action.name}")

    def tip(self, action_id: str, does: str, before: str = "") -> str:
        """`c makes one` behind what stands before it; nothing for who may not."""
        return f"{before}{self.tui.key_of_id(action_id)} {does}" if self.may(by_id(action_id)) else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        known = BY_NAME.get(action)
        return self.may(known) if known is not None else True

    def hinted(self) -> list[Action]:
        """The actions of the hint line, in its order."""
        offered = {action.id: action for action in self.offered()}
        if self.HINTS:
            return [offered[name] for name in self.HINTS if name in offered]
        return [action for action in offered.values() if action.hint]

    def update_hints(self) -> None:
        self.hint_bar.offer(self.hinted(), self.tui.key_of, self.tui.key_of_id("help"))

    def action_move(self, steps: int) -> None:
        target = self.focused if isinstance(self.focused, RowList | ThreadView) else self.rows
        if target is not None:
            target.move_by(steps)

    def action_page(self, pages: float) -> None:
        if isinstance(self.focused, ThreadView):
            self.focused.page_by(pages)
        elif self.rows is not None:
            self.rows.move_by(round(self.rows.page * pages) or (1 if pages > 0 else -1))

    def action_edge(self, where: int) -> None:
        target = self.focused if isinstance(self.focused, ThreadView) else self.rows
        if target is not None:
            target.move_to(10**9 if where > 0 else 0)

    def action_enter_pane(self) -> None:
        self.action_open()

    def action_leave_pane(self) -> None:
        self.action_back()

    def action_open(self) -> None:
        if self.rows is not None:
            self.rows.open()

    def action_back(self) -> None:
        """One step out; a screen that has more steps takes them first."""
        if self.rows is not None:
            self.rows.clear_marks()

    def action_mark(self) -> None:
        if self.rows is not None:
            self.rows.toggle_mark()

    def action_mark_all(self) -> None:
        if self.rows is not None:
            self.rows.mark_all()

    def action_refresh(self) -> None:
        self.tui.hurry()
        self.wanted()

    def action_copy_text(self) -> None:
        """What is selected, by ctrl+c; many press it to leave."""
        selected = self.get_selected_text()
        if selected is None:
            self.tui.say(f"{self.tui.key_of_id('quit')} quits")
        else:
            self.tui.copy(selected, "what is selected")

    def action_go(self, name: str) -> None:
        self.tui.go(name)

    def action_goto(self) -> None:
        def gone(target: str | None) -> None:
            if target in SCREENS:
                self.tui.go(target)
            elif target == "g":
                self.action_edge(-1)
            elif target is not None:
                self.tui.go_to_place(target)

        self.tui.leader.begin(gone)

    def action_help(self) -> None:
        title = SCREENS[self.place][2]
        everything = [
            (title if action.context == self.place else "everywhere", action)
            for action in self.offered()
            if action.id != "help"
        ]

        def chosen(action_id: str | None) -> None:
            if action_id is not None:
                self.tui.do(action_id)

        self.app.push_screen(Help(f"Keys: {title}", everything, self.tui.key_of), chosen)

    def on_top_bar_pressed(self, event: TopBar.Pressed) -> None:
        self.tui.go(event.target)

    def on_hint_bar_pressed(self, event: HintBar.Pressed) -> None:
        self.tui.do(event.target)

    def on_descendant_focus(self) -> None:
        self.update_hints()
