"""Reading parameters: each is declared once beside its route, and says what it takes.

Blanks of other people's clients are part of the contract: `""` and `{}` mean "not given" where
a number, word or moment is expected, null in a list is no item of it (n8n sends `[null]` for a list
that was left alone), and numbers arrive as strings.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from inboxd.domain.errors import Invalid, Malformed, Refused
from inboxd.wire import jsons

_BIGGEST = 2**53


def label(name: str) -> str:
    """A parameter's name as a sentence begins with it: `webhook_url` → `Webhook url`."""
    return name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Param:
    """`required` parameters must be there and not blank."""

    name: str
    required: bool = False

    def read(self, raw: Any) -> Any:
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """What a client should send, as JSON Schema. `read` understands more than that."""
        return {}

    def refuse(self, what: str) -> Invalid:
        return Invalid(f"{label(self.name)} {what}", self.name)


@dataclass(frozen=True)
class Text(Param):
    limit: int | None = None

    def schema(self) -> dict[str, Any]:
        return {"type": "string"} if self.limit is None else {"type": "string", "maxLength": self.limit}

    def read(self, raw: Any) -> str | None:
        if raw is None or raw == {}:
            return None
        if isinstance(raw, bool) or not isinstance(raw, str | int | float):
            raise self.refuse("must be text")
        text = str(raw)
        if self.limit is not None and len(text) > self.limit:
            raise self.refuse(f"is too long (maximum is {self.limit} characters)")
        return text


@dataclass(frozen=True)
class Integer(Param):
    least: int = -_BIGGEST

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": _BIGGEST - 1}

    def read(self, raw: Any) -> int | None:
        if raw is None or raw in ("", {}):
            return None
        number = _integer(raw)
        if number is None or not self.least <= number < _BIGGEST:
            raise self.refuse(
                "must be a whole number" if self.least < 0 else f"must be a whole number from {self.least}"
            )
        return number


@dataclass(frozen=True)
class Boolean(Param):
    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def read(self, raw: Any) -> bool | None:
        if raw is None or raw in ("", {}):
            return None
        if isinstance(raw, bool):
            return raw
        word = str(raw).lower()
        if word in ("true", "1", "on", "t"):
            return True
        if word in ("false", "0", "off", "f"):
            return False
        raise self.refuse("must be true or false")


@dataclass(frozen=True)
class Word(Param):
    """One of a few words; `nothing` lists the words that mean null."""

    words: tuple[str, ...] = ()
    nothing: tuple[str, ...] = ()

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [*self.words, *self.nothing]}

    def read(self, raw: Any) -> str | None:
        if raw is None or raw in ("", {}) or raw in self.nothing:
            return None
        if not isinstance(raw, str) or raw not in self.words:
            raise self.refuse(f"must be one of {', '.join(self.words)}")
        return raw


@dataclass(frozen=True)
class NumberedWord(Word):
    """One of a few words, or its number among them: Rails takes an enum either way."""

    def read(self, raw: Any) -> str | None:
        number = _integer(raw)
        return super().read(self.words[number] if number is not None and 0 <= number < len(self.words) else raw)


@dataclass(frozen=True)
class Moment(Param):
    """Unix seconds as number or text, or an ISO date-time; becomes milliseconds."""

    def schema(self) -> dict[str, Any]:
        return {"type": ["number", "string"], "description": "Unix seconds or an ISO 8601 time"}

    def read(self, raw: Any) -> int | None:
        if raw is None or raw in ("", {}):
            return None
        if isinstance(raw, bool) or not isinstance(raw, str | int | float):
            raise self.refuse("must be a time")
        try:
            moment = round(float(raw) * 1000)
        except (ValueError, OverflowError):
            try:
                parsed = datetime.fromisoformat(str(raw))
            except ValueError:
                raise self.refuse("must be unix seconds or an ISO 8601 time") from None
            moment = round((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000)
        if not 0 <= moment < 253_402_300_800_000:  # the year 10000
            raise self.refuse("must be a time between 1970 and 9999")
        return moment


@dataclass(frozen=True)
class Object(Param):
    """A JSON object, which multipart clients send as text. `lenient`: bad text means `{}`."""

    lenient: bool = False

    def schema(self) -> dict[str, Any]:
        return {"type": "object"}

    def read(self, raw: Any) -> dict[str, Any]:
        if isinstance(raw, str) and raw:
            try:
                raw = jsons.loads(raw.encode())
            except Malformed:
                raw = {} if self.lenient else raw
        if raw is None or raw in ("", []):
            return {}
        if not isinstance(raw, dict):
            if self.lenient:
                return {}
            raise self.refuse("must be an object")
        return raw


@dataclass(frozen=True)
class Value(Param):
    """Anything JSON can say."""

    def read(self, raw: Any) -> Any:
        if any(_is_file(item) for item in _listed(raw)):
            raise self.refuse("must not be a file")
        return raw


@dataclass(frozen=True)
class Objects(Param):
    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "object"}}

    def read(self, raw: Any) -> list[dict[str, Any]]:
        rows = _listed(raw)
        if any(not isinstance(row, dict) for row in rows):
            raise self.refuse("must be a list of objects")
        return rows


@dataclass(frozen=True)
class Texts(Param):
    """A list of texts; null stays null, one text is a list of one."""

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string"}}

    def read(self, raw: Any) -> list[str] | None:
        if raw is None:
            return None
        texts = _listed(raw)
        if any(not isinstance(text, str | int | float) or isinstance(text, bool) for text in texts):
            raise self.refuse("must be a list of texts")
        return [str(text) for text in texts]


@dataclass(frozen=True)
class Integers(Param):
    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": _BIGGEST - 1}}

    def read(self, raw: Any) -> list[int]:
        numbers = [_integer(item) for item in _listed(raw)]
        if any(number is None or not 0 <= number < _BIGGEST for number in numbers):
            raise self.refuse("must be a list of whole numbers")
        return [number for number in numbers if number is not None]


@dataclass(frozen=True)
class Nested(Param):
    """An object with parameters of its own."""

    params: tuple[Param, ...] = ()

    def schema(self) -> dict[str, Any]:
        return object_schema(self.params)

    def read(self, raw: Any) -> dict[str, Any]:
        if raw is None or raw in ("", []):
            return {}
        if not isinstance(raw, dict):
            raise self.refuse("must be an object")
        return read(self.params, raw)


@dataclass(frozen=True)
class Files(Param):
    """Uploaded files. They are stored before the transaction begins and reach the handler as
    `call.uploads`; anything that is no file is refused here. Unless `many`, the description asks for one.

    Where `or_ids`, signed ids of earlier uploads may stand beside them: what is read is a list of those,
    with None for each file.
    """

    many: bool = False
    or_ids: bool = False

    def schema(self) -> dict[str, Any]:
        one: dict[str, Any] = {"type": "string", "format": "binary"}
        if self.or_ids:
            one = {"anyOf": [one, {"type": "string", "description": "the signed id of an upload"}]}
        return {"type": "array", "items": one} if self.many else one

    def read(self, raw: Any) -> list[str | None]:
        items = _listed(None if raw == "null" else raw)  # from clients that can only send text
        if any(not _is_file(item) and not (self.or_ids and isinstance(item, str)) for item in items):
            raise self.refuse("must be files (multipart/form-data)")
        return [item if isinstance(item, str) else None for item in items]


def object_schema(params: Iterable[Param]) -> dict[str, Any]:
    """An object of parameters. Null is "not given" for all that may be left out."""
    properties, required = {}, []
    for param in params:
        schema = param.schema()
        if param.required:
            required.append(param.name)
        elif schema:
            schema = {"anyOf": [schema, {"type": "null"}]}
        properties[param.name] = schema
    shape: dict[str, Any] = {"type": "object", "properties": properties}
    return shape | {"required": required} if required else shape


def read(params: Iterable[Param], values: dict[str, Any]) -> dict[str, Any]:
    """The declared parameters that were given, each in its type. Others are dropped silently.

    Raises Invalid naming the parameter that has the wrong type or is missing.
    """
    known: dict[str, Any] = {}
    for param in params:
        if param.name in values:
            known[param.name] = param.read(values[param.name])
        if param.required and known.get(param.name) in (None, "", []):
            raise param.refuse("can't be blank")
    return known


def unwrap(values: dict[str, Any], wrapper: str, names: Iterable[str], *, is_json: bool) -> dict[str, Any]:
    """The parameters under the wrapper key; for JSON also those at the top level, as Rails copies
    them. Raises Refused when there are none."""
    inner = values.get(wrapper)
    wrapped: dict[str, Any] = {}
    if is_json:
        wrapped = {name: values[name] for name in names if name in values}
    if isinstance(inner, dict):
        wrapped |= inner
    if not wrapped:
        raise Refused(f"param is missing or the value is empty: {wrapper}")
    return wrapped


def nest(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Form fields as JSON would have nested them: `a[b]=1`, `c[]=2`. The last of a name wins.

    Raises Malformed for a name that holds NUL, contradicts another or nests deeper than 10.
    """
    root: dict[str, Any] = {}
    for name, value in pairs:
        if "\x00" in name:
            raise Malformed(f"The name of the form field {name[:80]!r} holds a NUL character")
        head, *rest = name.replace("]", "").split("[") if name.endswith("]") else [name]
        if len(rest) > 10:
            raise Malformed(f"The form field {head[:80]!r} is nested too deeply")
        _set(root, [head, *rest], value)
    return root


def _set(level: dict[str, Any], keys: list[str], value: Any) -> None:
    head, *rest = keys
    if not rest:
        if isinstance(level.get(head), dict | list):
            raise Malformed(f"The form field {head[:80]!r} is both one value and several")
        level[head] = value
    elif rest == [""]:
        items = level.setdefault(head, [])
        if not isinstance(items, list):
            raise Malformed(f"The form field {head[:80]!r} is both a list and something else")
        items.append(value)
    else:
        inner = level.setdefault(head, {})
        if not isinstance(inner, dict) or "" in rest[:-1]:
            raise Malformed(f"The form field {head[:80]!r} is both an object and something else")
        _set(inner, rest, value)


def _listed(raw: Any) -> list[Any]:
    if raw is None or raw in ("", {}):
        return []
    return [item for item in raw if item is not None] if isinstance(raw, list) else [raw]


def _is_file(value: Any) -> bool:
    return hasattr(value, "stream")


def _integer(raw: Any) -> int | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float) and raw.is_integer():
        return int(raw)
    if isinstance(raw, str):
        digits = raw.strip().removeprefix("-")
        if digits.isascii() and digits.isdigit() and len(digits) < 20:
            return int(raw)
    return None
