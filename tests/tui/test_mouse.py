"""What the mouse does: rows, threads, the two bars and forms."""

from textual import events
from textual.widgets import Input

from tests.tui.cast import Desk, Seat, run, seated


async def wheel(seat: Seat, widget: object, turns: int) -> None:
    kind = events.MouseScrollDown if turns > 0 else events.MouseScrollUp
    for _ in range(abs(turns)):
        await seat.pilot._post_mouse_events([kind], widget, (5, 3), button=0)  # type: ignore[arg-type]


def test_conversations_are_chosen_opened_scrolled_and_left_by_the_mouse(desk: Desk) -> None:
    desk.talk("Ann", *(f"text {number}" for number in range(50)))
    for number in range(2, 40):
        desk.talk(f"Person {number}", "hello")

    async def story() -> None:
        async with seated(desk) as seat:
            screen, click = seat.screen, seat.pilot.click
            await seat.until(lambda: len(screen.talks.rows) == 25)
            await wheel(seat, screen.talks, 30)
            await seat.until(lambda: len(screen.talks.rows) == 39, "the wheel fetches more")
            assert screen.talks.cursor == 0
            await wheel(seat, screen.talks, 30)
            await seat.until(lambda: screen.talks.scroll_offset.y == screen.talks.max_scroll_y)
            await seat.sees("Ann")
            last = screen.talks.size.height - 1
            await click(screen.talks, offset=(5, last))
            await seat.until(lambda: screen.talks.current.data.name == "Ann" and screen.focused is screen.talks)
            await seat.sees("text 49")
            await click(screen.talks, offset=(5, last))
            await seat.until(lambda: screen.focused is screen.thread, "a second click opens")

            for _ in range(100):  # what is older comes page by page
                if "text 0" in seat.text:
                    break
                await wheel(seat, screen.thread, -5)
                await seat.pilot.pause(0.02)
            await seat.sees("text 0")
            assert screen.thread.cursor < 20
            desk.says("Ann", 1, "late")
            await seat.sees("1 new")
            assert "late" not in [line.strip("▏▎ ") for line in seat.lines]
            await wheel(seat, screen.thread, 60)
            await seat.until(lambda: any(line.endswith("▎ late") for line in seat.lines))

            hints = seat.lines[-1]
            await click(screen.hint_bar, offset=(hints.index("Resolve"), 0))
            await seat.until(lambda: desk.client.conversation(1)["status"] == "resolved")
            await click(screen.top_bar, offset=(seat.lines[0].index("Inboxes"), 0))
            await seat.until(lambda: seat.screen.place == "inboxes")

    run(story())


def test_a_form_is_filled_by_the_mouse(desk: Desk) -> None:
    async def story() -> None:
        async with seated(desk, "contacts") as seat:
            await seat.sees("no contacts yet")
            await seat.press("c")
            await seat.sees("New contact")
            form = seat.tui.screen
            fields = list(form.query(Input))
            await seat.pilot.click(fields[1])
            await seat.until(lambda: form.focused is fields[1])
            await seat.type("ann@x.test")
            await seat.pilot.click(fields[0])
            await seat.until(lambda: form.focused is fields[0])
            await seat.type("Ann")
            await seat.pilot.click("#save")
            await seat.until(lambda: [one["name"] for one in desk.client.contacts()] == ["Ann"])
            await seat.until(lambda: seat.tui.screen is seat.screen)

    run(story())
