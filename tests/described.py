"""Holds answers against the API's own description."""

import json
import re
from functools import cache
from typing import Any

import jsonschema_rs
import requests

from inboxd.api import openapi
from inboxd.api.routes import ROUTES
from inboxd.api.web import TEXT_ARGS, Route


@cache
def document() -> dict[str, Any]:
    return openapi.document(ROUTES)


@cache
def _patterns() -> list[tuple[re.Pattern[str], Route]]:
    def one(match: re.Match[str]) -> str:
        return "[^/]+" if match[1] in TEXT_ARGS else "[0-9]{1,18}"

    # As the router has it: a path without a name in it wins.
    routes = sorted(ROUTES, key=lambda route: route.path.count("{"))
    return [(re.compile(re.sub(r"\{(\w+)\}", one, route.path)), route) for route in routes]


@cache
def _route(method: str, path: str) -> Route | None:
    path = path.partition("?")[0].rstrip("/")
    methods = (method, "PATCH") if method == "PUT" else (method,)
    return next((route for pattern, route in _patterns() if route.method in methods and pattern.fullmatch(path)), None)


@cache
def _content(route: Route, status: int) -> dict[str, Any]:
    """What the description has for an answer with this status, by media type."""
    responses = document()["paths"][route.path][route.method.lower()]["responses"]
    known = responses.get(str(status))
    assert known is not None, f"{route.method} {route.path} is not described to answer {status}"
    if "$ref" in known:
        known = document()["components"]["responses"][known["$ref"].rpartition("/")[2]]
    content: dict[str, Any] = known.get("content", {})
    return content


@cache
def _registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([("urn:description", {"components": document()["components"]})])


@cache
def _compiled(schema: str) -> Any:
    """The routes share a few schemas, and each takes its time."""
    return jsonschema_rs.Draft202012Validator(
        json.loads(schema.replace('"#/components/', '"urn:description#/components/')), registry=_registry()
    )


@cache
def _validator(route: Route, status: int) -> Any:
    return _compiled(json.dumps(_content(route, status)["application/json"]["schema"]))


def check(method: str, path: str, response: requests.Response) -> None:
    """Raises AssertionError for an answer that the description does not know."""
    route = _route(method, path)
    status = response.status_code
    if route is None or status == 500:  # the defects that tests provoke
        return
    content = _content(route, status)
    where = f"{method} {route.path} {status}"
    if not content:
        assert status >= 400 or response.content == b"", f"{where} is described to be empty"
    elif response.headers.get("Content-Type", "").startswith("text/plain"):
        assert response.text == content["text/plain"]["schema"]["const"], f"{where} is not as described"
    elif "application/json" in content and "html" not in response.headers.get("Content-Type", ""):
        problems = [
            f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}"
            for error in _validator(route, status).iter_errors(response.json())
        ]
        assert not problems, f"{where} is not as described: {problems}"
