"""A contact in its row, and what is known of it in lines."""

from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from admin_tui.state.contacts import Contact, Part
from admin_tui.text import ago, cut, line
from admin_tui.theme import paint_of

if TYPE_CHECKING:
    from admin_tui.app import InboxdTui


def drawn(tui: "InboxdTui", one: Contact, width: int) -> list[Text]:
    paint = paint_of(tui)
    places = 12 if width >= 56 else 0
    state = f" {tui.glyphs('failed')} blocked" if one.blocked else ""
    name = min(30, width * 2 // 5)
    reach = one.reach if one.reach != one.name else ""
    middle = cut(f"{line(reach)}{state}", width - name - places - 2)
    text = Text(no_wrap=True).append(cut(one.name, name), paint.strong)
    text.append(f" {middle} ", "" if one.blocked else paint.dim)
    text.append(cut(", ".join(one.inboxes), width - text.cell_len), paint.info)
    return [paint.signs(text)]


def part_drawn(tui: "InboxdTui", part: Part, width: int) -> list[Text]:
    """A line about a contact."""
    paint = paint_of(tui)
    if part.kind == "head":
        return [paint.head(cut(f"─ {part.label} ─  {part.value}", width))]
    if part.kind == "note":
        text = f"{ago(part.raw['created_at']):>4} {part.label}: {part.value}"
        return [_dimmed(Text(cut(text, width), no_wrap=True), paint.dim, 5)]
    if part.kind == "conversation":
        inbox = tui.directory.inbox_name(part.raw.get("inbox_id"))
        state = tui.glyphs.with_word(part.value)
        text = f"{part.label:<6} {cut(state, 10)} {cut(inbox, 14)} {ago(part.raw.get('last_activity_at')):>4}"
        return [paint.signs(_dimmed(Text(cut(text, width), no_wrap=True), paint.dim, 6))]
    return [_dimmed(Text(cut(f"{cut(part.label, 12)} {part.value or '-'}", width), no_wrap=True), paint.dim, 12)]


def _dimmed(text: Text, dim: Style, length: int) -> Text:
    """A text whose first cells stand back."""
    text.stylize(dim, 0, length)
    return text
