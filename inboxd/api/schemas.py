"""From Python types to JSON Schema, for the types that answers are declared with."""

import re
import types
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints, is_typeddict

Schema = dict[str, Any]

_PLAIN: dict[Any, Schema] = {
    Any: {},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
}


class Schemas:
    """`components` collects the TypedDicts met so far by their names, those of a module that is about one
    resource with its name: `wire.jobs.Counts` is JobCounts. Others are written in place."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}
        self._named: dict[str, Any] = {}

    def of(self, kind: Any) -> Schema:
        """Raises TypeError for a type that answers cannot have."""
        kind = type(None) if kind is None else kind
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        origin, args = get_origin(kind), get_args(kind)
        if is_typeddict(kind):
            return self._component(kind)
        if is_typeddict(origin):
            return self._closed(origin, dict(zip(origin.__parameters__, args, strict=True)))
        return self._of_generic(kind, origin, args)

    def _of_generic(self, kind: Any, origin: Any, args: tuple[Any, ...]) -> Schema:
        if origin is Literal:
            # Generated clients want the type, and know an enum of strings and integers alone.
            worded = {"const": args[0]} if len(args) == 1 else {"enum": list(args)}
            return _PLAIN[type(args[0])] | worded
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(one) for one in args]}
        if origin is list:
            return {"type": "array", "items": self.of(args[0])}
        if origin is dict and args[0] is str:
            inner = self.of(args[1])
            return {"type": "object", "additionalProperties": inner} if inner else {"type": "object"}
        raise TypeError(f"{kind} has no JSON Schema")

    def _component(self, kind: Any) -> Schema:
        name = _name(kind)
        if self._named.setdefault(name, kind) is not kind:
            raise TypeError(f"{kind.__module__} and {self._named[name].__module__} each have a type {name}")
        if name not in self.components:
            self.components[name] = {}  # met again while it is under way
            self.components[name] = self._closed(kind, {})
        return {"$ref": f"#/components/schemas/{name}"}

    def _closed(self, kind: Any, arguments: dict[Any, Any]) -> Schema:
        """Nothing but its keys: a key that nobody declared is to be found out."""
        hints = get_type_hints(kind)
        shape: Schema = {
            "type": "object",
            "properties": {key: self.of(_filled(hint, arguments)) for key, hint in hints.items()},
            "required": [key for key in hints if key in kind.__required_keys__],
            "additionalProperties": False,
        }
        return {"description": " ".join(kind.__doc__.split()), **shape} if kind.__doc__ and not arguments else shape


def _filled(hint: Any, arguments: dict[Any, Any]) -> Any:
    """A hint of a generic TypedDict with the arguments in place of its variables."""
    if isinstance(hint, TypeVar):
        return arguments[hint]
    parameters = getattr(hint, "__parameters__", ())
    return hint[tuple(arguments[one] for one in parameters)] if parameters else hint


def _name(kind: Any) -> str:
    name: str = kind.__name__.removesuffix("Shape")
    place, _, module = kind.__module__.rpartition(".")
    if place != "inboxd.wire" or module.startswith("shapes"):
        return name
    resource = re.sub(r"(ie)?s$", lambda end: "y" if end[1] else "", module).title().replace("_", "")
    if name in resource:
        return resource
    return name if resource in name else resource + name
