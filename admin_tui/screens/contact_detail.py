"""What is known of one contact, line by line."""

from typing import Any

from rich.text import Text

from admin_tui.glyphs import Glyphs
from admin_tui.state.contacts import Part
from admin_tui.state.directory import Directory
from admin_tui.text import ago, cut
from admin_tui.widgets.row_list import Row, RowList


class ContactDetail(RowList):
    def __init__(self, glyphs: Glyphs, directory: Directory, **kwargs: Any) -> None:
        super().__init__(self._draw_part, cursor=glyphs("cursor"), marked=" ", **kwargs)
        self._glyphs = glyphs
        self._directory = directory

    def tell(self, parts: list[Part]) -> None:
        self.show([Row(_key(place, one), one) for place, one in enumerate(parts)])

    def _draw_part(self, part: Part, width: int) -> list[Text]:
        if part.kind == "head":
            return [Text(cut(f"─ {part.label} ─  {part.value}", width), style="dim", no_wrap=True)]
        if part.kind == "note":
            return [Text(cut(f"{ago(part.raw['created_at']):>4} {part.label}: {part.value}", width), no_wrap=True)]
        if part.kind == "conversation":
            inbox = self._directory.inbox_name(part.raw.get("inbox_id"))
            state = self._glyphs.with_word(part.value)
            text = f"{part.label:<6} {cut(state, 10)} {cut(inbox, 14)} {ago(part.raw.get('last_activity_at')):>4}"
            return [Text(cut(text, width), no_wrap=True)]
        return [Text(cut(f"{cut(part.label, 12)} {part.value or '-'}", width), no_wrap=True)]


def _key(place: int, part: Part) -> Any:
    """Notes and conversations keep their cursor while others come; lines of text stay where they are."""
    return (part.kind, part.raw["id"]) if part.kind in ("note", "conversation") else (part.kind, part.label, place)
