"""The command palette: what can be done here, where one can go, and what the server finds."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from rich.text import Text
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from admin_tui.keys import SCREENS
from admin_tui.net.outcome import Outcome
from admin_tui.preferences import keep, themes
from admin_tui.state import contacts
from admin_tui.text import cut, line

if TYPE_CHECKING:
    from admin_tui.app import InboxdTui

REST_S = 0.25
_FIRST, _FOUND = 1.0, 0.001
"""How an exact number ranks, and what the server found: behind what matches here."""


@dataclass(frozen=True)
class Entry:
    """`id` is the same each time, so that it can be recent; `key` stands at the right."""

    id: str
    label: str
    run: Callable[[], Any]
    key: str = ""


class Palette(CommandPalette):
    """One that is closed at once may begin its search when its list is gone: that must not end the dashboard."""

    def run_worker(self, *given: Any, **more: Any) -> Any:
        return super().run_worker(*given, **more | {"exit_on_error": False})


def palette() -> CommandPalette:
    return Palette(providers=[Commands], placeholder="a command, #123, a name or an e-mail", id="palette")


class Commands(Provider):
    @property
    def tui(self) -> "InboxdTui":
        return cast("InboxdTui", self.app)

    async def startup(self) -> None:
        self._views: list[Entry] = []
        self._views_there = asyncio.Event()
        self.tui.call(lambda client: client.call("GET", "/custom_filters", filter_type="conversation"), self._saved)

    def _saved(self, outcome: Outcome) -> None:
        """The views that somebody saved; until they have come there are none."""
        self._views_there.set()
        self._views = [
            Entry(f"view {one['id']}", f"View: {line(one['name'])}", self._applied(one)) for one in outcome.value or []
        ]

    def _applied(self, view: Any) -> Callable[[], None]:
        def apply() -> None:
            self.tui.go_and("conversations", "show_filter", view["query"], view["name"])

        return apply

    def entries(self) -> Iterator[Entry]:
        """Everything that can be done at once, the nearest first."""
        tui, place = self.tui, self.tui.place
        if place is None:
            return
        for action in place.offered():
            if action.id not in ("palette", "back"):
                yield Entry(action.id, action.label, partial(tui.do, action.id), tui.key_of(action))
        for name in tui.places():
            number, letter, title = SCREENS[name]
            yield Entry(f"go {name}", f"Go to {title}", partial(tui.go, name), number or f"g {letter}")
        yield from self._views
        for one in tui.directory.inboxes:
            open_it = partial(tui.go_and, "inboxes", "show_inbox", one["id"])
            yield Entry(f"inbox {one['id']}", f"Inbox: {line(one['name'])}", open_it)
        there: Any = place
        if hasattr(there, "assign_to") and not tui.read_only:
            for one in tui.directory.agents:
                name = line(one["name"])
                yield Entry(f"assign {one['id']}", f"Assign to {name}", partial(there.assign_to, one["id"], name))
        for theme in themes(tui):
            yield Entry(f"theme {theme}", f"Theme: {theme}", partial(keep, tui, "theme", theme))

    async def discover(self) -> Hits:
        entries = [one for one in self.entries() if not one.id.startswith(("theme ", "assign ", "inbox "))]
        recent = self.tui.recent
        for one in sorted(entries, key=lambda one: recent.index(one.id) if one.id in recent else len(recent)):
            yield DiscoveryHit(self._shown(one), self._run(one), text=one.label)

    async def search(self, query: str) -> Hits:
        number = query.removeprefix("#")
        if number.isdecimal():
            open_it = partial(self.tui.go_and, "conversations", "show_number", int(number))
            one = Entry(f"#{number}", f"Open conversation #{number}", open_it)
            yield Hit(_FIRST, self._shown(one), self._run(one), text=one.label)
            if number != query:
                # Without the sign it may also be a part of somebody's phone number.
                return
        matcher = self.matcher(query)
        late = not self._views_there.is_set()
        for one in self.entries():
            score = matcher.match(one.label)
            if score > 0:
                yield Hit(score, self._shown(one), self._run(one), text=one.label)
        if late:
            await self._views_there.wait()
            for one in self._views:
                score = matcher.match(one.label)
                if score > 0:
                    yield Hit(score, self._shown(one), self._run(one), text=one.label)
        if len(query) > 1:
            # Each further key cancels this search: only who rests asks the server.
            await asyncio.sleep(REST_S)
            for found in await self._people(query):
                open_it = partial(self.tui.go_and, "contacts", "show_contact", found.id)
                one = Entry(f"contact {found.id}", f"Contact: {found.called}", open_it)
                yield Hit(_FOUND, self._shown(one), self._run(one), text=one.label)

    async def _people(self, query: str) -> list[contacts.Contact]:
        come: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def then(outcome: Outcome) -> None:
            if not come.done():
                come.set_result(outcome)

        self.tui.call(lambda client: client.search_contacts(query), then)
        outcome = await come
        return [contacts.contact(one) for one in outcome.value or []]

    def _shown(self, one: Entry) -> Text:
        """Always a Text: a string would be read as markup."""
        width = max(20, self.app.size.width - 8)
        return Text(cut(one.label, width - len(one.key) - 1) + " " + one.key, no_wrap=True)

    def _run(self, one: Entry) -> Callable[[], Any]:
        def run() -> Any:
            self.tui.used(one.id)
            return one.run()

        return run
