"""The OpenAPI document: an example, the errors and a name of its own for every operation."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from starlette.testclient import TestClient

from visavis.service.app import reference
from visavis.service.examples import PICTURE
from visavis.service.openapi import ERRORS, document, pictures
from visavis.service.state import Services

Node = Mapping[str, Any]
TEXTS = ("text/", "image/", "application/octet-stream", "multipart/x-mixed-replace")
"""What needs no example."""


@pytest.fixture(scope="module")
def told() -> Node:
    return reference()


def operations(told: Node) -> Iterator[tuple[str, Node]]:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def bodies(operation: Node) -> Iterator[tuple[str, Node]]:
    """What goes in and what comes out when all is well, without pictures, files and text."""
    good = {status: said for status, said in operation["responses"].items() if status[0] == "2"}
    for place, told in {"request": operation.get("requestBody", {}), **good}.items():
        for kind, body in told.get("content", {}).items():
            if not kind.startswith(TEXTS):
                yield f"{place} {kind}", body


def faults(body: Node, told: Node) -> list[str]:
    """What is wrong with the example of a body."""
    if "example" not in body:
        return ["none"]
    schema = {**body.get("schema", {}), "components": told["components"]}
    found = Draft202012Validator(schema).iter_errors(body["example"])
    return [f"{error.instance_path}: {error.message}" for error in found]


def test_an_example_that_is_missing_or_wrong_is_told() -> None:
    schema = {"$ref": "#/components/schemas/A"}
    told = {"components": {"schemas": {"A": {"required": ["n"]}}}}
    assert faults({"schema": schema}, told) == ["none"]
    assert len(faults({"schema": schema, "example": {}}, told)) == 1
    assert faults({"schema": schema, "example": {"n": 1}}, told) == []


def test_every_operation_has_whole_examples(told: Node) -> None:
    found = {
        f"{name} {place}": faults(body, told)
        for name, operation in operations(told)
        for place, body in bodies(operation)
    }
    assert len(found) > 100
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_every_parameter_that_is_needed_has_an_example(told: Node) -> None:
    bare = [
        f"{name} {parameter['name']}"
        for name, operation in operations(told)
        for parameter in operation.get("parameters", [])
        if parameter["required"]
        and not {"example", "examples"} & {*parameter, *parameter["schema"]}
    ]
    assert bare == []


def test_what_a_route_says_of_its_body_stands_in_the_example(told: Node) -> None:
    body = told["paths"]["/v1/collections/{collection}/import"]["post"]["requestBody"]
    assert body["content"]["multipart/form-data"]["example"]["existing"] == "skip"
    path = "/v1/collections/{collection}/subjects/{subject}/templates"
    enrol = told["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert enrol["images"] == [PICTURE]
    assert enrol["name"] == "Ada Lovelace"


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
