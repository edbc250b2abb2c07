"""Reading a request body: JSON, form or multipart, bounded, as one bag of parameters."""

import hashlib
from typing import IO, Any
from urllib.parse import parse_qsl, unquote_plus

import multipart

from inboxd.api import params
from inboxd.api.web import File
from inboxd.domain.errors import Invalid, Malformed, TooLarge, disk_full_in_words
from inboxd.wire import jsons

FIELDS_LIMIT = 1000
PARTS_LIMIT = 256
# Where clients send files inside of something else.
_NESTED = ("profile[avatar]", "message[attachments]")
_GZIP = b"\x1f\x8b"


def read_query(query: str) -> dict[str, Any]:
    """`query` as WSGI has it, each byte a character."""
    return params.nest(_pairs(query.encode("latin-1"), "The query")) if query else {}


def read_body(
    stream: IO[bytes], length: int, content_type: str, limit: int, files: list[File]
) -> tuple[dict[str, Any], bool]:
    """The parameters, and whether they came as JSON. `limit` bounds everything but files.

    `files` receives every file as soon as it is open, for the caller to close. Raises Malformed,
    Invalid, TooLarge and StorageFull.
    """
    if length == 0:
        return {}, False
    kind, options = multipart.parse_options_header(content_type)
    kind = kind.lower()
    if kind == "multipart/form-data":
        with disk_full_in_words():
            return _read_multipart(stream, options.get("boundary", ""), length, limit, files), False
    if length > limit:
        raise TooLarge(f"The body is larger than {limit} bytes")
    body = stream.read(length)
    if body.startswith(_GZIP):
        raise Malformed("The body is compressed, and must not be")
    # curl -d sends JSON under the form type: nobody means a form that begins with a brace.
    if kind.endswith("json") or body.lstrip()[:1] in (b"{", b"["):
        value = jsons.loads(body)
        # PHP spells an empty object `[]`, axios a missing body `null` or `""`.
        if value in ([], None, ""):
            return {}, True
        if not isinstance(value, dict):
            raise Malformed("The body must be a JSON object")
        return value, True
    if kind == "application/x-www-form-urlencoded":
        return params.nest(_pairs(body, "The body")), False
    if not body.strip():
        return {}, False
    raise Malformed("The Content-Type must be application/json, a form or multipart/form-data")


def read_lines(stream: IO[bytes], content_type: str) -> tuple[IO[bytes], dict[str, Any]]:
    """A body of lines, from its beginning, and what tells it from others. Raises Malformed for a form with files."""
    if multipart.parse_options_header(content_type)[0].lower() == "multipart/form-data":
        raise Malformed("The Content-Type must be application/x-ndjson, with one JSON object a line")
    start = stream.tell()
    digest = hashlib.sha256()
    while chunk := stream.read(1 << 16):
        digest.update(chunk)
    stream.seek(start)
    return stream, {"digest": digest.hexdigest()}


def _pairs(raw: bytes, what: str) -> list[tuple[str, str]]:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise Malformed(f"{what} is not UTF-8 (byte {error.start})") from None
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_LIMIT, errors="strict")
    except UnicodeDecodeError:
        raise Malformed(f"{_undecodable(text)[:80]!r} is not UTF-8") from None
    except ValueError:
        raise TooLarge(f"{what} has more than {FIELDS_LIMIT} parameters") from None
    for name, value in pairs:
        jsons.check(value, name[:80])
    return pairs


def _undecodable(text: str) -> str:
    """The name of the first parameter whose percent-encoding is not UTF-8."""
    for pair in text.split("&"):
        try:
            unquote_plus(pair, errors="strict")
        except UnicodeDecodeError:
            return unquote_plus(pair.partition("=")[0])
    return ""


def _read_multipart(stream: IO[bytes], boundary: str, length: int, limit: int, files: list[File]) -> dict[str, Any]:
    if not boundary or len(boundary) > 200:
        raise Malformed("The multipart body has no boundary, or too long a one")
    parser = multipart.MultipartParser(
        stream, boundary, length, part_limit=PARTS_LIMIT, memory_limit=limit, spool_limit=1 << 16, disk_limit=length
    )
    pairs: list[tuple[str, Any]] = []
    texts = 0
    try:
        for part in parser:
            name = part.name or ""
            file = File(part.filename or "", part.content_type, part.size, part.file)
            files.append(file)
            if part.filename is None:
                texts += part.size
                if texts > limit:
                    raise TooLarge(f"{name[:80]} makes the parameters larger than {limit} bytes")
                pairs.append((name, _text(name, part.raw)))
            elif part.filename or part.size:
                if "[" in name.removesuffix("[]") and name.removesuffix("[]") not in _NESTED:
                    head = name.partition("[")[0][:80]
                    raise Invalid(f"{params.label(head)} must not hold files inside", head)
                pairs.append((name, file))
            # The rest is what a browser sends for a file input left alone.
    except multipart.ParserLimitReached:
        raise TooLarge("The multipart body has too many or too large parts") from None
    except multipart.MultipartError as error:
        raise Malformed(f"The multipart body is broken: {error.args[0]}") from None
    return params.nest(pairs)


def _text(name: str, raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Malformed(f"{name[:80]} is not UTF-8") from None
    jsons.check(text, name[:80])
    return text
