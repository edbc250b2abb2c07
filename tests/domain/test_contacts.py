from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain.contacts import IDENTITY, check_attributes, contact_type, deep_merge, merged, normalised
from inboxd.domain.errors import Invalid

_json = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
_trees: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.just({}), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=6
)
_objects = st.dictionaries(st.sampled_from("abc"), _json, max_size=3)


@given(_trees, _trees, _trees)
def test_merging_objects_is_associative(one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]) -> None:
    assert deep_merge(deep_merge(one, two), three) == deep_merge(one, deep_merge(two, three))


@given(_objects, _objects)
def test_merging_keeps_everything_of_the_upper_and_the_gaps_of_the_lower(
    under: dict[str, Any], over: dict[str, Any]
) -> None:
    whole = deep_merge(under, over)

    assert whole.keys() == under.keys() | over.keys()
    for key, value in over.items():
        if not isinstance(value, dict):
            assert whole[key] == value
    assert deep_merge(under, {}) == under
    assert deep_merge({}, over) == over
    assert deep_merge(over, over) == over


@given(_objects, _objects)
def test_merging_changes_neither_of_the_two(under: dict[str, Any], over: dict[str, Any]) -> None:
    before = repr((under, over))

    deep_merge(under, over)

    assert repr((under, over)) == before


def test_the_survivor_wins_and_its_gaps_are_filled() -> None:
    survivor = {"name": "Ann", "email": None, "phone_number": "", "custom_attributes": {"plan": "pro", "a": {"x": 1}}}
    gone = {
        "name": "Anna", "email": "a@x.test", "phone_number": "+491", "identifier": None,
        "custom_attributes": {"plan": "free", "city": "Ulm", "a": {"x": 2, "y": 3}},
    }  # fmt: skip

    assert merged(survivor, gone) == {
        "email": "a@x.test",
        "phone_number": "+491",
        "custom_attributes": {"plan": "pro", "city": "Ulm", "a": {"x": 1, "y": 3}},
    }


@pytest.mark.parametrize(
    ("given_value", "stored"),
    [("Ann@X.Test", "ann@x.test"), ("  a@b  ", "a@b"), ("", None), ("  ", None), (None, None)],
)
def test_an_email_is_stored_small_and_bare(given_value: str | None, stored: str | None) -> None:
    assert normalised({"email": given_value}) == {"email": stored}


@pytest.mark.parametrize("email", ["ann", "@x.test", "ann@", "a b@x.test", "a@b@c", "a@x.test\nb"])
def test_what_is_no_email_is_refused(email: str) -> None:
    with pytest.raises(Invalid) as raised:
        normalised({"email": email})

    assert (raised.value.message, raised.value.fields) == ("Email Invalid email", ("email",))


@pytest.mark.parametrize("number", ["+4915112345678", "+12", "whatsapp:+4915112345678", " +4915112345678 "])
def test_phone_numbers_are_e164_after_any_prefix(number: str) -> None:
    assert normalised({"phone_number": number})["phone_number"] == number.strip()


@pytest.mark.parametrize("number", ["4915112345678", "+0151", "+1", "+1234567890123456", "+49 151", "+49151x"])
def test_other_phone_numbers_are_refused(number: str) -> None:
    with pytest.raises(Invalid) as raised:
        normalised({"phone_number": number})

    assert raised.value.fields == ("phone_number",)


@pytest.mark.parametrize("key", ["name", "identifier", "email", "phone_number"])
def test_names_and_identities_have_255_characters(key: str) -> None:
    fill = {"email": "@x.test", "phone_number": "+4915112345"}.get(key, "")
    assert normalised({key: "x" * (255 - len(fill)) + fill})

    with pytest.raises(Invalid) as raised:
        normalised({key: "x" * (256 - len(fill)) + fill})
    assert raised.value.fields == (key,)


@given(st.dictionaries(st.sampled_from([*IDENTITY, "name"]), st.none() | st.text(max_size=9)))
def test_normalising_twice_is_normalising_once(values: dict[str, Any]) -> None:
    try:
        once = normalised(values)
    except Invalid:
        return
    assert normalised(once) == once


@pytest.mark.parametrize(
    ("current", "email", "phone", "after"),
    [
        ("visitor", None, None, "visitor"),
        ("visitor", "a@x.test", None, "lead"),
        ("visitor", None, "+491", "lead"),
        ("customer", "a@x.test", None, "customer"),
        ("lead", None, None, "lead"),
    ],
)
def test_a_visitor_who_can_be_reached_is_a_lead(current: str, email: str | None, phone: str | None, after: str) -> None:
    assert contact_type(current, email, phone) == after


def test_conversation_attributes_hold_short_strings_and_phone_sized_numbers() -> None:
    check_attributes("custom_attributes", {"a": "x" * 1500, "b": 9_999_999_999, "c": True, "d": None})

    for value, words in (("x" * 1501, "length should be < 1500"), (10_000_000_000, "value should be < 9999999999")):
        with pytest.raises(Invalid, match=f"Custom attributes key {words}") as raised:
            check_attributes("custom_attributes", {"key": value})
        assert raised.value.fields == ("custom_attributes",)
