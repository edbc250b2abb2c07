"""The dashboard: its screens, its keys in the order they were typed, and the news from the server."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input, TextArea

from admin_tui import clipboard, fixes
from admin_tui.commands import palette
from admin_tui.config import Settings, state_dir
from admin_tui.glyphs import Glyphs, needs_ascii
from admin_tui.keys import ACTIONS, SCREENS, Action, by_id, problems, shown
from admin_tui.modals.confirm import Confirm
from admin_tui.modals.onboarding import FirstMinute
from admin_tui.modals.text_view import TextView
from admin_tui.net.feed import Feed, News
from admin_tui.net.outcome import Outcome, Problem
from admin_tui.net.pool import Pool, Then, Work
from admin_tui.screens.agents import AgentsScreen
from admin_tui.screens.base import BaseScreen
from admin_tui.screens.contacts import ContactsScreen
from admin_tui.screens.conversations import ConversationsScreen
from admin_tui.screens.dashboard import DashboardScreen
from admin_tui.screens.deliveries import DeliveriesScreen
from admin_tui.screens.events import EventsScreen
from admin_tui.screens.inboxes import InboxesScreen
from admin_tui.screens.settings import SettingsScreen
from admin_tui.screens.webhooks import WebhooksScreen
from admin_tui.state.directory import Directory
from admin_tui.state.drafts import Drafts
from admin_tui.state.undo import Undo
from admin_tui.state.unsent import Unsent
from admin_tui.text import line, span
from admin_tui.theme import THEMES
from admin_tui.widgets.fields import LeavingField

if TYPE_CHECKING:
    from inboxd.client import Client

DRAIN_S = 0.25
_KEPT_EVENTS = 2_000
_SAID_AGAIN_S = 30.0
_RECENT = 10
_BEHIND_S = 1.0
"""A field that takes longer over a command than this no longer holds up the keys behind it."""


@dataclass(frozen=True)
class Said:
    """A line of this session's messages. `at` in unix seconds."""

    at: float
    text: str
    bad: bool


def _can(node: Any, action: str) -> bool:
    return hasattr(node, f"action_{action}")


class InboxdTui(App[int]):
    """`connect` makes a client for whichever thread asks. `server` names the server in the header."""

    CSS_PATH = "app.tcss"
    TITLE = "inboxd"
    # Textual would open its own above anything; ours is an action of the screens.
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (100, "-mid"), (140, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    MODES: ClassVar = {
        screen.place: screen
        for screen in (
            DashboardScreen,
            InboxesScreen,
            ConversationsScreen,
            ContactsScreen,
            DeliveriesScreen,
            WebhooksScreen,
            AgentsScreen,
            EventsScreen,
            SettingsScreen,
        )
    }
    BINDINGS: ClassVar = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=False),
        Binding("ctrl+r", "refresh_anywhere", show=False),
    ]

    class Handed(Message):
        """An outcome that a thread hands over."""

        def __init__(self, then: Then, outcome: Outcome) -> None:
            super().__init__()
            self.then = then
            self.outcome = outcome

    def __init__(
        self,
        connect: "Callable[[], Client]",
        settings: Settings,
        *,
        server: str,
        start_at: str = "",
        no_color: bool = False,
    ) -> None:
        super().__init__(ansi_color=True if no_color else None)
        self.settings = settings
        self.server = server
        self.start_at = start_at
        self.read_only = settings.read_only
        ascii_only = needs_ascii() if settings.ascii == "auto" else settings.ascii == "true"
        self.glyphs = Glyphs(ascii_only=ascii_only)
        self.drafts = Drafts(state_dir() / "drafts.json", server)
        self.unsent = Unsent(state_dir() / "unsent.json", server)
        self.undoing = Undo()
        self.directory = Directory()
        self.pool = Pool(connect, self._hand_over)
        self.feed = Feed(connect)
        self.first_minute = FirstMinute(self)
        self.happened: deque[dict[str, Any]] = deque(maxlen=_KEPT_EVENTS)
        self.said: deque[Said] = deque(maxlen=500)
        self.recent: list[str] = []
        self.sending = 0
        self.live = False
        self.paused = False
        self._lost: News | None = None
        self._behind: list[events.Key] | None = None
        self._behind_at = 0.0
        self._problem_at: dict[str, float] = {}
        self._places: list[str] = []
        for theme in THEMES:
            self.register_theme(theme)

    def on_load(self) -> None:
        self.animation_level = "none"
        if self.settings.theme in self.available_themes:
            self.theme = self.settings.theme
        elif not self.ansi_color:
            self.theme = "inboxd-dark"
        self.set_keymap(dict(self.settings.keys))

    def on_mount(self) -> None:
        fixes.leave_on_signals(self)
        for problem in [*self.settings.problems, *problems(self.settings.keys)]:
            self.say(problem, bad=True)
        self.pool.start()
        self.feed.start()
        self.set_interval(DRAIN_S, self._drain)
        self.learn()
        self.go(self.start_at or self.settings.default_screen)

    def on_unmount(self) -> None:
        self.feed.stop()
        self.pool.stop()

    # The server.

    def call(self, work: Work, then: Then) -> None:
        """`work(client)` on a thread of the network, then `then(outcome)` here."""
        self.pool.submit(work, then)

    def _hand_over(self, then: Then, outcome: Outcome) -> None:
        if self.is_running:
            self.post_message(self.Handed(then, outcome))

    def on_inboxd_tui_handed(self, message: Handed) -> None:
        message.then(message.outcome)

    def learn(self) -> None:
        """Who we are and what things are called: inboxes, people, teams, labels."""

        def learned(outcome: Outcome) -> None:
            if outcome.problem is not None:
                self.tell_problem("what is here", outcome.problem)
                return
            self.directory.learn(outcome.value)
            self.first_minute.learned()
            screen = self.place
            if screen is not None:
                screen.update_hints()
                screen.wanted()

        self.call(Directory.fetch, learned)

    @property
    def is_administrator(self) -> bool:
        return self.directory.role != "agent"

    def hurry(self) -> None:
        self.feed.hurry()

    def _drain(self) -> None:
        screen = self.place
        happened: list[dict[str, Any]] = []
        while not self.feed.news.empty():
            news = self.feed.news.get()
            if news.kind == "events":
                happened += news.events
            else:
                self._connection(news)
        if happened:
            self.happened.extend(happened)
            self._tell(happened)
        self.first_minute.tick(happened)
        if screen is not None and screen.is_mounted:
            self.show_status(screen)
            screen.tick()
        if self._behind and time.monotonic() - self._behind_at > _BEHIND_S:
            self.call_later(self.catch_up)

    def _tell(self, happened: list[dict[str, Any]]) -> None:
        if self.directory.is_touched_by(happened):
            self.learn()
        for name in self._screens_there():
            screen = self.get_screen_of(name)
            if screen is None:
                continue
            if screen is self.place and not self.paused:
                screen.news(happened)
            else:
                screen.missed()

    def _connection(self, news: News) -> None:
        was_live, self.live = self.live, news.kind in ("live", "gap")
        self._lost = None if self.live else news
        if news.kind == "denied" and news.problem is not None:
            self.say(f"{news.problem.message}: is the token revoked?", bad=True)
        if news.kind == "gap":
            self.say(f"events up to {news.seq} are gone: everything is fetched anew")
        if self.live and (not was_live or news.kind == "gap"):
            self.learn()
            for name in self._screens_there():
                screen = self.get_screen_of(name)
                if screen is not None and screen is not self.place:
                    screen.missed()

    def show_status(self, screen: BaseScreen) -> None:
        lost = self._lost
        about = f"{self.server}{'  [RO]' if self.read_only else ''}"
        if self.live:
            sign = f"{self.glyphs('on')} {'paused' if self.paused else 'live'}"
            screen.top_bar.say(f" {sign}", about)
        elif lost is None:
            screen.top_bar.say(" … connecting", about)
        else:
            left = max(0, lost.again_at - time.monotonic())
            why = lost.problem.message if lost.problem else ""
            kind = "denied" if lost.kind == "denied" else "offline"
            again = f" · retry {lost.tries} in {span(left)} · ctrl+r now" if kind == "offline" else ""
            screen.top_bar.say(f" {self.glyphs('failed')} {kind}: {line(why)[:40]}{again}", about, is_well=False)

    # Places.

    @property
    def place(self) -> BaseScreen | None:
        """The screen beneath whatever stands above it."""
        return next((one for one in reversed(self.screen_stack) if isinstance(one, BaseScreen)), None)

    def _screens_there(self) -> list[str]:
        return [name for name in SCREENS if self._screen_stacks.get(name)]

    def get_screen_of(self, name: str) -> BaseScreen | None:
        stack = self._screen_stacks.get(name) or []
        return next((one for one in stack if isinstance(one, BaseScreen)), None)

    def go(self, name: str) -> None:
        if name not in self.MODES or name == self.current_mode:
            return
        if self.current_mode in SCREENS:
            self._places.append(self.current_mode)
        self.switch_mode(name)

    def go_and(self, name: str, method: str, *arguments: Any) -> None:
        """Go to a screen and have it do something, if it knows how."""
        self.go(name)

        def there() -> None:
            screen = self.get_screen_of(name)
            if screen is not None and hasattr(screen, method):
                screen.call_after_refresh(getattr(screen, method), *arguments)

        self.call_later(there)

    def go_to_place(self, where: str) -> None:
        """A key of `modals.goto.MOVES`."""
        name = "deliveries" if where == "f" else "conversations"
        self.go(name)
        self.call_later(self._show_view, name, where)

    def _show_view(self, name: str, where: str) -> None:
        screen = self.get_screen_of(name)
        if screen is not None and hasattr(screen, "show_view"):
            screen.show_view(where)

    def action_previous_place(self) -> None:
        if self._places:
            name = self._places.pop()
            self.switch_mode(name)

    # Keys.

    async def on_event(self, event: events.Event) -> None:
        # Keys are commands in the order they were typed: Textual would send each to the focused widget first and
        # run its binding later, when a key typed after it may already have moved the cursor.
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._behind is not None:
            self._behind.append(event)
            if time.monotonic() - self._behind_at > _BEHIND_S:
                await self.catch_up()
        else:
            await self._key(event)

    async def _key(self, event: events.Key) -> None:
        field = self.focused
        if not isinstance(field, Input | TextArea):
            found = self.screen.active_bindings.get(event.key)
            if found is not None and found.enabled and isinstance(self.screen, BaseScreen):
                name = found.binding.action.partition("(")[0]
                await self.run_action(found.binding.action, found.node if _can(found.node, name) else self)
                return
        elif isinstance(field, LeavingField) and field.is_command(event.key):
            # It may give the focus away: the keys behind it wait until it has done so, in `catch_up`.
            self._behind, self._behind_at = [], time.monotonic()
        await super().on_event(event)

    async def catch_up(self) -> None:
        """Called by a field when its command is done: now the keys behind it find their target."""
        while self._behind:
            waiting = self._behind
            await self._key(waiting.pop(0))
            if self._behind is not waiting:
                # It was such a command itself: the rest waits for that one.
                self._behind = [*waiting, *(self._behind or [])]
                return
        self._behind = None

    def key_of(self, action: Action) -> str:
        return shown(self.settings.keys.get(action.id, action.keys))

    def key_of_id(self, action_id: str) -> str:
        return self.key_of(by_id(action_id))

    def do(self, action_id: str) -> None:
        """Run an action by its id, as a click on its hint or an entry of the palette does."""
        action = next((one for one in ACTIONS if one.id == action_id), None)
        screen = self.place
        if action is None or screen is None or not screen.may(action):
            return
        for holder in (screen, self):
            method = getattr(holder, f"action_{action.name}", None)
            if method is not None:
                self.call_later(method)
                return

    def action_undo(self) -> None:
        last = self.undoing.take()
        if last is None:
            self.say("nothing to undo")
            return
        last.undo()
        self.say(f"undone: {last.what}")

    def action_follow(self) -> None:
        self.paused = not self.paused
        screen = self.place
        if screen is not None:
            self.show_status(screen)
            if not self.paused:
                screen.wanted()

    def action_mouse(self) -> None:
        driver = self._driver
        if driver is None:
            return
        enabled = not getattr(self, "_mouse_off", False)
        name = "_disable_mouse_support" if enabled else "_enable_mouse_support"
        getattr(driver, name, lambda: None)()
        self._mouse_off = enabled
        self.say("mouse off: the terminal selects text" if enabled else "mouse on")

    def action_redraw(self) -> None:
        self.refresh(layout=True)

    def action_refresh_anywhere(self) -> None:
        if self.place is not None:
            self.place.action_refresh()

    def action_palette(self) -> None:
        self.push_screen(palette())

    def used(self, entry: str) -> None:
        """An entry of the palette was chosen: it stands first the next time."""
        self.recent = [entry, *(one for one in self.recent if one != entry)][:_RECENT]

    def action_log(self) -> None:
        lines = [
            f"{time.strftime('%H:%M:%S', time.localtime(one.at))}  {self.glyphs('bad') if one.bad else ' '} {one.text}"
            for one in reversed(self.said)
        ]
        self.push_screen(TextView("Messages of this session", "\n".join(lines) or "nothing was said yet"))

    async def action_quit(self) -> None:
        if not self.sending:
            self.exit(0)
            return

        def answered(sure: bool | None) -> None:
            if sure:
                self.exit(0)

        self.push_screen(Confirm("A message is still being sent. Quit anyway?", "Quit"), answered)

    # Saying things.

    def say(self, text: str, *, bad: bool = False) -> None:
        """A toast, and a line of the messages. Never markup."""
        text = line(text)
        self.said.append(Said(time.time(), text, bad))
        self.notify(text, severity="error" if bad else "information", markup=False, timeout=6 if bad else 3)

    def tell_problem(self, what: str, problem: Problem) -> None:
        """The same problem once in half a minute; being offline is told by the header alone."""
        text = f"{what}: {problem.message}"
        now = time.monotonic()
        if now - self._problem_at.get(text, -_SAID_AGAIN_S) < _SAID_AGAIN_S:
            return
        self._problem_at[text] = now
        if problem.is_offline:
            self.said.append(Said(time.time(), text, True))
        else:
            self.say(text, bad=True)

    def copy(self, text: str, what: str) -> None:
        """To the clipboard of whoever looks, also over SSH and through tmux."""
        how = self.settings.clipboard
        if how == "off":
            self.push_screen(TextView(what, text, hint="select it with the mouse held under shift"))
            return
        if len(text.encode()) > clipboard.MOST and how != "tmux":
            self.say(f"{what}: too long for a terminal's clipboard", bad=True)
            return
        by_tmux = how in ("auto", "tmux") and clipboard.to_tmux(text)
        if how != "tmux":
            self.copy_to_clipboard(text)
        self.say(f"copied {what}{' (tmux)' if by_tmux else ''}")
