"""Tables as CSV that people open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_PHONE = re.compile(r"\+[0-9]{1,20}")


def defused(text: str) -> str:
    """The text, not to be taken for a formula by a spreadsheet, which would run it; a plain phone number is none."""
    return "'" + text if text.startswith(_BEGINS_A_FORMULA) and not _PHONE.fullmatch(text) else text


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as CSV; None is an empty cell, and only texts can be formulas."""
    written = io.StringIO()
    writer = csv.writer(written)
    for row in rows:
        writer.writerow([defused(cell) if isinstance(cell, str) else cell for cell in row])
    return written.getvalue()
