"""What is asked, one thing after the other, to make or change a condition or an action."""

from collections.abc import Callable
from typing import Any

from admin_tui.modals.base import Modal
from admin_tui.modals.form import Field, Form
from admin_tui.modals.picker import Choice, Picker
from admin_tui.modals.rule_values import Values
from admin_tui.state.rule_draft import Draft
from admin_tui.state.rules import Words
from admin_tui.text import line

Json = dict[str, Any]


class Steps:
    """Asks above an editor. `put(section, place, one)` takes a condition or action, `change(**values)` the rest;
    who leaves before the last step has changed nothing."""

    def __init__(
        self,
        host: Modal[Any],
        draft: Draft,
        words: Words,
        put: Callable[[str, int, Json], None],
        change: Callable[..., None],
    ) -> None:
        self._host = host
        self._draft = draft
        self._words = words
        self._put = put
        self._set = change
        self._values = Values(host, words, draft.files)

    def pick(self, title: str, choices: list[Choice], now: Any, then: Callable[[Any], None]) -> None:
        def picked(found: list[Any] | None) -> None:
            if found:
                then(found[0])

        self._host.app.push_screen(Picker(title, choices, chosen=[] if now is None else [now]), picked)

    def write(self, section: str) -> None:
        values = self._draft.values
        field = {
            "name": Field("name", "Name", values["name"], required=True),
            "description": Field("description", "Description", values.get("description") or "", "long"),
        }[section]

        def answered(found: Json | None) -> None:
            if found is not None:
                self._set(**found)

        self._host.app.push_screen(Form(field.label, [field], lambda _, done: done(None), button="Take"), answered)

    def condition(self, place: int) -> None:
        found = self._draft.values["conditions"]
        one = found[place] if place < len(found) else {}
        words = self._words.all("conditions")
        now = self._words.condition(one) if one else None
        if one and now is None:
            self.as_json("conditions", place, one)
            return
        choices = [
            Choice(order, line(word["name"]), f"{word['of']}: {word['about']}".removesuffix(": ").replace("`", ""))
            for order, word in enumerate(words)
        ]
        at = words.index(now) if now is not None else None
        self.pick("What to look at", choices, at, lambda order: self._operator(place, words[order], one))

    def _operator(self, place: int, word: Json, before: Json) -> None:
        choices = [
            Choice(one["filter_operator"], one["filter_operator"].replace("_", " "), one["about"])
            for one in self._words.operators(word, self._draft.values["event_name"])
        ]
        is_same = self._words.condition(before) is word

        def picked(name: str) -> None:
            one = {"attribute_key": word["attribute_key"], "filter_operator": name, "values": []}
            if word["custom_attribute_type"]:
                one["custom_attribute_type"] = word["custom_attribute_type"]
            old, new = self._words.takes_of(before), self._words.takes_of(one)
            # What was asked of it is kept for another question of the same kind.
            if is_same and old is not None and new is not None and old.kind == new.kind:
                one["values"] = before.get("values") or []
            self.ask_values(place, one)

        now = before.get("filter_operator") if is_same else None
        self.pick(line(word["name"]), choices, now, picked)

    def ask_values(self, place: int, one: Json) -> None:
        word, takes = self._words.condition(one), self._words.takes_of(one)
        title = f"{self._words.attribute(one)} {line(one.get('filter_operator')).replace('_', ' ')}"
        of = str((word or {}).get("kind"))
        self._values.ask(
            title,
            takes,
            one.get("values"),
            lambda found: self._put("conditions", place, {**one, "values": found}),
            of=of,
        )

    def action(self, place: int) -> None:
        found = self._draft.values["actions"]
        one = found[place] if place < len(found) else {}
        if one and self._words.action(one.get("action_name")) is None:
            self.as_json("actions", place, one)
            return
        choices = [
            Choice(word["action_name"], word["action_name"].replace("_", " "), word["about"])
            for word in self._words.all("actions")
            if word["in_macros"] or not self._draft.macro
        ]

        def picked(name: str) -> None:
            kept = one.get("action_params") or [] if one.get("action_name") == name else []
            self.ask_params(place, {"action_name": name, "action_params": kept})

        self.pick("What to do", choices, one.get("action_name"), picked)

    def ask_params(self, place: int, one: Json) -> None:
        takes = self._words.takes_by(one, macro=self._draft.macro)
        self._values.ask(
            line(one["action_name"]).replace("_", " "), takes, one.get("action_params") or [],
            lambda found: self._put("actions", place, {**one, "action_params": found}),
        )  # fmt: skip

    def as_json(self, section: str, place: int, one: Json) -> None:
        def read(found: Any) -> None:
            if isinstance(found, dict):
                self._put(section, place, found)
            else:
                self._host.tui.say("not taken: it has to be an object", bad=True)

        self._values.json(f"{section[:-1]} {place + 1}", one, read)
