"""Contacts in and out as CSV, which become jobs, and the history of another system."""

from collections.abc import Iterator
from functools import partial
from typing import IO, Any, NamedTuple

from inboxd.api import params
from inboxd.api.params import Boolean, Moment, Nested, Object, Objects, Param, Text, Texts, Word
from inboxd.api.web import Call, Response, empty
from inboxd.domain import messages as words
from inboxd.domain.conversations import PRIORITIES, STATUSES
from inboxd.domain.errors import Failure, Invalid, Refused, TooLarge
from inboxd.domain.messages import LINE_LIMIT
from inboxd.domain.portions import portions
from inboxd.services import exports, history, imports
from inboxd.services.history import KINDS, Line, Tally
from inboxd.wire import jobs as wire
from inboxd.wire import jsons

LINES = 100_000
"""A request is put in order before the first line is stored, and so much is put in order at once."""
_LAST = 2**62
_SHOWN = 1_000
_MADE = (Moment("created_at"), Moment("external_created_at"))
_SOURCE_ID = Text("source_id", limit=words.SOURCE_ID_LIMIT, required=True)
FIELDS: dict[str, tuple[Param, ...]] = {
    "contact": (
        _SOURCE_ID, *_MADE, Text("name"), Text("email"), Text("phone_number"), Text("identifier"), Boolean("blocked"),
        Object("custom_attributes"), Object("additional_attributes"), Texts("labels"), Moment("last_activity_at"),
        Objects("contact_inboxes"),
    ),
    "conversation": (
        _SOURCE_ID, *_MADE, Text("contact", required=True), Text("inbox", required=True),
        Text("contact_source_id", limit=words.SOURCE_ID_LIMIT), Word("status", words=STATUSES),
        Word("priority", words=PRIORITIES), Text("assignee"), Text("team"),
        Texts("labels"), Moment("snoozed_until"), Object("custom_attributes"), Object("additional_attributes"),
    ),
    "message": (
        _SOURCE_ID, *_MADE, Text("conversation", required=True), Text("content"),
        Word("message_type", words=words.MESSAGE_TYPES),
        Boolean("private"), Word("content_type", words=words.CONTENT_TYPES), Object("content_attributes"),
        Object("additional_attributes"), Word("status", words=words.STATUSES), Text("sender"), Objects("attachments"),
    ),
}  # fmt: skip
LINE = tuple(FIELDS.items())
"""What a line may hold, by its `type`."""
_PLACE = Nested("contact_inboxes", params=(Text("inbox", required=True), _SOURCE_ID))


def import_contacts(call: Call) -> Any:
    if not call.uploads:
        raise Refused("File is blank")
    imports.begin(call.tx, call.account_id, call.caller.known_user.id, call.uploads[0])
    return empty()


def export_contacts(call: Call) -> Any:
    exports.begin(
        call.tx,
        call.account_id,
        call.caller.known_user.id,
        columns=call.values.get("column_names") or [],
        label=call.values.get("label") or None,
        conditions=call.values.get("payload") or [],
    )
    return empty()


def import_history(call: Call) -> None:
    """In units of their own, so that live traffic passes between them."""
    stream, account_id = call.request.lines, call.account_id
    if stream is None:
        raise Refused("There are no lines")

    def after() -> Response:
        whole = Tally()
        order = sorted(_survey(stream, whole))
        for portion in portions(order, lambda place: place.length):
            lines = [_line(place.number, _read(stream, place)) for place in portion]
            tally: Tally = call.write(partial(history.load, account_id=account_id, lines=lines))
            whole.counts += tally.counts
            whole.problems += tally.problems
        problems = sorted(whole.problems)
        return Response(value=wire.imported(whole.counts, len(problems), problems[:_SHOWN]))

    call.after = after


class _Place(NamedTuple):
    """Where a line is, in the order in which lines are stored: what others need first, then by time."""

    rank: int
    at: int
    number: int
    offset: int
    length: int


def _survey(stream: IO[bytes], tally: Tally) -> Iterator[_Place]:
    """Every line that can be read; what is wrong with the others goes to the tally.

    Raises TooLarge for more lines than one request may have.
    """
    offset, number = stream.tell(), 0
    while raw := stream.readline(LINE_LIMIT + 1):
        number += 1
        if number > LINES:
            raise TooLarge(f"One request may have at most {LINES} lines: send the rest in another one")
        length = len(raw)
        if length > LINE_LIMIT and not raw.endswith(b"\n"):
            tally.problems.append((number, f"The line is larger than {LINE_LIMIT} bytes"))
            while raw and not raw.endswith(b"\n"):
                raw = stream.readline(LINE_LIMIT)
                length += len(raw)
        elif raw.strip():
            try:
                line = _line(number, raw)
            except Failure as failure:
                tally.problems.append((number, failure.message.replace("The body", "The line", 1)))
            else:
                yield _Place(KINDS.index(line.kind), line.values.get("created_at") or _LAST, number, offset, length)
        offset += length


def _read(stream: IO[bytes], place: _Place) -> bytes:
    stream.seek(place.offset)
    return stream.read(place.length)


def _line(number: int, raw: bytes) -> Line:
    """Raises Malformed and Invalid."""
    value = jsons.loads(raw)
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in KINDS:
        raise Invalid(f"Type must be one of {', '.join(KINDS)}", "type")
    values = params.read(FIELDS[kind], value)
    values["created_at"] = values.pop("external_created_at", None) or values.get("created_at")
    if kind == "message" and values["created_at"] is None:
        raise Invalid("Created at can't be blank", "created_at")
    if values.get("contact_inboxes"):
        values["contact_inboxes"] = [_PLACE.read(one) for one in values["contact_inboxes"]]
    return Line(number, kind, values)
