import pytest
from rich.color import Color as Shown
from textual.color import Color
from textual.css import stylesheet
from textual.theme import BUILTIN_THEMES, Theme

from admin_tui.app import InboxdTui
from admin_tui.fixes import Sheet
from admin_tui.theme import THEMES, Paint, contrast
from tests.tui.cast import Desk, Seat, run, seated

LEAST = 4.5


def _luminance(color: Shown) -> float:
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


@pytest.mark.parametrize("theme", [*THEMES, *BUILTIN_THEMES.values()], ids=lambda theme: theme.name)
def test_every_colour_can_be_read_on_every_ground(theme: Theme) -> None:
    paint = Paint(theme, is_ansi=theme.ansi)
    inks = [paint.dim, paint.key, paint.ok, paint.warn, paint.bad, paint.calm]
    grounds = [paint.cursor, paint.resting, paint.note]
    if theme.ansi:
        assert not any(ground.bgcolor for ground in grounds)
        return
    for ink in inks:
        for ground in grounds:
            assert ink.color
            assert ground.bgcolor
            pair = Color.from_rich_color(ink.color), Color.from_rich_color(ground.bgcolor)
            assert contrast(*pair) >= LEAST - 0.05


def test_another_theme_colours_what_is_already_there(desk: Desk) -> None:
    desk.talk("Ann", "hello")

    def colours(seat: Seat) -> set[str]:
        strips = seat.tui.screen._compositor.render_strips()
        return {str(style.color) for strip in strips for text, style, _ in strip if style and "Ann" in text}

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.sees("Ann")
            before = colours(seat)
            seat.tui.theme = "inboxd-light"
            await seat.until(lambda: colours(seat) and not colours(seat) & before)

    run(story())


def test_styles_that_are_known_are_not_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*_: object, **__: object) -> None:
        raise AssertionError("read again")

    async def story() -> None:
        async with seated(desk) as seat:
            with monkeypatch.context() as patched:
                patched.setattr(stylesheet, "parse", parse)
                seat.tui.refresh_css()

    run(story())


def test_a_node_has_the_styles_that_textual_would_find(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.talk("Ann", "hello")

    def styles(seat: Seat) -> list[tuple[object, str, dict[str, object]]]:
        nodes = seat.tui.screen.walk_children(with_self=True)
        return [
            (node, name, dict(known.base.get_rules()))
            for node in nodes
            for name, known in [("", node.styles), *node._component_styles.items()]
        ]

    async def story() -> None:
        async with seated(desk) as seat:
            keys = ["r", "escape", "escape", "question_mark", "escape", *"257c", *["tab"] * 4, "shift+tab", "escape"]
            for turn, key in enumerate(keys):
                await seat.press(key)
                if turn % 5 == 4:
                    seat.tui.theme = THEMES[turn // 5].name
                await come_to_rest(seat)
                ours = styles(seat)
                with monkeypatch.context() as patched:
                    for name in ("apply", "replace_rules"):
                        patched.delattr(Sheet, name)
                    seat.tui.stylesheet.update(seat.tui.screen)
                assert styles(seat) == ours, (turn, key)

    run(story())


def test_the_screen_that_is_left_is_not_styled_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    styled: list[object] = []
    monkeypatch.setattr(Sheet, "update", lambda _, node, **__: styled.append(node))

    async def story() -> None:
        async with seated(desk) as seat:
            styled.clear()
            seat.tui.go("inboxes")
            await come_to_rest(seat)
            await seat.press("question_mark")
            await come_to_rest(seat)
            assert styled == []

    run(story())


async def come_to_rest(seat: Seat) -> None:
    """Nothing is fetched, and twice the same is on the screen."""
    before = [""]
    while seat.tui.pool.waited_s() or before != seat.lines:
        before = seat.lines
        await seat.pilot.pause(0.04)


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
def test_every_word_stands_out_in_our_themes(desk: Desk, theme: str) -> None:
    number = desk.talk("Ann", "hello")
    desk.client.reply(number, "a private word", private=True)

    async def story() -> None:
        async with seated(desk, theme=theme, size=(160, 40)) as seat:
            found: set[str] = set()
            for name in InboxdTui.MODES:
                seat.tui.go(name)
                await come_to_rest(seat)
                found |= weak(seat)
            for key in ("question_mark", "g", "exclamation_mark", "q"):
                seat.tui.sending = 1
                seat.tui.say(f"about {key}", bad=True)
                await seat.press(key)
                await come_to_rest(seat)
                found |= weak(seat)
                await seat.press("escape")
            assert found == set()

    run(story())
