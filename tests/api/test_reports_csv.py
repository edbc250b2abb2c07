"""Reports to download."""

import csv
import io
from typing import Any

import pytest

from tests.api.test_conversations import act
from tests.api.test_reports import DAY, MIDNIGHT, NOW, TODAY, V2, handled, label, refused  # noqa: F401  (a fixture)
from tests.api.test_teams import made
from tests.cast import Clock, World

COMPARED = [
    "Conversations", "Resolved", "Average first response time (s)", "Average resolution time (s)",
    "Average reply time (s)",
]  # fmt: skip


def rows(world: World, name: str, **params: Any) -> list[list[str]]:
    answer = world.http.get(f"{V2}/reports/{name}", params=TODAY | params, token=world.admin)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="{name}_report.csv"' in answer.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.text, newline="")))


def test_agents_inboxes_teams_and_labels_are_tables(world: World, handled: int) -> None:  # noqa: F811
    made(world, "sales", world.ada_id)
    label(world, "vip")
    act(world, handled, "labels", labels=["vip"])
    figures = ["1", "1", "60.0", "300.0", "120.0"]
    agents = rows(world, "agents")
    assert agents[0] == ["Agent", *COMPARED]
    assert ["Ada", "1", "1", "60.0", "300.0", ""] in agents
    assert ["Olga", "0", "0", "", "", ""] in agents
    assert rows(world, "inboxes") == [["Inbox", *COMPARED], ["Acme API", *figures]]
    assert rows(world, "labels") == [["Label", *COMPARED], ["vip", *figures]]
    assert rows(world, "teams") == [["Team", *COMPARED], ["sales", "0", "0", "", "", ""]]


@pytest.mark.usefixtures("handled")
def test_the_account_is_one_row(world: World) -> None:
    assert rows(world, "conversations_summary") == [
        [
            "Conversations", "Incoming messages", "Outgoing messages", "Average first response time (s)",
            "Average resolution time (s)", "Resolved", "Average reply time (s)",
        ],
        ["1", "2", "2", "60.0", "300.0", "1", "120.0"],
    ]  # fmt: skip


def test_traffic_is_a_row_an_hour_and_a_column_a_day(world: World, clock: Clock) -> None:
    world.conversation()
    clock.advance(s=DAY)
    world.conversation()
    table = rows(world, "conversation_traffic", since=MIDNIGHT, until=MIDNIGHT + 2 * DAY)
    assert table[0] == ["Hour", "2026-06-10", "2026-06-11"]
    assert len(table) == 25
    assert table[12] == ["11:00", "1", "1"]
    assert table[13] == ["12:00", "0", "0"]
    table = rows(world, "conversation_traffic", since=NOW, until=NOW + 3600, timezone_offset=2)
    assert [row for row in table if row[1] != ""] == [["Hour", "2026-06-10"], ["13:00", "1"], ["14:00", "0"]]
    too_long = {"since": NOW - 50 * DAY, "until": NOW}
    assert refused(world, "reports/conversation_traffic", **too_long)[1]["attributes"] == ["since"]


def test_no_name_is_a_formula(world: World) -> None:
    person = {"name": "=HYPERLINK(1)", "email": "eve@acme.test", "role": "agent"}
    world.http.post(f"{world.account}/agents", json=person, token=world.admin)
    assert ["'=HYPERLINK(1)", "0", "0", "", "", ""] in rows(world, "agents")
