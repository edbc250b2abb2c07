import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain.liquid import person, render

VARIABLES: dict[str, Any] = {
    "contact": {"name": "Carl Jung", "email": None, "custom_attribute": {"plan": "gold", "seats": 3, "is_new": True}},
    "inbox": {"name": "Acme"},
}


def shown(template: str) -> str:
    return render(template, VARIABLES, 1_000)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Hi {{ contact.name }}, {{inbox.name}}!", "Hi Carl Jung, Acme!"),
        ("{{ contact.custom_attribute.plan | upcase }} {{ contact.custom_attribute.seats }}", "GOLD 3"),
        ("{{ contact.custom_attribute.is_new }}", "true"),
        ("{{ contact.name | downcase }} {{ 'joHN' | capitalize }}", "carl jung John"),
        ("{{ contact.email | default: 'none' }}, {{ contact.email | default: inbox.name | upcase }}", "none, ACME"),
        ("{{ contact.name | default: 'x' }}{{ contact.email | default }}", "Carl Jung"),
        ("{{ nobody.there }}{{ contact }}{{ contact.name.first }}.", "."),
        ("{{ contact.name | truncate: 5, '…' }}", "Carl Jung"),
        ("`{{ contact.name }}` {{ contact.name }}", "`{{ contact.name }}` Carl Jung"),
        ("```\n{{ contact.name }}\n```", "```\n{{ contact.name }}\n```"),
        ("a } b }} c { d", "a } b }} c { d"),
        ("{{ 'it is' }}{{ 42 }}", "it is42"),
    ],
)
def test_variables_and_filters_are_filled_in(template: str, expected: str) -> None:
    assert shown(template) == expected


@pytest.mark.parametrize(
    "broken",
    [
        "{{ contact.name", "{{ contact.name }} and {{", "{{}}", "{{ | upcase }}", "{{ contact.name | }}",
        "{{ contact..name }}", "{{ a b }}", "{{ 'a }}", "{{ contact.name | default: }}", "{{ a | b c }}",
        "{{ a | b : , }}", "{% if contact %}{{ contact.name }}{% endif %}", "{{{{ contact.name }}}}",
        "{{ __import__('os') }}", "{{ a | , }}",
    ],
)  # fmt: skip
def test_what_cannot_be_read_stays_as_it_is(broken: str) -> None:
    assert shown("{{ contact.name }} " + broken) == "{{ contact.name }} " + broken


def test_what_a_variable_holds_is_not_read_again() -> None:
    assert render("{{ a }}", {"a": "{{ b }}", "b": "secret"}, 100) == "{{ b }}"


def test_a_text_that_would_grow_beyond_the_limit_stays_as_it_is() -> None:
    assert render("{{ a }}{{ a }}", {"a": "x" * 60}, 120) == "x" * 120
    assert render("{{ a }}{{ a }}", {"a": "x" * 60}, 119) == "{{ a }}{{ a }}"


def test_what_is_too_long_between_braces_or_too_often_there_stays_as_it_is() -> None:
    chain = "{{ contact.name" + " | upcase" * 100 + " }}"
    assert shown(chain) == chain
    assert shown("{{ nothing }}" * 1_000) == ""
    assert shown("{{ nothing }}" * 1_001) == "{{ nothing }}" * 1_001
    assert shown("`" * 1_000 + "{{ nothing }}") == "`" * 1_000
    assert shown("`" * 1_001 + "{{ nothing }}") == "`" * 1_001 + "{{ nothing }}"


def test_names_begin_with_capital_letters() -> None:
    assert person(" carl gustav JUNG") == {"name": "Carl Gustav Jung", "first_name": "Carl", "last_name": "Jung"}
    assert person("ada") == {"name": "Ada", "first_name": "Ada", "last_name": None}
    assert person("") == {"name": "", "first_name": None, "last_name": None}


@given(st.text(alphabet="{}|:,.`'\" \na1-%", max_size=60))
def test_any_text_becomes_some_text(template: str) -> None:
    assert isinstance(render(template, {"a": "A"}, 1_000), str)


@given(st.text(max_size=60).filter(lambda text: "{" not in text))
def test_text_without_braces_is_what_it_was(template: str) -> None:
    assert render(template, {}, 1_000) == template


@pytest.mark.parametrize(
    "hostile",
    ["{{", "{{ ", "}}", "`", "{{`", "{{ a }}", "{{ a | ", "{{'", "{{ a ", "{{a.", "{{ a | default: ", " ", "a.", "-"],
)  # fmt: skip
def test_hostile_texts_take_linear_time(hostile: str) -> None:
    began = time.process_time()
    for text in (hostile * (150_000 // len(hostile)), "{{ " + hostile * (150_000 // len(hostile)) + " }}"):
        render(text, {"a": "A"}, 150_000)
    assert time.process_time() - began < 2
