"""Assignment policies as a list of a screen: how conversations of the inboxes that follow one are handed out."""

from functools import partial
from typing import Any

from admin_tui.modals.form import Field
from admin_tui.modals.picker import Choice
from admin_tui.screens.asking import ask_form, ask_several, ask_to_delete
from admin_tui.screens.views import Json, View, ViewsScreen
from admin_tui.state import policies as model
from admin_tui.state import spans
from admin_tui.state.undo import same
from admin_tui.text import cut, line, many, wrap


def policies_view(screen: ViewsScreen) -> View:
    """For administrators alone: the server shows policies to nobody else."""
    return View(
        "Policies", model.fetch, partial(_draw, screen), partial(_about, screen), "no assignment policies yet",
        create=lambda: _create(screen), edit=lambda one: _edit(screen, one), delete=lambda one: _delete(screen, one),
        open=None if screen.tui.read_only else lambda one: _connect(screen, one),
        copied=lambda one: str(one["name"]), admin=("create", "edit", "delete", "open"),
    )  # fmt: skip


def _draw(screen: ViewsScreen, one: Json, width: int) -> str:
    state = cut(screen.tui.glyphs.with_word("on" if one["enabled"] else "off"), 5)
    words = f"{cut(many(len(one['inboxes']), 'inbox'), 11)} {cut(model.order(one), 22)}{model.pace(one)}"
    return f"{cut(one['name'], max(10, min(30, width - 60)))} {state} {words}"


def _about(screen: ViewsScreen, one: Json) -> list[str]:
    names = [f"  {line(inbox['name'])}" for inbox in one["inboxes"]]
    none = "no inbox follows it" + (screen.tip("open", "chooses", ": ") if not screen.tui.read_only else "")
    return [
        line(one["name"]),
        "",
        *wrap(line(one["description"] or "no description"), 40),
        f"state     {'on' if one['enabled'] else 'off: its inboxes hand out in turn, at once'}",
        f"priority  {model.order(one)}",
        f"at most   {model.pace(one)}",
        f"number    {one['id']}",
        "",
        "followed by:" if names else none,
        *names,
        *(["", "Enter chooses who follows it"] if names and not screen.tui.read_only else []),
    ]


def _done(screen: ViewsScreen, text: str) -> None:
    screen.tui.say(text)
    screen.wanted()


def _create(screen: ViewsScreen) -> None:
    def made(one: Json) -> None:
        _done(screen, f"made {line(one['name'])}")
        _connect(screen, {**one, "inboxes": []})

    ask_form(
        screen, "New assignment policy", _fields({}),
        lambda client, values: client.call("POST", "/assignment_policies", **_given(values)), made, button="Create",
    )  # fmt: skip


def _edit(screen: ViewsScreen, one: Json) -> None:
    def work(client: Any, values: Json) -> Any:
        return client.call("PATCH", f"/assignment_policies/{one['id']}", **_given(values))

    ask_form(
        screen, f"Edit {line(one['name'])}", _fields(one), work, lambda _: _done(screen, f"saved: {line(one['name'])}")
    )


def _fields(one: Json) -> list[Field]:
    window = spans.words(one.get("fair_distribution_window", 3600))
    return [
        Field("name", "Name", one.get("name"), required=True),
        Field("description", "Description", one.get("description")),
        Field("conversation_priority", "Who waits is taken", one.get("conversation_priority", "earliest_created"),
              "choice", choices=[(word, name) for name, word in model.PRIORITIES.items()], required=True),
        Field("fair_distribution_limit", "One person is given at most", one.get("fair_distribution_limit", 100),
              "number", "conversations", required=True),
        Field("fair_distribution_window", "Within", window, hint="1h, 30m, 2d", required=True,
              check=lambda text: spans.wrong(text, "", "1s")),
        Field("enabled", "Switched on", one.get("enabled", True), "flag"),
    ]  # fmt: skip


def _given(values: Json) -> Json:
    return values | {
        "fair_distribution_limit": int(values["fair_distribution_limit"]),
        "fair_distribution_window": spans.seconds(values["fair_distribution_window"], ""),
    }


def _delete(screen: ViewsScreen, one: Json) -> None:
    name, count = line(one["name"]), len(one["inboxes"])
    follow = "The inbox that follows it goes on" if count == 1 else f"The {many(count, 'inbox')} that follow it go on"
    question = f"Delete the policy {name}?" + (f" {follow} without one." if count else "")
    path = f"/assignment_policies/{one['id']}"
    ask_to_delete(screen, question, path, lambda: _done(screen, f"deleted {name}"))


def _connect(screen: ViewsScreen, one: Json) -> None:
    """Which inboxes follow it. One that followed another policy follows that one again when this is undone."""
    name, before = line(one["name"]), [inbox["id"] for inbox in one["inboxes"]]
    others = {
        inbox["id"]: policy
        for policy in screen.records.get("Policies", [])
        if policy["id"] != one["id"]
        for inbox in policy["inboxes"]
    }

    def chosen(after: list[int]) -> None:
        new, gone = [each for each in after if each not in before], [each for each in before if each not in after]
        if not new and not gone:
            return
        what = f"inboxes of {name}: {len(after)}"

        def work(client: Any) -> None:
            for inbox_id in new:
                model.follow(client, inbox_id, one["id"])
            for inbox_id in gone:
                model.follow(client, inbox_id, None)

        def back(client: Any) -> list[str]:
            if not same(model.followers(client, one["id"]), after):
                return [what]
            for inbox_id in new:
                model.follow(client, inbox_id, others.get(inbox_id, {}).get("id"))
            for inbox_id in gone:
                model.follow(client, inbox_id, one["id"])
            return []

        def done(_: Any) -> None:
            screen.can_undo(what, back)
            screen.wanted()

        screen.fetch(work, done, what="inboxes")

    choices = [
        Choice(inbox["id"], inbox["name"], f"follows {others[inbox['id']]['name']}" if inbox["id"] in others else "")
        for inbox in screen.tui.directory.inboxes
    ]
    ask_several(screen, f"Inboxes that follow {name}", choices, before, chosen)
