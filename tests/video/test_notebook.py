from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from visavis.gallery.collection import Collection
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.types import Embedding
from visavis.video.appearances import Appearance, Part
from visavis.video.notebook import Notebook


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Collection]:
    with Gallery(tmp_path / "gallery", Keyring([bytes(range(32))])) as gallery:
        yield gallery.collection("people", model="m", dim=4)


def part(number: int) -> Part:
    vector = np.random.default_rng(number).standard_normal(4)
    one = Appearance(
        ((0.1, 0.7), (1 / 3, 2.0)),
        (1, 5),
        "ada",
        0.1 + 0.2,
        "match",
        0.5,
        Embedding.of(vector, "m"),
    )
    return Part(number, (0.0, 9.9), (one,))


def same(a: Part, b: Part) -> bool:
    [one], [two] = a.appearances, b.appearances
    plain = (a.number, a.span, one.spans, one.frames, one.subject, one.score, one.decision)
    again = (b.number, b.span, two.spans, two.frames, two.subject, two.score, two.decision)
    return plain == again and np.array_equal(one.embedding.vector, two.embedding.vector)


def test_what_was_added_is_read_again_to_the_last_bit(tmp_path: Path, people: Collection) -> None:
    notes = Notebook(tmp_path / "films", people, "a film")
    assert notes.read() == []
    notes.add(part(0))
    notes.add(part(3))
    again = Notebook(tmp_path / "films", people, "a film")
    found = again.read()
    assert [one.number for one in found] == [0, 3]
    assert all(same(one, part(one.number)) for one in found)
    again.add(part(4))
    assert [one.number for one in again.read()] == [0, 3, 4]
    again.drop()
    assert notes.read() == []


def test_another_film_has_another_file(tmp_path: Path, people: Collection) -> None:
    Notebook(tmp_path / "films", people, "a film").add(part(0))
    assert Notebook(tmp_path / "films", people, "another").read() == []


def test_what_a_crash_cut_off_is_dropped(tmp_path: Path, people: Collection) -> None:
    notes = Notebook(tmp_path / "films", people, "a film")
    notes.add(part(0))
    [file] = (tmp_path / "films").iterdir()
    whole = file.stat().st_size
    notes.add(part(1))
    for size in (file.stat().st_size - 1, whole + 2):
        with file.open("r+b") as cut:
            cut.truncate(size)
        assert [one.number for one in notes.read()] == [0]
        assert file.stat().st_size == whole
        notes.add(part(1))
    assert [one.number for one in notes.read()] == [0, 1]


def test_nobody_reads_it_without_the_key(tmp_path: Path, people: Collection) -> None:
    notes = Notebook(tmp_path / "films", people, "a film")
    notes.add(part(0))
    [file] = (tmp_path / "films").iterdir()
    data = file.read_bytes()
    assert b"ada" not in data
    assert "film" not in file.stem
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])
    assert notes.read() == []
