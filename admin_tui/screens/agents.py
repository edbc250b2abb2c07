"""Agents: the people of the account, their teams, and the tokens that open it."""

from typing import Any

from admin_tui.keys import Action
from admin_tui.modals.form import Field
from admin_tui.modals.picker import Choice
from admin_tui.modals.text_view import TextView
from admin_tui.screens.asking import ask_form, ask_several, ask_to_delete, changes, word_to_type
from admin_tui.screens.avatars import ask_avatar
from admin_tui.screens.base import bindings
from admin_tui.screens.views import HINTS, Json, View, ViewsScreen
from admin_tui.state.undo import same
from admin_tui.text import cut, day, line

STATES = ("online", "busy", "offline")
ROLES = [("agent", "agent"), ("administrator", "administrator")]


class AgentsScreen(ViewsScreen):
    place = "agents"
    BINDINGS = bindings("agents", "list", "everywhere")
    HINTS = ("team.members", *HINTS[1:4], "agent.availability", *HINTS[4:])

    def views(self) -> list[View]:
        found = [
            View(
                "Agents", lambda client: client.agents(), self._agent, self._about_agent, "nobody is here",
                create=self._create_agent, edit=self._edit_agent, delete=self._remove_agent,
                copied=lambda one: str(one["email"]),
            ),
            View(
                "Teams", _teams, self._team, self._about_team, "no teams yet",
                create=self._create_team, edit=self._edit_team, delete=self._delete_team,
                open=self._members, admin=("create", "edit", "delete", "open"),
            ),
        ]  # fmt: skip
        if self.tui.is_administrator:
            found.append(
                View(
                    "Tokens", lambda client: client.tokens(), self._token, self._about_token,
                    "no token that you may see", create=self._create_token, delete=self._revoke,
                )
            )  # fmt: skip
        return found

    def may(self, action: Action) -> bool:
        if action.id == "team.members" and self.seen.title != "Teams":
            return False
        if action.id == "open" and self.tui.read_only:
            # What opens is the choice of a team's members.
            return False
        return super().may(action)

    def _done(self, text: str) -> None:
        """Other screens call people and teams by name too."""
        self.tui.say(text)
        self.tui.learn()

    # People.

    def _agent(self, one: Json, width: int) -> str:
        state = self.tui.glyphs.with_word(one["availability_status"])
        mine = " (you)" if one["id"] == self.tui.directory.me else ""
        return f"{cut(line(one['name']) + mine, 24)} {cut(one['role'], 13)} {cut(state, 10)} {line(one['email'])}"

    def _about_agent(self, one: Json) -> list[str]:
        return [
            line(one["name"]),
            "",
            f"e-mail        {line(one['email'])}",
            f"role          {one['role']}",
            f"availability  {self.tui.glyphs.with_word(one['availability_status'])}",
            f"auto offline  {'yes' if one.get('auto_offline') else 'no'}",
            f"number        {one['id']}",
            *([f"avatar        {line(one['thumbnail'])}"] if one["thumbnail"] else []),
        ]

    def _create_agent(self) -> None:
        def work(client: Any, values: Json) -> Any:
            return client.create_agent(values["email"], name=values["name"] or None, role=values["role"])

        fields = [
            Field("email", "E-mail", required=True),
            Field("name", "Name", hint="by default from the e-mail"),
            Field("role", "Role", "agent", "choice", choices=ROLES, required=True),
        ]
        ask_form(
            self, "New agent", fields, work,
            lambda one: self._done(f"added {one['name']}: a token for them is made under Tokens"), button="Add",
        )  # fmt: skip

    def _edit_agent(self, one: Json) -> None:
        before = {name: one[name] for name in ("name", "role")} | {"availability": one["availability_status"]}

        def work(client: Any, values: Json) -> Any:
            changed = changes(before, values)
            return client.call("PATCH", f"/agents/{one['id']}", **changed) if changed else one

        fields = [
            Field("name", "Name", one["name"], required=True),
            Field("role", "Role", one["role"], "choice", choices=ROLES, required=True),
            Field("availability", "Availability", one["availability_status"], "choice",
                  choices=[(word, word) for word in STATES], required=True),
        ]  # fmt: skip
        ask_form(self, f"Edit {one['name']}", fields, work, lambda _: self._done(f"saved: {line(one['name'])}"))

    def _remove_agent(self, one: Json) -> None:
        question = f"Take {line(one['name'])} ({line(one['email'])}) out of the account? Their conversations stay."
        self._delete(question, "Remove", f"/agents/{one['id']}", f"removed {line(one['name'])}", one["name"], one["id"])

    def action_agent_availability(self) -> None:
        me = self.tui.directory.me
        now = next((one["availability_status"] for one in self.tui.directory.agents if one["id"] == me), "offline")
        word = STATES[(STATES.index(now) + 1) % len(STATES)] if now in STATES else STATES[0]
        self.fetch(lambda client: client.set_availability(word), lambda _: self._done(f"you are {word}"), what=word)

    def action_agent_avatar(self) -> None:
        me = next((one for one in self.tui.directory.agents if one["id"] == self.tui.directory.me), None)
        if me is not None:
            ask_avatar(self, line(me["name"]), me["thumbnail"] or "", self.tui.learn)

    # Teams.

    def _team(self, one: Json, width: int) -> str:
        count = len(one["members"])
        members = f"{count:>3} {'member ' if count == 1 else 'members'}"
        how = "in turn" if one["allow_auto_assign"] else "by hand"
        return f"{cut(one['name'], 24)} {members}  {how}  {one['description'] or ''}"

    def _about_team(self, one: Json) -> list[str]:
        members = [f"  {line(member['name'])}" for member in one["members"]]
        return [
            line(one["name"]),
            "",
            line(one["description"] or "no description"),
            f"handed out  {'in turn to who is online' if one['allow_auto_assign'] else 'by hand alone'}",
            "",
            "members:" if members else f"no members{self.tip('team.members', 'adds them', ': ')}",
            *members,
        ]

    def _create_team(self) -> None:
        def made(one: Json) -> None:
            self._done(f"made {one['name']}")
            self._members({**one, "members": []})

        ask_form(
            self, "New team", _team_fields({}), lambda client, values: client.call("POST", "/teams", **values), made,
            button="Create",
        )  # fmt: skip

    def _edit_team(self, one: Json) -> None:
        def work(client: Any, values: Json) -> Any:
            return client.call("PATCH", f"/teams/{one['id']}", **values)

        ask_form(
            self, f"Edit {one['name']}", _team_fields(one), work, lambda _: self._done(f"saved: {line(one['name'])}")
        )

    def _delete_team(self, one: Json) -> None:
        question = f"Delete the team {line(one['name'])}? Its conversations have none then."
        self._delete(question, "Delete", f"/teams/{one['id']}", f"deleted {line(one['name'])}")

    def action_team_members(self) -> None:
        if self.current is not None:
            self._members(self.current)

    def _members(self, team: Json) -> None:
        before = [member["id"] for member in team["members"]]
        choices = [Choice(one["id"], one["name"], one["email"]) for one in self.tui.directory.agents]
        path = f"/teams/{team['id']}/team_members"

        def chosen(after: list[int]) -> None:
            if set(after) == set(before):
                return
            what = f"members of {line(team['name'])}: {len(after)}"

            def back(client: Any) -> list[str]:
                if not same([member["id"] for member in client.call("GET", path)], after):
                    return [what]
                client.call("PATCH", path, user_ids=before)
                return []

            def done(_: Any) -> None:
                self.can_undo(what, back)
                self.tui.learn()

            self.fetch(lambda client: client.call("PATCH", path, user_ids=after), done, what="members")

        ask_several(self, f"Members of {line(team['name'])}", choices, before, chosen)

    # Tokens.

    def _token(self, one: Json, width: int) -> str:
        return f"{cut(one['name'] or 'no name', 24)} {cut(one['user']['email'], 26)} {day(one['created_at'])}"

    def _about_token(self, one: Json) -> list[str]:
        return [
            line(one["name"] or "no name"),
            "",
            f"opens the account as  {line(one['user']['email'])}",
            f"made                  {day(one['created_at'])}",
            f"number                {one['id']}",
            "",
            "What it is was shown once and is known",
            "to nobody: revoke it and make another.",
        ]

    def _create_token(self) -> None:
        people = [(line(one["name"]), one["email"]) for one in self.tui.directory.agents]
        mine = next((one["email"] for one in self.tui.directory.agents if one["id"] == self.tui.directory.me), None)

        def work(client: Any, values: Json) -> Any:
            # For oneself without the e-mail: a token for somebody else opens this account only.
            email = values["email"] if values["email"] != mine else None
            return client.create_token(name=values["name"], email=email)

        def made(one: Json) -> None:
            self.tui.say(f"made the token {one['name']}")
            self.wanted()
            hint = "y copies, esc closes; it will not be shown again"
            self.app.push_screen(TextView("Token", one["access_token"], hint=hint))

        fields = [
            Field("name", "Name", required=True, hint="what it is for"),
            Field("email", "For", mine, "choice", choices=people, required=True),
        ]
        ask_form(self, "New token", fields, work, made, button="Create")

    def _revoke(self, one: Json) -> None:
        name = line(one["name"] or "no name")
        question = f"Revoke {name} of {line(one['user']['email'])}? Whoever uses it is locked out at once."
        self._delete(question, "Revoke", f"/access_tokens/{one['id']}", f"revoked {name}", one["name"], one["id"])

    def _delete(
        self, question: str, yes: str, path: str, said: str, name: str | None = None, number: int | None = None
    ) -> None:
        """With a number the name has to be typed."""
        typed = None if number is None else word_to_type(name, number)
        ask_to_delete(self, question, path, lambda: self._done(said), yes=yes, typed=typed)


def _teams(client: Any) -> list[Json]:
    """Each with its members."""
    teams: list[Json] = client.call("GET", "/teams")
    return [{**one, "members": client.call("GET", f"/teams/{one['id']}/team_members")} for one in teams]


def _team_fields(one: Json) -> list[Field]:
    return [
        Field("name", "Name", one.get("name"), required=True),
        Field("description", "Description", one.get("description")),
        Field(
            "allow_auto_assign",
            "Hands out its conversations",
            one.get("allow_auto_assign", True),
            "flag",
            "to its members who are online, in turn",
        ),
    ]
