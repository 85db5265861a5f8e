"""Detection: the faces of a picture, as CompreFace answers."""

from collections.abc import Callable
from typing import Any

import pytest

from visavis.service.state import Services

Post = Callable[..., tuple[int, Any]]


def test_all_faces(post: Post, services: Services) -> None:
    status, found = post("detection/detect", "ada", "ben")
    assert status == 200
    assert [face.keys() for face in found["result"]] == [{"box"}] * 2
    record = services.gallery.audit_tail(1)[0]
    assert (record.action, record.details["faces"]) == ("detect", 2)


def test_plugins_and_status(post: Post, services: Services) -> None:
    plugins = "face_plugins=landmarks,pose,calculator&status=true"
    status, found = post(f"detection/detect?{plugins}", "ada", "ben")
    assert status == 200
    for face in found["result"]:
        assert all(isinstance(value, int) for point in face["landmarks"] for value in point)
        assert len(face["embedding"]) == 32
        assert all(taken >= 0 for taken in face["execution_time"].values())
    assert found["plugins_versions"]["calculator"] == "fake-1"
    assert services.gallery.audit_tail(1)[0].action == "embed"


def test_times_are_of_what_was_done(post: Post) -> None:
    found = post("detection/detect?status=true", "ada")[1]
    assert found["result"][0]["execution_time"].keys() == {"detector"}


@pytest.mark.parametrize("query", ["", "?face_plugins=calculator"])
def test_no_face_is_an_error(post: Post, query: str) -> None:
    status, error = post(f"detection/detect{query}")
    assert (status, error) == (400, {"message": "expected a face, found none", "code": 28})


def test_the_limit_holds(post: Post) -> None:
    assert len(post("detection/detect?limit=1", "ada", "ben")[1]["result"]) == 1
