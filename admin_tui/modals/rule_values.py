"""Asking for the values of a condition and the parameters of an action, each kind in its own way."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from admin_tui.modals.base import Modal
from admin_tui.modals.form import Field, Form
from admin_tui.modals.picker import Choice, Picker
from admin_tui.net.outcome import Outcome, Problem
from admin_tui.state import files
from admin_tui.state.rules import PICKED, TYPED, Takes, Words
from admin_tui.text import line

Then = Callable[[Any], None]
_HINTS = {
    "number": "a number",
    "date": "as 2026-09-21",
    "days": "how many",
    "url": "https://…",
    "email": "addresses, with commas; {{contact.email}} is the contact's",
}


class Values:
    """Asks above an editor. What is of no known kind is asked as JSON."""

    def __init__(self, host: Modal[Any], words: Words, names: dict[str, str]) -> None:
        """`names` are those of files by id, where new ones are added."""
        self._host = host
        self._words = words
        self._names = names

    def ask(self, title: str, takes: Takes | None, before: Any, then: Then, *, of: str = "") -> None:
        """`of` is the kind of the attribute whose change is asked for."""
        kind = takes.kind if takes is not None else ""
        listed = before if isinstance(before, list) else [] if before in (None, "", {}) else [before]
        is_flat = not any(isinstance(one, dict | list) for one in listed)
        if takes is None:
            self.json(title, before, then)
        elif kind == "nothing":
            then([])
        elif kind == "change" and of in PICKED:
            self._change(title, Takes(of, (*takes.choices, None), several=True), before, then)
        elif kind == "file" and is_flat:
            self._files(title, listed, then)
        elif kind == "team_mail":
            self._team_mail(title, listed[0] if listed and isinstance(listed[0], dict) else {}, then)
        elif kind in PICKED and is_flat:
            self.pick(title, takes, listed, then)
        elif kind in TYPED and is_flat and not (takes.several and any("\n" in str(one) for one in listed)):
            self._type(title, takes, listed, then)
        else:
            self.json(title, before, then)

    def pick(self, title: str, takes: Takes, before: Sequence[Any], then: Then) -> None:
        known = [] if takes.kind == "choice" else [value for value, _ in self._words.known(takes.kind)]
        known += [one for one in takes.choices if one not in known]
        # Other clients send numbers as texts.
        same = {str(value).lower(): value for value in known}
        chosen = [same.get(str(one).lower(), one) for one in before]
        known += [one for one in chosen if one not in known]
        choices = [Choice(value, self._words.called(value, takes.kind)) for value in known]
        picker = Picker(title, choices, several=takes.several, chosen=chosen, free=takes.kind == "label")
        self._show(picker, then)

    def json(self, title: str, before: Any, then: Then) -> None:
        text = json.dumps(before, ensure_ascii=False, indent=1)
        fields = [Field("value", "JSON", text, "long", required=True, check=_no_json)]
        self._form(title, fields, lambda found: then(json.loads(found["value"])))

    def _change(self, title: str, takes: Takes, before: Any, then: Then) -> None:
        sides = before if isinstance(before, dict) else {}
        title = title.removesuffix(" changed")

        def begun(one: list[Any]) -> None:
            ended = sides.get("to") or []
            self.pick(f"{title}: to one of", takes, ended, lambda other: then({"from": one, "to": other}))

        self.pick(f"{title}: from one of", takes, sides.get("from") or [], begun)

    def _type(self, title: str, takes: Takes, before: list[Any], then: Then) -> None:
        kind = takes.kind
        is_long, is_many = kind == "text", takes.several
        hint = ("one in a line" if is_many else "") if is_long else _HINTS[kind] + (", several with ," * is_many)

        def split(text: str) -> list[str]:
            parts = text.split("\n" if is_long else ",") if is_many else [text]
            return [part.strip() if is_many else part for part in parts if part.strip()]

        def wrong(text: str) -> str | None:
            return next((why for part in split(text) if (why := _wrong(part, kind))), None)

        shown = ("\n" if is_long else ", ").join(str(one) for one in before)
        fields = [
            Field("value", "Value", shown, "long" if is_long else "text", hint, required=takes.required, check=wrong)
        ]
        self._form(title, fields, lambda found: then([_read(part, kind) for part in split(found["value"])]))

    def _files(self, title: str, before: list[Any], then: Then) -> None:
        kept = [
            Field(f"keep-{place}", line(self._names.get(str(one), f"file {one}")), True, "flag")
            for place, one in enumerate(before)
        ]
        path = Field("files", "More files" if before else "Files", kind="path", hint="Tab completes", check=files.wrong)

        def upload(client: Any, paths: list[Path]) -> list[tuple[str, str]]:
            return [(client.upload(path)["blob_id"], path.name) for path in paths]

        def save(found: dict[str, Any], done: Callable[[Problem | None], None]) -> None:
            stay = [one for place, one in enumerate(before) if found[f"keep-{place}"]]

            def come(outcome: Outcome) -> None:
                done(outcome.problem)
                if outcome.problem is None:
                    self._names.update(outcome.value)
                    then([*stay, *(blob_id for blob_id, _ in outcome.value)])

            self._host.tui.call(lambda client: upload(client, files.named(found["files"])), come)

        self._host.app.push_screen(Form(line(title), [path, *kept], save))

    def _team_mail(self, title: str, before: dict[str, Any], then: Then) -> None:
        def picked(teams: list[Any]) -> None:
            field = Field("message", "Message", before.get("message") or "", "long", required=True)
            self._form(title, [field], lambda found: then([{"team_ids": teams, "message": found["message"]}]))

        ids = before.get("team_ids")
        self.pick(title, Takes("team", several=True), ids if isinstance(ids, list) else [], picked)

    def _form(self, title: str, fields: Sequence[Field], then: Then) -> None:
        self._show(Form(line(title), fields, lambda _, done: done(None), button="Take"), then)

    def _show(self, modal: Modal[Any], then: Then) -> None:
        def answered(found: Any) -> None:
            if found is not None:
                then(found)

        self._host.app.push_screen(modal, answered)


def _no_json(text: str) -> str | None:
    try:
        json.loads(text)
    except ValueError as error:
        return f"no JSON: {error}"
    return None


def _wrong(text: str, kind: str) -> str | None:
    try:
        _read(text, kind)
    except ValueError:
        return f"{text}: {_HINTS.get(kind, kind)}"
    return None


def _read(text: str, kind: str) -> Any:
    """Raises ValueError."""
    if kind == "date":
        date.fromisoformat(text)
    if kind in ("number", "days"):
        return int(text) if text.removeprefix("-").isdecimal() or kind == "days" else float(text)
    return text
