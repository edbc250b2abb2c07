"""Reports over a time: periods, summaries, comparisons, and who may see them."""

from typing import Any

import pytest

from inboxd.api.routes import ROUTES
from tests.api.test_agent_bots import bot  # noqa: F401  (a fixture)
from tests.api.test_conversations import act, set_inbox
from tests.api.test_inboxes import NOT_ALLOWED, NOT_FOUND
from tests.api.test_teams import elsewhere, made
from tests.cast import EPOCH, Clock, World

NOW = EPOCH // 1000
DAY = 86_400
MIDNIGHT = NOW - NOW % DAY
V2 = "/api/v2/accounts/1"
PATHS = [route.path for route in ROUTES if route.path.startswith("/api/v2/")]
AVERAGES = ("avg_first_response_time", "avg_resolution_time", "reply_time")
COUNTS = (
    "conversations_count", "incoming_messages_count", "outgoing_messages_count", "resolutions_count",
    "bot_resolutions_count", "bot_handoffs_count",
)  # fmt: skip
TODAY = {"since": MIDNIGHT, "until": MIDNIGHT + DAY}
EMPTY = {
    "conversations_count": 0, "incoming_messages_count": 0, "outgoing_messages_count": 0, "resolutions_count": 0,
    "avg_first_response_time": None, "avg_resolution_time": None, "reply_time": None,
}  # fmt: skip


def ask(world: World, path: str, **params: Any) -> Any:
    answer = world.http.get(f"{V2}/{path}", params=params, token=world.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(world: World, path: str, **params: Any) -> tuple[int, Any]:
    answer = world.http.get(f"{V2}/{path}", params=params, token=world.admin)
    return answer.status_code, answer.json() if answer.content else None


def series(world: World, metric: str, **params: Any) -> list[Any]:
    found: list[Any] = ask(world, "reports", metric=metric, **{"type": "account", **TODAY, **params})
    return found


def values(world: World, metric: str, **params: Any) -> list[Any]:
    return [point["value"] for point in series(world, metric, **params)]


def label(world: World, title: str) -> int:
    found: int = world.http.post(f"{world.account}/labels", json={"title": title}, token=world.admin).json()["id"]
    return found


@pytest.fixture
def handled(world: World, clock: Clock) -> int:
    """A conversation that Ada answered after a minute, and again after two; resolved after five."""
    number = world.conversation()
    world.incoming(number)
    clock.advance(s=60)
    world.reply(number)
    world.incoming(number)
    clock.advance(s=120)
    world.reply(number)
    act(world, number, "assignments", assignee_id=world.ada_id)
    clock.advance(s=120)
    act(world, number, "toggle_status", status="resolved")
    return number


@pytest.mark.parametrize("path", PATHS)
def test_reports_are_for_administrators(world: World, path: str) -> None:
    where = path.replace("{account_id}", "1")
    answer = world.http.get(where, token=world.ada)
    assert (answer.status_code, answer.json()) == (401, NOT_ALLOWED)
    assert world.http.get(where).status_code == 401
    other = elsewhere(world).replace("v1", "v2")
    theirs = world.http.get(where.replace("/api/v2/accounts/1", other), token=world.ada)
    assert theirs.json() == {"error": "You are not authorized to access this account"}


def test_suffix_and_trailing_slash_change_nothing(world: World) -> None:
    for end in ("", "/", ".json", "/?"):
        answer = world.http.get(f"{V2}/reports/conversations{end}", params={"type": "account"}, token=world.admin)
        assert answer.json() == {"open": 0, "unattended": 0, "unassigned": 0, "pending": 0}


def test_a_count_has_every_period_also_the_empty_ones(world: World) -> None:
    world.conversation()
    points = series(world, "conversations_count", since=MIDNIGHT - DAY, until=MIDNIGHT + 2 * DAY)
    assert points == [
        {"value": 0, "timestamp": MIDNIGHT - DAY},
        {"value": 1, "timestamp": MIDNIGHT},
        {"value": 0, "timestamp": MIDNIGHT + DAY},
    ]


@pytest.mark.usefixtures("handled")
def test_every_metric_counts_what_it_says(world: World) -> None:
    assert [values(world, metric) for metric in COUNTS] == [[1], [2], [2], [1], [0], [0]]
    assert [series(world, metric) for metric in AVERAGES] == [
        [{"value": 60.0, "timestamp": MIDNIGHT, "count": 1}],
        [{"value": 300.0, "timestamp": MIDNIGHT, "count": 1}],
        [{"value": 120.0, "timestamp": MIDNIGHT, "count": 1}],
    ]
    assert series(world, "reply_time", since=MIDNIGHT - DAY, until=MIDNIGHT) == [
        {"value": 0, "timestamp": MIDNIGHT - DAY, "count": 0}
    ]


def test_until_is_outside(world: World) -> None:
    world.conversation()
    assert values(world, "conversations_count", since=NOW, until=NOW) == []
    assert values(world, "conversations_count", since=NOW, until=NOW + 1) == [1]
    assert values(world, "conversations_count", since=NOW - 1, until=NOW) == [0]


def test_periods_are_those_of_the_clock_that_is_asked_for(world: World, clock: Clock) -> None:
    world.conversation()
    clock.advance(s=11 * 3600)
    world.conversation()
    params = {"since": NOW, "until": NOW + 12 * 3600}
    assert series(world, "conversations_count", **params, timezone_offset=5.5) == [
        {"value": 1, "timestamp": MIDNIGHT - 19_800},
        {"value": 1, "timestamp": MIDNIGHT + DAY - 19_800},
    ]
    assert values(world, "conversations_count", **params, timezone_offset="-3") == [2]
    assert values(world, "conversations_count", **params, group_by="hour") == [1] + [0] * 10 + [1] + [0]
    for unit, start in (("week", MIDNIGHT - 2 * DAY), ("month", MIDNIGHT - 9 * DAY), ("year", MIDNIGHT - 160 * DAY)):
        assert series(world, "conversations_count", **params, group_by=unit) == [{"value": 2, "timestamp": start}]


def test_without_times_it_is_the_last_week(world: World) -> None:
    world.conversation()
    points = ask(world, "reports", metric="conversations_count", type="account", until=NOW + 1)
    assert (len(points), points[-1]["value"]) == (8, 1)


def test_an_unknown_metric_is_an_empty_object(world: World) -> None:
    for metric in ("nonsense", ""):
        assert ask(world, "reports", metric=metric, type="account", **TODAY) == {}
    assert ask(world, "reports", type="account") == {}


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"type": None}, "type"),
        ({"type": ""}, "type"),
        ({"type": "galaxy"}, "type"),
        ({"group_by": "minute"}, "group_by"),
        ({"group_by": "hour", "since": 0}, "since"),
        ({"since": 0, "group_by": "day"}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"timezone_offset": "Berlin"}, "timezone_offset"),
        ({"timezone_offset": "nan"}, "timezone_offset"),
        ({"timezone_offset": 15}, "timezone_offset"),
        ({"business_hours": "perhaps"}, "business_hours"),
        ({"type": "inbox", "id": "x"}, "id"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(world: World, params: dict[str, Any], field: str) -> None:
    status, body = refused(world, "reports", **{"metric": "reply_time", "type": "account", **TODAY, **params})
    assert (status, body["attributes"]) == (422, [field])


@pytest.mark.parametrize("path", ["reports", "reports/summary"])
def test_a_report_says_what_it_is_about(world: World, path: str) -> None:
    assert refused(world, path, metric="reply_time") == (
        422, {"message": "Type can't be blank", "attributes": ["type"]},
    )  # fmt: skip


@pytest.mark.parametrize("path", ["reports", "reports/summary", "reports/bot_summary"])
@pytest.mark.parametrize("kind", ["agent", "inbox", "team", "label"])
def test_who_or_what_is_of_another_account_is_not_there(world: World, kind: str, path: str) -> None:
    for number in (None, 99, 2**40):
        params = {"metric": "reply_time", "type": kind, "id": number, **TODAY}
        assert refused(world, path, **params) == (404, NOT_FOUND)


def test_a_report_about_one_counts_only_what_is_theirs(world: World, handled: int) -> None:
    vip, idle = label(world, "vip"), label(world, "idle")
    team, other_team = made(world, "sales", world.ada_id)["id"], made(world, "idle")["id"]
    body = {"name": "Idle", "channel": {"type": "api"}}
    other_inbox = world.http.post(f"{world.account}/inboxes", json=body, token=world.admin).json()["id"]
    act(world, handled, "labels", labels=["vip"])
    act(world, handled, "assignments", team_id=team)
    for kind, number, other in (
        ("inbox", world.inbox["id"], other_inbox),
        ("team", team, other_team),
        ("label", vip, idle),
        ("agent", world.ada_id, world.olga_id),
    ):
        for metric, expected in (
            ("conversations_count", 1), ("outgoing_messages_count", 2), ("resolutions_count", 1),
            # Nobody was assigned yet when the reply came.
            ("reply_time", 0 if kind == "agent" else 120),
            ("avg_first_response_time", 60), ("incoming_messages_count", 0 if kind == "agent" else 2),
        ):  # fmt: skip
            assert values(world, metric, type=kind, id=number) == [expected], (kind, metric)
            assert values(world, metric, type=kind, id=other) == [0], (kind, metric)
        whole = ask(world, "reports/summary", type=kind, id=number, **TODAY)
        assert (whole["conversations_count"], whole["avg_resolution_time"]) == (1, 300)
        assert ask(world, "reports/summary", type=kind, id=other, **TODAY) == EMPTY | {"previous": EMPTY}


@pytest.mark.usefixtures("handled")
def test_a_summary_has_the_time_before_beside_it(world: World) -> None:
    figures = {
        "conversations_count": 1, "incoming_messages_count": 2, "outgoing_messages_count": 2, "resolutions_count": 1,
        "avg_first_response_time": 60.0, "avg_resolution_time": 300.0, "reply_time": 120.0,
    }  # fmt: skip
    assert ask(world, "reports/summary", type="account", **TODAY) == figures | {"previous": EMPTY}
    tomorrow = {"since": MIDNIGHT + DAY, "until": MIDNIGHT + 2 * DAY}
    assert ask(world, "reports/summary", type="account", **tomorrow) == EMPTY | {"previous": figures}


def test_business_hours_are_shown_when_they_are_asked_for(world: World, clock: Clock) -> None:
    set_inbox(world, working_hours_enabled=True)
    number = world.conversation()
    clock.advance(s=DAY)
    act(world, number, "toggle_status", status="resolved")
    params = {"since": MIDNIGHT + DAY, "until": MIDNIGHT + 2 * DAY}
    assert values(world, "avg_resolution_time", **params) == [DAY]
    assert values(world, "avg_resolution_time", **params, business_hours="true") == [8 * 3600]
    summary = ask(world, "reports/summary", type="account", **params, business_hours=True)
    assert summary["avg_resolution_time"] == 8 * 3600
    (row,) = ask(world, "summary_reports/inbox", **params, business_hours=True)
    assert row["avg_resolution_time"] == 8 * 3600


@pytest.mark.usefixtures("bot")
def test_bots_are_summed_up(world: World, clock: Clock) -> None:
    for _ in range(3):
        number = world.conversation()
        world.reply(number)
    alone = world.conversation()
    act(world, alone, "toggle_status", world.admin, status="resolved")
    figures = {"bot_resolutions_count": 1, "bot_handoffs_count": 0}
    nothing = {"bot_resolutions_count": 0, "bot_handoffs_count": 0}
    assert ask(world, "reports/bot_summary", type="account", **TODAY) == figures | {"previous": nothing}
    assert ask(world, "reports/bot_summary", **TODAY) == figures | {"previous": nothing}
    assert values(world, "bot_resolutions_count") == [1]
    assert ask(world, "reports/bot_metrics", **TODAY) == {
        "conversation_count": 4, "message_count": 3, "resolution_rate": 25, "handoff_rate": 0,
    }  # fmt: skip


def test_an_account_without_bots_has_no_rates(world: World) -> None:
    world.conversation()
    assert ask(world, "reports/bot_metrics", **TODAY) == {
        "conversation_count": 0, "message_count": 0, "resolution_rate": 0, "handoff_rate": 0,
    }  # fmt: skip


def test_a_matrix_counts_inboxes_by_labels(world: World) -> None:
    vip, new = label(world, "vip"), label(world, "new")
    for labels in (["vip"], ["vip", "new"], ["unlisted"]):
        act(world, world.conversation(), "labels", labels=labels)
    acme = {"id": world.inbox["id"], "name": "Acme API"}
    path = "reports/inbox_label_matrix"
    assert ask(world, path) == {
        "inboxes": [acme], "labels": [{"id": new, "title": "new"}, {"id": vip, "title": "vip"}], "matrix": [[1, 2]],
    }  # fmt: skip
    one = {"inboxes": [acme], "labels": [{"id": vip, "title": "vip"}], "matrix": [[2]]}
    assert ask(world, path, **{"inbox_ids[]": [acme["id"], 99], "label_ids[]": vip}) == one
    assert ask(world, path, since=NOW + 1, until=NOW + 9, **{"label_ids[]": vip}) == one | {"matrix": [[0]]}
    assert ask(world, path, **{"inbox_ids[]": 99})["matrix"] == []


def test_first_responses_are_in_classes(world: World, clock: Clock) -> None:
    path = "reports/first_response_time_distribution"
    assert ask(world, path) == {}
    numbers = [world.conversation() for _ in range(6)]
    for hours, number in zip((0.5, 0.5, 1, 4, 10, 20), numbers, strict=True):
        clock.advance(s=hours * 3600)
        world.reply(number)
    # After half an hour, one, two, six, sixteen and thirty-six.
    classes = {"0-1h": 1, "1-4h": 2, "4-8h": 1, "8-24h": 1, "24h+": 1}
    clock.advance(s=1)
    assert ask(world, path) == {"Channel::Api": classes}
    assert ask(world, path, **TODAY) == {"Channel::Api": classes | {"8-24h": 0, "24h+": 0}}


@pytest.mark.usefixtures("bot")
def test_outgoing_messages_are_counted_by_who_or_where(world: World) -> None:
    vip, team = label(world, "vip"), made(world, "sales")["id"]
    number = world.conversation()
    act(world, number, "labels", labels=["vip"])
    act(world, number, "assignments", team_id=team)
    world.reply(number)
    world.reply(number)
    world.reply(world.conversation())
    path = "reports/outgoing_messages_count"
    for group, expected in (
        ("agent", [(world.ada_id, "Ada", 3)]),
        ("team", [(team, "sales", 2)]),
        ("inbox", [(world.inbox["id"], "Acme API", 3)]),
        ("label", [(vip, "vip", 2)]),
    ):
        assert ask(world, path, group_by=group, **TODAY) == [
            {"id": row_id, "name": name, "outgoing_messages_count": count} for row_id, name, count in expected
        ]
        assert ask(world, path, group_by=group, since=NOW + 1, until=NOW + 2) == []
    for unknown in ("contact", "", None):
        assert refused(world, path, group_by=unknown) == (422, None)


@pytest.mark.usefixtures("handled")
def test_agents_and_inboxes_and_teams_are_compared(world: World) -> None:
    team = made(world, "sales")["id"]
    figures = {
        "conversations_count": 1, "resolved_conversations_count": 1, "avg_resolution_time": 300.0,
        "avg_first_response_time": 60.0, "avg_reply_time": 120.0,
    }  # fmt: skip
    nothing = {
        "conversations_count": 0, "resolved_conversations_count": 0, "avg_resolution_time": None,
        "avg_first_response_time": None, "avg_reply_time": None,
    }  # fmt: skip
    rows = {row.pop("id"): row for row in ask(world, "summary_reports/agent", **TODAY)}
    # Ada was assigned after her second answer, whose reply time is therefore nobody's.
    assert rows == {
        1: nothing, world.ada_id: figures | {"avg_reply_time": None}, world.olga_id: nothing,
    }  # fmt: skip
    assert ask(world, "summary_reports/inbox", **TODAY) == [{"id": world.inbox["id"], **figures}]
    assert ask(world, "summary_reports/team", **TODAY) == [{"id": team, **nothing}]


def test_labels_are_compared_by_name_and_without_nulls(world: World, handled: int) -> None:
    vip, idle = label(world, "vip"), label(world, "idle")
    act(world, handled, "labels", labels=["vip"])
    assert ask(world, "summary_reports/label", **TODAY) == [
        {
            "id": idle, "name": "idle", "conversations_count": 0, "resolved_conversations_count": 0,
            "avg_resolution_time": 0, "avg_first_response_time": 0, "avg_reply_time": 0,
        },
        {
            "id": vip, "name": "vip", "conversations_count": 1, "resolved_conversations_count": 1,
            "avg_resolution_time": 300.0, "avg_first_response_time": 60.0, "avg_reply_time": 120.0,
        },
    ]  # fmt: skip


def test_channels_are_summed_up_by_status(world: World) -> None:
    path = "summary_reports/channel"
    assert ask(world, path) == {}
    for status in ("open", "open", "resolved", "pending", "snoozed"):
        act(world, world.conversation(), "toggle_status", world.admin, status=status)
    assert ask(world, path, **TODAY) == {
        "Channel::Api": {"open": 2, "resolved": 1, "pending": 1, "snoozed": 1, "total": 5}
    }


def test_channels_are_summed_up_over_six_months_at_most(world: World) -> None:
    path = "summary_reports/channel"
    assert ask(world, path, since=NOW - 184 * DAY, until=NOW) == {}
    too_long = (422, {"error": "Date range cannot exceed 6 months"})
    assert refused(world, path, since=NOW - 185 * DAY, until=NOW) == too_long


def test_nothing_of_another_account_is_counted(world: World, handled: int) -> None:
    other = elsewhere(world).replace("v1", "v2")
    for path in PATHS:
        where = path.replace("/api/v2/accounts/{account_id}", other)
        params = {"type": "account", "metric": "conversations_count", "group_by": "team_id"}
        answer = world.http.get(where, params=params | TODAY, token=world.admin)
        assert "Ada" not in answer.text
        if path.endswith("summary"):
            assert answer.text.count(":1") == 0
    theirs = {"type": "inbox", "id": world.inbox["id"], **TODAY}
    assert world.http.get(f"{other}/reports/summary", params=theirs, token=world.admin).json() == NOT_FOUND
