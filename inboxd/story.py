"""A history to look at: weeks of a small support desk, played on a server whose clock is turned."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from inboxd.client import Client, InboxClient
from inboxd.domain.periods import DAY_MS, HOUR_MS

_MINUTE_MS = 60_000
_AGENTS = ("Ada Kovac", "Bo Jensen", "Chidi Okafor")
_NAMES = ("Ana", "Ben", "Chen", "Dora", "Emre", "Fatima", "Goro", "Hedy", "Ines", "Jonas", "Kaya", "Lena", "Mateo")
_FAMILIES = (
    "Souza",
    "Weber",
    "Tanaka",
    "Demir",
    "Fischer",
    "Marsh",
    "Duarte",
    "Rossi",
    "Lindqvist",
    "Haddad",
    "Yilmaz",
)
_QUESTIONS = (
    ("Where is my order?", "delivery"), ("The parcel came broken", "delivery"), ("I want my money back", "refund"),
    ("Two charges for one order", "refund"), ("Signing in fails since today", "bug"),
    ("Dark mode forgets itself", "bug"), ("Do you deliver to Izmir?", "delivery"), ("Please cancel my plan", "churn"),
)  # fmt: skip
_FEEDBACK = {
    5: "Quick and kind, thank you!", 4: None, 3: "It took a while.", 2: "I had to ask twice.",
    1: "Nobody read what I wrote.",
}  # fmt: skip
_BUSY = (0, 0, 0, 0, 0, 0, 1, 2, 5, 9, 12, 9, 5, 6, 10, 11, 8, 5, 3, 2, 2, 1, 1, 0)
"""How much comes in at each hour of a day."""


class Turned(Protocol):
    """A clock that can be turned on, to some unix milliseconds."""

    def turn(self, ms: int) -> None: ...


class Calendar:
    """The clock of a server whose history is being made: it is turned on, and goes by itself in the end."""

    def __init__(self) -> None:
        self._ms: int | None = None

    def turn(self, ms: int) -> None:
        self._ms = max(self._ms or 0, ms)

    def let_go(self) -> None:
        self._ms = None

    def __call__(self) -> int:
        return round(time.time() * 1000) if self._ms is None else self._ms


@dataclass(frozen=True)
class _Case:
    """What somebody asked, and what became of it."""

    name: str
    inbox: int
    agent: int
    question: str
    label: str
    rating: int | None


class History:
    """Weeks of a small support desk up to `until`, told to a server whose clock is `calendar`: the same each time."""

    def __init__(self, url: str, token: str, calendar: Turned, until: int) -> None:
        self._url = url
        self._admin = Client(url, token, retries=3)
        self._calendar = calendar
        self._until = until
        self._chance = random.Random(11)  # noqa: S311
        self._steps: list[tuple[int, int, Callable[[], Any]]] = []

    def tell(self, days: int) -> int:
        """How many conversations it was."""
        self._calendar.turn(self._until - days * DAY_MS)
        inboxes = [self._admin.create_inbox(name, csat_survey_enabled=True) for name in ("Shop", "Billing", "App")]
        customers = [InboxClient(self._url, inbox["inbox_identifier"]) for inbox in inboxes]
        people = [self._admin.create_agent(f"{name.split()[0].lower()}@inboxd.local", name=name) for name in _AGENTS]
        agents = [self._admin.create_token(email=one["email"])["access_token"] for one in people]
        clients = [Client(self._url, token, retries=3) for token in agents]
        for inbox in inboxes:
            ids = [one["id"] for one in people]
            self._admin.call("POST", "/inbox_members", inbox_id=inbox["id"], user_ids=ids)
        for title in dict.fromkeys(label for _, label in _QUESTIONS):
            self._admin.call("POST", "/labels", title=title)
        teams = [self._admin.call("POST", "/teams", name=name)["id"] for name in ("orders", "technical")]
        for team in teams:
            self._admin.call("POST", f"/teams/{team}/team_members", user_ids=[one["id"] for one in people])
        count = 0
        for day in range(days):
            for begin in self._begins(day, days):
                case = self._case(count)
                team = teams[case.label == "bug"]
                self._plan(case, begin, customers[case.inbox], clients[case.agent], people[case.agent]["id"], team)
                count += 1
        for moment, _, do in sorted(self._steps, key=lambda step: step[:2]):
            if moment < self._until:
                self._calendar.turn(moment)
                do()
        self._calendar.turn(self._until)
        for client, state in zip(clients, ("online", "busy", "offline"), strict=False):
            client.set_availability(state)
        for one in (self._admin, *clients):
            one.close()
        for customer in customers:
            customer.close()
        return count

    def _begins(self, day: int, days: int) -> list[int]:
        """When somebody writes on a day: in office hours mostly, less at weekends, more from week to week."""
        midnight = (self._until // DAY_MS - days + day + 1) * DAY_MS
        is_weekend = (midnight // DAY_MS + 3) % 7 > 4
        count = self._chance.randint(1, 3) if is_weekend else self._chance.randint(4, 8 + 4 * day // days)
        hours = self._chance.choices(range(24), _BUSY, k=count)
        begins = [midnight + hour * HOUR_MS + self._chance.randrange(HOUR_MS) for hour in hours]
        return [begin for begin in begins if begin < self._until]

    def _case(self, number: int) -> _Case:
        agent = self._chance.choices(range(len(_AGENTS)), (5, 3, 2))[0]
        question, label = self._chance.choice(_QUESTIONS)
        ratings = ((1, 2, 3, 8, 16), (2, 2, 4, 6, 6), (4, 3, 3, 2, 2))[agent]
        rating = self._chance.choices(range(1, 6), ratings)[0] if self._chance.random() < 0.6 else None
        name = f"{_NAMES[number % len(_NAMES)]} {_FAMILIES[number // len(_NAMES) % len(_FAMILIES)]}"
        return _Case(name, self._chance.randrange(3), agent, question, label, rating)

    def _plan(self, case: _Case, begin: int, customer: InboxClient, agent: Client, agent_id: int, team_id: int) -> None:
        number, source = 0, f"demo-{len(self._steps)}"

        def asks() -> None:
            nonlocal number
            customer.identify(source_id=source, name=case.name)
            number = customer.open_conversation(source)["id"]
            customer.send(source, number, case.question)

        def is_taken() -> None:
            agent.call("POST", f"/conversations/{number}/assignments", team_id=team_id)
            agent.assign(number, agent_id)
            agent.call("POST", f"/conversations/{number}/labels", labels=[case.label])

        def rates() -> None:
            uuid = self._admin.conversation(number)["uuid"]
            customer.rate(uuid, case.rating or 3, _FEEDBACK.get(case.rating or 3))

        pace = (4, 9, 25)[case.agent] * _MINUTE_MS
        at = self._then(begin, asks)
        at = self._then(at + self._some(pace / 2), is_taken)
        at = self._then(at + self._some(pace), lambda: agent.reply(number, "Let me see what I can do."))
        for _ in range(self._chance.randint(0, 2)):
            at = self._then(at + self._some(pace), lambda: customer.send(source, number, "Thanks, and how long?"))
            at = self._then(at + self._some(pace * 2), lambda: agent.reply(number, "It is done by tomorrow."))
        if self._chance.random() < 0.9:
            at = self._then(at + self._some(pace * 8), lambda: agent.set_status(number, "resolved"))
            if case.rating is not None:
                self._then(at + self._some(pace * 10), rates)

    def _some(self, mean: float) -> int:
        return round(self._chance.expovariate(1 / mean)) + 1_000

    def _then(self, moment: int, do: Callable[[], Any]) -> int:
        self._steps.append((moment, len(self._steps), do))
        return moment
