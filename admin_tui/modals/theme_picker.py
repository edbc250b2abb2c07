"""Choosing a theme by looking at it."""

from collections.abc import Sequence
from typing import Any

from admin_tui.modals.picker import Choice, Picker
from admin_tui.widgets.row_list import RowList


class ThemePicker(Picker):
    """The theme under the cursor is on; left with nothing, the one from before is."""

    def __init__(self, themes: Sequence[str], before: str, **kwargs: Any) -> None:
        # The one from before stands first: a list begins with its cursor there.
        names = [before, *(name for name in themes if name != before)]
        super().__init__("Theme", [Choice(name, name) for name in names], **kwargs)
        self._before = before

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        if event.row is not None:
            self.app.theme = event.row.data[1].value

    def action_leave(self) -> None:
        self.app.theme = self._before
        super().action_leave()
