from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from admin_tui.screens.conversations import ConversationsScreen
from admin_tui.state.contacts import attributes_changes, attributes_wrong, relabelled
from admin_tui.widgets.row_list import RowList
from tests.tui.cast import Desk, Seat, run, seated


def _people(desk: Desk, *names: str) -> dict[str, int]:
    """Contacts with an address each: their numbers by name."""
    found = {}
    for name in names:
        email = f"{name.lower().replace(' ', '.')}@x.test"
        made = desk.client.call("POST", "/contacts", name=name, email=email, inbox_id=desk.inbox["id"])
        found[name] = made["payload"]["contact"]["id"]
    return found


def _contact(desk: Desk, number: int) -> dict[str, Any]:
    found: dict[str, Any] = desk.client.call("GET", f"/contacts/{number}")["payload"]
    return found


async def _on(seat: Seat, name: str) -> None:
    """The cursor is on somebody, and they are read."""
    rows = seat.screen.listed
    await seat.until(lambda: any(row.data.name == name for row in rows.rows), name)
    rows.move_to(next(place for place, row in enumerate(rows.rows) if row.data.name == name))
    await seat.until(lambda: seat.screen.known and seat.screen.known.contact.name == name, f"{name} is read")


def test_a_search_asks_the_server_and_escape_gives_the_list_back(desk: Desk) -> None:
    _people(desk, "Ann", "Bob", *(f"Person {number}" for number in range(20)))

    async def story() -> None:
        async with seated(desk, "contacts", (80, 24)) as seat:
            await seat.until(lambda: seat.screen.count == 22)
            await seat.press("G")
            await seat.until(lambda: len(seat.screen.listed.rows) == 22, "the second page")
            await seat.press("slash")
            await seat.type("bob")
            await seat.until(lambda: [row.data.name for row in seat.screen.listed.rows] == ["Bob"])
            await seat.press("enter", "l")
            await seat.until(lambda: seat.screen.known and seat.screen.known.contact.name == "Bob")
            await seat.press("escape", "escape")
            await seat.until(lambda: len(seat.screen.listed.rows) >= 15)
            await seat.press("slash")
            await seat.type("zz")
            await seat.sees("nobody like 'zz'")

    run(story())


def test_whom_a_search_finds_is_read_beside_the_list(desk: Desk) -> None:
    _people(desk, "Ann", "Bob")

    async def story() -> None:
        async with seated(desk, "contacts") as seat:
            await _on(seat, "Ann")
            await seat.press("slash")
            await seat.type("bob")
            await seat.until(lambda: seat.screen.known.contact.name == "Bob", "Bob is read")
            await seat.press("enter", "L")
            await seat.sees("Labels of Bob")

    run(story())


def test_what_the_server_refuses_stands_beside_its_field(desk: Desk) -> None:
    numbers = _people(desk, "Ann", "Bob")
    desk.client.call("PATCH", f"/contacts/{numbers['Ann']}", custom_attributes={"plan": "pro", "seats": 3, "old": "x"})

    async def story() -> None:
        async with seated(desk, "contacts") as seat:
            await _on(seat, "Ann")
            await seat.press("e")
            await seat.until(lambda: seat.tui.screen.query("#field-custom_attributes"), "the form is there")
            form: Any = seat.tui.screen
            form.query_one("#field-email").value = "bob@x.test"
            form.query_one("#field-custom_attributes").text = "plan = gold\nseats = 3"
            await seat.press("ctrl+s")
            await seat.until(lambda: "taken" in str(form.query_one("#error-email").render()))
            form.query_one("#field-email").value = "ann@new.test"
            await seat.press("ctrl+s")
            await seat.until(lambda: seat.tui.screen is seat.screen, "the form is gone")
            await seat.sees("ann@new.test")
            await seat.until(
                lambda: _contact(desk, numbers["Ann"])["custom_attributes"] == {"plan": "gold", "seats": 3}
            )

    run(story())


def test_notes_labels_and_blocking(desk: Desk) -> None:
    number = _people(desk, "Ann")["Ann"]
    desk.client.call("POST", "/labels", title="vip")

    async def story() -> None:
        async with seated(desk, "contacts") as seat:
            await _on(seat, "Ann")
            await seat.press("n", *"rude", "ctrl+s")
            await seat.sees("Administrator: rude")
            await seat.press("L")
            seat.tui.screen.query_one(RowList).toggle_mark()
            await seat.press("enter")
            await seat.sees("labels of Ann: vip (u undoes)")
            await seat.until(lambda: seat.screen.known.labels == ("vip",))
            await seat.press("u")
            await seat.until(lambda: seat.screen.known.labels == ())
            await seat.press("B")
            await seat.until(lambda: _contact(desk, number)["blocked"])
            await seat.sees("blocked: Ann (u undoes)")
            await seat.press("u")
            await seat.until(lambda: not _contact(desk, number)["blocked"])
            await seat.press("enter")
            part = next(place for place, row in enumerate(seat.screen.detail.rows) if row.data.kind == "note")
            seat.screen.detail.move_to(part)
            await seat.press("D", "y")
            await seat.until(lambda: desk.client.call("GET", f"/contacts/{number}/notes") == [])
            await seat.until(lambda: seat.screen.known.notes == ())

    run(story())


def test_merging_shows_what_stays_and_wants_the_name_typed(desk: Desk) -> None:
    numbers = _people(desk, "Ann", "Bob")

    async def story() -> None:
        async with seated(desk, "contacts", (80, 24)) as seat:
            await _on(seat, "Ann")
            await seat.press("M", *"bob")
            await seat.sees("Bob  bob@x.test")
            await seat.press("enter")
            await seat.sees("e-mail: ann@x.test  (not bob@x.test)")
            await seat.press("enter")
            assert len(desk.client.contacts()) == 2
            await seat.press(*"Bob", "enter")
            await seat.until(lambda: [one["id"] for one in desk.client.contacts()] == [numbers["Ann"]])
            await seat.until(lambda: [row.key for row in seat.screen.listed.rows] == [numbers["Ann"]])
            await seat.press("D", *"Ann", "enter")
            await seat.sees("no contacts yet")

    run(story())


def test_writing_to_somebody_opens_their_conversation(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    monkeypatch.setattr(ConversationsScreen, "show_number", lambda self, number: opened.append(number), raising=False)
    _people(desk, "Ann")

    async def story() -> None:
        async with seated(desk, "contacts") as seat:
            await _on(seat, "Ann")
            await seat.press("r")
            await seat.until(lambda: seat.screen.place == "conversations" and opened)
            await seat.press("4", "r")
            await seat.until(lambda: len(opened) == 2)
            assert len(set(opened)) == 1
            assert desk.client.conversation(opened[0])["meta"]["sender"]["name"] == "Ann"

    run(story())


def test_contacts_come_and_go_as_csv(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name,email\nAnn,ann@x.test\nBad,nonsense\n")

    async def story() -> None:
        async with seated(desk, "contacts") as seat:
            await seat.sees("no contacts yet")
            await seat.press("I")
            await seat.type("/nowhere")
            await seat.sees("there is no such file")
            seat.tui.screen.query_one("#field-path", Input).value = str(file)
            await seat.press("ctrl+s")
            await seat.sees("line 3:")
            await seat.press("escape")
            await seat.sees("ann@x.test")
            await seat.press("E", "ctrl+s")
            await seat.sees("contacts.csv")
            arrived = tmp_path / "arrived.csv"
            seat.tui.screen.query_one("#field-path", Input).value = str(arrived)
            await seat.press("ctrl+s")
            await seat.sees("saved")
            assert "ann@x.test" in arrived.read_text()

    run(story())


def test_an_agent_is_not_offered_what_is_an_administrators(desk: Desk) -> None:
    bo = desk.client.create_agent("bo@acme.test", name="Bo")
    token = desk.client.create_token(email=bo["email"])["access_token"]
    _people(desk, "Ann")

    async def story() -> None:
        async with seated(desk, "contacts", token=token) as seat:
            await seat.sees("ann@x.test")
            offered = {action.id for action in seat.screen.offered()}
            assert not offered & {"delete", "contact.import", "contact.export"}
            assert "contact.write" in offered
            await seat.press("D")
            assert seat.tui.screen is seat.screen

    run(story())


def test_another_screen_shows_a_contact_that_is_in_no_page(desk: Desk) -> None:
    number = desk.talk("Nameless", "hi")
    contact = desk.client.conversation(number)["meta"]["sender"]["id"]

    async def story() -> None:
        async with seated(desk) as seat:
            seat.tui.go_and("contacts", "show_contact", contact)
            await seat.until(lambda: seat.screen.place == "contacts")
            await seat.sees("conversations (1)")
            await seat.press("escape")
            assert seat.screen.focused is seat.screen.listed

    run(story())


def test_attributes_keep_their_kind_and_labels_of_others_stay() -> None:
    custom = {"seats": 3, "paid": True, "plan": "pro", "gone": 1}
    given = attributes_changes(custom, "seats = 4\npaid = no\nplan = pro\n\nnew = a = b")
    assert given == ({"seats": 4, "paid": False, "new": "a = b"}, ["gone"])
    assert [bool(attributes_wrong(text)) for text in ("plan", "= x", "plan = \n")] == [True, True, False]
    assert relabelled(["a", "somebody", "b"], ["a", "b"], ["b", "c"]) == ["somebody", "b", "c"]
