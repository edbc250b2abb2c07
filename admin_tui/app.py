"""The dashboard: its screens, its keys in the order they were typed, and the news from the server."""

import contextlib
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import App
from textual.binding import Binding
from textual.color import ColorParseError
from textual.message import Message
from textual.theme import Theme
from textual.widgets import Input, TextArea

from admin_tui import clipboard, crash, fixes, pace
from admin_tui.config import Settings, state_dir
from admin_tui.glyphs import Glyphs, needs_ascii
from admin_tui.keys import ACTIONS, ADMIN_SCREENS, SCREENS, TYPING, Action, by_id, problems, shown
from admin_tui.modals.confirm import Confirm
from admin_tui.modals.goto import Leader
from admin_tui.modals.text_view import TextView
from admin_tui.net.feed import Feed, News
from admin_tui.net.outcome import Outcome, Problem
from admin_tui.net.pool import Pool, Then, Work, problem_of
from admin_tui.screens.base import BaseScreen
from admin_tui.shown import Sparing
from admin_tui.state.conversations import calls_for
from admin_tui.state.directory import Directory
from admin_tui.state.drafts import Drafts
from admin_tui.state.undo import Undo
from admin_tui.state.unsent import Unsent
from admin_tui.text import line, span
from admin_tui.theme import THEMES, accented
from inboxd.domain.text import clean

if TYPE_CHECKING:
    from admin_tui.modals.onboarding import FirstMinute
    from inboxd.client import Client

DRAIN_S = 0.25
_UNSEEN_S = 1.0
"""Pause between two looks at the queue while the terminal is not the one in front."""
_SLOW_S = 2.0
_TOAST_S, _BAD_TOAST_S = 3, 6
_MOST_TOASTS = 3
_TOAST_LENGTH = 300
_KEPT_EVENTS = 2_000
_SAID_AGAIN_S = 30.0
_RECENT = 10
_WHY_LENGTH = 40
"""Of why there is no connection, in the header."""


@dataclass(frozen=True)
class Said:
    """A line of this session's messages. `at` in unix seconds."""

    at: float
    text: str
    bad: bool


def _first_visit(place: str) -> BaseScreen:
    """`admin_tui.screens.inboxes.InboxesScreen` for inboxes, imported now: the start waits for one screen alone."""
    made: BaseScreen = getattr(import_module(f"admin_tui.screens.{place}"), f"{place.capitalize()}Screen")()
    return made


class InboxdTui(Sparing):
    """`connect` makes a client for whichever thread asks. `server` names the server in the header."""

    CSS_PATH = "app.tcss"
    TITLE = "inboxd"
    # Tests set it: what is lenient towards an answer would hide a defect of ours.
    is_strict: ClassVar = False
    # Textual would open its own above anything; ours is an action of the screens.
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-slit"), (40, "-tiny"), (60, "-narrow"), (100, "-mid"), (140, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (10, "-short"), (30, "-tall")]
    MODES: ClassVar = {place: partial(_first_visit, place) for place in SCREENS}
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
        secret: str = "",
    ) -> None:
        super().__init__(ansi_color=True if no_color else None)
        self._secret = secret
        self.settings = settings
        self.server = server
        self.start_at = start_at
        self.read_only = settings.read_only
        ascii_only = needs_ascii() if settings.ascii == "auto" else settings.ascii == "true"
        self.glyphs = Glyphs(ascii_only=ascii_only)
        if ascii_only:
            self._filters.append(fixes.Ascii())
        self.drafts = Drafts(state_dir() / "drafts.json", server)
        self.unsent = Unsent(state_dir() / "unsent.json", server)
        self.undoing = Undo()
        self.leader = Leader(self)
        self.directory = Directory()
        self.pool = Pool(connect, self._hand_over)
        self.feed = Feed(connect)
        self.first_minute: FirstMinute | None = None
        self.happened: deque[dict[str, Any]] = deque(maxlen=_KEPT_EVENTS)
        self.said: deque[Said] = deque(maxlen=500)
        self.recent: list[str] = []
        self.sending = 0
        self.live = False
        self.paused = False
        self._lost: News | None = None
        self._problem_at: dict[str, float] = {}
        self._toasts: dict[str, float] = {}
        self._drained_at = 0.0
        self._left: events.Key | None = None
        self._places: list[str] = []
        for theme in THEMES:
            self.register_theme(theme)
        self._themes = list(self.available_themes.values())

    def on_load(self) -> None:
        self.animation_level = "none"
        if self.settings.theme in self.available_themes:
            self.theme = self.settings.theme
        elif not self.ansi_color:
            self.theme = "inboxd-dark"
        if self.settings.accent:
            self.accent(self.settings.accent)
        self.set_keymap(dict(self.settings.keys))

    def on_mount(self) -> None:
        fixes.leave_on_signals(self)
        # Textual draws what changed; whoever comes back by fg finds an empty terminal.
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())
        for problem in [*self.settings.problems, *problems(self.settings.keys)]:
            self.say(problem, bad=True)
        self.theme_changed_signal.subscribe(self, self._repaint)
        self.pool.start()
        self.feed.start()
        self.set_interval(DRAIN_S, self._drain)
        self.learn()
        self.go(self.start_at or self.settings.default_screen)

    def on_unmount(self) -> None:
        self.feed.stop()
        self.pool.stop()

    def on_exit_app(self) -> None:
        """However it comes to an end: a closed tab of the browser calls no `exit`."""
        self._leave_screens()

    def _leave_screens(self) -> None:
        for screen in self._screens_there():
            screen.leaving()

    def _fatal_error(self) -> None:
        """Textual would print every local variable, tokens among them."""
        error = self._exception or sys.exc_info()[1]
        if error is not None and not self._exit_renderables:
            with contextlib.suppress(Exception):
                self._leave_screens()
            self._exit_renderables.append(Text("\n".join(crash.report(error, self._secret))))
        self._close_messages_no_wait()

    def accent(self, accent: str) -> None:
        """Have a colour, or each theme's own again when it is empty."""
        try:
            for theme in self._themes:
                self.register_theme(accented(theme, accent))
        except ColorParseError:
            self.say(f"accent: {accent} is no colour", bad=True)
        self.mutate_reactive(App.theme)

    def redo_hints(self) -> None:
        """What may be done has changed."""
        for screen in self._screens_there():
            screen.learned()
            screen.missed()

    def _repaint(self, theme: Theme) -> None:
        """What is drawn once and kept has the colours of the theme before."""
        for screen in self._screens_there():
            screen.missed()
            screen.learned()
            if screen is self.place:
                screen.wanted()

    # The server.

    def call(self, work: Work, then: Then) -> None:
        """`work(client)` on a thread of the network, then `then(outcome)` here."""
        self.pool.submit(work, then)

    def _hand_over(self, then: Then, outcome: Outcome) -> None:
        if self.is_running:
            self.post_message(self.Handed(then, outcome))

    def on_inboxd_tui_handed(self, message: Handed) -> None:
        if not self.is_running:
            return
        try:
            message.then(message.outcome)
        except (KeyError, TypeError, AttributeError) as error:
            # What answers may be no inboxd, or one of another version: that must not end the dashboard.
            if self.is_strict or not message.outcome.ok:
                raise
            self.tell_problem(self.current_mode, problem_of(error))

    def learn(self) -> None:
        """Who we are and what things are called: inboxes, people, teams, labels."""

        def learned(outcome: Outcome) -> None:
            if outcome.problem is not None:
                self.tell_problem("what is here", outcome.problem)
                return
            is_first = not self.directory.is_known
            self.directory.learn(outcome.value)
            if is_first:
                self._welcome()
            for screen in self._screens_there():
                screen.learned()
                if screen is self.place:
                    screen.wanted()

        self.call(Directory.fetch, learned)

    def _welcome(self) -> None:
        """Whoever can make the first inbox is shown how."""
        if not self.directory.inboxes and self.is_administrator and not self.read_only:
            from admin_tui.modals.onboarding import FirstMinute

            self.first_minute = FirstMinute(self)
            self.first_minute.begin()

    @property
    def is_administrator(self) -> bool:
        """Nobody is one until the server has said so."""
        return self.directory.role == "administrator"

    def hurry(self) -> None:
        self.feed.hurry()

    def _drain(self) -> None:
        now = time.monotonic()
        # At the end the clock goes on for a while, beneath screens that lose their widgets.
        if not self.is_running or (not self.app_focus and now - self._drained_at < _UNSEEN_S):
            return
        self._drained_at = now
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
            if self.settings.bell and calls_for(happened, self.directory.me):
                self.bell()
            self._tell(happened)
        if self.first_minute is not None:
            self.first_minute.tick(happened)
        if screen is not None and screen.is_mounted:
            self.show_status(screen)
            screen.tick()

    def _tell(self, happened: list[dict[str, Any]]) -> None:
        if self.directory.is_touched_by(happened):
            self.learn()
        for screen in self._screens_there():
            if screen is self.place and not self.paused:
                screen.news(happened)
            else:
                screen.missed()

    def _connection(self, news: News) -> None:
        was_live, self.live = self.live, news.kind in ("live", "gap")
        self._lost = None if self.live else news
        if news.kind == "denied" and news.problem is not None:
            self.say(f"{news.problem.message}: is the token wrong or revoked?", bad=True)
        elif news.problem is not None and news.tries == 1 and len(news.problem.message) > _WHY_LENGTH:
            # What to do about it has no room in the header.
            self.say(news.problem.message, bad=True)
        if news.kind == "gap":
            self.say(f"events up to {news.seq} are gone: everything is fetched anew")
        if self.live and (not was_live or news.kind == "gap"):
            self.learn()
            for screen in self._screens_there():
                if screen is not self.place:
                    screen.missed()

    def show_status(self, screen: BaseScreen) -> None:
        lost = self._lost
        about = f"{self.server}{'  [RO]' if self.read_only else ''}"
        slow_s = self.pool.waited_s()
        if self.live and slow_s > _SLOW_S:
            screen.top_bar.say(f" {self.glyphs('slow')} slow {span(slow_s)}", about)
        elif self.live:
            sign = f"{self.glyphs('on')} {'paused' if self.paused else 'live'}"
            screen.top_bar.say(f" {sign}", about)
        elif lost is None:
            screen.top_bar.say(" … connecting", about)
        else:
            left = max(0, lost.again_at - time.monotonic())
            why = lost.problem.message if lost.problem else ""
            kind = "denied" if lost.kind == "denied" else "offline"
            again = f" · retry {lost.tries} in {span(left)} · ctrl+r now" if kind == "offline" else ""
            screen.top_bar.say(
                f" {self.glyphs('failed')} {kind}: {line(why)[:_WHY_LENGTH]}{again}", about, is_well=False
            )

    # Places.

    @property
    def place(self) -> BaseScreen | None:
        """The screen beneath whatever stands above it."""
        return next((one for one in reversed(self.screen_stack) if isinstance(one, BaseScreen)), None)

    def _screens_there(self) -> list[BaseScreen]:
        """Those with their widgets. One that is being made has nothing to hear yet: it fetches when it is there."""
        return [screen for screen in map(self.get_screen_of, SCREENS) if screen is not None and screen.is_mounted]

    def get_screen_of(self, name: str) -> BaseScreen | None:
        stack = self._screen_stacks.get(name) or []
        return next((one for one in stack if isinstance(one, BaseScreen)), None)

    def places(self) -> list[str]:
        """The screens that its reader may see."""
        return [name for name in SCREENS if self.is_administrator or name not in ADMIN_SCREENS]

    def go(self, name: str) -> None:
        if name not in self.MODES or name == self.current_mode:
            return
        if self.directory.is_known and name not in self.places():
            self.say(f"{SCREENS[name][2]} is for administrators", bad=True)
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
        self.go_and("deliveries" if where == "f" else "conversations", "show_view", where)

    def action_previous_place(self) -> None:
        if self._places:
            name = self._places.pop()
            self.switch_mode(name)

    # Keys.

    def post_message(self, message: Message) -> bool:
        if isinstance(message, events.Key) and message.is_forwarded:
            # On its way up from widgets that left it; `_take` waits for it.
            self._left = message
            return True
        return super().post_message(message)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key):
            # Who is told to leave does not first do what was typed ahead.
            if not self._exit:
                await self._take(event)
            return
        if isinstance(event, events.Paste):
            # Terminals send what return sends for the ends of lines.
            event.text = clean(event.text.replace("\r\n", "\n").replace("\r", "\n"))
            if isinstance(self.focused, Input):
                # It has one line, and would leave out the others.
                event.text = " ".join(event.text.split("\n")).strip()
        await super().on_event(event)

    async def _take(self, event: events.Key) -> None:
        """Keys are done in the order they were typed, on the screen that the one before led to. A field gets them
        first and leaves what it does not know; elsewhere the commands come first."""
        await pace.ready(self.screen)
        self.app_focus = True
        if self.leader.takes(event.key):
            await pace.settled(self.focused or self.screen)
            return
        await pace.ready(self.screen)
        target = self.focused or self.screen
        if not isinstance(self.focused, Input | TextArea) and await self._command(event.key):
            await pace.settled(target)
            return
        await super().on_event(event)
        await pace.settled(target)
        if self._left is event:
            await self._command(event.key)
            await pace.settled(target)

    async def _command(self, key: str) -> bool:
        """Run what a key is bound to, on the screen or else here; whether there was anything."""
        found = self.screen.active_bindings.get(key)
        if found is None or not found.enabled:
            return False
        return await self.run_action(found.binding.action, found.node) or await self.run_action(found.binding.action)

    def key_of(self, action: Action) -> str:
        return shown(self.settings.keys.get(action.id, action.keys))

    def key_of_id(self, action_id: str) -> str:
        return self.key_of(by_id(action_id))

    def do(self, action_id: str) -> None:
        """Run an action by its id, as a click on its hint or an entry of the palette does."""
        action = next((one for one in (*ACTIONS, *TYPING) if one.id == action_id), None)
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

    def action_suspend(self) -> None:
        self._leave_screens()
        self.action_suspend_process()

    def action_refresh_anywhere(self) -> None:
        if self.place is not None:
            self.place.action_refresh()

    def action_palette(self) -> None:
        from admin_tui.commands import palette

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
        now, lasts_s = time.monotonic(), _BAD_TOAST_S if bad else _TOAST_S
        self._toasts = {said: until for said, until in self._toasts.items() if until > now}
        if text not in self._toasts:
            if len(self._toasts) >= _MOST_TOASTS:
                # What is said last is what matters; the others are in the log.
                self.clear_notifications()
                self._toasts.clear()
            self._toasts[text] = now + lasts_s
            self.notify(
                line(text)[:_TOAST_LENGTH], severity="error" if bad else "information", markup=False, timeout=lasts_s
            )

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
        how, text = self.settings.clipboard, clean(text)
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
