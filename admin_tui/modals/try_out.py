"""What a rule would do to a conversation."""

from rich.text import Text

from admin_tui.modals.text_view import TextView
from admin_tui.theme import paint_of


class TryOut(TextView):
    """With its signs in colour."""

    def drawn(self, text: str, width: int) -> list[Text]:
        return [paint_of(self.app).signs(one) for one in super().drawn(text, width)]
