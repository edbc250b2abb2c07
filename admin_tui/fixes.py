"""What has to be mended around Textual 8.2.8, each with its reason, and what has no public name in it."""

import asyncio
import codecs
import contextlib
import functools
import inspect
import os
import signal
import sys
import time
from queue import Empty, Queue
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from rich.segment import Segment
from rich.text import Text
from textual.app import App
from textual.cache import LRUCache
from textual.color import Color
from textual.css.model import RuleSet
from textual.css.styles import RulesMap
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from admin_tui.glyphs import in_ascii

_AGAIN_S = 0.2
"""Between two looks at a terminal that is gone."""


class Ascii(LineFilter):
    """Frames, scrollbars and signs in what every terminal has, whoever drew them."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(in_ascii(text), style, control) for text, style, control in segments]


def tolerate_bytes() -> None:
    """One byte that is no UTF-8, such as an old mouse report past column 95, would end the program; a terminal that is
    gone would be read for ever. Its signal may be lost: none comes to a process that is not of its session, and behind
    some hundred keys there is no room for one in the queue that asyncio takes them from."""
    with contextlib.suppress(ImportError):
        from textual.drivers import linux_driver

        class Lenient(codecs.getincrementaldecoder("utf-8")):  # type: ignore[misc]
            def __init__(self, errors: str = "replace") -> None:
                super().__init__("replace")

            def decode(self, data: bytes, final: bool = False) -> str:
                if not data and not final:
                    os.kill(os.getpid(), signal.SIGHUP)
                    time.sleep(_AGAIN_S)
                return str(super().decode(data, final))

        linux_driver.getincrementaldecoder = lambda _: Lenient  # type: ignore[attr-defined]


def outlive_the_terminal() -> None:
    """A terminal that is gone, as when SSH breaks off, ends the thread that writes; who then puts more into its full
    queue waits for ever, and the program stays behind. There is always room for more instead, and it hangs up."""
    from textual.drivers._writer_thread import WriterThread

    write = WriterThread.run

    def run(thread: WriterThread) -> None:
        try:
            write(thread)
        except OSError:
            full, thread._queue = thread._queue, Queue()
            with contextlib.suppress(Empty):
                while True:
                    full.get_nowait()
            os.kill(os.getpid(), signal.SIGHUP)

    WriterThread.run = run  # type: ignore[method-assign, assignment]


def leave_on_signals(app: Any) -> None:
    """Signals leave the terminal as it was: without this the mouse stays caught. A shell's 128 and the number."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, functools.partial(app.exit, return_code=128 + number))


def is_leaving(app: Any) -> bool:
    """Whether an application was told to end."""
    return bool(app._exit)


async def mounted(screen: Screen[object]) -> None:
    """Until a screen has its widgets."""
    await screen._mounted_event.wait()


def suggest(field: Input, text: str) -> None:
    """Show in grey what a field may become."""
    field._suggestion = text


_Matched = LRUCache[tuple[Any, ...], tuple[RulesMap, bool]]
"""The styles of a node and whether the mouse may change them, by what can be seen of it and of all above it."""


class Sheet(Stylesheet):
    """Textual reads all of its styles again whenever a screen is opened or a theme set, most often to find the same:
    here each source is read once for each set of colours. It also asks each rule anew whether it is about a node,
    though nothing about that node is new."""

    _read: ClassVar[LRUCache[tuple[Any, ...], list[RuleSet]]] = LRUCache(2048)
    _known: ClassVar[LRUCache[tuple[int, ...], tuple[list[RuleSet], _Matched]]] = LRUCache(128)
    """What was found with some rules; they are kept, so that no others get their ids."""

    def __init__(self) -> None:
        super().__init__()
        self._matched: _Matched = LRUCache(2048)
        self._given: WeakKeyDictionary[DOMNode, tuple[RulesMap, int]] = WeakKeyDictionary()

    def set_variables(self, variables: dict[str, str]) -> None:
        super().set_variables(variables)
        self._colours = frozenset(variables.items())

    def reparse(self) -> None:
        self.parse()

    def _parse_rules(self, *args: Any, **kwargs: Any) -> list[RuleSet]:
        key = (self._colours, *args, *kwargs.values())
        if (rules := self._read.get(key)) is None:
            self._read[key] = rules = super()._parse_rules(*args, **kwargs)
        return rules

    def parse(self) -> None:
        super().parse()
        key = tuple(map(id, self._rules))
        if (known := self._known.get(key)) is None:
            self._known[key] = known = (self._rules, LRUCache(2048))
        self._matched = known[1]

    def apply(
        self, node: DOMNode, *, animate: bool = False, cache: dict[tuple[Any, ...], RulesMap] | None = None
    ) -> None:
        _ = self.rules  # are read if they have to be
        key = tuple(map(_outside, node.css_path_nodes))
        known = self._matched.get(key)
        if known is None:
            found: dict[tuple[Any, ...], RulesMap] = {}
            super().apply(node, animate=animate, cache=found)
            # None where it matters who else is there.
            for rules in found.values():
                self._matched[key] = (rules, node._has_hover_style)
            return
        rules, node._has_hover_style = known
        node._has_focus_within = node._has_order_style = node._has_odd_or_even = False
        self.replace_rules(node, rules, animate)
        self._process_component_classes(node)

    def replace_rules(self, node: DOMNode, rules: RulesMap, animate: bool = False) -> None:  # type: ignore[override]
        base = node.styles.base
        given, updates = self._given.get(node, (None, 0))
        if updates == base._updates and given == rules:
            node.notify_style_update()
        else:
            super().replace_rules(node, rules, animate)
            self._given[node] = (rules, base._updates)


def _outside(node: DOMNode) -> tuple[Any, ...]:
    """All of a node that a rule may ask for, but for its place among others."""
    about = (type(node), node._id, frozenset(node._classes))
    if isinstance(node, Widget):
        return (*about, node.mouse_hover, node.has_focus, node.disabled, node.allow_focus())
    if isinstance(node, App):
        return (*about, node.app_focus, node.current_theme.dark, node.native_ansi_color, node.no_color, node.is_inline)
    return about


class Mended(App[int]):
    """What an application has to know of its own inside."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_mouse_on = True
        self.stylesheet = Sheet()
        self.stylesheet.set_variables(self.get_css_variables())

    def _load_screen_css(self, screen: Screen[Any]) -> None:
        """Textual would style the screen that is left three times over; of the new one none of the widgets is there.
        None of ours has its styles in a file."""
        known = inspect.getfile(type(screen)), f"{type(screen).__name__}.CSS"
        if screen.CSS and not self.stylesheet.has_source(*known):
            scope = screen._css_type_name if screen.SCOPED_CSS else ""
            self.stylesheet.add_source(screen.CSS, known, is_default_css=False, scope=scope)
        if not screen.is_mounted:
            screen._css_update_count = self._css_update_count

    def draw_in_ascii(self) -> None:
        self._filters.append(Ascii())

    def screens_of(self, mode: str) -> list[Screen[Any]]:
        """From below; none before somebody went there."""
        return self._screen_stacks.get(mode) or []

    def switch_mouse(self) -> None:
        self.is_mouse_on = not self.is_mouse_on
        name = "_enable_mouse_support" if self.is_mouse_on else "_disable_mouse_support"
        getattr(self._driver, name, lambda: None)()

    def last_words(self, error: BaseException) -> list[str]:
        """What a crash leaves on the terminal."""
        raise NotImplementedError

    def _fatal_error(self) -> None:
        """Textual would print every local variable, tokens among them."""
        error = self._exception or sys.exc_info()[1]
        if error is not None and not self._exit_renderables:
            self._exit_renderables.append(Text("\n".join(self.last_words(error))))
        self._close_messages_no_wait()
