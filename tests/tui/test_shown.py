"""Only what changed is written, and the terminal shows what it would if everything were: characters and colours."""

import asyncio
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, InlineUpdate, LayoutUpdate
from textual._context import visible_screen_stack
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Region
from textual.strip import Strip

from admin_tui.shown import Shown
from tests.tui.cast import Desk, Seat, run, seated
from tests.tui.pty import Screen

_WORDS = ["ab", "x", "  ", "\u4f60\u597d", "e\u0301", "\u25cf", "\u6f22"]
_INKS = [
    None,
    Style(bold=True),
    Style(color="red", bgcolor="blue"),
    Style(color="#102030", reverse=True, underline=True),
    Style(bgcolor="#405060", dim=True),
]
_CONSOLE = Console(color_system="truecolor", force_terminal=True)


def _strip(random: Random, width: int) -> Strip:
    return Strip([Segment(random.choice(_WORDS), random.choice(_INKS)) for _ in range(width)]).adjust_cell_length(width)


def _everything(strips: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, strips[0].cell_length, len(strips)))


def _drawn(strips: list[Strip]) -> Screen:
    screen = Screen(strips[0].cell_length, len(strips))
    screen.draw(_everything(strips).render_segments(_CONSOLE).encode())
    return screen


def _differences(one: Screen, other: Screen) -> list[Any]:
    return [
        (x, y, *pair)
        for y, lines in enumerate(zip(one.cells, other.cells, strict=True))
        if lines[0] != lines[1]
        for x, pair in enumerate(zip(*lines, strict=True))
        if pair[0] != pair[1]
    ]


class _Walk:
    """What a terminal should show, and what it was told."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.shown = Shown()
        self.resize()

    def resize(self) -> None:
        self.width, height = self.random.randint(8, 30), self.random.randint(1, 4)
        self.want = [Strip.blank(self.width)] * height
        self.screen = Screen(self.width, height)
        self.shown.forget()
        self.write(self.whole())

    def whole(self) -> tuple[LayoutUpdate, dict[int, list[Strip]]]:
        strips = [_strip(self.random, self.width) if self.random.random() < 0.7 else one for one in self.want]
        return _everything(strips), {y: [strip] for y, strip in enumerate(strips)}

    def part(self) -> tuple[ChopsUpdate, dict[int, list[Strip]]]:
        """Spans of a few lines, cut where widgets meet; what is outside of a span is not what should be seen."""
        random, width = self.random, self.width
        chops: list[dict[int, Strip | None]] = []
        spans, ends, pieces = [], [], {}
        for y, before in enumerate(self.want):
            cuts = [0, *sorted(random.sample(range(1, width), random.randint(0, 4))), width]
            ends.append(cuts[1:])
            chops.append(dict.fromkeys(cuts[:-1]))
            if random.random() < 0.4:
                continue
            begin, end = sorted(random.sample(range(width + 1), 2))
            spans.append((y, begin, end))
            new = Strip.join([before.crop(0, begin), _strip(random, width).crop(begin, end), before.crop(end, width)])
            edges = {0, width}
            for x, behind in pairwise(cuts):
                if behind <= begin or x >= end:
                    chops[y][x] = random.choice([None, _strip(random, behind - x)])
                else:
                    stop = min(behind, end)
                    chops[y][x] = Strip.join([new.crop(x, stop), _strip(random, behind - stop)])
                    edges |= {x, stop}
            bounds = sorted(edges)
            pieces[y] = [new.crop(x, behind) for x, behind in pairwise(bounds)]
        return ChopsUpdate(chops, spans or [(0, 0, 0)], ends), pieces

    def write(self, drawing: tuple[LayoutUpdate | ChopsUpdate, dict[int, list[Strip]]]) -> None:
        update, lines = drawing
        for y, pieces in lines.items():
            self.want[y] = Strip.join(pieces)
        self.screen.draw(self.shown.only_changes(update).render_segments(_CONSOLE).encode())


@pytest.mark.parametrize("seed", range(8))
def test_the_terminal_shows_what_was_drawn_whatever_was_there_before(seed: int) -> None:
    walk = _Walk(seed)
    for turn in range(150):
        match walk.random.randrange(8):
            case 0:
                walk.resize()
            case 1:
                walk.shown.forget()
                walk.write(walk.whole())
            case 2:
                walk.write(walk.whole())
            case 3:
                # Made, but the screen is another one by then.
                walk.shown.only_changes(walk.random.choice([walk.part, walk.whole])()[0])
            case 4:
                # Whichever is written last is what is seen.
                first, second = walk.whole(), walk.whole()
                walk.write(second)
                walk.write(first)
            case _:
                walk.write(walk.part())
        assert _differences(walk.screen, _drawn(walk.want)) == [], (seed, turn)


def test_what_is_there_already_is_not_written_until_it_is_forgotten() -> None:
    shown, blank = Shown(), Strip.blank(24)
    lines = [Strip([Segment("all of this line is here")]), blank, blank, blank]
    whole = shown.only_changes(_everything(lines)).render_segments(_CONSOLE)
    assert "all of this" in whole
    assert shown.only_changes(_everything(lines)).render_segments(_CONSOLE) == ""
    other = [Strip([Segment("all of that line is here")]), blank, blank, blank]
    assert len(shown.only_changes(_everything(other)).render_segments(_CONSOLE)) < 20
    shown.forget()
    assert shown.only_changes(_everything(lines)).render_segments(_CONSOLE) == whole
    # A line in between that Textual places by itself: where it went is not known, and so nothing is.
    inline = InlineUpdate([lines[0]])
    assert shown.only_changes(inline).render_segments(_CONSOLE) == inline.render_segments(_CONSOLE)
    assert shown.only_changes(_everything(lines)).render_segments(_CONSOLE) == whole


def test_a_link_begins_and_ends_around_its_text() -> None:
    link = _everything([Strip([Segment("here", Style(link="http://a b/c"))])])
    assert link.render_segments(_CONSOLE) in Shown().only_changes(link).render_segments(_CONSOLE)


def test_a_mark_in_another_style_stays_on_its_letter() -> None:
    for letter in ("e", "\u6f22"):
        strip = Strip([Segment(letter, _INKS[1]), Segment("\u0301", _INKS[2]), Segment("x")])
        lines = [strip.adjust_cell_length(6)]
        screen, shown = Screen(6, 1), Shown()
        for drawn in ([Strip.blank(6)], lines):
            screen.draw(shown.only_changes(_everything(drawn)).render_segments(_CONSOLE).encode())
        assert screen.cells == _drawn(lines).cells


@pytest.fixture
def glass(monkeypatch: pytest.MonkeyPatch) -> list[Screen]:
    """The terminal that the dashboard of a test writes to, as the one item."""
    seen = [Screen(1, 1)]
    monkeypatch.setattr(HeadlessDriver, "is_headless", False)
    monkeypatch.setattr(HeadlessDriver, "write", lambda _, data: seen[0].draw(data.encode()))
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return seen


def _whole(seat: Seat) -> Screen:
    """All of it drawn on an empty terminal, as Textual draws."""
    tui = seat.tui
    visible_screen_stack.set(tui._background_screens)
    screen = Screen(*tui.size)
    for y, strip in enumerate(tui.screen._compositor.render_strips()):
        screen.draw((Control.move_to(0, y).segment.text + strip.render(tui.console)).encode())
    return screen


_KEYS = [
    *"jkGgxiJlhP?!-136]d",
    *("enter", "escape", "tab", "ctrl+d", "ctrl+u", "ctrl+p", "slash", "space", "f1", "down", "r"),
]
_SIZES = [(160, 40), (110, 30), (80, 24), (60, 15), (39, 9)]
_THEMES = ["inboxd-dark", "inboxd-light", "nord"]


@pytest.mark.parametrize(("seed", "kind"), [(1, ""), (2, "ascii"), (3, "NO_COLOR"), (4, ""), (5, "")])
def test_the_dashboard_leaves_nothing_behind(
    desk: Desk, glass: list[Screen], seed: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"Person {at} \u6f22\u5b57" for at in range(8)]
    numbers = [desk.talk(name, f"\u4f60\u597d {name} " * 5, "\u26a0\ufe0f e\u0301") for name in names]
    if kind == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    chance = Random(seed)

    async def story() -> None:
        size = _SIZES[seed % 3]
        glass[0] = Screen(*size)
        async with seated(desk, size=size, ascii=str(kind == "ascii").lower()) as seat:
            for turn in range(40):
                act = chance.random()
                if act < 0.15:
                    size = chance.choice([*_SIZES, size])
                    # What it had is lost, though it may be as large as it was.
                    glass[0] = Screen(*size)
                    await seat.pilot.resize_terminal(*size)
                elif act < 0.2:
                    seat.tui.theme = chance.choice(_THEMES)
                elif act < 0.3:
                    await asyncio.to_thread(desk.says, names[1], numbers[1], f"more {turn} \u597d")
                else:
                    await seat.press(*(chance.choice(_KEYS) for _ in range(chance.randint(1, 3))))
                await seat.until(lambda: not _differences(glass[0], _whole(seat)), f"the whole screen, turn {turn}")
            glass[0] = Screen(*size)
            seat.tui.action_redraw()
            await seat.until(lambda: not _differences(glass[0], _whole(seat)), "all of it, on an empty terminal")

    run(story())
