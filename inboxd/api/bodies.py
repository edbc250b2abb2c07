"""Reading a request body: JSON, form or multipart, bounded, as one bag of parameters."""

from typing import IO, Any
from urllib.parse import parse_qsl

import multipart

from inboxd.api import params
from inboxd.api.web import File
from inboxd.domain.errors import Malformed, TooLarge
from inboxd.wire import jsons

FIELDS_LIMIT = 1000
PARTS_LIMIT = 256


def read_query(query: str) -> dict[str, Any]:
    return params.nest(_pairs(query)) if query else {}


def read_body(stream: IO[bytes], length: int, content_type: str, limit: int) -> tuple[dict[str, Any], bool]:
    """The parameters, and whether they came as JSON. `limit` bounds everything but files.

    Raises Malformed and TooLarge.
    """
    if length == 0:
        return {}, False
    kind, options = multipart.parse_options_header(content_type)
    kind = kind.lower()
    if kind == "multipart/form-data":
        return _read_multipart(stream, options.get("boundary", ""), length, limit), False
    if length > limit:
        raise TooLarge(f"The body is larger than {limit} bytes")
    body = stream.read(length)
    # curl -d sends JSON under the form type: nobody means a form that begins with a brace.
    if kind.endswith("json") or body.lstrip()[:1] in (b"{", b"["):
        value = jsons.loads(body)
        if not isinstance(value, dict):
            raise Malformed("The body must be a JSON object")
        return value, True
    if kind == "application/x-www-form-urlencoded":
        try:
            return params.nest(_pairs(body.decode("ascii"))), False
        except UnicodeDecodeError:
            raise Malformed("A urlencoded body is ASCII") from None
    if not body.strip():
        return {}, False
    raise Malformed("The Content-Type must be application/json, a form or multipart/form-data")


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_LIMIT, errors="strict")
    except UnicodeDecodeError:
        raise Malformed("A parameter is not UTF-8") from None
    except ValueError:
        raise Malformed(f"More than {FIELDS_LIMIT} parameters") from None
    for name, value in pairs:
        jsons.check(value, name[:80], 0)
    return pairs


def _read_multipart(stream: IO[bytes], boundary: str, length: int, limit: int) -> dict[str, Any]:
    if not boundary or len(boundary) > 200:
        raise Malformed("The multipart body has no boundary")
    parser = multipart.MultipartParser(
        stream, boundary, length, part_limit=PARTS_LIMIT, memory_limit=limit, spool_limit=1 << 16, disk_limit=length
    )
    pairs: list[tuple[str, Any]] = []
    try:
        for part in parser:
            name = part.name or ""
            if part.filename is None and part.content_type.startswith("text/plain"):
                if part.size > limit:
                    raise TooLarge(f"{name[:80]} is larger than {limit} bytes")
                pairs.append((name, _text(name, part.raw)))
            else:
                pairs.append((name, File(part.filename or "", part.content_type, part.size, part.file)))
    except multipart.ParserLimitReached:
        raise TooLarge("The multipart body has too many or too large parts") from None
    except multipart.MultipartError as error:
        raise Malformed(f"The multipart body is broken: {error}") from None
    return params.nest(pairs)


def _text(name: str, raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Malformed(f"{name[:80]} is not UTF-8") from None
    jsons.check(text, name[:80], 0)
    return text
