"""CompreFace's own Python client, where VISAVIS_COMPREFACE_SDK names a Python that has it."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

PYTHON = os.environ.get("VISAVIS_COMPREFACE_SDK")
DRIVER = """
import json, sys
from compreface import CompreFace

port, ada, more, ben = sys.argv[1:]
root = CompreFace("http://127.0.0.1", port)
recognition = root.init_face_recognition("key")
faces, subjects = recognition.get_face_collection(), recognition.get_subjects()
answers = [subjects.add("ada"), faces.add(ada, "ada")]
image = answers[-1]["image_id"]
everything = {"limit": 1, "prediction_count": 2, "face_plugins": "landmarks", "status": "true"}
answers += [
    recognition.recognize(more, everything),
    faces.verify(ben, image),
    root.init_face_detection("key").detect(ben),
    root.init_face_verification("key").verify(ada, more),
    faces.list(),
    faces.delete(image),
    subjects.update("ada", "countess"),
    subjects.list(),
    subjects.delete_all(),
]
print(json.dumps(answers))
"""

pytestmark = pytest.mark.skipif(
    PYTHON is None, reason="VISAVIS_COMPREFACE_SDK names no Python with compreface-sdk"
)


@pytest.fixture
def port(app: FastAPI) -> Iterator[int]:
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    end = time.monotonic() + 30
    while not server.started and time.monotonic() < end:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(30)


def test_the_client_works_unchanged(port: int, png: Callable[..., bytes], tmp_path: Path) -> None:
    photos = {"ada": png("ada"), "more": png("ada", seed=1, noise=2), "ben": png("ben")}
    for name, data in photos.items():
        (tmp_path / f"{name}.png").write_bytes(data)
    files = [str(tmp_path / f"{name}.png") for name in photos]
    command = [str(PYTHON), "-P", "-c", DRIVER, str(port), *files]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    added, example, known, other, detected, pair, listed, deleted, renamed, names, none = (
        json.loads(run.stdout)
    )
    assert (added, example["subject"]) == ({"subject": "ada"}, "ada")
    [face] = known["result"]
    assert face["subjects"][0]["subject"] == "ada"
    assert face["subjects"][0]["similarity"] >= 0.5
    assert (len(face["landmarks"]), "calculator" in known["plugins_versions"]) == (5, True)
    assert other["result"][0]["similarity"] < 0.5
    assert detected["result"][0]["box"]["probability"] == 1
    assert pair["result"][0]["face_matches"][0]["similarity"] >= 0.5
    assert (listed["faces"], listed["total_elements"]) == ([example], 1)
    assert deleted == example
    assert (renamed, names, none) == (
        {"updated": True},
        {"subjects": ["countess"]},
        {"deleted": 1},
    )
