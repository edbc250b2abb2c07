"""Automation: rules, which do things by themselves, and macros, which people run."""

from typing import Any

from admin_tui.keys import Action
from admin_tui.modals.rule_editor import RuleEditor
from admin_tui.screens.asking import ask_to_delete
from admin_tui.screens.base import bindings
from admin_tui.screens.policies import policies_view
from admin_tui.screens.trying import dry_run, try_out
from admin_tui.screens.views import Json, View, ViewsScreen
from admin_tui.state.rule_draft import Draft
from admin_tui.state.rules import Words
from admin_tui.text import cut, day, line, many, wrap

_NEW_RULE = {"name": "", "description": "", "event_name": "message_created", "conditions": [], "actions": []}
_NEW_MACRO = {"name": "", "visibility": "personal", "actions": []}
_LOG_PAGES = 4
"""Of the audit log, in which the reason is looked for why a rule is off."""


class AutomationScreen(ViewsScreen):
    place = "automation"
    BINDINGS = bindings("automation", "list", "everywhere")
    HINTS = ("edit", "create", "rule.try", "rule.switch", "delete", "open", "view.next", "filter", "goto", "palette")

    def __init__(self) -> None:
        super().__init__()
        self.drafts: dict[tuple[str, int | None], Draft] = {}

    def on_mount(self) -> None:
        self.words = Words(self.tui.directory)

    def views(self) -> list[View]:
        macros = View(
            "Macros", lambda client: client.call("GET", "/macros")["payload"], self._macro, self._about_macro,
            "no macros yet", create=lambda: self._edit(_NEW_MACRO), edit=self._edit, open=self._edit,
            delete=self._delete_macro, copied=self._sentence, admin=(),
        )  # fmt: skip
        if not self.tui.is_administrator:
            return [macros]
        rules = View(
            "Rules", _rules, self._rule, self._about_rule, "nothing happens by itself yet",
            create=lambda: self._edit(_NEW_RULE), edit=self._edit, open=self._edit, delete=self._delete_rule,
            copied=self._sentence,
        )  # fmt: skip
        return [rules, macros, policies_view(self)]

    def wanted(self) -> None:
        # Who we are decides what there is to see; it is asked again when that is known.
        if not self.tui.directory.is_known:
            return
        super().wanted()
        self._ask_words()

    def on_screen_resume(self) -> None:
        if not self._is_stale:
            # Custom attributes are defined elsewhere, and no event tells of them.
            self._ask_words()

    def _ask_words(self) -> None:
        path = "/automation_rules/vocabulary"
        self.fetch(lambda client: client.call("GET", path)["payload"], self._learn_words, what="automation")

    def _learn_words(self, found: Json) -> None:
        if found != self.words.vocabulary:
            self.words.vocabulary = found
            self.listed.redraw()
            self._show_about()

    @property
    def _is_macros(self) -> bool:
        return self.seen.title == "Macros"

    def may(self, action: Action) -> bool:
        if action.id.startswith("rule.") and self.seen.title != "Rules":
            return False
        if action.id == "open" and self.tui.read_only:
            # What opens is the editor.
            return False
        if action.id in ("edit", "delete", "open") and self._is_macros and self.is_mounted:
            one = self.current
            if one is not None and one["visibility"] == "global" and not self.tui.is_administrator:
                return False
        return super().may(action)

    def on_row_list_highlighted(self) -> None:
        # Not everybody may change every macro.
        self.update_hints()

    # What is shown.

    def _rule(self, one: Json, width: int) -> str:
        state = f"{self.tui.glyphs('failed')} off" if one["why"] else self.tui.glyphs.with_word(_state(one))
        counts = f"{many(len(one['conditions']), 'condition')}, {many(len(one['actions']), 'action')}"
        name = line(one["name"]) + self._mark(one)
        return f"{cut(state, 5)} {cut(name, max(16, min(40, width - 52)))} {cut(one['event_name'], 21)} {counts}"

    def _about_rule(self, one: Json) -> list[str]:
        state = self.tui.glyphs.with_word(_state(one))
        why = ["", "It was switched off, because it could not be", "understood:", *wrap(one["why"], 40)]
        return [
            *wrap(line(one["name"]), 40),
            "",
            f"{state}{', made ' + day(one['created_on']) if one['created_on'] else ''}",
            *(why if one["why"] else []),
            "",
            *wrap(self._sentence(one), 40),
            *(["", *wrap(one["description"], 40)] if one["description"] else []),
            *self._draft_line(one),
        ]

    def _macro(self, one: Json, width: int) -> str:
        name = line(one["name"]) + self._mark(one)
        whose = "everybody's" if one["visibility"] == "global" else "yours"
        return f"{cut(name, 30)} {cut(whose, 12)} {many(len(one['actions']), 'action')}"

    def _about_macro(self, one: Json) -> list[str]:
        author = one.get("created_by") or {}
        run = f"{self.tui.key_of_id('conv.macro')} runs it under Conversations"
        return [
            *wrap(line(one["name"]), 40),
            "",
            "everybody can run it" if one["visibility"] == "global" else "you alone can run it",
            *([f"by {line(author['name'])}"] if author.get("name") else []),
            "",
            *wrap(self._sentence(one), 40),
            *self._draft_line(one),
            *(["", run] if not self.tui.read_only else []),
        ]

    def _sentence(self, one: Json) -> str:
        return self.words.sentence(one, macro="event_name" not in one)

    def _mark(self, one: Json) -> str:
        draft = self.drafts.get((self.seen.title, one["id"]))
        return " (draft)" if draft is not None and draft.is_kept else ""

    def _draft_line(self, one: Json) -> list[str]:
        return ["", f"{self.tui.key_of_id('edit')} goes on with your draft"] if self._mark(one) else []

    # What is done.

    def _edit(self, one: Json) -> None:
        """In the editor; with the draft that was kept of it, if there is one."""
        if not self.words.vocabulary:
            self.tui.say("what rules can do is not known yet: ctrl+r asks again")
            return
        title, macros = self.seen.title, self._is_macros
        place = (title, one.get("id"))
        draft = self.drafts.get(place)
        if draft is not None and draft.is_kept:
            draft.is_kept = False
            self.tui.say("this is the draft that you kept")
        else:
            draft = self.drafts[place] = Draft(one, macro=macros)
        path = "/macros" if macros else "/automation_rules"
        editor = RuleEditor(
            draft, Words(self.tui.directory, self.words.vocabulary),
            lambda client, made: _save(client, path, made), None if macros else self._try_draft,
            may_share=self.tui.is_administrator,
        )  # fmt: skip

        def left(found: Any) -> None:
            self.listed.redraw()
            self._show_about()
            if found is not None:
                self._said(f"saved: {line(found['name'])}")

        self.app.push_screen(editor, left)

    def _try_draft(self, draft: Draft) -> None:
        editor = self.app.screen

        def refused(problem: Any) -> None:
            if isinstance(editor, RuleEditor) and editor.is_attached:
                editor.refuse(problem)

        files = [{"blob_id": key, "filename": name} for key, name in draft.files.items()]
        rule = {**draft.wire(), "files": files}
        try_out(self, self.words, rule, lambda client, number: dry_run(client, draft, number), refused)

    def action_rule_try(self) -> None:
        one = self.current
        if one is not None:
            path = f"/automation_rules/{one['id']}/dry_run"
            try_out(
                self, self.words, one, lambda client, number: client.call("POST", path, conversation_id=number),
                lambda problem: self.tui.tell_problem("try out", problem),
            )  # fmt: skip

    def action_rule_switch(self) -> None:
        one = self.current
        if one is None:
            return
        wanted, path = not one["active"], f"/automation_rules/{one['id']}"
        what = f"{line(one['name'])} {'on' if wanted else 'off'}"

        def back(client: Any) -> list[str]:
            if client.call("GET", path)["payload"]["active"] != wanted:
                return [what]
            client.call("PATCH", path, active=not wanted)
            return []

        def done(_: Any) -> None:
            self.can_undo(what, back)
            self.wanted()

        self.fetch(lambda client: client.call("PATCH", path, active=wanted), done, what=what)

    def action_rule_clone(self) -> None:
        one = self.current
        if one is not None:
            path = f"/automation_rules/{one['id']}/clone"
            self.fetch(
                lambda client: client.call("POST", path)["payload"],
                lambda made: self._said(f"made {line(made['name'])}: it is off"), what="clone",
            )  # fmt: skip

    def _delete_rule(self, one: Json) -> None:
        self._delete(f"Delete the rule {line(one['name'])}?", f"/automation_rules/{one['id']}", one)

    def _delete_macro(self, one: Json) -> None:
        whose = " Everybody uses it." if one["visibility"] == "global" else ""
        self._delete(f"Delete the macro {line(one['name'])}?{whose}", f"/macros/{one['id']}", one)

    def _delete(self, question: str, path: str, one: Json) -> None:
        place = (self.seen.title, one["id"])

        def gone() -> None:
            self.drafts.pop(place, None)
            self._said(f"deleted {line(one['name'])}")

        ask_to_delete(self, question, path, gone)

    def _said(self, text: str) -> None:
        self.tui.say(text)
        self.wanted()


def _state(one: Json) -> str:
    return "on" if one["active"] else "off"


def _save(client: Any, path: str, draft: Draft) -> Json:
    changed = draft.changed()
    if draft.id is None:
        found = client.call("POST", path, **changed)
    else:
        found = client.call("PATCH", f"{path}/{draft.id}", **changed)
    # A new rule's answer is the only one that is not wrapped.
    saved: Json = found.get("payload", found)
    return saved


def _rules(client: Any) -> list[Json]:
    """Each with why it was switched off, where the server did it."""
    rules: list[Json] = client.call("GET", "/automation_rules")["payload"]
    off, whys = {one["id"] for one in rules if not one["active"]}, {}
    for page in range(1, _LOG_PAGES + 1):
        if not off:
            break
        logs = client.call("GET", "/audit_logs", page=page)["audit_logs"]
        for log in logs:
            is_of_one = log["auditable_type"] == "AutomationRule" and log["auditable_id"] in off
            if is_of_one and log["audited_changes"].get("active") == [True, False]:
                off.discard(log["auditable_id"])
                if log["user_id"] is None and log["comment"]:
                    whys[log["auditable_id"]] = log["comment"]
        if not logs:
            break
    return [{**one, "why": whys.get(one["id"], "")} for one in rules]
