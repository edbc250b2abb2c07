"""The settings of the account as a list of a screen: what it is called, and what happens by itself in it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from admin_tui.modals.form import Field
from admin_tui.screens.asking import ask_form
from admin_tui.screens.views import Json, View, ViewsScreen
from admin_tui.state import spans
from admin_tui.text import cut, line, wrap

_NAMES = {"name": "Name", "locale": "Language", "domain": "Domain", "support_email": "Support e-mail"}
_AFTER = "auto_resolve_after"
_FORMS = {"account": "Account", "auto-resolve": "Auto-resolve", "bot failure": "When a bot fails"}


def account_view(screen: ViewsScreen) -> View:
    """Everybody may read it."""
    change = partial(_change, screen)
    may = screen.tui.is_administrator and not screen.tui.read_only
    return View(
        "Account", _rows, _draw, partial(_about, screen), "", edit=change, open=change if may else None,
        copied=lambda one: str(one["text"]), admin=("edit", "open"), is_counted=False,
    )  # fmt: skip


def _rows(client: Any) -> list[Json]:
    """On a thread of the network."""
    account = client.call("GET", "")
    settings = account["settings"]
    texts = {
        "account": line(account["name"]),
        "auto-resolve": _resolves(settings),
        "bot failure": _bot_failure(settings),
    }
    return [{"id": name, "text": text, "account": account} for name, text in texts.items()]


def _resolves(settings: Json) -> str:
    minutes = settings.get(_AFTER)
    return f"after {spans.words(minutes * 60)} without a word" if minutes else "off"


def _bot_failure(settings: Json) -> str:
    return "waits for the bot" if settings.get("keep_pending_on_bot_failure") else "opens for people"


def _draw(one: Json, width: int) -> str:
    return f"{cut(one['id'], 16)} {line(one['text'])}"


def _about(screen: ViewsScreen, one: Json) -> list[str]:
    account, settings = one["account"], one["account"]["settings"]
    if one["id"] == "account":
        facts = [f"{label.lower():<15} {line(account[name] or '-')}" for name, label in _NAMES.items()]
    elif one["id"] == "auto-resolve":
        facts = [*wrap(f"Open conversations are resolved: {one['text']}.", 40)]
        if settings.get(_AFTER):
            waiting = "no" if settings.get("auto_resolve_ignore_waiting") else "yes"
            facts += [
                f"also those that wait for an answer: {waiting}",
                f"label: {line(settings.get('auto_resolve_label') or '-')}",
                "message:",
                *wrap(line(settings.get("auto_resolve_message") or "none is sent"), 40),
            ]
    else:
        facts = wrap(f"A conversation whose agent bot cannot be reached {one['text']}.", 40)
    return [_FORMS[one["id"]], "", *facts, *screen.tip("edit", "changes it", "\n").split("\n")]


def _change(screen: ViewsScreen, one: Json) -> None:
    fields, given = _EDITED[one["id"]](screen, one["account"])

    def work(client: Any, values: Json) -> Any:
        return client.call("PATCH", "", **given(values))

    def saved(_: Any) -> None:
        screen.tui.say(f"saved: {_FORMS[one['id']].lower()}")
        screen.tui.learn()
        screen.wanted()

    ask_form(screen, _FORMS[one["id"]], fields, work, saved)


Editing = tuple[list[Field], Callable[[Json], Json]]


def _account(screen: ViewsScreen, account: Json) -> Editing:
    hints = {"locale": "such as en or pt_BR"}
    fields = [
        Field(name, label, account[name], hint=hints.get(name, ""), required=name in ("name", "locale"))
        for name, label in _NAMES.items()
    ]
    return fields, lambda values: {name: value or None for name, value in values.items()}


def _auto_resolve(screen: ViewsScreen, account: Json) -> Editing:
    settings = account["settings"]
    minutes, titles = settings.get(_AFTER), [str(one["title"]) for one in screen.tui.directory.labels]

    def title(text: str) -> str | None:
        return next((one for one in titles if text and one.startswith(text)), None)

    fields = [
        Field(_AFTER, "Resolve after", spans.words(minutes * 60) if minutes else "",
              hint="2d, 3h or 30m without a word; empty: never",
              check=lambda text: spans.wrong(text, "m", "10m", "999d 21h 36m")),
        Field("waiting", "Also those that wait for an answer", not settings.get("auto_resolve_ignore_waiting"), "flag"),
        Field("auto_resolve_message", "Message to the customer", settings.get("auto_resolve_message"), "long",
              "empty: none"),
        Field("auto_resolve_label", "Label they get", settings.get("auto_resolve_label"), complete=title),
    ]  # fmt: skip

    def given(values: Json) -> Json:
        length = spans.seconds(values[_AFTER], "m")
        texts = {name: values[name] or None for name in ("auto_resolve_message", "auto_resolve_label")}
        return {_AFTER: length // 60 if length else None, "auto_resolve_ignore_waiting": not values["waiting"], **texts}

    return fields, given


def _bot_fails(screen: ViewsScreen, account: Json) -> Editing:
    name = "keep_pending_on_bot_failure"
    label = "Its conversations go on waiting for it (else they open for people)"
    return [Field(name, label, account["settings"].get(name), "flag")], lambda values: values


_EDITED = {"account": _account, "auto-resolve": _auto_resolve, "bot failure": _bot_fails}
