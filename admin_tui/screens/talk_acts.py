"""What is done to conversations by key, to the one under the cursor or to all that are marked."""

import json
import time
import uuid
from typing import Any

from admin_tui.modals.form import Field
from admin_tui.modals.picker import Choice
from admin_tui.screens import talk_changes as make
from admin_tui.screens.asking import ask_form, ask_one, ask_several, ask_sure, ask_to_save
from admin_tui.screens.base import BaseScreen
from admin_tui.screens.talk_changes import Change, Changes
from admin_tui.screens.talk_macros import run_macro
from admin_tui.state import files
from admin_tui.state.conversations import Note, Talk, file_line
from admin_tui.text import many


class TalkActs(BaseScreen):
    """The screen says what the keys mean, and makes `changes`."""

    changes: Changes

    def target(self) -> Talk | None:
        """The conversation that the keys mean: where the cursor is, in the list or in a thread."""
        raise NotImplementedError

    def noted(self) -> Note | None:
        """The message under the cursor of the thread, when that has the focus."""
        raise NotImplementedError

    def filed(self) -> list[dict[str, Any]]:
        """The attachments of the message under the cursor, else of all that are loaded, the newest first."""
        raise NotImplementedError

    def chosen(self) -> list[Talk]:
        """What is marked, or else `target`."""
        raise NotImplementedError

    def _make(self, change: Change) -> None:
        self.changes.make(change, self.chosen())
        if self.rows is not None:
            self.rows.clear_marks()

    def action_conv_resolve(self) -> None:
        talks = self.chosen()
        is_done = bool(talks) and all(talk.status == "resolved" for talk in talks)
        self._make(make.status("open" if is_done else "resolved"))

    def action_conv_status(self) -> None:
        choices = [Choice(word, word) for word in ("open", "pending", "resolved", "snoozed")]
        ask_one(self, "Status", choices, lambda word: self._make(make.status(word)))

    def action_conv_snooze(self) -> None:
        now = time.time()
        year, month, today = time.localtime(now)[:3]

        def morning(days: int) -> int:
            return int(time.mktime((year, month, today + days, 9, 0, 0, 0, 0, -1)))

        choices = [
            Choice(int(now + 3_600), "an hour"),
            Choice(int(now + 4 * 3_600), "four hours"),
            Choice(morning(1), "tomorrow 9:00"),
            Choice(morning(7 - time.localtime(now).tm_wday), "Monday 9:00"),
            Choice(int(now + 7 * 86_400), "a week"),
            Choice(None, "until the contact writes"),
        ]
        ask_one(self, "Snooze for", choices, lambda until: self._make(make.status("snoozed", until)))

    def action_conv_priority(self) -> None:
        words = [Choice(word, word) for word in ("urgent", "high", "medium", "low")]
        ask_one(self, "Priority", [*words, Choice("", "none")], lambda word: self._make(make.priority(word)))

    def action_conv_take(self) -> None:
        self._make(make.assignee(self.tui.directory.me, "me"))

    def assign_to(self, user_id: int, name: str) -> None:
        """What the palette offers."""
        self._make(make.assignee(user_id, name))

    def action_conv_assign(self) -> None:
        agents = self.tui.directory.agents
        choices = [Choice(one["id"], one["name"], one.get("availability_status") or "") for one in agents]
        names = {one["id"]: one["name"] for one in agents}
        ask_one(
            self,
            "Assign to",
            [*choices, Choice(None, "nobody")],
            lambda user_id: self._make(make.assignee(user_id, names.get(user_id, "nobody"))),
        )

    def action_conv_team(self) -> None:
        names = {one["id"]: one["name"] for one in self.tui.directory.teams}
        choices = [Choice(team_id, name) for team_id, name in names.items()]
        ask_one(
            self,
            "Team",
            [*choices, Choice(None, "none")],
            lambda team_id: self._make(make.team(team_id, names.get(team_id, "none"))),
        )

    def action_conv_labels(self) -> None:
        talks = self.chosen()
        if not talks:
            return
        shared = set.intersection(*(set(talk.labels) for talk in talks))
        known = [str(one["title"]) for one in self.tui.directory.labels]
        choices = [Choice(label, label) for label in sorted({*known, *shared})]

        def chosen(found: list[Any]) -> None:
            add = [label for label in found if label not in shared]
            remove = sorted(shared - set(found))
            if add or remove:
                self._make(make.labels(add, remove))

        ask_several(self, "Labels", choices, shared, chosen, free=True)

    def action_conv_macro(self) -> None:
        run_macro(self, self.chosen())

    def action_conv_mute(self) -> None:
        talks = self.chosen()
        if talks and all(talk.muted for talk in talks):
            self._make(make.unmute())
            return

        who = talks[0].name if len(talks) == 1 else f"{len(talks)} contacts"
        if talks:
            question = f"Mute and resolve? {who} can write no more."
            ask_sure(self, question, "Mute", lambda: self._make(make.mute()))

    def action_conv_unread(self) -> None:
        self._make(make.unread())

    def action_conv_files(self) -> None:
        choices = [
            Choice((verb, file.get("data_url")), f"{verb} {file_line(file)}")
            for file in self.filed()
            for verb in ("open", "copy the link of", "save")
        ]

        def chosen(found: tuple[str, str]) -> None:
            verb, url = found
            if verb == "open":
                self.app.open_url(url)
            elif verb == "save":
                ask_to_save(self, url)
            else:
                self.tui.copy(url, "the link")

        if choices:
            ask_one(self, "Files", choices, chosen)
        else:
            self.tui.say("no file is in the messages that are loaded")

    def action_conv_attach(self) -> None:
        talk = self.target()
        if talk is None:
            return
        # The same over all tries of this form: what arrived before its answer was lost is not sent twice.
        key = f"echo-{uuid.uuid4()}"

        def work(client: Any, values: dict[str, Any]) -> Any:
            given = {"private": values["private"], "echo_id": key, "key": key}
            return client.reply(talk.id, values["content"], files=files.named(values["files"]), **given)

        ask_form(
            self,
            f"Send files to {talk.name}",
            [
                Field("files", "Files", kind="path", hint="as in a shell: several, *, Tab completes", required=True,
                      check=files.wrong),
                Field("content", "Message", kind="long"),
                Field("private", "Private note", False, "flag"),
            ],
            work,
            lambda sent: self.tui.say(f"sent {many(len(sent['attachments']), 'file')} to {talk.name}"),
            button="Send",
        )  # fmt: skip

    def action_copy(self) -> None:
        note, talk = self.noted(), self.target()
        if note is not None:
            self.tui.copy(note.text, "the message")
        elif talk is not None:
            self.tui.copy(f"#{talk.id}", f"#{talk.id}")

    def action_copy_as(self) -> None:
        note, talk = self.noted(), self.target()
        if talk is None:
            return
        account = self.tui.directory.meta["account"]["id"]
        curl = (
            f'curl -X POST "$INBOXD_URL/api/v1/accounts/{account}/conversations/{talk.id}/messages" '
            '-H "Api-Access-Token: $INBOXD_TOKEN" '
            "-H 'Content-Type: application/json' -d '{\"content\": \"hello\"}'"
        )
        choices = [Choice(f"#{talk.id}", "number of the conversation"), Choice(curl, "curl that posts a reply", curl)]
        if note is not None:
            choices += [
                Choice(str(note.key), "id of the message"),
                Choice(note.text, "text of the message"),
                Choice(json.dumps(note.raw, indent=2, ensure_ascii=False), "message as JSON"),
            ]
        ask_one(self, "Copy", choices, lambda text: self.tui.copy(text, "it"))
