import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from visavis.datasets.layouts import read
from visavis.datasets.records import Dataset, Picture
from visavis.datasets.split import Split
from visavis.errors import InputError
from visavis.evaluate.prepare import Preparation, prepare
from visavis.evaluate.prepared import COLUMNS
from visavis.image import align, decode, save
from visavis.policy import QualityLimits
from visavis.testing import FakeDetector, fake_photo

HOW = Preparation("fake", size=64, split=Split(50, 25, 25), suffix=".png")
PEOPLE = ("ada", "ben", "cleo", "dan", "eve", "fay")


class Counting(FakeDetector):
    """Counts pictures, and may be told to fail after some."""

    def __init__(self, stop_after: int = 10**9) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.stop_after = stop_after

    @property
    def seen(self) -> int:
        return len(self.shapes)

    def detect(self, image):
        self.shapes.append(image.shape)
        if self.seen > self.stop_after:
            raise RuntimeError("killed")
        return super().detect(image)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Six people, two pictures each; one more is empty, one is broken."""
    for person in PEOPLE:
        for seed in (1, 2):
            path = tmp_path / "faces" / person / f"{seed}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            save(fake_photo(person, noise=3, seed=seed), path)
    save(fake_photo(), tmp_path / "faces" / "ada" / "3-empty.png")
    (tmp_path / "faces" / "ben" / "3-broken.png").write_bytes(b"\x89PNG broken")
    return tmp_path / "faces"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_each_face_becomes_an_aligned_crop_with_a_row(faces: Path, out: Path) -> None:
    made = prepare(FakeDetector(), read(faces), out, HOW)
    assert (made.pictures, made.crops, made.resumed) == (14, 12, 0)
    index = rows(out / "labels.csv")
    assert list(index[0]) == list(COLUMNS)
    assert [r["name"] for r in index] == [f"{p}/{s}.png" for p in PEOPLE for s in (1, 2)]
    for row in index:
        image = decode(faces / row["name"])
        [face] = FakeDetector().detect(image)
        assert (decode(out / row["file"]) == align(image, face.landmarks, 64)).all()
        assert [float(row[c]) for c in ("x1", "y1", "x2", "y2")] == face.box.tolist()
        assert float(row["nose_x"]) == pytest.approx(face.landmarks[2, 0], rel=1e-5)
        assert float(row["detector_score"]) == 1
        assert 0 < float(row["quality"]) <= 1


def test_failures_have_their_codes(faces: Path, out: Path) -> None:
    made = prepare(FakeDetector(), read(faces), out, HOW)
    expected = (("ada/3-empty.png", "no_face"), ("ben/3-broken.png", "bad_image"))
    assert made.failures == expected
    assert sorted(made.codes) == [("bad_image", 1), ("no_face", 1)]
    assert [tuple(r.values()) for r in rows(out / "failures.csv")] == [
        (name, name.partition("/")[0], code) for name, code in expected
    ]


def test_parts_share_no_person_and_are_counted(faces: Path, out: Path) -> None:
    made = prepare(FakeDetector(), read(faces), out, HOW)
    part_of = {(r["identity"], r["split"]) for r in rows(out / "labels.csv")}
    assert part_of == {(person, HOW.split.part(person)) for person in PEOPLE}
    counts = {p.part: (p.crops, p.identities) for p in made.parts}
    assert sum(crops for crops, _ in counts.values()) == 12
    assert all(crops == 2 * people for crops, people in counts.values())


def test_what_was_killed_goes_on_where_it_stood(faces: Path, out: Path, tmp_path: Path) -> None:
    dataset = read(faces)
    with pytest.raises(RuntimeError):
        prepare(Counting(stop_after=6), dataset, out, HOW)
    assert not (out / "labels.csv").exists()
    with (out / "journal.jsonl").open("a") as journal:
        journal.write('{"name": "ada/1.p')  # a line that a kill cut short
    before = sum(1 for _ in (out / "journal.jsonl").open()) - 1
    again = Counting()
    made = prepare(again, dataset, out, HOW)
    assert 0 < made.resumed == before
    assert again.seen <= 14 - made.resumed
    fresh = prepare(FakeDetector(), dataset, tmp_path / "fresh", HOW)
    assert (made.parts, made.failures) == (fresh.parts, fresh.failures)
    for name in ("labels.csv", "failures.csv"):
        assert (out / name).read_bytes() == (tmp_path / "fresh" / name).read_bytes()


def test_a_finished_run_does_nothing_again(faces: Path, out: Path) -> None:
    first = prepare(FakeDetector(), read(faces), out, HOW)
    again = Counting()
    second = prepare(again, read(faces), out, HOW)
    assert (again.seen, second.resumed, second.parts) == (0, 14, first.parts)


def test_new_changed_and_lost_pictures_are_done_again(faces: Path, out: Path) -> None:
    prepare(FakeDetector(), read(faces), out, HOW)
    save(fake_photo("gus"), faces / "gus.png")
    (faces / "gus").mkdir()
    (faces / "gus.png").rename(faces / "gus" / "1.png")
    save(fake_photo("eve", size=120), faces / "eve" / "1.png")
    (out / "crops" / "fay" / "1.png").unlink()
    (faces / "dan" / "1.png").unlink()
    again = Counting()
    made = prepare(again, read(faces), out, HOW)
    assert again.seen == 3
    assert (made.resumed, made.crops) == (11, 12)
    assert decode(out / "crops" / "eve" / "1.png").shape == (64, 64, 3)
    assert "dan/1.png" not in [r["name"] for r in rows(out / "labels.csv")]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (replace(HOW, size=80), "size 64, not 80"),
        (replace(HOW, detector="other"), "detector fake, not other"),
        (replace(HOW, split=Split(50, 25, 25, seed=1)), "split"),
        (replace(HOW, limits=QualityLimits()), "limits None, not"),
    ],
)
def test_other_settings_need_another_folder(faces, out, other: Preparation, told: str) -> None:
    prepare(FakeDetector(), read(faces), out, HOW)
    with pytest.raises(InputError, match=f"made with {told}"):
        prepare(FakeDetector(), read(faces), out, other)


def test_another_set_or_a_folder_in_use_is_refused(faces: Path, out: Path) -> None:
    with pytest.raises(InputError, match="empty folder"):
        prepare(FakeDetector(), read(faces), faces, HOW)
    prepare(FakeDetector(), read(faces), out, HOW)
    with pytest.raises(InputError, match="made with dataset faces, not others"):
        prepare(FakeDetector(), replace(read(faces), name="others"), out, HOW)


def test_limits_leave_faces_out(faces: Path, out: Path) -> None:
    strict = replace(HOW, limits=QualityLimits(min_size=1000))
    made = prepare(FakeDetector(), read(faces), out, strict)
    assert made.codes[0] == ("low_quality", 12)
    assert made.crops == 0
    assert rows(out / "labels.csv") == []


def test_the_face_meant_is_chosen(faces: Path, out: Path, tmp_path: Path) -> None:
    save(fake_photo("ada", "ben"), faces / "cleo" / "two.png")
    assert "many_faces" not in dict(prepare(FakeDetector(), read(faces), out, HOW).codes)
    only = replace(HOW, face="only")
    made = prepare(FakeDetector(), read(faces), tmp_path / "only", only)
    assert ("cleo/two.png", "many_faces") in made.failures


def test_labels_go_into_the_index_and_come_back(faces: Path, out: Path) -> None:
    pictures = tuple(replace(p, attributes={"sex": "f", "name": "x"}) for p in read(faces).pictures)
    prepare(FakeDetector(), Dataset("faces", faces, pictures), out, HOW)
    row = rows(out / "labels.csv")[0]
    assert (row["name"], row["sex"], row["set_name"]) == ("ada/1.png", "f", "x")
    crops = read(out)
    assert (len(crops), crops.identities) == (12, PEOPLE)
    assert crops.pictures[0].attributes["sex"] == "f"


def test_pictures_of_nobody_are_told(faces: Path, out: Path) -> None:
    pictures = tuple(replace(p, identity=None) for p in read(faces).pictures)
    made = prepare(FakeDetector(), Dataset("faces", faces, pictures), out, HOW)
    assert sum(p.identities for p in made.parts) == 0
    assert made.crops == 12
    assert "dealt out one by one" in made.notes[0]


def test_two_pictures_of_one_crop_are_refused(faces: Path, out: Path) -> None:
    twins = tuple(Picture(faces / "ada" / "1.png", name) for name in ("a/x.png", "a/X.png"))
    with pytest.raises(InputError, match=r"got 2 for .*a/x\.png"):
        prepare(FakeDetector(), Dataset("faces", faces, twins), out, HOW)
    assert not out.exists()


def test_jpeg_crops_keep_the_whole_name(faces: Path, out: Path) -> None:
    prepare(FakeDetector(), read(faces), out, replace(HOW, suffix=".jpg"))
    assert rows(out / "labels.csv")[0]["file"] == "crops/ada/1.png.jpg"
    shape = decode(out / "crops" / "ada" / "1.png.jpg").shape
    assert shape == (64, 64, 3)


def test_settings_are_written_down(faces: Path, out: Path) -> None:
    prepare(FakeDetector(), read(faces), out, HOW)
    told = json.loads((out / "prepare.json").read_text())
    assert (told["size"], told["mean"], told["std"], told["dataset"]) == (64, 127.5, 127.5, "faces")
    assert told["split"]["seed"] == 0


def test_progress_ends_at_all_pictures(faces: Path, out: Path) -> None:
    seen: list[tuple[int, int]] = []
    prepare(FakeDetector(), read(faces), out, HOW, progress=lambda *step: seen.append(step))
    assert seen == [(n, 14) for n in range(1, 15)]


def test_sizes_out_of_reason_are_refused() -> None:
    for size in (0, 15, 1025):
        with pytest.raises(InputError, match="16 to 1024"):
            Preparation("fake", size=size)


def test_real_crops_have_eyes_where_they_belong(test_data, model_dir, out: Path) -> None:
    """Found again in the crops, landmarks lie within 4 pixels of ArcFace's on average."""
    from visavis.build import build_detector
    from visavis.image import ARCFACE
    from visavis.settings import Settings

    dataset = read(test_data / "identities")
    some = dataset.only([p.name for p in dataset.pictures[:400:40]])
    detector = build_detector(Settings())
    made = prepare(detector, some, out, Preparation("yunet"))
    assert made.crops == len(some)
    found = [detector.detect(decode(p.path)) for p in read(out).pictures]
    errors = [np.linalg.norm(faces[0].landmarks - ARCFACE, axis=1).mean() for faces in found]
    assert np.mean(errors) < 4
