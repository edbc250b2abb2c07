"""A rule or macro as lines that read as a sentence, each of which can be changed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from admin_tui.modals.base import Modal
from admin_tui.modals.picker import Choice
from admin_tui.modals.rule_steps import Steps
from admin_tui.net.outcome import Outcome, Problem
from admin_tui.state.rule_draft import Draft
from admin_tui.state.rules import Words, about_place, is_or
from admin_tui.text import cut, line, wrap
from admin_tui.theme import paint_of
from admin_tui.widgets.row_list import Row, RowList

Json = dict[str, Any]
_KEYS = "ctrl+s saves  esc leaves  c adds  D removes  J K move  v values  u undoes"
_KEYS_OF_RULES = "\nt tries it out  o and/or  x as JSON"
_LABEL = 13
_ABOUT_LINES = 3


@dataclass(frozen=True)
class _Part:
    """A line: of which section, at which place in it; with neither what was refused of the line above."""

    section: str
    place: int | None
    label: str
    text: str


class RuleEditor(Modal[Any]):
    """Dismissed with what the server has now, or with nothing: the draft then says whether it is to be gone on with.
    `save(client, draft)` sends it; `try_out(draft)` is offered where there is one."""

    BINDINGS = [
        ("enter,l,right", "change", "Change"), ("v", "values", "Values"), ("c,a", "add", "Add"),
        ("D,delete", "remove", "Remove"), ("J,shift+down", "shift(1)", "Down"), ("K,shift+up", "shift(-1)", "Up"),
        ("o", "join", "And or or"), ("x", "json", "As JSON"), ("u", "back", "Undo"), ("t", "try", "Try out"),
        ("ctrl+s", "save", "Save"), ("j,down", "step(1)", ""), ("k,up", "step(-1)", ""),
        ("G,end,pagedown", "step(1000)", ""), ("home,pageup", "step(-1000)", ""),
    ]  # fmt: skip
    DEFAULT_CSS = """
    RuleEditor > .box { width: 100; height: 90%; }
    RuleEditor RowList { height: 1fr; background: $surface; }
    RuleEditor #about { height: 3; }
    RuleEditor #hints { height: auto; }
    """

    def __init__(
        self,
        draft: Draft,
        words: Words,
        save: Callable[[Any, Draft], Any],
        try_out: Callable[[Draft], None] | None = None,
        *,
        may_share: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.draft = draft
        self.words = words
        self._save = save
        self._try_out = try_out
        self._may_share = may_share
        self._steps = Steps(self, draft, words, self._put, self._set)
        self._refused: tuple[str, int | None, str] | None = None
        self._busy = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(id="title", markup=False, classes="row")
            yield RowList(self._draw, cursor=self.tui.glyphs("cursor"), marked=" ")
            yield Static(id="about", markup=False, classes="dim")
            yield Static(id="hints", markup=False)

    def on_mount(self) -> None:
        self.query_one("#hints", Static).update(_KEYS if self.draft.macro else f"{_KEYS}{_KEYS_OF_RULES}")
        self.set_focus(self.listed)
        self._show()

    @property
    def listed(self) -> RowList:
        return self.query_one(RowList)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # What is changed while the draft is on its way would be lost.
        return not self._busy

    # What is shown.

    def _parts(self) -> list[_Part]:
        values, macro = self.draft.values, self.draft.macro
        parts = [_Part("name", None, "name", line(values["name"] or "no name yet"))]
        if macro:
            parts.append(_Part("visibility", None, "for", _FOR.get(str(values["visibility"]), "yourself")))
        else:
            parts.append(_Part("description", None, "about", line(values["description"] or "no description")))
            parts.append(_Part("event_name", None, "when", self.words.event(values["event_name"])))
            before = "if"
            for place, one in enumerate(values["conditions"]):
                parts.append(_Part("conditions", place, before, self.words.asked(one)))
                before = "or" if is_or(one) else "and"
            parts.append(_Part("conditions", len(values["conditions"]), "", "+ condition"))
        for place, one in enumerate(values["actions"]):
            text = self.words.done(one, macro=macro, files=self.draft.files)
            parts.append(_Part("actions", place, "and" if place else "then", text))
        parts.append(_Part("actions", len(values["actions"]), "", "+ action"))
        return parts

    def _show(self) -> None:
        rows: list[Row] = []
        parts = self._parts()
        section, place, said = self._refused or ("", None, "")
        ends = {part.section: part for part in parts}
        for part in parts:
            rows.append(Row((part.section, part.place), part))
            if said and part.section == section and (part.place == place or (place is None and part is ends[section])):
                width = max(20, min(94, self.app.size.width - 6) - _LABEL)
                for order, text in enumerate(wrap(said, width)):
                    rows.append(
                        Row((part.section, part.place, order), _Part("", None, "" if order else "refused", text))
                    )
        self.listed.show(rows)
        state = "  saving…" if self._busy else " *" if self.draft.is_changed else ""
        width = max(20, min(96, self.app.size.width - 4))
        self.query_one("#title", Static).update(cut(line(self.draft.title), width - len(state)) + state)
        self._show_about()

    def _draw(self, part: _Part, width: int) -> list[Text]:
        paint = paint_of(self.app)
        is_refusal = not part.section
        sign = f"{self.tui.glyphs('failed')} " if part.label == "refused" else ""
        text = Text(cut(f"{sign}{part.label}", _LABEL - 1) + " ", paint.bad if is_refusal else paint.dim, no_wrap=True)
        if part.label == "or":
            text.stylize(paint.key)
        adds = part.text.startswith("+ ")
        return [text.append(cut(part.text, width - _LABEL), paint.bad if is_refusal else paint.dim if adds else "")]

    def _show_about(self) -> None:
        row = self.listed.current
        part = row.data if row is not None else None
        said = ""
        if part is not None:
            word = self._word(part)
            about = str((word or {}).get("about") or "")
            said = f"{part.text}{f' ({about})' if about else ''}" if part.section else ""
        width = max(20, min(96, self.app.size.width - 4))
        self.query_one("#about", Static).update("\n".join(wrap(line(said), width)[:_ABOUT_LINES]))

    def _word(self, part: _Part) -> Json | None:
        if part.section == "event_name":
            same = [one for one in self.words.all("events") if one["event_name"] == self.draft.values["event_name"]]
            return same[0] if same else None
        one = self._one(part)
        if one is None:
            return None
        return self.words.condition(one) if part.section == "conditions" else self.words.action(one.get("action_name"))

    def on_row_list_highlighted(self) -> None:
        self._show_about()

    def on_row_list_opened(self) -> None:
        self.action_change()

    # What keys do.

    @property
    def _part(self) -> _Part | None:
        row = self.listed.current
        return row.data if row is not None else None

    def _one(self, part: _Part | None) -> Json | None:
        """The condition or action of a line that has one."""
        if part is None or part.place is None:
            return None
        found: list[Json] = self.draft.values[part.section]
        return found[part.place] if part.place < len(found) else None

    def action_step(self, by: int) -> None:
        self.listed.move_by(by)

    def action_change(self) -> None:
        part = self._part
        if part is None or not part.section:
            return
        if part.section in ("name", "description"):
            self._steps.write(part.section)
        elif part.section == "event_name":
            events = [Choice(one["event_name"], self.words.event(one["event_name"]), one["about"])
                      for one in self.words.all("events")]  # fmt: skip
            self._steps.pick("When", events, self.draft.values["event_name"], lambda name: self._set(event_name=name))
        elif part.section == "visibility":
            words = [Choice(word, text) for word, text in _FOR.items() if self._may_share or word == "personal"]
            self._steps.pick("For", words, self.draft.values["visibility"], lambda word: self._set(visibility=word))
        elif part.section == "conditions":
            self._steps.condition(part.place or 0)
        else:
            self._steps.action(part.place or 0)

    def action_values(self) -> None:
        part = self._part
        one = self._one(part)
        if part is None or one is None:
            self.action_change()
        elif part.section == "conditions":
            self._steps.ask_values(part.place or 0, one)
        else:
            self._steps.ask_params(part.place or 0, one)

    def action_add(self) -> None:
        part = self._part
        section = part.section if part is not None and part.section else ""
        if section == "actions" or self.draft.macro:
            self._steps.action(len(self.draft.values["actions"]))
        else:
            self._steps.condition(len(self.draft.values["conditions"]))

    def action_remove(self) -> None:
        part = self._part
        if part is not None and self._one(part) is not None:
            self.draft.remove(part.section, part.place or 0)
            self._changed()

    def action_shift(self, by: int) -> None:
        part = self._part
        if part is not None and self._one(part) is not None:
            place = self.draft.move(part.section, part.place or 0, by)
            self._changed()
            self.listed.go_to_key((part.section, place))

    def action_join(self) -> None:
        part = self._part
        if part is None or part.section != "conditions" or not part.place or self._one(part) is None:
            self.tui.say("o is for a condition that stands behind another one")
            return
        before = self.draft.values["conditions"][part.place - 1]
        word = "AND" if is_or(before) else "OR"
        conditions = [{**one, "query_operator": word} if one is before else one
                      for one in self.draft.values["conditions"]]  # fmt: skip
        self._set(conditions=conditions)

    def action_json(self) -> None:
        part = self._part
        one = self._one(part)
        if part is not None and one is not None:
            self._steps.as_json(part.section, part.place or 0, one)

    def action_back(self) -> None:
        if self.draft.undo():
            self._changed()
        else:
            self.tui.say("nothing to undo")

    def action_try(self) -> None:
        if self._try_out is not None:
            self._try_out(self.draft)

    def action_leave(self) -> None:
        if not self.draft.is_changed:
            self.dismiss(None)
            return

        def answered(keeps: bool) -> None:
            self.draft.is_kept = keeps
            self.dismiss(None)

        choices = [Choice(True, "keep the draft for later"), Choice(False, "discard it")]
        self._steps.pick("Leave?", choices, None, answered)

    def action_save(self) -> None:
        self._busy = True
        self._changed()

        def come(outcome: Outcome) -> None:
            self._busy = False
            if not self.is_attached:
                return
            if outcome.problem is not None:
                self.refuse(outcome.problem)
            elif self.is_current:
                self.dismiss(outcome.value)

        self.tui.call(lambda client: self._save(client, self.draft), come)

    def refuse(self, problem: Problem) -> None:
        """Say it beside what it is about."""
        section, place, said = about_place(problem, self.draft.values)
        self._refused = section, place, said
        self._show()
        if section not in self.draft.values:
            self.tui.say(said, bad=True)
        found = [row.key for row in self.listed.rows if row.key[0] == section and place in (None, row.key[1])]
        if found:
            self.listed.go_to_key(found[0])

    # Asking.

    def _changed(self) -> None:
        self._refused = None
        self._show()

    def _set(self, **values: Any) -> None:
        self.draft.set(**values)
        self._changed()

    def _put(self, section: str, place: int, one: Json) -> None:
        self.draft.put(section, place, one)
        self._changed()
        self.listed.go_to_key((section, place))


_FOR = {"personal": "yourself", "global": "everybody"}
