"""Reports: how much there was, how fast it was answered, how content people were; for administrators."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rich.text import Text
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from admin_tui.keys import Action
from admin_tui.modals.form import Field
from admin_tui.modals.picker import Choice
from admin_tui.screens import report_pictures as pictures
from admin_tui.screens.asking import ask_form, ask_one
from admin_tui.screens.base import bindings
from admin_tui.screens.views import HINTS, Json, View, ViewsScreen
from admin_tui.state import files
from admin_tui.state import reports as model
from admin_tui.text import line
from admin_tui.theme import paint_of
from admin_tui.widgets.fields import FilterField
from admin_tui.widgets.row_list import RowList

_REST_S, _OLD_S = 30.0, 300.0
"""Between two looks at a view when something happened, and when nothing did."""
_FULL_PAGE = 25
_OF_ANSWERS = ("report.only", "report.note")


class ReportsScreen(ViewsScreen):
    place = "reports"
    BINDINGS = bindings("reports", "list", "everywhere")
    HINTS = (
        "open", "report.note", "report.only", "report.longer", "report.metric", "report.hours", "report.save",
        *HINTS[4:],
    )  # fmt: skip
    CSS = """
    ReportsScreen { overflow: hidden; }
    #picture { height: auto; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.span = 1
        self.business_hours = False
        self.only: dict[str, tuple[Any, str]] = {}
        """Parameters that answers to surveys are narrowed by, with value and word."""
        self.found: dict[str, Json] = {}
        """What a view shows beside its rows."""
        self._pages = 1
        self._again_at = self._tried_at = 0.0
        self._asked = 0
        self._under_cursor: Any = None
        """The row to go back to when other numbers of it have come."""

    def body(self) -> Iterable[Widget]:
        glyphs = self.tui.glyphs
        yield Static(id="views", markup=False, classes="views")
        yield FilterField("type to find, Enter keeps, esc clears", id="filter")
        yield Static(id="picture", markup=False)
        with Horizontal(classes="split"):
            yield RowList(self._draw, empty="…", cursor=glyphs("cursor"), marked=" ", id="list")
            with VerticalScroll(id="about", can_focus=False):
                yield Static(id="facts", markup=False)

    def views(self) -> list[View]:
        known, key = self.tui.directory, self.tui.key_of_id("report.longer")
        longer = f"\n{key} looks at a longer time"
        people = {one["id"]: one["name"] for one in known.agents}
        inboxes = {one["id"]: one["name"] for one in known.inboxes}
        teams = {one["id"]: one["name"] for one in known.teams}
        return [
            View(
                "Overview", self._asking(model.overview), self._metric, lambda one: [], "", is_counted=False,
                copied=self._copied,
            ),
            self._kind("Agents", "agent", people, "no agents"),
            self._kind("Inboxes", "inbox", inboxes, "no inboxes: 2 makes one"),
            self._kind("Teams", "team", teams, "no teams yet: 7 makes one, and conversations given to it count here"),
            self._kind("Labels", "label", {}, "no labels yet: 9 makes one, and conversations that have it count here"),
            View(
                "CSAT", self._asking(self._answers()), self._answer, pictures.about_answer,
                "nobody answered a survey in this time: an inbox with a CSAT survey (2, e)\n"
                f"asks whenever a conversation is resolved{longer}",
                open=self._show_talk, copied=lambda one: str(one["feedback_message"] or one["rating"]), admin=(),
                is_counted=False,
            ),
        ]  # fmt: skip

    def _kind(self, title: str, kind: str, names: dict[int, str], empty: str) -> View:
        def load(client: Any, window: model.Window) -> Json:
            return model.compared(client, kind, window, names)

        return View(
            title, self._asking(load), lambda one, width: pictures.kind_row(one, width, paint_of(self.app)),
            pictures.about_kind, empty, open=self._show_inbox if kind == "inbox" else None, copied=self._copied,
            admin=(), is_counted=False,
        )  # fmt: skip

    def _asking(self, load: Callable[[Any, model.Window], Json]) -> Callable[[Any], Json]:
        """What is asked for now; when it has come somebody may want something else."""
        window, asked = self.window, self._asked
        return lambda client: load(client, window) | {"asked": asked, "window": window}

    def _answers(self) -> Callable[[Any, model.Window], Json]:
        only, pages = self._narrowing, self._pages
        return lambda client, window: model.answers(client, window, only, pages)

    @property
    def _narrowing(self) -> Json:
        return {name: chosen for name, (chosen, _) in self.only.items()}

    @property
    def window(self) -> model.Window:
        return model.Window(model.SPANS[self.span], int(time.time()), self.business_hours)

    @property
    def kind(self) -> str:
        """What the rows are: agent, inbox, team or label; empty for metrics and answers."""
        return {"Agents": "agent", "Inboxes": "inbox", "Teams": "team", "Labels": "label"}.get(self.seen.title, "")

    def may(self, action: Action) -> bool:
        if action.id in _OF_ANSWERS and self.seen.title != "CSAT":
            return False
        if action.id == "report.hours" and self.seen.title == "CSAT":
            return False
        if action.id == "report.metric" and self.seen.title != "Overview":
            return False
        return super().may(action)

    # When it is asked for.

    def wanted(self) -> None:
        if not self.is_mounted or not self.tui.directory.is_known:
            return
        if not self.tui.is_administrator:
            self.listed.show([], empty="reports are for administrators")
            return
        if time.monotonic() < self._again_at:
            self._is_dirty = True
            return
        self._tried_at = time.monotonic()
        super().wanted()

    def take(self, view: View, found: Any) -> None:
        if found["asked"] != self._asked:
            return
        self._again_at = time.monotonic() + _REST_S
        super().take(view, found["rows"])
        self.found[view.title] = found

    def news(self, events: list[dict[str, Any]]) -> None:
        self._is_dirty = True

    def tick(self) -> None:
        now = time.monotonic()
        rests = now < max(self._again_at, self._tried_at + _REST_S)
        if not rests and not self.tui.paused and (self._is_dirty or now >= self._tried_at + _OLD_S):
            self.wanted()

    def ask(self, *, forget: bool = True) -> None:
        """For something else than before, which is shown no more."""
        self._asked += 1
        self._again_at = 0.0
        if forget:
            self._under_cursor = self.listed.current.key if self.listed.current else self._under_cursor
            self.records.clear()
            self.found.clear()
            self._pages = 1
            self._show()
        # An answer that is on its way is of no use, so nobody waits for it.
        self._loading = ""
        self.wanted()

    def action_refresh(self) -> None:
        self._again_at = 0.0
        super().action_refresh()

    def look_at(self, title: str) -> None:
        self._again_at = 0.0
        super().look_at(title)

    def on_row_list_near_end(self) -> None:
        rows = self.records.get("CSAT", [])
        if self.seen.title == "CSAT" and len(rows) == self._pages * _FULL_PAGE:
            self._pages += 1
            self.ask(forget=False)

    # What is seen.

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_picture)

    def _show(self, *, problem: bool = False) -> None:
        super()._show(problem=problem)
        if self._under_cursor is not None and self.listed.rows:
            self.listed.go_to_key(self._under_cursor)
            self._under_cursor = None
        self.call_after_refresh(self._show_picture)

    def _show_picture(self) -> None:
        if not self.is_mounted or not self.tui.is_administrator:
            return
        title, paint = self.seen.title, paint_of(self.app)
        size = (max(20, self.size.width - 2), self.size.height)
        lines = [pictures.head(self.window, paint, title, words=[word for _, word in self.only.values()])]
        found = self.found.get(title)
        if self.business_hours and not any(one.get("working_hours_enabled") for one in self.tui.directory.inboxes):
            lines.append(Text("no inbox has business hours: its settings (2, e) set them", paint.warn))
        if found is not None and title == "Overview":
            has_hours = any(map(self.has_class, ("-mid", "-wide", "-info")))
            below = (pictures.BUSIEST_LINES if has_hours else len(model.METRICS)) + len(lines)
            lines += pictures.overview(found, self.current, size, below, self.tui.glyphs, paint)
        elif found is not None and title == "CSAT":
            lines += pictures.csat(found, set(self.only), size, paint)
        elif self.kind:
            lines.append(pictures.heads(self.kind, self.listed.size.width - 2, paint))
        for one in lines:
            one.truncate(size[0])
            one.no_wrap = True
        self.query_one("#picture", Static).update(Text("\n", no_wrap=True).join(lines))

    def _show_about(self) -> None:
        if self.seen.title != "Overview":
            super()._show_about()
            return
        found = self.found.get("Overview")
        text = pictures.busiest(found["hours"], paint_of(self.app)) if found is not None else Text()
        self.query_one("#facts", Static).update(text)

    def on_row_list_highlighted(self) -> None:
        super().on_row_list_highlighted()
        if self.seen.title == "Overview":
            self._show_picture()

    def _metric(self, one: Json, width: int) -> Text:
        return pictures.metric_row(one, width, paint_of(self.app))

    def _answer(self, one: Json, width: int) -> Text:
        return pictures.answer_row(one, width, paint_of(self.app))

    def _copied(self, one: Json) -> str:
        return "\n".join(pictures.about_kind(one)) if self.kind else pictures.copied_metric(one)

    # What the keys do.

    def action_info(self) -> None:
        super().action_info()
        self._show_picture()

    def _show_talk(self, one: Json) -> None:
        self.tui.go_and("conversations", "show_number", one["conversation_id"])

    def _show_inbox(self, one: Json) -> None:
        self.tui.go_and("inboxes", "show_inbox", one["id"])

    def action_report_shorter(self) -> None:
        self._look_back(self.span - 1)

    def action_report_longer(self) -> None:
        self._look_back(self.span + 1)

    def action_report_span(self) -> None:
        choices = [Choice(place, span.title) for place, span in enumerate(model.SPANS)]
        ask_one(self, "Over which time", choices, self._look_back)

    def _look_back(self, span: int) -> None:
        if 0 <= span < len(model.SPANS) and span != self.span:
            self.span = span
            self.ask()

    def action_report_hours(self) -> None:
        self.business_hours = not self.business_hours
        self.tui.say(f"times in {'business hours' if self.business_hours else 'all hours'}")
        self.ask()

    def action_report_metric(self) -> None:
        rows = self.listed
        if rows.rows:
            rows.move_to((rows.cursor + 1) % len(rows.rows))

    def action_report_only(self) -> None:
        known = self.tui.directory
        choices = [Choice(None, "everything")] if self.only else []
        choices += [Choice(("rating", rating), f"rating {rating}") for rating in model.RATINGS]
        for name, kind, rows in (
            ("user_ids[]", "agent", known.agents), ("inbox_id", "inbox", known.inboxes),
            ("team_id", "team", known.teams),
        ):  # fmt: skip
            choices += [Choice((name, one["id"]), f"{kind} {line(one['name'])}") for one in rows]
        words = {choice.value: choice.label for choice in choices}

        def chosen(found: tuple[str, Any] | None) -> None:
            if found is None:
                self.only.clear()
            else:
                self.only[found[0]] = found[1], words[found]
            self.ask()

        ask_one(self, "Only answers about, or with", choices, chosen)

    def action_filter_clear(self) -> None:
        narrowed = bool(self.filter.value)
        super().action_filter_clear()
        if self.only and self.seen.title == "CSAT" and not narrowed:
            self.only.clear()
            self.ask()

    def action_report_note(self) -> None:
        one = self.current
        if one is None:
            return
        path = f"/csat_survey_responses/{one['id']}"

        def saved(_: Any) -> None:
            self.tui.say(f"noted on the answer of #{one['conversation_id']}")
            self.ask(forget=False)

        field = Field(
            "csat_review_notes", "Note", one["csat_review_notes"], "long", "agents read it, the contact does not"
        )
        ask_form(self, "Review note", [field], lambda client, values: client.call("PATCH", path, **values), saved)

    def action_report_save(self) -> None:
        title, window = self.seen.title, self.window
        rows = [row.data for row in self.listed.rows]
        only = self._narrowing
        if not rows:
            self.tui.say("there is nothing to export")
            return

        def work(client: Any, values: Json) -> Path:
            path = Path(values["path"]).expanduser()
            if title == "CSAT":
                client.save_survey_answers(path, **only, **window.times)
            else:
                model.save(path, model.table(rows, window, self.kind))
            return path

        name = f"{title}-{window.span.title}-{time.strftime('%Y%m%d')}.csv".lower().replace(" ", "-")
        hint = "all answers of the time" if title == "CSAT" else "what is shown"
        field = Field("path", "File", files.place_for(name), "path", hint, required=True, check=files.taken)
        ask_form(self, f"Export {title}", [field], work, lambda path: self.tui.say(f"saved {path}"))
