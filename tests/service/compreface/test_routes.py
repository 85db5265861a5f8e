"""All routes together, and what the OpenAPI document says of them."""

from typing import Any

from starlette.testclient import TestClient

ROUTES = {
    "/api/v1/recognition/subjects": {"get", "post", "delete"},
    "/api/v1/recognition/subjects/{subject}": {"put", "delete"},
    "/api/v1/recognition/faces": {"get", "post", "delete"},
    "/api/v1/recognition/faces/{image}": {"delete"},
    "/api/v1/recognition/faces/{image}/img": {"get"},
    "/api/v1/recognition/faces/{image}/verify": {"post"},
    "/api/v1/recognition/faces/delete": {"post"},
    "/api/v1/recognition/recognize": {"post"},
    "/api/v1/recognition/embeddings/recognize": {"post"},
    "/api/v1/recognition/embeddings/faces/{image}/verify": {"post"},
    "/api/v1/detection/detect": {"post"},
    "/api/v1/verification/verify": {"post"},
    "/api/v1/verification/embeddings/verify": {"post"},
    "/api/v1/static/{api_key}/images/{image}": {"get"},
}


def _paths(client: TestClient) -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = client.get("/openapi.json").json()["paths"]
    return {path: found for path, found in paths.items() if path.startswith("/api/v1/")}


def test_every_route_is_there(client: TestClient) -> None:
    assert {path: set(found) for path, found in _paths(client).items()} == ROUTES


def test_each_has_a_name_a_line_of_words_and_compreface_errors(client: TestClient) -> None:
    operations = [one for found in _paths(client).values() for one in found.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert all(name.startswith("compreface_") for name in names)
    for operation in operations:
        assert operation["description"]
        schema = operation["responses"]["404"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Failure"}


def test_no_schema_shares_its_name_with_another_api(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert [name for name in schemas if "__" in name] == []
