import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain.spreadsheets import csv_text, defused


@pytest.mark.parametrize("text", ["=1+1", "+4-9", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert defused(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Ann", "1-2", "a=b", "'=1", "+4930123456"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert defused(text) == text


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=2)))
def test_cells_come_out_of_a_table_as_they_went_in(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_text(rows), newline="")))
    assert read == [[defused(cell) for cell in row] for row in rows]


def test_numbers_are_numbers_and_nothing_is_nothing() -> None:
    assert csv_text([["a", -1, None, 2.5]]) == "a,-1,,2.5\r\n"
