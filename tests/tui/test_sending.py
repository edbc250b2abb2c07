from dataclasses import replace

import pytest

from tests.tui.cast import Desk, run, seated
from tests.tui.relay import relayed


def said(desk: Desk, number: int) -> list[str]:
    return [one["content"] for one in desk.client.messages(number) if one["message_type"] == 1]


@pytest.mark.parametrize("trouble", ["lost", "silent"])
def test_a_message_whose_answer_was_lost_is_there_once(desk: Desk, trouble: str) -> None:
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        with relayed(desk.url, trouble, 1) as relay:
            async with seated(replace(desk, url=relay.url), timeout_s=1) as seat:
                await seat.sees("#1 Ann")
                await seat.burst("r", "exactly once", "ctrl+s")
                await seat.until(lambda: relay.posted == 2)
                await seat.until(lambda: not seat.tui.unsent.of(number))
                await seat.until(lambda: seat.text.count("▎ exactly once") == 1)
                assert said(desk, number) == ["exactly once"]

    run(story())


@pytest.mark.parametrize(("trouble", "why"), [("refused", "no connection"), ("failing", "the disk is full")])
def test_a_message_that_failed_says_why_and_is_sent_again(desk: Desk, trouble: str, why: str) -> None:
    number = desk.talk("Ann", "hello")
    desk.talk("Bob", "hello")

    async def story() -> None:
        with relayed(desk.url, trouble, 2) as relay:
            async with seated(replace(desk, url=relay.url)) as seat:
                await seat.until(lambda: len(seat.screen.talks.rows) == 2)
                await seat.burst("j", "p", "for us", "ctrl+s")
                await seat.sees("not sent:")
                relay.times = 0
                await seat.press("K")
                await seat.sees("#2 Bob")
                await seat.sees("✗ not sent")
                await seat.press("J")
                await seat.until(lambda: "#1 Ann" in seat.text and "R sends it again" in seat.text)
                await seat.press("R")
                await seat.until(lambda: said(desk, number) == ["for us"])
                assert desk.client.messages(number)[-1]["private"]
                await seat.until(lambda: "not sent:" not in seat.text)

    run(story())


def test_a_message_that_failed_outlives_the_dashboard_and_can_be_written_anew(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        with relayed(desk.url, "refused", 99) as relay:
            async with seated(replace(desk, url=relay.url)) as seat:
                await seat.sees("#1 Ann")
                await seat.burst("r", "keep me", "ctrl+s")
                await seat.sees("not sent:")
        async with seated(desk) as seat:
            await seat.sees("the dashboard ended before")
            await seat.press("r", "up")
            assert seat.screen.composer.text == "keep me"
            await seat.press("ctrl+s")
            await seat.until(lambda: not seat.tui.unsent.of(number))
            assert said(desk, number) == ["keep me"]

    run(story())


def test_the_mode_belongs_to_the_words(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.sees("#1 Ann")
            await seat.burst("r", "she is difficult", "ctrl+t")
            await seat.sees("PRIVATE, only agents see it")
            await seat.burst("escape", "r")
            await seat.sees("reply to Ann")
            assert seat.screen.composer.text == ""
            await seat.burst("escape", "p", "ctrl+s", "r", "hi", "ctrl+s")
            await seat.until(lambda: len(said(desk, number)) == 2)
            found = {one["content"]: one["private"] for one in desk.client.messages(number)}
            assert found == {"hello": False, "she is difficult": True, "hi": False}

    run(story())


def test_the_feed_tells_that_a_message_arrived_whose_answers_were_all_lost(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        with relayed(desk.url, "lost", 99) as relay:
            async with seated(replace(desk, url=relay.url)) as seat:
                await seat.sees("#1 Ann")
                await seat.burst("r", "arrived", "ctrl+s")
                await seat.until(lambda: relay.posted == 2)
                await seat.until(lambda: not seat.tui.unsent.of(number))
                await seat.until(lambda: seat.text.count("▎ arrived") == 1 and "✓ sent" in seat.text)
                assert said(desk, number) == ["arrived"]

    run(story())


@pytest.mark.parametrize("trouble", ["deaf", "silent"])
def test_a_message_under_way_when_somebody_quits_is_there_once_after_the_next_start(desk: Desk, trouble: str) -> None:
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        with relayed(desk.url, trouble, 99) as relay:
            async with seated(replace(desk, url=relay.url)) as seat:
                await seat.sees("#1 Ann")
                await seat.burst("r", "on its way", "ctrl+s", "ctrl+q")
                await seat.sees("A message is still being sent. Quit anyway?")
                await seat.until(lambda: relay.posted)
                await seat.press("y")
                await seat.until(lambda: seat.tui._exit)
        async with seated(desk) as seat:
            await seat.sees("the dashboard ended before")
            # Whether it arrived nobody knows; sent again it is still one.
            await seat.press("R")
            await seat.until(lambda: not seat.tui.unsent.of(number))
            await seat.until(lambda: seat.text.count("▎ on its way") == 1)
            assert said(desk, number) == ["on its way"]

    run(story())
