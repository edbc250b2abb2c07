"""What text may be stored, and what text may be shown in a terminal."""

import re
from typing import Any

from inboxd.domain.errors import Invalid

STRING_LIMIT = 255
"""Characters of a name, an e-mail address and everything else that is one line."""

LABELS_LIMIT = 500
"""Each is a row of an index, and all of a record's are written at once."""

MASK = "********"
"""What is shown in place of a stored secret."""

# C0 but newline and tab, DEL, C1, the bidi controls, line and paragraph separators, and lone
# surrogates: everything that can move a cursor, set a clipboard, hide or reorder what is read.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def clean(text: str) -> str:
    """`text` with everything a terminal would obey shown as U+FFFD instead."""
    return _UNSAFE.sub("�", text)


def clean_line(text: str, limit: int = 500) -> str:
    """`clean` on one line of at most `limit` characters, for logs and lists."""
    line = clean(text).replace("\n", " ").replace("\t", " ")
    return line if len(line) <= limit else line[: limit - 1] + "…"


def excerpt(body: bytes, limit: int = 2048) -> str:
    """The first `limit` bytes of a foreign body, safe to store and to print."""
    return clean(body[:limit].decode("utf-8", "replace"))


def check_name(name: str) -> None:
    """Raises Invalid for a name that is blank or too long."""
    if not name.strip():
        raise Invalid("Name can't be blank", "name")
    if len(name) > STRING_LIMIT:
        raise Invalid(f"Name is too long (maximum is {STRING_LIMIT} characters)", "name")


def check_present(values: dict[str, Any], *names: str) -> None:
    """Raises Invalid for those of these texts that are given and blank, naming them all."""
    blank = [name for name in names if name in values and not (values[name] or "").strip()]
    if blank:
        raise Invalid(", ".join(f"{name.replace('_', ' ').capitalize()} can't be blank" for name in blank), *blank)


def split_labels(labels: list[str]) -> list[str]:
    """Labels as they are kept: a comma splits one, blanks and repeats are dropped. Raises Invalid for more
    than a record may carry."""
    parts = (part.strip() for label in labels for part in label.split(","))
    found = list(dict.fromkeys(part for part in parts if part))
    if len(found) > LABELS_LIMIT:
        raise Invalid(f"Labels are limited to {LABELS_LIMIT}", "labels")
    return found


def without_labels(labels: list[str], gone: list[str]) -> list[str]:
    words = split_labels(gone)
    return [label for label in labels if label not in words]
