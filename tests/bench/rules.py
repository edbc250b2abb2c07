"""What rules that never apply cost: posting with a hundred of them active beside posting with none."""

from contextlib import ExitStack
from typing import Any

from tests.bench.load import Load
from tests.bench.posting import check_stored
from tests.bench.report import Report, at_least, middle
from tests.bench.world import ACCOUNT, Inboxd, World

_RULES = 100
_CLIENTS = 32
_TARGET = 0.75


def rules(world: World, report: Report, rounds: int) -> None:
    without_loads: list[Load] = []
    with_loads: list[Load] = []
    with ExitStack() as servers:
        without, with_rules = (servers.enter_context(world.inboxd()) for _ in range(2))
        _add(with_rules)
        for _ in range(rounds):
            for inboxd, loads in ((without, without_loads), (with_rules, with_loads)):
                loads.append(world.load.run(inboxd.process, _CLIENTS, 1))
        for inboxd, loads in ((without, without_loads), (with_rules, with_loads)):
            check_stored(report, inboxd, loads, "posting with rules")
        active, runs = (
            with_rules.ask(f"SELECT count(*) FROM {what}")[0][0]
            for what in ("automation_rules WHERE active", "automation_runs")
        )
        report.check(f"{active} rules active, {runs} runs of them", holds=(active, runs) == (_RULES, 0))
    report.add(
        f"POST with {_RULES} rules that do not match ÷ with none",
        [some.rate / none.rate for some, none in zip(with_loads, without_loads, strict=True)],
        at_least(_TARGET),
        f"{middle([one.rate for one in with_loads])}/s of {middle([one.rate for one in without_loads])}/s, "
        f"CPU {middle([one.cpu_us for one in with_loads])} of {middle([one.cpu_us for one in without_loads])} "
        "µs a message",
    )


def _add(inboxd: Inboxd) -> None:
    """Of the kind that people write: words in what a contact says, now and then a change of the conversation."""
    connection = inboxd.process.connect()
    for number in range(_RULES):
        conditions: list[Any] = [
            _condition("content", "contains", [f"refund {number}", f"money back {number}"], "AND"),
            _condition("message_type", "equal_to", ["incoming"], "AND"),
            _condition("inbox_id", "equal_to", [1], "OR"),
            _condition("city", "equal_to", [f"Town {number}"], None),
        ]
        event = "message_created"
        if number % 5 == 4:
            event, conditions = "conversation_updated", [_condition("labels", "equal_to", [f"vip-{number}"], None)]
        values = {
            "name": f"Rule {number}",
            "event_name": event,
            "conditions": conditions,
            "actions": [{"action_name": "add_label", "action_params": ["matched"]}],
        }
        connection.call("POST", f"{ACCOUNT}/automation_rules", values, inboxd.token)
    connection.close()


def _condition(key: str, operator: str, values: list[Any], joiner: str | None) -> dict[str, Any]:
    return {"attribute_key": key, "filter_operator": operator, "values": values, "query_operator": joiner}
