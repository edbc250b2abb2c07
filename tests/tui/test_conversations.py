from tests.tui.cast import Desk, run, seated


def test_a_reply_typed_ahead_goes_to_the_row_it_was_meant_for(desk: Desk) -> None:
    numbers = [desk.talk(f"Person {number}", f"hello {number}") for number in range(1, 6)]

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.until(lambda: len(seat.screen.talks.rows) == 5)
            await seat.press("j", "j", "r", "h", "i", "ctrl+s")
            third = numbers[-3]
            await seat.until(lambda: [one["content"] for one in desk.client.messages(third)][-1:] == ["hi"])
            others = [number for number in numbers if number != third]
            assert all(len(desk.client.messages(number)) == 1 for number in others)

    run(story())


def test_a_message_appears_without_a_keystroke_and_the_cursor_stays(desk: Desk) -> None:
    first, _ = desk.talk("Ann", "one"), desk.talk("Bob", "two")

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.until(lambda: len(seat.screen.talks.rows) == 2)
            assert seat.screen.talks.current.data.name == "Bob"
            desk.says("Ann", first, "are you there?")
            await seat.sees("are you there?")
            assert seat.screen.talks.current.data.name == "Bob"

    run(story())
