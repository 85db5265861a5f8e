"""Examples out of schemas."""

from typing import Any

import pytest

from visavis.service.examples import PICTURE, NoExample, example_of


def shown(schema: dict[str, Any], name: str = "", **schemas: Any) -> Any:
    return example_of(schema, schemas, name)


def test_what_a_field_shows_comes_first() -> None:
    assert shown({"type": "string", "examples": ["ben", "eve"], "default": "x"}, "subject") == "ben"
    assert shown({"const": "progress"}) == "progress"


def test_an_object_is_whole_and_its_parts_are_looked_up() -> None:
    box = {"type": "object", "properties": {"x": {"type": "number", "examples": [84.0]}}}
    fields = {"box": {"$ref": "#/components/schemas/Box"}, "live": {"type": "boolean"}}
    found = shown({"type": "object", "properties": fields}, Box=box)
    assert found == {"box": {"x": 84.0}, "live": True}


def test_a_word_is_taken_where_its_type_and_choice_are_right() -> None:
    assert shown({"type": "string"}, "subject") == "ada"
    assert shown({"type": "integer", "minimum": 3}, "subject") != "ada"
    assert shown({"type": "string", "enum": ["on", "off"]}, "state") == "on"
    assert shown({"type": "string", "enum": ["queued", "running"]}, "state") == "running"


def test_null_only_where_the_other_kind_shows_nothing() -> None:
    null = {"type": "null"}
    assert shown({"anyOf": [{"type": "string"}, null]}, "error") is None
    assert shown({"anyOf": [{"type": "string"}, null]}, "subject") == "ada"
    assert shown({"anyOf": [{"$ref": "#/components/schemas/A"}, null]}, A={"const": 1}) == 1


def test_lists_hold_as_many_as_they_must() -> None:
    number = {"type": "number", "minimum": 0, "maximum": 1}
    assert shown({"type": "array", "items": number, "minItems": 2}) == [0.5, 0.5]
    assert shown({"type": "array", "items": {"type": "string"}}) == []


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ({"type": "string", "contentEncoding": "base64"}, PICTURE),
        ({"type": "string", "format": "binary"}, "photo.jpg"),
        ({"type": "integer", "minimum": 4, "maximum": 4}, 4),
        ({"type": "boolean", "default": True}, True),
        ({"type": "object", "additionalProperties": True}, {}),
    ],
)
def test_leaves(schema: dict[str, Any], found: Any) -> None:
    assert shown(schema) == found


def test_a_text_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(NoExample, match="'licence'"):
        shown({"type": "object", "properties": {"licence": {"type": "string"}}})
