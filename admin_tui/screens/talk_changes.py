"""What is done to conversations, one or many, and how it is taken back."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from admin_tui.net.outcome import Outcome
from admin_tui.state.conversations import Talk
from admin_tui.state.conversations import talk as talk_of
from admin_tui.state.undo import told

if TYPE_CHECKING:
    from admin_tui.app import InboxdTui

Work = Callable[[Any], Any]
Send = Callable[[Any, Sequence[Talk]], None]


@dataclass(frozen=True)
class Change:
    """`to` gives a conversation as it will be; `send` makes it so for each of some, `back` undoes it from how each
    is to be again. Without `back` it cannot be taken back. `fields` are what it sets, `decides` when the server sets
    some of them by itself. What `merges` overwrites nothing of others."""

    what: str
    to: Callable[[Talk], Talk]
    send: Send
    back: Send | None = None
    fields: tuple[str, ...] = ()
    decides: bool = False
    merges: bool = False

    def still(self, made: Talk, now: Talk) -> bool:
        """Whether nobody else changed the same since."""
        return self.merges or all(getattr(made, name) == getattr(now, name) for name in self.fields)

    def before(self, was: Talk, now: Talk) -> Talk:
        """How a conversation is without it."""
        return replace(now, **{name: getattr(was, name) for name in self.fields})


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
        back, made, what = change.back, [change.to(talk) for talk in talks], f"{change.what}: {name}"

        def send(client: Any) -> Any:
            change.send(client, talks)
            return [client.conversation(talk.id) for talk in talks] if change.decides else []

        def sent(found: Any) -> None:
            made[:] = [talk_of(one) for one in found] or made
            self._tui.say(f"{what} ({self._tui.key_of_id('undo')} undoes)" if back is not None else what)

        def take_back(client: Any) -> list[str]:
            now = [talk_of(client.conversation(talk.id)) for talk in talks]
            still = [change.still(*pair) for pair in zip(made, now, strict=True)]
            before = [change.before(*pair) for pair in zip(talks, now, strict=True)]
            if back is not None:
                back(client, [talk for talk, is_ours in zip(before, still, strict=True) if is_ours])
            return [f"#{talk.id} {talk.name}" for talk, is_ours in zip(talks, still, strict=True) if not is_ours]

        def undone(left: list[str]) -> None:
            self._tui.say(told(what, left), bad=bool(left))

        if back is not None:
            self._tui.undoing.remember(what, lambda: self._do(take_back, f"undo of {change.what}", made, talks, undone))
        self._do(send, change.what, talks, made, sent)

    @property
    def is_busy(self) -> bool:
        return self._busy

    def _do(
        self, work: Work, what: str, before: Sequence[Talk], after: Sequence[Talk], then: Callable[[Any], None]
    ) -> None:
        for talk in after:
            self._show(talk)

        def come(outcome: Outcome) -> None:
            if outcome.problem is not None:
                for talk in before:
                    self._show(talk)
                self._tui.say(f"{what}: {outcome.problem.message}", bad=True)
            else:
                then(outcome.value)
            self._settled({talk.id for talk in before})

        self._waiting.append((work, come))
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
    return Change(
        words.get(word, word),
        lambda talk: replace(talk, status=word, snoozed_until=until),
        send,
        back,
        ("status", "snoozed_until", "assignee_id") if word == "open" else ("status", "snoozed_until"),
        decides=word in ("open", "snoozed"),
    )


def assignee(user_id: int | None, name: str) -> Change:
    def back(client: Any, talks: Sequence[Talk]) -> None:
        for was, some in _grouped(talks, lambda talk: talk.assignee_id):
            _in_bulk(client, some, fields={"assignee_id": was})

    return Change(
        f"assigned to {name}",
        lambda talk: replace(talk, assignee_id=user_id, assignee=name if user_id else ""),
        lambda client, talks: _in_bulk(client, talks, fields={"assignee_id": user_id}),
        back,
        ("assignee_id",),
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
        ("team_id", "assignee_id"),
        decides=True,
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
        ("labels",),
        merges=True,
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
        ("priority",),
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
