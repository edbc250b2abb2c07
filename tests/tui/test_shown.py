"""Only what changed is written, and the terminal shows what it would if everything were."""

from random import Random

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from admin_tui.shown import Shown
from tests.tui.pty import Screen

_WIDTH, _HEIGHT = 24, 4
_INKS = [None, Style(bold=True), Style(color="red", bgcolor="blue")]
_CONSOLE = Console(color_system="truecolor", force_terminal=True)


def _strip(random: Random, width: int) -> Strip:
    words = ["ab", "x", "\u4f60\u597d", "e\u0301", "\u25cf"]
    return Strip([Segment(random.choice(words), random.choice(_INKS)) for _ in range(8)]).adjust_cell_length(width)


def _everything(strips: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, _WIDTH, _HEIGHT))


def _half(strips: list[Strip], y: int) -> ChopsUpdate:
    """The right half of one line."""
    middle = _WIDTH // 2
    chops: list[dict[int, Strip | None]] = [{0: None, middle: None} for _ in range(_HEIGHT)]
    chops[y][middle] = strips[y].crop(middle, _WIDTH)
    return ChopsUpdate(chops, [(y, middle, _WIDTH)], [[middle, _WIDTH]] * _HEIGHT)


def test_the_terminal_shows_what_was_drawn_whatever_was_there_before() -> None:
    random, shown, screen = Random(5), Shown(), Screen(_WIDTH, _HEIGHT)
    for turn in range(300):
        left, right = ([_strip(random, _WIDTH // 2) for _ in range(_HEIGHT)] for _ in "lr")
        if turn % 2 == 0:
            strips = [Strip.join(pair) for pair in zip(left, right, strict=True)]
            update: LayoutUpdate | ChopsUpdate = _everything(strips)
        else:
            y = random.randrange(_HEIGHT)
            strips[y] = Strip.join([strips[y].crop(0, _WIDTH // 2), right[y]])
            update = _half(strips, y)
        screen.draw(shown.only_changes(update).render_segments(_CONSOLE).encode())
        whole = Screen(_WIDTH, _HEIGHT)
        whole.draw(_everything(strips).render_segments(_CONSOLE).encode())
        assert screen.text == whole.text, turn


def test_what_is_there_already_is_not_written_until_it_is_forgotten() -> None:
    shown = Shown()
    update = _everything([Strip([Segment("all of this line is here"[:_WIDTH])])] * _HEIGHT)
    whole = shown.only_changes(update).render_segments(_CONSOLE)
    assert "all of this" in whole
    assert shown.only_changes(update).render_segments(_CONSOLE) == ""
    other = _everything([Strip([Segment("all of that line is here"[:_WIDTH])])] + [*update.strips[0]] * (_HEIGHT - 1))
    assert len(shown.only_changes(other).render_segments(_CONSOLE)) < 20
    shown.forget()
    assert shown.only_changes(update).render_segments(_CONSOLE) == whole
