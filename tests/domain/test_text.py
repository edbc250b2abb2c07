import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain.errors import Invalid
from inboxd.domain.text import clean, clean_line, excerpt, split_labels

_any = st.text(st.characters(codec=None))


def _obeyed(char: str) -> bool:
    bidi = unicodedata.bidirectional(char) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or bidi or char in "\u061c\u200e\u200f"


@given(_any)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(_any)
def test_no_control_survives_but_newline_and_tab(text: str) -> None:
    assert not [char for char in clean(text) if _obeyed(char) and char not in "\n\t"]


@given(_any)
def test_cleaning_replaces_one_for_one_and_leaves_the_rest(text: str) -> None:
    cleaned = clean(text)

    assert len(cleaned) == len(text)
    assert all(new == old or (new == "\ufffd" and _obeyed(old)) for old, new in zip(text, cleaned, strict=True))


def test_every_control_of_unicode_is_replaced() -> None:
    for code in range(0x110000):
        char = chr(code)
        if _obeyed(char) and char not in "\n\t":
            assert clean(char) == "\ufffd", hex(code)


@pytest.mark.parametrize("text", ["", "hello", "Grüße 👋🏽 שלום\n\tمرحبا", "a\u200db", "\u200b"])
def test_ordinary_text_stays(text: str) -> None:
    assert clean(text) == text


@given(_any, st.integers(1, 50))
def test_a_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = clean_line(text, limit)

    assert len(line) <= limit
    assert "\n" not in line
    assert "\t" not in line
    assert clean_line(line, limit) == line


@given(st.binary(max_size=5000))
def test_an_excerpt_of_any_bytes_can_be_stored_and_shown(body: bytes) -> None:
    shown = excerpt(body)

    assert shown.encode().decode() == clean(shown)
    assert len(shown) <= 2048


def test_a_record_carries_so_many_labels_and_no_more() -> None:
    many = ",".join(str(number) for number in range(500))
    assert len(split_labels([many, "7"])) == 500
    with pytest.raises(Invalid, match="Labels are limited to 500"):
        split_labels([many, "one more"])
