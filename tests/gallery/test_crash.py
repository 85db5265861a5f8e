"""The process is killed at any moment: what was acknowledged is there, whole."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring

FIRST_LINES = 6
WRITER = """
import sys
import numpy as np
from pathlib import Path
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.types import Embedding

directory, seed, work = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
rng = np.random.default_rng(seed)
gallery = Gallery(directory, Keyring([bytes(range(32))]))
people = gallery.collection("people", model="m", dim=32, keep_crops=True)
crop = np.zeros((8, 8, 3), np.uint8)
print("ready", flush=True)
for i in range(100_000):
    subject = f"{seed}-{i}"
    count = int(rng.integers(1, 4))
    vectors = [Embedding.of(rng.standard_normal(32), "m") for _ in range(count)]
    stored = people.enrol(subject, vectors, qualities=[1] * count, crops=[crop] * count)
    print("enrolled", subject, *(t.id for t in stored), flush=True)
    if work == "forget":
        people.forget(subject)
        print("forgotten", subject, flush=True)
"""


def killed(home: Path, seed: int, work: str, moment: float) -> Iterator[list[str]]:
    """What a writer printed before it was killed, `moment` seconds after its first lines."""
    command = [sys.executable, "-c", WRITER, str(home), str(seed), work]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    lines = [process.stdout.readline() for _ in range(FIRST_LINES)]
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    with process:
        lines += process.stdout
    for line in lines:
        if line.endswith("\n"):
            yield line.split()


def check_whole(gallery: Gallery) -> set[str]:
    """Nobody is half there; returns who is."""
    people = gallery.open_collection("people")
    subjects = {s.id: s for s in people.subjects()}
    for ident, subject in subjects.items():
        templates = people.templates(ident)
        assert len(templates) == subject.templates > 0
        assert len(list(people.crops(ident))) == len(templates)
        for template in templates:
            assert people.search(template.embedding, 1)[0].template == template.id
    assert len(people) == sum(s.templates for s in subjects.values())
    gallery.audit_verify()
    return set(subjects)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_killed_in_the_middle_of_enrolment(home: Path, keyring: Keyring) -> None:
    rnd, acknowledged = random.Random(5), {}
    for seed in range(4):
        for _, subject, *templates in killed(home, seed, "enrol", rnd.uniform(0.02, 0.3)):
            acknowledged[subject] = set(templates)
        with Gallery(home, keyring) as gallery:
            present = check_whole(gallery)
            people = gallery.open_collection("people")
            assert acknowledged.keys() <= present
            assert len(present - acknowledged.keys()) <= seed + 1  # the one under way each time
            for subject, templates in acknowledged.items():
                assert {t.id for t in people.templates(subject)} == templates
            assert gallery.orphans() == []
            assert len(gallery.keys.owners()) == len(present) + 2  # and no key is left over
    assert len(acknowledged) > 10


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_killed_in_the_middle_of_forgetting(home: Path, keyring: Keyring) -> None:
    rnd, enrolled, forgotten = random.Random(6), set(), set()
    for seed in range(3):
        for what, subject, *_ in killed(home, seed, "forget", rnd.uniform(0.05, 0.3)):
            (enrolled if what == "enrolled" else forgotten).add(subject)
        with Gallery(home, keyring) as gallery:
            present = check_whole(gallery)
            assert not present & forgotten
            # Somebody whose forgetting was cut off is still there, or already unreadable.
            assert len(enrolled - forgotten - present) <= seed + 1
            assert len(gallery.orphans()) <= 3 * (seed + 1)
            gallery.clear_orphans()
            assert len(gallery.keys.owners()) == len(present) + 2
    assert len(forgotten) > 3
