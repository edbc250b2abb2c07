"""E-mail as people read it, in plain text and in HTML. What comes from outside is escaped in the one, and
in the other cannot steer a terminal."""

from html import escape

from inboxd.domain.links import Links
from inboxd.domain.mailing import Content
from inboxd.domain.text import clean, clean_line
from inboxd.store.details import MessageDetails, Place
from inboxd.store.models import AutomationRule, Contact, Conversation, User
from inboxd.wire.times import plain as moment

_TEXT_LIMIT = 500_000
"""Characters of a transcript: servers refuse mails that are larger than some megabytes."""
_CUT = "Earlier messages are left out here."
_PAGE = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"></head>'
    '<body style="font-family:sans-serif;line-height:1.4">{}</body></html>\n'
)


def transcript_subject(conversation: Conversation, place: Place) -> str:
    return f"[#{conversation.display_id}] Your conversation with {_house(place)}"


def to_team(conversation: Conversation, place: Place, message: str) -> tuple[str, str]:
    """Subject and text of what a rule tells people."""
    subject = f"[#{conversation.display_id}] {place.account.name}: message of an automation rule"
    about = (
        f"About conversation #{conversation.display_id} with {place.contact.name or 'somebody'} in {place.inbox.name}."
    )
    return subject, f"{message}\n\n{clean_line(about)}"


def rule_off(rule: AutomationRule, why: str) -> tuple[str, str]:
    """Subject and text of the news that a rule does nothing any more."""
    name = clean_line(rule.name)
    text = (
        f"The automation rule “{name}” (id {rule.id}) was switched off: its conditions could not be understood "
        f"twice.\n\n{why}\n\nCorrect its conditions and switch it on again."
    )
    return f"Automation rule “{name}” was switched off", text


def plain(subject: str, text: str) -> Content:
    return Content(subject, f"{_told(text)}\n", _PAGE.format(f"<p>{_lines(text)}</p>"))


def transcript(
    subject: str, conversation: Conversation, place: Place, shown: list[MessageDetails], links: Links, *, is_cut: bool
) -> Content:
    """The newest messages, as many as fit, in the order in which they were said."""
    room = _TEXT_LIMIT
    kept: list[tuple[str, str]] = []
    for one in reversed(shown):
        room -= len(one.message.content or "")
        if room < 0:
            break
        kept.append(_message(one, place, links))
    head = clean_line(f"Conversation #{conversation.display_id} with {_house(place)}. Times are UTC.")
    cut = [_CUT] if is_cut or room < 0 else []
    texts = [head, *cut, *(text for text, _ in reversed(kept))]
    blocks = [f"<p>{escape(line)}</p>" for line in (head, *cut)] + [block for _, block in reversed(kept)]
    return Content(subject, "\n\n".join(texts) + "\n", _PAGE.format("\n".join(blocks)))


def _message(shown: MessageDetails, place: Place, links: Links) -> tuple[str, str]:
    row = shown.message
    name, when = clean_line(_author(shown, place), 100), moment(row.created_at)
    files = [(one.filename, links.attachment(one.id, one.filename)) for one in shown.attachments]
    lines = [f"{name}, {when}"] + ([_told(row.content)] if row.content else [])
    lines += [f"{filename}: {url}" for filename, url in files]
    parts = [f"<b>{escape(name)}</b> <small>{when}</small>"] + ([_lines(row.content)] if row.content else [])
    parts += [f'<a href="{escape(url)}">{escape(filename)}</a>' for filename, url in files]
    return "\n".join(lines), f"<p>{'<br>'.join(parts)}</p>"


def _author(shown: MessageDetails, place: Place) -> str:
    """Rules and greetings speak for the house."""
    sender = shown.sender
    if isinstance(sender, User):
        return sender.display_name or sender.name
    if isinstance(sender, Contact):
        return sender.name or "Contact"
    return sender.name if sender is not None else _house(place)


def _house(place: Place) -> str:
    return place.inbox.business_name or place.inbox.name


def _told(text: str) -> str:
    return clean(text.replace("\r\n", "\n"))


def _lines(text: str) -> str:
    return escape(_told(text)).replace("\n", "<br>")
