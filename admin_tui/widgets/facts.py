"""Facts as rows of a list, whose lines can be copied and opened."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from admin_tui.state.facts import Fact
from admin_tui.text import cut
from admin_tui.widgets.row_list import Row

_LABEL = 13


def rows(facts: Sequence[Fact]) -> list[Row]:
    return [Row((place, fact.label), fact) for place, fact in enumerate(facts)]


def draw(data: Any, width: int) -> list[Text]:
    fact: Fact = data
    if not fact.value:
        return [Text(cut(fact.label, width), "bold", no_wrap=True)]
    text = Text(cut(fact.label, _LABEL) + " ", no_wrap=True)
    return [text.append(cut(fact.value, width - _LABEL - 1))]
