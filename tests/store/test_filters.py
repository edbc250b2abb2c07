"""The clauses of filters, against an evaluator that is too simple to be wrong."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from inboxd.domain.conditions import PRESENT, parse
from inboxd.domain.conversations import PRIORITIES, STATUSES
from inboxd.domain.retry import DAY_MS
from inboxd.store import filters
from inboxd.store.conversation_lists import Scope, counts, page
from inboxd.store.conversations import retag
from inboxd.store.db import Store, Tx
from inboxd.store.models import Contact, ContactTagging, Conversation, CustomAttributeDefinition
from tests.cast import EPOCH, Clock

TYPES = ("text", "list", "link", "number", "currency", "percent", "date", "checkbox")
NUMERIC = ("number", "currency", "percent")
WORDS = ("a", "A", "ab", "ÄB", "äb", "%", "_", "", "1", "a\\b", "'")
NUMBERS = (0, 1, -1.5, "1", "2.0", "x", "1e3")
DAYS = ("2026-06-09", "2026-06-10", "2026-06-11", "2026-06-10T23:00:00.000Z", "soon", "now")
FLAGS = (True, False, "true", "False", "x")
JSON = {
    **dict.fromkeys(("text", "list", "link"), (*WORDS, 7, None)),
    **dict.fromkeys(NUMERIC, (*NUMBERS, None)),
    "date": (*DAYS, None),
    "checkbox": (*FLAGS, None),
}


def lower(text: str) -> str:
    """As SQLite folds: ASCII alone."""
    return "".join(chr(ord(sign) + 32) if "A" <= sign <= "Z" else sign for sign in text)


# What is stored, by chance.

words = some.sampled_from(WORDS)
ids = some.sampled_from((None, 1, 2, 3))
moments = some.integers(-3, 3).map(lambda half: EPOCH + half * DAY_MS // 2)
labels = some.lists(some.sampled_from(("vip", "VIP", "spam")), max_size=2, unique=True)
custom = some.fixed_dictionaries({}, optional={kind: some.sampled_from(JSON[kind]) for kind in TYPES})
conversations = some.fixed_dictionaries({
    "status": some.sampled_from(STATUSES), "priority": some.sampled_from((None, *PRIORITIES)), "assignee_id": ids,
    "inbox_id": some.sampled_from((1, 2, 3)), "team_id": ids, "label_list": labels, "created_at": moments,
    "last_activity_at": moments, "custom_attributes": custom,
    "additional_attributes": some.fixed_dictionaries({}, optional={"browser_language": words, "referer": words}),
})  # fmt: skip
contacts = some.fixed_dictionaries({
    "name": words, "email": some.none() | words, "phone_number": some.sampled_from((None, "+49", "+491")),
    "identifier": some.none() | words, "blocked": some.booleans(), "label_list": labels, "created_at": moments,
    "last_activity_at": some.none() | moments, "custom_attributes": custom,
    "additional_attributes": some.fixed_dictionaries({}, optional={"city": words, "country_code": words}),
})  # fmt: skip


# What is asked, by chance.

EQUALITY = ["equal_to", "not_equal_to"]
OPTIONAL = [*EQUALITY, "is_present", "is_not_present"]
LIKE = [*EQUALITY, "contains", "does_not_contain"]
COMPARED = ["is_greater_than", "is_less_than"]
days = some.sampled_from(("2026-06-09", "2026-06-10", "2026-06-11T10:00:00Z"))
numbers = some.sampled_from((0, "1", 2, -1.5, "1000"))
flags = some.sampled_from((True, "false"))


def asked(key: str, operators: list[str], value: Any) -> Any:
    operator = some.sampled_from(operators)
    return some.builds(
        lambda operator, values, ago: {
            "attribute_key": key,
            "filter_operator": operator,
            "values": [ago] if operator == "days_before" else values,
        },
        operator,
        some.lists(value, min_size=1, max_size=3),
        some.integers(0, 2),
    )


CUSTOM = [
    *(asked(kind, [*OPTIONAL, "contains", "does_not_contain"], words) for kind in ("text", "list", "link")),
    *(asked(kind, [*OPTIONAL, *COMPARED], numbers) for kind in NUMERIC),
    asked("date", [*OPTIONAL, *COMPARED, "days_before"], days),
    asked("checkbox", OPTIONAL, flags),
]
MOMENTS = [asked(key, [*COMPARED, "days_before"], days) for key in ("created_at", "last_activity_at")]
LABELS = [asked("labels", OPTIONAL, some.sampled_from(("vip", "spam", "none")))]
of_conversations = some.one_of(
    asked("status", EQUALITY, some.sampled_from((*STATUSES, "all"))),
    asked("priority", EQUALITY, some.sampled_from(PRIORITIES)),
    *(asked(f"{name}_id", OPTIONAL, some.sampled_from((1, "2", 9))) for name in ("assignee", "inbox", "team")),
    asked("campaign_id", OPTIONAL, some.just(1)),
    asked("display_id", LIKE, some.sampled_from((1, "2", 10))),
    asked("browser_language", EQUALITY, words),
    asked("referer", LIKE, words),
    *LABELS, *MOMENTS, *CUSTOM,
)  # fmt: skip
of_contacts = some.one_of(
    *(asked(key, LIKE, words) for key in ("name", "email", "city")),
    asked("phone_number", [*LIKE, "starts_with"], some.sampled_from(("49", "+491", "9"))),
    *(asked(key, EQUALITY, words) for key in ("identifier", "country_code")),
    asked("blocked", EQUALITY, flags),
    *LABELS, *MOMENTS, *CUSTOM,
)  # fmt: skip


def chained(one: Any) -> Any:
    joiner = some.sampled_from(("AND", "or", "OR"))
    return some.lists(
        some.builds(lambda condition, word: condition | {"query_operator": word}, one, joiner), max_size=4
    )


# The naive evaluator.


def as_number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def as_day(value: Any) -> date | None:
    return date.fromisoformat(value[:10]) if isinstance(value, str) and value[:2] == "20" else None


def as_flag(value: Any) -> bool | None:
    return {"true": True, "false": False}.get(str(value).lower())


def holds(row: dict[str, Any], one: dict[str, Any], *, first_only: bool) -> bool:
    key, operator, values = one["attribute_key"], one["filter_operator"], one["values"]
    if first_only and operator in (*EQUALITY, "starts_with"):
        values = values[:1]
    if key == "labels":
        has = bool(set(row["label_list"]) & set(values)) if operator in EQUALITY else bool(row["label_list"])
        return bool(has == (operator in ("equal_to", "is_present")))
    if key == "status" and "all" in values:
        return bool(operator == "equal_to")
    value = row["custom_attributes"].get(key) if key in TYPES else row.get(key, row["additional_attributes"].get(key))
    if operator in ("is_present", "is_not_present"):
        return bool((value is not None) == (operator == PRESENT))
    value, values = alike(key, operator, value, values)
    if value is None:
        return bool(operator == "not_equal_to" and key in TYPES)
    return compares(operator, value, values, folded=first_only or key in TYPES)


def alike(key: str, operator: str, value: Any, values: list[Any]) -> tuple[Any, list[Any]]:
    """What is stored and what is asked for, as values of one type."""
    if key in NUMERIC:
        value, values = as_number(value), [as_number(one) for one in values]
    elif key == "date":
        value = as_day(value)
    elif key in ("checkbox", "blocked"):
        value, values = as_flag(value), [as_flag(one) for one in values]
    elif key.endswith("_at"):
        value = datetime.fromtimestamp(value // 1000, UTC).date() if value is not None else None
    else:
        value, values = str(value) if value is not None else None, [str(one) for one in values]
    if key == "date" or key.endswith("_at"):
        today = datetime.fromtimestamp(EPOCH // 1000, UTC).date()
        values = [today - timedelta(days=one) if operator == "days_before" else as_day(one) for one in values]
    if key == "phone_number" and operator in (*EQUALITY, "starts_with"):
        values = ["+" + one.replace("+", "") for one in values]
    return value, values


def compares(operator: str, value: Any, values: list[Any], *, folded: bool) -> bool:
    if operator in ("contains", "does_not_contain"):
        return any(lower(one) in lower(value) for one in values) == (operator == "contains")
    if operator in (*EQUALITY, "starts_with"):
        if folded and isinstance(value, str):
            value, values = lower(value), [lower(one) for one in values]
        return (value in values) == (operator != "not_equal_to")
    return bool(value > values[0] if operator == "is_greater_than" else value < values[0])


def all_hold(row: dict[str, Any], conditions: list[dict[str, Any]], *, first_only: bool) -> bool:
    groups: list[list[bool]] = [[]]
    for place, one in enumerate(conditions):
        groups[-1].append(holds(row, one, first_only=first_only))
        if one["query_operator"].upper() == "OR" and place < len(conditions) - 1:
            groups.append([])
    return any(all(group) for group in groups)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(Path(tmp_path_factory.mktemp("filters")), clock=Clock(), announce=lambda _: None)

    def unit(tx: Tx) -> None:
        for model in ("conversation_attribute", "contact_attribute"):
            for kind in TYPES:
                tx.insert(
                    CustomAttributeDefinition, account_id=1, attribute_display_name=kind, attribute_key=kind,
                    attribute_display_type=kind, attribute_model=model,
                )  # fmt: skip

    made.write(unit)
    yield made
    made.close()


class _Undo(Exception):
    pass


@settings(max_examples=60)
@given(rows=some.lists(conversations, max_size=6), conditions=chained(of_conversations))
def test_conversations_are_those_that_a_naive_evaluator_finds(store: Store, rows: Any, conditions: Any) -> None:
    def unit(tx: Tx) -> None:
        for number, row in enumerate(rows, 1):
            made = tx.insert(
                Conversation, account_id=1, display_id=number, uuid=str(number), contact_id=1, contact_inbox_id=1, **row
            )
            retag(tx, made, row["label_list"])
        clause = filters.of_conversations(parse(conditions, filters.conversation_catalogue(tx, 1)), tx.now)
        scope = Scope(1, None, status="all", also=clause)
        found = page(tx, scope, assignee_type="", user_id=1, sort_by="", page=1)
        expected = {
            number
            for number, row in enumerate(rows, 1)
            if all_hold({**row, "display_id": number}, conditions, first_only=False)
        }
        assert {one.display_id for one in found} == expected
        if conditions:
            assert counts(tx, scope, 1)["all_count"] == len(expected)
        raise _Undo

    with pytest.raises(_Undo):
        store.write(unit)


@settings(max_examples=60)
@given(rows=some.lists(contacts, max_size=6), conditions=chained(of_contacts))
def test_contacts_are_those_that_a_naive_evaluator_finds(store: Store, rows: Any, conditions: Any) -> None:
    def unit(tx: Tx) -> None:
        for account_id, row in enumerate(rows, 1):  # an account each: identities are unique in theirs
            made = tx.insert(Contact, account_id=account_id, **row)
            for label in row["label_list"]:
                tx.insert(ContactTagging, account_id=account_id, contact_id=made.id, label=label)
        clause = filters.of_contacts(parse(conditions, filters.contact_catalogue(tx, 1)), tx.now)
        query = Contact.select()
        found = tx.all(query.where(clause) if clause is not None else query)
        expected = {number for number, row in enumerate(rows, 1) if all_hold(row, conditions, first_only=True)}
        assert {one.account_id for one in found} == expected
        raise _Undo

    with pytest.raises(_Undo):
        store.write(unit)


def test_conversations_can_be_asked_for_what_their_contacts_have(store: Store) -> None:
    def unit(tx: Tx) -> None:
        for number, size in enumerate(("9", 10), 1):
            contact = tx.insert(Contact, account_id=1, custom_attributes={"number": size})
            tx.insert(
                Conversation, account_id=1, display_id=number, uuid=str(number), inbox_id=1, contact_id=contact.id,
                contact_inbox_id=1, last_activity_at=tx.now,
            )  # fmt: skip
        one = {"attribute_key": "number", "filter_operator": "is_greater_than", "values": ["9"]}
        asked = parse([one | {"custom_attribute_type": "contact_attribute"}], filters.conversation_catalogue(tx, 1))
        clause = filters.of_conversations(asked, tx.now)
        assert [row.display_id for row in tx.all(Conversation.select().where(clause))] == [2]
        raise _Undo

    with pytest.raises(_Undo):
        store.write(unit)


def test_the_longest_filter_is_one_that_sqlite_takes(store: Store) -> None:
    one = {"attribute_key": "text", "filter_operator": "contains", "values": ["x"] * 100, "query_operator": "OR"}
    of_contact = one | {"custom_attribute_type": "contact_attribute"}
    with store.read() as tx:
        asked = parse([one, of_contact] * 50, filters.conversation_catalogue(tx, 1))
        scope = Scope(1, None, status="all", also=filters.of_conversations(asked, tx.now))
        assert page(tx, scope, assignee_type="", user_id=1, sort_by="", page=1) == []
