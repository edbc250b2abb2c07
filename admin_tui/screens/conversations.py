"""Conversations: the list, the thread, and the answer."""

import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from rich.text import Text
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, Static

from admin_tui.modals.picker import Choice, Picker
from admin_tui.net.outcome import Outcome
from admin_tui.screens.base import BaseScreen, bindings
from admin_tui.state import conversations as model
from admin_tui.state.conversations import VIEWS, Note, Talk
from admin_tui.text import ago, clock, cut, line, span
from admin_tui.widgets.composer import Composer
from admin_tui.widgets.row_list import Row, RowList
from admin_tui.widgets.thread_view import Post, ThreadView

PAGE = 25
_REST_S = 0.12


class ConversationsScreen(BaseScreen):
    place = "conversations"
    BINDINGS = bindings("conversations", "list", "everywhere")
    CSS = """
    #talks { width: 46; }
    #right { width: 1fr; border-left: vkey $border-blurred; }
    #details { width: 34; border-left: vkey $border-blurred; padding: 0 1; display: none; }
    #filter { display: none; background: $surface; }
    #filter.-on { display: block; }
    #composer { display: none; }
    #composer.-on { display: block; }
    ConversationsScreen.-wide #details { display: block; }
    ConversationsScreen.-mid #talks { width: 38; }
    ConversationsScreen.-narrow #talks, ConversationsScreen.-tiny #talks { width: 1fr; }
    ConversationsScreen.-narrow #right, ConversationsScreen.-tiny #right { display: none; border: none; }
    ConversationsScreen.-narrow.-thread #talks, ConversationsScreen.-tiny.-thread #talks { display: none; }
    ConversationsScreen.-narrow.-thread #right, ConversationsScreen.-tiny.-thread #right { display: block; }
    ConversationsScreen.-info #details { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.view = "All"
        self.needle = ""
        self.counts: dict[str, int] = {}
        self.talk: Talk | None = None
        self.notes: list[Note] = []
        self.private = False
        self._pages = 0
        self._more = False
        self._loading = False
        self._rest_until = 0.0
        self._draft_until = 0.0
        self._dirty = False
        self._thread_dirty = False

    def body(self) -> Iterable[Widget]:
        glyphs = self.tui.glyphs
        with Horizontal(classes="split"):
            with Vertical(id="talks"):
                yield Static(id="views", markup=False, classes="views")
                yield Input(id="filter", placeholder="find text in messages, Enter keeps, esc clears", compact=True)
                yield RowList(
                    self._draw, height=2, empty="…", cursor=glyphs("cursor"), marked=glyphs("marked"), id="list"
                )
            with Vertical(id="right"):
                yield Static(id="title", markup=False, classes="title")
                yield ThreadView(cursor=glyphs("cursor"), id="thread")
                yield Composer(enter_sends=self.tui.settings.enter_sends, id="composer")
            yield Static(id="details", markup=False)

    @property
    def talks(self) -> RowList:
        return self.query_one("#list", RowList)

    @property
    def thread(self) -> ThreadView:
        return self.query_one(ThreadView)

    @property
    def composer(self) -> Composer:
        return self.query_one(Composer)

    def on_mount(self) -> None:
        self.set_focus(self.talks)

    # The list.

    def wanted(self) -> None:
        self._load(1)
        if self.talk is not None:
            self._load_thread()

    def _query(self, page: int) -> dict[str, Any]:
        query = {"status": "open", "page": page, **VIEWS[self.view]}
        return query | ({"q": self.needle} if self.needle else {})

    def _load(self, page: int) -> None:
        if self._loading:
            self._dirty = True
            return
        self._loading = True
        self._dirty = False
        query = self._query(page)

        def come(outcome: Outcome) -> None:
            self._loading = False
            if not self.is_attached or query != self._query(page):
                self._dirty = True
                return
            if outcome.problem is not None:
                self.tui.tell_problem("conversations", outcome.problem)
                return
            self._show_page(page, outcome.value["data"])

        self.tui.call(lambda client: client.call("GET", "/conversations", **query), come)

    def _show_page(self, page: int, data: Any) -> None:
        self.counts = data["meta"]
        found = [model.talk(one) for one in data["payload"]]
        fresh = {talk.id for talk in found}
        kept = [row.data for row in self.talks.rows if row.key not in fresh]
        if page == 1:
            # Pages behind the first shift as conversations move: what is known of them stays until it is read again.
            kept = kept if self._pages > 1 and len(found) == PAGE else []
            talks = found + kept
        else:
            talks = kept + found
        self._pages = max(self._pages, page) if kept or page > 1 else 1
        self._more = len(found) == PAGE if page == self._pages else self._more
        self.talks.show([Row(talk.id, talk) for talk in talks], empty=self._nothing())
        self._show_views()
        if self.talk is None and self.talks.current is not None and not self.has_class("-narrow", "-tiny"):
            self._look_at(self.talks.current.data)
        elif self.talk is not None:
            again = next((talk for talk in talks if talk.id == self.talk.id), None)
            if again is not None:
                self.talk = again
                self._show_title()

    def _nothing(self) -> str:
        if self.needle:
            return f"nothing with {self.needle!r} in it\n\\ clears the filter"
        if self.view != "All":
            return f"no conversation is in {self.view}\n] shows the next view"
        return "no conversations yet\n2 shows the inboxes: t there sends a test message"

    def _show_views(self) -> None:
        numbers = {"Mine": "mine_count", "Unassigned": "unassigned_count", "All": "all_count"}
        words = []
        for name in VIEWS:
            count = self.counts.get(numbers.get(name, ""), "") if VIEWS[self.view].get("status") is None else ""
            word = f"{name} {count}".strip()
            words.append(f"[{word}]" if name == self.view else word)
        text = " ".join(words) + (f"  /{self.needle}" if self.needle else "")
        self.query_one("#views", Static).update(text, layout=False)

    def _draw(self, talk: Talk, width: int) -> list[Text]:
        glyphs = self.tui.glyphs
        unread = glyphs("unread") if talk.unread else " "
        who = f"@{talk.assignee}" if talk.assignee else "-"
        right = f" {line(self.tui.directory.inbox_name(talk.inbox_id))[:8]} {who[:10]} {ago(talk.active_at):>4}"
        first = Text(f"{unread} {cut(talk.name, width - len(right) - 2)}{right}", no_wrap=True)
        if talk.unread:
            first.stylize("bold")
        tail = f" +{talk.unread}" if talk.unread else ""
        about = f"{glyphs(talk.status)} "
        if talk.status == "snoozed" and talk.snoozed_until:
            about += "snoozed "
        if talk.priority:
            about += f"{talk.priority}! "
        if self.tui.drafts.has(talk.id):
            about += "draft "
        text = cut(about + (talk.preview or "no message yet"), width - 2 - len(tail))
        return [first, Text(f"  {text}{tail}", no_wrap=True)]

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        if event.rows is self.talks and event.row is not None and self._shows_both:
            self._rest_until = time.monotonic() + _REST_S

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        self._open(event.row.data)

    def on_row_list_near_end(self) -> None:
        if self._more:
            self._load(self._pages + 1)

    @property
    def _shows_both(self) -> bool:
        return not (self.has_class("-narrow") or self.has_class("-tiny"))

    def tick(self) -> None:
        now = time.monotonic()
        if self._rest_until and now >= self._rest_until:
            self._rest_until = 0.0
            row = self.talks.current
            if row is not None and (self.talk is None or row.key != self.talk.id):
                self._look_at(row.data)
        if self._draft_until and now >= self._draft_until:
            self._keep_draft()
        if self._dirty and not self._loading:
            self._load(1)
        if self._thread_dirty:
            self._thread_dirty = False
            self._load_thread()

    def news(self, events: list[dict[str, Any]]) -> None:
        numbers = model.touched(events)
        if numbers:
            self._dirty = True
        if self.talk is not None and self.talk.id in numbers:
            self._thread_dirty = True

    def show_view(self, where: str) -> None:
        if where == "n":
            self.action_conv_next_unread()
        else:
            self._change_view({"m": "Mine", "u": "Unassigned"}.get(where, "All"))

    def _change_view(self, name: str) -> None:
        self.view = name
        self._pages = 0
        self.talks.show([], empty="…")
        self._show_views()
        self._load(1)

    def action_view_next(self) -> None:
        names = list(VIEWS)
        self._change_view(names[(names.index(self.view) + 1) % len(names)])

    def action_view_previous(self) -> None:
        names = list(VIEWS)
        self._change_view(names[names.index(self.view) - 1])

    def action_filter(self) -> None:
        box = self.query_one("#filter", Input)
        box.add_class("-on")
        self.set_focus(box)

    def action_filter_clear(self) -> None:
        box = self.query_one("#filter", Input)
        box.value = ""
        box.remove_class("-on")
        if self.needle or isinstance(self.focused, Input):
            self.needle = ""
            self.set_focus(self.talks)
            self._change_view(self.view)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.needle = event.value.strip()
        event.input.set_class(bool(self.needle), "-on")
        self.set_focus(self.talks)
        self._change_view(self.view)

    # The thread.

    def _open(self, talk: Talk) -> None:
        self.add_class("-thread")
        self._look_at(talk)
        self.set_focus(self.thread)

    def _look_at(self, talk: Talk) -> None:
        if self.talk is not None and self.talk.id == talk.id:
            return
        self._keep_draft()
        self._close_composer()
        self.talk, self.notes = talk, []
        self._show_title()
        self._load_thread(fresh=True)

    def _load_thread(self, *, fresh: bool = False) -> None:
        talk = self.talk
        if talk is None:
            return

        def work(client: Any) -> Any:
            return client.messages(talk.id)

        def come(found: Any) -> None:
            if self.talk is None or self.talk.id != talk.id:
                return
            stored = [model.note(one, self.tui.directory.me) for one in found]
            oldest = stored[0].key if stored else 0
            earlier = [one for one in self.notes if isinstance(one.key, int) and one.key < oldest] if not fresh else []
            waiting = [one for one in self.notes if not isinstance(one.key, int)]
            self.notes = [*earlier, *stored, *waiting]
            self._show_thread(fresh=fresh)
            if fresh or (self.talk.unread and self.focused in (self.thread, self.composer)):
                self._seen(talk)

        self.fetch(work, come, what=f"conversation {talk.id}")

    def on_thread_view_near_start(self) -> None:
        talk = self.talk
        first = next((one.key for one in self.notes if isinstance(one.key, int)), None)
        if talk is None or first is None:
            return

        def come(found: Any) -> None:
            if self.talk is None or self.talk.id != talk.id or not found:
                return
            known = {one.key for one in self.notes}
            older = [model.note(one, self.tui.directory.me) for one in found]
            self.notes = [one for one in older if one.key not in known] + self.notes
            self._show_thread()

        self.fetch(lambda client: client.messages(talk.id, before=first), come)

    def _show_thread(self, *, fresh: bool = False) -> None:
        posts = [self._post(one, day) for one, day in zip(self.notes, model.days(self.notes), strict=True)]
        self.thread.show(posts, empty="no messages yet", fresh=fresh)
        self._show_title()

    def _post(self, one: Note, day: str) -> Post:
        glyphs = self.tui.glyphs
        sign = glyphs("private" if one.private else one.kind)
        tone = "private" if one.private else "plain"
        status = ""
        if one.status == "failed":
            status, tone = f"{glyphs('failed')} not sent: {one.error or 'failed'} - R sends it again", "bad"
        elif one.status == "sending":
            status = "sending…"
        elif one.kind == "outgoing" and not one.private:
            status = f"{glyphs(one.status)} {one.status}"
        text = "\n".join([one.text, *(f"[{file}]" for file in one.files)]).strip("\n")
        if one.kind == "activity":
            return Post(one.key, "", f"{sign} {text}  {clock(one.at)}", "dim", day, one)
        return Post(one.key, model.head(one, sign, status), text, tone, day, one)

    def _show_title(self) -> None:
        talk = self.talk
        if talk is None:
            self.query_one("#title", Static).update("", layout=False)
            return
        glyphs = self.tui.glyphs
        parts = [f"#{talk.id} {talk.name}", glyphs.with_word(talk.status), self.tui.directory.inbox_name(talk.inbox_id)]
        parts += [f"@{talk.assignee}"] if talk.assignee else []
        parts += [f"[{label}]" for label in talk.labels]
        if talk.waiting_since:
            parts.append(f"waiting {span(time.time() - talk.waiting_since)}")
        if self.thread.newer:
            parts.insert(1, f"{glyphs('down')} {self.thread.newer} new")
        self.query_one("#title", Static).update(line("  ".join(parts)), layout=False)
        self._show_details(talk)

    def _show_details(self, talk: Talk) -> None:
        team = next((one["name"] for one in self.tui.directory.teams if one["id"] == talk.team_id), "-")
        facts = [
            talk.name,
            "",
            f"status    {self.tui.glyphs.with_word(talk.status)}",
            f"assignee  {talk.assignee or '-'}",
            f"team      {team}",
            f"inbox     {self.tui.directory.inbox_name(talk.inbox_id)}",
            f"priority  {talk.priority or '-'}",
            f"labels    {', '.join(talk.labels) or '-'}",
            f"muted     {'yes' if talk.muted else 'no'}",
        ]
        self.query_one("#details", Static).update("\n".join(line(one) for one in facts), layout=False)

    def _seen(self, talk: Talk) -> None:
        if self.tui.read_only:
            return
        self.tui.call(
            lambda client: client.call("POST", f"/conversations/{talk.id}/update_last_seen"), lambda outcome: None
        )

    # Answering.

    def action_conv_reply(self) -> None:
        self._write_to(private=False)

    def action_conv_private(self) -> None:
        self._write_to(private=True)

    def _write_to(self, *, private: bool, text: str | None = None) -> None:
        row = self.talks.current
        if self.focused is self.talks and row is not None:
            self._open(row.data)
        if self.talk is None:
            return
        self.add_class("-thread")
        self.composer.add_class("-on")
        self._mode(private)
        if text is not None:
            self.composer.text = text
            self.composer.move_cursor(self.composer.document.end)
        self.set_focus(self.composer)

    def _mode(self, private: bool) -> None:
        self.private = private
        talk = self.talk
        if talk is None:
            return
        self.composer.set_class(private, "-private")
        who = f"{'PRIVATE, only agents see it' if private else 'reply to ' + talk.name}"
        self.composer.border_title = Text(line(f"{who} · {self.tui.directory.inbox_name(talk.inbox_id)}"))
        self.composer.border_subtitle = "ctrl+s send · ctrl+t " + ("reply" if private else "private")
        self.composer.text = self.tui.drafts.get(talk.id, private=private)
        self.composer.move_cursor(self.composer.document.end)

    def _close_composer(self) -> None:
        self.composer.remove_class("-on")
        if self.focused is self.composer:
            self.set_focus(self.thread)

    def _keep_draft(self) -> None:
        self._draft_until = 0.0
        if self.talk is not None and self.composer.has_class("-on"):
            self.tui.drafts.set(self.talk.id, self.composer.text, private=self.private)

    def leaving(self) -> None:
        self._keep_draft()

    def on_composer_edited(self) -> None:
        self._draft_until = time.monotonic() + 1.0

    def on_composer_left(self) -> None:
        self._keep_draft()
        self._close_composer()

    def on_composer_toggled(self) -> None:
        self._keep_draft()
        text = self.composer.text
        self._mode(not self.private)
        if not self.composer.text:
            self.composer.text = text
            self.composer.move_cursor(self.composer.document.end)

    def on_composer_sent(self, event: Composer.Sent) -> None:
        talk, text, private = self.talk, event.text.strip("\n"), self.private
        if talk is None or not text.strip():
            return
        self.tui.drafts.set(talk.id, "", private=private)
        self.composer.text = ""
        self._close_composer()
        self._send(talk, Note(f"echo-{uuid.uuid4()}", "outgoing", "", text, time.time(), private, "sending", mine=True))

    def _send(self, talk: Talk, mine: Note) -> None:
        """Show it at once. Its key is the echo_id and the Idempotency-Key: sent again it is still one message."""
        self.notes = [*[one for one in self.notes if one.key != mine.key], mine]
        mine.status = "sending"
        self.tui.sending += 1
        if self.talk is not None and self.talk.id == talk.id:
            self._show_thread()
            self.thread.move_to(len(self.notes))

        def come(outcome: Outcome) -> None:
            self.tui.sending -= 1
            if outcome.problem is not None:
                mine.status, mine.error = "failed", outcome.problem.message
                self.tui.say(f"not sent to {talk.name}: {outcome.problem.message}", bad=True)
            elif self.talk is not None and self.talk.id == talk.id:
                stored = model.note(outcome.value, self.tui.directory.me)
                self.notes = [one for one in self.notes if one.key not in (mine.key, stored.key)] + [stored]
            if self.is_attached and self.talk is not None and self.talk.id == talk.id:
                self._show_thread()

        self.tui.call(
            lambda client: client.reply(talk.id, mine.text, private=mine.private, echo_id=mine.key, key=mine.key), come
        )

    def action_conv_again(self) -> None:
        post, talk = self.thread.current, self.talk
        if post is None or talk is None or post.data is None or post.data.status != "failed":
            self.tui.say("no failed message is under the cursor")
            return
        if not isinstance(post.key, int):
            self._send(talk, post.data)
            return
        path = f"/conversations/{talk.id}/messages/{post.key}/retry"
        self.fetch(lambda client: client.call("POST", path), lambda found: self._load_thread(), what="send again")

    def action_back(self) -> None:
        box = self.query_one("#filter", Input)
        if self.focused is box:
            self.action_filter_clear()
        elif self.focused is self.thread:
            self.remove_class("-thread")
            self.set_focus(self.talks)
        elif not self.talks.clear_marks() and self.needle:
            self.action_filter_clear()

    def action_info(self) -> None:
        self.toggle_class("-info")

    # What is done to conversations.

    def _chosen(self) -> list[Talk]:
        if self.focused is self.talks or self.talk is None:
            return [row.data for row in self.talks.chosen]
        return [self.talk]

    def _change(self, what: str, change: Callable[[Any, Talk], Any], undo: Callable[[Any, Talk], Any] | None) -> None:
        """Do something to what is chosen and say so; `undo` takes it back from each as it was before."""
        talks = self._chosen()
        if not talks:
            return
        name = f"#{talks[0].id} {talks[0].name}" if len(talks) == 1 else f"{len(talks)} conversations"

        def each(do: Callable[[Any, Talk], Any]) -> Callable[[Any], Any]:
            return lambda client: [do(client, talk) for talk in talks]

        def done(found: Any) -> None:
            self.tui.say(f"{what}: {name}" + (" (u undoes)" if undo else ""))
            self.talks.clear_marks()
            self.wanted()

        if undo is not None:
            back = undo
            self.tui.undoing.remember(
                f"{what}: {name}", lambda: self.fetch(each(back), lambda found: self.wanted(), what="undo")
            )
        self.fetch(each(change), done, what=what)

    def _set_status(self, what: str, status: str, until: int | None = None) -> None:
        def back(client: Any, talk: Talk) -> None:
            client.set_status(talk.id, talk.status)
            client.assign(talk.id, talk.assignee_id)

        self._change(what, lambda client, talk: client.set_status(talk.id, status, snoozed_until=until), back)

    def action_conv_resolve(self) -> None:
        talks = self._chosen()
        if talks and all(talk.status == "resolved" for talk in talks):
            self._set_status("opened", "open")
        else:
            self._set_status("resolved", "resolved")

    def action_conv_status(self) -> None:
        choices = [Choice(word, word) for word in ("open", "pending", "resolved", "snoozed")]
        self._pick("Status", choices, lambda found: self._set_status(found[0], found[0]))

    def action_conv_snooze(self) -> None:
        now = time.time()
        morning = time.mktime((*time.localtime(now + 86_400)[:3], 9, 0, 0, 0, 0, -1))
        choices = [
            Choice(int(now + 3_600), "an hour"),
            Choice(int(now + 4 * 3_600), "four hours"),
            Choice(int(morning), "tomorrow 9:00"),
            Choice(int(now + 7 * 86_400), "a week"),
            Choice(None, "until the contact writes"),
        ]
        self._pick("Snooze for", choices, lambda found: self._set_status("snoozed", "snoozed", found[0]))

    def action_conv_priority(self) -> None:
        def choose(found: list[Any]) -> None:
            self._change(
                f"priority {found[0] or 'none'}",
                lambda client, talk: client.call(
                    "POST", f"/conversations/{talk.id}/toggle_priority", priority=found[0]
                ),
                lambda client, talk: client.call(
                    "POST", f"/conversations/{talk.id}/toggle_priority", priority=talk.priority or None
                ),
            )

        words = [Choice(word, word) for word in ("urgent", "high", "medium", "low")]
        self._pick("Priority", [*words, Choice(None, "none")], choose)

    def action_conv_take(self) -> None:
        self._assign(self.tui.directory.me, "assigned to me")

    def action_conv_assign(self) -> None:
        agents = self.tui.directory.agents
        choices = [Choice(one["id"], one["name"], one.get("availability_status") or "") for one in agents]

        def choose(found: list[Any]) -> None:
            name = next((one["name"] for one in agents if one["id"] == found[0]), "nobody")
            self._assign(found[0], f"assigned to {name}")

        self._pick("Assign to", [*choices, Choice(None, "nobody")], choose)

    def _assign(self, user_id: int | None, what: str) -> None:
        self._change(
            what,
            lambda client, talk: client.assign(talk.id, user_id),
            lambda client, talk: client.assign(talk.id, talk.assignee_id),
        )

    def _pick(
        self, title: str, choices: list[Choice], then: Callable[[list[Any]], None], *, several: bool = False,
        chosen: Iterable[Any] = (), free: bool = False,
    ) -> None:  # fmt: skip
        def picked(found: list[Any] | None) -> None:
            if found or (several and found is not None):
                then(found)

        self.app.push_screen(Picker(title, choices, several=several, chosen=list(chosen), free=free), picked)

    def action_conv_next(self) -> None:
        self._step(1)

    def action_conv_previous(self) -> None:
        self._step(-1)

    def _step(self, rows: int) -> None:
        self.talks.move_by(rows)
        if self.talks.current is not None:
            self._look_at(self.talks.current.data)

    def action_conv_next_unread(self) -> None:
        count = len(self.talks.rows)
        for ahead in range(1, count + 1):
            place = (self.talks.cursor + ahead) % count
            if self.talks.rows[place].data.unread:
                self.talks.move_to(place)
                return
        self.tui.say("nothing unread is loaded")
