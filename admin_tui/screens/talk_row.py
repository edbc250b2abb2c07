"""A conversation in the two lines of its row."""

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from admin_tui.state.conversations import Talk
from admin_tui.text import ago, cut, line
from admin_tui.theme import paint_of

if TYPE_CHECKING:
    from admin_tui.app import InboxdTui


def drawn(tui: "InboxdTui", talk: Talk, width: int) -> list[Text]:
    glyphs, paint = tui.glyphs, paint_of(tui)
    age = f"{ago(talk.active_at):>4}"
    who = f"@{talk.assignee}"[:10] if talk.assignee else "-"
    inbox = line(tui.directory.inbox_name(talk.inbox_id))[:8]
    first = Text(no_wrap=True).append(f"{glyphs('unread') if talk.unread else ' '} ", paint.info)
    first.append(cut(talk.name, width - cell_len(inbox + who) - 9), "bold" if talk.unread else "")
    first.append(f" {inbox}", paint.dim).append(f" {who}", paint.info if talk.assignee else paint.dim)
    first.append(f" {age}", paint.dim)

    chips = [(glyphs(talk.status) + ("" if talk.status == "open" else f" {talk.status}"), paint.of(talk.status))]
    chips += [(f"{talk.priority}!", paint.of(talk.priority) + paint.strong)] if talk.priority else []
    if any(one.status == "failed" for one in tui.unsent.of(talk.id)):
        chips.append((f"{glyphs('failed')} not sent", paint.bad))
    chips += [("draft", paint.warn)] if tui.drafts.has(talk.id) else []
    more = f" +{talk.unread}" if talk.unread else ""
    waits = f" waits {ago(talk.waiting_since)}" if talk.waiting_since else ""
    second = Text("  ", no_wrap=True)
    for word, style in chips:
        second.append(word, style).append(" ")
    room = width - second.cell_len - len(more + waits)
    second.append(cut(talk.preview or "no message yet", room), "" if talk.unread else paint.dim)
    second.append(more, paint.info + paint.strong).append(waits, paint.warn)
    return [first, second]
