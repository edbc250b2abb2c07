"""What each kind of parameter takes, what it makes of other people's blanks, and how it refuses."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inboxd.api import params
from inboxd.domain.errors import Invalid, Malformed, Refused
from tests.cast import World

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=25),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
_KINDS: list[params.Param] = [
    params.Text("a", limit=10),
    params.Integer("a"),
    params.Integer("a", least=0),
    params.Boolean("a"),
    params.Word("a", words=("on", "off"), nothing=("none",)),
    params.Moment("a"),
    params.Object("a"),
    params.Object("a", lenient=True),
    params.Value("a"),
    params.Objects("a"),
    params.Texts("a"),
    params.Integers("a"),
    params.Nested("a", params=(params.Integer("b"),)),
    params.Files("a"),
]


def refused_fields(kind: params.Param, raw: Any) -> tuple[str, ...]:
    try:
        kind.read(raw)
    except Invalid as invalid:
        return invalid.fields
    return ()


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(_KINDS), raw=_JSON)
def test_any_value_is_read_or_refused_by_name(kind: params.Param, raw: Any) -> None:
    assert refused_fields(kind, raw) in ((), ("a",), ("b",))


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(_KINDS), text=st.from_regex(r"[-+ ]{0,3}[0-9a-zT:.]{0,24}[-+ ]?", fullmatch=True))
def test_any_text_that_looks_like_a_number_or_time_is_read_or_refused(kind: params.Param, text: str) -> None:
    assert refused_fields(kind, text) in ((), ("a",))


@pytest.mark.parametrize(
    ("raw", "number"),
    [("1", 1), (" 7 ", 7), ("-3", -3), (5.0, 5), (0, 0), ("", None), ({}, None), (None, None), ("007", 7)],
)
def test_numbers_arrive_as_numbers_or_text_and_blanks_are_not_given(raw: Any, number: int | None) -> None:
    assert params.Integer("a").read(raw) == number


@pytest.mark.parametrize(
    "raw", ["--5", "-", "1.5", 1.5, True, [], [1], "١", "1_0", "0x1", "9" * 30, 2**53, 1e300, "1 2"]
)
def test_what_is_no_whole_number_is_invalid_by_name(raw: Any) -> None:
    with pytest.raises(Invalid, match="A must be a whole number") as refused:
        params.Integer("a").read(raw)
    assert refused.value.fields == ("a",)


@pytest.mark.parametrize(
    ("raw", "ms"),
    [
        (1, 1000),
        ("1.5", 1500),
        ("2026-06-10T11:14:56.789Z", 1_781_090_096_789),
        ("2026-06-10T13:14:56.789+02:00", 1_781_090_096_789),
        ("2026-06-10 11:14:56.789", 1_781_090_096_789),
        ("", None),
    ],
)
def test_moments_are_unix_seconds_or_iso_texts(raw: Any, ms: int | None) -> None:
    assert params.Moment("a").read(raw) == ms


@pytest.mark.parametrize(
    "raw", ["nan", "inf", "1e400", "-1", "soon", "2026-13-01", "0001-01-01T00:00:00+14:00", 1e300, True, [], "9" * 5000]
)
def test_what_is_no_moment_is_invalid_by_name(raw: Any) -> None:
    with pytest.raises(Invalid) as refused:
        params.Moment("a").read(raw)
    assert refused.value.fields == ("a",)


@pytest.mark.parametrize(("raw", "value"), [("true", True), ("FALSE", False), (1, True), ("0", False), ("", None)])
def test_booleans_of_multipart_clients_are_words(raw: Any, value: bool | None) -> None:
    assert params.Boolean("a").read(raw) is value


def test_a_required_parameter_must_be_there_and_not_blank() -> None:
    blanks: list[dict[str, Any]] = [{}, {"a": None}, {"a": ""}]
    for values in blanks:
        with pytest.raises(Invalid, match="A can't be blank"):
            params.read((params.Text("a", required=True),), values)


def test_parameters_are_taken_from_the_wrapper_and_for_json_from_the_top_too() -> None:
    assert params.unwrap({"w": {"a": 1}, "b": 2}, "w", ["a", "b"], is_json=True) == {"a": 1, "b": 2}
    assert params.unwrap({"w": {"a": 1}, "b": 2}, "w", ["a", "b"], is_json=False) == {"a": 1}
    blanks: list[dict[str, Any]] = [{}, {"w": {}}, {"w": []}, {"w": "text"}, {"w": None}]
    for values in blanks:
        with pytest.raises(Refused, match="param is missing or the value is empty: w"):
            params.unwrap(values, "w", ["a"], is_json=True)


@pytest.mark.parametrize(
    ("pairs", "values"),
    [
        ([("a[b]", 1)], {"a": {"b": 1}}),
        ([("c[]", 2), ("c[]", 3)], {"c": [2, 3]}),
        ([("a[b][c][]", 1)], {"a": {"b": {"c": [1]}}}),
        ([("a", 1), ("a", 2)], {"a": 2}),
        ([("a[b", 1)], {"a[b": 1}),
        ([("", 1)], {"": 1}),
    ],
)
def test_form_names_nest(pairs: list[tuple[str, Any]], values: dict[str, Any]) -> None:
    assert params.nest(pairs) == values


@settings(max_examples=150, deadline=None)
@given(names=st.lists(st.text("ab[]\0", max_size=8), max_size=6))
def test_any_form_names_nest_or_are_malformed(names: list[str]) -> None:
    with suppress(Malformed):
        params.nest((name, "x") for name in names)


@pytest.mark.parametrize(
    ("field", "send"),
    [
        ("content", lambda w, n: w.http.post(f"{w.contact}/conversations/{n}/messages", json={"content": {"a": 1}})),
        ("content", lambda w, n: w.http.post(f"{w.contact}/conversations/{n}/messages", json={"content": [1]})),
        ("custom_attributes", lambda w, n: w.http.post(f"{w.contact}/conversations", json={"custom_attributes": 7})),
        ("name", lambda w, n: w.http.post(f"{w.public}/contacts", json={"name": True})),
        ("name", lambda w, n: w.http.post(f"{w.public}/contacts", json={"name": "x" * 256})),
        ("message_type", lambda w, n: _reply(w, n, message_type="sideways")),
        ("private", lambda w, n: _reply(w, n, private="perhaps")),
        ("content_type", lambda w, n: _reply(w, n, content_type="hologram")),
        ("template_params", lambda w, n: _reply(w, n, template_params="x")),
        ("status", lambda w, n: _patch(w, n, "toggle_status", status="ajar")),
        ("snoozed_until", lambda w, n: _patch(w, n, "toggle_status", status="snoozed", snoozed_until="soon")),
        ("assignee_id", lambda w, n: _patch(w, n, "assignments", assignee_id="--1")),
        ("labels", lambda w, n: _patch(w, n, "labels", labels=[{"a": 1}])),
    ],
)
def test_a_value_of_the_wrong_type_is_422_naming_the_parameter_and_changes_nothing(
    world: World, field: str, send: Callable[[World, int], Any]
) -> None:
    number = world.conversation()
    before = len(world.events())
    response = send(world, number)
    assert (response.status_code, response.json()["attributes"]) == (422, [field]), response.text
    assert set(response.json()) == {"message", "attributes"}
    assert len(world.events()) == before


def _reply(world: World, number: int, **values: Any) -> Any:
    path = f"{world.account}/conversations/{number}/messages"
    return world.http.post(path, json={"content": "x", **values}, token=world.ada)


def _patch(world: World, number: int, action: str, **values: Any) -> Any:
    return world.http.post(f"{world.account}/conversations/{number}/{action}", json=values, token=world.ada)
