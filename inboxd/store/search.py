"""Finding messages and contacts by a part of their text, newest first, at a bounded cost.

Trigram indexes give candidates; the rows themselves decide. Messages behind `indexed_up_to` are not in
theirs yet: queries read that short tail itself, so that a message is found as soon as it is there.
"""

import json
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from peewee import SQL, AutoField, Expression, Model, NodeList, TextField, Value, fn

from inboxd.domain.messages import MessageType
from inboxd.store.db import Tx
from inboxd.store.models import Contact, Message, Setting, containing
from inboxd.store.rows import Prepared, arg

FOUND_LIMIT = 1000
"""Hits that a search knows of, the newest. Ranking or counting all of a common word would cost too much."""
TAIL = 10_000
"""Messages that are read one by one: those not indexed yet, or the newest when the text is too short."""
BATCH = 100
_BATCH_CHARACTERS = 20_000
_MERGED_PAGES = 30
_TRIGRAM = 3
_PHRASE = 100
"""Characters of a longer text that candidates are found by."""
_INBOXES = 50
"""Inboxes that are looked up by name; who sees more is given candidates of the account."""
_CURSOR = "messages_indexed"


class _MessageSearch(Model):
    id = AutoField(column_name="rowid")
    account = TextField()
    inbox = TextField()
    content = TextField()

    class Meta:
        table_name = "message_search"


def _candidates(table: str) -> Prepared[Any]:
    return Prepared(
        Message,
        lambda: NodeList((
            SQL(f"SELECT rowid FROM {table} WHERE {table} MATCH"), arg("match"),  # noqa: S608 (two constants)
            SQL("AND rowid <="), arg("last"), SQL("ORDER BY rowid DESC LIMIT"), arg("limit"),
        )),
    )  # fmt: skip


_MESSAGES, _CONTACTS = _candidates("message_search"), _candidates("contact_search")
_EVER = 2**62


def among(column: Any, ids: Sequence[int]) -> Any:
    """Whether a column is one of these, in a statement that is the same however many they are."""
    return Expression(column, "IN", NodeList((SQL("(SELECT value FROM json_each("), Value(json.dumps(ids)), SQL("))"))))


def indexed_up_to(tx: Tx) -> int:
    found = tx.find(Setting, name=_CURSOR)
    return int(found.value) if found else 0


def is_behind(tx: Tx) -> bool:
    """Whether there are messages that are not in the index yet."""
    newest = tx.tuples(Message.select(fn.MAX(Message.id)))[0][0]
    return newest is not None and newest > indexed_up_to(tx)


def portion(tx: Tx, where: Any, most: int) -> list[int]:
    """The first of such messages: no more text at once than others can wait for."""
    sizes = Message.select(Message.id, fn.COALESCE(fn.LENGTH(Message.content), 0)).where(where)
    found, characters = [], 0
    for message_id, size in tx.tuples(sizes.order_by(Message.id).limit(most)):
        if characters and characters + size > _BATCH_CHARACTERS:
            break
        found.append(message_id)
        characters += size
    return found


def index_batch(tx: Tx) -> None:
    """Put the next messages into the index; see `portion`."""
    begin = indexed_up_to(tx)
    end = max(portion(tx, Message.id > begin, BATCH), default=begin)
    batch = Message.select(Message.id, _term(Message.account_id), _term(Message.inbox_id), Message.content).where(
        Message.id > begin, Message.id <= end, Message.content.is_null(False)
    )
    columns = [_MessageSearch.id, _MessageSearch.account, _MessageSearch.inbox, _MessageSearch.content]
    tx.execute(_MessageSearch.insert_from(batch, columns))
    cursor = tx.find(Setting, name=_CURSOR)
    if cursor is None:
        tx.insert(Setting, name=_CURSOR, value=str(end))
    else:
        tx.update(cursor, value=str(end))


_MERGE = Prepared(
    Message,
    lambda: NodeList(
        (SQL("INSERT INTO message_search (message_search, rank) VALUES ('merge',"), arg("pages"), SQL(")"))
    ),
)


def merge(tx: Tx, pages: int = _MERGED_PAGES) -> None:
    """Some of the work that keeps the index quick to read, as much as a batch makes. Where nobody does it,
    SQLite does all of it at once, for seconds, inside some unit."""
    tx.execute(_MERGE, pages=pages)


def _term(column: Any) -> Any:
    """As the triggers of the index spell a number: one trigram of a private range."""
    digits = (SQL("57344 +"), column, SQL("/ 40960000 % 6400, 57344 +"), column, SQL("/ 6400 % 6400, 57344 +"), column)
    return NodeList((SQL("char("), *digits, SQL("% 6400)")))


def _spelled(number: int) -> str:
    return "".join(chr(57344 + number // unit % 6400) for unit in (40_960_000, 6400, 1))


def _quoted(text: str) -> str:
    return '"' + text[:_PHRASE].replace('"', '""') + '"'


def message_ids(
    tx: Tx,
    account_id: int,
    text: str,
    inbox_ids: frozenset[int] | None,
    *,
    spoken: bool = False,
    since: int = 0,
    limit: int = FOUND_LIMIT,
) -> list[int]:
    """The newest messages that contain the text in these inboxes (None for all): at most `limit`, out of the
    newest FOUND_LIMIT candidates. `spoken`: incoming and outgoing ones alone."""
    # Plus nothing: the candidates lead, and no index of an account's messages.
    where = [Message.account_id + 0 == account_id, Message.created_at + 0 >= since, containing(Message.content, text)]
    if inbox_ids is not None:
        where.append(Message.inbox_id.in_(sorted(inbox_ids)))
    if spoken:
        where.append(Message.message_type < int(MessageType.ACTIVITY))
    newest: Any = Message.alias()
    if len(text) < _TRIGRAM:
        window = newest.select(newest.id).where(newest.account_id == account_id)
        return _checked(tx, window.order_by(newest.created_at.desc()).limit(TAIL), where, limit)
    begin = indexed_up_to(tx)
    tail = newest.select(newest.id).where(newest.id > begin).order_by(newest.id.desc()).limit(TAIL)
    found = _checked(tx, tail, where, limit)
    if len(found) == limit:
        return found
    scope = f'account : "{_spelled(account_id)}"'
    if inbox_ids is not None and 0 < len(inbox_ids) <= _INBOXES:
        scope = f"inbox : ({' OR '.join(_quoted(_spelled(one)) for one in sorted(inbox_ids))})"
    match = f"{scope} AND content : {_quoted(text)}"
    candidates = [row[0] for row in tx.tuples(_MESSAGES, match=match, last=begin, limit=FOUND_LIMIT)]
    return found + _checked(tx, candidates, where, limit - len(found))


def _checked(tx: Tx, candidates: Any, where: list[Any], limit: int) -> list[int]:
    """Those of the candidates, a query or a list of ids, that are what was asked for, the newest first."""
    chosen = among(Message.id, candidates) if isinstance(candidates, list) else Message.id.in_(candidates)
    query = Message.select(Message.id).where(chosen, *where).order_by((Message.id + 0).desc()).limit(limit)
    return [row[0] for row in tx.tuples(query)]


def messages(tx: Tx, message_ids: Sequence[int], conversation_ids: Sequence[int] | None = None) -> list[Message]:
    """Those of the messages that are in the conversations, or all of them; oldest first."""
    query = Message.select().where(among(Message.id, message_ids))
    if conversation_ids is not None:
        query = query.where(among(Message.conversation_id + 0, conversation_ids))
    return tx.all(query.order_by(Message.id))


def contact_ids(tx: Tx, account_id: int, text: str) -> list[int]:
    """The newest contacts with the text in name, e-mail or phone number, or letter by letter in identifier."""
    candidates: Any
    if len(text) < _TRIGRAM:
        newest: Any = Contact.alias()
        window = newest.select(newest.id).where(newest.account_id == account_id)
        candidates = Contact.id.in_(window.order_by(newest.id.desc()).limit(TAIL))
    else:
        match = f'account : "{_spelled(account_id)}" AND {{name email phone_number identifier}} : {_quoted(text)}'
        found = tx.tuples(_CONTACTS, match=match, last=_EVER, limit=FOUND_LIMIT)
        candidates = among(Contact.id, [row[0] for row in found])
    hits = [containing(column, text) for column in (Contact.name, Contact.email, Contact.phone_number)]
    query = Contact.select(Contact.id).where(
        candidates, Contact.account_id + 0 == account_id, reduce(or_, hits) | (fn.INSTR(Contact.identifier, text) > 0)
    )
    return [row[0] for row in tx.tuples(query.order_by((Contact.id + 0).desc()).limit(FOUND_LIMIT))]
