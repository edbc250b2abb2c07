from datetime import date
from typing import Any

import pytest

from inboxd.domain.conditions import CONDITIONS_LIMIT, CUSTOM, TEXT, VALUES_LIMIT, Attribute, Catalogue, parse
from inboxd.domain.errors import Refused

CATALOGUE = Catalogue(
    {
        "name": Attribute("text", TEXT),
        "status": Attribute("word", ("equal_to",), ("open", "resolved")),
        "inbox_id": Attribute("id", ("equal_to", "is_present")),
        "created_at": Attribute("day", ("is_greater_than", "days_before")),
        "blocked": Attribute("flag", ("equal_to",)),
    },
    {
        ("contact_attribute", "size"): CUSTOM["number"],
        ("conversation_attribute", "size"): CUSTOM["text"],
        ("contact_attribute", "seen"): CUSTOM["date"],
    },
    "contact_attribute",
)


def condition(key: str = "name", operator: str = "equal_to", values: Any = "x", joiner: Any = None, **more: Any) -> Any:
    return {"attribute_key": key, "filter_operator": operator, "values": values, "query_operator": joiner, **more}


def values(*of: Any, **more: Any) -> tuple[Any, ...]:
    return parse([condition(*of, **more)], CATALOGUE)[0][0].values


def refusal(*conditions: Any) -> str:
    with pytest.raises(Refused) as caught:
        parse(list(conditions), CATALOGUE)
    return caught.value.message


def test_and_binds_tighter_than_or() -> None:
    joiners = ["and", "OR", " And ", "Or", None]
    found = parse([condition(values=str(n), joiner=word) for n, word in enumerate(joiners)], CATALOGUE)
    assert [[one.values for one in group] for group in found] == [[("0",), ("1",)], [("2",), ("3",)], [("4",)]]


def test_no_conditions_are_no_alternatives() -> None:
    assert parse([], CATALOGUE) == []


@pytest.mark.parametrize("joiner", ["AND", "or", None, "", {}])
def test_the_operator_behind_the_last_condition_joins_nothing(joiner: Any) -> None:
    assert len(parse([condition(joiner=joiner)], CATALOGUE)) == 1


def test_a_condition_may_leave_its_operator_out_at_the_end_only() -> None:
    last = condition()
    del last["query_operator"]
    assert len(parse([condition(joiner="AND"), last], CATALOGUE)[0]) == 2
    assert refusal(last, last) == 'Query operator is missing after name: it must be either "AND" or "OR".'


@pytest.mark.parametrize("joiner", ["XOR", "AND OR", 1, ["AND"]])
def test_no_other_word_joins(joiner: Any) -> None:
    assert refusal(condition(joiner=joiner)) == 'Query operator must be either "AND" or "OR".'


@pytest.mark.parametrize("operator", ["contains", "", None, 7, ["equal_to"], "EQUAL_TO"])
def test_an_operator_that_the_attribute_does_not_know_is_refused_with_those_it_knows(operator: Any) -> None:
    expected = "Invalid operator. The allowed operators for inbox_id are [equal_to,is_present]."
    assert refusal(condition("inbox_id", operator, [1])) == expected


@pytest.mark.parametrize("key", ["shoe", "", None, 7, ["name"]])
def test_an_unknown_attribute_is_refused_with_those_that_are_known(key: Any) -> None:
    shown = key if isinstance(key, str) else ""
    assert refusal(condition(key)) == (
        f"Invalid attribute key - [{shown}]. The key should be one of [name,status,inbox_id,created_at,blocked] "
        "or a custom attribute defined in the account."
    )


@pytest.mark.parametrize(
    ("key", "operator", "given"),
    [
        ("name", "equal_to", []), ("name", "contains", None), ("name", "equal_to", [None]),
        ("name", "equal_to", [True]),
        ("name", "equal_to", [["x"]]), ("status", "equal_to", ["ajar"]), ("inbox_id", "equal_to", [""]),
        ("inbox_id", "equal_to", ["one"]), ("inbox_id", "equal_to", [2**63]), ("inbox_id", "equal_to", [{"id": 1}]),
        ("created_at", "is_greater_than", ["soon"]), ("created_at", "is_greater_than", [1_700_000_000]),
        ("created_at", "days_before", ["-1"]), ("created_at", "days_before", ["1000000"]),
        ("blocked", "equal_to", ["perhaps"]), ("size", "equal_to", ["large"]), ("size", "equal_to", ["nan"]),
        ("size", "is_less_than", [float("inf")]), ("seen", "equal_to", ["2026-02-30"]),
        ("inbox_id", "equal_to", ["9" * 2000]),
    ],
)  # fmt: skip
def test_values_that_an_attribute_cannot_have_are_refused(key: str, operator: str, given: Any) -> None:
    assert refusal(condition(key, operator, given)) == f"Invalid value. The values provided for {key} are invalid"


def test_values_become_what_the_attribute_is() -> None:
    assert values("name", "equal_to", "bare") == ("bare",)
    assert values("name", "contains", ["a", 7, None]) == ("a", "7")
    assert values("inbox_id", "equal_to", ["1", 2]) == (1, 2)
    assert values("inbox_id", "is_present", ["whatever"]) == values("inbox_id", "is_present", None) == ()
    assert values("blocked", "equal_to", ["True", False]) == (True, False)
    assert values("created_at", "is_greater_than", ["2026-06-10T23:59:00+00:00"]) == (date(2026, 6, 10),)
    assert values("created_at", "days_before", "3") == (3,)
    assert values("size", "equal_to", ["1.50"]) == (1.5,)
    assert values("seen", "days_before", [1]) == (1,)


def test_a_custom_attribute_is_looked_up_in_the_model_that_the_condition_names() -> None:
    [[of_contact]] = parse([condition("size", "equal_to", ["1"])], CATALOGUE)
    assert (of_contact.model, of_contact.values) == ("contact_attribute", (1.0,))
    other = condition("size", "equal_to", ["1"], custom_attribute_type="conversation_attribute")
    [[of_conversation]] = parse([other], CATALOGUE)
    assert (of_conversation.model, of_conversation.values) == ("conversation_attribute", ("1",))
    [[blank]] = parse([condition("size", "equal_to", ["1"], custom_attribute_type="")], CATALOGUE)
    assert blank.model == "contact_attribute"
    [[standard]] = parse([condition(custom_attribute_type="conversation_attribute")], CATALOGUE)
    assert standard.model is None
    assert "[size]" in refusal(condition("size", custom_attribute_type="company_attribute"))


def test_there_is_an_end_to_what_can_be_asked() -> None:
    many = "Invalid value. There are too many values for name (maximum is 100)"
    assert refusal(condition("name", "equal_to", ["x"] * 10_000)) == many
    long = "Invalid value. A value for name is too long (maximum is 2048 characters)"
    assert refusal(condition("name", "contains", "x" * 150_000)) == long
    assert refusal(condition("inbox_id", "equal_to", [10**400])) == refusal(condition("inbox_id", "equal_to", ["x"]))
    assert len(parse([condition(joiner="OR", values=["x"] * VALUES_LIMIT)] * CONDITIONS_LIMIT, CATALOGUE)) == 100
    assert refusal(*[condition(joiner="OR")] * (CONDITIONS_LIMIT + 1)) == "Too many conditions (maximum is 100)"
