"""Facts as rows of a list, whose lines can be copied and opened."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from admin_tui.state.facts import Fact
from admin_tui.text import cut
from admin_tui.theme import paint_of
from admin_tui.widgets.row_list import Row, RowList

_LABEL = 13


def rows(facts: Sequence[Fact]) -> list[Row]:
    return [Row((place, fact.label), fact) for place, fact in enumerate(facts)]


class FactList(RowList):
    """Headings, and names with their values."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(self._colored, **kwargs)

    def _colored(self, data: Any, width: int) -> list[Text]:
        fact: Fact = data
        paint = paint_of(self.app)
        if not fact.value:
            return [Text(cut(fact.label, width), paint.key, no_wrap=True)]
        text = Text(no_wrap=True).append(cut(fact.label, _LABEL) + " ", paint.dim)
        return [paint.signs(text.append(cut(fact.value, width - _LABEL - 1)))]
