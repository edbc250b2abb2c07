import pytest
from rich.color import Color

from admin_tui.app import InboxdTui
from admin_tui.theme import THEMES
from tests.tui.cast import Desk, Seat, run, seated

LEAST = 4.5


def _luminance(color: Color) -> float:
    def part(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = color.get_truecolor()
    return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)


def weak(seat: Seat) -> set[str]:
    """Words on the screen whose colour is too near to what is behind them."""
    found = set()
    for strip in seat.tui.screen._compositor.render_strips():
        for text, style, _ in strip:
            if style is None or not any(char.isalnum() for char in text) or not (style.color and style.bgcolor):
                continue
            pair = sorted((_luminance(style.color), _luminance(style.bgcolor)))
            contrast = (pair[1] + 0.05) / (pair[0] + 0.05)
            if contrast < LEAST:
                found.add(f"{text.strip()[:40]!r} {contrast:.1f} {style}")
    return found


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
def test_every_word_stands_out_in_our_themes(desk: Desk, theme: str) -> None:
    number = desk.talk("Ann", "hello")
    desk.client.reply(number, "a private word", private=True)

    async def story() -> None:
        async with seated(desk, theme=theme, size=(160, 40)) as seat:
            found: set[str] = set()
            for name in InboxdTui.MODES:
                seat.tui.go(name)
                await seat.pilot.pause(0.3)
                found |= weak(seat)
            for key in ("question_mark", "g", "exclamation_mark", "q"):
                seat.tui.sending = 1
                seat.tui.say(f"about {key}", bad=True)
                await seat.press(key)
                await seat.pilot.pause(0.1)
                found |= weak(seat)
                await seat.press("escape")
            assert found == set()

    run(story())
