"""Pictures of inboxes, contacts and people: one from a file, or none."""

from collections.abc import Callable
from pathlib import Path

from admin_tui.modals.form import Field
from admin_tui.modals.picker import Choice
from admin_tui.screens.asking import ask_form, ask_one
from admin_tui.screens.base import BaseScreen
from admin_tui.state import files


def ask_avatar(screen: BaseScreen, name: str, now: str, then: Callable[[], None], **whose: int) -> None:
    """`now` is the link to the picture there is, `whose` as `Client.set_avatar` takes it; `then` when it is changed."""

    def saved(what: str) -> None:
        screen.tui.say(f"{what} the avatar of {name}")
        then()

    def choose() -> None:
        field = Field(
            "avatar", "Picture", "", hint="a file: JPEG, PNG, GIF or WebP", required=True, check=files.missing
        )
        ask_form(
            screen, f"Avatar of {name}", [field],
            lambda client, values: client.set_avatar(Path(values["avatar"]).expanduser(), **whose),
            lambda _: saved("set"),
        )  # fmt: skip

    def remove() -> None:
        screen.fetch(lambda client: client.set_avatar(None, **whose), lambda _: saved("removed"), what="avatar")

    if now:
        choices = [Choice(choose, "another picture…"), Choice(remove, "take it away")]
        ask_one(screen, f"Avatar of {name}", choices, lambda do: do())
    else:
        choose()
