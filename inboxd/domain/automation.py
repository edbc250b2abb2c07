"""What automation rules wait for, and what their conditions can ask. Whether they hold is for matching to say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inboxd.domain import conditions as ask
from inboxd.domain.conditions import Alternatives, Attribute, Catalogue
from inboxd.domain.conversations import PRIORITIES, STATUSES
from inboxd.domain.errors import Refused
from inboxd.domain.messages import MESSAGE_TYPES

EVENTS = {
    "conversation_created": "a conversation was opened",
    "conversation_updated": "status, assignee, team, labels, priority, snooze, waiting or a custom attribute changed",
    "conversation_opened": "a conversation became open again",
    "conversation_resolved": "a conversation became resolved",
    "message_created": "an incoming, outgoing or template message was stored, private notes included",
}
EVENT_NAMES = tuple(EVENTS)
CHANGES_OF = "conversation_updated"
"""The event that says what changed."""
OPENINGS = ("conversation_created", "conversation_opened")
"""No machine that answers of itself sets them off."""
CHECKS = 2
"""A rule whose conditions cannot be understood so often is switched off."""
SEARCHED = 50_000
"""Characters of a text that conditions look at, and of a conversation's newest messages together."""
SEARCHES = 100
"""Texts that the conditions of one rule may look for inside others. With SEARCHED: five million characters
passed over, 5 ms, and 50 ms where text and pattern are made to be slow."""


@dataclass(frozen=True)
class Known(Attribute):
    """Every rule knows it: `of` conversation, contact or message, in a column of its own name unless `column`
    names another. `changes`: events say what it was before. `any_case`: equal whatever the case."""

    about: str = ""
    of: str = "conversation"
    column: str = ""
    changes: bool = False
    any_case: bool = False
    several: bool = True

    def read(self, key: str, holder: Any) -> Any:
        value = getattr(holder, self.column or key)
        if self.column == "additional_attributes":
            return value.get(key)
        return MESSAGE_TYPES[value] if key == "message_type" else value


_MORE = "additional_attributes"
STANDARD: Mapping[str, Known] = {
    "status": Known("word", ask.EQUALITY, STATUSES, about="its status", changes=True),
    "priority": Known("word", ask.EQUALITY, PRIORITIES, about="its priority", changes=True),
    "assignee_id": Known("id", ask.OPTIONAL, refers="agent", about="whose it is", changes=True),
    "inbox_id": Known("id", ask.OPTIONAL, refers="inbox", about="its inbox"),
    "team_id": Known("id", ask.OPTIONAL, refers="team", about="its team", changes=True),
    "labels": Known(
        "text", ask.OPTIONAL, refers="label", column="label_list", several=False,
        about="its labels; `not_equal_to` is having some other one",
    ),
    "browser_language": Known("text", ask.EQUALITY, column=_MORE, about="its `additional_attributes`"),
    "conversation_language": Known("text", ask.EQUALITY, column=_MORE, about="its `additional_attributes`"),
    "referer": Known("text", ask.TEXT, column=_MORE, about="its `additional_attributes`"),
    "mail_subject": Known("text", ask.TEXT, column=_MORE, about="its `additional_attributes`"),
    "email": Known("text", ask.TEXT, of="contact", about="the contact's e-mail address"),
    "phone_number": Known("text", (*ask.TEXT, ask.STARTS), of="contact", about="the contact's phone number"),
    "city": Known("text", ask.TEXT, of="contact", column=_MORE, about="the contact's `additional_attributes`"),
    "company_name": Known("text", ask.TEXT, of="contact", column=_MORE, about="the contact's `additional_attributes`"),
    "country_code": Known(
        "text", ask.EQUALITY, of="contact", column=_MORE, about="the contact's `additional_attributes`"
    ),
    "message_type": Known(
        "word", ask.EQUALITY, tuple(word for word in MESSAGE_TYPES if word != "activity"), of="message",
        about="who wrote: the contact (incoming), an agent or bot (outgoing), or inboxd (template)",
    ),
    "content": Known("text", ask.TEXT, of="message", any_case=True, about="the text, in upper or lower case"),
    "private_note": Known("flag", ask.EQUALITY, of="message", column="private", about="whether it is a private note"),
}  # fmt: skip


def catalogue(custom: Mapping[tuple[str, str], Attribute]) -> Catalogue:
    """Custom attributes are the contact's unless a condition says otherwise."""
    return Catalogue(STANDARD, custom, "contact_attribute", changes=True)


def check_effort(asked: Alternatives) -> None:
    """Raises Refused for conditions that look for more texts than can be found in time."""
    once = {id(one): one for group in asked for one in group}.values()
    if sum(len(one.values) for one in once if one.operator in (ask.CONTAINS, ask.CONTAINS_NOT)) > SEARCHES:
        raise Refused(f"There are too many texts to look for (maximum of contains in a rule is {SEARCHES})")
