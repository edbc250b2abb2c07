"""The API's description of itself, and the page that shows it."""

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator
from typing import Any, Literal, NotRequired, TypedDict

import jsonschema_rs
import pytest
import requests

from inboxd.api import docs
from inboxd.api.routes import ROUTES
from inboxd.api.schemas import Schemas
from inboxd.api.web import STATUS
from inboxd.wire.shapes import Page, Payload
from tests import described
from tests.cast import Http, World


@pytest.fixture
def document(http: Http, admin: str) -> Any:
    return http.get("/openapi.json").json()


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def inside(value: Any) -> Iterator[Any]:
    """Every object within a JSON value."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from inside(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from inside(inner)


def test_every_route_is_described_once(document: Any) -> None:
    described_routes = {(method.upper(), path) for method, path, _ in operations(document)}
    assert described_routes == {(route.method, route.path) for route in ROUTES}
    assert len(described_routes) == len(ROUTES)


def test_operation_ids_are_words_and_unique(document: Any) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    assert [one for one in ids if not re.fullmatch(r"[a-z_]+", one)] == []


def test_every_reference_leads_somewhere_and_no_component_is_idle(document: Any) -> None:
    references = {one["$ref"] for one in inside(document) if "$ref" in one}
    there = {f"#/components/{kind}/{name}" for kind in document["components"] for name in document["components"][kind]}
    assert references <= there
    assert {one for one in there if "/securitySchemes/" not in one} <= references


def test_every_schema_is_one(document: Any) -> None:
    schemas = [one["schema"] for one in inside(document) if isinstance(one.get("schema"), dict)]
    assert len(schemas) > 500
    for schema in [*schemas, *document["components"]["schemas"].values()]:
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_generated_clients_find_a_type_for_everything(document: Any) -> None:
    """What `openapi-python-client` leaves out, or leaves a whole operation out for."""
    bodies = [operation["requestBody"] for _, _, operation in operations(document) if "requestBody" in operation]
    assert [body for body in bodies for content in body["content"].values() if "schema" not in content] == []
    literal = [one for one in inside(document["components"]["schemas"]) if isinstance(one.get("enum"), list)]
    assert [one for one in literal if one.get("type") not in ("string", "integer")] == []
    components = document["components"]["schemas"]
    inline = {
        name + key.title().replace("_", "")
        for name, schema in components.items()
        for key, kind in schema["properties"].items()
        if any(one.get("type") == "object" for one in inside(kind))
    }
    assert inline & set(components) == set()


def test_a_body_of_nothing_but_files_is_no_json(document: Any) -> None:
    body = document["paths"]["/api/v1/accounts/{account_id}/contacts/import"]["post"]["requestBody"]
    assert list(body["content"]) == ["multipart/form-data"]


def test_every_path_parameter_is_described(document: Any) -> None:
    for _, path, operation in operations(document):
        named = [one["name"] for one in operation["parameters"] if one.get("in") == "path"]
        assert named == re.findall(r"\{(\w+)\}", path)


def test_every_failure_has_a_description(document: Any) -> None:
    known = {int(name.removeprefix("Refused")) for name in document["components"]["responses"]}
    assert set(STATUS.values()) <= known


def test_only_public_routes_need_no_token(document: Any) -> None:
    for route in ROUTES:
        security = document["paths"][route.path][route.method.lower()]["security"]
        assert (security == []) == (route.role == "public"), route


def test_parameters_are_described_as_they_are_declared(document: Any) -> None:
    account = "/api/v1/accounts/{account_id}"
    members = document["paths"][f"{account}/inbox_members"]
    body = members["post"]["requestBody"]
    assert body["required"]
    assert body["content"]["application/json"]["schema"]["required"] == ["inbox_id"]
    in_query = [one for one in members["delete"]["parameters"] if one["in"] == "query"]
    assert [(one["name"], one["required"]) for one in in_query] == [("inbox_id", True), ("user_ids[]", False)]
    message = document["paths"][f"{account}/conversations/{{id}}/messages"]["post"]["requestBody"]["content"]
    ids = message["application/json"]["schema"]["properties"]["attachments"]["anyOf"][0]
    assert ids == {"type": "array", "items": {"type": "string"}}
    files = message["multipart/form-data"]["schema"]["properties"]["attachments[]"]
    assert (files["type"], len(files["items"]["anyOf"])) == ("array", 2)
    first = document["paths"][f"{account}/conversations"]["post"]["requestBody"]["content"]
    inside = first["application/json"]["schema"]["properties"]["message"]["anyOf"][0]["properties"]
    assert inside["attachments"]["anyOf"][0] == ids
    assert first["multipart/form-data"]["schema"]["properties"]["message[attachments][]"] == files
    contact = document["paths"][f"{account}/contacts"]["post"]["requestBody"]["content"]
    assert "avatar" not in contact["application/json"]["schema"]["properties"]
    assert contact["multipart/form-data"]["schema"]["properties"]["avatar"] == {"type": "string", "format": "binary"}
    label = document["paths"][f"{account}/labels"]["post"]
    assert label["requestBody"]["content"]["application/json"]["schema"]["properties"]["color"] == {
        "anyOf": [{"type": "string", "maxLength": 255}, {"type": "null"}]
    }
    assert "`label`" in label["description"]
    assert {"$ref": "#/components/parameters/IdempotencyKey"} in label["parameters"]


class Inner(TypedDict):
    name: str


class Outer(TypedDict):
    """An example."""

    inner: Inner | None
    kind: Literal["a", "b"]
    only: Literal[False]
    more: NotRequired[dict[str, Any]]


def test_the_fields_of_imported_lines_are_described(document: Any) -> None:
    body = document["paths"]["/api/v1/accounts/{account_id}/import"]["post"]["requestBody"]
    assert body["content"]["application/x-ndjson"] == {"schema": {"type": "string"}}
    said = body["description"].splitlines()[2:]
    assert [line.partition(":")[0] for line in said] == ["- `contact`", "- `conversation`", "- `message`"]
    assert all("`source_id` (required)" in line for line in said)
    assert "`contact` (required), `inbox` (required)" in said[1]
    assert "`conversation` (required)" in said[2]
    assert "`contact_source_id`" in said[1]


def test_a_typed_dict_becomes_a_closed_component() -> None:
    schemas = Schemas()
    assert schemas.of(Outer) == {"$ref": "#/components/schemas/Outer"}
    assert schemas.components["Outer"] == {
        "description": "An example.",
        "type": "object",
        "properties": {
            "inner": {"anyOf": [{"$ref": "#/components/schemas/Inner"}, {"type": "null"}]},
            "kind": {"type": "string", "enum": ["a", "b"]},
            "only": {"type": "boolean", "const": False},
            "more": {"type": "object"},
        },
        "required": ["inner", "kind", "only"],
        "additionalProperties": False,
    }


def test_a_generic_typed_dict_is_written_in_place() -> None:
    schemas = Schemas()
    assert schemas.of(Payload[list[Inner]])["properties"] == {
        "payload": {"type": "array", "items": {"$ref": "#/components/schemas/Inner"}}
    }
    assert schemas.of(Page[list[int], Payload[str]])["properties"]["meta"]["required"] == ["payload"]
    assert list(schemas.components) == ["Inner"]


def test_a_type_without_a_schema_is_refused() -> None:
    with pytest.raises(TypeError, match="has no JSON Schema"):
        Schemas().of(bytes)


def test_components_are_named_after_their_resource(document: Any) -> None:
    names = set(document["components"]["schemas"])
    assert {
        "Counts",
        "JobCounts",
        "SearchCounts",
        "OverviewCounts",
        "Job",
        "Macro",
        "AgentBot",
        "AuditLogPage",
    } <= names
    assert {name for name in names if "Shape" in name} == set()


def test_two_types_of_one_name_are_refused() -> None:
    schemas = Schemas()
    schemas.of(Inner)
    with pytest.raises(TypeError, match="each have a type Inner"):
        schemas.of(TypedDict("Inner", {"other": str}))  # type: ignore[operator]


def test_an_answer_with_a_key_that_nobody_declared_is_found_out(world: World) -> None:
    made = world.http.post(f"{world.account}/labels", json={"title": "vip"}, token=world.admin)
    answer = requests.Response()
    answer.status_code = 200
    answer._content = made.content.replace(b'"title"', b'"tilte"')
    with pytest.raises(AssertionError, match="tilte"):
        described.check("POST", f"{world.account}/labels", answer)
    answer.status_code = 418
    with pytest.raises(AssertionError, match="418"):
        described.check("POST", f"{world.account}/labels", answer)


def test_the_page_loads_and_runs_nothing_but_itself(http: Http, admin: str) -> None:
    packed = http.get("/docs", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Length"] == str(len(packed.content))
    page = gzip.decompress(packed.content).decode()
    policy = packed.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert not re.search(r"""<(script|link|img|iframe)[^>]+(src|href)=["'](?!data:)""", page.partition("<script>")[0])
    parts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL) + re.findall(
        r"<style>(.*?)</style>", page, re.DOTALL
    )
    hashes = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in parts]
    assert len(hashes) == 3
    assert sorted(hashes) == sorted(re.findall(r"'sha256-([^']+)'", policy))


def test_a_client_without_gzip_reads_the_page_too(http: Http, admin: str) -> None:
    plain = http.get("/docs", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Content-Type"] == "text/html; charset=utf-8"
    assert plain.text.startswith("<!DOCTYPE html>")
    assert plain.headers["Content-Security-Policy"] == docs.POLICY
