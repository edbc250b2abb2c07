"""The OpenAPI document, made from the route table: nothing in it is written down twice."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from inboxd.api.params import Files, Nested, Object, Objects, Param, Texts, object_schema
from inboxd.api.schemas import Schema, Schemas
from inboxd.api.web import TEXT_ARGS, Route
from inboxd.version import __version__
from inboxd.wire import shapes
from inboxd.wire.shapes import Answer

_ABOUT = """\
Wherever PATCH is described, PUT does the same. Numbers are also taken as text, parameters as JSON or as a form,
and `""` and `{}` mean "not given". A GET or DELETE takes its parameters in the query. Answers say in
`RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` what is left to the caller for so many seconds; beyond it
they are a 429 with `Retry-After`. Callers on the server's own machine are not counted."""
_ROLES = {
    "public": "For everybody.",
    "agent": "For agents and administrators.",
    "administrator": "For administrators of the account.",
    "superadmin": "For who runs the installation.",
}
_ENVELOPE: Any = shapes.Error
_REFUSALS: dict[int, tuple[str, Any]] = {
    400: ("The request cannot be read", _ENVELOPE),
    401: ("Nobody known is calling, or they may not do this", shapes.Error | shapes.SignIn),
    404: ("Not there, or not inside the caller's scope", shapes.Error | shapes.PublicNotFound),
    409: ("A request with the same Idempotency-Key is under way", _ENVELOPE),
    410: ("These events are no longer kept", shapes.EventsGone),
    413: ("More than the limit", _ENVELOPE),
    422: ("Values that break a rule", shapes.InvalidValues | shapes.FieldErrors | shapes.Error | shapes.NotDone),
    429: ("More than within a minute, or an hour, is allowed", _ENVELOPE),
    503: ("The server is stopping", _ENVELOPE),
    507: ("The disk is full: nothing was stored", _ENVELOPE),
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key gives the same answer for a day, and does the work once.",
    "schema": {"type": "string", "maxLength": 255, "pattern": "^[!-~]*$"},
}
_IN_QUERY = ("GET", "DELETE")
# Without a schema generated clients leave the operation out.
_BYTES = {"type": "string", "format": "binary"}
# Chatwoot's words for too many requests are no JSON.
_RETRY_LATER = {"text/plain": {"schema": {"const": "Retry later"}}}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The description of these routes."""
    routes = tuple(routes)
    schemas = Schemas()
    names = _names(routes)
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, names[route], schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "inboxd",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        # Relative to this document, so that it holds behind a proxy's path too.
        "servers": [{"url": "."}],
        "tags": [{"name": name} for name in dict.fromkeys(_tag(route) for route in routes)],
        "paths": paths,
        "components": {
            "parameters": {"IdempotencyKey": _KEY},
            "responses": {
                f"Refused{status}": {
                    "description": about,
                    "content": _json(schemas.of(kind)) | (_RETRY_LATER if status == 429 else {}),
                }
                for status, (about, kind) in _REFUSALS.items()
            },
            "schemas": schemas.components,
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "api_access_token"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def answer_of(route: Route) -> Answer:
    return route.answer if isinstance(route.answer, Answer) else Answer(route.answer)


def _tag(route: Route) -> str:
    name = _resource(route)
    return "client API" if name == "public" else name.replace("_", " ")


def _resource(route: Route) -> str:
    module: str = route.handler.__module__
    return module.rpartition(".")[2]


def _names(routes: tuple[Route, ...]) -> dict[Route, str]:
    """An operationId for each: resource and handler, and only where one handler serves several
    paths also how its record is found, or how the path ends."""

    def candidates(route: Route) -> tuple[str, str, str]:
        name = f"{_resource(route)}_{route.handler.__name__}"
        found = name + (route.record.__name__.removeprefix("find") if route.record else "")
        return name, found, f"{found}_{route.path.rpartition('/')[2]}"

    uses = Counter(step for route in routes for step in enumerate(candidates(route)))
    return {
        route: next((name for step, name in enumerate(candidates(route)) if uses[step, name] == 1), route.path)
        for route in routes
    }


def _operation(route: Route, name: str, schemas: Schemas) -> dict[str, Any]:
    parameters: list[Any] = [_path_parameter(arg) for arg in re.findall(r"\{(\w+)\}", route.path)]
    if _takes_key(route):
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if route.method in _IN_QUERY:
        parameters += [_query_parameter(param) for param in route.params if param.name not in route.path]
    operation: dict[str, Any] = {
        "operationId": name,
        "tags": [_tag(route)],
        "summary": route.about,
        "description": _description(route),
        "security": [] if route.role == "public" else [{"token": []}, {"bearer": []}],
        "parameters": parameters,
        "responses": _responses(route, schemas),
    }
    if (route.params or route.takes_lines) and route.method not in _IN_QUERY:
        operation["requestBody"] = _body(route)
    return operation


def _takes_key(route: Route) -> bool:
    return route.method == "POST" and not route.repeatable


def _description(route: Route) -> str:
    about = _ROLES[route.role]
    if route.wrapper is not None and route.method not in _IN_QUERY:
        about += f" The parameters may also stand under `{route.wrapper}`; in a form they must."
    if route.bots:
        about += " Agent bots may call it too."
    return about + "".join(f" `{path}` is shown this once." for path in route.secrets)


def _path_parameter(name: str) -> Schema:
    kind: Schema = {"type": "string", "minLength": 1}
    if name not in TEXT_ARGS:
        kind = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
    return {"name": name, "in": "path", "required": True, "schema": kind}


def _query_parameter(param: Param) -> Schema:
    kind = param.schema()
    name = f"{param.name}[]" if kind.get("type") == "array" else param.name
    return {"name": name, "in": "query", "required": param.required, "schema": kind}


def _body(route: Route) -> dict[str, Any]:
    if route.raw:
        return {"required": True, "content": {"application/octet-stream": {"schema": _BYTES}}}
    if route.takes_lines:
        about = ["Each line is one JSON object. What it may hold, by its `type`:", "", *map(_line, route.lines)]
        # Without a schema the page shows neither a place for the lines nor what is said of them.
        content = {"application/x-ndjson": {"schema": {"type": "string"}}}
        return {"required": True, "description": "\n".join(about), "content": content}
    plain = [_in_json(param) for param in route.params if not isinstance(param, Files) or param.or_ids]
    content = _json(object_schema(plain)) if plain else {}
    if route.takes_files:
        content["multipart/form-data"] = {"schema": _form(route)}
    return {"required": any(param.required for param in plain), "content": content}


def _line(of_type: tuple[str, tuple[Param, ...]]) -> str:
    kind, params = of_type
    fields = [f"`{param.name}`" + (" (required)" if param.required else "") for param in params]
    return f"- `{kind}`: {', '.join(fields)}"


def _in_json(param: Param) -> Param:
    """Signed ids alone, where files may stand too."""
    if isinstance(param, Nested):
        return replace(param, params=tuple(_in_json(one) for one in param.params))
    return Texts(param.name, param.required) if isinstance(param, Files) else param


def _form(route: Route) -> Schema:
    """Multipart has no null and no depth: names say where a value belongs, objects go as JSON text."""
    return {"type": "object", "properties": dict(_fields(route.params, route.wrapper))}


def _fields(known: Iterable[Param], inside: str | None) -> Iterator[tuple[str, Schema]]:
    for param in known:
        name = f"{inside}[{param.name}]" if inside else param.name
        if isinstance(param, Nested):
            yield from _fields(param.params, name)
            continue
        kind = param.schema()
        if isinstance(param, Object | Objects):
            kind = {"type": "string", "contentMediaType": "application/json"}
        yield f"{name}[]" if kind.get("type") == "array" else name, kind


def _json(schema: Schema) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _responses(route: Route, schemas: Schemas) -> dict[str, Any]:
    answer = answer_of(route)
    good: dict[str, Any] = {"description": "Done" if answer.type is None else "Answered"}
    if answer.type is not None:
        good["content"] = {answer.media: {"schema": schemas.of(answer.type)}}
    elif answer.media != "application/json":
        good["content"] = {answer.media: {}}
    responses = {str(answer.status): good}
    for status in answer.pages:
        about, kind = _REFUSALS[status]
        responses[str(status)] = {"description": about, "content": good["content"] | _json(schemas.of(kind))}
    for status in answer.silent:
        responses[str(status)] = {"description": _REFUSALS[status][0]}
    for status in sorted(_refusals(route, answer)):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/Refused{status}"})
    return responses


def _refusals(route: Route, answer: Answer) -> set[int]:
    statuses = {400, 404, 413, 422, 503, *answer.refuses}
    if route.role != "public" or "{identifier}" in route.path:
        statuses.add(401)
    if route.role != "public" or route.path.startswith("/public/"):
        statuses.add(429)
    if route.is_unit or route.detached:
        statuses.add(507)
    if _takes_key(route):
        statuses.add(409)
    return statuses
