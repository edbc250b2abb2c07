import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from admin_tui.state.deliveries import parse
from admin_tui.state.tokens import Wrong
from tests.cast import Receiver, status
from tests.tui.cast import Desk, run, seated


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that fails until it is healed."""
    made = Receiver(default=status(500, b"db locked"))
    yield made
    made.close()


def owe(desk: Desk, receiver: Receiver, texts: int = 1) -> int:
    """Deliveries of `message_created` that have failed once."""
    desk.client.create_webhook(receiver.url, name="crm", subscriptions=["message_created"])
    number = desk.talk("Ann", *(f"hello {text}" for text in range(texts)))
    receiver.wait_for(1)
    return number


def test_a_failed_delivery_is_looked_into_and_sent_again_when_its_receiver_is_healed(
    desk: Desk, receiver: Receiver
) -> None:
    owe(desk, receiver)

    async def story() -> None:
        async with seated(desk, at="deliveries", size=(80, 24)) as seat:
            await seat.sees("message_created")
            await seat.until(lambda: seat.screen.listed.current.data[0].error)
            await seat.sees("500")
            await seat.sees("1 attempt at http://127.0.0.1")
            await seat.press("enter")
            await seat.sees("] Next view")
            await seat.sees("[Request]")
            await seat.sees('"content": "hello 0"')
            await seat.press("right_square_bracket")
            await seat.sees("db locked")
            receiver.default = status(200, b"thanks")
            await seat.press("r")
            await seat.sees("sent again: message_created for crm")
            await seat.sees("thanks")
            assert seat.screen.inspector.attempt["number"] == 2
            await seat.press("l")
            await seat.sees("db locked")
            await seat.press("right_square_bracket", "escape")
            await seat.until(lambda: seat.screen.listed.current.data[0].state == "delivered")

    run(story())


def test_several_are_cancelled_and_sent_again_after_a_question_with_their_number(
    desk: Desk, receiver: Receiver
) -> None:
    owe(desk, receiver, 3)

    def states() -> set[str]:
        return {one["state"] for one in desk.client.deliveries()[0]}

    async def story() -> None:
        async with seated(desk, at="deliveries", size=(160, 40)) as seat:
            await seat.until(lambda: len(seat.screen.listed.rows) == 3)
            await seat.press("x")
            await seat.until(lambda: "cancelled" in states() and seat.tui.undoing._last is not None)
            await seat.until(lambda: not all(row.data[0].is_unfinished for row in seat.screen.listed.rows))
            seat.tui.action_undo()
            await seat.until(lambda: "cancelled" not in states())
            await seat.until(lambda: all(row.data[0].is_unfinished for row in seat.screen.listed.rows))
            await seat.press("asterisk", "x")
            await seat.sees("Cancel 3 deliveries?")
            await seat.press("enter")
            assert states() == {"pending"}
            await seat.press("x", "y")
            await seat.until(lambda: states() == {"cancelled"})
            await seat.sees("– cancelled by")
            receiver.default = status(200)
            await seat.press("asterisk", "r")
            await seat.sees("Send 3 deliveries again now?")
            await seat.press("y")
            await seat.until(lambda: states() == {"delivered"})
            await seat.until(lambda: {row.data[0].state for row in seat.screen.listed.rows} == {"delivered"})

    run(story())


def test_filters_and_views_ask_the_server_and_a_wrong_one_says_what_is_wrong(desk: Desk, receiver: Receiver) -> None:
    number = owe(desk, receiver)
    desk.talk("Bob", "two")

    async def story() -> None:
        async with seated(desk, at="deliveries", size=(120, 40)) as seat:
            await seat.until(lambda: len(seat.screen.listed.rows) == 2)
            seat.screen.show_conversation(number)
            await seat.until(lambda: len(seat.screen.listed.rows) == 1)
            await seat.press("slash")
            for _ in range(20):
                await seat.press("backspace")
            await seat.type("inbox:nowhere")
            await seat.press("enter")
            await seat.sees("no inbox is called nowhere")
            await seat.press("escape", "backslash")
            await seat.until(lambda: len(seat.screen.listed.rows) == 2)
            seat.screen.show_view("f")
            await seat.sees("[Failing]")
            await seat.press("right_square_bracket")
            await seat.sees("nothing is in Exhausted")

    run(story())


def test_what_is_looked_into_stays_although_it_leaves_the_view(desk: Desk, receiver: Receiver) -> None:
    owe(desk, receiver)
    other = desk.talk("Bob", "other")
    receiver.wait_for(2)

    async def story() -> None:
        async with seated(desk, at="deliveries", size=(80, 24)) as seat:
            seat.screen.show_view("f")
            await seat.until(lambda: len(seat.screen.listed.rows) == 2)
            await seat.press("enter")
            await seat.sees('"content": "other"')
            receiver.default = status(200)
            [bobs] = desk.client.deliveries(conversation_id=other)[0]
            desk.client.resend(bobs["id"])
            await seat.until(lambda: len(seat.screen.listed.rows) == 1)
            await seat.sees("✓ delivered")
            assert seat.screen.subject.id == bobs["id"]

    run(story())


def test_all_that_was_given_up_is_recovered_after_a_question(desk: Desk, receiver: Receiver, tmp_path: Path) -> None:
    owe(desk, receiver)

    async def story() -> None:
        async with seated(desk, at="deliveries", size=(80, 24)) as seat:
            await seat.until(lambda: seat.screen.listed.current.data[0].error)
            with sqlite3.connect(tmp_path / "live" / "inboxd.sqlite3") as data:
                # Ten attempts take three days.
                data.execute("UPDATE deliveries SET state = 'exhausted', finished_at = created_at")
            await seat.press("ctrl+r")
            await seat.sees("exhausted: 500")
            receiver.default = status(200)
            await seat.press("R")
            await seat.sees("Send 1 exhausted delivery for crm again")
            await seat.press("y")
            await seat.until(lambda: seat.screen.listed.current.data[0].state == "delivered")

    run(story())


def test_a_payload_and_a_command_that_posts_it_are_copied_and_paged(
    desk: Desk, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe(desk, receiver)
    copied: list[str] = []

    async def story() -> None:
        async with seated(desk, at="deliveries", size=(80, 24)) as seat:
            monkeypatch.setattr(seat.tui, "copy", lambda text, what: copied.append(text))
            await seat.sees("message_created")
            await seat.press("y")
            await seat.until(lambda: copied and '"content": "hello 0"' in copied[0])
            await seat.press("Y")
            await seat.sees("Copy as")
            await seat.type("curl")
            await seat.press("enter")
            await seat.until(lambda: len(copied) == 2 and copied[1].startswith(f"curl -X POST {receiver.url} "))
            await seat.press("O")
            await seat.until(lambda: "handed to a pager" in seat.tui.said[-1].text)

    run(story())


def test_agents_are_told_that_deliveries_are_not_for_them(desk: Desk) -> None:
    agent = desk.client.create_agent("ada@acme.test")
    token = desk.client.create_token(email=agent["email"])["access_token"]

    async def story() -> None:
        async with seated(desk, at="deliveries", size=(80, 24), token=token) as seat:
            await seat.sees("administrators only")
            assert "Send again" not in seat.text

    run(story())


def test_filter_words_become_a_query() -> None:
    inboxes = [{"id": 3, "name": "shop"}, {"id": 4, "name": "shop two"}, {"id": 5, "name": "api"}]
    asked = 'event:message_c inbox:"shop two" webhook:7 conversation:#9 state:exh since:2h'
    assert parse(asked, inboxes, 10_000) == {
        "event": "message_created", "inbox_id": 4, "webhook_id": 7, "conversation_id": 9, "state": "exhausted",
        "since": 2_800,
    }  # fmt: skip
    assert parse("inbox:shop inbox:5", inboxes) == {"inbox_id": 5}
    for bad in ("inbox:s", "inbox:nowhere", "event:message", "since:yesterday", "webhook:x", "words", "state:", 'a"b'):
        with pytest.raises(Wrong):
            parse(bad, inboxes)
