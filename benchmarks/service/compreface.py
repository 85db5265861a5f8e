"""How many operations of CompreFace's own Python client work against this service, unchanged.

Starts `visavis serve` on a free port of this machine with a gallery of its own and an API key, and
runs compreface-sdk, in a virtual environment of its own, with photos of LFW: subjects, examples,
recognition, detection and verification. An operation works when its answer is what CompreFace
would give, decided by `similarity >= 0.5`. Before that figure it says how many pairs of LFW's
first fold reach the similarities that clients compare with.
"""

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

SDK = ("compreface-sdk==0.6.0", "urllib3<2")
SCOPES = ("detect", "identify", "enrol", "scores")
AT = (0.5, 0.9, 0.97, 0.99)
WAIT = 120  # seconds for the models to load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    data = os.environ.get("VISAVIS_TEST_DATA")
    parser.add_argument("--lfw", type=Path, default=data and Path(data) / "lfw")
    parser.add_argument("--venv", type=Path, help="an environment that has compreface-sdk")
    parser.add_argument("--drive", nargs=2, metavar=("PORT", "KEY"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not args.lfw or not (args.lfw / "images").is_dir():
        sys.exit("expected LFW: give --lfw DIR or set VISAVIS_TEST_DATA to a folder with lfw")
    if args.drive:
        drive(*args.drive, args.lfw)
        return
    with tempfile.TemporaryDirectory(prefix="visavis-compreface-") as folder:
        home = Path(folder)
        python = interpreter(args.venv or sdk(home / "venv"))
        environment = {
            **os.environ,
            "VISAVIS_GALLERY": str(home / "gallery"),
            "VISAVIS_MASTER_KEY_FILE": str(home / "master.key"),
            "VISAVIS_CONFIG": str(home / "config.toml"),
        }
        with service(environment) as port:
            key = api_key(environment)
            # -P, or this file would be imported in place of the client.
            command = [python, "-P", __file__, "--lfw", args.lfw, "--drive", str(port), key]
            sys.exit(subprocess.run(command).returncode)


def sdk(folder: Path) -> Path:
    """An environment with the client, and with the old urllib3 that its requests-toolbelt needs."""
    venv.create(folder, with_pip=True)
    subprocess.run([interpreter(folder), "-m", "pip", "install", "--quiet", *SDK], check=True)
    return folder


def interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@contextmanager
def service(environment: dict[str, str]) -> Iterator[int]:
    """A running service; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "visavis", "serve", "--no-ui", "--port", str(port)]
    process = subprocess.Popen(command, env=environment)
    try:
        wait_for(process, f"http://127.0.0.1:{port}/readyz")
        yield port
    finally:
        process.terminate()
        process.wait(60)


def wait_for(process: "subprocess.Popen[bytes]", url: str) -> None:
    end = time.monotonic() + WAIT
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    sys.exit("the service did not start")


def api_key(environment: dict[str, str]) -> str:
    """Made by the command line while the service runs: it takes the key within half a second."""
    flags = [word for scope in SCOPES for word in ("--scope", scope)]
    command = [sys.executable, "-m", "visavis", "apikeys", "create", "sdk", *flags, "--json"]
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    if run.returncode:
        sys.exit(f"{' '.join(command)}: {run.stderr}{run.stdout}")
    time.sleep(1)
    return str(json.loads(run.stdout)["token"])


def drive(port: str, key: str, lfw: Path) -> None:
    """In the client's environment: every operation, and the verdict."""
    from compreface import CompreFace

    root = CompreFace("http://127.0.0.1", port)
    tried = Tried(root, key)
    people = photos(tried.detection, lfw)
    for operation in OPERATIONS:
        tried.run(operation, people)
    spread(tried.verification, lfw)
    names = tried.failed
    total = len(OPERATIONS)
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores")
    print(
        f"operations of compreface-sdk that worked: {total - len(names)} of {total} "
        f"(needs {total}) {'SHORT' if names else 'ok'}"
    )
    sys.exit(1 if names else 0)


def photos(detection: Any, lfw: Path) -> list[list[str]]:
    """Three photos each of four people in which one face is found."""
    chosen: list[list[str]] = []
    for folder in sorted((lfw / "images").iterdir()):
        files = sorted(map(str, folder.glob("*.jpg")))[:8]
        if len(files) < 3:
            continue
        alone = [f for f in files if len(detection.detect(f).get("result", ())) == 1]
        if len(alone) >= 3:
            chosen.append(alone[:3])
        if len(chosen) == 4:
            return chosen
    sys.exit("expected four people with three photos of one face each")


def spread(verification: Any, lfw: Path) -> None:
    """The shares of 300 pairs of one person and 300 of two that reach some similarities."""
    found: dict[bool, list[float]] = {True: [], False: []}
    for line in (lfw / "pairs.txt").read_text().splitlines()[1:601]:
        words = line.split("\t")
        same = len(words) == 3
        name, first, other, second = words if not same else (*words[:2], words[0], words[2])
        pair = [str(lfw / "images" / n / f"{n}_{int(i):04}.jpg") for n, i in
                ((name, first), (other, second))]  # fmt: skip
        result = verification.verify(*pair, {"limit": 1}).get("result")
        found[same].append(result[0]["face_matches"][0]["similarity"] if result else 0.0)
    for limit in AT:
        one, two = (sum(s >= limit for s in found[same]) for same in (True, False))
        print(
            f"similarity >= {limit}: {one} of {len(found[True])} pairs of one person, "
            f"{two} of {len(found[False])} of two"
        )


class Tried:
    """The client's services, and what of them failed."""

    def __init__(self, root: Any, key: str) -> None:
        self.root = root
        self.recognition = root.init_face_recognition(key)
        self.detection = root.init_face_detection(key)
        self.verification = root.init_face_verification(key)
        self.faces = self.recognition.get_face_collection()
        self.subjects = self.recognition.get_subjects()
        self.images: dict[str, str] = {}
        self.failed: list[str] = []

    def run(self, operation: "Operation", people: list[list[str]]) -> None:
        name = operation.__name__.replace("_", " ")
        try:
            answer = operation(self, people)
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        good = answer is True
        print(f"{'ok  ' if good else 'FAIL'} {name}" + ("" if good else f": {answer}"))
        if not good:
            self.failed.append(name)


Operation = Callable[[Tried, list[list[str]]], object]


def list_no_subjects(on: Tried, people: list[list[str]]) -> object:
    found = on.subjects.list()
    return found == {"subjects": []} or found


def add_a_subject(on: Tried, people: list[list[str]]) -> object:
    found = on.subjects.add("Ada Lovelace")
    return found == {"subject": "Ada Lovelace"} or found


def add_a_subject_twice(on: Tried, people: list[list[str]]) -> object:
    found = on.subjects.add("Ada Lovelace")
    return found.get("code") == 43 or found


def rename_a_subject(on: Tried, people: list[list[str]]) -> object:
    found = on.subjects.update("Ada Lovelace", "Ada King")
    return (found, on.subjects.list()) == ({"updated": True}, {"subjects": ["Ada King"]}) or found


def delete_a_subject(on: Tried, people: list[list[str]]) -> object:
    found = on.subjects.delete("Ada King")
    return found == {"subject": "Ada King"} or found


def add_an_example_from_a_file(on: Tried, people: list[list[str]]) -> object:
    found = on.faces.add(people[0][0], "first")
    on.images["first"] = found.get("image_id", "")
    return found.get("subject") == "first" or found


def add_an_example_from_bytes(on: Tried, people: list[list[str]]) -> object:
    found = on.faces.add(Path(people[1][0]).read_bytes(), "second", {"det_prob_threshold": 0.8})
    on.images["second"] = found.get("image_id", "")
    return found.get("subject") == "second" or found


def add_another_example(on: Tried, people: list[list[str]]) -> object:
    found = on.faces.add(people[1][1], "second")
    on.images["another"] = found.get("image_id", "")
    return found.get("subject") == "second" or found


def list_examples(on: Tried, people: list[list[str]]) -> object:
    found = on.faces.list()
    ids = {face["image_id"] for face in found["faces"]}
    return (ids == set(on.images.values()) and found["total_elements"] == 3) or found


def recognise_somebody_known(on: Tried, people: list[list[str]]) -> object:
    found = on.recognition.recognize(people[0][1])
    best = found["result"][0]["subjects"][0]
    return (best["subject"] == "first" and best["similarity"] >= 0.5) or found


def recognise_a_stranger(on: Tried, people: list[list[str]]) -> object:
    found = on.recognition.recognize(people[2][0])
    return found["result"][0]["subjects"][0]["similarity"] < 0.5 or found


def recognise_with_all_options(on: Tried, people: list[list[str]]) -> object:
    options = {
        "limit": 1,
        "det_prob_threshold": 0.8,
        "prediction_count": 2,
        "face_plugins": "calculator,age,gender,landmarks,mask",
        "status": "true",
    }
    found = on.recognition.recognize(people[1][2], options)
    face = found["result"][0]
    named = [one["subject"] for one in face["subjects"]] == ["second", "first"]
    shown = (len(face["embedding"]), len(face["landmarks"])) == (128, 5)
    told = face["execution_time"]["calculator"] > 0 and "detector" in found["plugins_versions"]
    return (named and shown and told) or found


def verify_an_example(on: Tried, people: list[list[str]]) -> object:
    found = on.faces.verify(people[0][2], on.images["first"], {"limit": 1})
    face = found["result"][0]
    return (face["subject"] == "first" and face["similarity"] >= 0.5) or found


def verify_an_example_of_somebody_else(on: Tried, people: list[list[str]]) -> object:
    found = on.faces.verify(people[2][0], on.images["first"])
    return found["result"][0]["similarity"] < 0.5 or found


def detect_faces(on: Tried, people: list[list[str]]) -> object:
    found = on.detection.detect(people[0][0])
    box = found["result"][0]["box"]
    inside = 0 <= box["x_min"] < box["x_max"] and 0 <= box["y_min"] < box["y_max"]
    return (inside and 0.5 < box["probability"] <= 1) or found


def detect_faces_with_plugins(on: Tried, people: list[list[str]]) -> object:
    options = {"face_plugins": "landmarks,calculator", "limit": 1, "status": "true"}
    found = on.detection.detect(people[0][0], options)
    face = found["result"][0]
    return (len(face["landmarks"]) == 5 and len(face["embedding"]) == 128) or found


def detect_no_face(on: Tried, people: list[list[str]]) -> object:
    found = on.detection.detect(GREY)
    return found.get("code") == 28 or found


def verify_one_person(on: Tried, people: list[list[str]]) -> object:
    found = on.verification.verify(people[3][0], people[3][1])
    pair = found["result"][0]
    same = pair["face_matches"][0]["similarity"] >= 0.5
    return (same and "box" in pair["source_image_face"]) or found


def verify_two_people(on: Tried, people: list[list[str]]) -> object:
    options = {"face_plugins": "landmarks", "status": "true"}
    found = on.verification.verify(people[2][0], people[3][0], options)
    return found["result"][0]["face_matches"][0]["similarity"] < 0.5 or found


def delete_an_example(on: Tried, people: list[list[str]]) -> object:
    image = on.images["another"]
    found = on.faces.delete(image)
    return found == {"image_id": image, "subject": "second"} or found


def delete_an_example_twice(on: Tried, people: list[list[str]]) -> object:
    found = on.faces.delete(on.images["another"])
    return found.get("code") == 44 or found


def merge_by_renaming(on: Tried, people: list[list[str]]) -> object:
    found = on.subjects.update("second", "first")
    subjects = {face["subject"] for face in on.faces.list()["faces"]}
    return (found == {"updated": True} and subjects == {"first"}) or found


def delete_all_examples_of_a_subject(on: Tried, people: list[list[str]]) -> object:
    found = on.faces.delete_all("first")
    return (found, on.faces.list()["total_elements"]) == ({"deleted": 2}, 0) or found


def delete_all_subjects(on: Tried, people: list[list[str]]) -> object:
    on.subjects.add("one")
    on.subjects.add("two")
    found = on.subjects.delete_all()
    return found == {"deleted": 2} or found


def a_key_that_is_not_known(on: Tried, people: list[list[str]]) -> object:
    stranger = type(on.root)(on.root.domain, on.root.port)
    found = stranger.init_face_recognition("00000000-0000-0000-0000-000000000000").subjects.list()
    return found.get("code") == 10 or found


GREY = bytes.fromhex(
    "424d46000000000000003600000028000000020000000200000001001800000000001000000000000000000000000000"
    "0000000000008080808080800000808080808080 0000"
)
"""A picture without a face, as BMP."""

OPERATIONS: tuple[Operation, ...] = (
    list_no_subjects,
    add_a_subject,
    add_a_subject_twice,
    rename_a_subject,
    delete_a_subject,
    add_an_example_from_a_file,
    add_an_example_from_bytes,
    add_another_example,
    list_examples,
    recognise_somebody_known,
    recognise_a_stranger,
    recognise_with_all_options,
    verify_an_example,
    verify_an_example_of_somebody_else,
    detect_faces,
    detect_faces_with_plugins,
    detect_no_face,
    verify_one_person,
    verify_two_people,
    delete_an_example,
    delete_an_example_twice,
    merge_by_renaming,
    delete_all_examples_of_a_subject,
    delete_all_subjects,
    a_key_that_is_not_known,
)

if __name__ == "__main__":
    main()
