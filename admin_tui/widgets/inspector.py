"""One delivery, looked into: its attempts, what was sent and what came back."""

from collections.abc import Callable
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from admin_tui.glyphs import Glyphs
from admin_tui.state import deliveries as model
from admin_tui.text import line, until
from admin_tui.theme import paint_of
from admin_tui.widgets.json_view import JsonView

Json = dict[str, Any]
_SHOWN = 9


class Inspector(Vertical):
    """`name(delivery)` says whom it is for. The newest attempt comes first."""

    DEFAULT_CSS = """
    Inspector > Static { height: 1; padding: 0 1; }
    Inspector > JsonView { height: 1fr; }
    """

    def __init__(self, glyphs: Glyphs, called: Callable[[model.Owed], str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._glyphs = glyphs
        self._called = called
        self.found: Json | None = None
        self.tab = model.TABS[0]
        self.place = 0
        self._said: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        yield Static(markup=False, classes="title", id="about")
        yield Static(markup=False, id="attempts")
        yield Static(markup=False, id="tabs")
        yield JsonView(cursor=self._glyphs("cursor"), id="body")

    @property
    def reading(self) -> JsonView:
        return self.query_one(JsonView)

    @property
    def attempts(self) -> list[Json]:
        return list(reversed(self.found["attempts"])) if self.found else []

    @property
    def attempt(self) -> Json | None:
        return self.attempts[self.place] if self.place < len(self.attempts) else None

    def look(self, found: Json | None) -> None:
        """The same delivery again keeps the attempt that is looked at, unless that was the newest."""
        if found is not None and self.found is not None and found["id"] == self.found["id"] and self.place:
            self.place += len(found["attempts"]) - len(self.found["attempts"])
        else:
            self.place = 0
        self.found = found
        self.draw()

    def choose(self, steps: int) -> None:
        """An older attempt, or with less than nothing a newer one."""
        self.place = max(0, min(len(self.attempts) - 1, self.place + steps))
        self.draw()

    def turn(self, steps: int) -> None:
        self.tab = model.TABS[(model.TABS.index(self.tab) + steps) % len(model.TABS)]
        self.draw()

    def draw(self) -> None:
        if self.found is None:
            for name in ("about", "attempts", "tabs"):
                self._say(name, "")
            self.reading.read(empty="no delivery is looked at")
            return
        one = model.owed(self.found)
        sign, words = model.result(one)
        again = f" · next {until(one.next_at)}" if one.next_at and one.is_unfinished else ""
        self._say("about", f"{one.event}  {self._called(one)}  {self._glyphs(sign)} {words}{again}")
        numbers = " ".join(self._numbers()) or "none yet"
        keys = "  h l" if len(self.attempts) > 1 else ""
        self._say("attempts", f"attempts {numbers}{keys}   {one.id}")
        self._say("tabs", " ".join(f"[{name}]" if name == self.tab else name for name in model.TABS))
        if self.tab == "Request":
            self.reading.read(self.found["payload"], model.request(self.found))
        elif self.tab == "Raw":
            self.reading.read(self.found)
        else:
            self.reading.read(
                head=model.response(self.attempt) if self.tab == "Response" else model.timeline(self.found)
            )

    def _numbers(self) -> list[str]:
        words = [str(one["number"]) for one in self.attempts]
        if words:
            words[self.place] = f"[{words[self.place]}]"
        begin = max(0, self.place - _SHOWN + 1)
        return words[begin : begin + _SHOWN] + (["…"] if len(words) > begin + _SHOWN else [])

    def _say(self, name: str, text: str) -> None:
        if self._said.get(name) != text:
            self._said[name] = text
            paint = paint_of(self.app)
            shown = paint.head(line(text)) if name == "about" else paint.tabs(line(text))
            if name == "about" and self.found is not None:
                sign, words = model.result(model.owed(self.found))
                begin = text.find(f"{self._glyphs(sign)} {words}")
                shown.stylize(paint.of(sign), max(0, begin), begin + len(words) + 2)
            self.query_one(f"#{name}", Static).update(shown, layout=False)
