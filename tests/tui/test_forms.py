"""Forms where there is little room, and keys that were typed ahead into them."""

from textual import events
from textual.widgets import Input, Select

from tests.tui.cast import Desk, run, seated


def test_keys_typed_ahead_land_in_the_next_field_and_a_refusal_is_brought_into_sight(desk: Desk) -> None:
    desk.client.call("POST", "/contacts", name="Bob", identifier="b-1")

    async def story() -> None:
        async with seated(desk, "contacts", (80, 16)) as seat:
            await seat.sees("Bob")
            await seat.burst("c", "Ann", "tab", "ann@x.test", "tab", "tab", "b-1", "ctrl+s")
            await seat.sees("has already been taken")
            form = seat.tui.screen
            typed = [form.query_one(f"#field-{name}", Input).value for name in ("name", "email", "identifier")]
            assert typed == ["Ann", "ann@x.test", "b-1"]
            assert form.focused is form.query_one("#field-identifier")
            form.query_one("#field-identifier", Input).value = ""
            form.query_one("#field-inbox_id", Select).value = desk.inbox["id"]
            desk.client.delete_inbox(desk.inbox["id"])
            await seat.press("ctrl+s")
            # What is wrong with no field stands at the end of the form.
            await seat.sees("Resource could not be found")
            await seat.burst("tab", "no value", "ctrl+s")
            await seat.until(lambda: form.query_one("#error-custom_attributes").has_class("-on"))
            await seat.sees("not of the form key = value")

    run(story())


def test_enter_goes_on_and_takes_and_several_pasted_lines_are_one(desk: Desk) -> None:
    async def story() -> None:
        async with seated(desk, "contacts") as seat:
            await seat.sees("c makes one")
            await seat.burst("c", "Ann", "enter", "ann@x.test")
            form = seat.tui.screen
            await seat.until(lambda: form.query_one("#field-email", Input).value == "ann@x.test")
            assert form.active_bindings["ctrl+z"].binding.action == "app.suspend"
            await seat.press("escape", "y")
            await seat.press("0")
            await seat.until(lambda: seat.screen.words.vocabulary)
            await seat.burst("c", "enter")
            await seat.sees("Take (ctrl+s)")
            seat.tui.post_message(events.Paste("two\rlines\r"))
            await seat.press("enter")
            await seat.sees("name         two lines")

    run(story())
