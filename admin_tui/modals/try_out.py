"""What a rule would do to a conversation."""

from typing import Any

from rich.text import Text

from admin_tui.modals.text_view import TextView
from admin_tui.text import cut
from admin_tui.theme import paint_of
from admin_tui.widgets.row_list import RowList


class TryOut(TextView):
    """With its signs in colour."""

    def on_mount(self) -> None:
        self.query_one(RowList)._draw = self._signed

    def _signed(self, data: Any, width: int) -> list[Text]:
        return [paint_of(self.app).signs(Text(cut(data, width), no_wrap=True))]
