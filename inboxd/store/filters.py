"""What filters can ask of conversations and contacts, and their conditions as clauses.

A column that is null meets no condition but `is_not_present`; only `not_equal_to` on a custom attribute
is met by records that lack it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from peewee import SQL, Case, NodeList, Value, fn

from inboxd.domain import conditions as ask
from inboxd.domain.conditions import Alternatives, Attribute, Catalogue, Condition
from inboxd.domain.conversations import PRIORITIES, STATUSES
from inboxd.domain.retry import DAY_MS
from inboxd.store import custom_attribute_definitions as definitions
from inboxd.store.db import Tx
from inboxd.store.models import Contact, ContactTagging, Conversation, ConversationCount, Tagging, containing

ALL = "all"
_TRUE, _FALSE = SQL("1 = 1"), SQL("1 = 0")
_ID = Attribute("id", ask.EQUALITY)
_REFERENCE = Attribute("id", ask.OPTIONAL)
_WORDS = Attribute("text", ask.EQUALITY)
_TEXT = Attribute("text", ask.TEXT)
_LABELS = Attribute("text", ask.OPTIONAL)
_MOMENT = Attribute("day", ask.MOMENT)

_CONVERSATION = {
    "status": Attribute("word", ask.EQUALITY, (*STATUSES, ALL)),
    "priority": Attribute("word", ask.EQUALITY, PRIORITIES),
    "assignee_id": _REFERENCE,
    "inbox_id": _REFERENCE,
    "team_id": _REFERENCE,
    "contact_id": _ID,
    "display_id": Attribute("id", ask.TEXT),
    "campaign_id": _REFERENCE,
    "labels": _LABELS,
    "browser_language": _WORDS,
    "conversation_language": _WORDS,
    "referer": _TEXT,
    "mail_subject": _TEXT,
    "created_at": _MOMENT,
    "last_activity_at": _MOMENT,
}
_CONTACT = {
    "name": _TEXT,
    "email": _TEXT,
    "phone_number": Attribute("text", (*ask.TEXT, ask.STARTS)),
    "identifier": _WORDS,
    "country_code": _WORDS,
    "city": _TEXT,
    "company_name": _TEXT,
    "blocked": Attribute("flag", ask.EQUALITY),
    "labels": _LABELS,
    "created_at": _MOMENT,
    "last_activity_at": _MOMENT,
}
OF_CONVERSATIONS, OF_CONTACTS = "conversation_attribute", "contact_attribute"


def conversation_catalogue(tx: Tx, account_id: int) -> Catalogue:
    """Conversations can also be asked for custom attributes of their contacts."""
    return Catalogue(_CONVERSATION, _custom(tx, account_id, OF_CONVERSATIONS, OF_CONTACTS), OF_CONVERSATIONS)


def contact_catalogue(tx: Tx, account_id: int) -> Catalogue:
    return Catalogue(_CONTACT, _custom(tx, account_id, OF_CONTACTS), OF_CONTACTS)


def _custom(tx: Tx, account_id: int, *models: str) -> dict[tuple[str, str], Attribute]:
    return {
        (one.attribute_model, one.attribute_key): ask.CUSTOM[one.attribute_display_type]
        for one in definitions.of_account(tx, account_id)
        if one.attribute_model in models
    }


def of_conversations(alternatives: Alternatives, now: int) -> Any:
    return _any(alternatives, lambda one: _of_conversation(one, _day(now)))


def lookups(alternatives: Alternatives, account_id: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Where all of the conditions have to hold: queries of ids of conversations, each of which has all that are
    meant; and what the kept counts say of them."""
    within: list[Any] = []
    kinds: list[Any] = []
    for one in alternatives[0] if len(alternatives) == 1 else ():
        if one.model is not None or one.operator != ask.IS or ALL in one.values:
            continue
        if one.key == "labels":
            tagged = Tagging.select(Tagging.conversation_id)
            within.append(tagged.where(Tagging.account_id == account_id, Tagging.label.in_(one.values)))
        elif one.key in ("contact_id", "display_id"):
            # Contacts are of one account: its name here would have all of its conversations gone through.
            there = [Conversation.account_id == account_id] if one.key == "display_id" else []
            same = getattr(Conversation, one.key).in_(one.values)
            within.append(Conversation.select(Conversation.id).where(*there, same))
        elif one.key in ("status", "inbox_id", "assignee_id"):
            kinds.append(getattr(ConversationCount, one.key).in_(one.values))
    return tuple(within), tuple(kinds)


def of_contacts(alternatives: Alternatives, now: int) -> Any:
    return _any(alternatives, lambda one: _of_contact(one, _day(now)))


def _any(alternatives: Alternatives, clause: Callable[[Condition], Any]) -> Any:
    """None when nothing is asked for."""
    if not alternatives:
        return None
    # Flat lists: SQLite takes a hundred parentheses inside each other, and no more.
    return _joined([_joined([clause(one) for one in group], " AND ") for group in alternatives], " OR ")


def _joined(clauses: list[Any], word: str) -> Any:
    return NodeList(tuple(clauses), glue=word, parens=True)


def _day(moment: int) -> date:
    return datetime.fromtimestamp(moment // 1000, UTC).date()


def _midnight(day: date) -> int:
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


@dataclass(frozen=True)
class _Subject:
    """What a condition looks at. `folded`: upper and lower case are the same. `optional`: a record that
    lacks it is not equal to anything, too."""

    column: Any
    folded: bool = False
    optional: bool = False
    is_moment: bool = False


def _of_conversation(one: Condition, today: date) -> Any:
    if one.model == OF_CONTACTS:
        holders = Contact.select(Contact.id).where(_clause(_custom_subject(Contact, one), one, today))
        return Conversation.contact_id.in_(holders)
    if one.model is not None:
        return _clause(_custom_subject(Conversation, one), one, today)
    if one.key == "labels":
        return _labelled(Conversation.id, Tagging, Tagging.conversation_id, one)
    if one.key == "status" and ALL in one.values:
        return _TRUE if one.operator == ask.IS else _FALSE
    return _clause(_conversation_subject(one.key), one, today)


def _conversation_subject(key: str) -> _Subject:
    if key == "campaign_id":  # there are no campaigns
        return _Subject(SQL("NULL"))
    if key in ("browser_language", "conversation_language", "referer", "mail_subject"):
        return _Subject(_inside(Conversation.additional_attributes, key))
    return _Subject(getattr(Conversation, key), is_moment=key in ("created_at", "last_activity_at"))


def _of_contact(one: Condition, today: date) -> Any:
    """Contacts compare with the first value alone, for equality."""
    if one.operator in (ask.IS, ask.IS_NOT, ask.STARTS):
        first = one.values[0]
        if one.key == "phone_number" and one.model is None:
            first = "+" + first.strip().replace("+", "")
        operator = ask.IS if one.operator == ask.STARTS else one.operator
        one = Condition(one.key, operator, (first,), one.attribute, one.model)
    if one.model is not None:
        return _clause(_custom_subject(Contact, one), one, today)
    if one.key == "labels":
        return _labelled(Contact.id, ContactTagging, ContactTagging.contact_id, one)
    if one.key in ("city", "company_name", "country_code"):
        return _clause(_Subject(_inside(Contact.additional_attributes, one.key), folded=True), one, today)
    is_text = one.attribute.kind == "text"
    is_moment = one.attribute.kind == "day"
    return _clause(_Subject(getattr(Contact, one.key), folded=is_text, is_moment=is_moment), one, today)


def _inside(column: Any, key: str) -> Any:
    """A value in a JSON object; keys hold no quotes."""
    return fn.json_extract(column, f'$."{key}"')


def _custom_subject(model: type[Conversation] | type[Contact], one: Condition) -> _Subject:
    value = _inside(model.custom_attributes, one.key)
    kind = one.attribute.kind
    if one.operator in (ask.PRESENT, ask.ABSENT):
        return _Subject(value)
    if kind == "text":
        return _Subject(NodeList((SQL("CAST("), value, SQL("AS TEXT)"))), folded=True, optional=True)
    if kind == "number":
        return _Subject(_numeric(value), optional=True)
    if kind == "flag":
        return _Subject(_boolean(value), optional=True)
    return _Subject(_daily(value), optional=True)


def _numeric(value: Any) -> Any:
    """A number, also one that was written as text; null for anything else."""
    is_number = fn.json_type(value).in_(("integer", "real"))
    # In this order: json_type fails for what is no JSON.
    number = NodeList((SQL("CAST("), value, SQL("AS REAL)")))
    return Case(None, ((fn.json_valid(value) == 0, None), (is_number, number)), None)


def _boolean(value: Any) -> Any:
    word = fn.LOWER(value)
    return Case(None, ((word.in_(("1", "true")), 1), (word.in_(("0", "false")), 0)), None)


def _daily(value: Any) -> Any:
    looks_right = NodeList((value, SQL("GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'")))
    return Case(None, ((looks_right, fn.SUBSTR(value, 1, 10)),), None)


def _labelled(record_id: Any, index: Any, of: Any, one: Condition) -> Any:
    tagged = index.select(of)
    if one.operator in (ask.IS, ask.IS_NOT):
        tagged = tagged.where(index.label.in_(one.values))
    inside = one.operator in (ask.IS, ask.PRESENT)
    return record_id.in_(tagged) if inside else record_id.not_in(tagged)


def _clause(subject: _Subject, one: Condition, today: date) -> Any:
    column: Any = subject.column
    if one.operator == ask.PRESENT:
        return _spaced(column, SQL("IS NOT NULL"))
    if one.operator == ask.ABSENT:
        return _spaced(column, SQL("IS NULL"))
    if one.operator in (ask.CONTAINS, ask.CONTAINS_NOT):
        hits = _joined([containing(column, text) for text in one.values], " OR ")
        return hits if one.operator == ask.CONTAINS else _spaced(SQL("NOT"), hits)
    if one.operator in (ask.IS, ask.IS_NOT):
        return _equality(subject, one)
    return _comparison(subject, one, today)


def _equality(subject: _Subject, one: Condition) -> Any:
    column, values = subject.column, [_stored(value) for value in one.values]
    if subject.folded:
        column, values = fn.LOWER(column), [fn.LOWER(value) for value in values]
    options = NodeList(tuple(values), glue=", ", parens=True)
    if one.operator == ask.IS:
        return _spaced(column, SQL("IN"), options)
    differs = _spaced(column, SQL("NOT IN"), options)
    return _joined([differs, _spaced(subject.column, SQL("IS NULL"))], " OR ") if subject.optional else differs


def _stored(value: Any) -> Any:
    return Value(value.isoformat() if isinstance(value, date) else value, converter=False)


def _comparison(subject: _Subject, one: Condition, today: date) -> Any:
    """Days are compared as days: after one is from the next midnight on."""
    value, sign = one.values[0], ">" if one.operator == ask.AFTER else "<"
    if one.operator == ask.DAYS_BEFORE:
        value = today - timedelta(days=value)
    if subject.is_moment:
        value = _midnight(value) + (DAY_MS - 1 if sign == ">" else 0)
    return _spaced(subject.column, SQL(sign), _stored(value))


def _spaced(*parts: Any) -> Any:
    return NodeList(parts)
