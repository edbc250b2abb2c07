"""Settings: labels, canned responses, custom attributes; how the server is; and this dashboard itself."""

import os
from typing import Any

from admin_tui.config import ONE_OF
from admin_tui.keys import ACTIONS, shown
from admin_tui.modals.form import Field
from admin_tui.modals.picker import Choice
from admin_tui.modals.text_view import TextView
from admin_tui.modals.theme_picker import ThemePicker
from admin_tui.preferences import ABOUT, ACCENTS, THE_THEMES, keep, plain, themes
from admin_tui.screens.account import account_view
from admin_tui.screens.asking import ask_form, ask_one, ask_to_delete, changes
from admin_tui.screens.base import bindings
from admin_tui.screens.views import HINTS, Json, View, ViewsScreen
from admin_tui.state import settings as model
from admin_tui.text import cut, line, wrap

_MODELS = {"contact_attribute": "contacts", "conversation_attribute": "conversations", "company_attribute": "companies"}
_KINDS = ("text", "number", "currency", "percent", "link", "date", "list", "checkbox")


class SettingsScreen(ViewsScreen):
    place = "settings"
    BINDINGS = bindings("settings", "list", "everywhere")
    HINTS = (*HINTS[:5], "copy", *HINTS[5:])

    def views(self) -> list[View]:
        return [
            View(
                "Labels", lambda client: client.call("GET", "/labels")["payload"], self._label, self._about_label,
                "no labels yet", create=self._create_label, edit=self._edit_label,
                delete=self._delete_label, copied=lambda one: str(one["title"]),
            ),
            View(
                "Canned", lambda client: client.call("GET", "/canned_responses"), self._canned, self._about_canned,
                "no canned responses yet", create=self._create_canned,
                edit=self._edit_canned, delete=self._delete_canned, copied=lambda one: str(one["content"]), admin=(),
                creates="makes one; ctrl+g puts one into a reply",
            ),
            View(
                "Attributes", lambda client: client.call("GET", "/custom_attribute_definitions"), self._attribute,
                self._about_attribute, "no custom attributes are defined", create=self._create_attribute,
                delete=self._delete_attribute, copied=lambda one: str(one["attribute_key"]), creates="defines one",
            ),
            account_view(self),
            View(
                "Health", model.health, self._check, self._about_check, "", open=self._go_there, is_counted=False,
            ),
            View(
                "Dashboard", lambda client: self._own(), self._setting, self._about_setting, "", open=self._change,
                edit=self._change, admin=(), copied=lambda one: str(one["text"]), is_counted=False,
            ),
            View(
                "About", lambda client: model.versions(self.tui.directory.meta), self._version, self._about_version, "",
                open=self._show_report, copied=lambda one: self._report(), is_counted=False,
            ),
        ]  # fmt: skip

    def _done(self, text: str) -> None:
        """Labels are called by name on other screens too."""
        self.tui.say(text)
        self.tui.learn()

    def _delete(self, question: str, path: str, said: str) -> None:
        ask_to_delete(self, question, path, lambda: self._done(said))

    # Labels.

    def _label(self, one: Json, width: int) -> str:
        return f"{cut(one['title'], 24)} {cut(model.colour_word(one['color']), 10)} {one['description'] or ''}"

    def _about_label(self, one: Json) -> list[str]:
        return [
            line(one["title"]),
            "",
            line(one["description"] or "no description"),
            f"colour      {model.colour_word(one['color'])} ({line(one['color'])})",
            f"in sidebar  {'yes' if one['show_on_sidebar'] else 'no'}",
        ]

    def _create_label(self) -> None:
        ask_form(
            self, "New label", _label_fields({"color": model.COLOURS["blue"]}),
            lambda client, values: client.call("POST", "/labels", **values),
            lambda one: self._done(f"made {one['title']}"), button="Create",
        )  # fmt: skip

    def _edit_label(self, one: Json) -> None:
        def work(client: Any, values: Json) -> Any:
            return client.call("PATCH", f"/labels/{one['id']}", **changes(one, values))

        ask_form(
            self, f"Edit {line(one['title'])}", _label_fields(one), work, lambda _: self._done(f"saved: {one['title']}")
        )

    def _delete_label(self, one: Json) -> None:
        question = f"Delete the label {line(one['title'])}? Conversations and contacts lose it."
        self._delete(question, f"/labels/{one['id']}", f"deleted {one['title']}")

    # Canned responses.

    def _canned(self, one: Json, width: int) -> str:
        return f"{cut(one['short_code'], 16)} {line(one['content'])}"

    def _about_canned(self, one: Json) -> list[str]:
        return [line(one["short_code"]), "", *wrap(one["content"], 40)]

    def _create_canned(self) -> None:
        ask_form(
            self, "New canned response", _canned_fields({}),
            lambda client, values: client.call("POST", "/canned_responses", **values),
            lambda one: self._done(f"made {one['short_code']}"), button="Create",
        )  # fmt: skip

    def _edit_canned(self, one: Json) -> None:
        def work(client: Any, values: Json) -> Any:
            return client.call("PATCH", f"/canned_responses/{one['id']}", **values)

        ask_form(
            self, f"Edit {line(one['short_code'])}", _canned_fields(one), work,
            lambda _: self._done(f"saved: {one['short_code']}"),
        )  # fmt: skip

    def _delete_canned(self, one: Json) -> None:
        question = f"Delete the canned response {line(one['short_code'])}?"
        self._delete(question, f"/canned_responses/{one['id']}", f"deleted {one['short_code']}")

    # Custom attributes.

    def _attribute(self, one: Json, width: int) -> str:
        of = _MODELS.get(one["attribute_model"], one["attribute_model"])
        return f"{cut(one['attribute_display_name'], 24)} {cut(one['attribute_display_type'], 9)} of {of}"

    def _about_attribute(self, one: Json) -> list[str]:
        return [
            line(one["attribute_display_name"]),
            "",
            line(one["attribute_description"] or "no description"),
            f"key     {line(one['attribute_key'])}",
            f"kind    {line(one['attribute_display_type'])}",
            f"of      {_MODELS.get(one['attribute_model'], line(one['attribute_model']))}",
            *([f"values  {line(', '.join(map(str, one['attribute_values'])))}"] if one["attribute_values"] else []),
        ]

    def _create_attribute(self) -> None:
        def work(client: Any, values: Json) -> Any:
            listed = [value.strip() for value in values.pop("attribute_values").split(",") if value.strip()]
            return client.call("POST", "/custom_attribute_definitions", **values, attribute_values=listed)

        fields = [
            Field("attribute_display_name", "Name", required=True),
            Field("attribute_key", "Key", required=True, hint="as in the API: letters, digits, _"),
            Field("attribute_model", "Of", "contact_attribute", "choice", required=True,
                  choices=[(word, name) for name, word in _MODELS.items()]),
            Field("attribute_display_type", "Kind", "text", "choice", required=True,
                  choices=[(word, word) for word in _KINDS]),
            Field("attribute_values", "Values", hint="of a list, with commas"),
            Field("attribute_description", "Description"),
        ]  # fmt: skip
        ask_form(
            self, "New custom attribute", fields, work,
            lambda one: self._done(f"defined {one['attribute_display_name']}"), button="Create",
        )  # fmt: skip

    def _delete_attribute(self, one: Json) -> None:
        question = f"Delete the definition of {line(one['attribute_display_name'])}? Values stay on their records."
        name = one["attribute_display_name"]
        self._delete(question, f"/custom_attribute_definitions/{one['id']}", f"deleted {name}")

    # How the server is.

    def _check(self, one: Json, width: int) -> str:
        return f"{self.tui.glyphs(one['state'])} {cut(one['state'], 5)} {cut(one['name'], 24)} {line(one['text'])}"

    def _about_check(self, one: Json) -> list[str]:
        there = model.place_of(one)
        return [
            line(one["name"]), "", self.tui.glyphs.with_word(one["state"]), *wrap(line(one["text"]), 40), "",
            "Enter goes there" if there in self.tui.MODES else "ctrl+r looks again",
        ]  # fmt: skip

    def _go_there(self, one: Json) -> None:
        number = one.get("concern", {}).get("conversation_id")
        if number:
            self.tui.go_and("conversations", "show_number", number)
        else:
            self.tui.go(model.place_of(one))

    # This dashboard.

    def _own(self) -> list[Json]:
        settings = self.tui.settings
        rows = [
            {"id": name, "name": name, "text": plain(getattr(settings, name)) or THE_THEMES, "about": about}
            for name, about in ABOUT.items()
        ]
        rows.append({"id": "file", "name": "file", "text": str(settings.path), "about": "where all this is kept"})
        for action in ACTIONS:
            keys = settings.keys.get(action.id)
            about = f"{action.label}{f', by default {shown(action.keys)}' if keys else ''}"
            key = shown(keys or action.keys)
            row = {"id": f"key {action.id}", "name": f"key {action.id}", "text": key, "about": about}
            # What somebody changed stands before what is as it always was.
            rows.insert(len(ABOUT) + 1, row) if keys else rows.append(row)
        return rows

    def _setting(self, one: Json, width: int) -> str:
        return f"{cut(one['name'], 24)} {cut(one['text'], 20)} {one.get('about', '')}"

    def _about_setting(self, one: Json) -> list[str]:
        if one["id"].startswith("key "):
            action = next(action for action in ACTIONS if action.id == one["id"].removeprefix("key "))
            how = f'in the file: [keys]\n"{action.id}" = "{one["text"]}"'
            return [action.label, "", f"key  {one['text']}", action.about, "", *how.split("\n")]
        end = [] if one["id"] == "file" else ["", "Enter changes it"]
        return [one["name"], "", *wrap(line(one["text"]), 40), one["about"], *end]

    def _change(self, one: Json) -> None:
        name = one["id"]
        if name == "theme":
            self._choose_theme()
        elif name in ONE_OF:
            words = [Choice(word, word) for word in ONE_OF[name]]
            ask_one(self, name, words, lambda word: self.keep(name, word))
        elif name == "accent":
            colours = [Choice(word, word or THE_THEMES) for word in ("", *ACCENTS)]
            ask_one(self, "Accent; the file takes any colour, as #d93a3a", colours, lambda word: self.keep(name, word))
        elif isinstance(getattr(self.tui.settings, name, None), bool):
            self.keep(name, not getattr(self.tui.settings, name))
        else:
            self.tui.copy(str(one["text"]), name)

    def _choose_theme(self) -> None:
        def picked(found: list[Any] | None) -> None:
            if found:
                self.keep("theme", found[0])

        self.app.push_screen(ThemePicker(themes(self.tui), self.tui.theme), picked)

    def keep(self, name: str, value: Any) -> None:
        keep(self.tui, name, value)
        self.wanted()

    # About.

    def _version(self, one: Json, width: int) -> str:
        return f"{cut(one['name'], 12)} {line(one['text'])}"

    def _about_version(self, one: Json) -> list[str]:
        return [
            one["name"],
            "",
            *wrap(line(one["text"]), 40),
            "",
            "Enter shows a report for those who help,",
            "y copies it",
        ]

    def _show_report(self, one: Json) -> None:
        self.app.push_screen(TextView("Report", self._report()))

    def _report(self) -> str:
        terminal = {
            "terminal": f"{os.environ.get('TERM', '?')} {self.app.size.width}x{self.app.size.height}",
            "tmux": "yes" if os.environ.get("TMUX") else "no",
        }
        checks = self.records.get("Health", [])
        return model.report(self.tui.directory.meta, self.tui.settings, checks, terminal)


def _label_fields(one: Json) -> list[Field]:
    colours = {code: word for word, code in model.COLOURS.items()}
    code = one.get("color")
    if code and code not in colours:
        colours = {code: f"{model.colour_word(code)} ({line(code)})", **colours}
    return [
        Field("title", "Title", one.get("title"), required=True, hint="letters, digits, - and _"),
        Field("description", "Description", one.get("description")),
        Field(
            "color", "Colour", code, "choice", choices=[(word, code) for code, word in colours.items()], required=True
        ),
        Field("show_on_sidebar", "In the sidebar of Chatwoot's clients", bool(one.get("show_on_sidebar")), "flag"),
    ]


def _canned_fields(one: Json) -> list[Field]:
    return [
        Field("short_code", "Short code", one.get("short_code"), required=True, hint="what is typed to find it"),
        Field("content", "Text", one.get("content"), "long", required=True),
    ]
