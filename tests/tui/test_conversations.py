import asyncio
from typing import Any

import pytest

from inboxd.client import Client, Unreachable
from tests.tui.cast import Desk, Seat, run, seated


def said(desk: Desk, number: int) -> list[str]:
    return [one["content"] for one in desk.client.messages(number) if one["message_type"] in (0, 1)]


async def shows(seat: Seat, rows: int) -> None:
    await seat.until(lambda: len(seat.screen.talks.rows) == rows, f"{rows} rows")


@pytest.mark.parametrize("columns", [70, 100, 160])
def test_what_is_typed_ahead_goes_where_it_was_meant_to(desk: Desk, columns: int) -> None:
    first, second, third = [desk.talk(f"Person {number}", f"hello {number}") for number in (1, 2, 3)]

    async def story() -> None:
        async with seated(desk, size=(columns, 24)) as seat:
            await shows(seat, 3)
            await seat.burst("j", "j", "r", "down with jjr", "ctrl+s", "escape", "k", "r", "second", "ctrl+s")
            await seat.until(lambda: said(desk, first) == ["hello 1", "down with jjr"])
            await seat.until(lambda: said(desk, second) == ["hello 2", "second"])
            assert said(desk, third) == ["hello 3"]
            await seat.burst("escape", "d", "u", "d", "j", "d")
            await seat.until(lambda: desk.client.conversation(second)["status"] == "resolved")
            await seat.until(lambda: desk.client.conversation(first)["status"] == "resolved")
            assert desk.client.conversation(third)["status"] == "open"

    run(story())


def test_a_message_appears_without_a_keystroke_and_the_cursor_stays(desk: Desk) -> None:
    first, _ = desk.talk("Ann", "one"), desk.talk("Bob", "two")

    async def story() -> None:
        async with seated(desk) as seat:
            await shows(seat, 2)
            assert seat.screen.talks.current.data.name == "Bob"
            desk.says("Ann", first, "are you there?")
            await seat.sees("are you there?")
            assert seat.screen.talks.current.data.name == "Bob"

    run(story())


def test_no_row_moves_under_the_cursor_until_somebody_asks(desk: Desk) -> None:
    numbers = [desk.talk(f"Person {number}", "hello") for number in range(1, 5)]

    async def story() -> None:
        async with seated(desk, size=(80, 24)) as seat:
            await shows(seat, 4)
            await seat.press("j")
            before = [row.key for row in seat.screen.talks.rows]
            desk.says("Person 1", numbers[0], "again")
            desk.talk("Newcomer", "hi")
            await seat.sees("2 newer - F or gg shows")
            assert [row.key for row in seat.screen.talks.rows] == before
            await seat.sees("again")
            await seat.press("g", "g")
            await shows(seat, 5)
            assert seat.screen.talks.rows[0].data.name == "Newcomer"
            await seat.until(lambda: "newer" not in seat.text)

    run(story())


def test_many_marked_rows_are_changed_and_taken_back_together(desk: Desk) -> None:
    numbers = [desk.talk(f"Person {number}", "hello") for number in range(1, 4)]
    desk.client.call("POST", "/labels", title="vip")
    desk.client.call("POST", f"/conversations/{numbers[0]}/labels", labels=["old"])
    team = desk.client.call("POST", "/teams", name="night")["id"]
    other = desk.client.create_agent("zoe@acme.test", name="Zoe")["id"]

    def labels() -> list[list[str]]:
        return [sorted(desk.client.conversation(number)["labels"]) for number in numbers]

    async def story() -> None:
        async with seated(desk) as seat:
            await shows(seat, 3)
            await seat.press("asterisk", "L")
            await seat.type("vip")
            await seat.press("enter")
            await seat.sees("labels +vip: 3 conversations (u undoes)")
            assert labels() == [["old", "vip"], ["vip"], ["vip"]]
            await seat.press("u")
            await seat.until(lambda: labels() == [["old"], [], []])
            await seat.press("asterisk", "a")
            await seat.type("Zoe")
            await seat.press("enter")
            await seat.sees("assigned to Zoe: 3 conversations")
            found = [desk.client.conversation(number)["meta"]["assignee"]["id"] for number in numbers]
            assert found == [other] * 3
            await seat.press("u")
            await seat.until(lambda: "assignee" not in desk.client.conversation(numbers[2])["meta"])
            await seat.press("asterisk", "T")
            await seat.type("night")
            await seat.press("enter")
            await seat.until(lambda: desk.client.conversation(numbers[1])["meta"].get("team", {}).get("id") == team)
            await seat.press("asterisk", "d")
            await seat.sees("resolved: 3 conversations")
            await seat.press("u")
            await seat.until(lambda: {desk.client.conversation(one)["status"] for one in numbers} == {"open"})

    run(story())


def test_labels_that_others_set_meanwhile_stay(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk) as seat:
            await shows(seat, 1)
            await seat.press("L")
            desk.client.call("POST", f"/conversations/{number}/labels", labels=["theirs"])
            await seat.type("mine")
            await seat.press("enter")
            await seat.until(lambda: sorted(desk.client.conversation(number)["labels"]) == ["mine", "theirs"])
            await seat.until(lambda: len(seat.screen.talks.current.data.labels) == 2)
            await seat.burst("L", "space", "enter")
            await seat.until(lambda: len(desk.client.conversation(number)["labels"]) == 1)

    run(story())


def test_muting_asks_and_unread_stays_while_it_is_looked_at(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk) as seat:
            await shows(seat, 1)
            await seat.press("enter")
            await seat.until(lambda: desk.client.conversation(number)["unread_count"] == 0)
            await seat.press("m")
            await seat.until(lambda: desk.client.conversation(number)["unread_count"] == 1)
            await seat.until(lambda: seat.screen.talk.unread == 1)
            await seat.press("M", "enter")
            assert not desk.client.conversation(number)["muted"]
            await seat.press("M", "y")
            await seat.until(lambda: desk.client.conversation(number)["muted"])
            assert desk.client.conversation(number)["unread_count"] == 1
            await seat.until(lambda: seat.screen.talk.muted)
            await seat.press("M")
            await seat.until(lambda: not desk.client.conversation(number)["muted"])

    run(story())


def test_filters_find_by_words_and_by_names_and_say_what_is_wrong(desk: Desk) -> None:
    desk.talk("Ann", "my pump is broken")
    urgent = desk.talk("Bob", "hello there")
    desk.client.call("POST", f"/conversations/{urgent}/toggle_priority", priority="urgent")
    desk.client.call("POST", f"/conversations/{urgent}/labels", labels=["vip"])

    async def story() -> None:
        async with seated(desk) as seat:
            await shows(seat, 2)
            for text, name in (("pump", "Ann"), ("label:vip", "Bob"), ("priority:urg inbox:shop", "Bob")):
                await seat.burst("/", text, "enter")
                await shows(seat, 1)
                assert seat.screen.talks.current.data.name == name
                await seat.sees(text.partition(" ")[0])
                await seat.press("backslash")
                await shows(seat, 2)
            await seat.burst("/", "assignee:me", "enter")
            await seat.sees("nothing in All for assignee:me")
            await seat.press("backslash")
            await seat.burst("/", "status:opne", "enter")
            await seat.sees("status:opne is none of open, pending")
            await seat.press("escape")
            await shows(seat, 2)

    run(story())


def test_the_screen_fits_80_120_and_160_columns(desk: Desk) -> None:
    desk.talk("Ann Archer", "hello from Ann")

    async def story() -> None:
        async with seated(desk, size=(80, 24)) as seat:
            await seat.sees("Ann Archer")
            assert "#1 Ann" not in seat.text
            await seat.press("enter")
            await seat.sees("#1 Ann Archer")
            await seat.press("i")
            await seat.sees("P priority")
            await seat.press("escape", "escape")
            await seat.until(lambda: "#1 Ann" not in seat.text)
        async with seated(desk, size=(120, 40)) as seat:
            await seat.sees("#1 Ann Archer")
            assert "P priority" not in seat.text
        async with seated(desk, size=(160, 48)) as seat:
            await seat.sees("P priority")
            await seat.press("i")
            await seat.until(lambda: "P priority" not in seat.text)

    run(story())


def test_typing_and_answers_of_others_are_seen_by_who_answers(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")
    zoe = desk.client.create_agent("zoe@acme.test", name="Zoe")
    token = desk.client.create_token(name="zoe", email="zoe@acme.test")["access_token"]
    desk.client.call("POST", "/inbox_members", inbox_id=desk.inbox["id"], user_ids=[zoe["id"]])
    colleague = Desk(desk.url, token)

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.sees("#1 Ann")
            desk.customer.typing("ann", number, on=True)
            await seat.sees("Ann is typing")
            path = f"/conversations/{number}/toggle_typing_status"
            await seat.press("r")
            colleague.client.call("POST", path, typing_status="on", is_private=False)
            await seat.sees("! Zoe is typing too")
            colleague.client.reply(number, "I took it")
            await seat.sees("! Zoe has replied meanwhile")
            await seat.sees("I took it")

    run(story())
    colleague.client.close()


def test_a_thread_is_searched_quoted_and_copied(desk: Desk) -> None:
    number = desk.talk("Ann", "the first pump", "something else", "the second pump")

    async def story() -> None:
        async with seated(desk, clipboard="off") as seat:
            await seat.sees("▎ the second pump")
            await seat.press("enter")
            await seat.burst("/", "pump", "enter")
            await seat.until(lambda: seat.screen.thread.current.text == "the first pump")
            await seat.press("n")
            assert seat.screen.thread.current.text == "the second pump"
            await seat.press("N")
            assert seat.screen.thread.current.text == "the first pump"
            await seat.press("y")
            await seat.sees("the message")
            await seat.press("escape")
            await seat.burst("Q", "yes", "ctrl+s")
            await seat.until(lambda: said(desk, number)[-1] == "> the first pump\n\nyes")

    run(story())


def test_what_a_filter_of_choices_hides_stays_marked(desk: Desk) -> None:
    number = desk.talk("Ann", "hello")
    for title in ("bug", "refund", "vip"):
        desk.client.call("POST", "/labels", title=title)
    desk.client.call("POST", f"/conversations/{number}/labels", labels=["bug"])

    def labels() -> list[str]:
        return sorted(desk.client.conversation(number)["labels"])

    async def story() -> None:
        async with seated(desk, size=(80, 24)) as seat:
            await shows(seat, 1)
            await seat.press("L")
            await seat.sees("space marks")
            await seat.type("v")
            await seat.press("enter")
            await seat.until(lambda: labels() == ["bug", "vip"])
            await seat.sees("labels +vip")
            await seat.press("L")
            await seat.sees("space marks")
            await seat.type("ref ")
            await seat.press("enter")
            await seat.until(lambda: labels() == ["bug", "refund", "vip"])

    run(story())


def test_while_writing_the_hints_are_those_of_the_composer(desk: Desk) -> None:
    desk.talk("Ann", "hello")

    async def story() -> None:
        async with seated(desk, size=(80, 24)) as seat:
            await shows(seat, 1)
            await seat.press("r")
            await seat.sees("ctrl+s Send")
            assert "d Resolve" not in seat.lines[-1]
            assert "ctrl+g Canned" in seat.lines[-1]
            seat.tui.say("what is said meanwhile")
            await seat.sees("what is said meanwhile")
            # A toast does not cover what is being written.
            assert any("said meanwhile" in text for text in seat.lines[:8])
            await seat.type("hi")
            await seat.press("f1")
            await seat.sees("Keys: Conversations")
            await seat.type("while writing; the")
            await seat.press("enter")
            await seat.sees("d Resolve")
            assert seat.tui.drafts.get(seat.screen.talk.id, private=False) == "hi"

    run(story())


@pytest.mark.parametrize("columns", [50, 60, 80])
def test_where_we_are_is_always_told(desk: Desk, columns: int) -> None:
    async def story() -> None:
        async with seated(desk, "settings", size=(columns, 20)) as seat:
            await seat.sees("[9 Settings]")

    run(story())


def test_the_list_goes_on_behind_a_page_that_is_all_known_or_failed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [desk.talk(f"Person {number}", "hello") for number in range(80)]
    asked: list[int] = []
    call = Client.call

    def failing(client: Client, method: str, path: str, **values: Any) -> Any:
        if path == "/conversations" and values.get("page", 1) > 1:
            asked.append(values["page"])
            if len(asked) == 1:
                raise Unreachable("nobody answers")
        return call(client, method, path, **values)

    monkeypatch.setattr(Client, "call", failing)

    async def story() -> None:
        async with seated(desk, size=(80, 24)) as seat:
            rows = seat.screen.talks
            await shows(seat, 25)
            await seat.press("G")
            await seat.until(lambda: asked == [2])
            # Whoever tries again gets it.
            await seat.until(lambda: not seat.screen.listing._reload.is_busy)
            await seat.press("G")
            await shows(seat, 50)
            # As many as a page of those further down are raised: the page behind the last one has nothing new.
            for number in range(4, 29):
                await asyncio.to_thread(desk.says, f"Person {number}", numbers[number], "again")
            await seat.sees("newer - ")
            await seat.press("G")
            await seat.until(lambda: {row.key for row in rows.rows} >= set(numbers[:4]))
            await seat.press("g", "g")
            await seat.until(lambda: {row.key for row in rows.rows} == set(numbers))

    run(story())
