"""Mounting: the pages answer, and nothing of a photo reaches a file."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from visavis.errors import MissingExtra
from visavis.service.app import create_app
from visavis.service.state import Services
from visavis.ui.mount import mount


def test_without_gradio_it_says_what_to_install(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    with pytest.raises(MissingExtra, match=r"visavis\[ui\]"):
        mount(create_app(services))


def test_photos_are_handled_without_a_file(
    mounted: TestClient, photo: Callable[..., list[str]]
) -> None:
    config = mounted.get("/ui/config").json()
    compare = component(config, "compare-a"), component(config, "compare-b")
    [function] = [f for f in config["dependencies"] if tuple(f["inputs"][:2]) == compare]
    asked = {
        "data": [photo("ada"), photo("ada"), ""],
        "fn_index": function["id"],
        "session_hash": "test",
    }
    assert mounted.post("/ui/gradio_api/queue/join", json=asked).status_code == 200
    told = mounted.get("/ui/gradio_api/queue/data", params={"session_hash": "test"}).text
    assert "Same person" in told
    assert list(Path(os.environ["GRADIO_TEMP_DIR"]).rglob("*")) == []


def component(config: dict[str, Any], elem_id: str) -> int:
    [found] = [c["id"] for c in config["components"] if c["props"].get("elem_id") == elem_id]
    return int(found)
