"""What is done to conversations, one or many, and how it is taken back."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from admin_tui.net.outcome import Outcome
from admin_tui.state.conversations import Talk

if TYPE_CHECKING:
    from admin_tui.app import InboxdTui

Work = Callable[[Any], Any]
Send = Callable[[Any, Sequence[Talk]], None]


@dataclass(frozen=True)
class Change:
    """`to` gives a conversation as it will be; `send` makes it so for each of some, `back` undoes it from how each
    was. Without `back` it cannot be taken back."""

    what: str
    to: Callable[[Talk], Talk]
    send: Send
    back: Send | None = None


class Changes:
    """Made in the order they were asked for, one at a time: resolve, undo and resolve again ends resolved.

    `show` is called at once with each conversation as it will be, `settled` with the numbers when the server has
    answered, whatever it said.
    """

    def __init__(self, tui: "InboxdTui", show: Callable[[Talk], None], settled: Callable[[set[int]], None]) -> None:
        self._tui = tui
        self._show = show
        self._settled = settled
        self._waiting: deque[tuple[Work, Callable[[Outcome], None]]] = deque()
        self._busy = False

    def make(self, change: Change, talks: Sequence[Talk]) -> None:
        if not talks:
            return
        name = f"#{talks[0].id} {talks[0].name}" if len(talks) == 1 else f"{len(talks)} conversations"
        back, wanted = change.back, [change.to(talk) for talk in talks]
        if back is not None:

            def undo() -> None:
                self._do(back, f"undo of {change.what}", wanted, talks)

            self._tui.undoing.remember(f"{change.what}: {name}", undo)
        said = f"{change.what}: {name}" + (" (u undoes)" if back is not None else "")
        self._do(change.send, change.what, talks, wanted, said)

    @property
    def is_busy(self) -> bool:
        return self._busy

    def _do(self, send: Send, what: str, before: Sequence[Talk], after: Sequence[Talk], said: str = "") -> None:
        for talk in after:
            self._show(talk)
        # What takes a change back looks at how each was before the change, and that is `after` there.
        talks = before if said else after

        def come(outcome: Outcome) -> None:
            if outcome.problem is not None:
                for talk in before:
                    self._show(talk)
                self._tui.say(f"{what}: {outcome.problem.message}", bad=True)
            elif said:
                self._tui.say(said)
            self._settled({talk.id for talk in talks})

        self._waiting.append((lambda client: send(client, talks), come))
        self._next()

    def _next(self) -> None:
        if self._busy or not self._waiting:
            return
        self._busy = True
        work, come = self._waiting.popleft()

        def done(outcome: Outcome) -> None:
            self._busy = False
            come(outcome)
            self._next()

        self._tui.call(work, done)


def _in_bulk(client: Any, talks: Sequence[Talk], **values: Any) -> None:
    if talks:
        client.call("POST", "/bulk_actions", type="Conversation", ids=[talk.id for talk in talks], **values)


def _grouped(talks: Sequence[Talk], key: Callable[[Talk], Any]) -> list[tuple[Any, list[Talk]]]:
    """Those that were alike together: one call takes them all back."""
    ordered = sorted(talks, key=lambda talk: str(key(talk)))
    return [(was, list(some)) for was, some in groupby(ordered, key)]


def status(word: str, until: int | None = None) -> Change:
    def send(client: Any, talks: Sequence[Talk]) -> None:
        if len(talks) == 1:
            client.set_status(talks[0].id, word, snoozed_until=until)
        else:
            _in_bulk(client, talks, fields={"status": word}, **({"snoozed_until": until} if until else {}))

    def back(client: Any, talks: Sequence[Talk]) -> None:
        for (was, moment), some in _grouped(talks, lambda talk: (talk.status, talk.snoozed_until)):
            late = {"snoozed_until": moment} if was == "snoozed" and moment else {}
            _in_bulk(client, some, fields={"status": was}, **late)
        # Opening may have assigned it to somebody.
        for user_id, some in _grouped(talks, lambda talk: talk.assignee_id):
            _in_bulk(client, some, fields={"assignee_id": user_id})

    words = {"open": "opened", "pending": "set to pending"}
    return Change(words.get(word, word), lambda talk: replace(talk, status=word, snoozed_until=until), send, back)


def assignee(user_id: int | None, name: str) -> Change:
    def back(client: Any, talks: Sequence[Talk]) -> None:
        for was, some in _grouped(talks, lambda talk: talk.assignee_id):
            _in_bulk(client, some, fields={"assignee_id": was})

    return Change(
        f"assigned to {name}",
        lambda talk: replace(talk, assignee_id=user_id, assignee=name if user_id else ""),
        lambda client, talks: _in_bulk(client, talks, fields={"assignee_id": user_id}),
        back,
    )


def team(team_id: int | None, name: str) -> Change:
    def back(client: Any, talks: Sequence[Talk]) -> None:
        for was, some in _grouped(talks, lambda talk: talk.team_id):
            _in_bulk(client, some, fields={"team_id": was})
        # A team that assigns by itself may have.
        for user_id, some in _grouped(talks, lambda talk: talk.assignee_id):
            _in_bulk(client, some, fields={"assignee_id": user_id})

    return Change(
        f"team {name}",
        lambda talk: replace(talk, team_id=team_id),
        lambda client, talks: _in_bulk(client, talks, fields={"team_id": team_id}),
        back,
    )


def labels(add: Sequence[str], remove: Sequence[str]) -> Change:
    """What others labelled meanwhile stays: the set is never written whole."""

    def to(talk: Talk) -> Talk:
        kept = [label for label in talk.labels if label not in remove]
        return replace(talk, labels=(*kept, *(label for label in add if label not in kept)))

    def back(client: Any, talks: Sequence[Talk]) -> None:
        for was, some in _grouped(talks, lambda talk: talk.labels):
            added = [label for label in add if label not in was]
            removed = [label for label in remove if label in was]
            _in_bulk(client, some, labels={"add": removed, "remove": added})

    said = [f"+{label}" for label in add] + [f"-{label}" for label in remove]
    return Change(
        f"labels {' '.join(said)}",
        to,
        lambda client, talks: _in_bulk(client, talks, labels={"add": list(add), "remove": list(remove)}),
        back,
    )


def priority(word: str) -> Change:
    def each(client: Any, wanted: Iterable[tuple[Talk, str]]) -> None:
        for talk, now in wanted:
            client.call("POST", f"/conversations/{talk.id}/toggle_priority", priority=now or None)

    return Change(
        f"priority {word or 'none'}",
        lambda talk: replace(talk, priority=word),
        lambda client, talks: each(client, [(talk, word) for talk in talks]),
        lambda client, talks: each(client, [(talk, talk.priority) for talk in talks]),
    )


def _each(verb: str) -> Send:
    def send(client: Any, talks: Sequence[Talk]) -> None:
        for talk in talks:
            client.call("POST", f"/conversations/{talk.id}/{verb}")

    return send


def mute() -> Change:
    return Change("muted", lambda talk: replace(talk, muted=True, status="resolved"), _each("mute"))


def unmute() -> Change:
    return Change("unmuted", lambda talk: replace(talk, muted=False), _each("unmute"))


def unread() -> Change:
    return Change("marked unread", lambda talk: replace(talk, unread=max(1, talk.unread)), _each("unread"))
