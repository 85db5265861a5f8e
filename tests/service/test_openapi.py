"""The OpenAPI document: an example, the errors and a name of its own for every operation."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

from visavis.service.app import reference
from visavis.service.openapi import ERRORS, document, pictures
from visavis.service.state import Services

Node = Mapping[str, Any]
TEXTS = ("text/plain", "image/", "application/octet-stream")
"""What needs no example."""


@pytest.fixture(scope="module")
def told() -> Node:
    return reference()


def operations(told: Node) -> Iterator[tuple[str, Node]]:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def shown(node: Any, told: Node, seen: frozenset[str] = frozenset()) -> bool:
    """Whether there is an example in a node, or in a schema that it refers to."""
    match node:
        case {"properties": dict(fields)} if any(shown(f, told, seen) for f in fields.values()):
            return True  # asked first: a field may itself be called `example`
        case {"properties": dict(), **rest}:
            return shown(rest, told, seen)
        case {"example": _} | {"examples": _}:
            return True
        case {"$ref": str(name)} if name in seen:
            return False
        case {"$ref": str(name)}:
            return shown(resolved(name, told), told, seen | {name})
        case dict():
            return any(shown(inner, told, seen) for inner in node.values())
        case list():
            return any(shown(inner, told, seen) for inner in node)
        case _:
            return False


def resolved(name: str, told: Node) -> Any:
    node: Any = told
    for step in name.removeprefix("#/").split("/"):
        node = node[step]
    return node


def answers(operation: Node) -> Node:
    """The contents of what an operation says when all is well, by type."""
    good = (found for status, found in operation["responses"].items() if status[0] == "2")
    return {kind: said for found in good for kind, said in found.get("content", {}).items()}


def test_the_resolver_tells_one_from_the_other() -> None:
    schemas = {
        "A": {"properties": {"b": {"$ref": "#/components/schemas/B"}}},
        "B": {"properties": {"a": {"$ref": "#/components/schemas/A"}, "n": {"type": "string"}}},
    }
    told: dict[str, Any] = {"components": {"schemas": schemas}}
    assert not shown({"schema": {"$ref": "#/components/schemas/A"}}, told)
    schemas["B"]["properties"]["n"] = {"type": "string", "examples": ["x"]}  # type: ignore[dict-item]
    assert shown({"schema": {"$ref": "#/components/schemas/A"}}, told)


def test_every_operation_has_an_example(told: Node) -> None:
    bare = []
    for name, operation in operations(told):
        said = answers(operation)
        texts = bool(said) and all(kind.startswith(TEXTS) for kind in said)
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        places = (body, said.get("application/json"), operation.get("parameters", []))
        if not texts and not any(shown(place, told) for place in places):
            bare.append(name)
    assert bare == []


def test_every_json_body_has_an_example(told: Node) -> None:
    bodies = {
        name: operation["requestBody"]["content"]["application/json"]
        for name, operation in operations(told)
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }
    assert len(bodies) > 15
    assert [name for name, body in bodies.items() if not shown(body, told)] == []


def test_every_operation_has_an_id_of_its_own_and_says_what_it_does(told: Node) -> None:
    found = dict(operations(told))
    idents = [operation["operationId"] for operation in found.values()]
    assert len(idents) > 50
    assert sorted(set(idents)) == sorted(idents)
    assert [name for name, operation in found.items() if not operation.get("description")] == []


def test_the_errors_of_every_call_are_documented(told: Node) -> None:
    for name, operation in operations(told):
        if "/v1" not in name:
            continue
        assert {"401", "403", "429"} <= operation["responses"].keys(), name
        if " /v1" not in name:
            continue
        for status in ERRORS:
            problem = operation["responses"][str(status)]["content"]["application/json"]
            assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}, (name, status)


def test_keys_are_documented_and_may_be_missing(told: Node) -> None:
    schemes = told["components"]["securitySchemes"]
    assert schemes["bearer"] == {"type": "http", "scheme": "bearer"}
    assert schemes["key"] == {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    assert told["security"] == [{"bearer": []}, {"key": []}, {}]


def test_pictures_are_a_form_json_and_where_it_is_one_a_raw_body() -> None:
    one = pictures("image", fields={"n": {"type": "integer"}})["requestBody"]["content"]
    assert list(one) == ["multipart/form-data", "application/json", "image/jpeg", "image/png"]
    assert one["multipart/form-data"]["schema"]["required"] == ["image"]
    assert list(one["application/json"]["schema"]["properties"]) == ["image", "n"]
    two = pictures("a", several=("b",))["requestBody"]["content"]
    assert list(two) == ["multipart/form-data", "application/json"]
    assert two["application/json"]["schema"]["properties"]["b"]["type"] == "array"
    example = two["application/json"]["example"]
    assert [example["a"]] == example["b"]
    assert base64.b64decode(example["a"]).startswith(b"\x89PNG")


def test_the_example_of_a_picture_can_be_sent(client: TestClient) -> None:
    example = pictures("image")["requestBody"]["content"]["application/json"]["example"]
    answer = client.post("/v1/detect", json=example).json()
    assert (answer["width"], answer["height"]) == (1, 1)


def test_the_document_is_made_once_and_served(
    client: TestClient, services: Services, told: Node
) -> None:
    app: Any = client.app
    while not hasattr(app, "openapi_schema"):
        app = app.app
    assert document(app) is document(app)
    assert client.get("/openapi.json").json() == told
