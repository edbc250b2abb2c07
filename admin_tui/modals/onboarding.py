"""The first minute of an account without an inbox: an inbox, a test message, a reply, and what comes next."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.widgets import Static

from admin_tui.modals.form import Form
from admin_tui.modals.offer import Offer
from admin_tui.net.outcome import Outcome, Problem
from admin_tui.screens.inbox_forms import name, webhook_url
from admin_tui.state import hooks
from admin_tui.state.inboxes import shell

if TYPE_CHECKING:
    from admin_tui.app import InboxdTui

Json = dict[str, Any]
_STEPS = ("connect", "inbox", "test message", "reply")


class Welcome(Form):
    def __init__(self, server: str, steps: str, save: Any) -> None:
        super().__init__("Welcome to inboxd", [name("my-inbox"), webhook_url()], save, button="Create")
        self.about = f"You are connected to {server}. Create your first inbox; everything else can wait.\n\n{steps}\n"

    def on_mount(self) -> None:
        self.query_one(".box").mount(Static(self.about, markup=False), after=0)


class FirstMinute:
    """Knows how far somebody is."""

    def __init__(self, tui: "InboxdTui") -> None:
        self.tui = tui
        self.inbox: Json = {}
        self.number = 0
        self.url = ""
        self._is_answered = False

    def steps(self, done: int) -> str:
        signs = (self.tui.glyphs("ok" if place < done else "open") for place in range(len(_STEPS)))
        return "    ".join(
            f"{number} {sign} {step}" for number, (sign, step) in enumerate(zip(signs, _STEPS, strict=True), 1)
        )

    def begin(self) -> None:
        self.tui.push_screen(Welcome(self.tui.server, self.steps(1), self._create), self._created)

    def _create(self, values: Json, done: Callable[[Problem | None], None]) -> None:
        def work(client: Any) -> Json:
            made: Json = client.create_inbox(values["name"], webhook_url=values["webhook_url"] or None)
            return {"inbox": made, "url": client.url}

        def come(outcome: Outcome) -> None:
            if outcome.problem is None:
                self.inbox, self.url = outcome.value["inbox"], outcome.value["url"]
                self.tui.learn()
            done(outcome.problem)

        self.tui.call(work, come)

    def _created(self, values: Json | None) -> None:
        if values is None:
            self.tui.say(f"{self.tui.key_of_id('create')} on the screen Inboxes (2) makes an inbox")
            return
        secret = self.inbox.pop("secret")
        text = (
            f"Identifier  {self.inbox['inbox_identifier']}\nSecret      {secret}  (shown this once)\n\n{self.steps(2)}"
        )
        to_copy = f"{self.inbox['inbox_identifier']}\n{secret}"
        offers = {"enter": "sends a test message"}
        offer = Offer(f"The inbox {self.inbox['name']} is there", text, offers, to_copy=to_copy, what="both")
        self.tui.push_screen(offer, self._send)

    def _send(self, key: str | None) -> None:
        if key is None:
            return

        def come(outcome: Outcome) -> None:
            if outcome.problem is not None:
                self.tui.tell_problem("test message", outcome.problem)
                return
            self.number = outcome.value["conversation_id"]
            self.tui.go_and("conversations", "show_number", self.number)
            self.tui.say(f"a customer wrote: {self.tui.key_of_id('conv.reply')} replies")

        self.tui.call(lambda client: client.test_message(self.inbox["id"]), come)

    def tick(self, happened: list[Json]) -> None:
        """Four times a second. The card waits until nothing stands above the screen."""
        if not self.number:
            return
        self._is_answered = self._is_answered or any(self._is_reply(event["payload"]) for event in happened)
        if self._is_answered and self.tui.screen is self.tui.place:
            self.number, self._is_answered = 0, False
            self._next()

    def _is_reply(self, payload: Json) -> bool:
        return (
            payload.get("event") == "message_created"
            and payload.get("message_type") == "outgoing"
            and not payload.get("private")
            and (payload.get("conversation") or {}).get("id") == self.number
        )

    def _next(self, tested: str = "") -> None:
        url = self.inbox["webhook_url"]
        calls = "\n".join(shell(self.url, self.inbox))
        said = [self.steps(len(_STEPS)), "", *([tested, ""] if tested else [])]
        said += ["What your site does for a message of a customer, from any shell:", "", calls, ""]
        if url:
            said.append(f"Replies go to {url}")
        else:
            said.append(
                "Replies go to no webhook yet. `inboxd.py receiver` is one to look at them with, once e on Inboxes"
                " names its URL; `inboxd.py listen --forward URL` brings them to a local program."
            )
        offers = {"T": "tests the webhook"} if url else {}
        offer = Offer("Next: connect your site", "\n".join(said), offers, to_copy=calls, what="the calls")
        self.tui.push_screen(offer, self._test)

    def _test(self, key: str | None) -> None:
        if key is None:
            return
        self.tui.say("testing the webhook…")

        def come(outcome: Outcome) -> None:
            problem = outcome.problem
            self._next(problem.message if problem else hooks.outcome(outcome.value, self.tui.glyphs))

        self.tui.call(lambda client: client.test_webhook(inbox_id=self.inbox["id"]), come)
