import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain.errors import Invalid
from inboxd.domain.text import MASK
from inboxd.domain.webhooks import URL_LIMIT, checked_headers, is_url

NAMES = st.text(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~", min_size=1, max_size=20).map(
    lambda name: f"X-T{name}"
)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40).filter(lambda value: value != MASK)


@pytest.mark.parametrize(
    "url",
    [
        "http://x.test", "https://x.test:8443/a?b=c#d", "http://user:pw@x.test/", "http://[2001:db8::1]:80/",
        "https://xn--bcher-kva.test/", "http://x.test/" + "n" * (URL_LIMIT - 14),
    ],
)  # fmt: skip
def test_a_url_names_a_host_by_http_or_https(url: str) -> None:
    assert is_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "", "x.test", "//x.test", "ftp://x.test", "file:///etc/passwd", "javascript:alert(1)", "http://", "http:///x",
        "http://:80/", "http://x.test:0/", "http://x.test:99999/", "http://x.test:x/", "http://[::1", "http://x\n.test/",
        "http://x.test/\r\nHost: y", "http://x.test/\x00", "http://x.test/" + "n" * (URL_LIMIT - 13),
    ],
)  # fmt: skip
def test_anything_else_is_no_url(url: str) -> None:
    assert not is_url(url)


@given(st.text())
def test_no_text_at_all_makes_is_url_raise(text: str) -> None:
    assert is_url(text) in (True, False)


@given(st.dictionaries(NAMES, VALUES, max_size=20))
def test_good_headers_are_stored_as_they_are_but_for_blanks_around_them(given_headers: dict[str, str]) -> None:
    if len({name.lower() for name in given_headers}) < len(given_headers):
        with pytest.raises(Invalid):
            checked_headers(given_headers, {})
        return
    stored = checked_headers(given_headers, {})
    assert stored == {name: value.strip() for name, value in given_headers.items()}
    assert checked_headers(dict.fromkeys(stored, MASK), stored) == stored


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers() | st.none(), max_size=4))
def test_whatever_is_stored_fits_into_a_request(given_headers: dict[str, Any]) -> None:
    try:
        stored = checked_headers(given_headers, {})
    except Invalid:
        return
    for name, value in stored.items():
        line = f"{name}: {value}"
        assert line.isascii()
        assert line.isprintable()


@pytest.mark.parametrize(
    "name", ["Host", "hOsT", "Content-Type", "WEBHOOK-ID", "X-Chatwoot-Delivery", "X-Inboxd-Any", "TE"]
)
def test_reserved_names_are_refused_in_any_case(name: str) -> None:
    with pytest.raises(Invalid, match="reserved"):
        checked_headers({name: "x"}, {})


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-Api-Key", "X-Webhook-Token", "Hostname", "X-Host"])
def test_names_that_only_look_alike_are_taken(name: str) -> None:
    assert checked_headers({name: "x"}, {}) == {name: "x"}


def test_a_mask_stands_for_the_stored_value_whatever_the_case_of_the_name() -> None:
    assert checked_headers({"x-KEY": MASK}, {"X-Key": "secret"}) == {"x-KEY": "secret"}
    with pytest.raises(Invalid, match="X-Other"):
        checked_headers({"X-Other": MASK}, {"X-Key": "secret"})


def test_a_refusal_repeats_no_value() -> None:
    for headers in ({"X": "s3cret\r\n"}, {"X": "s3crét"}, {"Host": "s3cret"}, {"a b": "s3cret"}, {"X": ["s3cret"]}):
        with pytest.raises(Invalid) as caught:
            checked_headers(headers, {})
        assert caught.value.fields == ("headers",)
        assert "s3cr" not in caught.value.message
