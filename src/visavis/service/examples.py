"""Whole examples out of JSON schemas: from what each field shows, else from words kept here."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

Node: TypeAlias = Mapping[str, Any]

PICTURE: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVQI12P4//8/AAX+Av7czFnnAAAAAElFTkSuQmCC"
)
"""A picture of one pixel, as base64."""

_FILE: Final = "photo.jpg"
_MOMENT: Final = "2027-03-01T09:30:00Z"
_POINTS: Final = [[108, 101], [147, 101], [128, 126], [112, 148], [143, 147]]
_WORDS: Final[Mapping[str, Any]] = {
    "accepted": True,
    "attacks": "cut-out photos",
    "bona_fide": "people before a camera",
    "description": "says who a face is",
    "embedding": [0.0883, -0.0571, 0.0212],
    "height": 250,
    "intact": True,
    "landmarks": _POINTS,
    "limits": "faces of 40 pixels and more",
    "live": True,
    "margin": 0.31,
    "model": "sface-2021dec-int8bq",
    "outcome": "refused",
    "source": "https://example.org/model.onnx",
    "state": "running",
    "subject": "ada",
    "terms": "research only",
    "websocket": "/v1/challenges/7d0f2b1c9a8e4f63b5d2a1c0/frames",
    "width": 250,
}
"""What fields without an example of their own show, by name, where the type is right."""
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "number": (float, int),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
}


class NoExample(LookupError):
    """Raised for a schema that shows nothing, and no word fits."""


def example_of(schema: Node, schemas: Mapping[str, Node], name: str = "") -> Any:
    """A whole value of a schema; `schemas` are those that it may refer to by name. Raises NoExample
    for a text that nobody knows an example of.
    """
    found: Any
    match schema:
        case {"examples": [found, *_]} | {"example": found} | {"const": found}:
            return found
        case {"$ref": str(path)}:
            return example_of(schemas[path.rpartition("/")[2]], schemas, name)
        case {"anyOf": list(kinds)} | {"oneOf": list(kinds)} if "properties" not in schema:
            return _one(kinds, schemas, name, schema)
        case {"allOf": [inner]}:
            return example_of(inner, schemas, name)
        case {"properties": dict(fields)}:
            return {key: example_of(inner, schemas, key) for key, inner in fields.items()}
        case _:
            return _leaf(schema, schemas, name)


def _one(kinds: Sequence[Node], schemas: Mapping[str, Node], name: str, schema: Node) -> Any:
    """Of several kinds the first, or null where it is allowed and the first shows nothing."""
    some = [kind for kind in kinds if kind.get("type") != "null"]
    plain = some[0]
    if len(some) < len(kinds) and not _tells(plain, name):
        return schema.get("default")
    return example_of(plain, schemas, name)


def _tells(schema: Node, name: str) -> bool:
    return not {"$ref", "examples", "example", "enum", "const"}.isdisjoint(schema) or _known(
        schema, name
    )


def _known(schema: Node, name: str) -> bool:
    word = _WORDS.get(name)
    typed = isinstance(word, _TYPES.get(schema.get("type", ""), ()))
    return typed and word in schema.get("enum", (word,))


def _leaf(schema: Node, schemas: Mapping[str, Node], name: str) -> Any:
    found: Any
    if _known(schema, name) and "$ref" not in schema.get("items", {}):
        return _WORDS[name]
    match schema:
        case {"default": found} if found is not None:
            return found
        case {"enum": [found, *_]}:
            return found
        case {"type": "array", "items": dict(items)}:
            return _list(schema, items, schemas)
        case {"type": "array"} | {"type": "object"}:
            return [] if schema["type"] == "array" else {}
        case {"type": "boolean"}:
            return False
        case {"type": "integer" | "number"}:
            return _number(schema)
        case _:
            return _text(schema, name)


def _list(schema: Node, items: Node, schemas: Mapping[str, Node]) -> list[Any]:
    """One of each is enough, and none of texts that say nothing by themselves."""
    try:
        return [example_of(items, schemas)] * max(schema.get("minItems", 1), 1)
    except NoExample:
        if schema.get("minItems", 0):
            raise
        return []


def _number(schema: Node) -> float:
    low, high = schema.get("minimum", 0), schema.get("maximum", 1)
    return int(low + 1 if low < high else low) if schema["type"] == "integer" else (low + high) / 2


def _text(schema: Node, name: str) -> str:
    match schema:
        case {"format": "date-time"}:
            return _MOMENT
        case {"format": "binary"}:
            return _FILE
        case {"contentEncoding": "base64"}:
            return PICTURE
        case _:
            raise NoExample(f"expected an example of {name or 'a text'!r}, found none")
