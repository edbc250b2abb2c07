"""Contacts: the list, and everything about the one under the cursor."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, Static

from admin_tui.keys import Action
from admin_tui.modals.picker import Choice
from admin_tui.modals.text_view import TextView
from admin_tui.net.outcome import Outcome
from admin_tui.screens.asking import ask_one
from admin_tui.screens.base import bindings
from admin_tui.screens.contact_acts import ContactActs
from admin_tui.screens.contact_jobs import ContactJobs
from admin_tui.screens.contact_row import drawn, part_drawn
from admin_tui.state import contacts as model
from admin_tui.state.contacts import SORTS, Detail, Part
from admin_tui.state.reload import Reload, Rest
from admin_tui.text import line
from admin_tui.theme import paint_of
from admin_tui.widgets.fields import FilterField
from admin_tui.widgets.row_list import Row, RowList

_TYPING_S = 0.25
_CALM_S = 2.0


class ContactsScreen(ContactActs, ContactJobs):
    place = "contacts"
    BINDINGS = bindings("contacts", "list", "everywhere")
    HINTS = ("open", "contact.write", "create", "edit", "contact.note", "contact.block", "filter", "goto", "palette")
    CSS = """
    ContactsScreen #contacts { width: 1fr; }
    ContactsScreen #contact { width: 1fr; border-left: vkey $border-blurred; }
    ContactsScreen.-narrow #contact, ContactsScreen.-tiny #contact { display: none; border: none; }
    ContactsScreen.-narrow.-detail #contacts, ContactsScreen.-tiny.-detail #contacts { display: none; }
    ContactsScreen.-narrow.-detail #contact, ContactsScreen.-tiny.-detail #contact { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.needle = ""
        self.sort = ""
        self.count: int | None = None
        self._shown_id: int | None = None
        self._pages = 1
        self._more = False
        self._wants_more = False
        # However much happens, it is read every two seconds at most.
        self._reload = Reload(_CALM_S)
        self._typing = Rest(_TYPING_S)
        self._resting = Rest()

    def body(self) -> Iterable[Widget]:
        glyphs = self.tui.glyphs
        with Horizontal(classes="split"):
            with Vertical(id="contacts"):
                yield Static(id="views", markup=False, classes="views")
                yield FilterField("name, e-mail, phone or identifier; esc clears", id="filter")
                yield RowList(
                    partial(drawn, self.tui), empty="…", cursor=glyphs("cursor"), marked=glyphs("marked"), id="list"
                )
            with Vertical(id="contact"):
                yield Static(id="title", markup=False, classes="title")
                yield RowList(partial(part_drawn, self.tui), empty="", cursor=glyphs("cursor"), marked=" ", id="detail")

    @property
    def listed(self) -> RowList:
        return self.query_one("#list", RowList)

    @property
    def detail(self) -> RowList:
        return self.query_one("#detail", RowList)

    @property
    def filter(self) -> FilterField:
        return self.query_one(FilterField)

    def on_mount(self) -> None:
        self.set_focus(self.detail if self._shown_id is not None else self.listed)

    def may(self, action: Action) -> bool:
        # Notes are anybody's to delete, contacts an administrator's.
        if action.id == "delete" and not self.tui.is_administrator and self.part_kind != "note":
            return False
        return super().may(action)

    # The list.

    def wanted(self) -> None:
        self._load(1)
        if self._shown_id is not None:
            self._load_detail(self._shown_id)

    def news(self, events: list[dict[str, Any]]) -> None:
        if any(str(event["payload"].get("event", "")).startswith(("contact_", "conversation_")) for event in events):
            self._reload.want()

    def tick(self) -> None:
        if self._typing.over():
            self._search(self.filter.value.strip())
        if self._resting.over():
            current = self.listed.current
            if current is not None and current.key != self._shown_id:
                self._look_at(current.key)
        if self._reload.due():
            self.wanted()
        self.follow_job()

    def action_refresh(self) -> None:
        self._pages = 1
        super().action_refresh()

    def _load(self, page: int) -> None:
        if not self._reload.begin():
            return
        asked = (self.needle, self.sort)

        def come(outcome: Outcome) -> None:
            self._reload.end()
            if not self.is_attached:
                return
            if asked != (self.needle, self.sort):
                self._load(1)
            elif outcome.problem is not None:
                self.tui.tell_problem("contacts", outcome.problem)
                self.listed.show(self.listed.rows, empty="not loaded\nctrl+r tries again")
            else:
                self._show_page(page, outcome.value)
                self._load_more()

        self.tui.call(lambda client: model.page(client, asked[0], asked[1], page), come)

    def _show_page(self, page: int, data: Any) -> None:
        fresh = [model.contact(one) for one in data["contacts"]]
        ids = {one.id for one in fresh}
        kept = [row.data for row in self.listed.rows if row.key not in ids]
        if page == 1:
            # Pages behind the first shift as contacts move: what is known of them stays until it is read again.
            kept = kept if self._pages > 1 and data["more"] else []
            shown = fresh + kept
        else:
            shown = kept + fresh
        self._pages = max(self._pages, page) if kept else 1
        self._more = data["more"] if page == self._pages else self._more
        self.count = data["count"]
        self.listed.show([Row(one.id, one) for one in shown], empty=self._nothing())
        self._wants_more |= len(shown) < self.listed.page
        self._show_views()
        if self._shown_id is None and shown:
            self._look_at(shown[0].id)
        elif self.focused is self.detail:
            self.listed.go_to_key(self._shown_id)

    def _nothing(self) -> str:
        if self.needle:
            return f"nobody like {line(self.needle)!r}\n{self.tui.key_of_id('filter.clear')} clears the search"
        tips = [self.tip("create", "makes one"), self.tip("contact.import", "imports a CSV file")]
        return "\n".join(
            [
                "no contacts yet",
                *filter(None, [", ".join(filter(None, tips))]),
                "Listed is who has an e-mail, a phone number or an identifier;",
                f"{self.tui.key_of_id('filter')} finds the others by name.",
            ]
        )

    def _show_views(self) -> None:
        loaded = len(self.listed.rows)
        # While somebody searches the server does not count what it finds.
        whole = f"{loaded} of more" if self.count is None and self._more else str(loaded)
        number = whole if self.count in (None, loaded) else f"{loaded} of {self.count}"
        sorted_by = f"  sorted: {SORTS[self.sort]}" if self.sort else ""
        needle = f"  /{self.needle}" if self.needle else ""
        self.query_one("#views", Static).update(
            line(f"[Contacts {number}]{needle}{sorted_by}{self.job_line}"), layout=False
        )

    def job_changed(self) -> None:
        self._show_views()

    def forget(self, contact_id: int) -> None:
        """A contact is gone: here, before the list is read again."""
        rows = self.listed
        rows.show([row for row in rows.rows if row.key != contact_id], empty=self._nothing())
        if self._shown_id == contact_id:
            self._shown_id = None
            self.show_known(None)
            if rows.current is not None:
                self._look_at(rows.current.key)
        self._load(1)

    # Searching and sorting.

    def action_filter(self) -> None:
        self.filter.open()

    def action_filter_clear(self) -> None:
        self.filter.hold()
        self.set_focus(self.listed)
        self._search("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._typing.begin()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._typing.cancel()
        self.set_focus(self.listed)
        self._search(event.value.strip())

    def _search(self, needle: str) -> None:
        if needle != self.needle:
            self.needle = needle
            self._anew()

    def _anew(self) -> None:
        """Another question: its answer takes the place of the list."""
        self._pages, self._wants_more = 1, False
        self._load(1)

    def action_contact_sort(self) -> None:
        def sort(name: str) -> None:
            self.sort = name
            self._anew()

        ask_one(self, "Sort by", [Choice(name, word) for name, word in SORTS.items()], sort)

    def on_row_list_near_end(self, event: RowList.NearEnd) -> None:
        if event.rows is self.listed:
            self._wants_more = True
            self._load_more()

    def _load_more(self) -> None:
        if self._wants_more and self._more and not self._reload.is_busy:
            self._wants_more = False
            self._load(self._pages + 1)

    # One contact.

    def show_contact(self, contact_id: int) -> None:
        """From another screen: this one, wherever it is in the list."""
        self._look_at(contact_id)
        self.add_class("-detail")
        if self.is_mounted:
            self.listed.go_to_key(contact_id)
            self.set_focus(self.detail)

    def _look_at(self, contact_id: int) -> None:
        self._shown_id = contact_id
        self._resting.cancel()
        if self.is_mounted:
            self._load_detail(contact_id)

    def _load_detail(self, contact_id: int) -> None:
        def come(found: Any) -> None:
            if self._shown_id == contact_id:
                self.show_known(model.learned(found))

        self.fetch(lambda client: model.detail(client, contact_id), come, what=f"contact {contact_id}")

    def show_known(self, known: Detail | None) -> None:
        moved = known is not None and (self.known is None or self.known.contact.id != known.contact.id)
        self.known = known
        title = ""
        if known is not None:
            self.listed.change(known.contact.id, known.contact)
            title = known.contact.name + ("  blocked" if known.contact.blocked else "")
        self.query_one("#title", Static).update(paint_of(self.app).head(line(title)), layout=False)
        note, talk = self.tip("contact.note", "adds one"), self.tip("contact.write", "begins one")
        found = model.parts(known, note, talk) if known is not None else []
        self.detail.show([Row(_key(place, one), one) for place, one in enumerate(found)])
        if moved:
            self.detail.move_to(0)

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        if event.rows is self.detail:
            self.update_hints()
        elif event.row is not None and self.focused is not self.detail:
            self._resting.begin()

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        if event.rows is self.listed:
            self._look_at(event.row.key)
            self.add_class("-detail")
            self.set_focus(self.detail)
            return
        part = event.row.data
        if part.kind == "conversation":
            self.tui.go_and("conversations", "show_number", part.raw["id"])
        elif part.value and part.kind != "head":
            self.app.push_screen(TextView(line(part.label), part.value))

    def action_back(self) -> None:
        if self.focused is self.filter:
            self.action_filter_clear()
        elif self.focused is self.detail:
            self.remove_class("-detail")
            self.set_focus(self.listed)
        elif not self.listed.clear_marks() and self.needle:
            self.action_filter_clear()

    def action_copy(self) -> None:
        part = self.part
        if part is not None and part.value:
            self.tui.copy(part.value, line(part.label))
        elif self.listed.current is not None:
            one = self.listed.current.data
            self.tui.copy(one.reach or one.name, one.name)


def _key(place: int, part: Part) -> Any:
    """Notes and conversations keep their cursor while others come; lines of text stay where they are."""
    return (part.kind, part.raw["id"]) if part.kind in ("note", "conversation") else (part.kind, part.label, place)
