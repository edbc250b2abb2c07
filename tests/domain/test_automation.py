"""Conditions of rules against a second evaluator, which knows nothing of the first but the words of the contract."""

import json
from datetime import date, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inboxd.domain import automation as rules
from inboxd.domain import conditions as ask
from inboxd.domain import matching
from inboxd.domain.errors import Refused
from inboxd.domain.facts import Facts
from inboxd.domain.messages import MESSAGE_TYPES

TODAY = date(2026, 6, 10)
TEXTS = ["", "a", "A", "Straße", "STRASSE", "open", "1", "true", "2026-06-01", "a, b"]
DAYS = ["2026-06-10", "2026-06-03", "2026-06-02T23:00:00Z", "2025-01-31"]
NUMBERS = [0, 1, -1, 1.5, "1", "1.50", 2**60, "1e3"]
LABELS = ["a", "b", "vip"]
TYPES = tuple(ask.CUSTOM)
MODELS = ("contact_attribute", "conversation_attribute", "company_attribute")
IN_CONVERSATION = ("browser_language", "conversation_language", "referer", "mail_subject")
IN_CONTACT = ("city", "company_name", "country_code")
OF_MESSAGES = ("message_type", "content", "private_note")
CUSTOM_VALUES: list[Any] = [None, True, False, [], ["a"], {"a": 1}, *TEXTS, *DAYS, *NUMBERS]
CATALOGUE = rules.catalogue({(model, kind): ask.CUSTOM[kind] for model in MODELS for kind in TYPES})
WORDS = {"status": ["open", "resolved", "pending", "snoozed"], "priority": ["low", "medium", "high", "urgent"],
         "message_type": ["incoming", "outgoing", "template"]}  # fmt: skip
IDS = ("assignee_id", "inbox_id", "team_id")
CHANGES: dict[str, list[Any]] = {**WORDS, **{key: [None, 1, 2] for key in IDS}, "labels": [[], ["a"], ["a", "b"]],
                           "content": [1, True, None, "x"]}  # fmt: skip


def some(chance: Random, options: list[Any] | tuple[Any, ...], least: int = 0) -> list[Any]:
    return [chance.choice(options) for _ in range(chance.randint(least, 3))]


def state_by(chance: Random) -> dict[str, Any]:
    def thing(keys: tuple[str, ...]) -> dict[str, Any]:
        return {key: chance.choice(CUSTOM_VALUES) for key in keys if chance.random() < 0.7}

    pairs = {key: (chance.choice(values), chance.choice(values)) for key, values in CHANGES.items()}
    return {
        "status": chance.choice(WORDS["status"]),
        "priority": chance.choice([None, *WORDS["priority"]]),
        **{key: chance.choice([None, 1, 2]) for key in IDS},
        "labels": sorted(set(some(chance, LABELS))),
        "email": chance.choice([None, *TEXTS]),
        "phone_number": chance.choice([None, "+491", "+49123"]),
        "conversation": thing(IN_CONVERSATION),
        "contact": thing(IN_CONTACT),
        "conversation_attribute": thing(TYPES),
        "contact_attribute": thing(TYPES),
        "company_attribute": {},
        "messages": [
            (chance.choice(WORDS["message_type"]), chance.choice([None, *TEXTS]), chance.random() < 0.5)
            for _ in range(chance.randint(0, 3))
        ],
        "changed": {key: pair for key, pair in pairs.items() if chance.random() < 0.8},
    }


def condition_by(chance: Random, key: str) -> dict[str, Any]:
    known = rules.STANDARD.get(key) or ask.CUSTOM[key]
    operator = chance.choice([*known.operators, "attribute_changed"])
    found: dict[str, Any] = {
        "attribute_key": key,
        "filter_operator": operator,
        "query_operator": chance.choice(["AND", "or"]),
    }
    if key in TYPES:
        found["custom_attribute_type"] = chance.choice([None, "", *MODELS])
    if operator == "attribute_changed":
        options: list[Any] = CHANGES.get(key, LABELS)
        return found | {"values": {"from": some(chance, options), "to": some(chance, options)}}
    of_kind: dict[str, list[Any]] = {
        "text": [*TEXTS[1:], 7], "word": WORDS.get(key, []), "id": [1, 2, "2"], "flag": [True, False, "true", "False"],
        "number": NUMBERS, "day": DAYS,
    }  # fmt: skip
    choices = of_kind[known.kind]
    if operator == "days_before":
        choices = [0, 1, "7", 400]
    elif operator in ("contains", "does_not_contain"):
        choices = TEXTS[1:]
    elif key == "labels":
        choices = LABELS
    values = some(chance, choices, 1)
    return found | {"values": chance.choice([values, values, values[0]])}


# The second evaluator.


def naive(raw: list[dict[str, Any]], state: dict[str, Any]) -> bool:
    """Python's `and` binds tighter than its `or`; behind a change joined by AND everything is in parentheses."""
    if any(
        one["filter_operator"] == "attribute_changed" and one["attribute_key"] not in state["changed"] for one in raw
    ):
        return False
    if not raw:
        return True
    text, open_ones = "", 0
    for place, one in enumerate(raw):
        text += f"c[{place}]"
        if place == len(raw) - 1:
            break
        joiner = one["query_operator"].lower()
        text += f" {joiner} "
        if joiner == "and" and one["filter_operator"] == "attribute_changed":
            text += "("
            open_ones += 1
    text += ")" * open_ones
    rows = state["messages"] or [None]
    return any(eval(text, {"c": [alone(one, state, row) for one in raw]}) for row in rows)


def alone(one: dict[str, Any], state: dict[str, Any], message: Any) -> bool:  # noqa: PLR0911
    key, operator = one["attribute_key"], one["filter_operator"]
    if operator == "attribute_changed":
        old, new = (json.dumps(side) for side in state["changed"][key])
        return old in map(json.dumps, one["values"]["from"]) and new in map(json.dumps, one["values"]["to"])
    wanted = one["values"] if isinstance(one["values"], list) else [one["values"]]
    if key == "labels":
        return of_labels(operator, wanted[0], state["labels"])
    if key in OF_MESSAGES:
        if message is None:
            return False
        value = message[OF_MESSAGES.index(key)]
    elif key in TYPES:
        return of_custom(key, operator, wanted, state[one["custom_attribute_type"] or "contact_attribute"].get(key))
    else:
        group = "conversation" if key in IN_CONVERSATION else "contact" if key in IN_CONTACT else None
        value = state[group].get(key) if group else state[key]
    if operator in ("is_present", "is_not_present"):
        return (value is not None) is (operator == "is_present")
    if value is None:
        return False
    if key in IDS:
        return (value in [int(each) for each in wanted]) is (operator == "equal_to")
    if key == "private_note":
        return (str(value).lower() in [str(each).lower() for each in wanted]) is (operator == "equal_to")
    return of_text(operator, written(value), [str(each) for each in wanted], any_case=key == "content")


def written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def of_labels(operator: str, wanted: str, labels: list[str]) -> bool:
    others = set(labels) - {wanted}
    return {"equal_to": wanted in labels, "not_equal_to": len(others) > 0, "is_present": len(labels) > 0,
            "is_not_present": len(labels) == 0}[operator]  # fmt: skip


def of_text(operator: str, value: str, wanted: list[str], *, any_case: bool) -> bool:
    low, lows = value.casefold(), [each.casefold() for each in wanted]
    if operator == "contains":
        return sum(low.count(each) > 0 for each in lows) > 0
    if operator == "does_not_contain":
        return sum(low.count(each) > 0 for each in lows) == 0
    if operator == "starts_with":
        return any(value[: len(each)] == each for each in wanted)
    same = low in lows if any_case else value in wanted
    return same is (operator == "equal_to")


def of_custom(kind: str, operator: str, wanted: list[Any], value: Any) -> bool:  # noqa: PLR0911
    if operator in ("is_present", "is_not_present"):
        return (value is not None and value != []) is (operator == "is_present")
    if kind in ("text", "link", "list"):
        if value is None:
            return operator == "not_equal_to"
        return of_text(operator, written(value), [str(each) for each in wanted], any_case=True)
    if operator in ("contains", "does_not_contain"):
        raise AssertionError(kind)
    read = {"checkbox": as_flag, "date": as_day}.get(kind, as_number)
    mine = read(value)
    if operator == "days_before":
        return mine is not None and mine < TODAY - timedelta(days=int(wanted[0]))
    sought = [read(each) for each in wanted]
    if operator in ("equal_to", "not_equal_to"):
        return (mine is not None and mine in sought) is (operator == "equal_to")
    if mine is None:
        return False
    return bool(mine > sought[0] if operator == "is_greater_than" else mine < sought[0])


def as_flag(value: Any) -> Any:
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())


def as_day(value: Any) -> Any:
    known = isinstance(value, str) and value.startswith("202")
    return datetime.strptime(value[:10], "%Y-%m-%d").date() if known else None  # noqa: DTZ007


def as_number(value: Any) -> Any:
    if type(value) in (int, float):
        return float(value)
    return {"1": 1.0, "1.50": 1.5, "1e3": 1000.0}.get(value) if isinstance(value, str) else None


# The first one beside it.


def understood(raw: list[dict[str, Any]]) -> matching.Conditions:
    return matching.compiled(ask.parse(raw, CATALOGUE))


def facts(state: dict[str, Any], **more: Any) -> Facts:
    conversation = SimpleNamespace(
        **{key: state[key] for key in ("status", "priority", *IDS)}, label_list=state["labels"],
        additional_attributes=state["conversation"], custom_attributes=state["conversation_attribute"],
    )  # fmt: skip
    contact = SimpleNamespace(
        email=state["email"], phone_number=state["phone_number"], additional_attributes=state["contact"],
        custom_attributes=state["contact_attribute"],
    )  # fmt: skip
    messages = [
        SimpleNamespace(message_type=MESSAGE_TYPES.index(word), content=content, private=private)
        for word, content, private in state["messages"]
    ]
    holders = {"conversation": conversation, "contact": contact}
    return Facts(holders, lambda: messages, state["changed"], more.get("today", TODAY))


@settings(max_examples=40)
@given(st.integers(0, 2**64))
def test_conditions_hold_as_the_contract_says(seed: int) -> None:
    """Each example is a hundred mixtures and every attribute alone: drawing them one by one takes minutes."""
    chance = Random(seed)
    keys = [*rules.STANDARD, *TYPES]
    mixtures = [[chance.choice(keys) for _ in range(chance.randint(0, 6))] for _ in range(100)]
    known: dict[ask.Condition, matching.Asked] = {}
    for drawn in [*mixtures, *([key] for key in keys)]:
        raw, state = [condition_by(chance, key) for key in drawn], state_by(chance)
        expected, shared = naive(raw, state), matching.compiled(ask.parse(raw, CATALOGUE), known)
        assert facts(state).holds(shared) == expected, (raw, state)


NOTHING: dict[str, Any] = {
    "status": "open", "priority": None, "assignee_id": None, "inbox_id": 1, "team_id": None, "labels": [],
    "email": None, "phone_number": None, "conversation": {}, "contact": {}, "conversation_attribute": {},
    "contact_attribute": {}, "messages": [], "changed": {},
}  # fmt: skip


def of(key: str, operator: str, values: Any, joiner: str = "AND", **more: Any) -> dict[str, Any]:
    return {"attribute_key": key, "filter_operator": operator, "values": values, "query_operator": joiner, **more}


def test_a_change_joined_by_and_is_needed_whatever_stands_behind_it() -> None:
    change = of("priority", "attribute_changed", {"from": [None], "to": ["high"]})
    raw = [change, of("inbox_id", "equal_to", [7], "OR"), of("inbox_id", "equal_to", [1])]
    for new, expected in (("high", True), ("low", False)):
        assert facts(NOTHING | {"changed": {"priority": (None, new)}}).holds(understood(raw)) is expected


def test_conditions_about_messages_are_met_by_one_and_the_same() -> None:
    raw = [of("content", "contains", ["refund"]), of("message_type", "equal_to", ["incoming"])]
    apart = NOTHING | {"messages": [("outgoing", "refund?", False), ("incoming", "no", False)]}
    assert not facts(apart).holds(understood(raw))
    assert facts(apart | {"messages": [("incoming", "REFUND", False)]}).holds(understood(raw))


HOSTILE: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "a long message, a hundred needles made to be slow": (
        [of("content", "contains", [f"{'a' * 30}{n}{'a' * 30}" for n in range(100)])],
        {"messages": [("incoming", "a" * 150_000, False)]},
    ),
    "500 long messages that fold to more": (
        [of("content", "does_not_contain", ["ss"] * 50), of("content", "contains", ["x"] * 50)],
        {"messages": [("incoming", "ß" * 150_000, False)] * 500},
    ),
    "500 short messages": (
        [of("content", "contains", ["x" * 2048], "OR")] * 100,
        {"messages": [("incoming", "y" * 100, False)] * 500},
    ),
    "equal to ten thousand": (
        [of("content", "equal_to", [f"{n}" for n in range(100)], "OR")] * 100,
        {"messages": [("incoming", "z" * 150_000, False)] * 500},
    ),
    "custom attributes": (
        [of("text", "contains", ["a" * 2048], "OR")] * 100,
        {"contact_attribute": {"text": ["a" * 2047] * 1000}},
    ),
    "changes that repeat what stands before them": (
        [of("status", "attribute_changed", {"from": ["open"], "to": ["open"]})] * 50
        + [of("content", "contains", ["x", "y"], "OR")] * 50,
        {"messages": [("incoming", "z" * 150_000, False)] * 500, "changed": {"status": ("open", "open")}},
    ),
}  # fmt: skip


FREE = {"equal to ten thousand"}
"""It looks for nothing inside texts."""


@pytest.mark.parametrize("name", HOSTILE)
def test_the_worst_that_can_be_asked_costs_little(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in characters that are passed over: the most of them, slowly, take 50 ms."""
    raw, state = HOSTILE[name]
    passed = 0

    class Counting(str):
        __slots__ = ()

        def __contains__(self, text: str) -> bool:  # type: ignore[override]
            nonlocal passed
            passed += len(self)
            return super().__contains__(text)

    fold = vars(matching.Seen)["folded"].func
    monkeypatch.setattr(matching.Seen, "folded", property(lambda seen: Counting(fold(seen) or "")))
    parsed = ask.parse(raw, CATALOGUE)
    rules.check_effort(parsed)
    looked_at = facts(NOTHING | state)
    looked_at.holds(matching.compiled(parsed))
    # Folding doubles a ß; it makes three of very few characters.
    assert name in FREE or passed > 0
    assert passed <= 2 * rules.SEARCHED * rules.SEARCHES
    assert sum(len(seen.values["content"].text or "") for seen in looked_at.messages) <= rules.SEARCHED


def test_too_many_texts_to_look_for_are_refused() -> None:
    with pytest.raises(Refused, match="maximum of contains in a rule is 100"):
        rules.check_effort(ask.parse([of("content", "contains", ["x"] * 51)] * 2, CATALOGUE))
    with pytest.raises(Refused):
        ask.parse([of("status", "attribute_changed", {"from": [[["x" * 300_000]]], "to": []})], CATALOGUE)


@settings(max_examples=25)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=8))
def test_any_value_of_a_custom_attribute_can_be_asked_about(value: Any) -> None:
    for kind in TYPES:
        for operator in ask.CUSTOM[kind].operators:
            wanted = {"date": "2026-06-10", "checkbox": True}.get(kind, "1") if operator != "days_before" else 3
            state = NOTHING | {"contact_attribute": {kind: value}}
            assert facts(state).holds(understood([of(kind, operator, [wanted])])) in (True, False)
