"""What the OpenAPI document says beyond types: pictures as bodies, errors, how to authenticate."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from visavis.service.examples import PICTURE, example_of
from visavis.service.schemas.base import Problem

_SHOWN: Final = ("application/json", "multipart/form-data")
"""Types of bodies that have an example."""
_REASONS: Final[Mapping[int, str]] = {
    400: "The request or its picture cannot be read",
    401: "No key, or none that is known",
    403: "The key lacks the scope or the collection",
    404: "No such thing",
    408: "The request took too long",
    409: "It contradicts what is stored",
    413: "Too many bytes, pixels or pictures",
    415: "A content type that this does not take",
    422: "A parameter is out of range, or the picture does not do",
    429: "Too many requests: wait as Retry-After says",
    503: "Not now",
}

ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Problem, "description": text} for status, text in _REASONS.items()
}
"""For `responses=` of every router."""


def pictures(
    *names: str, several: Sequence[str] = (), fields: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """`openapi_extra` of a route that takes pictures in these fields, and other `fields` (JSON
    schemas). A route of one picture takes a raw body too.
    """

    def schema(picture: Mapping[str, Any]) -> dict[str, Any]:
        lists = {name: {"type": "array", "items": picture, "minItems": 1} for name in several}
        return {
            "type": "object",
            "properties": {**dict.fromkeys(names, picture), **lists, **(fields or {})},
            "required": [*names, *several],
        }

    file = {"type": "string", "format": "binary"}
    text = {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/jpeg"}
    example = {**dict.fromkeys(names, PICTURE), **{name: [PICTURE] for name in several}}
    content: dict[str, Any] = {
        "multipart/form-data": {"schema": schema(file)},
        "application/json": {"schema": schema(text), "example": example},
    }
    if names == ("image",) and not several:
        content |= {"image/jpeg": {"schema": file}, "image/png": {"schema": file}}
    return {"requestBody": {"required": True, "content": content}}


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        schemes = found.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["bearer"] = {"type": "http", "scheme": "bearer"}
        schemes["key"] = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
        found["security"] = [{"bearer": []}, {"key": []}, {}]
        _show(found)
        app.openapi_schema = found
    return app.openapi_schema


def _show(told: dict[str, Any]) -> None:
    """Gives every body of a request and of a success a whole example."""
    schemas = told["components"].get("schemas", {})
    operations = [found for methods in told["paths"].values() for found in methods.values()]
    for operation in operations:
        good = (found for status, found in operation["responses"].items() if status[0] == "2")
        for place in (operation.get("requestBody", {}), *good):
            for kind, body in place.get("content", {}).items():
                if kind in _SHOWN and "examples" not in body and body.get("schema"):
                    body["example"] = _whole(body, schemas)


def _whole(body: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """What the schema shows, with what the route says in its place."""
    shown, given = example_of(body["schema"], schemas), body.get("example")
    if isinstance(shown, dict) and isinstance(given, dict):
        return shown | given
    return shown if given is None else given
