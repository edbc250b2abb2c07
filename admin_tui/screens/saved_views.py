"""Views of conversations that somebody saved: opened, made of what is shown, renamed and deleted."""

from collections.abc import Callable
from functools import partial
from typing import Any

from admin_tui.modals.form import Field
from admin_tui.modals.picker import Choice
from admin_tui.screens.asking import ask_form, ask_one, ask_to_delete
from admin_tui.screens.base import BaseScreen
from admin_tui.screens.talk_list import TalkList
from admin_tui.state.filters import Filter
from admin_tui.text import line

Json = dict[str, Any]
_PATH = "/custom_filters"
_KIND = "conversation"


class SavedViews(BaseScreen):
    listing: TalkList

    def show_filter(self, query: Any, name: str = "saved view") -> None:
        """The conversations that meet the conditions of a saved view."""
        conditions = query.get("payload") if isinstance(query, dict) else None
        if not conditions:
            self.tui.say(f"{name} has no conditions", bad=True)
            return
        self.listing.show_saved(Filter(name, chips=(line(name),), payload=tuple(conditions)))

    def action_conv_views(self) -> None:
        self.fetch(lambda client: client.call("GET", _PATH, filter_type=_KIND), self._choose, what="saved views")

    def _choose(self, views: list[Json]) -> None:
        def show(view: Json) -> None:
            self.show_filter(view["query"], view["name"])

        def each(do: Callable[[Json], None]) -> list[Choice]:
            return [Choice(partial(do, one), one["name"]) for one in views]

        def of_one(title: str, do: Callable[[Json], None]) -> Callable[[], None]:
            return lambda: ask_one(self, title, each(do), lambda go: go())

        choices = each(show)
        if not self.tui.read_only:
            choices.append(Choice(self._save, "save what is shown…", "its conditions, under a name"))
            if views:
                choices.append(Choice(of_one("Rename", self._rename), "rename one…"))
                choices.append(Choice(of_one("Delete", self._delete), "delete one…"))
        if choices:
            ask_one(self, "Saved views", choices, lambda do: do())
        else:
            self.tui.say("no view was saved yet")

    def _save(self) -> None:
        shown = self.listing
        if shown.filter.words:
            self.tui.say(f"a view keeps conditions, no words such as {shown.filter.words}", bad=True)
            return
        query = {"payload": shown.filter.conditions(shown.view, self.tui.directory.me)}

        def work(client: Any, values: Json) -> Any:
            return client.call("POST", _PATH, filter_type=_KIND, query=query, **values)

        name = "" if shown.filter.payload else " ".join([shown.view, *shown.filter.chips])
        ask_form(self, "Save view", [_name(name)], work, lambda made: self.tui.say(f"saved the view {made['name']}"))

    def _rename(self, view: Json) -> None:
        def work(client: Any, values: Json) -> Any:
            return client.call("PATCH", f"{_PATH}/{view['id']}", **values)

        def renamed(found: Json) -> None:
            self.tui.say(f"the view {view['name']} is {found['name']} now")

        ask_form(self, f"Rename {view['name']}", [_name(view["name"])], work, renamed, button="Rename")

    def _delete(self, view: Json) -> None:
        question = f"Delete the view {line(view['name'])}? Its conversations stay."
        ask_to_delete(self, question, f"{_PATH}/{view['id']}", lambda: self.tui.say(f"deleted the view {view['name']}"))


def _name(value: str) -> Field:
    return Field("name", "Name", value, required=True)
