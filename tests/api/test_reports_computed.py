"""Every number of the reports, held against sums over a diary that knows nothing of how they are kept."""

import csv
import io
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any

import pytest

from tests.api.test_conversations import act
from tests.api.test_reports import DAY, NOW, ask, label, series
from tests.api.test_teams import made
from tests.cast import Clock, World

HOUR = 3600
SPAN: dict[str, Any] = {"since": NOW - DAY, "until": NOW + 60 * DAY}
AVERAGES = {
    "avg_first_response_time": "first_response",
    "avg_resolution_time": "resolved",
    "reply_time": "reply",
}
MESSAGES = {"incoming_messages_count": "incoming", "outgoing_messages_count": "outgoing"}
METRICS = ("conversations_count", *MESSAGES, *AVERAGES, "resolutions_count")
ROUND: dict[str, Any] = {
    "hour": {},
    "day": {"hour": 0},
    "month": {"day": 1, "hour": 0},
    "year": {"month": 1, "day": 1, "hour": 0},
}


@dataclass
class Talk:
    number: int
    inbox: int
    created: int
    waiting: int | None
    opened: int | None = None
    is_open: bool = True
    answered: bool = False
    assignee: int | None = None
    team: int | None = None
    labels: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Entry:
    """What happened at a second, in which conversation, by whom or to whom, and how long it had taken."""

    what: str
    at: int
    talk: Talk
    user: int | None = None
    took: int = 0

    @property
    def took_in_hours(self) -> int:
        """Monday to Friday, nine to five, a minute at a time."""
        minutes = range(self.at - self.took, self.at, 60)
        return 60 * sum(_is_work(datetime.fromtimestamp(minute, UTC)) for minute in minutes)


def _is_work(moment: datetime) -> bool:
    return moment.weekday() < 5 and 9 <= moment.hour < 17


@dataclass
class Diary:
    """Does things in the world, and writes down what reports should say of them. Only in `worked` are hours kept."""

    world: World
    clock: Clock
    inboxes: dict[int, str]
    teams: list[int]
    labels: dict[int, str]
    worked: int
    entries: list[Entry] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)

    @property
    def now(self) -> int:
        return self.clock.now // 1000

    def note(self, what: str, talk: Talk, user: int | None = None, since: int | None = None) -> None:
        self.entries.append(Entry(what, self.now, talk, user, self.now - (self.now if since is None else since)))

    def open(self, chance: random.Random) -> None:
        inbox, identifier = chance.choice(list(self.inboxes.items()))
        path = f"/public/api/v1/inboxes/{identifier}/contacts"
        contact = self.world.http.post(path, json={"name": "Somebody"}).json()["source_id"]
        number = self.world.http.post(f"{path}/{contact}/conversations").json()["id"]
        self.talks.append(Talk(number, inbox, self.now, self.now))
        self.note("created", self.talks[-1])

    def post(self, talk: Talk, token: str, **values: Any) -> None:
        path = f"{self.world.account}/conversations/{talk.number}/messages"
        assert self.world.http.post(path, json={"content": "x", **values}, token=token).status_code == 200

    def incoming(self, talk: Talk) -> None:
        self.post(talk, self.world.admin, message_type="incoming")
        self.note("incoming", talk)
        if not talk.is_open:
            talk.is_open, talk.opened = True, self.now
        talk.waiting = self.now if talk.waiting is None else talk.waiting

    def reply(self, talk: Talk, user: int, token: str, *, private: bool) -> None:
        self.post(talk, token, private=private)
        self.note("outgoing", talk, user)
        if private:
            return
        if not talk.answered:
            self.note("first_response", talk, user, talk.created if talk.opened is None else talk.opened)
        elif talk.waiting is not None:
            self.note("reply", talk, talk.assignee, talk.waiting)
        talk.answered, talk.waiting = True, None

    def resolve(self, talk: Talk) -> None:
        if talk.is_open:
            act(self.world, talk.number, "toggle_status", self.world.admin, status="resolved")
            self.note("resolved", talk, talk.assignee, talk.created)
        talk.is_open, talk.waiting = False, None

    def assign(self, talk: Talk, user: int | None) -> None:
        act(self.world, talk.number, "assignments", self.world.admin, assignee_id=user)
        talk.assignee = user

    def tag(self, talk: Talk, labels: set[int]) -> None:
        act(self.world, talk.number, "labels", self.world.admin, labels=[self.labels[one] for one in labels])
        talk.labels = labels

    def anything(self, chance: random.Random, talk: Talk, user: int, token: str) -> None:
        deeds: list[Callable[[], None]] = [
            lambda: self.incoming(talk),
            lambda: self.reply(talk, user, token, private=chance.random() < 0.2),
            lambda: self.resolve(talk),
            lambda: self.assign(talk, chance.choice([None, user])),
            lambda: self.tag(talk, set(chance.sample(sorted(self.labels)[:2], chance.randint(0, 2)))),
        ]
        chance.choices(deeds, (4, 4, 2, 1, 1))[0]()

    def belongs(self, entry: Entry, kind: str, number: int | None) -> bool:
        if kind == "account":
            return True
        if kind == "inbox":
            return entry.talk.inbox == number
        if kind == "team":
            return entry.talk.team == number
        if kind == "label":
            return number in entry.talk.labels
        return number == (entry.talk.assignee if entry.what == "created" else entry.user)

    def found(self, metric: str, kind: str, number: int | None, since: int, until: int) -> list[Entry]:
        what = AVERAGES | MESSAGES | {"conversations_count": "created", "resolutions_count": "resolved"}
        return [
            one
            for one in self.entries
            if one.what == what[metric] and since <= one.at < until and self.belongs(one, kind, number)
        ]

    def average(self, found: Iterable[Entry], *, hours: bool) -> float | None:
        took = [one.took if not hours else one.took_in_hours if one.talk.inbox == self.worked else 0 for one in found]
        return sum(took) / len(took) if took else None

    def figure(self, metric: str, kind: str, number: int | None, since: int, until: int, *, hours: bool = False) -> Any:
        found = self.found(metric, kind, number, since, until)
        return self.average(found, hours=hours) if metric in AVERAGES else len(found)

    def numbers(self, kind: str) -> list[int]:
        return [number for each, number in self.subjects() if each == kind and number is not None]

    def point(self, metric: str, found: list[Entry]) -> dict[str, Any]:
        if metric not in AVERAGES:
            return {"value": len(found)}
        return {"value": pytest.approx(self.average(found, hours=False) or 0), "count": len(found)}

    def subjects(self) -> list[tuple[str, int | None]]:
        people = [1, self.world.ada_id, self.world.olga_id]
        return [
            ("account", None),
            *(("agent", one) for one in people),
            *(("inbox", one) for one in self.inboxes),
            *(("team", one) for one in self.teams),
            *(("label", one) for one in self.labels),
        ]


@pytest.fixture
def diary(world: World, clock: Clock) -> Diary:
    """A month of two inboxes, in steps of whole minutes."""
    chance = random.Random(4)
    world.by_hand()
    hours = {"working_hours_enabled": True, "enable_auto_assignment": False}
    body = {"name": "Worked", "channel": {"type": "api"}, **hours}
    other = world.http.post(f"{world.account}/inboxes", json=body, token=world.admin).json()
    inboxes = {one["id"]: one["inbox_identifier"] for one in (world.inbox, other)}
    for inbox in inboxes:
        members = {"inbox_id": inbox, "user_ids": [world.ada_id, world.olga_id]}
        world.http.post(f"{world.account}/inbox_members", json=members, token=world.admin)
    teams = [made(world, name, allow_auto_assign=False)["id"] for name in ("sales", "idle", "support")]
    kept = Diary(world, clock, inboxes, teams, {label(world, one): one for one in ("new", "vip", "none")}, other["id"])
    people = [(world.ada_id, world.ada), (world.olga_id, world.olga), (1, world.admin)]
    # To the full minute first: the naive business hours count minutes.
    clock.advance(ms=60_000 - clock.now % 60_000)
    for _ in range(120):
        clock.advance(s=60 * int(chance.expovariate(1 / 400)))
        if len(kept.talks) < 3 or chance.random() < 0.15:
            kept.open(chance)
            continue
        kept.anything(chance, chance.choice(kept.talks[-8:]), *chance.choice(people))
    for talk in kept.talks:
        if chance.random() < 0.6:
            talk.team = chance.choice(teams[::2])
            act(world, talk.number, "assignments", world.admin, team_id=talk.team)
            talk.assignee = None
    # What contacts carry is no label of a conversation, though their ids are the same.
    for contact in range(1, 6):
        path = f"{world.account}/contacts/{contact}/labels"
        body = {"labels": ["new", "none"]}
        assert world.http.post(path, json=body, token=world.admin).status_code == 200
    clock.advance(s=1)
    assert all(kept.figure(metric, "account", None, **SPAN) for metric in METRICS), "nothing to look at"
    return kept


def begin(unit: str, moment: int, zone: timezone) -> datetime:
    """Of the period that a second is in."""
    local = datetime.fromtimestamp(moment, zone)
    if unit == "week":
        local -= timedelta(days=local.weekday())
    return local.replace(minute=0, second=0, **ROUND["day" if unit == "week" else unit])


def periods(unit: str, since: int, until: int, zone: timezone) -> list[datetime]:
    """Found by looking at every half hour."""
    seconds = [*range(since, until, HOUR // 2), until - 1]
    return sorted({begin(unit, second, zone) for second in seconds})


def test_every_metric_of_everybody_is_what_the_diary_says(diary: Diary) -> None:
    since, until = NOW + 2 * DAY, diary.now - 3 * DAY
    figures = ask(diary.world, "reports/summary", type="account", since=since, until=until)
    [_, line] = download(diary.world, "conversations_summary", since=since, until=until)
    assert sorted(line) == sorted(str(figures[key]) for key in METRICS)
    for (kind, number), hours in product(diary.subjects(), (False, True)):
        asked = {"since": since, "until": until, "business_hours": hours}
        shown = ask(diary.world, "reports/summary", type=kind, id=number, **asked)
        for figures, begin, end in ((shown, since, until), (shown["previous"], 2 * since - until, since)):
            for metric in METRICS:
                expected = diary.figure(metric, kind, number, begin, end, hours=hours)
                assert figures[metric] == pytest.approx(expected), (kind, number, metric, begin)


def test_periods_are_those_of_the_calendar_wherever_the_clock_hangs(diary: Diary) -> None:
    middle = diary.entries[len(diary.entries) // 2].at
    offsets: list[Any] = [0, 5.5, -3, "-9.5", 14, 5.75]
    backs = {"hour": 3, "day": 20, "week": 30, "month": 70, "year": 400}
    for (unit, back), offset in product(backs.items(), offsets):
        zone = timezone(timedelta(hours=float(offset)))
        since, until = middle - back * DAY, middle + min(back, 20) * DAY
        starts = periods(unit, since, until, zone)
        asked = {"since": since, "until": until, "group_by": unit, "timezone_offset": offset}
        for metric in ("incoming_messages_count", "avg_resolution_time"):
            sorted_in: dict[datetime, list[Entry]] = {start: [] for start in starts}
            for entry in diary.found(metric, "account", None, since, until):
                sorted_in[begin(unit, entry.at, zone)].append(entry)
            assert series(diary.world, metric, **asked) == [
                {"timestamp": int(start.timestamp()), **diary.point(metric, each)} for start, each in sorted_in.items()
            ], (unit, offset, metric)


def test_a_series_of_anybody_adds_up_to_what_the_diary_says(diary: Diary) -> None:
    one_of_each = dict(reversed(diary.subjects()))
    span: dict[str, Any] = {"since": NOW, "until": diary.now}
    for (kind, number), metric in product(one_of_each.items(), METRICS):
        asked = {"type": kind, "id": number, "group_by": "week", "business_hours": True, **span}
        points = series(diary.world, metric, **asked)
        expected = diary.figure(metric, kind, number, **span, hours=True)
        together = sum(point["value"] * point.get("count", 1) for point in points)
        count = sum(point["count"] for point in points) if metric in AVERAGES else 1
        assert (together / count if count else None) == pytest.approx(expected), (kind, number, metric)


def test_the_edges_of_a_time_are_exact(diary: Diary) -> None:
    for metric in METRICS:
        entry = diary.found(metric, "account", None, **SPAN)[1]
        for since, until in ((entry.at, entry.at), (entry.at, entry.at + 1), (entry.at - 1, entry.at)):
            expected = len(diary.found(metric, "account", None, since, until))
            points = series(diary.world, metric, since=since, until=until, group_by="day")
            found = sum(point.get("count", point["value"]) for point in points)
            assert found == expected, (metric, since, until)


def test_comparisons_and_their_tables_are_what_the_diary_says(diary: Diary) -> None:
    told = {
        "conversations_count": "conversations_count",
        "resolved_conversations_count": "resolutions_count",
        "avg_first_response_time": "avg_first_response_time",
        "avg_resolution_time": "avg_resolution_time",
        "avg_reply_time": "reply_time",
    }
    plurals = {"agent": "agents", "inbox": "inboxes", "team": "teams", "label": "labels"}
    for kind, hours in product(plurals, (False, True)):
        asked = {"since": NOW + 3 * DAY, "until": diary.now - 2 * DAY, "business_hours": hours}
        rows = ask(diary.world, f"summary_reports/{kind}", **asked)
        [_, *lines] = download(diary.world, plurals[kind], **asked)
        assert sorted(row["id"] for row in rows) == sorted(diary.numbers(kind))
        for row, line in zip(rows, lines, strict=True):
            span: dict[str, Any] = {"since": asked["since"], "until": asked["until"], "hours": hours}
            expected = [diary.figure(metric, kind, row["id"], **span) for metric in told.values()]
            assert [row[key] for key in told] == pytest.approx([e or 0 if kind == "label" else e for e in expected])
            assert [float(cell) if cell else None for cell in line[1:]] == pytest.approx(expected)


def download(world: World, name: str, **params: Any) -> list[list[str]]:
    answer = world.http.get(f"/api/v2/accounts/1/reports/{name}", params=params, token=world.admin)
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.text, newline="")))


def test_traffic_has_every_hour_of_every_day_asked_for(diary: Diary) -> None:
    for offset in (0, 5.5, -3):
        zone = timezone(timedelta(hours=offset))
        asked = {"since": NOW + DAY, "until": NOW + 6 * DAY}
        [head, *lines] = download(diary.world, "conversation_traffic", **asked, timezone_offset=offset)
        starts = periods("hour", **asked, zone=zone)
        assert head[1:] == sorted({f"{start:%Y-%m-%d}" for start in starts})
        counts = dict.fromkeys(starts, 0)
        for entry in diary.found("conversations_count", "account", None, **asked):
            counts[begin("hour", entry.at, zone)] += 1
        expected = {(f"{start:%Y-%m-%d}", f"{start:%H}:00"): str(count) for start, count in counts.items()}
        found = {(day, line[0]): cell for line in lines for day, cell in zip(head[1:], line[1:], strict=True) if cell}
        assert found == expected


def test_what_is_counted_besides_is_what_the_diary_says(diary: Diary) -> None:
    asked: dict[str, Any] = {"since": NOW + 3 * DAY, "until": diary.now - 2 * DAY}
    shown = ask(diary.world, "reports/inbox_label_matrix", **asked)
    new = diary.found("conversations_count", "account", None, **asked)
    for inbox, line in zip(shown["inboxes"], shown["matrix"], strict=True):
        for one, count in zip(shown["labels"], line, strict=True):
            expected = [e for e in new if e.talk.inbox == inbox["id"] and one["id"] in e.talk.labels]
            assert count == len(expected)
    classes = {"0-1h": 0, "1-4h": 0, "4-8h": 0, "8-24h": 0, "24h+": 0}
    for entry in diary.found("avg_first_response_time", "account", None, **asked):
        took = [limit for limit in (1, 4, 8, 24) if entry.took < limit * HOUR]
        classes[{4: "0-1h", 3: "1-4h", 2: "4-8h", 1: "8-24h", 0: "24h+"}[len(took)]] += 1
    assert ask(diary.world, "reports/first_response_time_distribution", **asked) == {"Channel::Api": classes}
    for kind in ("agent", "team", "inbox", "label"):
        rows = ask(diary.world, "reports/outgoing_messages_count", group_by=kind, **asked)
        counts = {one: diary.figure("outgoing_messages_count", kind, one, **asked) for one in diary.numbers(kind)}
        assert {row["id"]: row["outgoing_messages_count"] for row in rows} == {
            one: count for one, count in counts.items() if count
        }
    open_ones = sum(entry.talk.is_open for entry in new)
    assert ask(diary.world, "summary_reports/channel", **asked) == {
        "Channel::Api": {
            "open": open_ones, "resolved": len(new) - open_ones, "pending": 0, "snoozed": 0, "total": len(new),
        }
    }  # fmt: skip


def test_what_is_open_now_is_what_the_diary_says(diary: Diary) -> None:
    def counted(talks: list[Talk]) -> dict[str, int]:
        return {
            "open": len(talks),
            "unattended": sum(not one.answered or one.waiting is not None for one in talks),
            "unassigned": sum(one.assignee is None for one in talks),
        }

    now = [talk for talk in diary.talks if talk.is_open]
    assert ask(diary.world, "live_reports/conversation_metrics") == counted(now) | {"pending": 0}
    for team in diary.teams:
        theirs = [talk for talk in now if talk.team == team]
        found = ask(diary.world, "live_reports/conversation_metrics", team_id=team)
        assert found == counted(theirs) | {"pending": 0}
    for key, of in (("team_id", "team"), ("assignee_id", "assignee")):
        rows = ask(diary.world, "live_reports/grouped_conversation_metrics", group_by=key)
        groups = {getattr(talk, of) for talk in now}
        assert {row[key]: {k: v for k, v in row.items() if k != key} for row in rows} == {
            one: counted([talk for talk in now if getattr(talk, of) == one]) for one in groups
        }
    for load in ask(diary.world, "reports/conversations", type="agent"):
        whole = counted([talk for talk in now if talk.assignee == load["id"]])
        assert load["metric"] == {"open": whole["open"], "unattended": whole["unattended"]}
