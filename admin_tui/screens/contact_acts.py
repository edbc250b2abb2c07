"""What is done to contacts."""

from collections.abc import Callable
from typing import Any

from admin_tui.modals.find import Find
from admin_tui.modals.form import Field
from admin_tui.modals.picker import Choice
from admin_tui.screens.asking import (
    ask_form,
    ask_one,
    ask_several,
    ask_sure,
    ask_to_delete,
    changes,
    word_to_type,
)
from admin_tui.screens.avatars import ask_avatar
from admin_tui.screens.base import BaseScreen
from admin_tui.state import contacts as model
from admin_tui.state.contacts import Contact, Detail, Part
from admin_tui.text import line
from admin_tui.widgets.row_list import RowList

_SHOWN_VALUES = 6
"""So many have room in a question at 80x24."""


class ContactActs(BaseScreen):
    """`known` is the contact that is shown beside the list."""

    def __init__(self) -> None:
        super().__init__()
        self.known: Detail | None = None

    @property
    def listed(self) -> RowList:
        raise NotImplementedError

    @property
    def detail(self) -> RowList:
        raise NotImplementedError

    def forget(self, contact_id: int) -> None:
        raise NotImplementedError

    def show_contact(self, contact_id: int) -> None:
        raise NotImplementedError

    @property
    def part(self) -> Part | None:
        """The line about the contact under the cursor, when the cursor is among them."""
        row = self.detail.current if self.is_mounted and self.focused is self.detail else None
        return row.data if row is not None else None

    @property
    def part_kind(self) -> str:
        return self.part.kind if self.part is not None else ""

    @property
    def one(self) -> Contact | None:
        """The contact that is meant: the one under the cursor of the list, or the one that is read."""
        if self.focused is self.detail and self.known is not None:
            return self.known.contact
        row = self.listed.current
        return row.data if row is not None else None

    def _chosen(self) -> list[Contact]:
        if self.focused is self.detail and self.known is not None:
            return [self.known.contact]
        return [row.data for row in self.listed.chosen]

    # Its fields.

    def action_create(self) -> None:
        def made(found: Any) -> None:
            one = found["payload"]["contact"]
            self.tui.say(f"made: {one['name'] or one['email'] or 'contact ' + str(one['id'])}")
            self.show_contact(one["id"])
            self.wanted()

        def work(client: Any, values: dict[str, Any]) -> Any:
            custom, _ = model.attributes_changes({}, values.pop("custom_attributes"))
            given = {key: value for key, value in values.items() if value not in ("", None)}
            return client.call("POST", "/contacts", **given, custom_attributes=custom)

        inboxes = [(line(one["name"]), one["id"]) for one in self.tui.directory.inboxes]
        where = Field("inbox_id", "Inbox", None, "choice", "where it can be written to", choices=inboxes)
        ask_form(self, "New contact", [*_fields({}), where], work, made, button="Create")

    def action_edit(self) -> None:
        one = self.one
        if one is None:
            return
        before = {name: one.raw.get(name) for name in model.FIELDS}
        custom = one.raw.get("custom_attributes") or {}

        def work(client: Any, values: dict[str, Any]) -> Any:
            given, dropped = model.attributes_changes(custom, values.pop("custom_attributes"))
            changed = changes(before, values) | ({"custom_attributes": given} if given else {})
            path = f"/contacts/{one.id}"
            if changed:
                client.call("PATCH", path, **changed)
            if dropped:
                client.call("POST", f"{path}/destroy_custom_attributes", custom_attributes=dropped)

        def saved(_: Any) -> None:
            self.tui.say(f"saved: {one.name}")
            self.wanted()

        ask_form(self, f"Edit {one.name}", _fields(one.raw), work, saved)

    def action_contact_avatar(self) -> None:
        one = self.one
        if one is not None:
            ask_avatar(self, one.name, one.raw.get("thumbnail") or "", self.wanted, contact_id=one.id)

    def action_delete(self) -> None:
        one, part = self.one, self.part
        if part is not None and part.kind == "note":
            self._delete_note(part)
            return
        if one is None or not self.tui.is_administrator:
            return

        def gone() -> None:
            self.tui.say(f"deleted: {one.name}")
            self.forget(one.id)

        question = f"Delete {one.called} with all conversations, messages and notes? It cannot be undone."
        ask_to_delete(self, question, f"/contacts/{one.id}", gone, typed=word_to_type(one.name, one.id))

    # Notes.

    def action_contact_note(self) -> None:
        one = self.one
        if one is None:
            return

        def work(client: Any, values: dict[str, Any]) -> Any:
            return client.call("POST", f"/contacts/{one.id}/notes", **values)

        def noted(_: Any) -> None:
            self.tui.say(f"noted: {one.name}")
            self.wanted()

        field = Field("content", "Note", "", "long", "agents read it, the contact does not", required=True)
        ask_form(self, f"Note on {one.name}", [field], work, noted, button="Add")

    def _delete_note(self, part: Part) -> None:
        known = self.known
        if known is None:
            return
        path = f"/contacts/{known.contact.id}/notes/{part.raw['id']}"

        def gone(_: Any) -> None:
            self.tui.say("deleted the note")
            self.wanted()

        ask_sure(
            self,
            f"Delete the note of {line(part.label)}: {line(part.value)[:120]}?",
            "Delete",
            lambda: self.fetch(lambda client: client.call("DELETE", path), gone, what="delete the note"),
        )

    # Blocking and labels.

    def action_contact_block(self) -> None:
        chosen = self._chosen()
        if not chosen:
            return
        block = not all(one.blocked for one in chosen)
        name = chosen[0].name if len(chosen) == 1 else f"{len(chosen)} contacts"

        changed = [one for one in chosen if one.blocked != block]

        def work(client: Any) -> None:
            for one in changed:
                client.call("PATCH", f"/contacts/{one.id}", blocked=block)

        def back(client: Any) -> list[str]:
            left = []
            for one in changed:
                if bool(client.call("GET", f"/contacts/{one.id}")["payload"]["blocked"]) == block:
                    client.call("PATCH", f"/contacts/{one.id}", blocked=not block)
                else:
                    left.append(one.name)
            return left

        self._do(f"{'blocked' if block else 'unblocked'}: {name}", work, back)

    def action_contact_labels(self) -> None:
        one = self.one
        known = self.known
        if one is None or known is None or known.contact.id != one.id:
            return
        before = list(known.labels)
        titles = dict.fromkeys([*before, *(label["title"] for label in self.tui.directory.labels)])
        path = f"/contacts/{one.id}/labels"

        def change(came: list[str], left: list[str]) -> Callable[[Any], list[str]]:
            def work(client: Any) -> list[str]:
                # What others labelled meanwhile stays, so there is nothing that an undo could overwrite.
                current = client.call("GET", path)["payload"]
                client.call("POST", path, labels=model.relabelled(current, came, left))
                return []

            return work

        def chosen(after: list[str]) -> None:
            if set(after) != set(before):
                words = ", ".join(after) or "none"
                self._do(f"labels of {one.name}: {words}", change(before, after), change(after, before))

        ask_several(
            self, f"Labels of {one.name}", [Choice(title, title) for title in titles], before, chosen, free=True
        )

    def _do(self, what: str, work: Callable[[Any], Any], back: Callable[[Any], list[str]]) -> None:
        """Do what can be undone, and say so."""

        def done(_: Any) -> None:
            self.can_undo(what, back)
            self.listed.clear_marks()
            self.wanted()

        self.fetch(work, done, what=what)

    # Writing to it.

    def action_contact_write(self) -> None:
        one = self.one
        if one is None:
            return

        def reachable(found: Any) -> None:
            places = [(place["inbox"]["id"], place["inbox"]["name"], place["source_id"]) for place in found["payload"]]
            if not places:
                makes = (
                    f": {self.tui.key_of_id('create')} on Inboxes (2) makes one" if self.tui.is_administrator else ""
                )
                self.tui.say(f"{one.name} can be written to from no inbox{makes}", bad=True)
            elif len(places) == 1:
                self._write(one, places[0][0], places[0][2])
            else:
                choices = [Choice((number, source), name) for number, name, source in places]
                ask_one(self, f"Write to {one.name} from", choices, lambda found: self._write(one, *found))

        self.fetch(
            lambda client: client.call("GET", f"/contacts/{one.id}/contactable_inboxes"), reachable, what="write"
        )

    def _write(self, one: Contact, inbox_id: int, source_id: str | None) -> None:
        def work(client: Any) -> int:
            """The conversation that is not resolved, or else a new one."""
            for talk in client.call("GET", f"/contacts/{one.id}/conversations")["payload"]:
                if talk["inbox_id"] == inbox_id and talk["status"] != "resolved":
                    return int(talk["id"])
            values = {"source_id": source_id} if source_id else {}
            return int(client.call("POST", "/conversations", inbox_id=inbox_id, contact_id=one.id, **values)["id"])

        def go(number: int) -> None:
            self.tui.go_and("conversations", "show_number", number)

        self.fetch(work, go, what=f"write to {one.name}")

    # Two that are one.

    def action_contact_merge(self) -> None:
        one = self.one
        if one is None:
            return

        def found(choice: Choice | None) -> None:
            if choice is not None and choice.value == one.id:
                self.tui.say("that is the same contact", bad=True)
            elif choice is not None:
                path = f"/contacts/{choice.value}"
                self.fetch(lambda client: client.call("GET", path)["payload"], self._sure_to_merge(one), what="merge")

        self.app.push_screen(Find(f"Merge into {one.name}: who is it too?", _found), found)

    def _sure_to_merge(self, one: Contact) -> Callable[[Any], None]:
        def ask(raw: Any) -> None:
            other = model.contact(raw)
            kept = "\n".join(model.merged(one, other)[:_SHOWN_VALUES])
            question = (
                f"{other.called} becomes {one.called}: conversations, notes and labels go over, then it is deleted. "
                f"What stays:\n{kept}\nIt cannot be undone."
            )
            values = {"base_contact_id": one.id, "mergee_contact_id": other.id}

            def merged(_: Any) -> None:
                self.tui.say(f"merged: {other.name} into {one.name}")
                self.forget(other.id)
                self.wanted()

            ask_sure(
                self,
                question,
                "Merge",
                lambda: self.fetch(
                    lambda client: client.call("POST", "/actions/contact_merge", **values), merged, what="merge"
                ),
                typed=word_to_type(other.name, other.id),
            )

        return ask


def _found(client: Any, needle: str) -> list[Choice]:
    found = [model.contact(one) for one in client.search_contacts(needle)]
    return [Choice(one.id, one.name, f"{one.reach}  {', '.join(one.inboxes)}".strip()) for one in found]


def _fields(raw: dict[str, Any]) -> list[Field]:
    return [
        Field("name", "Name", raw.get("name")),
        Field("email", "E-mail", raw.get("email")),
        Field("phone_number", "Phone", raw.get("phone_number"), hint="with + and country, as +4930123456"),
        Field("identifier", "Identifier", raw.get("identifier"), hint="its id in your own system"),
        Field(
            "custom_attributes",
            "Custom attributes",
            model.attributes_text(raw.get("custom_attributes") or {}),
            "long",
            "one a line: key = value",
            check=model.attributes_wrong,
        ),
    ]
