import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from admin_tui.glyphs import in_ascii, needs_ascii
from admin_tui.text import cut, line, scrub, wrap


@given(st.text(), st.integers(0, 60))
def test_a_cell_has_the_width_it_was_given(text: str, width: int) -> None:
    assert cell_len(cut(text, width)) == width


@given(st.text(), st.integers(2, 60))
def test_wrapped_lines_fit_and_lose_no_letter(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(one) <= width for one in lines)
    assert "".join("".join(lines).split()) == "".join(scrub(text).split())


@given(st.text())
def test_a_line_holds_nothing_that_steers_a_terminal(text: str) -> None:
    assert not any(char < " " or "\x7f" <= char <= "\x9f" or char in "\u202e\u200d" for char in line(text))
    assert line(line(text)) == line(text)


def test_signs_become_ascii_and_words_stay() -> None:
    assert in_ascii("▌◀ Zoë ─│╭ … 中文") == "|< Zoë -|+ . 中文"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TERM": "linux", "LANG": "en_US.UTF-8"}, True),
        ({"TERM": "xterm", "LANG": "en_US.UTF-8"}, False),
        ({"TERM": "xterm", "LC_ALL": "C", "LANG": "en_US.UTF-8"}, True),
        ({"TERM": "xterm", "LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"TERM": "xterm"}, False),
    ],
)
def test_poor_terminals_are_known(environ: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TERM", "LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert needs_ascii() is expected
