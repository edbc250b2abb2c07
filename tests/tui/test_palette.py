from typing import Any

import pytest
from textual.command import CommandList

from admin_tui.screens.conversations import ConversationsScreen
from tests.tui.cast import Desk, Seat, run, seated


def _offers(seat: Seat) -> list[str]:
    found = seat.tui.screen.query_one(CommandList)
    return [str(found.get_option_at_index(place).prompt) for place in range(found.option_count)]


def _keys(text: str) -> list[str]:
    return [{" ": "space", "@": "at"}.get(char, char) for char in text]


async def _type(seat: Seat, *keys: str) -> None:
    """Into the palette, once it is there."""
    await seat.press("ctrl+p")
    await seat.until(lambda: seat.tui.screen.id == "palette" and seat.tui.screen.focused is not None)
    await seat.press(*keys)


async def _take(seat: Seat, text: str) -> None:
    """Choose the entry that has a text in it."""
    await seat.until(lambda: any(text in one for one in _offers(seat)), text)
    place = next(place for place, one in enumerate(_offers(seat)) if text in one)
    seat.tui.screen.query_one(CommandList).highlighted = place
    await seat.press("enter")


def test_the_palette_offers_what_may_be_done_here_with_its_key(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.sees("hello")
            await seat.press("colon")
            await seat.until(lambda: any(one.startswith("Resolve") for one in _offers(seat)))
            assert not any("Screenshot" in one or "Maximize" in one for one in _offers(seat))
            assert next(one for one in _offers(seat) if one.startswith("Resolve")).endswith(" d")
            await seat.press(*"resol")
            await _take(seat, "Resolve")
            await seat.until(lambda: desk.client.conversation(number)["status"] == "resolved")
            await seat.press("ctrl+p")
            await seat.until(lambda: _offers(seat)[0].startswith("Resolve"), "what was used lately is the first")

    run(story())


def test_screens_themes_and_people_are_an_entry_each(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk, "conversations", (80, 24)) as seat:
            await seat.until(lambda: len(seat.screen.talks.rows) == 1)
            await _type(seat, *_keys("assign admin"))
            await _take(seat, "Assign to Administrator")
            await seat.until(lambda: desk.client.conversation(number)["meta"].get("assignee"))
            await _type(seat, *_keys("theme contrast"))
            await _take(seat, "Theme: inboxd-contrast")
            await seat.until(lambda: seat.tui.theme == "inboxd-contrast")
            await _type(seat, *_keys("to settings"))
            await _take(seat, "Go to Settings")
            await seat.until(lambda: seat.screen.place == "settings")

    run(story())


def test_somebody_is_found_on_the_server_and_their_name_is_no_markup(desk: Desk) -> None:
    desk.client.call("POST", "/contacts", name="[/x] Ann [@click=app.quit]", email="ann@x.test")

    async def story() -> None:
        async with seated(desk) as seat:
            await _type(seat, *_keys("ann@x"))
            await _take(seat, "Contact: [/x] Ann [@click=app.quit] (ann@x.test)")
            await seat.until(lambda: seat.screen.place == "contacts")
            await seat.until(lambda: seat.screen.known and seat.screen.known.contact.reach == "ann@x.test")

    run(story())


def test_a_number_opens_its_conversation_and_a_saved_view_is_applied(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    for name in ("show_number", "show_filter"):
        monkeypatch.setattr(ConversationsScreen, name, lambda self, *what: asked.append(what[0]), raising=False)
    query = {"payload": [{"attribute_key": "status", "filter_operator": "equal_to", "values": ["open"]}]}
    desk.client.call("POST", "/custom_filters", name="Hot", filter_type="conversation", query=query)

    async def story() -> None:
        async with seated(desk) as seat:
            await _type(seat, "number_sign", *_keys("42"))
            await _take(seat, "Open conversation #42")
            await seat.until(lambda: asked == [42])
            await _type(seat, *_keys("view hot"))
            await _take(seat, "View: Hot")
            await seat.until(lambda: len(asked) == 2 and asked[1]["payload"][0]["values"] == ["open"])

    run(story())


def test_what_had_the_keys_has_them_again(desk: Desk) -> None:
    desk.client.call("POST", "/labels", title="alpha")
    desk.client.call("POST", "/labels", title="beta")

    async def story() -> None:
        async with seated(desk, "settings", (80, 24)) as seat:
            await seat.until(lambda: len(seat.screen.listed.rows) == 2)
            await seat.press("i", "i")
            await _type(seat)
            await seat.press("escape", "escape")
            await seat.until(lambda: seat.tui.screen is seat.screen)
            await seat.press("j")
            assert seat.screen.focused is seat.screen.listed
            assert seat.screen.listed.cursor == 1

    run(story())
